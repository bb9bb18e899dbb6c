"""The menu of services (菜单式服务, 鲁会〔2019〕54号 三6): what, for whom, where, when, how many places."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.fields import StreamField

from content.blocks import ICON_CHOICES, BodyBlocks
from content.chinese_search import ChineseSearchField

from .base import PortalPage


class Category(models.TextChoices):
    JOINING = "joining", _("Joining the union")  # 入会
    MONEY = "money", _("Subsidies and help")  # 补贴与帮扶
    RIGHTS = "rights", _("Law and rights")  # 维权
    HEALTH = "health", _("Health")  # 健康
    SKILLS = "skills", _("Skills and jobs")  # 技能与就业
    LEISURE = "leisure", _("Places and leisure")  # 阵地与文体


class ServiceMenuPage(PortalPage):
    parent_page_types = ["content.HomePage"]
    subpage_types = ["content.ServicePage"]
    max_count_per_parent = 1
    template = "content/service_menu.html"
    api_fields = [APIField("summary")]

    class Meta:
        verbose_name = _("menu of services")
        verbose_name_plural = _("menus of services")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        services = list(ServicePage.objects.live().public().child_of(self).order_by("path"))
        context["groups"] = [
            (category, found)
            for category in Category
            if (found := [service for service in services if service.category == category])
        ]
        return context


class ServicePage(PortalPage):
    category = models.CharField(pgettext_lazy("service", "group"), max_length=20, choices=Category)
    icon = models.CharField(_("icon"), max_length=20, choices=ICON_CHOICES, default="gift")
    who = models.CharField(_("for whom"), max_length=160)
    where = models.CharField(_("where"), max_length=160)
    when = models.CharField(_("when"), max_length=160)
    capacity = models.CharField(
        _("places"), max_length=120, blank=True, help_text=_("How many people at once.")
    )
    price = models.CharField(_("what it costs"), max_length=80, blank=True)
    how = models.CharField(_("how to get it"), max_length=240)
    body = StreamField(BodyBlocks(), verbose_name=_("more"), blank=True)

    parent_page_types = ["content.ServiceMenuPage"]
    subpage_types: list[str] = []
    template = "content/service.html"

    content_panels = [
        *PortalPage.content_panels,
        MultiFieldPanel([FieldPanel("category"), FieldPanel("icon")], heading=_("In the menu")),
        MultiFieldPanel(
            [
                FieldPanel("who"),
                FieldPanel("where"),
                FieldPanel("when"),
                FieldPanel("capacity"),
                FieldPanel("price"),
                FieldPanel("how"),
            ],
            heading=_("The service"),
        ),
        FieldPanel("body"),
    ]
    search_fields = [
        *PortalPage.search_fields,
        ChineseSearchField("who"),
        ChineseSearchField("where"),
        ChineseSearchField("when"),
        ChineseSearchField("how"),
        ChineseSearchField("capacity"),
        ChineseSearchField("body"),
    ]
    api_fields = [
        APIField(name)
        for name in (
            "summary", "category", "icon", "who", "where", "when", "capacity", "price", "how", "body"
        )
    ]  # fmt: skip

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
