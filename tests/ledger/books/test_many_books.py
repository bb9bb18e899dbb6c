"""A federation goes live: the books of all its unions at once."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from django.core.management import call_command

from ledger.books.models import Account, Book, Period
from portal.unions.models import Union
from tests import factories

UNIONS = 2_400


@pytest.mark.slow
def test_the_books_of_2_400_unions_are_opened_within_three_minutes(db: None) -> None:
    root = factories.municipal_union()
    Union.objects.bulk_create(
        [
            Union(
                code=f"C{n:05d}", kind="community", name=f"示例工会{n}", depth=2,
                path=f"{root.path}{n:0{Union.steplen}d}",
            )
            for n in range(1, UNIONS + 1)
        ]
    )  # fmt: skip
    begun = time.perf_counter()
    call_command("open_book", "--all", "--on", "2026-01-01", stdout=StringIO(), stderr=StringIO())
    seconds = time.perf_counter() - begun
    print(f"{Book.objects.count()} books with {Account.objects.count()} accounts in {seconds:.0f}s")
    assert Book.objects.count() == UNIONS + 1
    assert Period.objects.count() == (UNIONS + 1) * 24
    assert seconds < 180
