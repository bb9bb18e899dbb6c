"""Issuing receipts: numbers, check codes, who may do it, and what must agree with the books."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from djmoney.money import Money

from ledger.books.integrity import verify
from ledger.books.models import Book
from ledger.receipts.errors import AlreadyReceipted, AmountsDiffer, ReceiptIncomplete, SamePerson
from ledger.receipts.issuing import Line
from ledger.receipts.models import Receipt
from portal.accounts.models import AuditEvent, User
from portal.accounts.permissions import NotAllowed
from portal.accounts.roles import Role
from portal.unions.models import Union
from tests import factories

from .conftest import a_year, issue_to, make_union, post_dues

LATER = dt.date(2026, 4, 1)


def test_receipts_of_a_union_and_year_are_numbered_from_one(union: Union) -> None:
    assert [issue_to(union).number for _ in range(3)] == ["0000000001", "0000000002", "0000000003"]


def test_a_new_year_starts_a_new_code_and_the_first_number_again(union: Union) -> None:
    this_year = issue_to(union)
    last_year = issue_to(union, issued_on=dt.date(2025, 12, 31))
    assert (this_year.series.code, this_year.number) == ("26000001", "0000000001")
    assert (last_year.series.code, last_year.number) == ("25000001", "0000000001")


def test_each_union_has_its_own_code_and_numbers(union: Union) -> None:
    other = make_union("T-C002", name="另一社区工会")
    receipts = [issue_to(union), issue_to(other), issue_to(union)]
    assert [(r.series.code, r.number) for r in receipts] == [
        ("26000001", "0000000001"),
        ("26000002", "0000000001"),
        ("26000001", "0000000002"),
    ]


def test_a_receipt_says_what_was_paid(union: Union) -> None:
    receipt = issue_to(union, channel="bank_transfer", payment_reference="B2026030200017")
    (line,) = receipt.lines.all()
    assert receipt.amount == Money("24.00", "CNY")
    assert (line.item, line.period_from, line.period_to, line.quantity) == ("会费", 202603, 202702, 12)
    assert (line.unit_price, line.amount) == (Money("2.00", "CNY"), Money("24.00", "CNY"))
    assert (receipt.union_name, receipt.union_uscc) == ("示例社区工会联合会", "81990100MC00000017")
    assert (receipt.status, receipt.is_demo) == ("valid", True)


def test_a_receipt_keeps_the_names_it_was_issued_with(union: Union) -> None:
    cashier = User.objects.create_user("cashier", name="钱收")
    receipt = issue_to(union, collected_by=cashier)
    union.name = "改名后的工会"
    union.save()
    cashier.name = "钱改"
    cashier.save()
    receipt.refresh_from_db()
    assert (receipt.union_name, receipt.collected_by_name) == ("示例社区工会联合会", "钱收")


def test_the_check_code_depends_on_the_secret_key(union: Union, settings: Any) -> None:
    first = issue_to(union).check_code
    settings.RECEIPT_CHECK_KEY = "another key"
    from ledger.receipts import numbering

    assert len(first) == 6
    assert set(first) <= set(numbering.CHECK_ALPHABET)
    again = numbering.check_code(
        code="26000001", number="0000000001", issued_on=dt.date(2026, 3, 2), fen=2400
    )
    assert again != first


def test_issuing_leaves_one_event_in_the_audit_trail(union: Union) -> None:
    receipt = issue_to(union)
    event = AuditEvent.objects.get(object_type="receipts.receipt", object_id=str(receipt.pk))
    assert (event.action, event.union) == ("receipt.issued", union)
    assert event.details == {"code": "26000001", "number": "0000000001", "amount": "24.00"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"lines": []}, ReceiptIncomplete),
        ({"payer_name": "  "}, ReceiptIncomplete),
        ({"payer_name": "长" * 51}, ReceiptIncomplete),
        ({"channel": "gold"}, ReceiptIncomplete),
        ({"issued_on": dt.date(2999, 1, 1)}, ReceiptIncomplete),
    ],
)
def test_an_incomplete_receipt_is_refused_and_takes_no_number(
    union: Union, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        issue_to(union, **changes)
    assert not Receipt.objects.exists()
    assert issue_to(union).number == "0000000001"


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"unit_price": Money(0, "CNY")},
        {"item": " "},
        {"item": "长" * 31},
        {"period_to": 202602},
        {"period_to": 202613},
    ],
)
def test_a_line_that_says_nothing_is_refused(changes: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "item": "会费",
        "period_from": 202603,
        "period_to": 202603,
        "quantity": 1,
        "unit_price": Money(2, "CNY"),
    }
    with pytest.raises(ReceiptIncomplete):
        Line(**values | changes)


def test_the_collector_does_not_draw_up_the_receipt_alone(union: Union) -> None:
    drawer = factories.user("drawer", Role.FINANCE_MAKER, union)
    checker = factories.user("checker", Role.FINANCE_CHECKER, union)
    with pytest.raises(SamePerson):
        issue_to(union, collected_by=drawer, drawn_by=drawer)
    with pytest.raises(SamePerson):
        issue_to(union, drawn_by=drawer, checked_by=drawer)
    assert not Receipt.objects.exists()
    assert issue_to(union, collected_by=drawer, drawn_by=drawer, checked_by=checker).number == "0000000001"


def test_drawing_up_a_receipt_is_a_duty_that_cashiers_do_not_have(union: Union) -> None:
    cashier = factories.user("cashier", Role.CASHIER, union)
    drawer = factories.user("drawer", Role.FINANCE_MAKER, union)
    with pytest.raises(NotAllowed):
        issue_to(union, collected_by=drawer, drawn_by=cashier)
    with pytest.raises(NotAllowed):
        issue_to(make_union("T-C002"), collected_by=cashier, drawn_by=drawer)
    assert not Receipt.objects.exists()
    assert issue_to(union, collected_by=cashier, drawn_by=drawer).drawn_by_name == "drawer"


def test_what_nobody_draws_up_names_the_system_as_its_drawer(union: Union) -> None:
    cashier = factories.user("cashier", Role.CASHIER, union)
    receipt = issue_to(union, collected_by=cashier)
    assert (receipt.collected_by_name, receipt.drawn_by, receipt.drawn_by_name) == (
        "cashier",
        None,
        "系统自动开具",
    )


def test_a_receipt_must_have_the_amount_of_its_payment(union: Union, book: Book) -> None:
    payment = post_dues(book, "22.00")
    with pytest.raises(AmountsDiffer):
        issue_to(union, transaction=payment)
    with pytest.raises(AmountsDiffer):
        issue_to(make_union("T-C002"), lines=[a_year("1.00")], transaction=payment)
    assert not Receipt.objects.exists()


def test_a_payment_gets_one_receipt(union: Union, book: Book) -> None:
    payment = post_dues(book)
    issue_to(union, transaction=payment)
    with pytest.raises(AlreadyReceipted):
        issue_to(union, transaction=payment)
    assert Receipt.objects.count() == 1


def _violated(book: Book) -> dict[str, str]:
    return {result.name: result.detail for result in verify(book=book) if not result.ok}


def test_verification_of_the_books_is_clean_when_receipts_and_dues_agree(union: Union, book: Book) -> None:
    issue_to(union, transaction=post_dues(book))
    issue_to(union, transaction=post_dues(book, key="dues:2"))
    assert _violated(book) == {}


def test_verification_names_a_dues_payment_without_receipt(union: Union, book: Book) -> None:
    post_dues(book, key="dues:forgotten")
    assert _violated(book) == {
        "every dues payment has its receipt and every receipt its payment": (
            "transaction dues:forgotten of 2026-03-02: dues posted 24.00, receipts 0"
        ),
        "receipts equal dues posted in every union and month": (
            f"union {union.pk} month 202603: receipts 0, dues posted 24.00"
        ),
    }


def test_verification_names_a_receipt_for_something_that_is_no_dues(union: Union, book: Book) -> None:
    from ledger.books.posting import Entry, post

    other = post(
        book=book,
        external_key="gift:1",
        date=dt.date(2026, 3, 2),
        kind="gift",
        summary="其他收入",
        entries=[Entry(debit="101", credit="406", amount=Money("24.00", "CNY"))],
    )
    issue_to(union, transaction=other)
    assert _violated(book) == {
        "every dues payment has its receipt and every receipt its payment": (
            "receipt 26000001 0000000001: 24.00, but its transaction posted 0 to dues"
        ),
        "receipts equal dues posted in every union and month": (
            f"union {union.pk} month 202603: receipts 24.00, dues posted 0"
        ),
    }
