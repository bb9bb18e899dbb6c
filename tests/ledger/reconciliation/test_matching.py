"""Each rule finds what leaves no doubt, and only that; what is undone stays on record."""

from __future__ import annotations

import time

import pytest
from djmoney.money import Money

from ledger.books.integrity import verify
from ledger.books.models import Transaction
from ledger.books.posting import Entry, post, reverse
from ledger.books.queries import balance_of
from ledger.reconciliation import matching, rules
from ledger.reconciliation.errors import (
    AlreadyMatched,
    AlreadyUndone,
    DoesNotAddUp,
    NothingToMatch,
    ReconciliationError,
    WrongDirection,
)
from ledger.reconciliation.models import Match, MatchKind, StatementLine
from ledger.reconciliation.open_items import OpenPosting
from ledger.reconciliation.queries import open_lines, open_postings
from portal.accounts.permissions import NotAllowed
from tests.conftest import Federation

from .conftest import World, march

BATCH = "DF260305000001"


def rules_used() -> list[str]:
    return list(Match.objects.filter(undone_at=None).order_by("pk").values_list("rule", flat=True))


def clean() -> bool:
    return all(result.ok for result in verify())


def test_the_banks_reference_is_the_document_of_the_entry(world: World) -> None:
    reference = world.moves(2, "24")
    world.posts(20, "24", document=reference)
    world.posts(2, "24")
    world.imports()
    done = world.matches()
    assert (done.matched, done.suggested, done.unexplained) == (1, [], 0)
    assert rules_used() == ["reference"]
    assert Match.objects.get().postings.get().transfer.transaction.document == reference
    assert clean()


@pytest.mark.parametrize("named", [{"document": "HD-PAY-000123"}, {"external_key": "dues:HD-PAY-000123"}])
def test_our_reference_in_the_summary(world: World, named: dict[str, str]) -> None:
    world.posts(2, "24", **named)
    world.moves(2, "24", "会费HD-PAY-000123王小明")
    world.imports()
    assert (world.matches().matched, rules_used()) == (1, ["reference"])


def test_a_number_in_the_summary_is_not_a_running_number_of_ours(world: World) -> None:
    world.posts(20, "24", external_key="dues:202603")
    world.moves(2, "24", "会费202603")
    world.imports()
    assert world.matches().matched == 0


def test_a_reference_with_another_amount_is_no_match(world: World) -> None:
    world.posts(2, "24", document="HD-PAY-000123", party="王小明")
    world.posts(2, "25", party="王小明")
    world.moves(2, "25", "会费HD-PAY-000123", "王小明")
    world.imports()
    done = world.matches()
    assert (done.matched, done.unexplained) == (0, 1)


def test_one_bank_line_for_a_whole_batch(world: World) -> None:
    for amount in ("-150", "-150", "-100"):
        world.posts(5, amount, document=BATCH)
    world.posts(6, "150", document=BATCH)
    world.moves(5, "-400", f"代发{BATCH}")
    world.imports()
    assert (world.matches().matched, rules_used()) == (1, ["batch_total"])
    (left,) = open_postings(world.account)
    assert left.amount == 150
    assert clean()


def test_a_batch_that_the_bank_debits_in_parts(world: World) -> None:
    for amount in ("-150", "-150", "-100"):
        world.posts(5, amount, document=BATCH)
    world.moves(5, "-200", f"代发{BATCH}")
    world.moves(6, "-200", f"代发{BATCH}")
    world.imports()
    assert world.matches(up_to=march(5)).matched == 0
    assert (world.matches().matched, rules_used()) == (2, ["batch_total"])
    assert clean()


def test_a_batch_that_the_bank_does_not_name(world: World) -> None:
    for amount in ("-150", "-150"):
        world.posts(5, amount, document=BATCH)
    world.moves(7, "-300", "批量代发")
    world.imports()
    assert (world.matches().matched, rules_used()) == (1, ["unnamed_batch_total"])


