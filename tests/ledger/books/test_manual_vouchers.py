"""Vouchers that people write: drafts, checks, templates, red letters and blue corrections."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.books import manual, queries, vouchers
from ledger.books.errors import (
    AccountKeptElsewhere,
    CancelledAlready,
    CheckedBySamePerson,
    DateAhead,
    DimensionMissing,
    NotCancellable,
    NotCorrectable,
    NotLowestAccount,
    Overdrawn,
    PeriodClosed,
    PostedIsFinal,
    UnknownAccount,
    VoucherIncomplete,
    VoucherUnbalanced,
)
from ledger.books.integrity import verify
from ledger.books.models import Book, Posting, Transaction, Voucher, VoucherState
from ledger.books.opening import open_year
from ledger.books.pairing import Line, entries_of
from ledger.books.posting import post
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan


def line(account: str, side: str, amount: str, **dimensions: Any) -> Line:
    return Line(account=account, side=side, amount=Decimal(amount), **dimensions)


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD"]


def levy(federation: Federation, bank: str, amount: str = "1000.00", **changes: Any) -> Voucher:
    values: dict[str, Any] = {
        "book": federation.books["HD"],
        "date": DAY,
        "summary": "收到经费",
        "lines": [line(bank, "D", amount), line("402", "C", amount)],
        "prepared_by": federation.maker,
    }
    return manual.prepare(**values | changes)


def test_a_draft_posts_nothing_until_another_person_checks_it(
    federation: Federation, book: Book, bank: str
) -> None:
    draft = levy(federation, bank)
    assert not Transaction.objects.exists()
    with pytest.raises(CheckedBySamePerson):
        vouchers.check_and_post(voucher=draft, checked_by=federation.maker)
    posted = vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    assert (posted.state, posted.number) == (VoucherState.POSTED, 1)
    assert queries.balance_of(book, "402") == yuan("1000.00")
    assert manual.lines_of(posted) == [
        line(bank, "D", "1000.00"),
        line("402", "C", "1000.00"),
    ]
    with pytest.raises(PostedIsFinal):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    assert [check for check in verify() if not check.ok] == []


def test_a_compound_voucher_keeps_every_line(federation: Federation, book: Book, bank: str) -> None:
    vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    lines = [
        line(
            "50305",
            "D",
            "90.00",
            project="普惠补贴",
            fund_source="own",
            nature="project",
            economic_class="30309",
        ),
        line("50602", "D", "10.50", nature="basic", economic_class="30204"),
        line(bank, "C", "100.50"),
    ]
    draft = levy(federation, bank, lines=lines, summary="付款")
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    assert queries.balance_of(book, "50305") == yuan("90.00")
    assert queries.balance_of(book, "50602") == yuan("10.50")
    assert queries.balance_of(book, bank) == yuan("899.50")


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([], VoucherIncomplete),
        ([line("402", "C", "1.00")], VoucherIncomplete),
        ([line("10201", "D", "1.00"), line("402", "C", "0.00")], VoucherIncomplete),
        ([line("10201", "D", "1.00"), line("402", "C", "1.01")], VoucherUnbalanced),
        ([line("10201", "D", "1.00"), line("408", "D", "-1.00"), line("402", "C", "1.00"), line("402", "C", "-1")],
         None),
        ([line("10201", "D", "-1.00"), line("10201", "D", "2.00"), line("402", "C", "1.00")], VoucherUnbalanced),
        ([line("999", "D", "1.00"), line("402", "C", "1.00")], UnknownAccount),
        ([line("102", "D", "1.00"), line("402", "C", "1.00")], NotLowestAccount),
        ([line("10201", "D", "1.00"), line("21501", "C", "1.00")], AccountKeptElsewhere),
    ],
)  # fmt: skip
def test_what_a_draft_refuses(
    federation: Federation, bank: str, lines: list[Line], refusal: type[Exception] | None
) -> None:
    if refusal is None:
        assert levy(federation, bank, lines=lines).lines.count() == len(lines)
        return
    with pytest.raises(refusal):
        levy(federation, bank, lines=lines)
    assert not Voucher.objects.exists()


def test_a_refusal_when_checking_leaves_the_draft_as_it_was(federation: Federation, bank: str) -> None:
    lines = [line("50602", "D", "5.00", nature="basic", economic_class="30201"), line(bank, "C", "5.00")]
    draft = levy(federation, bank, lines=lines)
    with pytest.raises(Overdrawn):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    draft.refresh_from_db()
    assert draft.state == VoucherState.DRAFT
    assert manual.lines_of(draft) == lines
    with pytest.raises(DimensionMissing, match="40302"):
        manual.revise(
            voucher=draft, date=DAY, summary="收到专项补助", prepared_by=federation.maker,
            lines=[line(bank, "D", "5.00"), line("40302", "C", "5.00")],
        )  # fmt: skip
    manual.revise(
        voucher=draft, date=DAY, summary="收到专项补助", prepared_by=federation.maker,
        lines=[line(bank, "D", "5.00"), line("40302", "C", "5.00", project="普惠补贴", fund_source="earmarked")],
    )  # fmt: skip
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    with pytest.raises(PostedIsFinal):
        manual.revise(voucher=draft, date=DAY, summary="x", lines=lines, prepared_by=federation.maker)


def test_red_letters_take_a_voucher_back_once(federation: Federation, book: Book, bank: str) -> None:
    original = vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    red = manual.cancel(voucher=original, date=DAY, prepared_by=federation.maker)
    assert red.summary == "注销3月16日记-1号凭证"
    assert [x.amount for x in manual.lines_of(red)] == [Decimal("-1000.00")] * 2
    with pytest.raises(CancelledAlready):
        manual.cancel(voucher=original, date=DAY, prepared_by=federation.maker)
    vouchers.discard(voucher=red)
    red = manual.cancel(voucher=original, date=DAY, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    assert queries.balance_of(book, "402") == yuan("0.00")
    assert Transaction.objects.get(reverses__isnull=False).reverses == original.transactions.get()
    blue = levy(federation, bank, "1200.00", summary=manual.correction_summary(original), corrects=original)
    vouchers.check_and_post(voucher=blue, checked_by=federation.checker)
    assert blue.summary == "订正3月16日记-1号凭证"
    assert queries.balance_of(book, "402") == yuan("1200.00")
    assert [check for check in verify() if not check.ok] == []


def test_one_correction_follows_the_posted_red_letters(federation: Federation, bank: str) -> None:
    def cancelled(voucher: Voucher) -> None:
        red = manual.cancel(voucher=voucher, date=DAY, prepared_by=federation.maker)
        with pytest.raises(NotCorrectable, match="red letters first"):
            levy(federation, bank, corrects=voucher)
        vouchers.check_and_post(voucher=red, checked_by=federation.checker)

    wrong = vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    assert not manual.can_correct(wrong)
    cancelled(wrong)
    assert manual.can_correct(wrong)
    blue = levy(federation, bank, corrects=wrong)
    with pytest.raises(NotCorrectable, match="exists already"):
        levy(federation, bank, corrects=wrong)
    vouchers.discard(voucher=blue)
    blue = vouchers.check_and_post(
        voucher=levy(federation, bank, corrects=wrong), checked_by=federation.checker
    )
    assert not manual.can_correct(wrong)
    cancelled(blue)
    assert manual.can_correct(wrong)
    with pytest.raises(NotCorrectable, match="written by hand"):
        levy(federation, bank, corrects=Voucher.objects.get(cancels=blue))


def test_what_was_carried_forward_is_not_cancelled_but_done_anew(federation: Federation, bank: str) -> None:
    book = federation.books["HD"]
    closing = post(
        book=book,
        external_key="closing",
        date=DAY,
        kind="closing",
        summary="结转",
        entries=entries_of([line(bank, "D", "1.00"), line("402", "C", "1.00")]),
    )
    drawn = vouchers.draw_up(book=book, transactions=[closing], prepared_by=federation.maker)
    posted = vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
    with pytest.raises(NotCancellable, match="open the month again"):
        manual.cancel(voucher=posted, date=DAY, prepared_by=federation.maker)


def test_what_cannot_be_cancelled_from_the_books(federation: Federation, bank: str) -> None:
    draft = levy(federation, bank)
    with pytest.raises(NotCancellable):
        manual.cancel(voucher=draft, date=DAY, prepared_by=federation.maker)
    posted = vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    with pytest.raises(NotCancellable, match="年初余额调整"):
        manual.cancel(voucher=posted, date=dt.date(2027, 1, 5), prepared_by=federation.maker)
    community = federation.books["HD-C001"]
    automatic = vouchers.draw_up(
        book=community, transactions=[cash_dues(community)], prepared_by=federation.maker
    )
    automatic = vouchers.check_and_post(voucher=automatic, checked_by=federation.checker)
    with pytest.raises(NotCancellable, match="dues"):
        manual.cancel(voucher=automatic, date=DAY, prepared_by=federation.maker)


def test_a_typed_voucher_is_dated_today_or_earlier(federation: Federation, bank: str) -> None:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    open_year(book=federation.books["HD"], year=tomorrow.year)
    with pytest.raises(DateAhead, match="lies ahead") as refused:
        levy(federation, bank, date=tomorrow)
    assert list(refused.value.by_field) == ["date"]
    draft = levy(federation, bank)
    with pytest.raises(DateAhead):
        manual.revise(
            voucher=draft,
            date=tomorrow,
            summary="x",
            lines=manual.lines_of(draft),
            prepared_by=federation.maker,
        )
    open_year(book=federation.books["HD"], year=timezone.localdate().year)
    assert levy(federation, bank, date=timezone.localdate()).date == timezone.localdate()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books_voucherline SET amount = 5",
        """INSERT INTO books_voucherline (voucher_id, line, account_id, side, amount, amount_currency, project,
                                          fund_source, party, nature, economic_class)
           SELECT v.id, 9, a.id, 'D', 1, 'CNY', '', 'own', '', '', '' FROM books_voucher v, books_account a
            WHERE a.code = '402' AND v.state = 'posted' LIMIT 1""",
        "UPDATE books_voucher SET kind = 'automatic'",
    ],
)
def test_sql_cannot_write_into_a_posted_voucher(federation: Federation, bank: str, statement: str) -> None:
    vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    levy(federation, bank)  # a draft with lines, so that the first statement finds rows
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


amounts = st.decimals("-999999.99", "999999.99", places=2).filter(bool)


@given(
    typed=st.lists(st.tuples(st.sampled_from("DC"), amounts), min_size=1, max_size=9),
    projects=st.lists(st.sampled_from(["", "项目甲"]), min_size=10, max_size=10),
)
def test_any_balanced_lines_become_transfers_that_say_each_line(
    typed: list[tuple[str, Decimal]], projects: list[str]
) -> None:
    difference = sum((amount if side == "D" else -amount for side, amount in typed), Decimal(0))
    typed = [*typed, ("C", difference)] if difference else typed
    assume(len(typed) > 1)
    lines = [
        line(str(100 + n), side, str(amount), project=projects[n]) for n, (side, amount) in enumerate(typed)
    ]
    said: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in entries_of(lines):
        assert entry.amount.amount > 0
        amount = -entry.amount.amount if entry.red else entry.amount.amount
        said[entry.debit, "D", entry.project] += amount
        said[entry.credit, "C", (entry.on_credit or entry).project] += amount
    assert {key: amount for key, amount in said.items() if amount} == {
        (x.account, x.side, x.project): x.amount for x in lines
    }


def test_a_refund_is_written_in_black_and_red_on_one_side(federation: Federation, bank: str) -> None:
    lines = [line(bank, "D", "100.00"), line("50501", "D", "-100.00", economic_class="30216", nature="basic")]
    posted = vouchers.check_and_post(
        voucher=levy(federation, bank, lines=lines), checked_by=federation.checker
    )
    assert manual.lines_of(posted) == lines
    rows = {row.code: (row.debit, row.credit) for row in queries.trial_balance(posted.book, 202603)}
    assert rows["50501"] == (Decimal("-100.00"), Decimal("0.00"))
    assert rows[bank] == (Decimal("100.00"), Decimal("0.00"))
    assert [check for check in verify() if not check.ok] == []


def test_what_follows_from_an_account_is_written_on_the_draft(federation: Federation, bank: str) -> None:
    draft = levy(
        federation, bank, lines=[line("50501", "D", "5.00"), line("50602", "D", "1.00", project="会议"),
                                 line(bank, "C", "6.00")],
    )  # fmt: skip
    said = [(x.nature, x.economic_class) for x in manual.lines_of(draft)]
    assert said == [("basic", "30216"), ("project", "30299"), ("", "")]


def details(book: Book) -> set[tuple[str, str, str, str, str]]:
    names = ("account__code", "side", "project", "party", "line_summary")
    return set(Posting.objects.filter(book=book).values_list(*names))


@pytest.mark.parametrize(
    "lines",
    [
        [line("21599", "D", "50.00", party="甲单位"), line("21599", "C", "50.00", party="乙单位")],
        [line("13599", "D", "100.00", party="张三"), line("21599", "C", "100.00", party="供应商甲")],
        [line("13599", "D", "40.00", project="项目甲"), line("408", "C", "40.00", project="项目乙")],
        [line("13599", "D", "1.00", summary="借支"), line("408", "C", "1.00")],
        [
            line("32104", "D", "7.00", project="项目甲", fund_source="earmarked"),
            line("32205", "C", "5.00"),
            line("21599", "C", "2.00", party="甲单位"),
        ],
    ],
)
def test_every_side_keeps_what_its_line_says(federation: Federation, book: Book, lines: list[Line]) -> None:
    levied = vouchers.check_and_post(
        voucher=levy(federation, "", lines=[line("13599", "D", "9.00"), line("32104", "C", "9.00",
            project="项目甲", fund_source="earmarked")]), checked_by=federation.checker
    )  # fmt: skip
    before = details(book)
    posted = vouchers.check_and_post(voucher=levy(federation, "", lines=lines), checked_by=federation.checker)
    assert manual.lines_of(posted) == lines
    assert details(book) - before == {(x.account, x.side, x.project, x.party, x.summary) for x in lines}
    assert [check for check in verify() if not check.ok] == []
    red = manual.cancel(voucher=posted, date=DAY, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    assert manual.lines_of(red) == [replace(x, amount=-x.amount) for x in lines]
    sums = Posting.objects.filter(transaction__vouchers__in=[posted, red]).values("account", "side", "party")
    assert {row["total"] for row in sums.annotate(total=Sum("amount"))} == {Decimal("0.00")}
    assert [check for check in verify() if not check.ok] == []
    assert levied.sequence == 1


@pytest.mark.parametrize("dimensions", [{}, {"project": "项目甲"}, {"fund_source": "earmarked"}])
def test_what_is_carried_forward_on_321_names_its_project(
    federation: Federation, dimensions: dict[str, str]
) -> None:
    lines = [line("32104", "D", "5.00", **dimensions), line("408", "C", "5.00")]
    with pytest.raises(DimensionMissing, match="32104"):
        levy(federation, "", lines=lines)


def test_an_entry_that_moves_nothing_is_refused_at_once(federation: Federation, bank: str) -> None:
    lines = [line("21599", "D", "5.00", party="甲单位"), line("21599", "C", "5.00", party="甲单位")]
    with pytest.raises(VoucherUnbalanced, match="21599"):
        levy(federation, bank, lines=lines)
    assert not Voucher.objects.exists()


def test_what_was_typed_and_what_was_posted_are_compared(federation: Federation, bank: str) -> None:
    vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE books_voucherline SET party = '别人' WHERE side = 'C'")
        cursor.execute("SET session_replication_role = DEFAULT")
    broken = {check.name for check in verify() if not check.ok}
    assert broken == {"voucher hash chain is unbroken", "vouchers typed by people were posted as typed"}


def test_a_draft_is_written_in_an_open_month_only(federation: Federation, bank: str) -> None:
    for day in (dt.date(2024, 12, 31), dt.date(2025, 10, 1)):
        with pytest.raises(PeriodClosed):
            levy(federation, bank, date=day)
    assert not Voucher.objects.exists()
