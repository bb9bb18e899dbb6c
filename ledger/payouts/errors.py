"""What payouts refuse; the database's own refusals arrive with SQLSTATE PH03x."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError
from django.utils.translation import gettext as _
from psycopg import errors as pg

from portal.accounts.permissions import SamePerson
from portal.errors import DomainError

_SHOWN = 20


class PayoutError(DomainError):
    code = "payout_refused"


class OwnMoney(SamePerson):
    """Somebody decides about a payment to themselves (domain 5.8)."""

    code = "own_money"


class UnknownFormat(PayoutError):
    code = "unknown_format"


class LinesRefused(PayoutError):
    """Lines that the bank could not pay; found before any file exists. ``problems`` are (line, what is wrong)."""

    code = "payout_lines_refused"

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        shown = [
            _("Line %(line)s: %(reason)s") % {"line": line, "reason": why} for line, why in problems[:_SHOWN]
        ]
        if len(problems) > _SHOWN:
            shown.append(_("and %(count)s more") % {"count": len(problems) - _SHOWN})
        super().__init__("\n".join(shown))
        self.problems = list(problems)


class AlreadyInPayout(PayoutError):
    """A second batch for something that is already being paid."""

    code = "already_in_payout"


class WrongState(PayoutError):
    code = "payout_state"


class PayoutIsFinal(PayoutError):
    code = "payout_is_final"


class TotalsDiffer(PayoutError):
    code = "payout_totals_differ"


class FileChanged(PayoutError):
    """The file would no longer be the one whose hash both persons saw."""

    code = "payout_file_changed"


class FileRefused(PayoutError):
    """A bank's file is refused whole: ``line`` is its first line that cannot be true (0: the file itself)."""

    code = "bank_file_refused"

    def __init__(self, line: int, reason: str) -> None:
        place = _("Line %(line)s: %(reason)s") % {"line": line, "reason": reason} if line else reason
        super().__init__(place)
        self.line = line
        self.reason = reason


def _refusal(sqlstate: str | None, constraint: str | None) -> DomainError | None:
    match sqlstate, constraint:
        case ("PH031", _any):
            return PayoutIsFinal(_("A released payout cannot be changed, and a final result stays."))
        case ("PH032", _any):
            return WrongState(_("The payout is not in a state in which this can be done."))
        case ("PH033", _any):
            return TotalsDiffer(_("The lines of the payout do not add up to its total."))
        case (_any, "one_payout_per_reference"):
            return AlreadyInPayout(_("One of these payments is already in another payout."))
        case (_any, "payout_released_by_another"):
            return SamePerson(_("Somebody else must check this: you prepared it yourself."))
    return None


@contextmanager
def payout_refusals() -> Iterator[None]:
    """Turn the database's refusals into domain exceptions; anything else passes through unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, pg.Error):
            refusal = _refusal(cause.sqlstate, cause.diag.constraint_name)
            if refusal is not None:
                raise refusal from error
        raise
