"""Posting rules as people read them: account names beside codes, and what an event brings in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger.books.dimensions import economic_classes
from ledger.books.models import Account, Book, ChartAccount
from ledger.books.rules import Rule, RuleLine, all_rules

# Accounts that the event brings.
_ACCOUNTS: dict[str, str | Promise] = {
    "bank": gettext_lazy("the bank account of the payment, below 102 Bank deposits"),
    "expense": gettext_lazy("the expenditure account that the programme names, below 503 or 504"),
    "fees": gettext_lazy("bank fees: 50602 at county level and above, 50504 in grassroots unions"),
}
_AMOUNTS: dict[str, str | Promise] = {
    "booked": gettext_lazy("the amount on the bank statement"),
    "share": gettext_lazy("the part that this union bears"),
    "paid": gettext_lazy("what the member paid"),
    "net": gettext_lazy("what arrives after the fee"),
    "fee": gettext_lazy("the fee that the platform kept"),
    "banked": gettext_lazy("the cash that was paid in"),
}
_NAMES: dict[str, str | Promise] = {
    "programme": gettext_lazy("programme"),
    "year": gettext_lazy("year"),
    "union": gettext_lazy("union"),
    "count": gettext_lazy("number of payments"),
}


@dataclass(frozen=True, slots=True)
class LineInWords:
    debit: str
    credit: str
    amount: str
    economic_class: str


@dataclass(frozen=True, slots=True)
class RuleInWords:
    rule: Rule
    summary: str
    lines: list[LineInWords]


def rules_in_words(books: QuerySet[Book], language: str) -> list[RuleInWords]:
    """Every version of every rule, for readers of ``language``; local details are named as in ``books``."""
    rules = all_rules()
    codes = {code for rule in rules for line in rule.lines for code in (line.debit, line.credit)}
    names = _names(codes, books, language)
    return [
        RuleInWords(rule, _summary(rule), [_line(line, names, language) for line in rule.lines])
        for rule in rules
    ]


def _names(codes: Iterable[str], books: QuerySet[Book], language: str) -> dict[str, str]:
    wanted = {code[:n] for code in codes if code.isdecimal() for n in (3, 5)}
    official = ChartAccount.objects.filter(chart__effective_to=None, code__in=wanted)
    own = Account.objects.filter(book=books.filter(continued_by=None).order_by("pk").first(), code__in=wanted)
    english = language.startswith("en")
    return {
        known.code: (known.name_en if english and known.name_en else known.name).removeprefix("– ")
        for accounts in (own, official)
        for known in accounts
    }


def _line(line: RuleLine, names: dict[str, str], language: str) -> LineInWords:
    known = economic_classes().get(line.economic_class)
    return LineInWords(
        debit=_account(line.debit, names),
        credit=_account(line.credit, names),
        amount=str(_AMOUNTS.get(line.amount, line.amount)),
        economic_class=f"{known.code} {known.local_name(language)}" if known else line.economic_class,
    )


def _account(written: str, names: dict[str, str]) -> str:
    if found := re.fullmatch(r"\{(\w+)\}", written):
        return str(_ACCOUNTS.get(found[1], found[1]))
    codes = [code for code in dict.fromkeys((written[:3], written)) if code in names]
    return " / ".join(f"{code} {names[code]}" for code in codes) or written


def _summary(rule: Rule) -> str:
    """What vouchers say, with a word in brackets where the event puts its own."""
    return "".join(
        text + (_("[%(name)s]") % {"name": _NAMES.get(name, name)} if name else "")
        for text, name, _spec, _conversion in Formatter().parse(rule.summary)
    )
