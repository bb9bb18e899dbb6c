"""One word, one icon and one tone for every state a member or a finance clerk can meet.

States of benefits, batches, receipts and bank lines (domain 2.4–2.8) are spelled by their own modules; this is only how
they look. A colour never stands alone: the icon and the word say the same.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(NamedTuple):
    tone: str
    icon: str
    word: str | Promise


STATUSES: Final[dict[str, Status]] = {
    "draft": Status("plain", "edit", _("Draft")),
    "open": Status("good", "check-circle", _("Open")),
    "upcoming": Status("info", "calendar", _("Opens soon")),
    "full": Status("plain", "pause", _("All places taken")),
    "closed": Status("plain", "lock", _("Closed")),
    "eligible": Status("good", "check-circle", _("You qualify")),
    "not_eligible": Status("plain", "info", _("Not for you yet")),
    "submitted": Status("wait", "clock", _("Submitted")),
    "pending": Status("wait", "clock", _("Waiting")),
    "checking": Status("wait", "search", _("Being checked")),
    "checked": Status("info", "check", _("Checked")),
    "approved": Status("info", "shield", _("Approved")),
    "rejected": Status("bad", "cross-circle", _("Rejected")),
    "exported": Status("wait", "bank", _("At the bank")),
    "paid": Status("good", "check-circle", _("Paid")),
    "received": Status("good", "check-circle", _("Received")),
    "failed": Status("bad", "warning", _("Failed")),
    "returned": Status("bad", "return", _("Returned")),
    "cancelled": Status("plain", "cross-circle", _("Cancelled")),
    "owed": Status("wait", "clock", _("Owed")),
    "active": Status("good", "check-circle", _("In force")),
    "ended": Status("plain", "pause", _("Ended")),
    "issued": Status("good", "receipt", _("Issued")),
    "void": Status("bad", "cross-circle", _("Void")),
    "valid": Status("good", "shield", _("Genuine")),
    "invalid": Status("bad", "warning", _("Not genuine")),
    "matched": Status("good", "check", _("Matched")),
    "suggested": Status("info", "search", _("Suggested")),
    "unexplained": Status("bad", "warning", _("Unexplained")),
    "posted": Status("good", "ledger", _("Posted")),
    "reversed": Status("bad", "return", _("Reversed")),
    "published": Status("good", "globe", _("Published")),
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
