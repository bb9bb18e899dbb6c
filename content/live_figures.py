"""Figures that pages read from the ledger as they open; a page counts together with its translations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.benefits import queries
from ledger.benefits.queries import Overview, PaidUnderPolicy, ProgrammeSummary

if TYPE_CHECKING:
    from .models import PolicyPage

__all__ = ["open_places", "overview", "paid_under", "programmes_under"]


def overview() -> Overview:
    """What was paid so far, and how many places are free now."""
    return queries.overview()


def programmes_under(policy: PolicyPage) -> list[ProgrammeSummary]:
    """The programmes in force that rest on this policy."""
    return queries.programmes_of_policy(_with_twins(policy))


def paid_under(policy: PolicyPage) -> PaidUnderPolicy:
    """What was paid under this policy."""
    return queries.paid_under_policy(_with_twins(policy))


def open_places(policy: PolicyPage) -> list[ProgrammeSummary]:
    """The programmes of this policy that give out places."""
    return [programme for programme in programmes_under(policy) if programme.places is not None]


def _with_twins(policy: PolicyPage) -> list[int]:
    return list(policy.get_translations(inclusive=True).values_list("pk", flat=True))
