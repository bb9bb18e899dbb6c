"""The bookkeeper types the budget of the year and reads how it is executed."""

from __future__ import annotations

from ledger.books.models import AccountBudget
from tests.conftest import Federation
from tests.signing_in import browser_of

ADDRESS = "/office/books/HD/budget/?period=2026-03"


def test_the_budget_is_typed_and_its_execution_shown(federation: Federation) -> None:
    browser = browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    typed = {"period": "2026-03", "approval": "2026-1", "account-402": "5000.00", "account-506": "abc"}
    page = browser.post(ADDRESS, typed).content.decode()
    assert 'value="abc"' in page
    assert not AccountBudget.objects.exists()
    page = browser.post(ADDRESS, typed | {"account-506": ""}, follow=True).content.decode()
    assert "The budget of 2026 is set." in page
    assert "5,000.00" in page
    assert 'value="5000.00"' in browser.get(ADDRESS).content.decode()


def test_only_who_prepares_vouchers_sets_a_budget(federation: Federation) -> None:
    for user in (federation.checker, federation.cashier):
        assert browser_of(user).get(ADDRESS).status_code == 403
        assert browser_of(user).post(ADDRESS, {"approval": "x", "account-402": "1"}).status_code == 403
    assert not AccountBudget.objects.exists()
