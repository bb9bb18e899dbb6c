"""The matching rules in their order: each finds pairs that can only be meant for each other, and leaves the rest.

A rule gets what is still open and returns groups of lines and postings of the same sum. Two candidates are never
decided between: that is a suggestion for a person. Everything is hashed by amount, so the cost grows with the number of
items, not with its square.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from .models import StatementLine
from .open_items import OpenPosting

DAYS = 3  # between a payment in our books and at the bank
_CANDIDATES = 20
_SHOWN = 5
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,}", re.ASCII)
T = TypeVar("T")
_WORD = re.compile(r"[\w·]+")


@dataclass(frozen=True, slots=True)
class Group:
    """Lines and postings of the same sum."""

    lines: tuple[StatementLine, ...]
    postings: tuple[OpenPosting, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """The open postings of one transaction with one sum, or of one document in one direction."""

    key: Hashable
    postings: tuple[OpenPosting, ...]
    amount: Decimal
    date: dt.date

    @property
    def first(self) -> OpenPosting:
        return self.postings[0]


@dataclass
class Open:
    """What is still open while rules run one after the other."""

    lines: list[StatementLine]
    postings: list[OpenPosting]
    _codes: dict[int, frozenset[str]] = field(default_factory=dict)

    def take(self, groups: Sequence[Group]) -> None:
        """Remove what a rule matched."""
        lines = {line.pk for group in groups for line in group.lines}
        postings = {posting.posting_id for group in groups for posting in group.postings}
        self.lines = [line for line in self.lines if line.pk not in lines]
        self.postings = [p for p in self.postings if p.posting_id not in postings]

    def events(self) -> list[Event]:
        """One event per transaction."""
        return _events(self.postings, lambda posting: posting.transaction_id)

    def batches(self) -> list[Event]:
        """One event per document and direction, whatever number of transactions name it (代发一批)."""
        named = [posting for posting in self.postings if posting.document]
        return _events(named, lambda posting: (posting.document, posting.amount > 0))

    def unnamed_lines(self) -> list[StatementLine]:
        """Lines that name nothing of ours; what a line names is stronger than that amounts agree."""
        names = {name for posting in self.postings for name in _names_of(posting)}
        return [line for line in self.lines if names.isdisjoint(self.codes(line))]

    def codes(self, line: StatementLine) -> frozenset[str]:
        """The bank's reference and everything in the line's summary that may be a reference of ours."""
        if line.pk not in self._codes:
            found = {*_CODE.findall(line.summary), line.bank_reference} - {""}
            self._codes[line.pk] = frozenset(found)
        return self._codes[line.pk]


def _events(postings: Iterable[OpenPosting], key: Callable[[OpenPosting], Hashable]) -> list[Event]:
    grouped: dict[Hashable, list[OpenPosting]] = defaultdict(list)
    for posting in postings:
        grouped[key(posting)].append(posting)
    return [
        Event(name, tuple(members), sum((p.amount for p in members), Decimal(0)), members[0].date)
        for name, members in grouped.items()
    ]


def reversal(items: Open) -> list[Group]:
    """An entry and its red reversal (红字冲销) before the bank saw either: no money moved."""
    events = {event.first.transaction_id: event for event in items.events()}
    groups = []
    for event in list(events.values()):
        original = events.get(event.first.reverses_id or 0)
        if original and event.amount == -original.amount:
            groups.append(Group((), (*original.postings, *event.postings)))
    return groups


def reference(items: Open) -> list[Group]:
    """The line carries the document or key of one transaction, of exactly its amount."""
    return _mutual(
        items.lines,
        items.events(),
        line_keys=lambda line: {(code, line.amount.amount) for code in items.codes(line)},
        event_keys=lambda event: {(name, event.amount) for name in _names_of(event.first)},
    )


def _names_of(posting: OpenPosting) -> set[str]:
    """What a bank might print about a transaction: its document, its key, and the last part of its key.

    A last part that is only a number is left out: any date or amount in a summary could be the same number.
    """
    last = posting.external_key.rpartition(":")[2]
    return {posting.document, posting.external_key, "" if last.isdecimal() else last} - {""}


def batch_total(items: Open) -> list[Group]:
    """All open lines that name a document together are all open postings of it (one debit for many payments)."""
    batches = {event.key: event for event in items.batches()}
    documents = {event.first.document for event in batches.values()}
    named: dict[Hashable, list[StatementLine]] = defaultdict(list)
    for line in items.lines:
        meant = items.codes(line) & documents
        if len(meant) == 1:
            (document,) = meant
            named[document, line.amount.amount > 0].append(line)
    return [
        Group(tuple(lines), batches[key].postings)
        for key, lines in named.items()
        if key in batches and sum(line.amount.amount for line in lines) == batches[key].amount
    ]


def unnamed_batch_total(items: Open) -> list[Group]:
    """The bank names nothing of ours, and this batch is all that has this amount within days, as is the line."""
    groups = _mutual(
        items.unnamed_lines(),
        [*(event for event in items.batches() if len(event.postings) > 1), *items.events()],
        line_keys=lambda line: {line.amount.amount},
        event_keys=lambda event: {event.amount},
        days=DAYS,
    )
    return [group for group in groups if len(group.postings) > 1]


def amount_and_name(items: Open) -> list[Group]:
    """Same amount within days, and the bank's counterparty is the party of the entry or a word of its summary."""
    return _mutual(
        items.unnamed_lines(),
        items.events(),
        line_keys=lambda line: {(line.amount.amount, line.counterparty_name)},
        event_keys=lambda event: {
            (event.amount, name) for name in {event.first.party, *_WORD.findall(event.first.summary)} if name
        },
        days=DAYS,
    )


