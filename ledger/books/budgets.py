"""The yearly budget of a book (收支预算): set by account, compared with what was taken and spent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from . import acts
from .errors import BudgetRefused, ledger_refusals
from .models import Account, AccountBudget, AccountClass, Book


def accounts_with_budget(book: Book) -> QuerySet[Account]:
    """The level-1 accounts of income and expenditure, by code."""
    classes = [AccountClass.INCOME, AccountClass.EXPENSE]
    found = book.accounts.annotate(length=Length("code")).filter(length=3, account_class__in=classes)
    return found.order_by("code")


@transaction.atomic
def set_budget(
    *, book: Book, year: int, amounts: Mapping[str, Decimal], approval: str, set_by: AbstractBaseUser
) -> list[AccountBudget]:
    """Set the budget of a year in yuan by account code; accounts left out have none. Both versions stay on the trail.

    ``approval`` names the document that approved it (批准文号). Raises BudgetRefused.
    """
    Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    accounts = {account.code: account for account in accounts_with_budget(book)}
    if unknown := sorted(set(amounts) - set(accounts)):
        raise BudgetRefused(
            _("%(codes)s: a budget is set for level-1 accounts of income and expenditure.")
            % {"codes": ", ".join(unknown)}
        )
    if not approval.strip():
        raise BudgetRefused(_("Name the document that approved the budget."))
    if any(amount < 0 or amount != round(amount, 2) for amount in amounts.values()):
        raise BudgetRefused(_("A budget is zero or more yuan, in whole fen."))
    before = {line.account.code: str(line.amount.amount) for line in budget_of(book, year)}
    AccountBudget.objects.filter(book=book, year=year).delete()
    with ledger_refusals():
        lines = AccountBudget.objects.bulk_create(
            [
                AccountBudget(
                    book=book,
                    year=year,
                    account=accounts[code],
                    amount=Money(amount, "CNY"),
                    set_by_id=set_by.pk,
                    set_at=timezone.now(),
                )
                for code, amount in sorted(amounts.items())
                if amount
            ]
        )
    acts.record(
        actor=set_by,
        action="book.budget_set",
        target=book,
        union=book.union,
        year=year,
        approval=approval.strip(),
        before=before,
        after={line.account.code: str(line.amount.amount) for line in lines},
    )
    return lines


def budget_of(book: Book, year: int) -> QuerySet[AccountBudget]:
    return AccountBudget.objects.filter(book=book, year=year).select_related("account")
