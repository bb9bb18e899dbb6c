"""Result files: what the bank says about each line, and about itself and the request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from . import files, values, xml
from .description import FileOutcome, Format, Layout, ResultFile, ResultRow
from .requests import require_total


def render_result(
    known: Format,
    rows: Sequence[ResultRow],
    *,
    batch: str,
    date: dt.date,
    amounts_fen: Sequence[int],
    payer_account: str = "",
    request: tuple[int, int] | None = None,
    group: str = "",
    layout: Layout | None = None,
) -> bytes:
    """A result file as the bank would write it.

    ``amounts_fen`` are the amounts of the lines it answers; ``request`` the count and the total in fen of the request,
    where that had more lines; ``layout`` another file of the bank than its usual one.
    """
    layout = layout or known.result
    count, total = request or (len(amounts_fen), sum(amounts_fen))
    head = {
        "batch": batch,
        "payer_account": payer_account,
        "date": date.strftime(layout.date_format),
        "created": f"{date.isoformat()}T18:00:00",
        "count": str(len(amounts_fen)),
        "total": values.amount_text(layout, sum(amounts_fen)),
        "batch_count": str(count),
        "batch_total": values.amount_text(layout, total),
        "group": group,
        "payment_group": "",
        "message_id": f"R{batch}",
        "answers": "pain.001.001.09",
        "group_code": "",
        "group_message": "",
    }
    return files.write(
        layout,
        head,
        (
            {
                "seq": str(row.seq),
                "reference": row.reference,
                "account": row.account,
                "name": row.name,
                "amount": values.amount_text(layout, fen),
                "outcome": row.outcome,
                "code": row.code,
                "message": row.message,
                "bank_reference": row.bank_reference,
                "date": row.date.strftime(layout.date_format) if row.date else "",
                "time": row.date.strftime(layout.time_format) if row.date else "",
                "empty": "",
            }
            for row, fen in zip(rows, amounts_fen, strict=True)
        ),
    )


def read_result(known: Format, content: bytes) -> ResultFile:
    """A result file as read and consistent in itself. Raises FileRefused with the line."""
    layout = _layout_of(known, content)
    read = files.read(layout, content)
    count, total = values.totals(layout, read.head, read.details)
    rows = tuple(_row(known, layout, number, cells) for number, cells in read.details)
    if all(row.amount_fen is not None for row in rows):
        require_total(total, sum(row.amount_fen or 0 for row in rows))
    head = read.head
    return ResultFile(
        batch=head.get("batch"),
        count=count,
        total_fen=total,
        batch_count=values.whole_number(head["batch_count"], 1) if "batch_count" in head else None,
        batch_total_fen=values.amount_fen(layout, head["batch_total"], 1) if "batch_total" in head else None,
        group=tuple(
            outcome_of(known, head[value], 1) for value in ("group", "payment_group") if head.get(value)
        ),
        group_reason=" ".join(filter(None, (head.get("group_code"), head.get("group_message")))),
        rows=rows,
        is_about_returns=layout is known.returned,
    )


def _layout_of(known: Format, content: bytes) -> Layout:
    """The bank's file about returns, where it has one and this is it; the result otherwise."""
    if known.returned is not None and xml.is_likely(known.returned, content):
        return known.returned
    return known.result


def _row(known: Format, layout: Layout, number: int, cells: dict[str, str]) -> ResultRow:
    amount = cells.get("amount")
    seq = values.whole_number(cells["seq"], number) if "seq" in cells else 0
    if (not seq and not cells.get("reference")) or ("seq" in cells and not seq):
        raise FileRefused(number, _("It is not said which payment this line is about."))
    row = ResultRow(
        seq=seq,
        outcome=_letter_of_returns(known) if layout is known.returned else cells["outcome"],
        amount_fen=None if amount is None else values.amount_fen(layout, amount, number),
        reference=cells.get("reference", ""),
        account=cells.get("account", ""),
        name=cells.get("name", ""),
        code=cells.get("code", ""),
        message=cells.get("message", ""),
        bank_reference=cells.get("bank_reference", ""),
        date=values.date_of(layout, cells.get("date") or cells.get("time") or "", number),
        line=number,
    )
    if outcome_of(known, row.outcome, number) == "partly":
        raise _no_result(number, row.outcome)
    return row


def _letter_of_returns(known: Format) -> str:
    return next(letter for letter, said in known.outcomes.items() if said == "returned")


def outcome_of(known: Format, text: str, number: int) -> FileOutcome:
    """What the bank's letter means. Raises FileRefused for one that this format does not have."""
    if text not in known.outcomes:
        raise _no_result(number, text)
    return known.outcomes[text]


def _no_result(number: int, text: str) -> FileRefused:
    return FileRefused(number, _("“%(text)s” is not a result of this bank format.") % {"text": text[:40]})
