"""Exported books as hledger and Beancount read them (财会〔2024〕12号 第四十一条)."""

from __future__ import annotations

import datetime as dt
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from ledger.books import balances_brought, closing, vouchers
from ledger.books.models import Account, Book, Period, PeriodState
from ledger.books.posting import Entry, post, reverse
from ledger.books.queries import balance
from tests.conftest import Federation
from tests.ledger.books.test_posting import cash_dues, yuan
from tests.ledger.reports import outsiders


@pytest.fixture
def book(federation: Federation) -> Book:
    """Opening balances, dues, a red-letter reversal, words that mean something to the tools, a closed month."""
    book = federation.books["HD-C001"]
    lines = balances_brought.read(b"account,debit,credit\n101,500,\n32205,,500\n")
    opening = balances_brought.bring(book=book, lines=lines, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=opening, checked_by=federation.checker)
    cash_dues(book)
    wrong = post(
        book=book,
        external_key='key "2"; 注释',
        date=dt.date(2026, 3, 17),
        kind="cash.banked",
        summary='存入"银行";\n第二行 ! * | # @',
        entries=[Entry(debit="10201", credit="101", amount=yuan("70.00"))],
    )
    reverse(original=wrong, date=dt.date(2026, 3, 18), reason="金额有误", external_key="back")
    closing.carry_forward(book=book, month=202603)
    for draft in vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    return book


_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "net_asset": "Equity",
    "income": "Income",
    "expense": "Expenses",
}


def _kept(book: Book, *, with_code: bool) -> outsiders.Balances:
    kept = {}
    for account in Account.objects.filter(book=book, is_leaf=True):
        path = [_ROOTS[account.account_class], *([book.code] if with_code else []), account.code[:3]]
        name = ":".join(path + ([account.code] if len(account.code) > 3 else []))
        amount = balance(account).amount
        kept[name] = amount if account.normal_side == "D" else -amount
    return {name: amount for name, amount in kept.items() if amount}


def _moved(balances: outsiders.Balances) -> outsiders.Balances:
    return {name: amount for name, amount in balances.items() if amount}


_AFTER = dt.date(2026, 4, 1)


def test_hledger_agrees_on_every_balance(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "book.journal"
    call_command("ledger_export", book=book.code, format="hledger", output=file)
    found = outsiders.hledger(file, before=_AFTER)
    assert found["Assets:101"] == Decimal("524.00")
    assert _moved(found) == _kept(book, with_code=False)
    assert "(记-2026-03-1) " in file.read_text()


def test_beancount_agrees_on_every_balance(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "book.beancount"
    call_command("ledger_export", book=book.code, format="beancount", output=file)
    assert _moved(outsiders.beancount(file, before=_AFTER)) == _kept(book, with_code=False)


def test_several_books_are_told_apart(book: Book, federation: Federation, tmp_path: Path) -> None:
    other = federation.books["HD"]
    post(
        book=other,
        external_key="levy",
        date=dt.date(2026, 3, 2),
        kind="levy",
        summary="经费",
        entries=[Entry(debit=federation.banks["HD"].account.code, credit="402", amount=yuan("9.00"))],
    )
    for form, read in (("hledger", outsiders.hledger), ("beancount", outsiders.beancount)):
        file = tmp_path / f"books.{form}"
        call_command("ledger_export", all=True, format=form, output=file)
        expected = _kept(book, with_code=True) | _kept(other, with_code=True)
        assert _moved(read(file, before=_AFTER)) == expected


def test_the_balances_of_closed_months_are_checked_by_both_tools(book: Book, tmp_path: Path) -> None:
    for period in Period.objects.filter(book=book, month__lte=202603).order_by("month"):
        Period.objects.filter(pk=period.pk).update(state=PeriodState.CLOSED)
    for form, line, read in (
        ("hledger", "    Assets:101  0.00 CNY = 524.00 CNY\n", outsiders.hledger),
        ("beancount", "2026-04-01 balance Assets:101  524.00 CNY\n", outsiders.beancount),
    ):
        file = tmp_path / f"book.{form}"
        call_command("ledger_export", book=book.code, format=form, output=file)
        assert _moved(read(file, before=_AFTER)) == _kept(book, with_code=False)
        assert line in file.read_text()
        file.write_text(file.read_text().replace(line, line.replace("524.00", "525.00")))
        with pytest.raises(subprocess.CalledProcessError):
            read(file, before=_AFTER)
