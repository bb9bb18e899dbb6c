"""Trial balance, statements and exports of small books whose figures are known by hand."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import call_command

from ledger.books import closing
from ledger.books.models import Account, Book
from ledger.books.posting import Entry, post
from ledger.reports import exports, spreadsheets, statements
from tests.conftest import Federation
from tests.ledger.books.test_posting import cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    book = federation.books["HD-C001"]
    cash_dues(book)
    cash_dues(book, key="dues:2", date=dt.date(2026, 2, 3), amount="48.00")
    post(
        book=book,
        external_key="banked",
        date=dt.date(2026, 3, 17),
        kind="cash.banked",
        summary="现金存入银行",
        entries=[Entry(debit="10201", credit="101", amount=yuan("70.00"))],
    )
    return book


def trial_balance_json(book: Book, period: str) -> dict:
    out = io.StringIO()
    call_command("trial_balance", book=book.code, period=period, json=True, stdout=out)
    return json.loads(out.getvalue())


def test_the_trial_balance_command_prints_the_agreed_document(book: Book) -> None:
    data = trial_balance_json(book, "2026-03")
    assert (data["book"], data["period"]) == ("HD-C001", "2026-03")
    assert data["rows"][0] == {
        "account": "101",
        "name": "库存现金",
        "opening_debit": "48.00",
        "opening_credit": "0.00",
        "debit": "24.00",
        "credit": "70.00",
        "closing_debit": "2.00",
        "closing_credit": "0.00",
    }
    assert [r["account"] for r in data["rows"]] == ["101", "102", "10201", "401"]
    assert data["totals"] == {
        "opening_debit": "48.00",
        "opening_credit": "48.00",
        "debit": "94.00",
        "credit": "94.00",
        "closing_debit": "72.00",
        "closing_credit": "72.00",
    }


@pytest.mark.parametrize(
    ("code", "period"), [("NONE", "2026-03"), ("HD-C001", "2026-13"), ("HD-C001", "March")]
)
def test_bad_input_is_told_on_stderr_with_exit_2(book: Book, code: str, period: str) -> None:
    err = io.StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("trial_balance", book=code, period=period, stderr=err)
    assert exit_.value.code == 2
    assert err.getvalue().strip()


def test_the_balance_sheet_balances_before_and_after_closing(book: Book) -> None:
    before = statements.balance_sheet(book, 202603)
    assert before.balanced
    assert before.totals["assets"] == (Decimal("0.00"), Decimal("72.00"))
    for month in (202602, 202603):
        closing.carry_forward(book=book, month=month)
    after = statements.balance_sheet(book, 202603)
    assert after.balanced
    assert {r.code: r.second for r in after.rows}["322"] == Decimal("72.00")


def test_the_income_statement_shows_month_and_year_without_closing_entries(book: Book) -> None:
    closing.carry_forward(book=book, month=202602)
    statement = statements.income_statement(book, 202603)
    assert [(r.code, r.first, r.second) for r in statement.rows if r.second] == [
        ("401", Decimal("24.00"), Decimal("72.00"))
    ]
    assert statement.totals["surplus"] == (Decimal("24.00"), Decimal("72.00"))


def test_csv_opens_in_excel_and_runs_nothing() -> None:
    content = spreadsheets.csv_bytes(("a", "b"), [("=1+1", Decimal("-2.50")), ("张三", None)])
    assert content == b"\xef\xbb\xbfa,b\r\n'=1+1,-2.50\r\n\xe5\xbc\xa0\xe4\xb8\x89,\r\n"


def test_xlsx_keeps_amounts_as_numbers_and_formulas_as_text() -> None:
    content = spreadsheets.xlsx_bytes([("明细", ("a", "b"), [("=1+1", Decimal("1234.50"))])])
    sheet = openpyxl.load_workbook(io.BytesIO(content))["明细"]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value) == ("=1+1", "s", 1234.5)


def test_every_posting_is_in_the_csv_export(book: Book) -> None:
    out = io.BytesIO()
    exports.write([book], "csv", out)
    lines = out.getvalue().decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 6
    assert lines[1].startswith("HD-C001,2026-02-03,,收会费,101,库存现金,48.00,,")


def test_a_sheet_that_is_full_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "_ROWS", 2)
    content = spreadsheets.xlsx_bytes([("甲", ("n",), [(str(n),) for n in range(5)]), ("乙", ("n",), [])])
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["甲", "甲 (2)", "甲 (3)", "乙"]
    assert [row[0].value for sheet in book for row in sheet.iter_rows(min_row=2)] == ["0", "1", "2", "3", "4"]


def test_an_account_name_with_line_breaks_adds_no_entry_to_the_journals_of_others(
    federation: Federation,
) -> None:
    book = federation.books["HD"]
    Account.objects.filter(book=book, code="13599").update(
        name="甲\n\n2026-01-05 fake\n    Assets:101  9.00 CNY\n"
    )
    for form in ("hledger", "beancount"):
        out = io.BytesIO()
        exports.write([book], form, out)
        assert not [line for line in out.getvalue().decode().splitlines() if line.startswith("2026-01-05")]
