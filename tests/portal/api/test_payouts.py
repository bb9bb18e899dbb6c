"""Payouts through the JSON API: the same duties and refusals as in the office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.payouts.batches import render
from ledger.payouts.models import Batch, BatchState
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.ledger.payouts.conftest import a_line
from tests.signing_in import browser_of

Build = Callable[..., Batch]
HERE = "/api/v1/payouts"


def post(browser: Client, address: str, body: dict[str, Any] | None = None) -> Any:
    return browser.post(f"{HERE}/{address}", body or {}, content_type="application/json")


def test_a_payout_is_read_with_its_hash_banks_and_three_totals(
    prepared: Build, federation: Federation
) -> None:
    batch = prepared([a_line(1), a_line(2, bank="示例银行")])
    browser = browser_of(federation.checker)
    (listed,) = browser.get(f"{HERE}?state=prepared").json()
    assert (listed["code"], listed["lines"], listed["total"]) == (batch.code, 2, "300.00")
    assert listed["sha256"] == batch.file_sha256
    found = browser.get(f"{HERE}/{batch.code}").json()
    assert found["banks"] == {
        "中国农业银行": {"count": 1, "total": "150.00"},
        "示例银行": {"count": 1, "total": "150.00"},
    }
    assert (found["totals"]["open"], found["totals"]["agrees"]) == ({"count": 2, "total": "300.00"}, False)
    lines = browser.get(f"{HERE}/{batch.code}/lines?limit=1&offset=1").json()
    assert [(line["seq"], line["payee"]) for line in lines] == [(2, "张**")]
    assert "card_number" not in lines[0]


def test_released_only_with_the_hash_that_was_read_and_by_another_person(
    prepared: Build, federation: Federation
) -> None:
    batch = prepared(1)
    cashier, checker = browser_of(federation.cashier), browser_of(federation.checker)
    assert post(cashier, f"{batch.code}/release?seen={batch.file_sha256}").status_code == 403
    refused = post(checker, f"{batch.code}/release?seen=abc")
    assert (refused.status_code, refused.json()["code"]) == (422, "payout_file_changed")
    batch.refresh_from_db()
    assert batch.state == BatchState.PREPARED
    assert post(checker, f"{batch.code}/release?seen={batch.file_sha256}").json()["state"] == "released"
    answer = post(cashier, f"{batch.code}/file")
    assert (answer.content, answer["X-Content-SHA256"]) == (render(batch), batch.file_sha256)
    assert post(cashier, f"{batch.code}/file?name=other").status_code == 404
    assert post(checker, f"{batch.code}/withdraw", {"reason": "晚了"}).json()["code"] == "payout_state"


def test_a_result_that_cannot_be_true_is_a_problem_with_its_line(sent: Build, federation: Federation) -> None:
    batch = sent(2)
    file = SimpleUploadedFile("result.txt", f"{batch.code}|2|300.00|\r\n1|S|\r\n".encode("gbk"))
    answer = browser_of(federation.cashier).post(f"{HERE}/{batch.code}/result", {"result": file})
    assert (answer.status_code, answer.json()["code"]) == (422, "bank_file_refused")
    assert answer.json()["detail"].startswith("第 2 行") or "Line 2" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["", "/X1", "/X1/lines"])
def test_only_staff_who_may_see_payouts_read_them(address: str, federation: Federation) -> None:
    member = factories.membership_in(federation.community, with_user=True).member
    for browser in (Client(), browser_of(member.user)):
        assert browser.get(HERE + address).status_code == 401


def test_payouts_of_another_union_do_not_exist(prepared: Build, federation: Federation) -> None:
    batch = prepared(1)
    elsewhere = browser_of(factories.user("elsewhere", Role.CASHIER, federation.district))
    assert elsewhere.get(HERE).json() == []
    assert elsewhere.get(f"{HERE}/{batch.code}").status_code == 404
    for act in ("file", "withdraw"):
        assert post(elsewhere, f"{batch.code}/{act}", {"reason": "x"}).status_code == 404
    batch.refresh_from_db()
    assert batch.state == BatchState.PREPARED
