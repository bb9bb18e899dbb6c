"""Bank formats: the registry, and request and result files written and read from their descriptions."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ledger.payouts.errors import UnknownFormat

from .banks import FORMATS
from .description import Format, PaymentFile, PaymentRow, RequestFile, ResultFile, ResultRow
from .requests import (
    hash_of,
    line_problems,
    name_in,
    names_of,
    read_payment,
    render_files,
    render_payment,
)
from .results import read_result, render_result

__all__ = [
    "FORMATS",
    "Format",
    "PaymentFile",
    "PaymentRow",
    "RequestFile",
    "ResultFile",
    "ResultRow",
    "get",
    "hash_of",
    "line_problems",
    "name_in",
    "names_of",
    "read_payment",
    "read_result",
    "render_files",
    "render_payment",
    "render_result",
]


def get(code: str) -> Format:
    """The format of this code. Raises UnknownFormat."""
    if code not in FORMATS:
        raise UnknownFormat(
            _("There is no bank format “%(code)s”. Known: %(known)s.")
            % {"code": code, "known": ", ".join(FORMATS)}
        )
    return FORMATS[code]
