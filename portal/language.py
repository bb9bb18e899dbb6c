"""Chinese first: the language follows the address (/en/…) or the reader's own choice, never the browser's guess."""

from __future__ import annotations

from collections.abc import Callable

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
    if request.path_info == "/en" or request.path_info.startswith("/en/"):
        return "en"
    if request.path_info.startswith(_BY_CHOICE):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen in dict(settings.LANGUAGES):
            return chosen
    return settings.LANGUAGE_CODE


class ChineseFirstLocaleMiddleware:
    """Activates the language of each request and says so in Content-Language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response
