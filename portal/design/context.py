"""What every page may ask about its own look: theme, type size (长辈模式), menus, language switch, CSP nonce."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from portal.design.navigation import follows_choice, member_nav, public_nav

THEMES: Final = ("auto", "light", "dark")
TYPES: Final = ("normal", "large")
THEME_COOKIE: Final = "theme"
TYPE_COOKIE: Final = "type"


def chosen(request: HttpRequest, cookie: str, allowed: tuple[str, ...]) -> str:
    """The reader's choice, or the first allowed value when there is none or it is not one of ours."""
    value = request.COOKIES.get(cookie, "")
    return value if value in allowed else allowed[0]


def appearance(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Nothing here touches the database or the session."""
    path = request.path_info
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "appearance": {
            "theme": chosen(request, THEME_COOKIE, THEMES),
            "type": chosen(request, TYPE_COOKIE, TYPES),
            "path": request.get_full_path() if request.method == "GET" else path,
            "public_nav": public_nav(path, language),
            "member_nav": member_nav(path),
            "language_by_choice": follows_choice(path),
            "is_demo": bool(getattr(settings, "IS_DEMO", False)),
        },
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }
