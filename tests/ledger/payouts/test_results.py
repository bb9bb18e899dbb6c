"""The bank's answers: taken once, whole or not at all, and never more certain than the bank is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from ledger.payouts import formats
from ledger.payouts.batches import render
from ledger.payouts.errors import FileRefused, WrongState
from ledger.payouts.formats.files import line_values
from ledger.payouts.models import Batch, BatchState
from ledger.payouts.results import import_result
from portal.accounts.permissions import NotAllowed
from tests.conftest import Federation

from .conftest import DAY, the_bank_answers

Send = Callable[..., Batch]
NAME_WRONG = ("E", "3031", "账号户名不符")
PENDING = ("P", "", "处理中")
BOTH = pytest.mark.parametrize("code", ["pipe_gbk", "ubp1"])
EVERY = pytest.mark.parametrize("code", sorted(formats.FORMATS))


def states(batch: Batch) -> list[tuple[str, str]]:
    return list(batch.lines.order_by("seq").values_list("state", "reason"))


@EVERY
def test_paid_failed_and_pending_lines_are_told_apart(sent: Send, federation: Federation, code: str) -> None:
    batch = sent(3, code)
    outcome = import_result(
        batch=batch, content=the_bank_answers(batch, {2: NAME_WRONG, 3: PENDING}), actor=federation.cashier
    )
    assert states(batch) == [("paid", ""), ("failed", "NAME_MISMATCH"), ("unknown", "UNKNOWN")]
    assert [[x.seq for x in part] for part in (outcome.paid, outcome.failed, outcome.unknown)] == [
        [1],
        [2],
        [3],
    ]
    first, second = batch.lines.order_by("seq")[:2]
    known = formats.get(code).result
    says_day = line_values(known) & {"date", "time"}
    assert first.settled_on == (DAY if says_day else timezone.localdate())
    assert first.bank_reference == ("B00000001" if "bank_reference" in line_values(known) else "")
    assert second.settled_on is None
    assert second.bank_code == ("3031" if "code" in line_values(known) else "")
    assert second.bank_message == "账号户名不符"
    batch.refresh_from_db()
    assert batch.state == BatchState.SENT


@EVERY
def test_the_same_file_twice_changes_nothing_the_second_time(
    sent: Send, federation: Federation, code: str
) -> None:
    batch = sent(3, code)
    content = the_bank_answers(batch, {2: NAME_WRONG})
    import_result(batch=batch, content=content, actor=federation.cashier)
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED
    again = import_result(batch=batch, content=content, actor=federation.cashier)
    assert (again.paid, again.failed, again.unknown, again.already) == ([], [], [], 3)


def test_lines_that_the_file_does_not_mention_are_not_taken_for_paid(
    sent: Send, federation: Federation
) -> None:
    batch = sent(3)
    first = import_result(
        batch=batch, content=the_bank_answers(batch, {1: ("S", "", "")}, only=True), actor=federation.cashier
    )
    assert states(batch) == [("paid", ""), ("unknown", "NO_RESULT"), ("unknown", "NO_RESULT")]
    assert len(first.unknown) == 2
    later = import_result(
        batch=batch, content=the_bank_answers(batch, {3: NAME_WRONG}), actor=federation.cashier
    )
    assert ([x.seq for x in later.paid], [x.seq for x in later.failed], later.already) == ([2], [3], 1)
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("E", "3018", "已清户"), ("failed", "ACCOUNT_CLOSED")),
        (("E", "", "户名不符"), ("failed", "NAME_MISMATCH")),
        (("E", "3051", "重复业务"), ("unknown", "DUPLICATE")),
        (("E", "3044", "超时"), ("unknown", "UNKNOWN")),
        (("E", "9876", "别的原因"), ("unknown", "UNKNOWN")),
        (("P", "3031", "账号户名不符"), ("unknown", "UNKNOWN")),
        (("S", "4000", "已发他行"), ("paid", "")),
    ],
)
def test_a_refusal_that_may_have_paid_stays_unknown(
    sent: Send, federation: Federation, answer: tuple[str, str, str], expected: tuple[str, str]
) -> None:
    batch = sent(1)
    import_result(batch=batch, content=the_bank_answers(batch, {1: answer}), actor=federation.cashier)
    assert states(batch) == [expected]


def refused(batch: Batch, content: bytes, federation: Federation) -> int:
    before = states(batch)
    with pytest.raises(FileRefused) as refusal:
        import_result(batch=batch, content=content, actor=federation.cashier)
    assert states(batch) == before
    assert refusal.value.reason != ""
    return refusal.value.line


def test_paid_never_becomes_failed_again(sent: Send, federation: Federation) -> None:
    batch = sent(2)
    import_result(batch=batch, content=the_bank_answers(batch, {2: PENDING}), actor=federation.cashier)
    assert refused(batch, the_bank_answers(batch, {1: NAME_WRONG}), federation) == 2
    # A late “in process” for a paid line says nothing new.
    again = import_result(
        batch=batch, content=the_bank_answers(batch, {1: PENDING}), actor=federation.cashier
    )
    assert states(batch) == [("paid", ""), ("paid", "")]
    assert again.already == 1


@BOTH
def test_another_batchs_result_is_refused(sent: Send, federation: Federation, code: str) -> None:
    batch = sent(2, code)
    assert refused(batch, the_bank_answers(batch, {}, batch="DF260316999999"), federation) == 1


@BOTH
def test_a_file_cut_short_is_refused_whole(sent: Send, federation: Federation, code: str) -> None:
    batch = sent(3, code)
    content = the_bank_answers(batch, {})
    lines = content.splitlines(keepends=True)
    for cut in range(len(content)):
        if content[:cut].rstrip() != content.rstrip() and not _says_the_same(code, content, cut):
            refused(batch, content[:cut], federation)
    refused(batch, lines[0] + lines[1], federation)


def _says_the_same(code: str, content: bytes, cut: int) -> bool:
    """Only the line end, and in the bar format the last bar, may be missing without anything being lost."""
    return content[cut:] in (b"\n", b"\r\n", b"|\r\n") and code == "pipe_gbk"


def test_a_wrong_amount_total_card_reference_or_letter_is_refused_with_its_line(
    sent: Send, federation: Federation
) -> None:
    batch = sent(3)
    content = the_bank_answers(batch, {}).decode("gbk")
    second_card = batch.lines.get(seq=2).card_number
    for old, new, line in (
        ("|450.00|", "|451.00|", 1),
        ("|3|450.00|", "|4|450.00|", 1),
        (second_card, second_card[:-4] + "0000", 3),
        ("\r\n3|S", "\r\n3|X", 4),
        ("\r\n3|S", "\r\n9|S", 4),
        ("\r\n3|S", "\r\n2|S", 4),
        ("\r\n3|S", "\r\n三|S", 4),
        ("|20260316|", "|20260231|", 2),
        ("|150.00||", "|150.00|3031|", 2),
    ):
        changed = content.replace(old, new, 1)
        assert changed != content
        assert refused(batch, changed.encode("gbk"), federation) == line


def test_a_changed_amount_is_refused_even_when_the_totals_still_add_up(
    sent: Send, federation: Federation
) -> None:
    batch = sent(2)
    content = the_bank_answers(batch, {}).decode("gbk")
    changed = content.replace("|150.00|", "|151.00|", 1).replace("|150.00|", "|149.00|", 1)
    assert refused(batch, changed.encode("gbk"), federation) == 2


def test_a_canonical_result_that_was_edited_is_refused(sent: Send, federation: Federation) -> None:
    batch = sent(2, "ubp1")
    content = the_bank_answers(batch, {2: NAME_WRONG})
    assert refused(batch, content.replace(b"|E|3031", b"|S|"), federation) == 4


def test_bytes_of_another_encoding_are_refused(sent: Send, federation: Federation) -> None:
    batch = sent(1)
    content = the_bank_answers(batch, {}).decode("gbk")
    assert refused(batch, content.encode("utf-16"), federation) == 1
    assert refused(batch, b"", federation) == 0
    assert refused(batch, content.replace("交易成功", "交\x00易").encode("gbk"), federation) == 2


def test_only_a_sent_batch_has_results_and_only_for_who_may_import_them(
    prepared: Send, federation: Federation
) -> None:
    waiting = prepared(1)
    with pytest.raises(WrongState):
        import_result(batch=waiting, content=b"", actor=federation.cashier)
    with pytest.raises(NotAllowed):
        import_result(batch=waiting, content=b"", actor=federation.checker)


@EVERY
def test_a_bank_can_read_what_we_send(sent: Send, code: str) -> None:
    batch = sent(2, code)
    file = formats.read_payment(formats.get(code), render(batch), file_name=batch.file_name)
    assert file.batch == batch.code
    assert [(row.seq, row.name, row.amount_fen) for row in file.rows] == [
        (1, "张示例", 15000),
        (2, "张示例", 15000),
    ]


@BOTH
@pytest.mark.parametrize(
    ("day", "why"),
    [
        (timezone.localdate() + dt.timedelta(days=1), "lies in the future"),
        (DAY - dt.timedelta(days=1), "lies before 2026-03-16"),
    ],
)
def test_a_payment_on_an_impossible_day_refuses_the_file(
    sent: Send, federation: Federation, code: str, day: dt.date, why: str
) -> None:
    batch = sent(3, code)
    content = the_bank_answers(batch, {}, day=day)
    with pytest.raises(FileRefused, match=why) as refused:
        import_result(batch=batch, content=content, actor=federation.cashier)
    assert refused.value.line == 2
    assert states(batch) == [("sent", "")] * 3
