"""Books on paper: vouchers as tagged PDF in Chinese, with the lines that people sign (会计基础工作规范 第五十条)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ledger.books.manual import lines_of
from ledger.books.models import Side, Voucher, VoucherState
from ledger.books.pairing import Line
from portal.paper.rendering import render

from .wording import AccountNames, details_of


def voucher_paper(voucher: Voucher) -> bytes:
    """记账凭证 of a draft or posted voucher. Raises CharacterNotPrintable."""
    lines = lines_of(voucher)
    names = AccountNames(voucher.book, "zh")
    total = sum((line.amount for line in lines if line.side == Side.DEBIT), Decimal(0))
    is_posted = voucher.state == VoucherState.POSTED
    return render(
        "reports/voucher.html",
        {
            "voucher": voucher,
            "union": voucher.book.union.name,
            "number": f"{voucher.word}字第 {voucher.number} 号" if is_posted else "未记账",
            "day": f"{voucher.date.year}年{voucher.date.month}月{voucher.date.day}日",
            "rows": _rows(voucher, lines, names),
            "total": f"{total:,.2f}",
            "is_red": total < 0,
            # Posting is what the database does when the check is done; no person can do it otherwise.
            "posted_by": "系统" if is_posted else "",
        },
    )


def _rows(voucher: Voucher, lines: Sequence[Line], names: AccountNames) -> list[dict[str, object]]:
    """A summary is written where it differs from that of the line above."""
    summaries = [line.summary or voucher.summary for line in lines]
    return [
        {
            "summary": summary if summary != before else "",
            "account": f"{line.account} {names.path(line.account)}",
            "detail": " · ".join(details_of(line, "zh")),
            "debit": f"{line.amount:,.2f}" if line.side == Side.DEBIT else "",
            "credit": f"{line.amount:,.2f}" if line.side == Side.CREDIT else "",
            "is_red": line.amount < 0,
        }
        for line, summary, before in zip(lines, summaries, ["", *summaries[:-1]], strict=True)
    ]
