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
    """Pair lines that balance, in their order, into transfers; every line keeps its side, its colour and its details.

    Lines of one project meet each other first. Red lines meet red ones of the other side; what is left of them meets
    black ones of their own side, as when a refund is debited in black to the bank and in red to the expenditure.
    """
    return [entry for one, other, amount in _meetings(lines) for entry in _entries(one, other, amount)]


def moves_nothing(lines: Sequence[Line]) -> list[Line]:
    """Lines that would meet another one that says the same of the same account."""
    return [
        one
        for one, other, _amount in _meetings(lines)
        if (one.account, one.details) == (other.account, other.details)
    ]


def _entries(one: Line, other: Line, amount: Decimal) -> Iterator[Entry]:
    if one.side != other.side:
        yield _entry(one, other, amount)
        return
    # A black and a red line of one side: the red one gets the other side of the black one, and both of its own sides
    # in red, which takes that off again and leaves what was written.
    black, red = one, other
    yield _entry(black, red, amount) if black.side == Side.DEBIT else _entry(red, black, amount)
    yield _entry(red, red, -amount)


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
    """Debit and credit of one colour, then black and red of one side; amounts of the first line's colour."""
    debit_side, credit_side = _open(lines, Side.DEBIT), _open(lines, Side.CREDIT)
    for sign in (1, -1):
        yield from _meet(_of(debit_side, sign), _of(credit_side, sign))
    for side in (debit_side, credit_side):
        yield from _meet(_of(side, 1), _of(side, -1))


def _meet(ones: list[_Open], others: list[_Open]) -> Iterator[tuple[Line, Line, Decimal]]:
    for is_same_money in (True, False):
        for one in ones:
            for other in others:
                size = min(abs(one.left), abs(other.left))
                if size and (not is_same_money or _money(one.line) == _money(other.line)):
                    amount = size.copy_sign(one.left)
                    one.left -= amount
                    other.left -= size.copy_sign(other.left)
                    yield one.line, other.line, amount


def _open(lines: Sequence[Line], side: Side) -> list[_Open]:
    return [_Open(line, line.amount) for line in lines if line.side == side]


def _of(side: list[_Open], sign: int) -> list[_Open]:
    return [one for one in side if one.left * sign > 0]


def _money(line: Line) -> tuple[str, str]:
    return line.project, line.fund_source
