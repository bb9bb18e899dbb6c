"""Whatever can be paid comes back as it went out; whatever is done to a file never makes a payment true or false."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.payouts import formats
from ledger.payouts.errors import FileRefused
from ledger.payouts.formats import FORMATS

DAY = dt.date(2026, 3, 16)
names = st.text(alphabet="张王李赵买提·艾力示例龑欧阳ABab .", min_size=1, max_size=20).filter(
    lambda n: n == n.strip()
)
known_formats = st.sampled_from(sorted(FORMATS)).map(formats.get)


@st.composite
def payment_files(draw: st.DrawFn) -> formats.PaymentFile:
    count = draw(st.integers(1, 8))
    rows = tuple(
        formats.PaymentRow(
            seq=seq,
            reference=f"R{seq}",
            account=draw(st.from_regex(r"[0-9]{16,19}", fullmatch=True)),
            name=draw(names),
            bank="中国农业银行",
            amount_fen=draw(st.integers(1, 5_000_000)),
            purpose="补贴",
        )
        for seq in range(1, count + 1)
    )
    return formats.PaymentFile(batch="DF260316000001", payer_account="990000000001", date=DAY, rows=rows)


def _letters(known: formats.Format) -> list[str]:
    """The bank's letters for one line."""
    return [letter for letter, said in known.outcomes.items() if said != "partly"]


def _result(known: formats.Format, file: formats.PaymentFile, letters: list[str]) -> bytes:
    rows = [
        formats.ResultRow(
            seq=row.seq,
            outcome=letter,
            reference=row.reference,
            account=row.account,
            name=row.name,
            code="" if known.outcomes[letter] == "paid" else "3031",
            message="说明",
            bank_reference=f"B{row.seq}",
            date=DAY,
        )
        for row, letter in zip(file.rows, letters, strict=False)
    ]
    amounts = [row.amount_fen for row in file.rows[: len(rows)]]
    return formats.render_result(known, rows, batch=file.batch, date=DAY, amounts_fen=amounts)


@settings(deadline=None)
@given(known_formats, payment_files())
def test_a_request_file_is_read_as_it_was_written(known: formats.Format, file: formats.PaymentFile) -> None:
    assert [problem for row in file.rows for problem in formats.line_problems(known, row)] == []
    content = formats.render_payment(known, file)
    assert content == formats.render_payment(known, file)
    read = formats.read_payment(known, content, file_name="DF260316000001.txt")
    assert read.batch == file.batch
    assert [(r.seq, r.account, r.name, r.amount_fen) for r in read.rows] == [
        (r.seq, r.account, r.name, r.amount_fen) for r in file.rows
    ]


@settings(deadline=None)
@given(known_formats, payment_files(), st.data())
def test_a_result_file_is_read_as_it_was_written(
    known: formats.Format, file: formats.PaymentFile, data: st.DataObject
) -> None:
    letters = data.draw(st.lists(st.sampled_from(_letters(known)), min_size=1, max_size=len(file.rows)))
    read = formats.read_result(known, _result(known, file, letters))
    assert [row.outcome for row in read.rows] == letters
    ours = [(row.seq, row.reference) for row in file.rows]
    assert all(row.seq in (0, n) for n, row in enumerate(read.rows, 1))
    assert all(row.reference in ("", ours[n][1]) for n, row in enumerate(read.rows))
    assert read.total_fen in (None, sum(row.amount_fen for row in file.rows[: len(letters)]))


@pytest.mark.parametrize("code", sorted(FORMATS))
def test_every_result_says_which_payout_it_is_about(code: str) -> None:
    known = formats.get(code)
    file = formats.PaymentFile(
        batch="DF260316000001", payer_account="990000000001", date=DAY,
        rows=(formats.PaymentRow(seq=1, reference="R1", account="6" * 19, name="张示例", bank="中国农业银行",
                                 amount_fen=15_000, purpose="补贴"),),
    )  # fmt: skip
    read = formats.read_result(known, _result(known, file, _letters(known)[:1]))
    assert read.batch == file.batch or read.rows[0].reference == "R1"


@settings(max_examples=300, deadline=None)
@given(known_formats, payment_files(), st.data())
def test_a_damaged_result_is_refused_or_says_what_the_whole_one_said(
    known: formats.Format, file: formats.PaymentFile, data: st.DataObject
) -> None:
    content = _result(known, file, _letters(known)[:1] * len(file.rows))
    whole = formats.read_result(known, content)
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, len(content)))
    damaged = content[:start] + data.draw(st.binary(max_size=4)) + content[end:]
    try:
        read = formats.read_result(known, damaged)
    except FileRefused:
        return
    assert read.count in (None, len(read.rows))
    if known.code == "ubp1":
        assert read.rows == whole.rows
