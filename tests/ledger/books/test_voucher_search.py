"""Vouchers found by number, words, amounts, account codes and people."""

from __future__ import annotations

import pytest

from ledger.books import vouchers
from ledger.books.models import Voucher
from ledger.books.voucher_search import search
from tests.conftest import Federation

from .test_manual_vouchers import levy, line
from .test_posting import cash_dues


@pytest.fixture
def bank(federation: Federation) -> str:
    return federation.banks["HD"].account.code


@pytest.fixture
def found(federation: Federation, bank: str) -> list[Voucher]:
    """A posted voucher of three lines and a draft of two."""
    lines = [
        line(bank, "D", "1234.50"),
        line("402", "C", "1000.00", summary="二季度"),
        line("408", "C", "234.50", party="李示例", project="普惠补贴"),
    ]
    posted = vouchers.check_and_post(
        voucher=levy(federation, bank, lines=lines, summary="收到经费和利息"), checked_by=federation.checker
    )
    return [posted, levy(federation, bank, "77.00", summary="借支")]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("记-1", [0]),
        ("记1号", [0]),
        ("1", [0]),
        ("收-1", []),
        ("利息", [0]),
        ("二季度", [0]),
        ("李示例", [0]),
        ("普惠补贴", [0]),
        ("1,234.50", [0]),
        ("２３４．５", [0]),
        ("77", [1]),
        ("408", [0]),
        ("402", [1, 0]),
        ("4020", []),
        ("借支 77", [1]),
        ("借支 408", []),
        ("maker", [1, 0]),
        ("checker", [0]),
        ("%", []),
        ("9" * 30, []),
    ],
)
def test_every_word_is_looked_for_in_all_that_a_voucher_says(
    found: list[Voucher], words: str, places: list[int]
) -> None:
    assert list(search(found[0].book, words)) == [found[n] for n in places]


def test_vouchers_over_events_are_found_by_what_the_events_posted(federation: Federation) -> None:
    book = federation.books["HD-C001"]
    drawn = vouchers.draw_up(book=book, transactions=[cash_dues(book)], prepared_by=federation.maker)
    amount = drawn.transactions.get().transfers.get().amount.amount
    assert list(search(book, str(amount))) == [drawn]
    assert search(book, "101").values_list("total", flat=True).get() == amount
    assert not search(federation.books["HD"], str(amount)).exists()
