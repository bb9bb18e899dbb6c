"""Asking whether a receipt is real: right answers, equal misses, masked payers, and an end to guessing."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import suppress
from functools import partial

import pytest
from django.utils import timezone

from ledger.receipts import verification
from ledger.receipts.models import LookUpCount, LookUpWindow, Receipt
from ledger.receipts.verification import TooManyMisses, Verdict, look_up, look_up_from
from portal.unions.models import Union
from tests import factories
from tests.concurrency import at_once

from .conftest import issue_to, make_union


@pytest.fixture
def receipt(union: Union) -> Receipt:
    return issue_to(union)


def test_a_real_receipt_is_found_and_each_look_is_counted(receipt: Receipt) -> None:
    assert look_up("26000001", "0000000001", receipt.check_code) == Verdict(receipt=receipt, times=1)
    assert look_up("26000001", "0000000001", receipt.check_code) == Verdict(receipt=receipt, times=2)


def test_typing_habits_are_forgiven(receipt: Receipt) -> None:
    typed = receipt.check_code.lower()
    verdict = look_up(" 2600 0001", "１", f"{typed[:3]} {typed[3:]}")
    assert verdict.receipt == receipt


def test_a_wrong_check_code_and_no_such_receipt_are_the_same_answer(receipt: Receipt) -> None:
    wrong = "222222" if receipt.check_code != "222222" else "333333"
    misses = [
        look_up("26000001", "0000000001", wrong),
        look_up("26000001", "0000000001", ""),
        look_up("26000001", "0000000002", receipt.check_code),
        look_up("99000001", "0000000001", "??????"),
    ]
    assert misses == [Verdict(receipt=None, times=0)] * 4
    assert not LookUpCount.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("欧阳小明", "欧阳**"),
        ("示例社区物业公司", "示例****公司"),
        ("阿依古丽·买买提", "阿*******"),
    ],
)
def test_strangers_see_the_payer_masked(union: Union, name: str, shown: str) -> None:
    receipt = issue_to(union, payer_name=name)
    assert look_up("26000001", receipt.number, receipt.check_code).payer == shown


def test_a_member_with_a_long_name_is_masked_as_a_person(union: Union) -> None:
    member = factories.membership_in(union, name="古丽巴哈尔").member
    receipt = issue_to(union, member=member, payer_name=member.name)
    assert look_up("26000001", receipt.number, receipt.check_code).payer == "古****"


def test_guessing_ends_after_twenty_misses_even_with_a_right_answer(receipt: Receipt) -> None:
    guess = {"address": "192.0.2.7", "code": "26000001", "number": "1"}
    for _ in range(20):
        assert not look_up_from(**guess, check_code="000000").found
    with pytest.raises(TooManyMisses):
        look_up_from(**guess, check_code=receipt.check_code)
    assert look_up_from(**guess | {"address": "192.0.2.8"}, check_code=receipt.check_code).found


@pytest.mark.usefixtures("committing_database")
def test_guesses_sent_all_at_once_are_no_more_than_those_sent_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipt = issue_to(make_union())
    together = threading.Barrier(6)

    def slow_look_up(*typed: str) -> Verdict:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=2)
        return look_up(*typed)

    for _ in range(18):
        look_up_from(address="192.0.2.7", code="26000001", number="1", check_code="000000")
    monkeypatch.setattr(verification, "look_up", slow_look_up)
    guess = partial(
        look_up_from, address="192.0.2.7", code="26000001", number=receipt.number, check_code="000000"
    )
    answers = at_once([guess] * 6)
    assert sum(isinstance(answer, Verdict) for answer in answers) == 2
    assert sum(isinstance(answer, TooManyMisses) for answer in answers) == 4
    assert LookUpWindow.objects.get().misses == 20


def test_right_answers_never_make_anybody_wait(receipt: Receipt) -> None:
    for _ in range(25):
        verdict = look_up_from(
            address="192.0.2.7", code="26000001", number="1", check_code=receipt.check_code
        )
        assert verdict.found
    assert LookUpWindow.objects.get().misses == 0


def test_waiting_ends_with_the_next_ten_minutes_and_old_windows_are_forgotten(receipt: Receipt) -> None:
    for _ in range(20):
        look_up_from(address="192.0.2.7", code="26000001", number="1", check_code="000000")
    LookUpWindow.objects.update(window_start=timezone.now() - dt.timedelta(days=2))
    assert look_up_from(address="192.0.2.7", code="26000001", number="1", check_code=receipt.check_code).found
    assert LookUpWindow.objects.get().misses == 0


def test_network_addresses_are_not_stored(receipt: Receipt) -> None:
    look_up_from(address="192.0.2.7", code="26000001", number="1", check_code="000000")
    stored = LookUpWindow.objects.get().address_hash
    assert len(stored) == 64
    assert "192" not in stored[:3] or "192.0.2.7" not in stored
