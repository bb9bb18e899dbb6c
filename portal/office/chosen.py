"""Numbers of rows that a page sends back: what cannot be the number of a row is left out, whatever its length."""

from __future__ import annotations

from collections.abc import Iterable

_LARGEST = 2**63 - 1  # what a bigint column holds
_DIGITS = len(str(_LARGEST))


def chosen_ids(sent: Iterable[str]) -> list[int]:
    """The row numbers among what was sent, in order."""
    found = [number_of(text) for text in sent]
    return [pk for pk in found if pk is not None]


def chosen_revisions(sent: Iterable[str]) -> dict[int, int]:
    """Row numbers with the revision that was on the page, sent as ``number:revision``; what is not so is left out."""
    pairs = [[number_of(part) for part in text.split(":")] for text in sent]
    return {
        pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] is not None and pair[1] is not None
    }


def number_of(text: str | None) -> int | None:
    """The row number that a text is, if it is one."""
    if not text or len(text) > _DIGITS or not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= _LARGEST else None
