"""Lines as an accountant writes them (分录), and how debit and credit lines meet in transfers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from djmoney.money import Money

from .models import FundSource, Side
from .posting import Details, Entry

DETAILS = ("project", "fund_source", "party", "nature", "economic_class", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as an accountant writes it: account, side, amount in yuan (negative in red letters), details."""

    account: str
    side: str
    amount: Decimal
    summary: str = ""
    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    nature: str = ""
    economic_class: str = ""

    @property
    def details(self) -> Details:
        return Details(**{name: getattr(self, name) for name in DETAILS})


@dataclass(slots=True)
class _Open:
    """A line with what of its amount has not found its other side."""

    line: Line
    left: Decimal


def entries_of(lines: Sequence[Line]) -> list[Entry]:
    """Pair debit and credit lines, in their order, into transfers; lines of one project meet each other first.

    Every side keeps what its line says; red lines meet red ones.
    """
    return [_entry(debit, credit, amount) for debit, credit, amount in _meetings(lines)]


def both_sides(lines: Sequence[Line]) -> list[Line]:
    """Lines that would meet another one that says the same of the same account: an entry that moves nothing."""
    return [
        debit
        for debit, credit, _amount in _meetings(lines)
        if (debit.account, debit.details) == (credit.account, credit.details)
    ]


def _entry(debit: Line, credit: Line, amount: Decimal) -> Entry:
    same = debit.details == credit.details and debit.account != credit.account
    return Entry(
        debit=debit.account,
        credit=credit.account,
        amount=Money(abs(amount), "CNY"),
        red=amount < 0,
        on_credit=None if same else credit.details,
        **asdict(debit.details),
    )


def _meetings(lines: Sequence[Line]) -> Iterator[tuple[Line, Line, Decimal]]:
    debit_side, credit_side = _open(lines, Side.DEBIT), _open(lines, Side.CREDIT)
    for is_same_money in (True, False):
        for debit in debit_side:
            for credit in credit_side:
                if not is_same_money or _money(debit.line) == _money(credit.line):
                    amount = _meet(debit, credit)
                    if amount:
                        yield debit.line, credit.line, amount


def _open(lines: Sequence[Line], side: Side) -> list[_Open]:
    return [_Open(line, line.amount) for line in lines if line.side == side]


def _money(line: Line) -> tuple[str, str]:
    return line.project, line.fund_source


def _meet(debit: _Open, credit: _Open) -> Decimal:
    """Take what two lines of one colour have in common off both; negative in red letters."""
    if not debit.left or not credit.left or (debit.left > 0) != (credit.left > 0):
        return Decimal(0)
    amount = min(debit.left, credit.left, key=abs)
    debit.left -= amount
    credit.left -= amount
    return amount
