"""The home page: the four questions people come with, what is paid and what is left, then what is new."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.api import APIField
from wagtail.fields import StreamField

from content.blocks import AnswerBlock
from content.chinese_search import ChineseSearchField

from .base import PortalPage
from .policy import PolicyIndexPage, PolicyPage
from .service import ServiceMenuPage, ServicePage
from .story import StoryIndexPage, StoryPage


class HomePage(PortalPage):
    hero_title = models.CharField(_("first words"), max_length=60)
    hero_highlight = models.CharField(
        _("words in red"), max_length=40, blank=True, help_text=_("Follow the first words.")
    )
    answers = StreamField(
        [("answer", AnswerBlock())],
        verbose_name=_("answers"),
        blank=True,
        max_num=6,
        help_text=_("What people ask first, and where they find it."),
    )

    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["content.PolicyIndexPage", "content.StoryIndexPage", "content.ServiceMenuPage"]
    template = "content/home.html"

    content_panels = [
        *PortalPage.content_panels,
        FieldPanel("hero_title"),
        FieldPanel("hero_highlight"),
        FieldPanel("answers"),
    ]
    search_fields = [
        *PortalPage.search_fields,
        ChineseSearchField("hero_title"),
        ChineseSearchField("answers"),
    ]
    api_fields = [
        APIField("summary"),
        APIField("hero_title"),
        APIField("hero_highlight"),
        APIField("answers"),
    ]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    @property
    def promise(self) -> str:
        """The first words and those in red as one sentence; Chinese needs no space between them."""
        space = " " if self.locale.language_code == "en" else ""
        return f"{self.hero_title}{space}{self.hero_highlight}"

    @property
    def short_title(self) -> str:
        return _now("Home")

    def way_back(self, request: HttpRequest | None = None) -> list[tuple[str, str]]:
        """Nothing lies above the home page, and it shows no way back."""
        return []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.live_figures import overview

        context = super().get_context(request, *args, **kwargs)
        private = (
            PolicyPage.objects.all().private_q()
        )  # read once; public() would read it for each kind of page
        policies = PolicyPage.objects.live().exclude(private).descendant_of(self).newest_first()
        stories = StoryPage.objects.live().exclude(private).descendant_of(self).order_by("-told_on", "-pk")
        services = ServicePage.objects.live().exclude(private).descendant_of(self).order_by("path")
        context |= {
            "overview": overview(),
            "policies": policies.prefetch_related("issuers")[:3],
            "stories": stories[:3],
            "services": services[:6],
            "policy_index": PolicyIndexPage.objects.live().child_of(self).first(),
            "story_index": StoryIndexPage.objects.live().child_of(self).first(),
            "service_menu": ServiceMenuPage.objects.live().child_of(self).first(),
        }
        return context
