"""Series codes, numbers and check codes of receipts: gap-free per union, kind and year (单位连续编号)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from portal.unions.models import Union

from .errors import ReceiptIncomplete
from .models import Series, SeriesKind

# Without 0 O 1 I L and without vowels that make words; also told apart when read over the telephone.
CHECK_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_LENGTH = 6
_ISSUERS = 10**6
_NUMBERS = 10**10
# Held while a union gets its first code of a year, so that two unions never get the same.
_CODE_LOCK = 7021


def locked_series(*, union: Union, kind: SeriesKind, year: int) -> Series:
    """The union's series of the year, its row locked until the database transaction ends; made at first use."""
    series = Series.objects.select_for_update().filter(union=union, kind=kind, year=year).first()
    if series is None:
        _open_series(union=union, kind=kind, year=year)
        series = Series.objects.select_for_update().get(union=union, kind=kind, year=year)
    return series


def next_number(series: Series) -> str:
    """The number after the last one of a locked series, ten digits."""
    number = series.last_number + 1
    if number >= _NUMBERS:
        raise ReceiptIncomplete(_("The receipt series has no numbers left."))
    return f"{number:010d}"


def check_code(*, code: str, number: str, issued_on: dt.date, fen: int) -> str:
    """Six characters that only this portal can compute: a keyed hash over what the receipt says."""
    said = f"{code}|{number}|{issued_on.isoformat()}|{fen}"
    digest = int.from_bytes(
        hmac.new(settings.RECEIPT_CHECK_KEY.encode(), said.encode(), hashlib.sha256).digest()
    )
    characters = []
    for _place in range(CHECK_LENGTH):
        digest, rest = divmod(digest, len(CHECK_ALPHABET))
        characters.append(CHECK_ALPHABET[rest])
    return "".join(characters)


def _open_series(*, union: Union, kind: SeriesKind, year: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CODE_LOCK])
    if Series.objects.filter(union=union, kind=kind, year=year).exists():
        return
    earlier = Series.objects.filter(union=union, kind=kind).order_by("year").first()
    if earlier is not None:
        issuer = int(earlier.code[2:])
    else:
        last = Series.objects.aggregate(issuer=Max(Substr("code", 3)))["issuer"]
        issuer = int(last or 0) + 1
    if issuer >= _ISSUERS:
        raise ReceiptIncomplete(_("There are no receipt codes left for a new issuer."))
    Series.objects.create(union=union, kind=kind, year=year, code=f"{year % 100:02d}{issuer:06d}")
