"""Public verification (查验): whoever holds a receipt asks whether it is real, by code, number and check code.

A wrong check code and a receipt that never was get the same answer, and an address that keeps guessing has to wait.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.members.identity import mask_name

from .errors import ReceiptError
from .models import LookUpCount, LookUpWindow, Receipt
from .numbering import CHECK_LENGTH

_WINDOW = dt.timedelta(minutes=10)
_MISSES_PER_WINDOW = 20
_KEPT = dt.timedelta(days=1)
_SHORT_NAME = 4


class TooManyMisses(ReceiptError):
    code = "too_many_misses"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: the receipt if all three values are right, and how often it was looked up, this time included."""

    receipt: Receipt | None
    times: int = 0

    @property
    def found(self) -> bool:
        return self.receipt is not None

    @property
    def payer(self) -> str:
        """The payer as strangers may see it (个人信息保护法 第五十一条)."""
        return masked_payer(self.receipt) if self.receipt else ""


def look_up(code: str, number: str, check_code: str) -> Verdict:
    """Find a receipt by what is printed on it; blanks, full-width digits and small letters are forgiven."""
    receipt = (
        Receipt.objects.select_related("series", "member", "corrects__series")
        .prefetch_related("lines")
        .filter(series__code=_typed(code), number=_typed(number).rjust(10, "0"))
        .first()
    )
    # Compared even when there is no receipt, so that both misses take the same way.
    expected = receipt.check_code if receipt else "?" * CHECK_LENGTH
    if not hmac.compare_digest(expected.encode(), _typed(check_code).encode()) or receipt is None:
        return Verdict(receipt=None)
    return Verdict(receipt=receipt, times=_count(receipt))


def look_up_from(*, address: str, code: str, number: str, check_code: str) -> Verdict:
    """``look_up`` for a stranger at a network address. Raises TooManyMisses after too many wrong guesses from there.

    Every look counts as a miss before it is made and is taken back when it was none, so that guesses sent all at once
    are as many as guesses sent one by one.
    """
    window = LookUpWindow.objects.filter(pk=_window_of(address).pk)
    if not window.filter(misses__lt=_MISSES_PER_WINDOW).update(misses=F("misses") + 1):
        raise TooManyMisses(_("Too many tries from your network. Please wait ten minutes, then try again."))
    verdict = look_up(code, number, check_code)
    if verdict.found:
        window.update(misses=F("misses") - 1)
    return verdict


def masked_payer(receipt: Receipt) -> str:
    """张* for a person; a unit keeps the two ends of its name."""
    name = receipt.payer_name
    if receipt.member_id is not None or len(name) <= _SHORT_NAME or "·" in name:
        return mask_name(name)
    return f"{name[:2]}{'*' * (len(name) - _SHORT_NAME)}{name[-2:]}"


def _typed(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


@transaction.atomic
def _count(receipt: Receipt) -> int:
    count, _created = LookUpCount.objects.get_or_create(receipt=receipt)
    LookUpCount.objects.filter(pk=count.pk).update(times=F("times") + 1)
    count.refresh_from_db(fields=["times"])
    return count.times


def _window_of(address: str) -> LookUpWindow:
    """The address's row of the present ten minutes; only a keyed hash of the address is kept, for a day."""
    now = timezone.now()
    start = now - dt.timedelta(seconds=now.timestamp() % _WINDOW.total_seconds())
    hashed = hmac.new(settings.RECEIPT_CHECK_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()
    window, created = LookUpWindow.objects.get_or_create(
        address_hash=hashed, window_start=start.replace(microsecond=0)
    )
    if created:
        LookUpWindow.objects.filter(window_start__lt=now - _KEPT).delete()
    return window
