"""One described file of whatever kind: written from values, read into values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from . import sheets, text, xml
from .description import Layout, SheetLayout, TextLayout, XmlLayout
from .values import Read, Values, names


def write(layout: Layout, head: Values, details: Iterable[Values]) -> bytes:
    match layout:
        case TextLayout():
            return text.write(layout, head, details)
        case SheetLayout():
            return sheets.write(layout, head, details)
        case XmlLayout():
            return xml.write(layout, head, details)
    raise TypeError(layout)


def read(layout: Layout, content: bytes) -> Read:
    """Raises FileRefused with the line."""
    match layout:
        case TextLayout():
            return text.read(layout, content)
        case SheetLayout():
            return sheets.read(layout, content)
        case XmlLayout():
            return xml.read(layout, content)
    raise TypeError(layout)


@lru_cache
def line_values(layout: Layout) -> frozenset[str]:
    """The names of the values that a line of the file has."""
    match layout:
        case TextLayout() | SheetLayout():
            return frozenset(names(layout.detail))
        case XmlLayout():
            return frozenset(value for _place, value in layout.detail)
    raise TypeError(layout)
