"""What a bank's payout format is: files, columns, limits and code tables. A format is data, never code.

Values of a header, a trailer or an XML head: batch, payer_account, payer_name, date, created, count, total, purpose,
main_file (name of the file with the lines) and sha256 (of all bytes before it). A result may also say batch_count and
batch_total (of the request it answers), group and payment_group (the bank's letter for all of it), group_code and
group_message. Values of a payment line: seq, reference, account, name, bank, bank_code (CNAPS), amount, purpose; of a
result line also outcome, code, message, bank_reference, and date or time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise

# "partly" is said of a whole batch only.
FileOutcome = Literal["paid", "failed", "pending", "returned", "partly"]
AmountUnit = Literal["yuan", "fen", "whole_yuan"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of fixed width in bytes; what is shorter is filled at the other side of ``align``."""

    value: str
    width: int
    align: Literal["left", "right"] = "left"
    fill: str = " "


# A record is the tuple of its columns: names of values, or a literal written as "=H".
Record = tuple[str | Column, ...]
# Where a value stands in XML: steps from the parent, then perhaps "@Attribute", then "?" where it may be missing
# ("?amount": where the amount is missing). A value that stands in two places must be the same in both.
Places = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One file of a format: how it writes text, amounts and days."""

    encoding: str = "utf-8"
    # yuan: 150.00; fen: 15000, also for yuan with two decimals and no point; whole_yuan: 150.
    amount_unit: AmountUnit = "yuan"
    date_format: str = "%Y%m%d"
    time_format: str = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout(Layout):
    """Lines with a separator of one or more characters, or, where it is empty, columns of fixed width in bytes.

    An encoding with a byte order mark is "utf-8-sig". Quotes stand around a cell where it needs them, or always (CSV).
    """

    separator: str
    detail: Record
    header: Record = ()
    trailer: Record = ()
    trailing_separator: bool = False
    quotes: Literal["never", "needed", "always"] = "never"
    line_end: str = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLayout(Layout):
    """The first sheet of an Excel file; accounts are text, for a number of 19 digits would lose its last ones."""

    container: Literal["xls", "xlsx"]
    detail: Record
    header: Record = ()
    trailer: Record = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlLayout(Layout):
    """An XML document: what stands once, and an element for each line (none where another file has the lines)."""

    root: str
    head: Places
    namespace: str = ""
    line: str = ""
    detail: Places = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A file that goes with the one that has the lines."""

    file_name: str
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A bank's request and result file and what the bank accepts in them."""

    code: str
    title: str | Promise
    request: Layout
    result: Layout
    file_name: str
    companions: tuple[Companion, ...] = ()
    # The bank's own file about payments that came back later (退汇), where it has one.
    returned: XmlLayout | None = None
    # Only cards of the bank whose name has this; or one file for each bank of the cards.
    own_cards_of: str = ""
    is_file_per_bank: bool = False
    forbidden: str = ""
    max_lines: int = 20_000
    max_amount_fen: int = 5_000_000
    max_name_bytes: int = 60
    max_purpose_bytes: int = 60
    max_reference_length: int = 40
    # How names are composed, and what is written instead of what the bank does not know, in names only.
    name_form: Literal["NFC", "NFKC"] = "NFC"
    name_replacements: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, FileOutcome] = field(default_factory=dict)
    # The bank's code, or where it gives none its message → canonical reason.
    reasons: Mapping[str, str] = field(default_factory=dict)
    success_codes: frozenset[str] = frozenset()
    # Some banks leave out of a result what they have accepted; only then is a missing line a paid one.
    absent_is_paid: bool = False


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
    """A request: who pays, when, what; ``created`` is when it was built."""

    batch: str
    payer_account: str
    date: dt.date
    rows: tuple[PaymentRow, ...]
    payer_name: str = ""
    created: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A file for the bank."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """The bank's answer to one line; ``outcome`` is the bank's own letter. Empty where a format has no such column."""

    seq: int  # 0 where the format has our reference instead
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
    """A result file as read, with what it claims about itself and about the request; None where it says nothing."""

    rows: tuple[ResultRow, ...]
    batch: str | None = None
    count: int | None = None
    total_fen: int | None = None
    batch_count: int | None = None
    batch_total_fen: int | None = None
    group: tuple[FileOutcome, ...] = ()  # what the bank says about the batch as a whole
    group_reason: str = ""
    is_about_returns: bool = False  # lines that it does not mention stay as they are
