"""The audit trail in words: one name for every act on record, and one for every detail that acts are recorded with."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: Final[dict[str, Promise]] = {
    "sign_in": _("Signed in"),
    "sign_in.failed": _("Sign-in refused"),
    "sign_out": _("Signed out"),
    "staff.created": _("Staff sign-in created"),
    "staff.role_granted": _("Role given"),
    "staff.role_ended": _("Role ended"),
    "staff.sign_in_reset": _("Staff sign-in reset"),
    "password.changed": _("Password changed"),
    "second_factor.enrolled": _("Second factor set up"),
    "second_factor.reset": _("Second factor taken away"),
    "identity.seen": _("Full numbers of a member seen"),
    "member.admitted": _("Member admitted"),
    "member.roster_admitted": _("Members admitted from a roster"),
    "member.left": _("Membership ended"),
    "member.card_set": _("Service card registered"),
    "member.cards_set": _("Service cards registered"),
    "member.sign_ins_given": _("Sign-ins given to members"),
    "dues.paid": _("Dues paid"),
    "dues.unidentified": _("Dues received that belong to nobody yet"),
    "dues.reversal_asked": _("Taking back of dues asked for"),
    "dues.reversed": _("Dues taken back"),
    "cash.banked": _("Cash brought to the bank"),
    "receipt.issued": _("Receipt issued"),
    "receipt.reversed": _("Receipt taken back"),
    "programme.drafted": _("Programme rules drafted"),
    "programme.activated": _("Programme rules put into force"),
    "account.added": _("Detail account added"),
    "budget.set": _("Budget set"),
    "run.prepared": _("Payment list prepared"),
    "run.approved": _("Payment list approved"),
    "run.started_again": _("Payment list started again"),
    "run.sent_back": _("Payment list sent back"),
    "funding.sent": _("Share of a funder sent"),
    "funding.received": _("Share of a funder received"),
    "grant.proposed": _("Grant to a union proposed"),
    "grant.checked": _("Grant to a union checked"),
    "grant.approved": _("Grant to a union approved"),
    "grant.sent_back": _("Grant to a union sent back"),
    "grant.paid": _("Grant to a union paid"),
    "grant.received": _("Grant to a union received"),
    "campaign.opened": _("Campaign opened"),
    "claim.withdrawn": _("Claim given back"),
    "claim.promoted": _("Place handed to the first in line"),
    "claim.rejected": _("Claim refused"),
    "claims.verified": _("Evidence of claims checked"),
    "claims.approved": _("Claims approved"),
    "payout.built": _("Payout built"),
    "payout.released": _("Payout released"),
    "payout.withdrawn": _("Payout withdrawn"),
    "payout.exported": _("File for the bank taken"),
    "payout.exported_again": _("File for the bank taken again"),
    "payout.asked_about": _("List of undecided payments taken, to ask the bank"),
    "payout.result_imported": _("Result of the bank imported"),
    "payout.refusal_reported": _("Refusal of the file by the bank reported"),
    "payout.refused": _("Refusal of the file by the bank confirmed"),
    "return.reported": _("Payment that came back reported"),
    "return.confirmed": _("Payment that came back confirmed"),
    "return.dropped": _("Report of a payment that came back taken back"),
    "return.from_file": _("Payment that came back, by the bank's file"),
    "statement.imported": _("Bank statement imported"),
    "reconciliation.matched": _("Bank lines matched by the rules"),
    "reconciliation.matched_by_hand": _("Bank lines matched by hand"),
    "reconciliation.undone": _("Match undone"),
    "reconciliation.fee_posted": _("Bank fee posted"),
    "reconciliation.interest_posted": _("Interest posted"),
    "reconciliation.unknown_posted": _("Unidentified receipt posted"),
    "voucher.prepared": _("Voucher prepared"),
    "voucher.changed": _("Voucher changed"),
    "voucher.posted": _("Voucher checked and posted"),
    "voucher.sent_back": _("Voucher sent back"),
    "voucher.handed_in_again": _("Voucher handed in again"),
    "voucher.discarded": _("Voucher discarded"),
    "voucher.file_attached": _("File attached to a voucher"),
    "voucher.file_removed": _("File taken off a voucher"),
    "voucher_template.saved": _("Voucher template kept"),
    "voucher_template.renamed": _("Voucher template renamed"),
    "voucher_template.deleted": _("Voucher template deleted"),
    "book.budget_proposed": _("Budget of the year proposed"),
    "book.budget_set": _("Budget of the year set"),
    "archive.made": _("Archive of a year made"),
    "period.closed": _("Month closed"),
    "period.reopening_asked": _("Opening a month again asked for"),
    "period.reopened": _("Month opened again"),
    "demo.main_job_done": _("Demonstration prepared"),
}

# In the order in which a page shows them.
DETAILS: Final[dict[str, Promise]] = {
    "run": _("list"),
    "campaign": _("campaign"),
    "grant": _("grant"),
    "digest": _("digest"),
    "batch": _("payout"),
    "programme": _("programme"),
    "year": _("year"),
    "month": _("month"),
    "date": _("date"),
    "template": _("template"),
    "summary": _("summary"),
    "events": _("entries"),
    "bank_account": _("bank account"),
    "file": _("file"),
    "code": _("series"),
    "number": _("number"),
    "member_of": _("member of"),
    "months": _("months"),
    "count": _("people"),
    "places": _("places"),
    "lines": _("lines"),
    "total": _("total"),
    "amount": _("amount"),
    "reference": _("our reference"),
    "paid": _("paid"),
    "failed": _("not paid"),
    "unknown": _("undecided"),
    "already": _("known before"),
    "new": _("new"),
    "duplicate": _("known before"),
    "open": _("still open"),
    "match": _("match"),
    "last4": _("card ending in"),
    "prepared_by": _("prepared by"),
    "role": _("role"),
    "way": _("way"),
    "reason": _("reason"),
    "returned": _("returned"),
    "approval": _("approved by document"),
    "account": _("account"),
    "authorised_by": _("authorised by"),
    "before": _("before"),
    "after": _("after"),
    "sha256": _("hash of the file"),
}


def named(action: str) -> str:
    """The name of an act for people; an act that has none keeps its code."""
    return str(EVENTS.get(action, action))


def with_names(details: dict[str, object]) -> list[tuple[str, object]]:
    """Details with their names, in the order of the table; those without a name last."""
    known = [(str(name), details[key]) for key, name in DETAILS.items() if key in details]
    return known + [(key, value) for key, value in details.items() if key not in DETAILS]


def matching(words: str) -> list[str]:
    """The codes of acts whose name in the reader's language has the words in it."""
    return [code for code, name in EVENTS.items() if words.lower() in str(name).lower()]
