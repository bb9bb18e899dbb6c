"""One word, one icon and one tone for every state a member or a finance clerk can meet.

States of benefits, batches, receipts and bank lines (domain 2.4–2.8) are spelled by their own modules; this is only how
they look. A colour never stands alone: the icon and the word say the same.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class Status(NamedTuple):
    tone: str
    icon: str
    word: str | Promise


STATUSES: Final[dict[str, Status]] = {
    "draft": Status("plain", "edit", pgettext_lazy("state", "Draft")),
    "month_open": Status("plain", "edit", pgettext_lazy("state", "Month open")),
    "open": Status("good", "check-circle", pgettext_lazy("state", "Open")),
    "upcoming": Status("info", "calendar", pgettext_lazy("state", "Opens soon")),
    "full": Status("plain", "pause", pgettext_lazy("state", "All places taken")),
    "closed": Status("plain", "lock", pgettext_lazy("state", "Closed")),
    "eligible": Status("good", "check-circle", pgettext_lazy("state", "You qualify")),
    "not_eligible": Status("plain", "info", pgettext_lazy("state", "Not for you yet")),
    "submitted": Status("wait", "clock", pgettext_lazy("state", "Submitted")),
    "in_line": Status("wait", "people", pgettext_lazy("state", "On the waiting list")),
    "pending": Status("wait", "clock", pgettext_lazy("state", "Waiting")),
    "checking": Status("wait", "search", pgettext_lazy("state", "Being checked")),
    "checked": Status("info", "check", pgettext_lazy("state", "Checked")),
    "approved": Status("info", "shield", pgettext_lazy("state", "Approved")),
    "rejected": Status("bad", "cross-circle", pgettext_lazy("state", "Rejected")),
    "prepared": Status("wait", "clock", pgettext_lazy("state", "Prepared")),
    "released": Status("info", "shield", pgettext_lazy("state", "Released")),
    "sent": Status("wait", "bank", pgettext_lazy("state", "Sent to the bank")),
    "in_payout": Status("wait", "bank", pgettext_lazy("state", "On its way to the bank")),
    "settled": Status("good", "check-circle", pgettext_lazy("state", "Settled")),
    "withdrawn": Status("plain", "return", pgettext_lazy("state", "Withdrawn")),
    "refused": Status("bad", "warning", pgettext_lazy("state", "Refused by the bank")),
    "waiting": Status("wait", "clock", pgettext_lazy("state", "Waiting to be sent")),
    "unknown": Status("wait", "search", pgettext_lazy("state", "The bank has not decided")),
    "listed": Status("plain", "document", pgettext_lazy("state", "On the list")),
    "verified": Status("info", "check", pgettext_lazy("state", "Evidence checked")),
    "exported": Status("wait", "bank", pgettext_lazy("state", "At the bank")),
    "paid": Status("good", "check-circle", pgettext_lazy("state", "Paid")),
    "received": Status("good", "check-circle", pgettext_lazy("state", "Received")),
    "failed": Status("bad", "warning", pgettext_lazy("state", "Failed")),
    "returned": Status("bad", "return", pgettext_lazy("state", "Returned")),
    "cancelled": Status("plain", "cross-circle", pgettext_lazy("state", "Cancelled")),
    "owed": Status("wait", "clock", pgettext_lazy("state", "Owed")),
    "active": Status("good", "check-circle", pgettext_lazy("state", "In force")),
    "ended": Status("plain", "pause", pgettext_lazy("state", "Ended")),
    "issued": Status("good", "receipt", pgettext_lazy("state", "Issued")),
    "void": Status("bad", "cross-circle", pgettext_lazy("state", "Void")),
    "valid": Status("good", "shield", pgettext_lazy("state", "Genuine")),
    "invalid": Status("bad", "warning", pgettext_lazy("state", "Not genuine")),
    "matched": Status("good", "check", pgettext_lazy("state", "Matched")),
    "suggested": Status("info", "search", pgettext_lazy("state", "Suggested")),
    "unexplained": Status("bad", "warning", pgettext_lazy("state", "Unexplained")),
    "posted": Status("good", "ledger", pgettext_lazy("state", "Posted")),
    "reversed": Status("bad", "return", pgettext_lazy("state", "Reversed")),
    "published": Status("good", "globe", pgettext_lazy("state", "Published")),
}
TONES: Final = ("good", "wait", "bad", "info", "plain")
TONE_ICONS: Final = {
    "good": "check-circle",
    "wait": "clock",
    "bad": "warning",
    "info": "info",
    "plain": "info",
}


def status_for(code: str, word: str | Promise = "", tone: str = "") -> Status:
    """The look of a state; ``word`` replaces the word, ``tone`` is needed only for a code that is not listed."""
    known = STATUSES.get(code)
    if known is None:
        chosen = tone if tone in TONES else "plain"
        return Status(chosen, TONE_ICONS[chosen], word or code)
    return Status(tone if tone in TONES else known.tone, known.icon, word or known.word)
