"""What issuing and printing receipts refuse; the database's own refusals arrive with SQLSTATE PH02x."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.utils.translation import gettext as _
from psycopg import errors as pg

from portal.errors import DomainError


class ReceiptError(DomainError):
    code = "receipt_refused"


class AmountNotPrintable(ReceiptError):
    code = "amount_not_printable"


class ReceiptIncomplete(ReceiptError):
    code = "receipt_incomplete"


class ReceiptIsFinal(ReceiptError):
    """An issued receipt is never changed or deleted (会计法 第十四条; 会计基础工作规范 第四十八条)."""

    code = "receipt_is_final"


class NumberNotNext(ReceiptError):
    """Somebody tried to take a number out of order; the register refuses, nothing is lost."""

    code = "receipt_number_not_next"


class AlreadyReceipted(ReceiptError):
    code = "already_receipted"


class AmountsDiffer(ReceiptError):
    code = "receipt_amount_differs"


class SamePerson(ReceiptError):
    code = "same_person"


def _refusal(sqlstate: str | None, constraint: str | None) -> ReceiptError | None:
    match sqlstate, constraint:
        case ("PH021", _):
            return ReceiptIsFinal(_("An issued receipt cannot be changed or deleted."))
        case ("PH022", _) | (_, "one_receipt_per_number"):
            return NumberNotNext(_("The receipt number is not the next of its series. Please try again."))
        case ("PH023", _):
            return ReceiptIncomplete(_("The lines of a receipt must add up to its total."))
        case ("PH024", _):
            return AmountsDiffer(_("Red receipts cannot take back more than the receipt they correct."))
        case (_, "one_valid_receipt_per_transaction"):
            return AlreadyReceipted(_("There is already a receipt for this payment."))
        case (_, "receipt_checked_by_another" | "receipt_drawn_by_another"):
            return SamePerson(_("Who collects the money and who draws up the receipt must be two persons."))
    return None


@contextmanager
def receipt_refusals() -> Iterator[None]:
    """Turn the database's refusals into ReceiptError; anything else passes through unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, pg.Error):
            refusal = _refusal(cause.sqlstate, cause.diag.constraint_name)
            if refusal is not None:
                raise refusal from error
        raise
