"""Complete books for outsiders: hledger and Beancount journals, CSV and xlsx journals (财会〔2024〕12号 第四十一条)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from django.db.models import QuerySet

from ledger.books.first_day import day_of_balances
from ledger.books.models import Account, AccountClass, Book, FundSource, Posting, Side

from .periods import written
from .snapshot import one_moment
from .spreadsheets import Cell, write_csv, write_xlsx

_ROOTS = {
    AccountClass.ASSET: "Assets",
    AccountClass.LIABILITY: "Liabilities",
    AccountClass.NET_ASSET: "Equity",
    AccountClass.INCOME: "Income",
    AccountClass.EXPENSE: "Expenses",
}
JOURNAL_HEADER = (
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


FORMATS = ("hledger", "beancount", "csv", "xlsx")


def write(books: Sequence[Book], form: str, out: BinaryIO) -> None:
    """Write the complete books as they stand at one moment to a binary file, in one of ``FORMATS``, row by row."""
    with one_moment():
        _write(books, form, out)


def _write(books: Sequence[Book], form: str, out: BinaryIO) -> None:
    match form:
        case "hledger":
            _write_text(out, (text for book in books for text in _hledger(book, _Names(book, books))))
        case "beancount":
            _write_text(out, _beancount(books))
        case "csv":
            write_csv(out, JOURNAL_HEADER, (row for book in books for row in _journal(book)))
        case "xlsx":
            write_xlsx(out, ((book.code, JOURNAL_HEADER, _journal(book)) for book in books))
        case _:
            raise ValueError(form)


def write_journal(book: Book, out: BinaryIO, *, months: tuple[int, int]) -> None:
    """The journal (序时账) of one book from one month to another, both included, as CSV."""
    write_csv(out, JOURNAL_HEADER, _journal(book, months))


def _write_text(out: BinaryIO, texts: Iterable[str]) -> None:
    for text in texts:
        out.write(text.encode())


class _Names:
    """Account names as the tools want them: ``Assets:102:10201``, with the book's code when there are several."""

    def __init__(self, book: Book, books: Sequence[Book]) -> None:
        self.book = [book.code] if len(books) > 1 else []

    def __call__(self, account: Account) -> str:
        path = [_ROOTS[AccountClass(account.account_class)], *self.book, account.code[:3]]
        return ":".join([*path, account.code] if len(account.code) > 3 else path)


def _postings(book: Book, months: tuple[int, int] | None = None) -> QuerySet[Posting]:
    within = {"month__range": months} if months else {}
    found = Posting.objects.filter(book=book, **within)
    return found.order_by("transaction__date", "transaction_id", "line", "-side")


def _lines(book: Book) -> Iterator[Posting]:
    related = ("account", "transaction", "transaction__voucher_entry__voucher")
    return _postings(book).select_related(*related).iterator(chunk_size=5000)


def _voucher_number(posting: Posting) -> str:
    entry = getattr(posting.transaction, "voucher_entry", None)
    if entry is None or entry.voucher.number is None:
        return ""
    return f"{entry.voucher.word}-{written(entry.voucher.month)}-{entry.voucher.number}"


# Books and papers are Chinese whatever the reader's language (制度第十一条).
FUND_SOURCES = {FundSource.OWN.value: "自有经费", FundSource.EARMARKED.value: "上级专项补助"}


_VOUCHER = "transaction__voucher_entry__voucher__"
_JOURNAL_FIELDS = (
    "transaction__date", f"{_VOUCHER}word", f"{_VOUCHER}month", f"{_VOUCHER}number", "transaction__summary",
    "line_summary", "account__code", "account__name", "side", "amount", "project", "fund_source", "party",
    "transaction__document",
)  # fmt: skip


def _journal(book: Book, months: tuple[int, int] | None = None) -> Iterator[list[Cell]]:
    rows = _postings(book, months).values_list(*_JOURNAL_FIELDS)
    for (
        date, word, month, number, summary, own_summary, code, name, side, amount, project, fund_source, party,
        document,
    ) in rows.iterator(chunk_size=5000):  # fmt: skip
        debit, credit = (amount, None) if side == Side.DEBIT else (None, amount)
        yield [
            book.code, date.isoformat(), f"{word}-{written(month)}-{number}" if number else "",
            own_summary or summary, code, name,
            debit, credit, project, FUND_SOURCES[fund_source], party, document,
        ]  # fmt: skip


def _hledger(book: Book, name: _Names) -> Iterator[str]:
    for account in Account.objects.filter(book=book, is_leaf=True).order_by("code"):
        yield f"account {name(account)}  ; {_one_line(account.name)}\n"
    yield "commodity 1,000.00 CNY\n"
    current = None
    for p in _lines(book):
        if p.transaction_id != current:
            current = p.transaction_id
            number = _voucher_number(p)
            head = f"({number}) " if number else ""
            yield f"\n{p.transaction.date} {head}{_one_line(p.transaction.summary)}\n"
            yield f"  ; key:{_one_line(p.transaction.external_key)}\n"
        yield f"    {name(p.account)}  {_signed(p):.2f} CNY\n"
    yield "\n"


def _beancount(books: Sequence[Book]) -> Iterator[str]:
    yield 'option "operating_currency" "CNY"\n'
    for book in books:
        name = _Names(book, books)
        first = day_of_balances(book)
        for account in Account.objects.filter(book=book, is_leaf=True).order_by("code"):
            yield f"{first} open {name(account)} CNY\n  name: {_quoted(account.name)}\n"
        current = None
        for p in _lines(book):
            if p.transaction_id != current:
                current = p.transaction_id
                yield f"\n{p.transaction.date} * {_quoted(p.transaction.summary)}\n"
                yield f"  voucher: {_quoted(_voucher_number(p))}\n"
                yield f"  key: {_quoted(p.transaction.external_key)}\n"
            yield f"  {name(p.account)}  {_signed(p):.2f} CNY\n"
        yield "\n"


def _quoted(text: str) -> str:
    return json.dumps(_one_line(text), ensure_ascii=False)


def _signed(posting: Posting) -> Decimal:
    return posting.amount.amount if posting.side == Side.DEBIT else -posting.amount.amount


def _one_line(text: str) -> str:
    return " ".join(text.replace(";", ",").split())
