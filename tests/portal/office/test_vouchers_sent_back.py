"""A checker who finds something wrong sends a draft back with a reason; its preparer puts it right and hands it in."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from ledger.books import vouchers
from ledger.books.errors import CheckedBySamePerson, SentBack
from ledger.books.models import Voucher, VoucherState
from tests.conftest import Federation
from tests.signing_in import browser_of

from .test_vouchers import WRITE, bank, checker, maker, typed

__all__ = ["bank", "checker", "maker"]


@pytest.fixture
def draft(federation: Federation, maker: Client, bank: str) -> Voucher:
    maker.post(WRITE, typed(bank))
    return Voucher.objects.get()


def _address(draft: Voucher, act: str = "") -> str:
    return f"/office/books/HD/vouchers/{draft.pk}/{act}"


def _send_back(browser: Client, draft: Voucher, reason: str = "缺发票") -> str:
    answer = browser.post(
        _address(draft, "send-back/"), {"reason": reason, "read_revision": draft.revision}, follow=True
    )
    return answer.content.decode()


def test_a_draft_sent_back_waits_for_its_preparer_who_changes_it_and_is_checked_again(
    federation: Federation, maker: Client, checker: Client, bank: str, draft: Voucher
) -> None:
    assert "The draft is sent back to" in _send_back(checker, draft)
    page = maker.get(_address(draft)).content.decode()
    assert "缺发票" in page
    assert "Hand in again" in page
    assert "Vouchers sent back to put right" in maker.get("/office/").content.decode()
    assert "Vouchers to check" not in checker.get("/office/").content.decode()
    assert "Check and post" not in checker.get(_address(draft)).content.decode()
    with pytest.raises(SentBack):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    maker.post(_address(draft, "edit/"), typed(bank, summary="收到经费，附发票"))
    draft.refresh_from_db()
    assert (draft.returned_by, draft.returned_reason) == (None, "")
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    assert Voucher.objects.get().state == VoucherState.POSTED


def test_a_draft_is_handed_in_again_as_it_is(
    federation: Federation, maker: Client, checker: Client, draft: Voucher
) -> None:
    _send_back(checker, draft)
    page = maker.post(_address(draft, "hand-in/"), follow=True).content.decode()
    assert "The draft is handed in. Somebody else checks it." in page
    draft.refresh_from_db()
    assert (draft.returned_by, draft.revision) == (None, 2)
    assert "Check and post" in checker.get(_address(draft)).content.decode()


def test_a_draft_is_sent_back_for_a_reason_by_a_checker_who_read_its_last_text(
    federation: Federation, maker: Client, checker: Client, bank: str, draft: Voucher
) -> None:
    assert "This field is required." in _send_back(checker, draft, reason="")
    maker.post(_address(draft, "edit/"), typed(bank, summary="另一个摘要"))
    page = _send_back(checker, draft)
    assert "was changed after you had opened it" in page
    assert "缺发票" in page
    for browser in (maker, browser_of(federation.cashier)):
        assert (
            browser.post(_address(draft, "send-back/"), {"reason": "x", "read_revision": 2}).status_code
            == 403
        )
    assert checker.post(_address(draft, "hand-in/")).status_code == 403
    draft.refresh_from_db()
    assert draft.returned_by is None


def test_nobody_sends_back_what_they_prepared_themselves(federation: Federation, draft: Voucher) -> None:
    with pytest.raises(CheckedBySamePerson):
        vouchers.send_back(voucher=draft, reason="缺发票", sent_back_by=federation.maker)


@pytest.mark.parametrize("change", ["returned_reason = ''", "returned_by_id = prepared_by_id"])
def test_the_database_knows_who_sent_a_draft_back_and_why(
    federation: Federation, checker: Client, draft: Voucher, change: str
) -> None:
    from django.db import connection

    _send_back(checker, draft)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE books_voucher SET {change} WHERE id = %s", [draft.pk])