def test_a_batch_total_that_could_be_one_entry_is_only_suggested(world: World) -> None:
    for amount in ("-150", "-150"):
        world.posts(5, amount, document=BATCH)
    world.posts(6, "-300")
    world.moves(7, "-300", "批量代发")
    world.imports()
    done = world.matches()
    assert (done.matched, len(done.suggested), done.unexplained) == (0, 1, 1)


def test_same_amount_and_name_within_three_days(world: World) -> None:
    world.posts(2, "24", party="王小明")
    world.posts(2, "24", summary="收会费 李小红")
    world.moves(4, "24", "转账", "李小红")
    world.moves(5, "24", "转账", "王小明")
    world.imports()
    assert world.matches().matched == 2
    assert rules_used() == ["amount_and_name"] * 2
    names = [
        (m.lines.get().line.counterparty_name, m.postings.get().transfer.party) for m in Match.objects.all()
    ]
    assert sorted(names) == [("李小红", ""), ("王小明", "王小明")]


@pytest.mark.parametrize(
    ("entries", "moves"),
    [
        ([(2, "王小明"), (3, "王小明")], [(3, "王小明")]),
        ([(3, "王小明")], [(2, "王小明"), (3, "王小明")]),
        ([(2, "王小明"), (2, "王小明")], [(2, "王小明"), (2, "王小明")]),
        ([(2, "王小明")], [(2, "李小红")]),
        ([(2, "王小明")], [(2, "")]),
        ([(2, "")], [(2, "")]),
    ],
)
def test_what_is_ambiguous_or_unnamed_is_only_suggested(
    world: World, entries: list[tuple[int, str]], moves: list[tuple[int, str]]
) -> None:
    posted = [world.posts(day, "24", party=name) for day, name in entries]
    for day, name in moves:
        world.moves(day, "24", "转账", name)
    world.imports()
    done = world.matches()
    assert (done.matched, done.unexplained) == (0, len(moves))
    assert len(done.suggested) == len(moves)
    for suggestion in done.suggested:
        assert set(suggestion.transactions) <= set(posted)
        assert suggestion.reason
        assert 0 < suggestion.score <= 100
    assert not Match.objects.exists()


def test_the_named_candidate_is_suggested_first(world: World) -> None:
    world.posts(3, "24", party="李小红")
    world.posts(2, "24", party="王小明")
    world.posts(3, "24", party="王小明")
    world.moves(3, "24", "转账", "王小明")
    world.imports()
    (suggestion,) = world.matches().suggested
    assert [t.transfers.get().party for t in suggestion.transactions] == ["王小明", "王小明", "李小红"]
    assert suggestion.transactions[0].date == march(3)


def test_days_apart_or_another_direction_is_not_even_suggested(world: World) -> None:
    world.posts(2, "24", party="王小明")
    world.posts(6, "-24", party="王小明")
    world.moves(6, "24", "转账", "王小明")
    world.imports()
    done = world.matches()
    assert (done.matched, done.suggested, done.unexplained) == (0, [], 1)


def test_two_lines_naming_one_entry_are_not_matched(world: World) -> None:
    world.posts(2, "24", document="HD-PAY-000123")
    world.moves(2, "24", "HD-PAY-000123")
    world.moves(2, "24", "HD-PAY-000123")
    world.imports()
    assert world.matches().matched == 0


def test_an_entry_and_its_reversal_need_no_bank_line(world: World) -> None:
    original = world.posts(2, "24", party="王小明")
    reverse(original=original, date=march(3), reason="重复", external_key="test:red")
    world.posts(3, "24", party="王小明")
    world.moves(3, "24", "转账", "王小明")
    world.imports()
    assert world.matches().matched == 1
    assert rules_used() == ["reversal", "amount_and_name"]
    assert open_postings(world.account) == []
    assert clean()


def test_matching_again_changes_nothing_and_later_days_wait(world: World) -> None:
    for day in (2, 20):
        reference = world.moves(day, "24")
        world.posts(day, "24", document=reference)
    world.imports()
    assert world.matches(up_to=march(10)).matched == 1
    assert world.matches(up_to=march(10)).matched == 0
    assert world.matches(up_to=None).matched == 1
    assert Match.objects.count() == 2


