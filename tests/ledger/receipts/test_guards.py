"""The database's own refusals about receipts, tried with SQL that goes around the application."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from djmoney.money import Money

from ledger.receipts.errors import AmountsDiffer, ReceiptIncomplete, receipt_refusals
from ledger.receipts.models import Receipt, ReceiptLine, Series
from portal.unions.models import Union

from .conftest import issue_to


@pytest.fixture
def receipt(union: Union) -> Receipt:
    return issue_to(union)


def _refused(sql: str, sqlstate: str, *values: Any) -> None:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    cause: Any = refusal.value.__cause__
    assert cause.sqlstate == sqlstate


@pytest.mark.parametrize(
    "change",
    [
        "amount = 99",
        "payer_name = '别人'",
        "number = '0000000009'",
        "check_code = 'AAAAAA'",
        "issued_on = '2026-01-01'",
        "issued_on = '2026-01-01', status = 'void', status_reason = '错', status_changed_at = now()",
    ],
)
def test_an_issued_receipt_is_not_changed(receipt: Receipt, change: str) -> None:
    _refused(f"UPDATE receipts_receipt SET {change} WHERE id = %s", "PH021", receipt.pk)


@pytest.mark.parametrize("table", ["receipts_receipt", "receipts_receiptline", "receipts_series"])
def test_nothing_of_a_receipt_is_deleted(receipt: Receipt, table: str) -> None:
    _refused(f"DELETE FROM {table}", "PH021")


@pytest.mark.parametrize(
    "table",
    [
        "receipts_receipt",
        "receipts_receiptline",
        "receipts_series",
        "receipts_lookupcount",
        "receipts_lookupwindow",
    ],
)
def test_the_register_is_not_emptied(receipt: Receipt, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    _refused(f"TRUNCATE {table} CASCADE", "PH021")


def test_a_line_is_not_changed(receipt: Receipt) -> None:
    _refused("UPDATE receipts_receiptline SET amount = 1 WHERE receipt_id = %s", "PH021", receipt.pk)


@pytest.mark.parametrize("status", ["void", "reversed"])
def test_a_valid_receipt_becomes_void_or_reversed_once_and_stays_so(receipt: Receipt, status: str) -> None:
    receipt.status, receipt.status_reason, receipt.status_changed_at = status, "录入错误", timezone.now()
    receipt.save()
    receipt.refresh_from_db()
    assert (receipt.status, receipt.status_reason) == (status, "录入错误")
    for next_status in ("valid", "void", "reversed"):
        _refused("UPDATE receipts_receipt SET status = %s WHERE id = %s", "PH021", next_status, receipt.pk)


def test_a_status_needs_its_reason(receipt: Receipt) -> None:
    _refused(
        "UPDATE receipts_receipt SET status = 'void', status_changed_at = now() WHERE id = %s",
        "23514",
        receipt.pk,
    )


@pytest.mark.parametrize("number", ["0000000001", "0000000003", "0000000009"])
def test_a_number_that_is_not_the_next_is_refused(receipt: Receipt, number: str) -> None:
    copy = Receipt.objects.get(pk=receipt.pk)
    copy.pk, copy.number = None, number
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        copy.save(force_insert=True)
    cause: Any = refusal.value.__cause__
    assert cause.sqlstate == "PH022"
    assert issue_to(receipt.union).number == "0000000002"


def test_the_counter_moves_by_issuing_only(receipt: Receipt) -> None:
    _refused("UPDATE receipts_series SET last_number = 7", "PH022")
    _refused("UPDATE receipts_series SET last_number = last_number + 1", "PH022")
    _refused("UPDATE receipts_series SET code = '99999999'", "PH021")
    _refused(
        "INSERT INTO receipts_series (union_id, kind, year, code, last_number)"
        " VALUES (%s, 'dues', 2024, '24000001', 5)",
        "PH022",
        receipt.union_id,
    )
    assert Series.objects.get().last_number == 1


def test_a_receipt_of_another_year_does_not_enter_the_series(receipt: Receipt) -> None:
    copy = Receipt.objects.get(pk=receipt.pk)
    copy.pk, copy.number, copy.issued_on = None, "0000000002", dt.date(2025, 3, 2)
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        copy.save(force_insert=True)
    cause: Any = refusal.value.__cause__
    assert cause.sqlstate == "PH022"


def _line(receipt: Receipt, fen: str) -> ReceiptLine:
    return ReceiptLine(
        receipt=receipt,
        position=1,
        item="会费",
        period_from=202603,
        period_to=202603,
        quantity=1 if not fen.startswith("-") else -1,
        unit_price=Money(fen.removeprefix("-"), "CNY"),
        amount=Money(fen, "CNY"),
    )


def _copy(receipt: Receipt, number: str, **changes: Any) -> Receipt:
    copy = Receipt.objects.get(pk=receipt.pk)
    copy.pk, copy.number = None, number
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)
    return copy


def test_lines_that_do_not_add_up_are_refused_at_the_end(receipt: Receipt) -> None:
    _line(_copy(receipt, "0000000002"), "23.99").save()
    with connection.cursor() as cursor, pytest.raises(ReceiptIncomplete), receipt_refusals():
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_red_receipt_takes_back_at_most_what_was_received(receipt: Receipt) -> None:
    red = _copy(receipt, "0000000002", amount=Money("-20.00", "CNY"), corrects=receipt)
    _line(red, "-20.00").save()
    with pytest.raises(AmountsDiffer), receipt_refusals(), transaction.atomic():
        _copy(receipt, "0000000003", amount=Money("-4.01", "CNY"), corrects=receipt)
    rest = _copy(receipt, "0000000003", amount=Money("-4.00", "CNY"), corrects=receipt)
    _line(rest, "-4.00").save()
    assert sum(r.amount.amount for r in receipt.red_receipts.all()) == -24


def test_a_negative_receipt_that_corrects_nothing_is_refused(receipt: Receipt) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        _copy(receipt, "0000000002", amount=Money("-4.00", "CNY"))
