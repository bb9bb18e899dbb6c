"""A bank account at a bank of its own, and entries in the books that it may or may not know of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from djmoney.money import Money

from ledger.books.models import BankAccount, Transaction
from ledger.books.posting import Entry, post
from ledger.reconciliation.matching import Matched, match
from ledger.reconciliation.models import StatementLine
from ledger.reconciliation.statements import Imported, import_statement
from portal.demo.bank import DemoBank
from tests.conftest import Federation

MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
HEADER = "交易日期,流水号,摘要,借方发生额,贷方发生额,余额,对方户名,对方账号"


def march(day: int) -> dt.date:
    return dt.date(2026, 3, day)


@pytest.fixture
def account(federation: Federation) -> BankAccount:
    return federation.banks["TJ"]


class World:
    """The two sides of one bank account, in yuan; a test says what each side knows."""

    def __init__(self, account: BankAccount) -> None:
        self.account = account
        self.bank = DemoBank()
        self._keys = 0

    def moves(
        self, day: int, amount: str, summary: str = "转账", counterparty: str = "", number: str = ""
    ) -> str:
        return self.bank.move(
            account=self.account.number,
            date=march(day),
            amount=Decimal(amount),
            summary=summary,
            counterparty=counterparty,
            counterparty_number=number,
        )

    def posts(self, day: int, amount: str, *, month: int = 3, **facts: Any) -> Transaction:
        """An entry on the bank account: positive debits it."""
        self._keys += 1
        value, bank = Decimal(amount), self.account.account.code
        entry = Entry(
            debit=bank if value > 0 else "50305",
            credit="408" if value > 0 else bank,
            amount=Money(abs(value), "CNY"),
            party=facts.pop("party", ""),
        )
        arguments: dict[str, Any] = {
            "external_key": f"test:{self._keys}",
            "kind": "test",
            "summary": "测试业务",
        }
        return post(
            book=self.account.book, date=dt.date(2026, month, day), entries=[entry], **arguments | facts
        )

    def statement(self, first: dt.date = MARCH[0], last: dt.date = MARCH[1]) -> bytes:
        return self.bank.statement(account=self.account.number, first=first, last=last)

    def imports(self, content: bytes | None = None, **changes: Any) -> Imported:
        facts: dict[str, Any] = {
            "bank_account": self.account,
            "content": self.statement() if content is None else content,
            "file_name": "流水.csv",
            "actor": None,
        }
        return import_statement(**facts | changes)

    def matches(self, up_to: dt.date | None = MARCH[1]) -> Matched:
        return match(bank_account=self.account, up_to=up_to, actor=None)

    def line(self, **facts: Any) -> StatementLine:
        return StatementLine.objects.get(bank_account=self.account, **facts)


@pytest.fixture
def world(account: BankAccount) -> World:
    return World(account)


@pytest.fixture
def csv_of() -> Callable[..., bytes]:
    def write(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
        return ("\r\n".join([header, *lines]) + "\r\n").encode(encoding)

    return write
