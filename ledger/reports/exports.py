"""Complete books for outsiders: hledger and Beancount journals, CSV and xlsx journals (财会〔2024〕12号 第四十一条)."""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from django.db.models import F, QuerySet, Sum

from ledger.books.first_day import day_of_balances
from ledger.books.models import (
    Account,
    AccountClass,
    Book,
    FundSource,
    PeriodState,
    Posting,
    Side,
    Turnover,
)

from .periods import written
from .snapshot import one_moment
from .spreadsheets import Cell, write_csv, write_xlsx
from .wording import FUND_SOURCES, AccountNames, class_in_words, nature_in_words

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
    "基本/项目",
    "经济分类",
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


_VOUCHER = "transaction__voucher_entry__voucher__"
_JOURNAL_FIELDS = (
    "transaction__date", f"{_VOUCHER}word", f"{_VOUCHER}month", f"{_VOUCHER}number", "transaction__summary",
    "line_summary", "account__code", "side", "amount", "project", "fund_source", "party",
    "account__account_class", "nature", "economic_class", "transaction__document",
)  # fmt: skip


def _journal(book: Book, months: tuple[int, int] | None = None) -> Iterator[list[Cell]]:
    names = AccountNames(book, "zh")
    rows = _postings(book, months).values_list(*_JOURNAL_FIELDS)
    for (
        date, word, month, number, summary, own_summary, code, side, amount, project, fund_source, party,
        account_class, nature, economic_class, document,
    ) in rows.iterator(chunk_size=5000):  # fmt: skip
        debit, credit = (amount, None) if side == Side.DEBIT else (None, amount)
        is_spent = account_class == AccountClass.EXPENSE
        yield [
            book.code, date.isoformat(), f"{word}-{written(month)}-{number}" if number else "",
            own_summary or summary, code, names.path(code),
            debit, credit, project, FUND_SOURCES[fund_source], party,
            nature_in_words(nature) if is_spent else "", class_in_words(economic_class) if is_spent else "", document,
        ]  # fmt: skip


def _hledger(book: Book, name: _Names) -> Iterator[str]:
    names = AccountNames(book, "zh")
    for account in Account.objects.filter(book=book, is_leaf=True).order_by("code"):
        yield f"account {name(account)}  ; {_one_line(names.path(account.code))}\n"
    yield "commodity 1,000.00 CNY\n"
    current = None
    for p in _lines(book):
        if p.transaction_id != current:
            current = p.transaction_id
            number = _voucher_number(p)
            head = f"({number}) " if number else ""
            yield f"\n{p.transaction.date} {head}{_one_line(p.transaction.summary)}\n"
            yield f"  ; key:{_one_line(p.transaction.external_key)}\n"
        # A comma ends the value of a tag.
        tags = ", ".join(f"{tag}:{_one_line(said).replace(',', '，')}" for tag, said in _details(p))
        yield f"    {name(p.account)}  {_signed(p):.2f} CNY{f'  ; {tags}' if tags else ''}\n"
    yield "\n"
    # Of one day, assertions hold after what stands above them.
    for month, balances in _closed_balances(book):
        yield f"{_last_day(month)} 月末余额\n"
        for account, balance in balances:
            yield f"    {name(account)}  0.00 CNY = {balance:.2f} CNY\n"
        yield "\n"


def _beancount(books: Sequence[Book]) -> Iterator[str]:
    yield 'option "operating_currency" "CNY"\n'
    for book in books:
        name = _Names(book, books)
        first, names = day_of_balances(book), AccountNames(book, "zh")
        for account in Account.objects.filter(book=book, is_leaf=True).order_by("code"):
            yield f"{first} open {name(account)} CNY\n  name: {_quoted(names.path(account.code))}\n"
        current = None
        for p in _lines(book):
            if p.transaction_id != current:
                current = p.transaction_id
                yield f"\n{p.transaction.date} * {_quoted(p.transaction.summary)}\n"
                yield f"  voucher: {_quoted(_voucher_number(p))}\n"
                yield f"  key: {_quoted(p.transaction.external_key)}\n"
            yield f"  {name(p.account)}  {_signed(p):.2f} CNY\n"
            for key, said in _details(p):
                yield f"    {key}: {_quoted(said)}\n"
        yield "\n"
        # They hold at the beginning of their day.
        for month, balances in _closed_balances(book):
            day = _last_day(month) + dt.timedelta(days=1)
            for account, balance in balances:
                yield f"{day} balance {name(account)}  {balance:.2f} CNY\n"


def _closed_balances(book: Book) -> Iterator[tuple[int, list[tuple[Account, Decimal]]]]:
    """What stands on each account at the end of each closed month, debit positive, in yuan, from monthly totals."""
    accounts = {account.pk: account for account in book.accounts.filter(is_leaf=True).order_by("code")}
    totals = Turnover.objects.filter(account__in=accounts).values_list("account", "month")
    moved = sorted(totals.annotate(net=Sum(F("debit") - F("credit"))), key=lambda row: row[1], reverse=True)
    balances: dict[int, Decimal] = {}
    for month in (
        book.periods.filter(state=PeriodState.CLOSED).order_by("month").values_list("month", flat=True)
    ):
        while moved and moved[-1][1] <= month:
            account, _month, net = moved.pop()
            balances[account] = balances.get(account, Decimal(0)) + net
        if balances:
            yield month, [(accounts[pk], balances[pk]) for pk in accounts if pk in balances]


def _last_day(month: int) -> dt.date:
    year, number = divmod(month, 100)
    return dt.date(year, number, calendar.monthrange(year, number)[1])


def _details(posting: Posting) -> Iterator[tuple[str, str]]:
    """What a line says besides account and amount, by the names that tags and metadata have for it."""
    is_spent = posting.account.account_class == AccountClass.EXPENSE
    is_earmarked = posting.fund_source == FundSource.EARMARKED
    for name, said in (
        ("summary", posting.line_summary),
        ("project", posting.project),
        ("fund", FUND_SOURCES[posting.fund_source] if is_earmarked else ""),
        ("party", posting.party),
        ("nature", nature_in_words(posting.nature) if is_spent else ""),
        ("class", class_in_words(posting.economic_class) if is_spent else ""),
    ):
        if said:
            yield name, said


def _quoted(text: str) -> str:
    return json.dumps(_one_line(text), ensure_ascii=False)


def _signed(posting: Posting) -> Decimal:
    return posting.amount.amount if posting.side == Side.DEBIT else -posting.amount.amount


def _one_line(text: str) -> str:
    return " ".join(text.replace(";", ",").split())