def test_another_accounts_entries_are_never_taken(world: World, federation: Federation) -> None:
    other = World(federation.banks["HD"])
    other.posts(2, "24", party="王小明")
    world.moves(2, "24", "转账", "王小明")
    world.imports()
    assert world.matches().unexplained == 1


def test_by_hand_many_to_many_and_only_if_it_adds_up(world: World, federation: Federation) -> None:
    posted = [world.posts(2, "30"), world.posts(9, "18")]
    world.moves(2, "24")
    world.moves(12, "24")
    world.imports()
    ids = [line.pk for line in open_lines(world.account)]
    by_hand = {"actor": federation.maker, "reason": "两笔合并"}
    with pytest.raises(DoesNotAddUp):
        matching.match_by_hand(line_ids=ids, transaction_ids=[posted[0].pk], **by_hand)
    with pytest.raises(NotAllowed):
        matching.match_by_hand(
            line_ids=ids, transaction_ids=[t.pk for t in posted], actor=federation.cashier, reason="试"
        )
    with pytest.raises(ReconciliationError):
        matching.match_by_hand(
            line_ids=ids, transaction_ids=[t.pk for t in posted], **by_hand | {"reason": " "}
        )
    first, second = open_postings(world.account)
    made = matching.match_by_hand(
        line_ids=ids, posting_ids=[first.posting_id], transaction_ids=[posted[1].pk], **by_hand
    )
    assert (made.kind, made.reason, made.created_by) == (MatchKind.BY_HAND, "两笔合并", federation.maker)
    assert {p.posting_id for p in made.postings.all()} == {first.posting_id, second.posting_id}
    assert open_lines(world.account) == []
    with pytest.raises(AlreadyMatched):
        matching.match_by_hand(line_ids=ids, transaction_ids=[posted[1].pk], **by_hand)
    assert clean()


def test_by_hand_lines_may_cancel_each_other_out(world: World, federation: Federation) -> None:
    world.moves(2, "24", "转账")
    world.moves(3, "-24", "冲正")
    world.imports()
    ids = [line.pk for line in open_lines(world.account)]
    matching.match_by_hand(line_ids=ids, actor=federation.maker, reason="银行冲正")
    assert open_lines(world.account) == []
    assert clean()


@pytest.mark.parametrize("posting_ids", [[], ["x"], ["1"], ["999999999999999999D"], ["9" * 30 + "C"]])
def test_by_hand_nothing_is_refused(world: World, federation: Federation, posting_ids: list[str]) -> None:
    with pytest.raises(NothingToMatch):
        matching.match_by_hand(line_ids=[], posting_ids=posting_ids, actor=federation.maker, reason="试")


def test_undoing_stays_on_record_and_opens_both_sides(world: World, federation: Federation) -> None:
    reference = world.moves(2, "24")
    world.posts(2, "24", document=reference)
    world.imports()
    world.matches()
    made = Match.objects.get()
    with pytest.raises(ReconciliationError):
        matching.undo(match=made, actor=federation.maker, reason="")
    matching.undo(match=made, actor=federation.maker, reason="看错")
    made.refresh_from_db()
    assert (made.undone_by, made.undone_reason) == (federation.maker, "看错")
    assert made.lines.count() == made.postings.count() == 1
    assert len(open_lines(world.account)) == len(open_postings(world.account)) == 1
    with pytest.raises(AlreadyUndone):
        matching.undo(match=made, actor=federation.maker, reason="再来")
    assert world.matches().matched == 1
    assert clean()


def test_a_fee_is_posted_where_the_chart_of_the_book_has_it(federation: Federation) -> None:
    for code, expense in (("TJ", "50602"), ("HD-C001", "50504")):
        world = World(federation.banks[code])
        world.moves(2, "100", "拨款")
        world.moves(3, "-5.50", "手续费")
        world.imports()
        made = matching.post_fee(line=world.line(sequence=2), actor=federation.maker)
        assert made.kind == MatchKind.FEE
        assert balance_of(world.account.book, expense) == Money("5.50", "CNY")
        assert world.line(sequence=2).state == "matched"
    assert clean()


