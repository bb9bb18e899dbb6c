"""SQL that goes around the application meets the same rules (architecture 4)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from ledger.books import closing, vouchers
from ledger.books.errors import DimensionMissing
from ledger.books.models import Book, Transaction, Voucher
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .going_around import INSERT_BOTH, INSERT_HEAD, account, refused, sql
from .test_posting import cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


@pytest.fixture
def posted(book: Book) -> Transaction:
    return cash_dues(book)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books_transaction SET summary = 'x' WHERE id = %s",
        "UPDATE books_transaction SET date = '2026-03-17' WHERE id = %s",
        "DELETE FROM books_transaction WHERE id = %s",
        "UPDATE books_transfer SET amount = 1 WHERE transaction_id = %s",
        "DELETE FROM books_transfer WHERE transaction_id = %s",
    ],
)
def test_posted_rows_are_never_changed_or_deleted(posted: Transaction, statement: str) -> None:
    assert refused(statement, posted.pk) == "PH001"


@pytest.mark.parametrize("table", ["books_transaction", "books_transfer", "books_voucher"])
def test_posted_tables_are_never_emptied(posted: Transaction, table: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert refused(f"TRUNCATE {table} CASCADE") == "PH001"


@pytest.mark.parametrize(
    ("debit", "credit", "amount", "currency", "because"),
    [
        ("101", None, "1.00", "CNY", "23502"),
        (None, "401", "1.00", "CNY", "23502"),
        ("101", "101", "1.00", "CNY", "transfer_between_two_accounts"),
        ("101", "401", "0.00", "CNY", "transfer_amount_positive"),
        ("101", "401", "-1.00", "CNY", "transfer_amount_positive"),
        ("101", "401", "1.00", "USD", "transfer_in_book_currency"),
        ("102", "401", "1.00", "CNY", "PH003"),
    ],
)
def test_an_unbalanced_or_impossible_line_is_refused(  # noqa: PLR0917 - one argument per column
    book: Book, debit: str | None, credit: str | None, amount: str, currency: str, because: str
) -> None:
    debit_id, credit_id = (account(book, code) if code else None for code in (debit, credit))
    line = {"book": book.pk, "debit": debit_id, "credit": credit_id, "amount": amount, "currency": currency}
    assert refused(INSERT_BOTH, **line) == because
    assert not Transaction.objects.exists()


def test_a_line_between_two_books_is_refused(book: Book, federation: Federation) -> None:
    line = {"book": book.pk, "debit": account(book, "101"), "credit": account(federation.books["HD"], "408")}
    assert refused(INSERT_BOTH, **line, amount="1.00", currency="CNY") == "PH005"


def test_the_posting_view_takes_no_rows(book: Book, posted: Transaction) -> None:
    assert refused("INSERT INTO books_posting (id, amount) VALUES ('1D', 5)") == "55000"
    assert refused("DELETE FROM books_posting") == "55000"


def test_a_date_in_another_month_than_stated_is_refused(book: Book) -> None:
    assert refused(INSERT_HEAD, book.pk, "raw", "2026-04-01", 202603) == "transaction_month_is_its_date"


def test_a_second_use_of_an_external_key_is_refused(book: Book, posted: Transaction) -> None:
    assert refused(INSERT_HEAD, book.pk, "dues:1", "2026-03-16", 202603) == "one_transaction_per_key"


def test_a_post_into_a_closed_period_is_refused(book: Book, federation: Federation) -> None:
    for month in (202601, 202602, 202603):
        closing.close_period(book=book, month=month, actor=federation.maker)
    line = {"book": book.pk, "debit": account(book, "101"), "credit": account(book, "401")}
    assert refused(INSERT_BOTH, **line, amount="1.00", currency="CNY") == "PH004"
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("where", "elsewhere"),
    [
        ("head.id, %(book)s, 202603, 1", "head.id, %(book)s, 202604, 1"),
        ("head.id, %(book)s, 202603, 1", "head.id, %(other)s, 202603, 1"),
        ("head.id, %(book)s, 202603, 1", "head.id + 1, %(book)s, 202603, 1"),
    ],
)
def test_a_line_elsewhere_than_its_transaction_is_refused(
    book: Book, federation: Federation, where: str, elsewhere: str
) -> None:
    assert where in INSERT_BOTH
    statement = INSERT_BOTH.replace(where, elsewhere)
    owner = federation.books["HD"] if "other" in elsewhere else book
    line = {
        "debit": account(owner, "101"),
        "credit": account(owner, "408"),
        "book": book.pk,
        "other": owner.pk,
    }
    assert refused(statement, **line, amount="1.00", currency="CNY") == "PH005"
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("table", ["books_account", "books_period"])
def test_what_lines_point_at_is_never_deleted(book: Book, posted: Transaction, table: str) -> None:
    assert refused(f"DELETE FROM {table} WHERE book_id = %s", book.pk) in {"PH001", "PH004"}
    assert refused(f"TRUNCATE {table} CASCADE") in {"PH001", "PH002", "55006"}


def test_a_closed_period_stays_closed(book: Book, federation: Federation) -> None:
    closing.close_period(book=book, month=202601, actor=federation.maker)
    assert (
        refused("UPDATE books_period SET state = 'open' WHERE book_id = %s AND month = 202601", book.pk)
        == "PH004"
    )
    assert refused("DELETE FROM books_period WHERE book_id = %s AND month = 202601", book.pk) == "PH004"


def test_a_period_with_an_unvouchered_transaction_cannot_be_closed(book: Book, posted: Transaction) -> None:
    close = "UPDATE books_period SET state = 'closed' WHERE book_id = %s AND month <= %s AND state = 'open'"
    sql(close, book.pk, 202602)
    assert refused(close, book.pk, 202603) == "PH008"


def test_a_period_with_open_income_cannot_be_closed(
    book: Book, posted: Transaction, federation: Federation
) -> None:
    sql("UPDATE books_period SET state = 'closed' WHERE book_id = %s AND month <= 202602", book.pk)
    for voucher in vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
    assert (
        refused("UPDATE books_period SET state = 'closed' WHERE book_id = %s AND month = 202603", book.pk)
        == "PH008"
    )


def test_months_close_in_order(book: Book) -> None:
    assert (
        refused("UPDATE books_period SET state = 'closed' WHERE book_id = %s AND month = 202602", book.pk)
        == "PH008"
    )


@pytest.mark.parametrize("table", ["books_balance", "books_turnover"])
def test_balances_are_kept_by_the_ledger_only(posted: Transaction, table: str) -> None:
    assert refused(f"UPDATE {table} SET debit = debit + 1") == "PH002"
    assert refused(f"DELETE FROM {table}") == "PH002"


@pytest.mark.parametrize(
    ("book_code", "code", "name", "because"),
    [
        ("HD", "401", "会费收入", "PH003"),  # grassroots-only account in a county book
        ("HD", "501", "职工活动支出", "PH003"),
        ("HD-C001", "999", "自设科目", "PH003"),  # level 1 that the chart does not have
        ("HD-C001", "50101", "改名", "PH003"),
    ],
)
def test_accounts_outside_the_official_chart_are_refused(
    federation: Federation, book_code: str, code: str, name: str, because: str
) -> None:
    book = federation.books[book_code]
    statement = """INSERT INTO books_account (book_id, code, name, name_en, account_class, normal_side, is_official,
                       authorised_by, is_leaf, shards, guard)
                   VALUES (%s, %s, %s, '', 'income', 'C', false, 'x', true, 1, 0)"""
    assert refused(statement, book.pk, code, name) == because


def test_an_official_account_is_never_renamed(book: Book) -> None:
    assert (
        refused("UPDATE books_account SET name = '现金' WHERE book_id = %s AND code = '101'", book.pk)
        == "PH003"
    )
    assert refused("UPDATE books_chartaccount SET name = '现金' WHERE code = '101'") == "PH001"


@pytest.fixture
def posted_voucher(book: Book, posted: Transaction, federation: Federation) -> Voucher:
    (voucher,) = vouchers.draw_up_day(book=book, date=posted.date, prepared_by=federation.maker)
    return vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books_voucher SET summary = 'x' WHERE id = %s",
        "UPDATE books_voucher SET number = 7 WHERE id = %s",
        "UPDATE books_voucher SET state = 'draft' WHERE id = %s",
        "DELETE FROM books_voucher WHERE id = %s",
        "DELETE FROM books_voucherentry WHERE voucher_id = %s",
        "UPDATE books_voucherentry SET voucher_id = voucher_id WHERE voucher_id = %s",
    ],
)
def test_posted_vouchers_are_never_changed(posted_voucher: Voucher, statement: str) -> None:
    assert refused(statement, posted_voucher.pk) == "PH001"


def test_a_voucher_is_not_posted_by_its_preparer(
    book: Book, posted: Transaction, federation: Federation
) -> None:
    (voucher,) = vouchers.draw_up_day(book=book, date=posted.date, prepared_by=federation.maker)
    statement = "UPDATE books_voucher SET state = 'posted', checked_by_id = prepared_by_id WHERE id = %s"
    assert refused(statement, voucher.pk) == "PH007"


def test_no_table_of_the_books_is_emptied(posted: Transaction) -> None:
    tables = [name for (name,) in sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'books\\_%%'"
        " AND relnamespace = 'public'::regnamespace"
    )]  # fmt: skip
    assert len(tables) > 15
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert {table: refused(f"TRUNCATE {table} CASCADE") for table in tables} == dict.fromkeys(tables, "PH001")


def test_a_book_stays_what_it_is(book: Book, federation: Federation) -> None:
    for change in (
        "kind = 'county'",
        "code = 'X'",
        f"union_id = {federation.district.pk}",
        "opened_on = '2020-01-01'",
    ):
        assert refused(f"UPDATE books_book SET {change} WHERE id = {book.pk}") == "PH003"
    for change in ("is_leaf = NOT is_leaf", "needs_project = NOT needs_project", "kept_by = 'x'"):
        assert refused(f"UPDATE books_account SET {change} WHERE book_id = {book.pk}") == "PH003"
    copied = (
        "INSERT INTO books_chartaccount (chart_id, code, name, name_en, account_class, normal_side, in_grassroots,"
        " in_county)"
        " SELECT chart_id, '999', name, name_en, account_class, normal_side, true, true FROM books_chartaccount"
        " WHERE code = '101' AND chart_id = (SELECT chart_id FROM books_book LIMIT 1)"
    )
    assert refused(copied) == "PH003"


def test_months_begin_open_and_requests_unanswered(book: Book, federation: Federation) -> None:
    closed = (
        "INSERT INTO books_period (book_id, month, state, closed_at) VALUES (%s, 209901, 'closed', now())"
    )
    assert refused(closed, book.pk) == "PH004"
    period = book.periods.first()
    allowed = (
        "INSERT INTO books_periodreopening (period_id, reason, asked_by_id, asked_at, allowed_by_id, allowed_at)"
        " VALUES (%s, 'x', %s, now(), %s, now())"
    )
    assert refused(allowed, period.pk, federation.maker.pk, federation.checker.pk) == "PH004"


def test_not_a_number_is_no_amount(book: Book) -> None:
    line = {"book": book.pk, "debit": account(book, "101"), "credit": account(book, "401")}
    assert refused(INSERT_BOTH, **line, amount="NaN", currency="CNY") == "transfer_amount_is_a_number"


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_from_before_the_closing_posts_nothing(book: Book) -> None:
    line = {"book": book.pk, "debit": account(book, "101"), "credit": account(book, "401")}
    with transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert refused(INSERT_BOTH, **line, amount="1.00", currency="CNY") == "PH011"
    assert not Transaction.objects.exists()


def test_a_temporary_table_does_not_stand_in_for_a_table_of_the_books(book: Book) -> None:
    sql(
        "CREATE TEMPORARY TABLE books_period AS SELECT %s::bigint AS book_id, 199901 AS month, 'open' AS state",
        book.pk,
    )
    statement = INSERT_BOTH.replace("2026-03-16', 202603", "1999-01-01', 199901").replace(
        "202603, 1", "199901, 1"
    )
    line = {"book": book.pk, "debit": account(book, "101"), "credit": account(book, "401")}
    assert refused(statement, **line, amount="1.00", currency="CNY") == "PH004"
    sql("DROP TABLE pg_temp.books_period")


def test_a_voucher_stands_in_the_month_of_its_date(
    book: Book, posted_voucher: Voucher, federation: Federation
) -> None:
    moved = """INSERT INTO books_voucher (book_id, kind, word, month, date, summary, attachments, state, prepared_by_id,
                                          prepared_at)
               VALUES (%s, 'manual', '记', 202607, '2026-03-16', 'x', 0, 'draft', %s, now())"""
    assert refused(moved, book.pk, federation.maker.pk) == "voucher_month_is_its_date"


def test_a_book_has_no_month_before_its_first_day(book: Book) -> None:
    with pytest.raises(DatabaseError, match="no months before"):
        sql("INSERT INTO books_period (book_id, month, state) VALUES (%s, 202411, 'open')", book.pk)


def test_a_source_of_money_that_nobody_knows_is_refused(book: Book) -> None:
    with pytest.raises(DimensionMissing, match="none that the books know"):
        post(
            book=book, external_key="x", date=dt.date(2026, 3, 16), kind="manual", summary="x",
            entries=[Entry(debit="101", credit="408", amount=yuan("1.00"), fund_source="foo")],
        )  # fmt: skip
