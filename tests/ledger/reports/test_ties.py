"""Whatever was posted and whichever months gave their results away: all reports say what the trial balance says."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import closing, queries
from ledger.books.bulk import NewTransaction, post_many
from ledger.books.models import Book
from ledger.books.posting import Entry
from ledger.books.queries import TrialBalanceRow
from ledger.reports import ledgers, statements
from ledger.reports.tables import Lead, Row
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan

MONTHS = (202611, 202612, 202701, 202702)
ZERO = Decimal("0.00")
SIDES = {"借": 1, "平": 0, "贷": -1}
Sums = tuple[Decimal, Decimal, Decimal]  # opening, debit, credit
_EVENT = st.tuples(
    st.sampled_from(MONTHS),
    st.sampled_from(
        [("10201", "402"), ("10201", "40302"), ("50305", "10201"), ("50602", "21599"), ("13599", "10201"),
         ("162", "30104"), ("30104", "163"), ("21599", "10201")]
    ),
    st.integers(min_value=-10**7, max_value=10**9).filter(bool),
    st.sampled_from(["甲", "乙"]),
    st.sampled_from(["HD-1", "HD-2", "HD-3"]),
)  # fmt: skip


@pytest.fixture
def book(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> Book:
    # A year is carried over here with its months open, as reports must tie at every moment.
    monkeypatch.setattr(closing, "_earlier_months", lambda _book, _month: [])
    return federation.books["HD"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(_EVENT, min_size=1, max_size=14), carried=st.integers(min_value=0, max_value=4))
def test_every_report_says_what_the_trial_balance_says(book: Book, events: list, carried: int) -> None:
    with transaction.atomic():
        _live(book, events, carried)
        for month in MONTHS:
            trial = {row.code: row for row in queries.trial_balance(book, month)}
            _general_ledger_ties(book, month, trial)
            _ledgers_tie(book, month, trial)
            _balance_sheet_ties(book, month, trial)
            _income_ties(book, month, events)
            _projects_tie(book, month, trial)
            _parties_tie(book, month, trial, events)
        transaction.set_rollback(True)


def _live(book: Book, events: list, carried: int) -> None:
    post_many(
        [
            NewTransaction(
                book=book,
                external_key=f"tie-{number}",
                date=dt.date(month // 100, month % 100, 1 + number),
                kind="manual",
                summary="业务",
                entries=[
                    Entry(
                        debit=debit,
                        credit=credit,
                        amount=yuan(f"{abs(Decimal(fen)) / 100:.2f}"),
                        red=fen < 0,
                        project=project,
                        party=party,
                        fund_source="earmarked" if "40302" in (debit, credit) else "own",
                    )
                ],
            )
            for number, (month, (debit, credit), fen, project, party) in enumerate(events)
        ]
    )
    for month in MONTHS[:carried]:
        closing.carry_forward(book=book, month=month)
        if month % 100 == 12:
            closing.close_year(book=book, year=month // 100)


def _stand(row: TrialBalanceRow) -> tuple[Sums, Decimal]:
    opening = row.opening_debit - row.opening_credit
    return (opening, row.debit, row.credit), row.closing_debit - row.closing_credit


def _signed(side: object, amount: object) -> Decimal:
    return SIDES[str(side)] * Decimal(str(amount))


def _general_ledger_ties(book: Book, month: int, trial: dict[str, TrialBalanceRow]) -> None:
    rows = ledgers.general_ledger(book, month).rows
    ends = {row.account: _signed(*row.cells[5:]) for row in rows}
    assert ends == {code: _stand(row)[1] for code, row in trial.items() if len(code) == 3} | {
        code: ZERO for code in ends if code not in trial
    }
    written = f"{month // 100}-{month % 100:02d}"
    moved = {row.account: row.cells[3:5] for row in rows if row.cells[1:3] == (written, "本月合计")}
    assert all(moved[code] == (trial[code].debit, trial[code].credit) for code in moved)


def _ledgers_tie(book: Book, month: int, trial: dict[str, TrialBalanceRow]) -> None:
    for account in book.accounts.filter(code__in=trial):
        rows = ledgers.subsidiary_ledger(book, month, account).rows
        sums = next(row for row in rows if "本月合计" in row.cells)
        (opening, debit, credit), end = _stand(trial[account.code])
        assert _signed(*rows[0].cells[-2:]) == opening
        assert (sums.cells[-4:-2], _signed(*sums.cells[-2:])) == ((debit, credit), end)
        lines = [row for row in rows if row.transaction]
        if lines:
            assert _signed(*lines[-1].cells[-2:]) == end


def _balance_sheet_ties(book: Book, month: int, trial: dict[str, TrialBalanceRow]) -> None:
    sheet = statements.balance_sheet(book, month)
    assert sheet.balanced
    for row in sheet.rows:
        end = _stand(trial[row.code])[1] if row.code in trial else ZERO
        assert row.second == (end if row.account_class == "asset" else -end)
    results = sum((_stand(row)[1] for code, row in trial.items() if len(code) == 3 and code[0] in "45"), ZERO)
    assert sheet.totals["surplus"][1] == -results
    report = ledgers.balance_sheet(book, month)
    assert report.rows[-1].cells[1:3] == report.rows[-1].cells[4:] == sheet.totals["assets"]


def _income_ties(book: Book, month: int, events: list) -> None:
    found = statements.income_statement(book, month)
    year: dict[str, Decimal] = defaultdict(lambda: ZERO)
    this_month: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for when, pair, fen, *_dimensions in events:
        for code in pair:
            if code[0] in "45" and month // 100 == when // 100 and when <= month:
                year[code[:3]] += Decimal(fen) / 100
                this_month[code[:3]] += Decimal(fen) / 100 if when == month else ZERO
    level_1 = {row.code: row for row in found.rows if not row.is_detail}
    assert {code: row.second for code, row in level_1.items() if row.second} == {
        code: amount for code, amount in year.items() if amount
    }
    assert {code: row.first for code, row in level_1.items() if row.first} == {
        code: amount for code, amount in this_month.items() if amount
    }
    for which in (0, 1):
        income, spent = found.totals["income"][which], found.totals["expenditure"][which]
        assert found.totals["surplus"][which] == income - spent


def _projects_tie(book: Book, month: int, trial: dict[str, TrialBalanceRow]) -> None:
    report = ledgers.by_project(book, month)
    assert _by_account(report.rows) == _all_but_money(book, trial)
    for row in report.rows:
        if row.leads and row.leads[4]:
            _lead_proves(book, row.leads[4], (row.cells[4], row.cells[5]))


def _all_but_money(book: Book, trial: dict[str, TrialBalanceRow]) -> dict[str, Sums]:
    kept = book.accounts.filter(is_leaf=True, code__in=trial).exclude(code__regex="^10[12]")
    return {
        account.code: _stand(trial[account.code])[0]
        for account in kept
        if any(_stand(trial[account.code])[0])
    }


def _by_account(rows: list[Row]) -> dict[str, Sums]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for row in rows:
        if row.account:
            opening, debit, credit = _signed(*row.cells[2:4]), row.cells[4], row.cells[5]
            for n, amount in enumerate((opening, debit, credit)):
                sums[row.account][n] += Decimal(str(amount))
            assert _signed(*row.cells[6:8]) == opening + Decimal(str(debit)) - Decimal(str(credit))
    return {code: (found[0], found[1], found[2]) for code, found in sums.items() if any(found)}


def _parties_tie(book: Book, month: int, trial: dict[str, TrialBalanceRow], events: list) -> None:
    report = ledgers.by_party(book, month)
    assert _by_account(report.rows) == _all_but_money(book, trial)
    sums = _by_account([row for row in report.rows if row.leads])
    for code in ("50305", "50602"):
        amounts = [
            (when, Decimal(fen) / 100)
            for when, pair, fen, *_dimensions in events
            if pair[0] == code and when // 100 == month // 100
        ]
        opening = sum((amount for when, amount in amounts if when < month), ZERO)
        moved = sum((amount for when, amount in amounts if when == month), ZERO)
        assert sums.get(code, (ZERO, ZERO, ZERO)) == (opening, moved, ZERO)


def _lead_proves(book: Book, lead: Lead, figures: tuple[object, object]) -> None:
    account = book.accounts.get(code=lead.account)
    rows = ledgers.subsidiary_ledger(
        book, lead.months[1], account, first=lead.months[0], project=lead.project, party=lead.party
    ).rows
    debit = sum((Decimal(str(row.cells[-4] or 0)) for row in rows if row.transaction), ZERO)
    credit = sum((Decimal(str(row.cells[-3] or 0)) for row in rows if row.transaction), ZERO)
    assert (debit, credit) == figures