RULES: tuple[tuple[str, Callable[[Open], list[Group]]], ...] = (
    ("reversal", reversal),
    ("reference", reference),
    ("batch_total", batch_total),
    ("unnamed_batch_total", unnamed_batch_total),
    ("amount_and_name", amount_and_name),
)


class _Dated(Generic[T]):
    """Lines or events in the order of their days, to find those near a day."""

    def __init__(self, items: Iterable[T], day: Callable[[T], dt.date]) -> None:
        self.items = sorted(items, key=day)
        self.days = [day(item) for item in self.items]

    def near(self, day: dt.date, days: int | None, at_most: int = 2) -> list[T]:
        if days is None:
            return self.items[:at_most]
        first = bisect_left(self.days, day - dt.timedelta(days=days))
        last = bisect_right(self.days, day + dt.timedelta(days=days))
        return self.items[first : min(last, first + at_most)]


def _index(
    items: Iterable[T], keys: Callable[[T], Iterable[Hashable]], day: Callable[[T], dt.date]
) -> dict[Hashable, _Dated[T]]:
    grouped: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        for key in keys(item):
            grouped[key].append(item)
    return {key: _Dated(members, day) for key, members in grouped.items()}


def _mutual(
    lines: Sequence[StatementLine],
    events: Sequence[Event],
    *,
    line_keys: Callable[[StatementLine], Iterable[Hashable]],
    event_keys: Callable[[Event], Iterable[Hashable]],
    days: int | None = None,
) -> list[Group]:
    """Pairs that share a key and, with ``days``, lie so near, where neither has a second candidate."""
    events_by_key = _index(events, event_keys, lambda event: event.date)
    lines_by_key = _index(lines, line_keys, lambda line: line.booked_on)
    groups = []
    for line in lines:
        meant = {
            (event.key, event.postings): event
            for key in line_keys(line)
            if key in events_by_key
            for event in events_by_key[key].near(line.booked_on, days)
        }
        if len(meant) != 1:
            continue
        (event,) = meant.values()
        rivals = {
            rival.pk
            for key in event_keys(event)
            if key in lines_by_key
            for rival in lines_by_key[key].near(event.date, days)
        }
        if rivals == {line.pk}:
            groups.append(Group((line,), event.postings))
    return groups


@dataclass(frozen=True, slots=True)
class Candidate:
    """Transactions that could be a line, and how likely (0–100)."""

    line: StatementLine
    events: tuple[Event, ...]
    rule: str
    score: int


def candidates(items: Open) -> list[Candidate]:
    """For each open line what it could be: the same amount within days, nearest first; batches by their total."""
    batches = [event for event in items.batches() if len(event.postings) > 1]
    by_amount = _index([*items.events(), *batches], lambda e: (e.amount,), lambda e: e.date)
    found = []
    for line in items.lines:
        dated = by_amount.get(line.amount.amount)
        if not dated:
            continue
        near = dated.near(line.booked_on, DAYS, _CANDIDATES)
        scored = sorted(((_score(items, line, event), event) for event in near), key=lambda pair: -pair[0])
        if scored:
            score, likeliest = scored[0]
            rule = "amount_and_day" if len(likeliest.postings) == 1 else "batch_total"
            found.append(Candidate(line, tuple(event for _points, event in scored[:_SHOWN]), rule, score))
    return found


def _score(items: Open, line: StatementLine, event: Event) -> int:
    named = _names_of(event.first) & items.codes(line)
    party = line.counterparty_name and line.counterparty_name in (event.first.party + event.first.summary)
    distance = abs((line.booked_on - event.date).days)
    return 40 + (35 if named else 0) + (20 if party else 0) - 5 * distance
