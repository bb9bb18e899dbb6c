"""Fixtures shared by all tests: a small federation with books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.utils import translation

from ledger.books.models import BankAccount, Book
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.unions.models import Union
from tests import factories


@pytest.fixture(autouse=True)
def messages_in_english() -> Iterator[None]:
    """Refusals are compared with their source text; pages choose their own language."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Rate limits and used second-factor codes live in the cache, and people of another test have the same keys."""
    cache.clear()


@dataclass
class Federation:
    """Municipal → district → community union, each with a book and a bank account, and finance staff at each."""

    municipal: Union
    district: Union
    community: Union
    books: dict[str, Book]
    banks: dict[str, BankAccount]
    maker: User
    checker: User
    cashier: User


@pytest.fixture
def federation(db: None) -> Federation:
    municipal = factories.municipal_union()
    district = factories.district_union(municipal)
    community = factories.community_union(district)
    unions = [Union.objects.get(pk=u.pk) for u in (municipal, district, community)]
    books = {u.code: factories.book_of(u) for u in unions}
    return Federation(
        *unions,
        books=books,
        banks={code: factories.bank_account_of(book) for code, book in books.items()},
        maker=factories.user("maker", Role.FINANCE_MAKER, unions[0]),
        checker=factories.user("checker", Role.FINANCE_CHECKER, unions[0]),
        cashier=factories.user("cashier", Role.CASHIER, unions[0]),
    )
