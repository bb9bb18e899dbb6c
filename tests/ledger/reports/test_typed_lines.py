"""Ledgers, papers and files show lines as an accountant typed them, with what they say besides their amount."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from ledger.books import manual, vouchers
from ledger.books.models import Book, Voucher
from ledger.books.pairing import Line
from ledger.books.posting import Entry, post
from ledger.books.queries import lines_of_transaction
from ledger.reports import exports, ledgers, papers
from ledger.reports.tables import Row
from tests.conftest import Federation
from tests.ledger.books.test_manual_vouchers import levy
from tests.ledger.books.test_posting import yuan
from tests.ledger.reports import outsiders
from tests.signing_in import browser_of

DAY = dt.date(2026, 3, 16)


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD"]


@pytest.fixture
def typed(federation: Federation, book: Book) -> Voucher:
    """Two lines of expenditure and a red one, paid from the bank, 500.00 left owing: transfers pair them in pieces."""
    bank = federation.banks["HD"].account.code
    post(
        book=book, external_key="levy", date=DAY, kind="manual", summary="收到经费",
        entries=[Entry(debit=bank, credit="402", amount=yuan("5000.00"))],
    )  # fmt: skip
    training = {"economic_class": "30216", "nature": "project", "project": "干部培训"}
    draft = manual.prepare(
        book=book, date=DAY, summary="培训班", prepared_by=federation.maker,
        lines=[
            Line(account="50602", side="D", amount=Decimal("1234.50"), **training),
            Line(account="50602", side="D", amount=Decimal("800.00"), economic_class="30201", nature="basic"),
            Line(account="50602", side="D", amount=Decimal("-20.00"), **training),
            Line(account="21599", side="C", amount=Decimal("500.00"), party="讲师"),
            Line(account=bank, side="C", amount=Decimal("1534.50")),
            Line(account=bank, side="C", amount=Decimal("-20.00")),
        ],
    )  # fmt: skip
    return vouchers.check_and_post(voucher=draft, checked_by=federation.checker)


def _lines(book: Book, code: str) -> list[Row]:
    rows = ledgers.subsidiary_ledger(book, 202603, book.accounts.get(code=code)).rows
    return [row for row in rows if row.transaction]


def test_a_line_is_one_line_in_the_ledger_however_many_others_it_met(book: Book, typed: Voucher) -> None:
    found = [(row.cells[4], row.cells[-1]) for row in _lines(book, "50602")]
    assert found == [
        (Decimal("800.00"), Decimal("800.00")),
        (Decimal("1234.50"), Decimal("2034.50")),
        (Decimal("-20.00"), Decimal("2014.50")),
    ]


def test_the_bank_journal_has_what_the_bank_statement_has(
    book: Book, typed: Voucher, federation: Federation
) -> None:
    account = federation.banks["HD"].account
    journal = ledgers.subsidiary_ledger(book, 202603, account)
    assert [row.cells[5:7] for row in journal.rows if row.transaction] == [
        (Decimal("5000.00"), None), (None, Decimal("1534.50")), (None, Decimal("-20.00"))
    ]  # fmt: skip
    pages = [ledgers.subsidiary_ledger(book, 202603, account, part=ledgers.Part(n, 1)) for n in range(3)]
    assert [page.count for page in pages] == [3, 3, 3]
    assert pages[1].rows[1] == journal.rows[2]


def test_other_sides_are_named_once_and_at_most_three_of_them(book: Book, federation: Federation) -> None:
    bank = federation.banks["HD"].account.code
    sides = ("402", "408", "21599", "40302")
    draft = manual.prepare(
        book=book, date=DAY, summary="收入", prepared_by=federation.maker,
        lines=[
            Line(account=bank, side="D", amount=Decimal("50.00"), project="普惠", fund_source="earmarked"),
            *(
                Line(account=code, side="C", amount=Decimal("10.00"), project="普惠", fund_source="earmarked")
                for code in (*sides, "402")
            ),
        ],
    )  # fmt: skip
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    counter = str(_lines(book, bank)[0].cells[3])
    assert counter.startswith("215 其他应付款 / 21599 其他; 402 ")
    assert counter.endswith("; …")
    assert counter.count(";") == 3


def test_the_page_of_an_entry_has_the_lines_as_typed(
    book: Book, typed: Voucher, federation: Federation
) -> None:
    event = typed.transactions.get()
    assert [(line.account, line.amount) for line in lines_of_transaction(event) if line.is_debit] == [
        ("50602", Decimal("800.00")), ("50602", Decimal("1234.50")), ("50602", Decimal("-20.00"))
    ]  # fmt: skip
    page = browser_of(federation.checker).get(f"/office/books/HD/transactions/{event.pk}/").content.decode()
    assert "1,234.50" in page
    assert "30216 培训费 · 项目支出" in page


def test_a_ledger_tells_project_class_and_basic_or_project_of_expenditure(
    book: Book, typed: Voucher, federation: Federation
) -> None:
    assert [row.cells[3] for row in _lines(book, "50602")] == [
        "30201 办公费 · 基本支出", "干部培训 · 30216 培训费 · 项目支出", "干部培训 · 30216 培训费 · 项目支出"
    ]  # fmt: skip
    assert [row.cells[3] for row in _lines(book, "21599")] == ["讲师"]


def test_vouchers_tell_class_by_name_and_basic_or_project(
    book: Book, typed: Voucher, federation: Federation
) -> None:
    page = browser_of(federation.checker).get(f"/office/books/HD/vouchers/{typed.pk}/").content.decode()
    assert "干部培训 · 30216 培训费 · 项目支出" in page
    paper = PdfReader(io.BytesIO(papers.voucher_paper(typed)))
    text = "".join(page.extract_text() for page in paper.pages).replace("\n", "").replace(" ", "")
    assert "30216培训费·项目支出" in text


def test_the_journal_for_outsiders_has_class_and_basic_or_project_of_expenditure_alone(
    book: Book, typed: Voucher
) -> None:
    out = io.BytesIO()
    exports.write([book], "csv", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert {(row["科目代码"][:3], row["基本/项目"], row["经济分类"]) for row in rows} == {
        ("102", "", ""), ("402", "", ""), ("215", "", ""),
        ("506", "项目支出", "30216 培训费"), ("506", "基本支出", "30201 办公费"),
    }  # fmt: skip


def test_tools_of_others_read_what_lines_say(book: Book, typed: Voucher, tmp_path: Path) -> None:
    for form, words in (
        ("hledger", "  1234.50 CNY  ; project:干部培训, nature:项目支出, class:30216 培训费\n"),
        ("beancount", '    project: "干部培训"\n    nature: "项目支出"\n    class: "30216 培训费"\n'),
    ):
        file = tmp_path / form
        with file.open("wb") as out:
            exports.write([book], form, out)
        assert words in file.read_text()
    assert outsiders.hledger(tmp_path / "hledger", before=dt.date(2026, 4, 1))
    assert outsiders.beancount(tmp_path / "beancount", before=dt.date(2026, 4, 1))


def test_a_refund_in_red_is_one_line_of_its_account(federation: Federation) -> None:
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    lines = [
        Line(account=bank, side="D", amount=Decimal("100.00")),
        Line(account="50501", side="D", amount=Decimal("-100.00")),
    ]
    posted = vouchers.check_and_post(
        voucher=levy(federation, bank, lines=lines), checked_by=federation.checker
    )
    account = book.accounts.get(code="50501")
    found = [row for row in ledgers.subsidiary_ledger(book, 202603, account).rows if row.transaction]
    assert [row.cells[-4:-2] for row in found] == [(Decimal("-100.00"), None)]
    shown = lines_of_transaction(posted.transactions.get())
    assert {(x.account, x.side, x.amount) for x in shown} == {
        (bank, "D", Decimal("100.00")),
        ("50501", "D", Decimal("-100.00")),
    }
