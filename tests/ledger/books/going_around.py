"""Raw SQL of tests that go around the application, and what the database says to it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books.models import Book

INSERT_HEAD = """
INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, mirror_key, created_at)
VALUES (%s, %s, %s, %s, 'raw', 'raw', '', '', now()) RETURNING id
"""


# A whole raw transaction with one line, in one statement.
INSERT_BOTH = """
WITH head AS (
    INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, mirror_key, created_at)
    VALUES (%(book)s, 'raw', '2026-03-16', 202603, 'raw', 'raw', '', '', now()) RETURNING id
)
INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                            project, fund_source, party)
SELECT head.id, %(book)s, 202603, 1, %(debit)s, %(credit)s, %(amount)s, %(currency)s, false, '', 'own', '' FROM head
"""


INSERT_LINE = """
INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                            project, fund_source, party)
VALUES (%s, %s, %s, 2, %s, %s, %s, %s, false, '', 'own', '')
"""


def sql(statement: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


@transaction.atomic
def run_to_the_end(statement: str, params: object) -> None:
    """The statement, and the checks that the database leaves for the commit."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(statement: str, *params: object, **named: object) -> str:
    """The SQLSTATE or constraint with which the database refused the statement."""
    with pytest.raises(DatabaseError) as caught:
        run_to_the_end(statement, named or params)
    cause = caught.value.__cause__
    return cause.diag.constraint_name or cause.sqlstate


def account(book: Book, code: str) -> int:
    return book.accounts.get(code=code).pk
