"""On which days a share from above can have moved at the bank."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from ledger.benefits import funding
from ledger.benefits.errors import WrongDay
from ledger.benefits.models import ProgrammeVersion, Run
from ledger.books.models import Transaction
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved, migrants, prepared

DAY = factories.TODAY


@pytest.fixture
def run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    migrants(federation, 1)
    return approved(prepared(federation, subsidy), federation.checker)


def _send(federation: Federation, run: Run, day: dt.date) -> None:
    funding.send(
        funded=run, bank_account=federation.banks["TJ"], date=day, bank_reference="B1",
        recorded_by=federation.maker,
    )  # fmt: skip


def _receive(federation: Federation, run: Run, day: dt.date) -> None:
    funding.receive(
        funded=run, funder=federation.municipal, bank_account=federation.banks["HD"], date=day,
        bank_reference="B2", recorded_by=federation.maker,
    )  # fmt: skip


def test_a_share_is_not_sent_or_received_on_a_day_to_come(federation: Federation, run: Run) -> None:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    for record in (_send, _receive):
        with pytest.raises(WrongDay, match="the day lies in the future"):
            record(federation, run, tomorrow)
    assert not Transaction.objects.exists()


def test_a_share_does_not_arrive_before_it_was_sent(federation: Federation, run: Run) -> None:
    _send(federation, run, DAY)
    with pytest.raises(WrongDay, match="cannot arrive before that"):
        _receive(federation, run, DAY - dt.timedelta(days=1))
    assert not funding.received(run, federation.municipal)
    _receive(federation, run, DAY)
    assert funding.received(run, federation.municipal)
