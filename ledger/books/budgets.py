"""The yearly budget of a book (收支预算): proposed by one person, confirmed by another, compared with what was done."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from djmoney.money import Money

from . import acts
from .errors import BudgetRefused, CheckedBySamePerson, ledger_refusals
from .models import Account, AccountBudget, AccountClass, Book, Budget


def accounts_with_budget(book: Book) -> QuerySet[Account]:
    """The level-1 accounts of income and expenditure, by code."""
    classes = [AccountClass.INCOME, AccountClass.EXPENSE]
    found = book.accounts.annotate(length=Length("code")).filter(length=3, account_class__in=classes)
    return found.order_by("code")


@transaction.atomic
def propose(
    *, book: Book, year: int, amounts: Mapping[str, Decimal], approval: str, proposed_by: AbstractBaseUser
) -> Budget:
    """Propose the budget of a year in yuan by account code; accounts left out have none. Another person confirms it.

    ``approval`` names the document or meeting that approved it (批准文号或会议). A proposal that waits already is
    replaced. Raises BudgetRefused.
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
    Budget.objects.filter(book=book, year=year, confirmed_by=None).delete()
    with ledger_refusals():
        budget = Budget.objects.create(
            book=book, year=year, approval=approval.strip(), proposed_by_id=proposed_by.pk
        )
        AccountBudget.objects.bulk_create(
            [
                AccountBudget(budget=budget, account=accounts[code], amount=Money(amount, "CNY"))
                for code, amount in sorted(amounts.items())
                if amount
            ]
        )
    _record("book.budget_proposed", budget, proposed_by)
    return budget


@transaction.atomic
def confirm(*, budget: Budget, confirmed_by: AbstractBaseUser) -> Budget:
    """Put a proposed budget into force instead of the one before; both stay on the trail.

    Raises CheckedBySamePerson, and BudgetRefused when the proposal was replaced or confirmed meanwhile.
    """
    Book.objects.select_for_update(no_key=True).get(pk=budget.book_id)
    waiting = Budget.objects.filter(pk=budget.pk, book=budget.book_id, year=budget.year, confirmed_by=None)
    locked = waiting.select_related("book__union").first()
    if locked is None:
        raise BudgetRefused(_("This proposal was replaced or confirmed meanwhile. Read the budget again."))
    if locked.proposed_by_id == confirmed_by.pk:
        raise CheckedBySamePerson(_("Somebody else must confirm this: you proposed it yourself."))
    before = amounts_of(budget_of(locked.book, locked.year))
    locked.confirmed_by_id = confirmed_by.pk
    with ledger_refusals():
        locked.save(update_fields=["confirmed_by"])
    locked.refresh_from_db()
    _record("book.budget_set", locked, confirmed_by, before=_written(before))
    return locked


def budget_of(book: Book, year: int) -> Budget | None:
    """The budget in force: the one confirmed last."""
    return _budgets(book, year).exclude(confirmed_by=None).order_by("confirmed_at", "pk").last()


def proposal_of(book: Book, year: int) -> Budget | None:
    """The budget that waits for another person."""
    return _budgets(book, year).filter(confirmed_by=None).first()


def amounts_of(budget: Budget | None) -> dict[str, Decimal]:
    """Yuan by account code; nothing without a budget."""
    lines = budget.lines.select_related("account") if budget else []
    return {line.account.code: line.amount.amount for line in lines}


def _budgets(book: Book, year: int) -> QuerySet[Budget]:
    found = Budget.objects.filter(book=book, year=year)
    return found.select_related("proposed_by", "confirmed_by")


def _record(action: str, budget: Budget, actor: AbstractBaseUser, **details: object) -> None:
    acts.record(
        actor=actor,
        action=action,
        target=budget.book,
        union=budget.book.union,
        year=budget.year,
        approval=budget.approval,
        **details,
        after=_written(amounts_of(budget)),
    )


def _written(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: str(amount) for code, amount in amounts.items()}
