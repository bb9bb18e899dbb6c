"""Stories (故事): what a benefit changed for one person."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.fields import StreamField
from wagtail.images import get_image_model_string

from content.blocks import BodyBlocks
from content.chinese_search import ChineseSearchField

from .base import PortalPage

PER_PAGE = 12


class StoryIndexPage(PortalPage):
    parent_page_types = ["content.HomePage"]
    subpage_types = ["content.StoryPage"]
    max_count_per_parent = 1
    template = "content/story_index.html"
    api_fields = [APIField("summary")]

    class Meta:
        verbose_name = _("stories")
        verbose_name_plural = _("stories")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        stories = StoryPage.objects.live().public().child_of(self).order_by("-told_on", "-pk")
        context["stories"] = Paginator(stories, PER_PAGE).get_page(request.GET.get("page"))
        return context


class StoryPage(PortalPage):
    person = models.CharField(_("who tells"), max_length=60, blank=True)
    work = models.CharField(_("work"), max_length=60, blank=True, help_text=_("Courier, carer, driver …"))
    quote = models.CharField(_("one sentence of the person"), max_length=120, blank=True)
    told_on = models.DateField(_("date"), default=timezone.localdate)
    cover = models.ForeignKey(
        get_image_model_string(),
        verbose_name=_("cover"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Without a picture the portal draws a cover."),
    )
    policy = models.ForeignKey(
        "content.PolicyPage",
        verbose_name=_("policy"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="stories",
        help_text=_("The policy that made it possible."),
    )
    body = StreamField(BodyBlocks(), verbose_name=_("story"), blank=True)

    parent_page_types = ["content.StoryIndexPage"]
    subpage_types: list[str] = []
    template = "content/story.html"

    content_panels = [
        *PortalPage.content_panels,
        MultiFieldPanel(
            [FieldPanel("person"), FieldPanel("work"), FieldPanel("quote"), FieldPanel("told_on")],
            heading=_("Person"),
        ),
        FieldPanel("cover"),
        FieldPanel("policy"),
        FieldPanel("body"),
    ]
    search_fields = [
        *PortalPage.search_fields,
        ChineseSearchField("person"),
        ChineseSearchField("work"),
        ChineseSearchField("quote"),
        ChineseSearchField("body"),
    ]
    api_fields = [
        APIField("summary"),
        APIField("person"),
        APIField("work"),
        APIField("quote"),
        APIField("told_on"),
        APIField("cover"),
        APIField("policy"),
        APIField("body"),
    ]

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
