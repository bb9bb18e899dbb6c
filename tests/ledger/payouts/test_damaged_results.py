"""Thousands of damaged result files: never a crash, and no line is ever paid or failed but as the file truly says.

Each case has its seed in its name: the same damage is done again by running that case alone.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import xlrd
from django.db import transaction
from djmoney.money import Money

from ledger.payouts import formats
from ledger.payouts.answers import Answer, answers_to, require_this_batch
from ledger.payouts.errors import FileRefused
from ledger.payouts.formats import FORMATS, files
from ledger.payouts.formats.description import SheetLayout, TextLayout
from ledger.payouts.models import Batch, BatchLine, LineState
from ledger.payouts.results import import_result
from tests.conftest import Federation

from .conftest import letter_of, the_bank_answers
from .damage import DAMAGE

DAY = dt.date(2026, 3, 16)
RELEASED = dt.datetime(2026, 3, 15, tzinfo=dt.UTC)
EVERY = pytest.mark.parametrize("code", sorted(FORMATS))
_NAMES = ("张示例", "买买提·艾力", "欧阳示例", "O'Neil AB", "龑示例", "李\u3000示例", "王示例")
_ANSWERS = (("S", "", "交易成功"), ("E", "3031", "账号户名不符"), ("P", "", "处理中"), ("R", "3056", "退票"))
_STATES = {"paid": LineState.PAID, "failed": LineState.FAILED, "returned": LineState.FAILED}


def a_batch(dice: random.Random) -> tuple[Batch, list[BatchLine]]:
    """A batch that was sent, with its lines, as if from the database."""
    lines = [
        BatchLine(
            seq=seq, reference=f"B{dice.randrange(10**9):010d}-1", payee_name=dice.choice(_NAMES),
            card_number=f"{dice.randrange(10**18, 10**19)}", state=LineState.SENT,
            amount=Money(Decimal(dice.randint(1, 500_000)) / 100, "CNY"),
        )
        for seq in range(1, dice.randint(3, 7))
    ]  # fmt: skip
    for line in lines:
        line.card_last4 = line.card_number[-4:]
    batch = Batch(
        code=f"DF260316{dice.randrange(10**6):06d}", line_count=len(lines), value_date=DAY,
        total=Money(sum(line.amount.amount for line in lines), "CNY"),
        released_at=RELEASED,
    )  # fmt: skip
    return batch, lines


def a_result(
    known: formats.Format, batch: Batch, lines: list[BatchLine], dice: random.Random
) -> tuple[bytes, dict[int, str]]:
    """The bank's file about most of the lines, and what it says of each."""
    rows, amounts = [], []
    said: dict[int, str] = {}
    for line in lines:
        if dice.random() < 0.1:
            continue
        letter, code, message = dice.choice(_ANSWERS)
        word = letter_of(known, letter)
        said[line.seq] = known.outcomes[word]
        rows.append(
            formats.ResultRow(
                seq=line.seq,
                outcome=word,
                reference=line.reference,
                account=line.card_number,
                name=line.payee_name,
                code=code,
                message=message,
                bank_reference=f"B{line.seq}",
                date=DAY,
            )
        )
        amounts.append(int(line.amount.amount * 100))
    content = formats.render_result(
        known, rows, batch=batch.code, date=DAY, amounts_fen=amounts,
        request=(batch.line_count, int(batch.total.amount * 100)),
    )  # fmt: skip
    return content, said


def taken(known: formats.Format, batch: Batch, lines: list[BatchLine], content: bytes) -> dict[int, Answer]:
    file = formats.read_result(known, content)
    require_this_batch(batch, file)
    return answers_to(known, batch, lines, file)


def _records(known: formats.Format, content: bytes) -> Iterable[set[str]]:
    """What stands together in the file, read in the plainest way, apart from the code under test."""
    match known.result:
        case TextLayout(encoding=encoding):
            text = content.decode("utf-8" if encoding == "utf-8-sig" else encoding, errors="replace")
            for line in text.split("\n"):
                yield {cell.strip(' "\ufeff\r') for cell in re.split(r"\|!|\||,", line)}
        case SheetLayout(container="xls"):
            page = xlrd.open_workbook(file_contents=content, logfile=io.StringIO()).sheet_by_index(0)
            for number in range(page.nrows):
                yield _cells(page.row_values(number))
        case SheetLayout():
            page = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
            for row in page.iter_rows(values_only=True, max_col=20):
                yield _cells(row)
        case _:
            text = content.decode("utf-8", errors="replace")
            for record in re.findall(r"<TxInfAndSts.*?</TxInfAndSts>", text, re.DOTALL):
                yield {cell.strip() for cell in re.findall(r">([^<]*)<", record)}


