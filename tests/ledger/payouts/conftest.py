"""A municipal bank account and payout batches out of it, in whatever state a test needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from djmoney.money import Money

from ledger.books.models import BankAccount
from ledger.books.posting import Entry, post
from ledger.payouts import batches, exporting, formats
from ledger.payouts.models import Batch
from tests.conftest import Federation
from tests.factories import card_number

DAY = dt.date(2026, 3, 16)


def a_line(
    serial: int = 1, *, amount: str | Money = "150.00", name: str = "张示例", **changes: Any
) -> batches.Line:
    facts: dict[str, Any] = {
        "reference": f"TJ09-2026-{serial:06d}",
        "payee_name": name,
        "card_number": card_number(serial),
        "bank": "中国农业银行",
        "party": f"M{serial:06d}",
        "amount": amount if isinstance(amount, Money) else Money(amount, "CNY"),
    }
    return batches.Line(**facts | changes)


def letter_of(known: formats.Format, letter: str) -> str:
    """The bank's word for S (paid), E (failed), P (pending), R (sent back); any other letter as it is."""
    said = {"S": "paid", "E": "failed", "P": "pending", "R": "returned"}.get(letter)
    return next((word for word, outcome in known.outcomes.items() if outcome == said), letter)


def the_bank_answers(
    batch: Batch,
    answers: dict[int, tuple[str, str, str]],
    /,
    *,
    only: bool = False,
    day: dt.date = DAY,
    **changes: Any,
) -> bytes:
    """The bank's file: paid for every line, unless ``answers`` gives (letter, code, message); ``only`` those lines."""
    known = formats.get(batch.format_code)
    rows, amounts = [], []
    for line in batch.lines.order_by("seq"):
        if only and line.seq not in answers:
            continue
        letter, code, message = answers.get(line.seq, ("S", "", "交易成功"))
        facts: dict[str, Any] = {
            "seq": line.seq,
            "outcome": letter_of(known, letter),
            "reference": line.reference,
            "account": line.card_number,
            "name": line.payee_name,
            "code": code,
            "message": message,
            "bank_reference": f"B{line.seq:08d}" if letter == "S" else "",
            "date": day,
        }
        rows.append(formats.ResultRow(**facts))
        amounts.append(int(line.amount.amount * 100))
    head: dict[str, Any] = {
        "batch": batch.code,
        "date": DAY,
        "amounts_fen": amounts,
        "payer_account": batch.bank_account.number,
        "request": (batch.line_count, int(batch.total.amount * 100)),
    }
    return formats.render_result(known, rows, **head | changes)


def with_money(bank: BankAccount, yuan: str = "9000000.00") -> BankAccount:
    """The bank account after so much has come in."""
    post(
        book=bank.book, external_key="money", date=dt.date(2026, 1, 1), kind="levy", summary="收到经费",
        entries=[Entry(debit=bank.account.code, credit="402", amount=Money(yuan, "CNY"))],
    )  # fmt: skip
    return bank


@pytest.fixture
def bank(federation: Federation) -> BankAccount:
    return with_money(federation.banks["TJ"])


@pytest.fixture
def prepared(federation: Federation, bank: BankAccount) -> Callable[..., Batch]:
    def build(lines: int | list[batches.Line] = 3, format_code: str = "pipe_gbk", **changes: Any) -> Batch:
        facts: dict[str, Any] = {
            "bank_account": bank,
            "purpose": "普惠补贴",
            "source": "run:1",
            "lines": [a_line(n) for n in range(1, lines + 1)] if isinstance(lines, int) else lines,
            "format_code": format_code,
            "value_date": DAY,
            "prepared_by": federation.cashier,
        }
        return batches.build(**facts | changes)

    return build


@pytest.fixture
def sent(federation: Federation, prepared: Callable[..., Batch]) -> Callable[..., Batch]:
    def send(*args: Any, **changes: Any) -> Batch:
        batch = batches.release(batch=prepared(*args, **changes), released_by=federation.checker)
        exporting.export(batch=batch, actor=federation.cashier)
        batch.refresh_from_db()
        return batch

    return send
