"""Where a page can lead: the entries of the public, member and office menus, and which of them is the present one."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Below these addresses a page has no twin under /en/: the reader's remembered choice decides the language.
CHOICE_PREFIXES: Final = (
    "/me/",
    "/office/",
    "/sign-in/",
    "/account/",
    "/verify/",
    "/home/",
    "/design/",
)


class NavItem(NamedTuple):
    """One entry; office views pass a list of these as ``office_nav`` (a plain 4-tuple does as well)."""

    label: str | Promise
    url: str
    active: bool = False
    waiting: int | None = None
    icon: str = ""


_PUBLIC: Final = (
    (_("Home"), "/"),
    (_("Policies"), "/policies/"),
    (_("Stories"), "/stories/"),
    (_("Services"), "/services/"),
    (_("Search"), "/search/"),
)
_MEMBER: Final = (
    (_("Home"), "/me/", "home"),
    (_("For me"), "/me/benefits/", "gift"),
    (_("Pay dues"), "/me/dues/", "coin"),
    (_("Receipts"), "/me/receipts/", "receipt"),
    (_("My money"), "/me/money/", "wallet"),
)


def in_language(path: str, language: str) -> str:
    """The public address of ``path`` in a language: Chinese bare, English below /en/."""
    return f"/en{path}" if language.startswith("en") else path


def _is_current(here: str, url: str, home: str) -> bool:
    return here == url if url == home else here.startswith(url)


def public_nav(here: str, language: str) -> list[NavItem]:
    home = in_language("/", language)
    entries = [(label, in_language(path, language)) for label, path in _PUBLIC]
    return [NavItem(label, url, _is_current(here, url, home)) for label, url in entries]


def member_nav(here: str) -> list[NavItem]:
    return [NavItem(label, url, _is_current(here, url, "/me/"), None, icon) for label, url, icon in _MEMBER]


def follows_choice(here: str) -> bool:
    """Whether the language of this page is the reader's choice instead of its address."""
    return here.startswith(CHOICE_PREFIXES)
