"""Opening balances from a file."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ledger.books import balances_brought, closing, manual, queries, vouchers
from ledger.books.errors import BalancesRefused, VoucherUnbalanced
from ledger.books.integrity import verify
from ledger.books.models import Book, Voucher
from tests.conftest import Federation

FILE = """account,debit,credit,project,fund_source,party
101,"1,200.50",,,,
13599,300,,,,李示例
32205,,1400.50,,,
32104,,100.00,普惠补贴,earmarked,
"""


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def test_balances_open_the_first_month(book: Book, federation: Federation, tmp_path: Path) -> None:
    path = tmp_path / "期初.csv"
    path.write_bytes(FILE.encode("gb18030"))
    out = StringIO()
    call_command("opening_balances", book=book.code, file=path, prepared_by="maker", stdout=out)
    draft = Voucher.objects.get()
    assert out.getvalue() == (
        "HD-C001: draft voucher of 2025-12-31 with 4 lines, to be checked by somebody else\n"
    )
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    closing.close_period(book=book, month=202512, actor=federation.maker)
    rows = {r.code: (r.opening_debit, r.opening_credit) for r in queries.trial_balance(book, 202601)}
    assert rows["101"] == (Decimal("1200.50"), Decimal("0.00"))
    assert rows["321"] == (Decimal("0.00"), Decimal("100.00"))
    assert rows["322"] == (Decimal("0.00"), Decimal("1400.50"))
    assert [check for check in verify() if not check.ok] == []
    with pytest.raises(BalancesRefused, match="already"):
        balances_brought.bring(
            book=book, lines=balances_brought.read(FILE.encode()), prepared_by=federation.maker
        )


@pytest.mark.parametrize(
    ("content", "refusal", "words"),
    [
        ("code,amount\n101,5\n", BalancesRefused, "needs the columns"),
        ("account,debit,credit\n101,five,\n", BalancesRefused, "Row 2"),
        ("account,debit,credit\n101,NaN,\n", BalancesRefused, "Row 2"),
        ("account,debit,credit\n101,1.005,\n", BalancesRefused, "Row 2"),
        ("account,debit,credit\n101,5,\n408,,5\n", BalancesRefused, "no opening balance"),
        ("account,debit,credit\n101,5,\n32205,,4\n", VoucherUnbalanced, "differ by 1.00"),
    ],
)
def test_what_cannot_be_brought_in(
    book: Book, federation: Federation, content: str, refusal: type[Exception], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        balances_brought.bring(
            book=book, lines=balances_brought.read(content.encode()), prepared_by=federation.maker
        )
    assert not Voucher.objects.exists()


@given(content=st.binary(max_size=300))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    lines = []
    with suppress(BalancesRefused):
        lines = balances_brought.read(b"account,debit,credit\n" + content)
    assert all(one.amount and one.amount == round(one.amount, 2) for one in lines)


def test_a_bank_account_that_was_brought_needs_no_statement_of_the_time_before(
    federation: Federation,
) -> None:
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    content = f"account,debit,credit\n{bank},500.00,\n32205,,500.00\n".encode()
    draft = balances_brought.bring_file(book=book, content=content, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    closing.close_period(book=book, month=202512, actor=federation.maker)
    closing.close_period(book=book, month=202601, actor=federation.maker)
    assert queries.balance_of(book, "102").amount == Decimal("500.00")


def test_a_second_voucher_cannot_stand_before_the_first_day(federation: Federation) -> None:
    book = federation.books["HD"]
    content = b"account,debit,credit\n101,5.00,\n32205,,5.00\n"
    draft = balances_brought.bring_file(book=book, content=content, prepared_by=federation.maker)
    lines = manual.lines_of(draft)
    with pytest.raises(BalancesRefused, match="already"):
        manual.prepare(book=book, date=draft.date, summary="期初", lines=lines, prepared_by=federation.maker)
    manual.revise(
        voucher=draft, date=draft.date, summary="期初余额", lines=lines, prepared_by=federation.maker
    )


def test_who_reads_chinese_is_told_the_chinese_headings(book: Book) -> None:
    with translation.override("zh-hans"), pytest.raises(BalancesRefused, match="科目代码、借方、贷方、项目"):
        balances_brought.read(b"code,amount\n101,5\n")


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_workbook_is_to_be_saved_as_csv(start: bytes) -> None:
    with pytest.raises(BalancesRefused, match="Save it as CSV"):
        balances_brought.read(start + bytes(range(256)))


def test_a_closed_month_is_no_written_opening_balance(book: Book, federation: Federation) -> None:
    assert balances_brought.why_not_brought(book) is None
    closing.close_period(book=book, month=202601, actor=federation.maker)
    assert "is closed" in str(balances_brought.why_not_brought(book))
    lines = balances_brought.read(FILE.encode())
    with pytest.raises(BalancesRefused, match="is closed"):
        balances_brought.bring(book=book, lines=lines, prepared_by=federation.maker)
