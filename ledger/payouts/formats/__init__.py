"""Bank formats: the registry, and request and result files written and read from their descriptions."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence

from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused, UnknownFormat

from . import records
from .banks import FORMATS
from .description import Format, Layout, PaymentFile, PaymentRow, ResultFile, ResultRow

__all__ = [
    "FORMATS",
    "Format",
    "Layout",
    "PaymentFile",
    "PaymentRow",
    "ResultFile",
    "ResultRow",
    "get",
    "line_problems",
    "name_in",
    "read_payment",
    "read_result",
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


def name_in(known: Format, name: str) -> str:
    """The name as this bank writes it: composed characters, one kind of middle dot."""
    composed = unicodedata.normalize("NFC", name).strip()
    return "".join(known.name_replacements.get(c, c) for c in composed)


def line_problems(known: Format, row: PaymentRow) -> list[str]:
    """What this bank would not take in a line; empty when it can be paid."""
    problems = []
    if not row.name:
        problems.append(_("The name is missing."))
    limits = {"name": known.max_name_bytes, "purpose": known.max_purpose_bytes}
    for column in ("name", "bank", "reference", "purpose"):
        if column in known.request.detail or column == "name":
            problems += _text_problems(known, getattr(row, column), limits.get(column, 0))
    if not (row.account.isascii() and row.account.isdigit() and 16 <= len(row.account) <= 19):
        problems.append(_("A card number has 16 to 19 digits."))
    if not 0 < row.amount_fen <= known.max_amount_fen:
        problems.append(
            _("The amount must be above zero and at most %(most)s yuan.")
            % {"most": records.yuan_text(known.max_amount_fen)}
        )
    return problems


def _text_problems(known: Format, text: str, limit: int) -> list[str]:
    encoding = known.request.encoding
    problems = [
        _("“%(text)s” has the character %(character)s, which this bank format does not allow.")
        % {"text": text, "character": f"{c!r}"}
        for c in sorted(set(text) & set(known.forbidden))
    ]
    unknown = [c for c in dict.fromkeys(text) if not _encodes(c, encoding)]
    problems += [
        _("“%(text)s”: the bank's character set %(encoding)s lacks “%(character)s” (%(codepoint)s).")
        % {
            "text": text,
            "encoding": encoding.upper(),
            "character": c,
            "codepoint": f"U+{ord(c):04X}",
        }
        for c in unknown
    ]
    if limit and not unknown and len(text.encode(encoding)) > limit:
        problems.append(
            _("“%(text)s” is longer than the %(limit)s bytes that the bank takes.")
            % {"text": text, "limit": limit}
        )
    return problems


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def render_payment(known: Format, file: PaymentFile) -> bytes:
    """The request file; the same file always gives the same bytes."""
    layout = known.request
    head = _head(layout, file.batch, file.payer_account, file.date, [r.amount_fen for r in file.rows])
    return records.write(
        layout,
        head,
        (
            {
                "seq": str(row.seq),
                "reference": row.reference,
                "account": row.account,
                "name": row.name,
                "bank": row.bank,
                "amount": records.amount_text(layout, row.amount_fen),
                "purpose": row.purpose,
            }
            for row in file.rows
        ),
    )


def read_payment(known: Format, content: bytes, *, file_name: str = "") -> PaymentFile:
    """What a bank reads from a request file; where the format has no batch column the file name says it."""
    layout = known.request
    read = records.read(layout, content)
    rows = tuple(
        PaymentRow(
            seq=records.whole_number(cells["seq"], number),
            reference=cells.get("reference", ""),
            account=cells["account"],
            name=cells["name"],
            bank=cells.get("bank", ""),
            amount_fen=records.amount_fen(layout, cells["amount"], number),
            purpose=cells.get("purpose", ""),
        )
        for number, cells in read.details
    )
    if "count" in read.head:
        _count, total = records.totals(layout, read.head, read.details)
        _require_total(total, sum(row.amount_fen for row in rows))
    return PaymentFile(
        batch=read.head.get("batch") or file_name.split(".", 1)[0],
        payer_account=read.head.get("payer_account", ""),
        date=records.date_of(read.head.get("date", ""), 1) or dt.date.min,
        rows=rows,
    )


def render_result(
    known: Format,
    rows: Sequence[ResultRow],
    *,
    batch: str,
    date: dt.date,
    amounts_fen: Sequence[int],
    payer_account: str = "",
) -> bytes:
    """A result file as the bank would write it; ``amounts_fen`` are the amounts of the lines it answers."""
    layout = known.result
    return records.write(
        layout,
        _head(layout, batch, payer_account, date, amounts_fen),
        (
            {
                "seq": str(row.seq),
                "reference": row.reference,
                "account": row.account,
                "name": row.name,
                "amount": records.amount_text(layout, fen),
                "outcome": row.outcome,
                "code": row.code,
                "message": row.message,
                "bank_reference": row.bank_reference,
                "date": records.date_text(row.date) if row.date else "",
                "time": records.time_text(row.date) if row.date else "",
            }
            for row, fen in zip(rows, amounts_fen, strict=True)
        ),
    )


def read_result(known: Format, content: bytes) -> ResultFile:
    """A result file as read and consistent in itself. Raises FileRefused with the line."""
    layout = known.result
    read = records.read(layout, content)
    count, total = records.totals(layout, read.head, read.details)
    rows = tuple(
        ResultRow(
            seq=records.whole_number(cells["seq"], number),
            outcome=_outcome(known, cells["outcome"], number),
            amount_fen=records.amount_fen(layout, cells["amount"], number) if "amount" in cells else None,
            reference=cells.get("reference", ""),
            account=cells.get("account", ""),
            name=cells.get("name", ""),
            code=cells.get("code", ""),
            message=cells.get("message", ""),
            bank_reference=cells.get("bank_reference", ""),
            date=records.date_of(cells.get("date") or cells.get("time") or "", number),
            line=number,
        )
        for number, cells in read.details
    )
    if "amount" in layout.detail:
        _require_total(total, sum(row.amount_fen or 0 for row in rows))
    return ResultFile(batch=read.head["batch"], count=count, total_fen=total, rows=rows)


def _head(
    layout: Layout, batch: str, payer_account: str, date: dt.date, amounts_fen: Sequence[int]
) -> dict[str, str]:
    return {
        "batch": batch,
        "payer_account": payer_account,
        "date": records.date_text(date),
        "count": str(len(amounts_fen)),
        "total": records.amount_text(layout, sum(amounts_fen)),
    }


def _outcome(known: Format, text: str, number: int) -> str:
    if text not in known.outcomes:
        raise FileRefused(number, _("“%(text)s” is not a result of this bank format.") % {"text": text})
    return text


def _require_total(claimed: int, found: int) -> None:
    if claimed != found:
        raise FileRefused(
            1,
            _("The file says %(claimed)s yuan in all, its lines add up to %(found)s.")
            % {"claimed": records.yuan_text(claimed), "found": records.yuan_text(found)},
        )
