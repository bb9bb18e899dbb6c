"""What reconciling refuses; the database's own refusals arrive with SQLSTATE PH04x."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError
from django.utils.translation import gettext as _
from psycopg import errors as pg

from portal.errors import DomainError

_SHOWN = 20


class ReconciliationError(DomainError):
    code = "reconciliation_refused"


class FileRefused(ReconciliationError):
    """A statement is refused whole; ``problems`` are (line in the file, why), line 0 being the file itself."""

    code = "statement_refused"

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        shown = [
            _("Line %(line)s: %(reason)s") % {"line": line, "reason": why} if line else why
            for line, why in problems[:_SHOWN]
        ]
        if len(problems) > _SHOWN:
            shown.append(_("and %(count)s more") % {"count": len(problems) - _SHOWN})
        super().__init__("\n".join(shown))
        self.problems = list(problems)

    @property
    def line(self) -> int:
        return self.problems[0][0]


class StatementIsFinal(ReconciliationError):
    code = "statement_is_final"


class BalanceBroken(ReconciliationError):
    code = "statement_balance_broken"


class AlreadyMatched(ReconciliationError):
    code = "already_matched"


class DoesNotAddUp(ReconciliationError):
    """The lines of the statement and the entries in the books are not the same amount."""

    code = "match_does_not_add_up"


class NothingToMatch(ReconciliationError):
    code = "nothing_to_match"


class WrongDirection(ReconciliationError):
    """Interest that left the account, or a fee that came in."""

    code = "wrong_direction"


class AlreadyUndone(ReconciliationError):
    code = "already_undone"


def _refusal(sqlstate: str | None, constraint: str | None) -> ReconciliationError | None:
    match sqlstate, constraint:
        case ("PH041", _any):
            return StatementIsFinal(_("What the bank said and what was matched stays on record."))
        case ("PH042", _any):
            return BalanceBroken(_("The bank's lines do not follow from each other's balances."))
        case ("PH043", _any):
            return DoesNotAddUp(_("The bank's lines and the entries in the books are not the same amount."))
        case (_any, "one_live_match_per_line" | "one_live_match_per_posting"):
            return AlreadyMatched(_("One of these is already matched."))
    return None


@contextmanager
def reconciliation_refusals() -> Iterator[None]:
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
