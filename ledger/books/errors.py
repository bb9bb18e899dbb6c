"""What the kernel refuses, as domain exceptions; the database's own refusals arrive with SQLSTATE PH0xx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg import errors as pg

from portal.errors import DomainError


class LedgerError(DomainError):
    code = "ledger_refused"


class PostedIsFinal(LedgerError):
    code = "posted_is_final"


class AccountNotInChart(LedgerError):
    code = "account_not_in_chart"


class PeriodClosed(LedgerError):
    code = "period_closed"


class DateAhead(LedgerError):
    """A typed voucher of a day that has not come."""

    code = "date_ahead"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.by_field = {"date": message}


class PeriodNotReady(LedgerError):
    code = "period_not_ready"


class VoucherIncomplete(LedgerError):
    code = "voucher_incomplete"


class CheckedBySamePerson(LedgerError):
    code = "same_person"


class Overdrawn(LedgerError):
    code = "overdrawn"


class ExternalKeyReused(LedgerError):
    """The same external key with other content: never posted over, always reported."""

    code = "external_key_reused"


class UnknownAccount(LedgerError):
    code = "unknown_account"


class DimensionMissing(LedgerError):
    """A line lacks what its account requires: a project, basic or project, an economic class."""

    code = "dimension_missing"


class HoldEnded(LedgerError):
    code = "hold_ended"


class VoucherUnbalanced(LedgerError):
    code = "voucher_unbalanced"


class NotLowestAccount(LedgerError):
    code = "not_lowest_account"


class AccountKeptElsewhere(LedgerError):
    """Dues and payouts keep this account equal to their own records; nobody writes it by hand."""

    code = "account_kept_elsewhere"


class CannotReopen(LedgerError):
    code = "cannot_reopen"


class FileRefused(LedgerError):
    """A file that cannot prove a voucher: its kind, its size, or because it proves another one already."""

    code = "file_refused"


class ChangedSinceRead(LedgerError):
    """A draft that somebody changed after the checker had opened it."""

    code = "changed_since_read"


class SentBack(LedgerError):
    """A draft that waits for its preparer, not for a checker."""

    code = "sent_back"


class AnchorExists(LedgerError):
    code = "anchor_exists"


class BookRefused(LedgerError):
    """A book that cannot be opened as asked."""

    code = "book_refused"


class EarmarkOverspent(LedgerError):
    """More earmarked money of a project would be spent than came in (制度第二十二条)."""

    code = "earmark_overspent"


class BalancesRefused(LedgerError):
    """Opening balances that cannot be brought in as they are."""

    code = "balances_refused"


class NotCancellable(LedgerError):
    code = "not_cancellable"


class CancelledAlready(LedgerError):
    code = "cancelled_already"


class NotCorrectable(LedgerError):
    """A blue correction of a voucher that red letters have not taken back, or that has its correction already."""

    code = "not_correctable"


class BudgetRefused(LedgerError):
    code = "budget_refused"


class TemplateNameTaken(LedgerError):
    """Another voucher template of the book has the name; whoever saves says whether to replace it."""

    code = "template_name_taken"


class NothingToPost(LedgerError):
    code = "nothing_to_post"


class DetailRefused(LedgerError):
    """A detail account that cannot be added as it is."""

    code = "detail_refused"


class RoleRefused(LedgerError):
    """A database role that is missing, or that could take the guards of the books off."""

    code = "role_refused"


class TooLarge(LedgerError):
    """A text or an amount beyond what the books can hold."""

    code = "too_large"


_FINAL = (PostedIsFinal, _("Posted entries cannot be changed. Correct them with a red-letter entry."))
_INCOMPLETE = (
    VoucherIncomplete,
    _("The entry is not complete: it needs transactions of its own book and day."),
)
_SAME_PERSON = (CheckedBySamePerson, _("Somebody else must check this: you prepared it yourself."))
_LACKING = (
    DimensionMissing,
    _(
        "The account needs more detail: name the project of earmarked money, and for expenditure basic or "
        "project and the economic class."
    ),
)
_TOO_LARGE = (TooLarge, _("A text is too long or an amount too large for the books."))
_BY_STATE: dict[str, tuple[type[LedgerError], Promise]] = {
    "PH001": _FINAL,
    "PH002": _FINAL,
    "PH003": (AccountNotInChart, _("This account cannot be used in this book.")),
    "PH004": (
        PeriodClosed,
        _("The accounting period is closed or not open yet. Choose a date in an open period."),
    ),
    "PH005": _INCOMPLETE,
    "PH006": _INCOMPLETE,
    "PH007": _SAME_PERSON,
    "PH008": (
        PeriodNotReady,
        _(
            "The period cannot be closed yet: an earlier period is open, a transaction has no posted "
            "voucher, or income and expenditure are not carried forward."
        ),
    ),
    "PH009": _LACKING,
    "PH010": (HoldEnded, _("This hold has already been posted or released.")),
    "22001": _TOO_LARGE,  # string data right truncation
    "22003": _TOO_LARGE,  # numeric value out of range
}
_BY_CONSTRAINT: dict[str, tuple[type[LedgerError], Promise]] = {
    "voucher_checked_by_another": _SAME_PERSON,
    "budget_confirmed_by_another": _SAME_PERSON,
    "earmarked_money_has_its_project": _LACKING,
    "details_are_known": (
        DimensionMissing,
        _("The source of the money, or basic or project, is none that the books know."),
    ),
    "books_transaction_reverses_id_key": (CancelledAlready, _("This entry has been reversed already.")),
    "not_overdrawn": (Overdrawn, _("There is not enough money in the account for this entry.")),
}


@contextmanager
def ledger_refusals() -> Iterator[None]:
    """Turn the database's refusals into LedgerError; anything else passes through unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, pg.Error):
            known = _BY_STATE.get(cause.sqlstate or "") or _BY_CONSTRAINT.get(
                cause.diag.constraint_name or ""
            )
            if known is not None:
                refusal, message = known
                raise refusal(str(message)) from error
        raise
