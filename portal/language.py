"""Chinese first: the language follows the address (/en/…) or the reader's own choice, never the browser's guess.

Going to a page below /en/ is a choice too: sign-in, verification and personal pages then follow in English, until the
reader goes back to Chinese with the switch.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

# Addresses that have no translated twin: there a remembered choice decides.
_BY_CHOICE = (
    "/me/",
    "/office/",
    "/sign-in/",
    "/account/",
    "/verify/",
    "/cms/",
    "/home/",
    "/design/",
    "/i18n/",
)


def language_for(request: HttpRequest) -> str:
    """``en`` below /en/; the cookie's choice on personal and staff pages; otherwise Chinese."""
    if _is_english(request.path_info):
        return "en"
    if request.path_info.startswith(_BY_CHOICE):
        return _choice_of(request) or settings.LANGUAGE_CODE
    return settings.LANGUAGE_CODE


def chosen_by_going_to(request: HttpRequest) -> str:
    """The language that a reader chooses by opening this page; empty when opening it says nothing.

    A page below /en/ says English; a Chinese page says Chinese only to who comes from below /en/, over the switch.
    Pages that a browser fetches ahead, and parts of pages, are no choice.
    """
    if request.method != "GET" or request.headers.get("HX-Request") or request.headers.get("Sec-Purpose"):
        return ""
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return ""
    if _is_english(request.path_info):
        return "en"
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc == request.get_host() and _is_english(came_from.path):
        return settings.LANGUAGE_CODE
    return ""


def _is_english(path: str) -> bool:
    return path == "/en" or path.startswith("/en/")


def _choice_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else ""


class ChineseFirstLocaleMiddleware:
    """Activates the language of each request, says so in Content-Language and remembers what the reader chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        if response.status_code == HTTPStatus.OK and not request.path_info.startswith(_BY_CHOICE):
            _remember(response, request)
        return response


def _remember(response: HttpResponse, request: HttpRequest) -> None:
    chosen = chosen_by_going_to(request)
    if not chosen or chosen == (_choice_of(request) or settings.LANGUAGE_CODE):
        return
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=request.is_secure(),
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
