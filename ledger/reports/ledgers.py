"""The reports that every book has, by their addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.models import Book

from .auxiliary import by_party, by_project
from .budget_execution import budget_execution
from .by_class import by_class
from .elimination import elimination
from .general_ledger import general_ledger, trial_balance
from .journals import Part, subsidiary_ledger
from .official_statements import balance_sheet, income_statement
from .tables import Report

__all__ = [
    "CATALOGUE", "Entry", "Part", "balance_sheet", "budget_execution", "by_class", "by_party", "by_project",
    "elimination", "general_ledger", "income_statement", "subsidiary_ledger", "trial_balance",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that every book has, by its address; a long one can be made in parts."""

    code: str
    title: str | Promise
    make: Callable[[Book, int, str], Report]
    make_part: Callable[[Book, int, str, Part], Report] | None = None


CATALOGUE: dict[str, Entry] = {
    entry.code: entry
    for entry in (
        Entry("trial-balance", _("Trial balance"), trial_balance),
        Entry("general-ledger", _("General ledger"), general_ledger),
        Entry("balance-sheet", _("Balance sheet"), balance_sheet),
        Entry("income-statement", _("Income and expenditure"), income_statement),
        Entry("budget-execution", _("Budget execution"), budget_execution),
        Entry("by-class", _("By economic class"), by_class),
        Entry("by-project", _("By project"), by_project, by_project),
        Entry("by-party", _("By party"), by_party, by_party),
        Entry("elimination", _("Inter-union elimination"), elimination),
    )
}
