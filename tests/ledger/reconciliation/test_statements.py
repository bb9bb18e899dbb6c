"""Statements: taken whole or refused with line and reason, twice as once, never a movement lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from djmoney.money import Money
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books.integrity import verify
from ledger.reconciliation.errors import FileRefused
from ledger.reconciliation.models import Statement, StatementLine
from ledger.reconciliation.statement_files import read_csv
from portal.accounts.models import AuditEvent
from portal.accounts.permissions import NotAllowed
from portal.demo.bank import DemoBank
from tests.conftest import Federation

from .conftest import MARCH, World, march

Csv = Callable[..., bytes]


def refused(world: World, content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refusal:
        world.imports(content)
    assert not StatementLine.objects.exists()
    assert not Statement.objects.exists()
    return refusal.value


def test_the_demo_banks_statement_is_read(world: World, federation: Federation) -> None:
    reference = world.moves(2, "1234.50", "会费", "王小明", "6217990000001234")
    world.moves(5, "-200", "代发DF260305000001")
    imported = world.imports(actor=federation.cashier)
    assert (imported.new, imported.duplicate, imported.rejected) == (2, 0, [])
    first = world.line(sequence=1)
    assert (first.booked_on, first.amount, first.balance_after) == (
        march(2),
        Money("1234.50", "CNY"),
        Money("1234.50", "CNY"),
    )
    assert (first.bank_reference, first.counterparty_name, first.counterparty_account) == (
        reference,
        "王小明",
        "1234",
    )
    assert world.line(sequence=2).amount == Money("-200", "CNY")
    statement = imported.statement
    assert statement is not None
    assert (statement.opening_balance, statement.closing_balance) == (
        Money(0, "CNY"),
        Money("1034.50", "CNY"),
    )
    assert (statement.from_day, statement.to_day) == (march(2), march(5))
    assert AuditEvent.objects.get(action="statement.imported").details["new"] == 2
    assert all(result.ok for result in verify())


def test_importing_again_adds_nothing_and_a_longer_download_only_what_is_new(world: World) -> None:
    world.moves(2, "100")
    world.moves(3, "-30")
    world.imports()
    again = world.imports()
    assert (again.statement, again.new, again.duplicate) == (None, 0, 2)
    world.moves(9, "5")
    longer = world.imports()
    assert (longer.new, longer.duplicate) == (1, 2)
    assert StatementLine.objects.count() == 3
    assert Statement.objects.count() == 2


def test_identical_transfers_of_a_day_stay_two(world: World, csv_of: Csv) -> None:
    world.moves(2, "24", "会费", "王小明", "6217990000001234")
    world.moves(2, "24", "会费", "王小明", "6217990000001234")
    assert world.imports().new == 2
    assert world.imports().new == 0
    # The same where the bank gives no reference, or restarts its numbers.
    world.imports(
        csv_of("2026-03-03,,会费,,24,72,,", "2026-03-03,,会费,,24,96,,", "2026-03-04,1,会费,,4,100,,")
    )
    assert world.imports(csv_of("2026-03-05,1,会费,,4,104,,", "2026-03-05,1,会费,,4,108,,")).new == 2
    assert world.imports(csv_of("2026-03-05,1,会费,,4,104,,", "2026-03-05,1,会费,,4,108,,")).duplicate == 2
    assert StatementLine.objects.count() == 7


def test_a_balance_brought_forward_is_a_line_to_be_explained(world: World, csv_of: Csv) -> None:
    assert world.imports(csv_of("2026-03-02,A1,会费,,24.00,1024.00,,")).new == 1
    opening = world.line(sequence=0)
    assert (opening.amount, opening.summary) == (Money(1000, "CNY"), "期初余额")
    assert world.imports(csv_of("2026-03-02,A1,会费,,24.00,1024.00,,")).new == 0
    assert all(result.ok for result in verify())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings(world: World, csv_of: Csv, encoding: str) -> None:
    assert world.imports(csv_of("2026-03-02,A1,会费,,24.00,24.00,王小明,1", encoding=encoding)).new == 1
    assert world.line(sequence=1).counterparty_name == "王小明"


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("余额,摘要,交易日期,发生额", ["24.00,会费,2026/3/2,24", "20.00,手续费,20260303,-4.00"]),
        (
            "记账日期,借贷标志,交易金额,账户余额",
            ["2026年3月2日,贷,24.00,24.00", "2026-03-03 10:20:30,借,4.00,20.00"],
        ),
        (
            "交易时间\t支出\t收入\t本次余额",
            ["2026-03-02 09:00\t\t24.00\t24.00", "2026-03-03 09:00\t4\t0.00\t20"],
        ),
        (
            "币种,交易日期,借方发生额(元),贷方发生额(元),余额(元)",
            ["人民币,2026-03-02,--,24.00,¥24.00", "CNY,2026-03-03,4.00,,20.00"],
        ),
        ("Date,Amount,Balance,Description", ["2026-03-03,-4.00,20.00,fee", "2026-03-02,24.00,24.00,dues"]),
    ],
)
def test_layouts_of_several_banks_say_the_same(
    world: World, csv_of: Csv, header: str, lines: list[str]
) -> None:
    assert world.imports(csv_of(*lines, header=header)).new == 2
    found = [(line.booked_on, line.amount, line.balance_after) for line in StatementLine.objects.all()]
    assert found == [
        (march(2), Money(24, "CNY"), Money(24, "CNY")),
        (march(3), Money(-4, "CNY"), Money(20, "CNY")),
    ]


def test_a_head_a_total_and_lines_without_movement(world: World, csv_of: Csv) -> None:
    masked = f"{world.account.number[:4]}****{world.account.number[-4:]}"
    content = csv_of(
        "2026-03-01,,承前页,,,100.00",
        "2026-03-02,A1,会费,,24.00,124.00",
        "2026-03-03,A2,手续费,4.00,,120.00",
        "合计,,,4.00,24.00,",
        header=f"账号:{masked},币种,人民币\r\n期初余额,100.00,期末余额,120.00\r\n交易日期,流水号,摘要,借方,贷方,余额",
    )
    imported = world.imports(content)
    assert imported.new == 2
    assert [line for line, _reason in imported.rejected] == [4, 7]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["2026-03-02,A1,会费,,24.00,24.00,,", "2026-03-03,A2,会费,,24.00,49.00,,"], 3),
        (
            ["2026-03-02,A1,会费,,24.00,24.00,,", "2026-03-04,A3,会费,,1,49,,", "2026-03-03,A2,会费,,1,26,,"],
            3,
        ),
        (["2026-03-02,A1,会费,,24.00,24.00,"], 2),
        (["2026-03-02,A1,会费,,24.00,24.00,,,"], 2),
        (["2026-13-02,A1,会费,,24.00,24.00,,"], 2),
        (["2026-02-30,A1,会费,,24.00,24.00,,"], 2),
        (["2026-03-02,A1,会费,,24.005,24.00,,"], 2),
        (["2026-03-02,A1,会费,,二十四,24.00,,"], 2),
        (["2026-03-02,A1,会费,,1.2E+5,24.00,,"], 2),
        (["2026-03-02,A1,会费,,NaN,24.00,,"], 2),
        (['2026-03-02,A1,会费,,"1,2,3.00",24.00,,'], 2),
        (["2026-03-02,A1,会费,4.00,24.00,20.00,,"], 2),
        (["2026-03-02,A1,会费,,24.00,,,"], 2),
        ([f"2026-03-02,{'9' * 81},会费,,24.00,24.00,,"], 2),
        (["2026-03-02,A1,会费,,24.00,24.00,,", "合计,,,,25.00,,,"], 3),
        (['2026-03-02,A1,"会费,,24.00,24.00,,'], 2),
        ([], 0),
    ],
)
def test_files_that_cannot_be_true_are_refused_whole_with_their_line(
    world: World, csv_of: Csv, lines: list[str], line: int
) -> None:
    assert refused(world, csv_of(*lines)).line == line


def test_every_bad_line_is_named(world: World, csv_of: Csv) -> None:
    problems = refused(world, csv_of("x,A1,,,24.00,24.00,,", "2026-03-02,A1,,,y,24.00,,")).problems
    assert [line for line, _reason in problems] == [2, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        "只有文字\n".encode(),
        b"\xff\xfe\xff\xff\n",
        "交易日期,余额\n2026-03-02,24.00\n".encode(),
        "交易日期,借方发生额,余额\n2026-03-02,1.00,24.00\n".encode(),
        "交易日期,金额,余额,余额\n2026-03-02,1.00,24.00,24.00\n".encode(),
        "交易日期,借贷标志,金额,余额\n2026-03-02,平,1.00,1.00\n".encode(),
        "交易日期,金额,余额,币种\n2026-03-02,1.00,1.00,美元\n".encode(),
        "币种,USD\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
        "账号,9900999999999999\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
        "账号:9900****9999\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
        "本方账号,交易日期,金额,余额\n9900999999999999,2026-03-02,1.00,1.00\n".encode(),
        "期末余额,2.00\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
        "期初余额,-1.00\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
        "期初余额,无\n交易日期,金额,余额\n2026-03-02,1.00,1.00\n".encode(),
    ],
)
def test_other_files_accounts_and_currencies_are_refused(world: World, content: bytes) -> None:
    refused(world, content)


def test_a_truncated_download_is_refused_wherever_it_was_cut_within_a_line(world: World) -> None:
    for day in range(2, 6):
        world.moves(day, "24", "会费", "王小明", "6217990000001234")
    whole = world.statement()
    start = whole.rindex(b"\r\n", 0, -2) + 2
    for cut in range(start + 1, len(whole) - 2):
        assert refused(world, whole[:cut]).problems
    assert world.imports(whole).new == 4


def test_a_gap_to_the_last_statement_is_refused_until_it_is_filled(world: World) -> None:
    world.moves(2, "100")
    world.imports()
    world.moves(10, "20")
    world.moves(20, "3")
    late = world.statement(march(20), MARCH[1])
    with pytest.raises(FileRefused, match=r"100\.00.*120\.00") as gap:
        world.imports(late)
    assert gap.value.line == 2
    world.imports(world.statement(march(10), march(19)))
    assert world.imports(late).new == 1


def test_a_bank_that_changes_what_it_said_is_refused(world: World, csv_of: Csv) -> None:
    world.imports(csv_of("2026-03-02,A1,会费,,24.00,24.00,,", "2026-03-03,A2,会费,,1.00,25.00,,"))
    with pytest.raises(FileRefused) as changed:
        world.imports(csv_of("2026-03-02,A1,会费,,25.00,25.00,,"))
    assert changed.value.line == 2
    with pytest.raises(FileRefused) as inserted:
        world.imports(
            csv_of(
                "2026-03-02,A0,会费,,0.00,24.00,,",
                "2026-03-02,B,会费,,24.00,24.00,,",
                "2026-03-03,A2,会费,,1.00,25.00,,",
            )
        )
    assert inserted.value.line == 4
    assert StatementLine.objects.count() == 2


def test_only_who_may_import_imports(world: World, federation: Federation) -> None:
    world.moves(2, "100")
    with pytest.raises(NotAllowed):
        world.imports(actor=federation.checker)
    with pytest.raises(FileRefused):
        world.imports(format="mt940")


def _statement() -> bytes:
    bank = DemoBank()
    for day in range(2, 8):
        bank.move(account="990012345678", date=march(day), amount=Decimal("24.10"), summary="会费")
    return bank.statement(account="990012345678", first=MARCH[0], last=MARCH[1])


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_is_read_right_or_refused(data: st.DataObject) -> None:
    """Whatever happens to some bytes: no other exception, and every balance still follows."""
    content = bytearray(_statement())
    for _n in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        what = data.draw(st.sampled_from(["set", "delete", "insert", "double"]))
        if what == "set":
            content[at] = data.draw(st.integers(0, 255))
        elif what == "delete":
            del content[at : at + data.draw(st.integers(1, 40))]
        elif what == "insert":
            content[at:at] = data.draw(
                st.binary(min_size=1, max_size=6) | st.sampled_from([b'"', b",", b"\r", "。".encode()])
            )
        else:
            content[at:at] = content[at : at + 60]
        if not content:
            break
    try:
        file = read_csv(bytes(content), account_number="990012345678")
    except FileRefused:
        return
    assert file.opening + sum(row.amount for row in file.rows) == file.closing


def test_reading_stops_after_a_hundred_lines_that_cannot_be_true(world: World) -> None:
    head = "交易日期,金额,余额,摘要\n"
    nonsense = head + "昨天,1.00,1.00,会费\n" * 5000
    assert len(refused(world, nonsense.encode()).problems) == 100
    broken_chain = head + "".join(f"2026-03-02,1.00,{n}.00,会费\n" for n in range(1, 1000, 2))
    assert len(refused(world, broken_chain.encode()).problems) == 100
