"""Where the money is, as steps: from the clause to the card, each with what proves it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ledger.benefits.models import Commitment, CommitmentState
from ledger.payouts.reasons import REASONS
from portal.design.templatetags.puhui import cn_date

_ORDER = [
    CommitmentState.LISTED,
    CommitmentState.APPROVED,
    CommitmentState.IN_PAYOUT,
    CommitmentState.PAID,
]


def of(commitment: Commitment) -> list[dict[str, Any]]:
    """Four steps of a benefit on its way to the member; a payment that did not arrive says what to do."""
    state = CommitmentState(commitment.state)
    line = commitment.payout_line
    reached = 2 if state == CommitmentState.FAILED else _ORDER.index(state)
    steps: list[dict[str, Any]] = [
        {
            "title": _("Listed under clause %(clause)s") % {"clause": commitment.version.clause},
            "note": commitment.version.policy_number,
            "time": commitment.created_at,
        },
        {"title": _("Approved by another person"), "note": _approval(commitment)},
        {
            "title": _("Sent to the bank"),
            "note": _("Payout %(batch)s, card ending in %(last4)s")
            % {"batch": line.batch.code, "last4": line.card_last4}
            if line
            else "",
        },
        {
            "title": _("On your card"),
            "amount": commitment.amount if state == CommitmentState.PAID else None,
            "note": _("Paid on %(day)s") % {"day": cn_date(commitment.paid_on)} if commitment.paid_on else "",
        },
    ]
    for n, step in enumerate(steps):
        step["state"] = "done" if n < reached else "current" if n == reached else "waiting"
    if state == CommitmentState.PAID:
        steps[-1]["state"] = "done"
    if state == CommitmentState.FAILED and line:
        reason = REASONS[line.reason]
        steps[2] |= {
            "state": "failed",
            "note": f"{reason.name}. {reason.advice}",
            "href": "/me/card/",
            "link": _("Check my card"),
        }
    return steps


def _approval(commitment: Commitment) -> str:
    if commitment.run is not None:
        return commitment.run.code
    if commitment.claim is not None:
        return _("Place number %(number)s") % {"number": commitment.claim.place_number}
    return ""
