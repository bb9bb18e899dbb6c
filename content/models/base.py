"""What all our pages share: a summary, searchable Chinese, twins in the other language, the way back."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page, Revision
from wagtail.search import index

from content import editorial
from content.chinese_search import ChineseAutocompleteField, ChineseSearchField
from portal.accounts.models import User


class PortalPage(Page):
    """Base of every page type of ours; abstract."""

    summary = models.TextField(
        _("summary"), max_length=400, blank=True, help_text=_("Two or three sentences, the answer first.")
    )
    is_demo = models.BooleanField(_("demonstration content"), default=False, editable=False)

    search_fields = [
        *Page.search_fields,
        ChineseSearchField("title", boost=4),
        ChineseAutocompleteField("title"),
        ChineseSearchField("search_description"),
        ChineseSearchField("summary", boost=2),
    ]
    content_panels = [*Page.content_panels, FieldPanel("summary")]

    class Meta:
        abstract = True

    @classmethod
    def get_search_fields(cls) -> list[Any]:
        """All but Wagtail's own fields for the title, which would store a Chinese sentence as one word."""
        own = (ChineseSearchField, ChineseAutocompleteField, index.FilterField)
        return [f for f in super().get_search_fields() if f.field_name != "title" or isinstance(f, own)]

    def publish(self, revision: Revision, user: User | None = None, **options: Any) -> None:
        """Make a revision public. Whoever does it is the third person (三审制); None is the operator or the schedule.

        Raises ThreePersonsNeeded.
        """
        if user is not None:
            editorial.require_three_persons(revision, publisher=user)
        super().publish(revision, user=user, **options)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["translations"] = self.twins(request)
        context["breadcrumb_items"] = self.way_back(request)
        return context

    def twins(self, request: HttpRequest | None = None) -> list[tuple[str, str]]:
        """(language, address) of this page and of its live translations; empty when there is only one."""
        pages = list(self.get_translations(inclusive=True).live().public().select_related("locale"))
        # With the request, Wagtail reads the addresses of its sites once for the whole page.
        urls = [(page.locale.language_code, page.get_url(request)) for page in pages]
        found = [(language, url) for language, url in urls if url]
        return sorted(found, reverse=True) if len(found) > 1 else []

    def way_back(self, request: HttpRequest | None = None) -> list[tuple[str, str]]:
        """(title, address) from the home page of this language down to this page."""
        above = self.get_ancestors(inclusive=True).filter(depth__gte=2).specific().live()
        return [(page.short_title, page.get_url(request) or "") for page in above]

    @property
    def short_title(self) -> str:
        return str(self.title)