def _cells(row: Iterable[Any]) -> set[str]:
    return {f"{cell:g}" if isinstance(cell, float | int) else str(cell).strip() for cell in row}


def _truly_says(known: formats.Format, content: bytes, line: BatchLine, state: str) -> bool:
    words = {word for word, said in known.outcomes.items() if _STATES.get(said) == state}
    return any(
        words & cells and (line.reference in cells or any(c.isdigit() and int(c) == line.seq for c in cells))
        for cells in _records(known, content)
    )


def _try(code: str, seed: int) -> str:
    """One damaged file; returns what became of it, raises AssertionError for a lie and lets a crash through."""
    dice = random.Random(f"{code} {seed}")
    known = formats.get(code)
    batch, lines = a_batch(dice)
    content, said = a_result(known, batch, lines, dice)
    for _ in range(dice.choice((1, 1, 1, 2))):
        content = dice.choice(DAMAGE)(dice, content) if content else content
    try:
        answers = taken(known, batch, lines, content)
    except FileRefused as refused:
        return "refused" if str(refused) and refused.line >= 0 else "refused without a word"
    for line in lines:
        answer = answers.get(line.seq)
        if answer is None or answer.state == LineState.UNKNOWN:
            continue
        assert _truly_says(known, content, line, answer.state), f"seed {seed}, line {line.seq}: {answer}"
    return "as before" if {n: a.state for n, a in answers.items() if n in said} == said else "taken"


def _damage(code: str, seeds: range) -> dict[str, int]:
    found: dict[str, int] = {}
    for seed in seeds:
        became = _try(code, seed)
        found[became] = found.get(became, 0) + 1
    return found


@EVERY
def test_a_damaged_file_is_refused_or_taken_as_it_truly_reads(code: str) -> None:
    found = _damage(code, range(1_000))
    assert found["refused"] > 300
    assert set(found) <= {"refused", "as before", "taken"}


@pytest.mark.slow
@EVERY
def test_so_are_twenty_thousand_more_of_every_format(code: str) -> None:
    is_sheet = isinstance(formats.get(code).result, SheetLayout)
    found = _damage(code, range(1_000, 6_000 if is_sheet else 21_000))
    assert found["refused"] > 0
    assert set(found) <= {"refused", "as before", "taken"}


# How an amount of 1000.00 yuan may be written, and whether it is still that amount.
_AMOUNTS = {
    "1000.00": True, "1,000.00": True, "1000": True, "1000.0": True, " 1000.00 ": True,
    "1E3": False, "1e+03": False, "１０００.００": False, "1000.00元": False, "¥1000.00": False, "-1000.00": False,
    "+1000.00": False, "1000.001": False, "10,00.00": False, "1,0,00.00": False, "1.000,00": False, "1 000.00": False,
    "1000.": False, ".1000": False, "0x3E8": False, "1_000.00": False, "": False, "nan": False, "١٠٠٠": False,
    "9" * 400: False, "1000.0000000000000000000001": False, "999.99": False, "100000": False, "壹仟元": False,
}  # fmt: skip


def _with(known: formats.Format, change: Callable[[dict[str, str], list[dict[str, str]]], None]) -> bytes:
    """A result about two lines of 1000.00 yuan each, all paid, written after a change of its values."""
    said = letter_of(known, "S")
    amount = "1000.00" if known.result.amount_unit == "yuan" else "100000"
    total = "2000.00" if known.result.amount_unit == "yuan" else "200000"
    head = {
        "batch": "DF260316000001", "count": "2", "total": total, "batch_count": "2", "batch_total": total,
        "date": DAY.strftime(known.result.date_format), "payer_account": "990000000001", "message_id": "R1",
        "created": "2026-03-16T18:00:00", "answers": "pain.001.001.09", "group": "", "payment_group": "",
        "group_code": "", "group_message": "",
    }  # fmt: skip
    details = [
        {
            "seq": str(n), "reference": f"B000000000{n}-1", "account": f"622848000000000000{n}", "name": "张示例",
            "amount": amount, "outcome": said, "code": "", "message": "", "bank_reference": f"F{n}",
            "date": DAY.strftime(known.result.date_format), "time": DAY.strftime(known.result.time_format),
        }
        for n in (1, 2)
    ]  # fmt: skip
    change(head, details)
    return files.write(known.result, head, details)


def _of_two() -> tuple[Batch, list[BatchLine]]:
    lines = [
        BatchLine(seq=n, reference=f"B000000000{n}-1", card_last4=f"000{n}", amount=Money(1000, "CNY"),
                  state=LineState.SENT)
        for n in (1, 2)
    ]  # fmt: skip
    batch = Batch(
        code="DF260316000001", line_count=2, value_date=DAY, total=Money(2000, "CNY"),
        released_at=RELEASED,
    )  # fmt: skip
    return batch, lines


