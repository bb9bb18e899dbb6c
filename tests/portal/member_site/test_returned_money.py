"""What a member reads of money that came back: when, why, what to do, then that it was sent again and is there."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from ledger.benefits import returns
from ledger.benefits.models import ProgrammeVersion, Run
from ledger.payouts.models import Batch
from ledger.payouts.reasons import REASONS
from portal.accounts.models import User
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import TODAY, approved, case_worker, fund, prepared, subsidy  # noqa: F401
from tests.ledger.benefits.test_returns import answered, comes_back, first_line, sent
from tests.signing_in import browser_of

_PAID = ("S", "0000", "交易成功")


@pytest.fixture
def browser(federation: Federation) -> Client:
    """A migrant worker with a card, signed in."""
    member = factories.member_with_card(federation.community, is_migrant_worker=True)
    user = User.objects.create_user("somebody")
    Member.objects.filter(pk=member.pk).update(user=user)
    client = browser_of(user)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def run(federation: Federation, browser: Client, subsidy: ProgrammeVersion) -> Run:  # noqa: F811
    listed = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, listed)
    return listed


@pytest.fixture
def paid(federation: Federation, run: Run) -> Batch:
    batch = sent(federation, run)
    answered(federation, batch, _PAID)
    return batch


def test_money_that_came_back_says_why_and_what_to_do_until_it_is_there_again(
    federation: Federation, browser: Client, run: Run, paid: Batch
) -> None:
    comes_back(federation, paid)
    page = browser.get("/me/money/").content.decode()
    assert "Came back from the bank" in page
    assert "The card has been closed. Register another card of your own" in page
    assert "Check my card" in page
    assert "Sent to the bank again" in page
    answered(federation, sent(federation, run), _PAID)
    page = browser.get("/me/money/").content.decode()
    assert "The card has been closed" in page
    assert "Register another card of your own" not in page
    assert page.count("On your card") == 2


@pytest.mark.parametrize("code", [code for code, reason in REASONS.items() if reason.is_confirmed_failure])
def test_every_reason_tells_the_member_what_to_do(
    federation: Federation, browser: Client, paid: Batch, code: str
) -> None:
    returned = returns.report(
        line=first_line(paid), came_back_on=TODAY, reason=code, bank_reference="R1",
        reported_by=federation.cashier,
    )  # fmt: skip
    assert "Came back from the bank" not in browser.get("/me/money/").content.decode()
    returns.confirm(returned=returned, confirmed_by=federation.checker)
    page = unescape(browser.get("/me/money/").content.decode())
    assert str(REASONS[code].name) in page
    assert str(REASONS[code].advice) in page
