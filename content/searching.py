"""Search over everything that is published in the language of the page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from wagtail.models import Locale, Page

_PER_PAGE = 10
_LONGEST = 80


def search(request: HttpRequest) -> HttpResponse:
    """GET ?q=…: the pages that hold every word, best first."""
    asked = request.GET.get("q", "").strip()[:_LONGEST]
    found = None
    if asked:
        locale = Locale.objects.filter(language_code=get_language()).first()
        pages = Page.objects.live().public().filter(depth__gt=1)
        if locale is not None:
            pages = pages.filter(locale=locale)
        found = Paginator(pages.specific().search(asked), _PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "content/search.html", {"asked": asked, "found": found})
