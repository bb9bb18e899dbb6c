"""Who posts the lines of the model: workers that finish, and workers that are cut off in the middle."""

from __future__ import annotations

import datetime as dt
import os
import signal

from django.db import connection, transaction
from djmoney.money import Money

from ledger.books.errors import Overdrawn
from ledger.books.models import Book, Hold, Transaction
from ledger.books.posting import Details, Entry, post

from .model import ModelLine


def entries_of_model(lines: tuple[ModelLine, ...]) -> list[Entry]:
    return [
        Entry(
            debit=x.debit, credit=x.credit, amount=Money(abs(x.amount), "CNY"), project=x.project,
            fund_source=x.fund, red=x.amount < 0,
            on_credit=Details(project=x.given[0], fund_source=x.given[1]) if x.given else None,
        )
        for x in lines
    ]  # fmt: skip


def post_lines(
    book: Book, key: str, date: dt.date, lines: tuple[ModelLine, ...], ends: Hold | None = None
) -> Transaction:
    return post(
        book=book,
        external_key=key,
        date=date,
        kind="sim",
        summary="sim",
        entries=entries_of_model(lines),
        ends=ends,
    )


def post_and_die(book: Book, key: str, date: dt.date, lines: tuple[ModelLine, ...]) -> None:
    with transaction.atomic():
        post_lines(book, key, date, lines)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def work_until_killed(book_id: int, date: dt.date, jobs: dict[str, tuple[ModelLine, ...]]) -> None:
    book = Book.objects.get(pk=book_id)
    for n, (key, lines) in enumerate(jobs.items()):
        try:
            with transaction.atomic():
                post_lines(book, key, date, lines)
                if n:
                    os.kill(os.getpid(), signal.SIGKILL)
        except Overdrawn:
            continue
    os.kill(os.getpid(), signal.SIGKILL)
