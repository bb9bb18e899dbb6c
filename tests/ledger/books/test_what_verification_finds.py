"""What went around the triggers is found when the books are verified."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.books import vouchers
from ledger.books.holds import hold
from ledger.books.integrity import verify
from ledger.books.models import Book, Transaction, Voucher
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .going_around import account, sql
from .test_posting import cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


@pytest.fixture
def posted(book: Book) -> Transaction:
    return cash_dues(book)


@pytest.fixture
def posted_voucher(book: Book, posted: Transaction, federation: Federation) -> Voucher:
    (voucher,) = vouchers.draw_up_day(book=book, date=posted.date, prepared_by=federation.maker)
    return vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)


def test_verification_sees_what_was_changed_behind_the_triggers(
    book: Book, posted_voucher: Voucher, federation: Federation
) -> None:
    assert [check for check in verify() if not check.ok] == []
    sql("SET session_replication_role = replica")
    sql("UPDATE books_transfer SET amount = amount + 1 WHERE book_id = %s", book.pk)
    sql("SET session_replication_role = origin")
    broken = {check.name for check in verify() if not check.ok}
    assert broken == {"turnovers equal the sums of postings", "voucher hash chain is unbroken"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("balance", {"balances equal the sums of turnovers"}),
        (
            "turnover",
            {
                "balances equal the sums of turnovers",
                "turnovers equal the sums of postings",
                "debits equal credits in every book and month",
            },
        ),
    ],
)
def test_verification_sees_a_changed_total(
    book: Book, posted_voucher: Voucher, table: str, expected: set[str]
) -> None:
    sql("SET session_replication_role = replica")
    sql(f"UPDATE books_{table} SET debit = debit + 1 WHERE account_id = %s", account(book, "101"))
    sql("SET session_replication_role = origin")
    assert {check.name for check in verify() if not check.ok} == expected


def test_verification_sees_the_last_voucher_go(book: Book, posted_voucher: Voucher) -> None:
    sql("SET session_replication_role = replica")
    sql("DELETE FROM books_voucherentry WHERE voucher_id = %s", posted_voucher.pk)
    sql("DELETE FROM books_voucher WHERE id = %s", posted_voucher.pk)
    sql("SET session_replication_role = origin")
    broken = {check.name for check in verify() if not check.ok}
    assert broken == {"voucher hash chain ends where it should", "voucher counters stand at the last number"}


def test_verification_sees_a_missing_voucher(
    book: Book, posted_voucher: Voucher, federation: Federation
) -> None:
    cash_dues(book, key="dues:2", date=dt.date(2026, 3, 17))
    (second,) = vouchers.draw_up_day(book=book, date=dt.date(2026, 3, 17), prepared_by=federation.maker)
    vouchers.check_and_post(voucher=second, checked_by=federation.checker)
    sql("SET session_replication_role = replica")
    sql("DELETE FROM books_voucherentry WHERE voucher_id = %s", posted_voucher.pk)
    sql("DELETE FROM books_voucher WHERE id = %s", posted_voucher.pk)
    sql("SET session_replication_role = origin")
    broken = {check.name for check in verify() if not check.ok}
    assert broken == {"voucher numbers have no gap", "voucher hash chain is unbroken"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "UPDATE books_account SET name = 'x' WHERE code = '408'",
            "official accounts are as the chart has them",
        ),
        (
            "UPDATE books_account SET normal_side = 'C' WHERE code = '101'",
            "official accounts are as the chart has them",
        ),
        ("UPDATE books_account SET is_leaf = false WHERE code = '101'", "postings are on lowest accounts"),
        (
            "UPDATE books_account SET needs_project = true WHERE code = '401'",
            "lines have the dimensions that their accounts require",
        ),
        (
            "UPDATE books_balance SET held_debit = 1 FROM books_account a WHERE a.id = account_id AND a.code = '101'",
            "holds are counted on their accounts",
        ),
        ("UPDATE books_account SET guard = 0 WHERE code = '101'", "guarded accounts are not overdrawn"),
        ("UPDATE books_voucher_counter SET last_number = 5", "voucher counters stand at the last number"),
        ("DELETE FROM books_voucher_counter", "voucher counters stand at the last number"),
        ("DELETE FROM books_voucher_chain", "voucher hash chain ends where it should"),
        ("UPDATE books_voucher_chain SET anchored_sequence = 1", "daily anchors hold"),
        ("DELETE FROM books_period WHERE month = 202603", "months with entries are in order"),
        ("UPDATE books_period SET state = 'closed' WHERE month = 202612", "months with entries are in order"),
    ],
)
def test_verification_asks_again_what_the_triggers_keep(
    book: Book, posted_voucher: Voucher, change: str, expected: str
) -> None:
    sql("SET session_replication_role = replica")
    sql(change)
    sql("SET session_replication_role = origin")
    assert expected in {check.name for check in verify() if not check.ok}


def test_a_reversal_that_takes_back_something_else_is_seen(book: Book, posted: Transaction) -> None:
    other = cash_dues(book, key="dues:2")
    sql("SET session_replication_role = replica")
    sql("UPDATE books_transaction SET reverses_id = %s WHERE id = %s", posted.pk, other.pk)
    sql("SET session_replication_role = origin")
    assert "reversals take back what they reverse" in {check.name for check in verify() if not check.ok}


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE books_account SET is_leaf = true WHERE code = '135'", "details are marked"),
        ("UPDATE books_account SET authorised_by = '' WHERE code = '13599'", "details are marked"),
        ("UPDATE books_account SET account_class = 'liability' WHERE code = '13599'", "details are marked"),
        ("UPDATE books_transfer SET credit_nature = 'x'", "lines have the dimensions"),
        ("UPDATE books_hold SET amount = 1", "moved what was held"),
        ("UPDATE books_period SET closed_at = now() WHERE month = 202603", "when they were closed"),
    ],
)
def test_what_goes_around_the_triggers_is_found(book: Book, statement: str, check: str) -> None:
    cash_dues(book, amount="60.00")
    kept = hold(
        book=book, external_key="payout", date=dt.date(2026, 3, 16), kind="payout", summary="x", debit="510",
        credit="101", amount=yuan("60.00"),
    )  # fmt: skip
    post(
        book=book, external_key="paid", date=dt.date(2026, 3, 16), kind="payout", summary="x", ends=kept,
        entries=[Entry(debit="510", credit="101", amount=yuan("60.00"))],
    )  # fmt: skip
    assert [found for found in verify() if not found.ok] == []
    for name in ("details_are_known", "credit_details_all_or_none"):
        sql(f"ALTER TABLE books_transfer DROP CONSTRAINT {name}")
    sql("SET LOCAL session_replication_role = replica")
    sql(statement)
    sql("SET LOCAL session_replication_role = DEFAULT")
    assert any(check in found.name for found in verify() if not found.ok)