def test_interest_and_unknown_credits_are_posted(world: World, federation: Federation) -> None:
    world.moves(20, "3.21", "结息")
    world.moves(21, "500", "转账", "来路不明")
    world.imports()
    matching.post_interest(line=world.line(sequence=1), actor=federation.maker)
    matching.post_unknown_credit(line=world.line(sequence=2), actor=federation.maker)
    book = world.account.book
    assert balance_of(book, "408") == Money("3.21", "CNY")
    assert balance_of(book, "21502") == Money("500", "CNY")
    assert balance_of(book, "102") == Money("503.21", "CNY")
    with pytest.raises(AlreadyMatched):
        matching.post_interest(line=world.line(sequence=1), actor=federation.maker)
    assert clean()


def test_only_the_right_direction_and_person_posts(world: World, federation: Federation) -> None:
    world.moves(2, "100")
    world.moves(3, "-5")
    world.imports()
    into, out = world.line(sequence=1), world.line(sequence=2)
    for act, line in (
        (matching.post_fee, into),
        (matching.post_interest, out),
        (matching.post_unknown_credit, out),
    ):
        with pytest.raises(WrongDirection):
            act(line=line, actor=federation.maker)
    with pytest.raises(NotAllowed):
        matching.post_fee(line=out, actor=federation.cashier)
    assert not Transaction.objects.exists()


def test_undoing_a_fee_takes_its_entry_back_in_red(world: World, federation: Federation) -> None:
    world.moves(2, "100", "拨款")
    world.moves(3, "-5", "转账")
    world.imports()
    line = world.line(sequence=2)
    matching.undo(
        match=matching.post_fee(line=line, actor=federation.maker),
        actor=federation.maker,
        reason="不是手续费",
    )
    assert balance_of(world.account.book, "50602") == Money(0, "CNY")
    assert open_postings(world.account) == []
    assert world.line(sequence=2).state == "open"
    matching.post_fee(line=line, actor=federation.maker)
    assert balance_of(world.account.book, "50602") == Money(5, "CNY")
    assert clean()


def test_a_transfer_between_two_bank_accounts_of_a_book_is_matched_on_each(
    world: World, federation: Federation
) -> None:
    from tests.factories import bank_account_of

    second = World(bank_account_of(federation.books["TJ"], "TJ-B2"))
    post(
        book=federation.books["TJ"],
        external_key="test:between",
        date=march(2),
        kind="test",
        summary="内部调拨",
        document="NB-260302-01",
        entries=[
            Entry(
                debit=second.account.account.code,
                credit=world.account.account.code,
                amount=Money(70, "CNY"),
            )
        ],
    )
    for side, amount in ((world, "-70"), (second, "70")):
        side.moves(2, amount, "调拨NB-260302-01")
        side.imports()
        assert side.matches().matched == 1
    assert clean()


def _equal_dues(count: int) -> rules.Open:
    """Dues of one day, amount and name, as in the first days of a year; every second one has a reference."""
    day, dues = march(2), Money(24, "CNY")
    return rules.Open(
        [
            StatementLine(
                pk=n,
                booked_on=day,
                amount=dues,
                bank_reference=f"B{n:08d}",
                summary="会费",
                counterparty_name="王小明",
            )
            for n in range(1, count + 1)
        ],
        [
            OpenPosting(
                transfer_id=n,
                side="D",
                amount=dues.amount,
                transaction_id=n,
                date=day,
                kind="dues.bank",
                summary="收会费 王小明",
                document=f"B{n:08d}" if n % 2 else "",
                external_key=f"dues:{n}",
                party="王小明",
                reverses_id=None,
            )
            for n in range(1, count + 1)
        ],
    )


def test_thousands_of_equal_amounts_do_not_cost_their_square() -> None:
    items = _equal_dues(20_000)
    begun = time.perf_counter()
    found = {}
    for name, rule in rules.RULES:
        groups = rule(items)
        items.take(groups)
        found[name] = len(groups)
    suggested = rules.candidates(items)
    # Comparing each with each, 400 million times, takes minutes.
    assert time.perf_counter() - begun < 30
    assert {name: count for name, count in found.items() if count} == {"reference": 10_000}
    assert len(suggested) == 10_000
