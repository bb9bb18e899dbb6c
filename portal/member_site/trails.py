"""Where the money is, as steps: from the clause to the card, each with what proves it.

Steps carry the days of the business (list, payment order, payment), never the moment at which somebody typed them in.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger.benefits import waiting_list
from ledger.benefits.models import Claim, ClaimState, Commitment, CommitmentState, ProgrammeVersion, Return
from ledger.payouts.models import BatchLine, LineState
from ledger.payouts.reasons import REASONS
from portal.design.dates import cn_datetime

Step = dict[str, Any]


def of(commitment: Commitment, *, has_card: bool) -> list[Step]:
    """The steps of a benefit on its way to the member; a payment that did not arrive says what to do."""
    begun = _claimed(commitment.claim) if commitment.claim else _listed(commitment)
    before = [returned for returned in commitment.returns.all() if returned.transaction_id]
    steps = [*begun, *_came_back(before), *_to_the_card(commitment, again=bool(before))]
    bank, card = len(steps) - 2, len(steps) - 1
    state, line = CommitmentState(commitment.state), commitment.payout_line
    match state:
        case CommitmentState.LISTED:
            reached = bank - 1
        case CommitmentState.APPROVED | CommitmentState.FAILED | CommitmentState.RETURNED:
            reached = bank
        case CommitmentState.IN_PAYOUT:
            reached = bank if line is not None and line.state == LineState.WAITING else card
        case _:
            reached = len(steps)
    _mark(steps, reached)
    for step in steps:
        if step.get("came_back"):
            step["state"] = "failed"
    if state == CommitmentState.FAILED and line:
        reason = REASONS[line.reason]
        steps[bank] |= {
            "state": "failed",
            "note": _("%(reason)s. %(advice)s") % {"reason": reason.name, "advice": reason.advice},
        } | _check_card()
    elif state == CommitmentState.RETURNED:
        steps[bank] |= _check_card() if has_card else _waits_for_card()
    elif state == CommitmentState.APPROVED and not has_card:
        steps[bank] |= _waits_for_card()
    return steps


def of_claim(claim: Claim, *, has_card: bool) -> list[Step]:
    """The steps of a claim that nobody has approved yet, or that was refused."""
    begun = _claimed(claim)
    steps = [*begun, *_to_the_card(None)]
    steps[0]["time"] = claim.claimed_at
    checked = len(begun) - 2
    _mark(steps, checked + (claim.state == ClaimState.VERIFIED))
    if claim.state == ClaimState.WAITING:
        _mark(steps, 1)
        steps[1] |= _in_line(claim)
    elif claim.state == ClaimState.REJECTED:
        stopped = checked if claim.place_number is not None else 1
        _mark(steps, stopped)
        steps[stopped] |= {"state": "failed", "note": claim.reason}
    elif not has_card:
        steps[-2] |= _waits_for_card()
    return steps


def _listed(commitment: Commitment) -> list[Step]:
    run = commitment.run
    return [
        _under(commitment.version, _("Listed under clause %(clause)s"))
        | ({"time": run.list_date} if run else {}),
        {"title": _("Approved by another person"), "note": run.code if run else ""},
    ]


def _claimed(claim: Claim) -> list[Step]:
    ticket: Step = {"title": _("Ticket checked")}
    if claim.place_number is not None:
        ticket["note"] = _("Place number %(number)s") % {"number": claim.place_number}
    waited: list[Step] = []
    if claim.waiting_number is not None:
        number = _("Number %(number)s on the waiting list") % {"number": claim.waiting_number}
        waited = [{"title": _("Moved up to a place"), "note": number, "time": claim.promoted_at}]
    return [
        _under(claim.campaign.version, _("Claimed under clause %(clause)s")),
        *waited,
        ticket,
        {"title": _("Approved by another person")},
    ]


def _in_line(claim: Claim) -> Step:
    """What is known about a claim in line, and that it promises nothing."""
    ahead = waiting_list.ahead_of(claim)
    if ahead is None:
        return {"state": "failed", "note": _("The campaign closed before a place was given up.")}
    return {"note": line_words(claim, ahead)}


def line_words(claim: Claim, ahead: int) -> str:
    """Where a claim stands in line, until when, and that it promises nothing."""
    before = ngettext("%(n)s person is before you.", "%(n)s people are before you.", ahead) % {"n": ahead}
    if not ahead:
        before = _("You are the first in line.")
    until = _(
        "Places that are given up until %(when)s go down the line in order. It does not promise a place."
    )
    return f"{before} {until % {'when': cn_datetime(claim.campaign.closes_at)}}"


def _under(version: ProgrammeVersion, title: str) -> Step:
    return {"title": title % {"clause": version.clause}, "note": version.policy_number}


def _came_back(returns: list[Return]) -> list[Step]:
    """Each payment that had arrived and came back: sent, there, back, why, and what to do about it."""
    steps: list[Step] = []
    for n, returned in enumerate(returns):
        line, reason = returned.line, REASONS[returned.reason]
        steps += [
            _sent(line, again=n > 0),
            {"title": _("On your card"), "time": line.settled_on},
            {
                "title": _("Came back from the bank"),
                "time": returned.came_back_on,
                "note": str(reason.name)
                if returned.repaid_with_id
                else _("%(reason)s. %(advice)s") % {"reason": reason.name, "advice": reason.advice},
                "came_back": True,
            },
        ]
    return steps


def _to_the_card(commitment: Commitment | None, *, again: bool = False) -> list[Step]:
    sent: Step = {"title": _("Sent to the bank again") if again else _("Sent to the bank")}
    arrived: Step = {"title": _("On your card")}
    if commitment is None:
        return [sent, arrived]
    if commitment.payout_line is not None and commitment.state != CommitmentState.RETURNED:
        sent = _sent(commitment.payout_line, again=again)
    if commitment.state == CommitmentState.PAID and commitment.payout_line is not None:
        arrived |= {"amount": commitment.amount, "time": commitment.payout_line.settled_on}
    return [sent, arrived]


def _sent(line: BatchLine, *, again: bool) -> Step:
    return {
        "title": _("Sent to the bank again") if again else _("Sent to the bank"),
        "note": _("Payout %(batch)s, card ending in %(last4)s")
        % {"batch": line.batch.code, "last4": line.card_last4},
        "time": line.batch.value_date,
    }


def _check_card() -> Step:
    return {"href": "/me/card/", "link": _("Check my card")}


def _waits_for_card() -> Step:
    return {
        "note": _("It waits for your card: money goes to your own card only."),
        "href": "/me/card/",
        "link": _("Register my card"),
    }


def _mark(steps: list[Step], reached: int) -> None:
    """Everything before ``reached`` is done, and what comes next is under way."""
    for n, step in enumerate(steps):
        step["state"] = "done" if n < reached else "current" if n == reached else "waiting"
