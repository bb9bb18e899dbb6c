"""Lines come in the statement of their event, several like one, and say on each side what its account asks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import vouchers
from ledger.books.models import Book, Transaction, Voucher
from tests.conftest import Federation

from .going_around import INSERT_BOTH, INSERT_HEAD, INSERT_LINE, account, refused, run_to_the_end, sql
from .test_posting import cash_dues


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


@pytest.fixture
def posted(book: Book) -> Transaction:
    return cash_dues(book)


def test_a_transaction_without_lines_is_refused(book: Book) -> None:
    assert refused(INSERT_HEAD, book.pk, "raw", "2026-03-16", 202603) == "PH005"


def test_a_line_cannot_be_added_to_a_transaction_of_an_earlier_database_transaction(
    book: Book, posted: Transaction
) -> None:
    sql("SET session_replication_role = replica")
    sql("UPDATE books_transaction SET xid = '3' WHERE id = %s", posted.pk)
    sql("SET session_replication_role = origin")
    line = (posted.pk, book.pk, 202603, account(book, "101"), account(book, "401"), "1.00", "CNY")
    assert refused(INSERT_LINE, *line) == "PH001"


def test_a_posted_voucher_takes_no_line_from_the_database_transaction_that_posted_it(
    federation: Federation, book: Book
) -> None:
    accounts = dict(book.accounts.filter(code__in=["101", "408"]).values_list("code", "pk"))
    with transaction.atomic():
        posted = cash_dues(book)
        drawn = vouchers.draw_up(book=book, transactions=[posted], prepared_by=federation.maker)
        vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
        with pytest.raises(DatabaseError, match="takes no further lines"), transaction.atomic():
            sql(INSERT_LINE, posted.pk, book.pk, 202603, accounts["101"], accounts["408"], "5.00", "CNY")
    assert posted.transfers.count() == 1


def test_the_credit_side_says_all_of_its_details_or_none(book: Book) -> None:
    accounts = dict(book.accounts.filter(code__in=["101", "408"]).values_list("code", "pk"))
    statement = INSERT_BOTH.replace("fund_source, party)", "fund_source, party, credit_party)").replace(
        "'own', '' FROM", "'own', '', '甲' FROM"
    )
    line = {
        "book": book.pk,
        "debit": accounts["101"],
        "credit": accounts["408"],
        "amount": 1,
        "currency": "CNY",
    }
    with pytest.raises(DatabaseError, match="credit_details_all_or_none"):
        run_to_the_end(statement, line)


def test_one_account_on_both_sides_needs_details_of_each(book: Book) -> None:
    account = book.accounts.get(code="408").pk
    line = {"book": book.pk, "debit": account, "credit": account, "amount": 1, "currency": "CNY"}
    with pytest.raises(DatabaseError, match="transfer_between_two_accounts"):
        run_to_the_end(INSERT_BOTH, line)


SEVERAL = """
INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                            project, fund_source, party)
SELECT head.id, %(book)s, 202603, line, %(debit)s, %(credit)s, 5, 'CNY', false, '', 'own', ''
  FROM head CROSS JOIN generate_series(1, 2) AS line
"""


@pytest.mark.parametrize(
    ("debit", "credit", "words"),
    [("101", "102", "lowest accounts"), ("50802", "101", "requires"), ("101", "40302", "requires")],
)
def test_several_lines_meet_the_rules_of_one(
    federation: Federation, debit: str, credit: str, words: str
) -> None:
    book = federation.books["HD"]
    accounts = dict(book.accounts.values_list("code", "pk"))
    values = {"book": book.pk, "debit": accounts[debit], "credit": accounts[credit]}
    statement = INSERT_BOTH[: INSERT_BOTH.index("INSERT INTO books_transfer")] + SEVERAL
    with pytest.raises(DatabaseError, match=words):
        run_to_the_end(statement, values)


def test_several_late_lines_are_refused_in_the_database_transaction_of_their_event(book: Book) -> None:
    accounts = dict(book.accounts.filter(code__in=["101", "408"]).values_list("code", "pk"))
    with transaction.atomic():
        posted = cash_dues(book)
        late = SEVERAL.replace("FROM head CROSS JOIN generate_series(1, 2)", "FROM generate_series(2, 3)")
        values = {"book": book.pk, "debit": accounts["101"], "credit": accounts["408"], "id": posted.pk}
        with (
            pytest.raises(DatabaseError, match="takes no further lines"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(late.replace("head.id", "%(id)s"), values)


def test_one_statement_cannot_post_a_voucher_and_add_to_its_event(federation: Federation, book: Book) -> None:
    accounts = dict(book.accounts.filter(code__in=["101", "408"]).values_list("code", "pk"))
    with transaction.atomic():
        drawn = vouchers.draw_up(book=book, transactions=[cash_dues(book)], prepared_by=federation.maker)
        vouchers.discard(voucher=drawn)
        draft = Voucher.objects.create(
            book=book, month=202603, date=dt.date(2026, 3, 16), summary="x", prepared_by=federation.maker
        )
        statement = INSERT_BOTH.replace(
            "INSERT INTO books_transfer",
            """, entry AS (INSERT INTO books_voucherentry (voucher_id, transaction_id)
                           SELECT %(voucher)s, id FROM head RETURNING voucher_id),
            posted AS (UPDATE books_voucher SET state = 'posted', checked_by_id = %(checker)s FROM entry
                        WHERE id = entry.voucher_id RETURNING 1)
            INSERT INTO books_transfer""",
        )
        values = {
            "book": book.pk, "debit": accounts["101"], "credit": accounts["408"], "amount": 1, "currency": "CNY",
            "voucher": draft.pk, "checker": federation.checker.pk,
        }  # fmt: skip
        with pytest.raises(DatabaseError, match="posted after its events"):
            run_to_the_end(statement, values)
