"""A community union with a book, and ways to issue receipts to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from djmoney.money import Money
from pytest_django import DjangoDbBlocker

from ledger.books.models import Book, Transaction
from ledger.books.opening import open_book
from ledger.books.posting import Entry, post
from ledger.receipts.issuing import Line, issue
from ledger.receipts.models import Receipt
from portal.unions.models import Union

DAY = dt.date(2026, 3, 2)


def make_union(code: str = "T-C001", **fields: Any) -> Union:
    values = {"kind": "community", "name": "示例社区工会联合会", "name_en": "Sample Community Union"} | fields
    return Union.add_root(code=code, uscc="81990100MC00000017", is_demo=True, **values)


def issue_to(union: Union, **changes: Any) -> Receipt:
    """A year of dues in cash; any argument of ``issue`` can be given instead."""
    arguments: dict[str, Any] = {
        "union": union,
        "payer_name": "王小明",
        "payer_reference": "T-C001-000001",
        "lines": [a_year()],
        "issued_on": DAY,
        "channel": "cash",
    }
    return issue(**arguments | changes)


def a_year(price: str = "2.00") -> Line:
    return Line(
        item="会费", period_from=202603, period_to=202702, quantity=12, unit_price=Money(price, "CNY")
    )


def post_dues(
    book: Book, amount: str = "24.00", *, key: str = "dues:1", kind: str = "dues.cash"
) -> Transaction:
    entry = Entry(debit="101", credit="401", amount=Money(amount, "CNY"))
    return post(book=book, external_key=key, date=DAY, kind=kind, summary="收会费", entries=[entry])


@pytest.fixture
def union(db: None) -> Union:
    return make_union()


@pytest.fixture
def book(union: Union) -> Book:
    return open_book(union=union, opened_on=dt.date(2026, 1, 1))


@pytest.fixture
def committing_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A copy of the test database that tests may commit to from many connections; dropped afterwards.

    The ledger refuses TRUNCATE, so what races leave behind cannot be cleaned up in the shared one.
    """
    with django_db_blocker.unblock():
        original = connection.settings_dict["NAME"]
        copy = f"{original}_race"
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')
        connections.settings["default"]["NAME"] = copy
        connection.settings_dict["NAME"] = copy
        try:
            yield
        finally:
            connections.close_all()
            connections.settings["default"]["NAME"] = original
            connection.settings_dict["NAME"] = original
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
            connections.close_all()
