"""Posting rules (记账规则): how an event of dues, benefits or the bank becomes lines, as data that people can read.

Every ledger app may have ``data/posting_rules.toml``. A rule is never changed once it has posted; a new version takes
over from a day on. Each transaction keeps the label of the rule that made it (财会〔2024〕12号 第二十一条第一项).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from djmoney.money import Money

from .models import Book, BookKind
from .posting import Entry

_FILE = Path("data") / "posting_rules.toml"
_FEES = {BookKind.COUNTY: "50602", BookKind.GRASSROOTS: "50504"}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """Debit and credit as account codes, or as the name of an account that the event brings, such as ``{bank}``."""

    debit: str
    credit: str
    amount: str
    economic_class: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule: when it is in force, what it says on vouchers, its lines, and where it comes from."""

    code: str
    version: int
    effective_from: dt.date
    title: str
    title_en: str
    source: str
    summary: str
    lines: tuple[RuleLine, ...]

    @property
    def label(self) -> str:
        return f"{self.code}/{self.version}"

    def local_name(self, language: str) -> str:
        return self.title_en if language.startswith("en") else self.title

    def words(self, **names: object) -> str:
        """The summary of the voucher, with the names of this event."""
        return self.summary.format(**names)

    def entries(
        self, amounts: Mapping[str, Money], accounts: Mapping[str, str] | None = None, **dimensions: Any
    ) -> list[Entry]:
        """The lines of one event; amounts in yuan by name, those of zero leave their line out."""
        known = dict(accounts or {})
        return [
            Entry(
                debit=line.debit.format(**known),
                credit=line.credit.format(**known),
                amount=amounts[line.amount],
                **({"economic_class": line.economic_class} | dimensions),
            )
            for line in self.lines
            if amounts[line.amount].amount
        ]


def fee_account(book: Book) -> str:
    """The account of bank and platform fees (手续费): 50602 names them, the grassroots table has 50504 only."""
    return _FEES[BookKind(book.kind)]


def fee_accounts() -> set[str]:
    """Codes of the accounts that fees are posted to, in books of any kind."""
    return set(_FEES.values())


def rule(code: str, on: dt.date) -> Rule:
    """The version of a rule in force on a day. Raises KeyError for a code or a day that has none."""
    versions = [known for known in all_rules() if known.code == code and known.effective_from <= on]
    if not versions:
        raise KeyError(f"no posting rule {code} on {on}")
    return max(versions, key=lambda known: (known.effective_from, known.version))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every version of every rule, by code and version."""
    found = [
        Rule(
            code=row["code"],
            version=row["version"],
            effective_from=row["effective_from"],
            title=row["title"],
            title_en=row["title_en"],
            source=row["source"],
            summary=row["summary"],
            lines=tuple(RuleLine(**line) for line in row["lines"]),
        )
        for config in apps.get_app_configs()
        if config.name.startswith("ledger.") and (Path(config.path) / _FILE).exists()
        for row in tomllib.loads((Path(config.path) / _FILE).read_text(encoding="utf-8"))["rule"]
    ]
    return tuple(sorted(found, key=lambda known: (known.code, known.version)))
