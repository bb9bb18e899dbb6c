"""From the chart of 2009 to that of 2021: what a union's earlier book leaves behind opens the later one (新旧衔接).

``succession_2021.csv`` has the official mapping (财会〔2021〕16号). Where the rules ask for a decision (several bank
accounts, 专用基金, 结余) a person says how much goes where; nothing is split by guess.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from . import balances_brought
from .dimensions import DATA
from .errors import BalancesRefused
from .models import Book, FundSource, PeriodState, Posting, Side, Voucher
from .pairing import Line
from .sheets import amount_in, dimensions_in, rows_of

COLUMNS = ("from", "to", "amount", "project", "fund_source", "party")


@dataclass(frozen=True, slots=True)
class Allocation:
    """Part of what stands on an old account and the account that takes it, in yuan on the old account's normal side.

    ``row`` is its line in the file that said it, zero when there is none.
    """

    source: str
    target: str
    amount: Decimal
    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    row: int = 0


@transaction.atomic
def carry_over(
    *, old: Book, allocations: Sequence[Allocation] = (), prepared_by: AbstractBaseUser
) -> Voucher:
    """Draft the opening balances of the book that continues ``old``; another person checks them.

    An account named in ``allocations`` is split as they say, which must use it up; the others follow the mapping.
    Raises BalancesRefused when the old book is not closed, an account needs a decision, or parts do not add up.
    """
    new = Book.objects.filter(continues=old).first()
    if new is None:
        raise BalancesRefused(_("No book continues %(book)s yet: open it first.") % {"book": old.code})
    if old.periods.exclude(state=PeriodState.CLOSED).exists():
        raise BalancesRefused(_("Close every month of %(book)s first.") % {"book": old.code})
    decided: dict[str, list[Allocation]] = {}
    for allocation in allocations:
        decided.setdefault(allocation.source, []).append(allocation)
    leaves = set(new.accounts.filter(is_leaf=True).values_list("code", flat=True))
    _require_targets(new, allocations, leaves)
    lines: list[Line] = []
    for code, balances in _closing_balances(old).items():
        if code in decided:
            lines += _decided(code, balances, decided.pop(code))
        else:
            lines += _mapped(code, balances, leaves)
    if decided:
        raise BalancesRefused(
            _("%(accounts)s: nothing stands on this account.") % {"accounts": ", ".join(sorted(decided))}
        )
    return balances_brought.bring(book=new, lines=lines, prepared_by=prepared_by)


def _require_targets(new: Book, allocations: Sequence[Allocation], leaves: set[str]) -> None:
    for part in allocations:
        if part.target not in leaves:
            raise BalancesRefused(
                _("Row %(row)s: “%(code)s” is no lowest account of book %(book)s.")
                % {"row": part.row, "code": part.target[:20], "book": new.code}
            )
        if not part.amount:
            raise BalancesRefused(
                _("Row %(row)s: say how much of %(account)s goes there.")
                % {"row": part.row, "account": part.source[:20]}
            )


def read(content: bytes) -> list[Allocation]:
    """Allocations from a CSV file with the columns of COLUMNS, UTF-8 or GB18030. Raises BalancesRefused."""
    return [
        Allocation(
            source=cells["from"],
            target=cells["to"],
            amount=amount_in(cells["amount"], number),
            row=number,
            **dimensions_in(cells, number),
        )
        for number, cells in rows_of(content, columns=COLUMNS, needed=COLUMNS[:3])
    ]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands on an account under one set of dimensions; debit less credit."""

    net: Decimal
    normal_side: str
    project: str
    fund_source: str
    party: str


def _closing_balances(old: Book) -> dict[str, list[_Standing]]:
    rows = (
        Posting.objects.filter(book=old)
        .values("account__code", "account__normal_side", "project", "fund_source", "party")
        .annotate(debit=Sum("amount", filter=Q(side="D")), credit=Sum("amount", filter=Q(side="C")))
        .order_by("account__code", "project", "fund_source", "party")
    )
    found: dict[str, list[_Standing]] = {}
    for row in rows:
        net = (row["debit"] or Decimal(0)) - (row["credit"] or Decimal(0))
        if net:
            found.setdefault(row["account__code"], []).append(
                _Standing(net, row["account__normal_side"], row["project"], row["fund_source"], row["party"])
            )
    return found


@cache
def mapping() -> dict[str, tuple[str, str]]:
    """Account of the 2009 chart → account of ours and, where a person has to decide, why."""
    with (DATA / "succession_2021.csv").open(encoding="utf-8", newline="") as file:
        return {row["from"]: (row["to"], row["condition"]) for row in csv.DictReader(file)}


def _mapped(code: str, balances: list[_Standing], leaves: set[str]) -> Iterable[Line]:
    known = next((mapping()[code[:n]] for n in range(len(code), 2, -1) if code[:n] in mapping()), ("", ""))
    target, condition = known
    if condition == "bank":
        banks = sorted(leaf for leaf in leaves if leaf.startswith(code[:3]))
        target = banks[0] if len(banks) == 1 else ""
    if target not in leaves:
        raise BalancesRefused(
            _("%(account)s needs a decision: say in the file which accounts take its balance.")
            % {"account": code}
        )
    for standing in balances:
        side = Side.DEBIT if standing.net > 0 else Side.CREDIT
        yield Line(
            account=target,
            side=side.value,
            amount=abs(standing.net),
            project=standing.project,
            fund_source=standing.fund_source,
            party=standing.party,
        )


def _decided(code: str, balances: list[_Standing], parts: list[Allocation]) -> Iterable[Line]:
    side = Side(balances[0].normal_side)
    net = sum((b.net for b in balances), Decimal(0))
    standing = net if side == Side.DEBIT else -net
    allocated = sum((part.amount for part in parts), Decimal(0))
    if allocated != standing:
        raise BalancesRefused(
            _("%(account)s: %(allocated)s yuan are allocated, %(standing)s yuan stand there.")
            % {"account": code, "allocated": f"{allocated:,.2f}", "standing": f"{standing:,.2f}"}
        )
    other = Side.CREDIT if side == Side.DEBIT else Side.DEBIT
    for part in parts:
        yield Line(
            account=part.target,
            side=(side if part.amount > 0 else other).value,
            amount=abs(part.amount),
            project=part.project,
            fund_source=part.fund_source,
            party=part.party,
        )
