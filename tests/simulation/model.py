"""What the books must say, kept in dictionaries: written from the rules, knowing nothing of the ledger's code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal("0.00")
NEVER_NEGATIVE = {"101"}
YEAR_END = {"32101": "32104", "32102": "32104", "32103": "32104",
            "32201": "32205", "32202": "32205", "32203": "32205", "32204": "32205"}  # fmt: skip


@dataclass(frozen=True)
class ModelLine:
    """One transfer: amount from the credit to the debit account, below zero in red letters."""

    debit: str
    credit: str
    amount: Decimal
    project: str = ""
    fund: str = "own"
    # Project and fund of the credit side where they are others.
    given: tuple[str, str] | None = None

    def sides(self) -> tuple[tuple[str, int, str, str], tuple[str, int, str, str]]:
        """Account, +1 for debit and −1 for credit, project, fund."""
        return (
            (self.debit, 1, self.project, self.fund),
            (self.credit, -1, *(self.given or (self.project, self.fund))),
        )


@dataclass
class BookModel:
    """One book: totals by account, month and details, what every key said, which months are closed, what is held."""

    totals: dict[str, list[Decimal]] = field(default_factory=lambda: defaultdict(lambda: [ZERO, ZERO]))
    months: dict[tuple[str, int], list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [ZERO, ZERO])
    )
    details: dict[tuple[str, str, str], list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [ZERO, ZERO])
    )
    lines: dict[int, list[ModelLine]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[str, tuple[int, tuple[ModelLine, ...]]] = field(default_factory=dict)
    reversed_keys: set[str] = field(default_factory=set)
    holds: dict[str, tuple[str, str, Decimal]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)

    def verdict(self, key: str, month: int, lines: tuple[ModelLine, ...]) -> str:
        """What must become of a post: ``new``, ``same``, or the refusal ``reused``, ``closed``, ``overdrawn``."""
        if key in self.keys:
            return "same" if self.keys[key] == (month, lines) else "reused"
        if month in self.closed:
            return "closed"
        for account in NEVER_NEGATIVE:
            change = sum((x.amount * ((x.debit == account) - (x.credit == account)) for x in lines), ZERO)
            if change < 0 and self.available(account) + change < 0:
                return "overdrawn"
        return "new"

    def post(self, key: str, month: int, lines: tuple[ModelLine, ...]) -> None:
        self.keys[key] = (month, lines)
        for x in lines:
            self.lines[month].append(x)
            for account, sign, project, fund in x.sides():
                side = 0 if sign > 0 else 1
                self.totals[account][side] += x.amount
                self.months[account, month][side] += x.amount
                self.details[account, project, fund][side] += x.amount

    def available(self, account: str) -> Decimal:
        debit, credit = self.totals[account]
        held = sum((amount for _debit, source, amount in self.holds.values() if source == account), ZERO)
        return debit - credit - held

    def overspent(self) -> dict[str, Decimal]:
        """By project, how much more earmarked money was spent than came in."""
        left: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for lines in self.lines.values():
            for x in lines:
                for account, sign, project, fund in x.sides():
                    if fund == "earmarked" and _is_result(account):
                        left[project] -= sign * x.amount
        return {project: -amount for project, amount in left.items() if amount < 0}

    def results(self, month: int) -> tuple[ModelLine, ...]:
        """The lines that carry income and expenditure of a month to 32103 (earmarked) or 32203 (own)."""
        net: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
        for x in self.lines[month]:
            for account, sign, project, fund in x.sides():
                if account[0] in "45":
                    net[account, project, fund] += sign * x.amount
        return tuple(
            _across(account, "32103" if fund == "earmarked" else "32203", amount, project, fund)
            for (account, project, fund), amount in sorted(net.items())
            if amount
        )

    def year_end(self, year: int) -> tuple[ModelLine, ...]:
        """The lines that carry 3210x and 3220x of all months so far to the accumulated accounts."""
        net: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
        for month, lines in self.lines.items():
            if month <= year * 100 + 12:
                for x in lines:
                    for account, sign, project, fund in x.sides():
                        if account in YEAR_END:
                            net[account, project, fund] += sign * x.amount
        return tuple(
            _across(account, YEAR_END[account], amount, project, fund)
            for (account, project, fund), amount in sorted(net.items())
            if amount
        )


def _is_result(account: str) -> bool:
    """Income, expenditure, and 321 where their difference stands after closing."""
    return account[0] in "45" or account.startswith("321")


def _across(account: str, target: str, net_debit: Decimal, project: str, fund: str) -> ModelLine:
    debit, credit = (target, account) if net_debit > 0 else (account, target)
    return ModelLine(debit, credit, abs(net_debit), project, fund)
