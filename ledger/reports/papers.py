"""Books on paper: vouchers as tagged PDF in Chinese, with the lines that people sign (会计基础工作规范 第五十条)."""

from __future__ import annotations

from decimal import Decimal

from ledger.books.manual import lines_of
from ledger.books.models import Account, Side, Voucher, VoucherState
from ledger.books.pairing import Line
from portal.paper.rendering import render


def voucher_paper(voucher: Voucher) -> bytes:
    """记账凭证 of a draft or posted voucher. Raises CharacterNotPrintable."""
    lines = lines_of(voucher)
    accounts = {a.code: a for a in voucher.book.accounts.filter(code__in={line.account for line in lines})}
    total = sum((line.amount for line in lines if line.side == Side.DEBIT), Decimal(0))
    is_posted = voucher.state == VoucherState.POSTED
    return render(
        "reports/voucher.html",
        {
            "voucher": voucher,
            "union": voucher.book.union.name,
            "number": f"{voucher.word}字第 {voucher.number} 号" if is_posted else "未记账",
            "day": f"{voucher.date.year}年{voucher.date.month}月{voucher.date.day}日",
            "rows": [_row(line, accounts[line.account]) for line in lines],
            "total": f"{total:,.2f}",
            "is_red": total < 0,
            # Posting is what the database does when the check is done; no person can do it otherwise.
            "posted_by": "系统" if is_posted else "",
        },
    )


def _row(line: Line, account: Account) -> dict[str, object]:
    figure = f"{line.amount:,.2f}"
    return {
        "account": account,
        "detail": " ".join(filter(None, [line.project, line.party, line.economic_class])),
        "debit": figure if line.side == Side.DEBIT else "",
        "credit": figure if line.side == Side.CREDIT else "",
        "is_red": line.amount < 0,
    }
