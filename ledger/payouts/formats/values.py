"""Amounts, days and numbers as bank files write them; a refusal names the line and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from .description import Layout, Record

Values = Mapping[str, str]
_LONGEST_AMOUNT = 18
# 1,234.50 in groups of three, or plain digits; ASCII digits only. ISO 20022 may write 150.00000.
_YUAN = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2})0{0,3})?", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Read:
    """A file taken apart: what stands in it once, and each payment line with its number."""

    head: dict[str, str]
    details: list[tuple[int, dict[str, str]]]


def literal(column: str) -> str | None:
    """The text of a column that is always the same, None for the name of a value."""
    return column[1:] if column.startswith("=") else None


def names(record: Record) -> list[str]:
    return [column if isinstance(column, str) else column.value for column in record]


def amount_text(layout: Layout, fen: int) -> str:
    match layout.amount_unit:
        case "fen":
            return str(fen)
        case "whole_yuan":
            return str(fen // 100)
        case _:
            return f"{fen // 100}.{fen % 100:02d}"


def amount_fen(layout: Layout, text: str, number: int) -> int:
    """Fen from the bank's way of writing; groups of thousands are taken, anything vague is refused."""
    found = (_YUAN if layout.amount_unit == "yuan" else _WHOLE).fullmatch(text)
    if found is None or len(text) > _LONGEST_AMOUNT:
        raise FileRefused(number, _("“%(text)s” is not an amount.") % {"text": text[:40]})
    if layout.amount_unit == "yuan":
        return int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    return int(text) * (100 if layout.amount_unit == "whole_yuan" else 1)


def yuan_text(fen: int) -> str:
    """For people: 1,234.50."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def whole_number(text: str, number: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise FileRefused(number, _("“%(text)s” is not a number.") % {"text": text[:40]})
    return int(text)


def date_of(layout: Layout, text: str, number: int) -> dt.date | None:
    """A day in the layout's way of writing, with or without the time of day; None for an empty cell."""
    if not text:
        return None
    for pattern in (layout.date_format, layout.time_format):
        try:
            moment = dt.datetime.strptime(text, pattern)  # noqa: DTZ007 — the bank's wall clock
        except ValueError:
            continue
        if moment.strftime(pattern) == text:
            return moment.date()
    example = dt.date(2026, 3, 16).strftime(layout.date_format)
    raise FileRefused(
        number,
        _("“%(text)s” is not a date written as %(example)s.") % {"text": text[:40], "example": example},
    )


def decoded(encoding: str, content: bytes) -> str:
    """The text of a file. Raises FileRefused with the line of the first byte that has no place in the encoding."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise FileRefused(
            number, _("These bytes are not text in %(encoding)s.") % {"encoding": encoding.upper()}
        ) from error


def require_control_free(text: str, number: int) -> None:
    if any(ord(c) < 32 and c != "\t" for c in text):
        raise FileRefused(number, _("The line has control characters; this is not a text file."))


def totals(layout: Layout, head: Values, details: Sequence[object]) -> tuple[int | None, int | None]:
    """The count and the total in fen that the file claims; the count must be that of its lines."""
    count = whole_number(head["count"], 1) if "count" in head else None
    if count is not None and count != len(details):
        raise FileRefused(
            1,
            _("The file says %(claimed)s lines and has %(found)s: it is cut short or was changed.")
            % {"claimed": count, "found": len(details)},
        )
    return count, amount_fen(layout, head["total"], 1) if "total" in head else None
