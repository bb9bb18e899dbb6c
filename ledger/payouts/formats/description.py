"""What a bank's payout format is: an encoding, columns, limits and code tables. A format is data, never code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise

# A record is the tuple of its columns: names of values, or a literal written as "=H".
Record = tuple[str, ...]
FileOutcome = Literal["paid", "failed", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of text file: an optional header, one line per payment, an optional trailer.

    Values a header or trailer may have: batch, payer_account, date, count, total, sha256 (of all bytes before it).
    """

    encoding: str
    separator: str
    detail: Record
    header: Record = ()
    trailer: Record = ()
    trailing_separator: bool = False
    line_end: str = "\r\n"
    amount_unit: Literal["yuan", "fen"] = "yuan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A bank's request and result file and what the bank accepts in them."""

    code: str
    title: str | Promise
    request: Layout
    result: Layout
    file_name: str
    forbidden: str = ""
    max_lines: int = 20_000
    max_amount_fen: int = 5_000_000
    max_name_bytes: int = 60
    max_purpose_bytes: int = 60
    # Written instead of what the bank does not know, in names only.
    name_replacements: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, FileOutcome] = field(default_factory=dict)
    # The bank's code, or where it gives none its message → canonical reason.
    reasons: Mapping[str, str] = field(default_factory=dict)
    success_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One line of a request file, as the bank sees it."""

    seq: int
    reference: str
    account: str
    name: str
    bank: str
    amount_fen: int
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """A request file: who pays, when, what."""

    batch: str
    payer_account: str
    date: dt.date
    rows: tuple[PaymentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """The bank's answer to one line; ``outcome`` is the bank's own letter. Empty where a format has no such column."""

    seq: int
    outcome: str
    amount_fen: int | None = None
    reference: str = ""
    account: str = ""
    name: str = ""
    code: str = ""
    message: str = ""
    bank_reference: str = ""
    date: dt.date | None = None
    line: int = 0  # where it stood in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A result file as read; ``count`` and ``total_fen`` are what its header or trailer claims."""

    batch: str
    count: int
    total_fen: int
    rows: tuple[ResultRow, ...]
