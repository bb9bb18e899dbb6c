"""Addresses that take forms: a reader of one is led to its page; and addresses that no page has."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import RoleAssignment
from portal.accounts.roles import OFFICE_ROLES, Role
from portal.office.urls import urlpatterns
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

_PARTS = {
    "code": "X1",
    "pk": 7,
    "line": 7,
    "file": 7,
    "account": "102",
    "name": "cash",
    "form": "csv",
    "number": "1",
}
_NAMES = [str(pattern.name) for pattern in urlpatterns]


def _address(name: str) -> str:
    pattern = next(pattern for pattern in urlpatterns if pattern.name == name)
    return reverse(name, kwargs={part: _PARTS[part] for part in pattern.pattern.converters})


@pytest.mark.parametrize("name", _NAMES)
def test_no_office_address_is_closed_to_a_reader(federation: Federation, name: str) -> None:
    """A reload, another theme or another language after a refused form asks for the same address by GET."""
    person = factories.user("everything", Role.FINANCE_MAKER, federation.municipal)
    for role in OFFICE_ROLES - {Role.FINANCE_MAKER}:
        RoleAssignment.objects.create(user=person, role=role, union=federation.municipal)
    assert browser_of(person).get(_address(name)).status_code != 405


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("office_run_funds", "/office/runs/X1/"),
        ("office_claims_payout", "/office/claims/X1/"),
        ("office_payout_result", "/office/payouts/X1/"),
        ("office_activate", "/office/programmes/"),
        ("office_voucher_file_remove", "/office/books/X1/vouchers/7/"),
        ("office_reopen", "/office/books/X1/close/"),
        ("office_post_line", "/office/bank/X1/"),
    ],
)
def test_an_address_that_takes_a_form_leads_a_reader_to_the_page_of_the_form(
    client: Client, name: str, page: str
) -> None:
    answer = client.get(_address(name))
    assert (answer.status_code, answer["Location"]) == (302, page)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "There is nothing to read here"), ("zh-hans", "<h1>")]
)
def test_a_way_of_asking_that_no_address_takes_is_answered_with_a_page(
    client: Client, language: str, title: str
) -> None:
    client.cookies["django_language"] = language
    answer = client.get("/design/appearance/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert title in answer.content.decode()


@pytest.mark.parametrize("period", ["abc", "2026-13", "0000-01"])
def test_a_month_that_no_calendar_has_is_not_found(federation: Federation, period: str) -> None:
    browser = browser_of(federation.maker)
    for address in ("/office/books/HD/", "/office/bank/HD-B1/", "/office/books/HD/accounts/102/"):
        assert browser.get(f"{address}?period={period}").status_code == 404, address
