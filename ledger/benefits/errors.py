"""What benefits refuse; the database's own refusals arrive with SQLSTATE PH05x."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.utils.translation import gettext as _
from psycopg import errors as pg

from portal.errors import DomainError


class BenefitError(DomainError):
    code = "benefit_refused"


class VersionIsFinal(BenefitError):
    """An active version is never changed; a new one follows it."""

    code = "version_is_final"


class SharesIncomplete(BenefitError):
    code = "shares_incomplete"


class WrongState(BenefitError):
    code = "wrong_state"


class ListChanged(BenefitError):
    """What would be approved is not what the checker was shown."""

    code = "list_changed"


class WrongDay(BenefitError):
    """A day at the bank that cannot be."""

    code = "wrong_day"


class OverBudget(BenefitError):
    code = "over_budget"


class OverYearlyLimit(BenefitError):
    """What the rules do not give a union, at all or any more in this year."""

    code = "over_yearly_limit"


class NobodyEligible(BenefitError):
    code = "nobody_eligible"


class NotEligible(BenefitError):
    """Says every reason at once."""

    code = "not_eligible"

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class TripRefused(NotEligible):
    """The trip is not one that the campaign pays for; each reason belongs to one fact of the trip."""

    def __init__(self, by_field: dict[str, str]) -> None:
        super().__init__(list(by_field.values()))
        self.by_field = by_field


class CampaignClosed(BenefitError):
    code = "campaign_closed"


class QuotaFull(BenefitError):
    code = "quota_full"


class FundsNotReceived(BenefitError):
    """The funder above has not sent its share yet."""

    code = "funds_not_received"


def _refusal(sqlstate: str | None, constraint: str | None) -> BenefitError | None:
    match sqlstate:
        case "PH051":
            return VersionIsFinal(_("Approved rules are never changed. Make a new version instead."))
        case "PH052":
            return SharesIncomplete(_("The shares of the funders must add up to 100 %."))
        case "PH053":
            return WrongState(_("What was approved or paid is not changed any more."))
        case "PH054":
            return WrongState(_("Places are taken and given back by claims only."))
        case "PH055":
            return WrongState(_("The budget does not agree with what was promised."))
        case "PH056":
            return OverYearlyLimit(_("The rules do not give this union so much in this year."))
        case "PH058":
            return QuotaFull(_("All places are taken, and this campaign has no waiting list."))
    return _refusal_of(constraint)


def _refusal_of(constraint: str | None) -> BenefitError | None:
    match constraint:
        case "new_member_counted_once":
            return WrongState(_("Somebody is counted by another grant already. Propose it again."))
        case "one_benefit_per_person_and_year":
            return WrongState(_("Somebody on this list has this benefit already. Prepare the list again."))
        case "committed_within_budget":
            return OverBudget(_("The budget of this year does not cover this."))
    return None


@contextmanager
def benefit_refusals() -> Iterator[None]:
    """Turn the database's refusals into BenefitError; anything else passes through unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, pg.Error):
            refusal = _refusal(cause.sqlstate, cause.diag.constraint_name)
            if refusal is not None:
                raise refusal from error
        raise
