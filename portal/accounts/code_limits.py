"""How often a phone is sent a code and how often its codes may be guessed (GB/T 22239-2019, 8.1.4.1 b).

Three guesses per code are few, but codes are many: guesses are counted per phone over all codes and all browsers. The
numbers stand in ACCOUNT_RATE_LIMITS. A phone that nobody has is counted like any other, so nothing is told about it.
"""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.errors import DomainError

_GUESS = "guess_login_code"


class PhoneLocked(DomainError):
    code = "phone_locked"


def require_unlocked(request: HttpRequest, *, phone: str) -> None:
    """Raise PhoneLocked while the phone has had too many wrong codes; counts nothing."""
    if not ratelimit.consume(request, action=_GUESS, key=phone, dry_run=True):
        raise PhoneLocked(_locked())


def count_guess(request: HttpRequest, *, phone: str) -> None:
    """Count one guess before it is compared. Raises PhoneLocked when there were too many."""
    if not ratelimit.consume(request, action=_GUESS, key=phone):
        raise PhoneLocked(_locked())


def forget_guesses(request: HttpRequest, *, phone: str) -> None:
    """The right code came: the person with the phone is there, and earlier slips are forgiven."""
    ratelimit.clear(request, action=_GUESS, key=phone)


def _locked() -> str:
    return _(
        "Too many wrong codes for this number. Please try again in an hour, or tomorrow after many tries."
    )
