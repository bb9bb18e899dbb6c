"""银行存款余额调节表: both sides come to the same balance, whatever is in transit at the end of the month."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from djmoney.money import Money

from ledger.books.integrity import verify
from ledger.reconciliation import matching
from ledger.reconciliation.queries import adjustment, open_lines
from tests.conftest import Federation

from .conftest import World

APRIL = (dt.date(2026, 4, 1), dt.date(2026, 4, 30))


def yuan(amount: str) -> Money:
    return Money(amount, "CNY")


@pytest.fixture
def open_at_the_end(world: World) -> World:
    """One matched payment of 1000, and each kind of open item."""
    world.posts(2, "1000", document=world.moves(2, "1000"))
    world.moves(29, "8", "结息")
    world.moves(30, "-5", "手续费")
    world.posts(31, "24", summary="会费在途")
    world.posts(31, "-150", summary="代发在途", document="DF260331000001")
    world.imports()
    world.matches()
    return world


def test_the_four_kinds_of_open_items_explain_the_difference(open_at_the_end: World) -> None:
    found = adjustment(bank_account=open_at_the_end.account, month=202603)
    assert (found.book_balance, found.bank_balance) == (yuan("874"), yuan("1003"))
    kinds = (
        found.bank_received_we_not,
        found.bank_paid_we_not,
        found.we_received_bank_not,
        found.we_paid_bank_not,
    )
    assert [[(i.amount, i.summary) for i in kind] for kind in kinds] == [
        [(yuan("8"), "结息")],
        [(yuan("5"), "手续费")],
        [(yuan("24"), "会费在途")],
        [(yuan("150"), "代发在途")],
    ]
    assert found.adjusted_book == found.adjusted_bank == yuan("877")
    assert found.ties
    assert (found.unexplained, found.statement_until) == (2, dt.date(2026, 3, 30))


def test_what_is_matched_across_the_month_was_in_transit_at_its_end(
    open_at_the_end: World, federation: Federation
) -> None:
    world = open_at_the_end
    for sequence, act in ((2, matching.post_interest), (3, matching.post_fee)):
        act(line=world.line(sequence=sequence), actor=federation.maker)
    world.bank.move(account=world.account.number, date=APRIL[0], amount=-150, summary="代发DF260331000001")
    world.bank.move(account=world.account.number, date=APRIL[0], amount=24, summary="转账")
    world.imports(world.statement(*APRIL))
    assert world.matches(up_to=APRIL[1]).matched == 1
    world.posts(1, "-9", month=4)
    march_end = adjustment(bank_account=world.account, month=202603)
    assert [i.amount for i in march_end.we_paid_bank_not] == [yuan("150")]
    assert (march_end.unexplained, march_end.ties) == (0, True)
    april_end = adjustment(bank_account=world.account, month=202604)
    assert [i.amount for i in april_end.we_paid_bank_not] == [yuan("9")]
    assert [i.amount for i in april_end.bank_received_we_not] == [yuan("24")]
    assert (april_end.unexplained, april_end.ties) == (1, True)


def test_an_entry_of_a_later_month_explains_a_line(world: World, federation: Federation) -> None:
    world.moves(31, "24")
    world.imports()
    posted = world.posts(1, "24", month=4)
    (line,) = open_lines(world.account)
    matching.match_by_hand(
        line_ids=[line.pk], transaction_ids=[posted.pk], actor=federation.maker, reason="次月入账"
    )
    found = adjustment(bank_account=world.account, month=202603)
    assert [i.amount for i in found.bank_received_we_not] == [yuan("24")]
    assert (found.unexplained, found.ties) == (0, True)


def test_a_balance_brought_forward_is_explained_by_the_opening_entry(world: World) -> None:
    world.bank.move(account=world.account.number, date=dt.date(2026, 2, 27), amount=1000, summary="旧账")
    world.moves(2, "-5", "手续费")
    world.imports()
    opening = world.posts(1, "1000", month=1, document="建账")
    before = adjustment(bank_account=world.account, month=202603)
    assert before.ties
    assert before.unexplained == 2
    found = world.line(sequence=0)
    assert found.amount == opening.transfers.get().amount


def test_without_statement_everything_is_in_transit(world: World) -> None:
    world.posts(2, "24")
    found = adjustment(bank_account=world.account, month=202603)
    assert (found.bank_balance, found.statement_until) == (yuan("0"), None)
    assert found.ties


def test_a_wrong_total_does_not_tie(open_at_the_end: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE books_turnover SET debit = debit + 1 WHERE account_id = %s",
            [open_at_the_end.account.account_id],
        )
        cursor.execute("SET session_replication_role = origin")
    assert not adjustment(bank_account=open_at_the_end.account, month=202603).ties


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_commands_import_match_and_print(world: World, tmp_path: Path) -> None:
    world.posts(2, "1000", document=world.moves(2, "1000"))
    world.moves(30, "-5", "手续费")
    file = tmp_path / "流水.csv"
    file.write_bytes(world.statement())
    imports = ("statement_import", str(file), "--bank-account", world.account.code)
    first, again = run(*imports), run(*imports, "--format", "csv")
    assert (first[0], first[1].split()[0], again[1].split()[0]) == (0, "2", "0")
    arguments = ("reconcile", "--bank-account", world.account.code, "--period", "2026-03")
    code, out, _err = run(*arguments, "--json")
    data: dict[str, Any] = json.loads(out)
    assert code == 0
    assert {
        "bank_account": "TJ-B1",
        "period": "2026-03",
        "matched": 1,
        "suggested": 0,
        "unexplained": 1,
        "book_balance": "1000.00",
        "bank_balance": "995.00",
        "adjusted_book": "995.00",
        "adjusted_bank": "995.00",
        "ties": True,
        "statement_until": "2026-03-30",
    }.items() <= data.items()
    assert [item["amount"] for item in data["bank_paid_we_not"]] == ["5.00"]
    code, out, _err = run(*arguments)
    assert code == 0
    # Matched the first time, and still counted the second.
    assert out.startswith("1 matched, 0 suggested, 1 unexplained")
    assert "995.00  调节后银行余额" in out
    assert all(result.ok for result in verify())


@pytest.mark.parametrize(
    "arguments",
    [
        ("statement_import", "/nowhere.csv", "--bank-account", "TJ-B1"),
        ("statement_import", __file__, "--bank-account", "TJ-B1"),
        ("statement_import", __file__, "--bank-account", "XX"),
        ("reconcile", "--bank-account", "XX", "--period", "2026-03"),
        ("reconcile", "--bank-account", "TJ-B1", "--period", "2026-13"),
        ("reconcile", "--bank-account", "TJ-B1", "--period", "0000-01"),
    ],
)
def test_bad_input_ends_with_2_and_a_message_on_stderr(
    federation: Federation, arguments: tuple[str, ...]
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.strip()
