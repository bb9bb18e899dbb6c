"""Lists of the office ask the database a fixed number of questions, however many books there are."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import RoleAssignment
from portal.accounts.permissions import live_assignments, roles_read_once
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of


@pytest.fixture
def many_books(federation: Federation) -> None:
    for number in range(2, 14):
        union = factories.community_union(federation.district, f"HD-C{number:03d}")
        factories.bank_account_of(factories.book_of(union))


@pytest.mark.parametrize(("address", "most"), [("books/", 25), ("bank/", 25), ("", 25), ("dues/", 25)])
def test_lists_do_not_ask_for_each_row(
    federation: Federation,
    many_books: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
    most: int,
) -> None:
    browser = browser_of(federation.cashier if address == "dues/" else federation.maker)
    browser.get(f"/office/{address}")
    with django_assert_max_num_queries(most):
        assert browser.get(f"/office/{address}").status_code == 200


def test_roles_are_read_once_in_a_request_and_again_in_the_next(
    federation: Federation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with roles_read_once(), django_assert_num_queries(1):
        assert live_assignments(federation.maker) == live_assignments(federation.maker)
    RoleAssignment.objects.create(user=federation.maker, role=Role.AUDITOR, union=federation.municipal)
    with roles_read_once():
        assert len(live_assignments(federation.maker)) == 2