@pytest.mark.parametrize("text", _AMOUNTS, ids=[repr(t[:20]) for t in _AMOUNTS])
@pytest.mark.parametrize("code", ["pipe_gbk", "abc_fixed", "csv_utf8", "iso20022"])
def test_an_amount_is_taken_only_when_it_can_mean_nothing_else(code: str, text: str) -> None:
    known = formats.get(code)

    def change(_head: dict[str, str], details: list[dict[str, str]]) -> None:
        details[1]["amount"] = text

    try:
        content = _with(known, change)
    except UnicodeEncodeError:
        return
    # ISO 20022 may leave the amount out; then the line is known by our reference alone.
    if _AMOUNTS[text] or (code == "iso20022" and not text):
        answers = taken(known, *_of_two(), content)
        assert {answer.state for answer in answers.values()} == {LineState.PAID}
    else:
        with pytest.raises(FileRefused):
            taken(known, *_of_two(), content)


_CHANGES: dict[str, Callable[[dict[str, str], list[dict[str, str]]], Any]] = {
    "a line twice": lambda _h, d: d.append(dict(d[0])),
    "a line of nobody": lambda _h, d: d[0].update(seq="77", reference="B0000000077-1"),
    "no reference and no number": lambda _h, d: d[0].update(seq="0", reference=""),
    "another card": lambda _h, d: d[0].update(account="6228480000000009999"),
    "another result": lambda _h, d: d[0].update(outcome="成功了"),
    "no result": lambda _h, d: d[0].update(outcome=""),
    "a day to come": lambda _h, d: d[0].update(date="20991231", time="20991231000000"),
    "no day of any calendar": lambda _h, d: d[0].update(date="2026-02-30", time="20260230000000"),
    "a code that contradicts": lambda _h, d: d[0].update(code="3031"),
    "another payout": lambda h, _d: h.update(batch="DF260316999999"),
    "another count": lambda h, _d: h.update(count="3", batch_count="3"),
    "another total": lambda h, _d: h.update(total="2001.00", batch_total="2001.00"),
    "a huge count": lambda h, _d: h.update(count="9" * 300, batch_count="9" * 300),
}


@EVERY
@pytest.mark.parametrize("what", _CHANGES)
def test_what_cannot_be_true_is_refused_where_the_format_can_say_it(code: str, what: str) -> None:
    known = formats.get(code)
    whole = _with(known, lambda _h, _d: None)
    assert {a.state for a in taken(known, *_of_two(), whole).values()} == {LineState.PAID}
    changed = _with(known, _CHANGES[what])
    if changed == whole:
        return  # the format has no such column
    with pytest.raises(FileRefused):
        taken(known, *_of_two(), changed)


@pytest.mark.parametrize("code", ["csv_gb18030", "csv_utf8", "iso20022", "xls_online", "xlsx_counter"])
@pytest.mark.parametrize(
    "name", ["䶮示例", "𠮷田", "买买提•艾力", "买买提・艾力", "买买提．艾力", "（张）示例", "ＡＢ"]
)
def test_rare_characters_and_dots_of_every_kind_in_a_result_change_nothing(code: str, name: str) -> None:
    known = formats.get(code)
    content = _with(known, lambda _h, d: d[0].update(name=name))
    assert {a.state for a in taken(known, *_of_two(), content).values()} == {LineState.PAID}


@EVERY
def test_a_settled_state_of_the_database_is_what_the_damaged_file_says(
    sent: Callable[..., Batch], federation: Federation, code: str
) -> None:
    known = formats.get(code)
    batch = sent(4, code)
    content = the_bank_answers(batch, {2: ("E", "3031", "账号户名不符"), 3: ("P", "", "处理中")})
    dice = random.Random(code)
    for _ in range(25):
        damaged = dice.choice(DAMAGE)(dice, content)
        before = list(batch.lines.order_by("seq").values_list("state", flat=True))
        with transaction.atomic():
            try:
                outcome = import_result(batch=batch, content=damaged, actor=federation.cashier)
            except FileRefused:
                assert list(batch.lines.order_by("seq").values_list("state", flat=True)) == before
            else:
                for line in [*outcome.paid, *outcome.failed]:
                    assert _truly_says(known, damaged, line, line.state)
                again = import_result(batch=batch, content=damaged, actor=federation.cashier)
                assert (again.paid, again.failed, again.unknown) == ([], [], [])
                transaction.set_rollback(True)
