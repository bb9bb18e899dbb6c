"""Simulated business days: clean with the real ledger, and every planted bug is caught."""

from __future__ import annotations

import os

import pytest

from ledger.books import closing, integrity
from tests.conftest import Federation

from .business import Business, Disagreement
from .mutations import MUTATIONS, Mutation

pytestmark = pytest.mark.django_db(transaction=True)
SEED = int(os.environ.get("SIMULATION_SEED", "20261123"))
DAYS = int(os.environ.get("SIMULATION_DAYS", "500"))


@pytest.fixture(autouse=True)
def books_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulation has books only: no dues, benefits and bank statements that they would have to agree with."""
    monkeypatch.setattr(closing, "_checks", {})
    monkeypatch.setattr(integrity, "_registered", {})


def test_some_weeks_agree(federation: Federation) -> None:
    business = Business(federation, SEED)
    business.live(40)


@pytest.mark.slow
def test_many_days_agree(federation: Federation) -> None:
    """SIMULATION_DAYS and SIMULATION_SEED choose how long and which; the seed is in every failure."""
    business = Business(federation, SEED)
    business.live(DAYS)
    print(f"seed {SEED}: {DAYS} days, {business.serial} events")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_caught(
    federation: Federation, mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Business(federation, SEED)
    mutation.plant(monkeypatch)
    with pytest.raises(Disagreement):
        business.live(45)
