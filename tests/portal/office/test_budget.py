"""The bookkeeper proposes the budget of the year, another person confirms it, and both read how it is executed."""

from __future__ import annotations

from django.test import Client

from ledger.books import budgets
from ledger.books.models import Budget
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

ADDRESS = "/office/books/HD/budget/?period=2026-03"
TYPED = {"period": "2026-03", "approval": "工委〔2026〕1号", "account-402": "5,000.00"}


def _browser(user: User) -> Client:
    browser = browser_of(user)
    browser.cookies["django_language"] = "en"
    return browser


def test_a_budget_is_proposed_confirmed_by_another_person_and_its_execution_shown(
    federation: Federation,
) -> None:
    maker, checker = _browser(federation.maker), _browser(federation.checker)
    page = maker.post(ADDRESS, TYPED | {"account-506": "abc"}).content.decode()
    assert 'value="abc"' in page
    assert "Write the amount in figures" in page
    assert not Budget.objects.exists()

    page = maker.post(ADDRESS, TYPED, follow=True).content.decode()
    assert "The budget is proposed. Somebody else confirms it." in page
    assert "Confirm the budget" not in page
    report = "/office/books/HD/reports/budget-execution/?period=2026-03"
    assert "No budget of this year has been confirmed." in checker.get(report).content.decode()

    assert "Budgets to confirm" in checker.get("/office/").content.decode()
    page = checker.get(ADDRESS).content.decode()
    assert "Confirm the budget" in page
    assert "5,000.00" in page
    sent = {"period": "2026-03", "budget": str(Budget.objects.get().pk)}
    page = checker.post("/office/books/HD/budget/confirm/", sent, follow=True).content.decode()
    assert "The budget of 2026 is in force." in page
    shown = checker.get(report).content.decode()
    assert "工委〔2026〕1号" in shown
    assert "5,000.00" in shown


def test_who_reads_a_replaced_proposal_is_told_and_confirms_nothing(federation: Federation) -> None:
    maker, checker = _browser(federation.maker), _browser(federation.checker)
    maker.post(ADDRESS, TYPED)
    read = Budget.objects.get().pk
    maker.post(ADDRESS, TYPED | {"account-402": "9"})
    refused = checker.post(
        "/office/books/HD/budget/confirm/", {"period": "2026-03", "budget": str(read)}, follow=True
    )
    assert "replaced or confirmed meanwhile" in refused.content.decode()
    assert budgets.budget_of(federation.books["HD"], 2026) is None


def test_only_who_prepares_vouchers_proposes_and_only_who_checks_them_confirms(
    federation: Federation,
) -> None:
    for user in (federation.checker, federation.cashier):
        assert browser_of(user).post(ADDRESS, TYPED).status_code in (403, 404)
    assert not Budget.objects.exists()
    browser_of(federation.maker).post(ADDRESS, TYPED)
    sent = {"period": "2026-03", "budget": str(Budget.objects.get().pk)}
    for user in (federation.maker, federation.cashier):
        assert browser_of(user).post("/office/books/HD/budget/confirm/", sent).status_code == 403
    assert Budget.objects.get().confirmed_by is None


def test_a_checker_of_another_union_confirms_nothing_here(federation: Federation) -> None:
    _browser(federation.maker).post(ADDRESS, TYPED)
    stranger = factories.user("stranger", Role.FINANCE_CHECKER, federation.community)
    sent = {"period": "2026-03", "budget": str(Budget.objects.get().pk)}
    browser = _browser(stranger)
    assert browser.post("/office/books/HD/budget/confirm/", sent).status_code == 404
    browser.post("/office/books/HD-C001/budget/confirm/", sent)
    assert Budget.objects.get().confirmed_by is None
