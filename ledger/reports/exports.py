"""Complete books for outsiders: hledger and Beancount journals, CSV and xlsx journals (财会〔2024〕12号 第四十一条)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from ledger.books.models import Account, AccountClass, Book, Posting, Side

from .periods import written
from .spreadsheets import Cell, csv_bytes, xlsx_bytes

_ROOTS = {
    AccountClass.ASSET: "Assets",
    AccountClass.LIABILITY: "Liabilities",
    AccountClass.NET_ASSET: "Equity",
    AccountClass.INCOME: "Income",
    AccountClass.EXPENSE: "Expenses",
}
_JOURNAL_HEADER = (
    "账套",
    "日期",
    "凭证号",
    "摘要",
    "科目代码",
    "科目名称",
    "借方",
    "贷方",
    "项目",
    "资金来源",
    "往来",
    "原始凭证",
)


def export(books: list[Book], form: str) -> bytes:
    """The books as one file in ``hledger``, ``beancount``, ``csv`` or ``xlsx``."""
    match form:
        case "hledger":
            return "".join(_hledger(book) for book in books).encode()
        case "beancount":
            return _beancount(books).encode()
        case "csv":
            return csv_bytes(_JOURNAL_HEADER, (row for book in books for row in _journal(book)))
        case "xlsx":
            return xlsx_bytes([(book.code, _JOURNAL_HEADER, _journal(book)) for book in books])
    raise ValueError(form)


def journal_name(account: Account, book: Book) -> str:
    """``Assets:HD:102:10201``: class, book, level-1 code, then the detail code."""
    path = [_ROOTS[AccountClass(account.account_class)], book.code, account.code[:3]]
    return ":".join([*path, account.code] if len(account.code) > 3 else path)


def _lines(book: Book) -> Iterator[Posting]:
    return (
        Posting.objects.filter(book=book)
        .select_related("account", "transaction", "transaction__voucher_entry__voucher")
        .order_by("transaction__date", "transaction_id", "line", "-side")
        .iterator(chunk_size=5000)
    )


def _voucher_number(posting: Posting) -> str:
    entry = getattr(posting.transaction, "voucher_entry", None)
    if entry is None or entry.voucher.number is None:
        return ""
    return f"{entry.voucher.word}-{written(entry.voucher.month)}-{entry.voucher.number}"


def _journal(book: Book) -> Iterator[list[Cell]]:
    for p in _lines(book):
        debit, credit = (p.amount.amount, None) if p.side == Side.DEBIT else (None, p.amount.amount)
        yield [
            book.code,
            p.transaction.date.isoformat(),
            _voucher_number(p),
            p.transaction.summary,
            p.account.code,
            p.account.name,
            debit,
            credit,
            p.project,
            p.get_fund_source_display(),
            p.party,
            p.transaction.document,
        ]


def _hledger(book: Book) -> str:
    used = Account.objects.filter(book=book, is_leaf=True).order_by("code")
    out = [f"account {journal_name(a, book)}  ; {a.name}\n" for a in used]
    out.append("commodity 1,000.00 CNY\n")
    current = None
    for p in _lines(book):
        if p.transaction_id != current:
            current = p.transaction_id
            number = _voucher_number(p)
            out.append(
                f"\n{p.transaction.date} {f'({number}) ' if number else ''}{_one_line(p.transaction.summary)}"
            )
            out.append(f"  ; key:{_one_line(p.transaction.external_key)}\n")
        out.append(f"    {journal_name(p.account, book)}  {_signed(p):.2f} CNY\n")
    return "".join(out) + "\n"


def _beancount(books: list[Book]) -> str:
    out = ['option "operating_currency" "CNY"\n']
    for book in books:
        opened = book.opened_on
        for a in Account.objects.filter(book=book, is_leaf=True).order_by("code"):
            name = json.dumps(a.name, ensure_ascii=False)
            out += [f"{opened} open {journal_name(a, book)} CNY\n", f"  name: {name}\n"]
        current = None
        for p in _lines(book):
            if p.transaction_id != current:
                current = p.transaction_id
                summary = json.dumps(_one_line(p.transaction.summary), ensure_ascii=False)
                out.append(f"\n{p.transaction.date} * {summary}\n")
                out.append(f"  voucher: {json.dumps(_voucher_number(p), ensure_ascii=False)}\n")
            out.append(f"  {journal_name(p.account, book)}  {_signed(p):.2f} CNY\n")
        out.append("\n")
    return "".join(out)


def _signed(posting: Posting) -> Decimal:
    return posting.amount.amount if posting.side == Side.DEBIT else -posting.amount.amount


def _one_line(text: str) -> str:
    return " ".join(text.replace(";", ",").split())
