"""Choosing how pages look (theme, 长辈模式) and the living style guide."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST, require_safe

from portal.design.context import THEME_COOKIE, THEMES, TYPE_COOKIE, TYPES
from portal.design.guide import guide_context

_A_YEAR: Final = 365 * 24 * 60 * 60
_NOT_FOR_ROBOTS: Final = (
    "/me/",
    "/office/",
    "/cms/",
    "/sign-in/",
    "/account/",
    "/home/",
    "/verify/",
    "/api/",
    "/documents/",
    "/design/",
)
_FRAMES: Final = ("public", "member", "office", "focus")


@require_POST
def change_appearance(request: HttpRequest) -> HttpResponse:
    """Remembers theme and type size for a year and returns to the page one came from; unknown values change nothing."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    for cookie, allowed in ((THEME_COOKIE, THEMES), (TYPE_COOKIE, TYPES)):
        value = request.POST.get(cookie, "")
        if value in allowed:
            response.set_cookie(
                cookie,
                value,
                max_age=_A_YEAR,
                samesite="Lax",
                httponly=True,
                secure=request.is_secure(),
            )
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may read what is public and leave what belongs to a person or a union alone."""
    lines = ["User-agent: *", *(f"Disallow: {address}" for address in _NOT_FOR_ROBOTS), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon of a page that names none, such as a PDF."""
    return HttpResponseRedirect(static("img/favicon.svg"))


@require_GET
def style_guide(request: HttpRequest) -> HttpResponse:
    """Every component on one page, for the people who build pages; not there in production."""
    if not (settings.DEBUG or getattr(settings, "IS_DEMO", False)):
        raise Http404
    frame = request.GET.get("frame", "")
    context = guide_context() | {"frame": f"base_{frame}.html" if frame in _FRAMES else "base_public.html"}
    return render(request, "design/guide.html", context)
