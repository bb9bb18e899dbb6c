"""What a bank says of a whole payout, what it leaves out, and what it sends back after it was paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.payouts import formats
from ledger.payouts.errors import FileRefused
from ledger.payouts.formats import FORMATS
from ledger.payouts.models import Batch, BatchState
from ledger.payouts.reasons import GATEWAY, ISO, REASONS
from ledger.payouts.results import import_result
from tests.conftest import Federation

from .conftest import DAY, letter_of, the_bank_answers

Send = Callable[..., Batch]
NAME_WRONG = ("E", "BE01", "账号户名不符")


def states(batch: Batch) -> list[tuple[str, str]]:
    return list(batch.lines.order_by("seq").values_list("state", "reason"))


def refused(batch: Batch, content: bytes, federation: Federation) -> str:
    before = states(batch)
    with pytest.raises(FileRefused) as refusal:
        import_result(batch=batch, content=content, actor=federation.cashier)
    assert states(batch) == before
    return str(refusal.value)


def test_a_group_that_was_rejected_whole_goes_the_way_of_two_persons(
    sent: Send, federation: Federation
) -> None:
    batch = sent(2, "iso20022")
    content = the_bank_answers(batch, {0: ("", "", "")}, only=True, group="RJCT")
    assert "another person confirms it" in refused(batch, content, federation)
    batch.refresh_from_db()
    assert batch.state == BatchState.SENT


@pytest.mark.parametrize(
    ("group", "answers"),
    [("RJCT", {}), ("ACSC", {2: NAME_WRONG}), ("ACSC", {2: ("P", "", "")})],
)
def test_a_group_that_contradicts_a_line_is_refused(
    sent: Send, federation: Federation, group: str, answers: dict[int, tuple[str, str, str]]
) -> None:
    batch = sent(2, "iso20022")
    message = refused(batch, the_bank_answers(batch, answers, group=group), federation)
    assert "not what it says of the whole" in message


def test_a_group_settled_in_part_is_what_its_lines_say(sent: Send, federation: Federation) -> None:
    batch = sent(3, "iso20022")
    answers = {2: NAME_WRONG, 3: ("PDNG", "", "")}
    import_result(
        batch=batch, content=the_bank_answers(batch, answers, group="PART"), actor=federation.cashier
    )
    assert states(batch) == [("paid", ""), ("failed", "NAME_MISMATCH"), ("unknown", "UNKNOWN")]


def test_technical_acceptance_pays_nobody(sent: Send, federation: Federation) -> None:
    batch = sent(2, "iso20022")
    content = the_bank_answers(batch, {1: ("ACTC", "", "")}, only=True, group="ACTC")
    import_result(batch=batch, content=content, actor=federation.cashier)
    assert states(batch) == [("unknown", "UNKNOWN"), ("unknown", "NO_RESULT")]


@pytest.mark.parametrize("group", ["PART", "ACSC", "ACTC"])
def test_missing_lines_count_as_paid_only_where_the_bank_agreed_to_leave_them_out(
    sent: Send, federation: Federation, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    first = sent(3, "iso20022")
    answers = {1: ("S", "", "")} if group != "ACTC" else {1: ("P", "", "")}
    content = the_bank_answers(first, answers, only=True, group=group)
    import_result(batch=first, content=content, actor=federation.cashier)
    assert [reason for _state, reason in states(first)][1:] == ["NO_RESULT"] * 2
    monkeypatch.setitem(FORMATS, "iso20022", replace(FORMATS["iso20022"], absent_is_paid=True))
    import_result(batch=first, content=content, actor=federation.cashier)
    inferred = "unknown" if group == "ACTC" else "paid"
    assert [state for state, _reason in states(first)][1:] == [inferred] * 2


def _return(batch: Batch, seq: int) -> bytes:
    """pacs.004: the money of a line came back."""
    known = formats.get("iso20022")
    line = batch.lines.get(seq=seq)
    row: dict[str, Any] = {
        "seq": 0, "outcome": "", "reference": line.reference, "code": "AC04", "message": "已销户",
        "bank_reference": "RT1", "date": DAY,
    }  # fmt: skip
    return formats.render_result(
        known, [formats.ResultRow(**row)], batch=batch.code, date=DAY, layout=known.returned,
        amounts_fen=[int(line.amount.amount * 100)],
    )  # fmt: skip


def _return_of_a_gateway(batch: Batch, seq: int) -> bytes:
    return the_bank_answers(batch, {seq: ("E", "3056", "退票")}, only=True)


def _return_by_its_letter(batch: Batch, seq: int) -> bytes:
    return the_bank_answers(batch, {seq: ("R", "", "退汇")}, only=True)


RETURNS = pytest.mark.parametrize(
    ("code", "send_back"),
    [("iso20022", _return), ("ubp1", _return_of_a_gateway), ("xls_online", _return_by_its_letter)],
)


@RETURNS
def test_money_sent_back_after_it_was_paid_is_handed_to_who_deals_with_returns(
    sent: Send, federation: Federation, code: str, send_back: Callable[[Batch, int], bytes]
) -> None:
    batch = sent(2, code)
    import_result(batch=batch, content=the_bank_answers(batch, {}), actor=federation.cashier)
    content = send_back(batch, 2)
    assert "has already said" in refused(batch, content, federation)
    outcome = import_result(batch=batch, content=content, actor=federation.cashier, takes_returns=True)
    (returned,) = outcome.returned
    assert (returned.line.seq, returned.date) == (2, DAY if code != "ubp1" else returned.date)
    assert states(batch) == [("paid", ""), ("paid", "")]


@RETURNS
def test_money_sent_back_before_we_heard_that_it_was_paid_is_a_failure(
    sent: Send, federation: Federation, code: str, send_back: Callable[[Batch, int], bytes]
) -> None:
    batch = sent(2, code)
    import_result(batch=batch, content=send_back(batch, 2), actor=federation.cashier)
    assert states(batch)[1] == ("failed", "RETURNED")
    # A file about returns says nothing of the lines that it does not have.
    assert states(batch)[0] == (("sent", "") if code == "iso20022" else ("unknown", "NO_RESULT"))


def test_another_amount_of_the_request_than_ours_is_refused(sent: Send, federation: Federation) -> None:
    batch = sent(2, "iso20022")
    assert "another count or total" in refused(
        batch, the_bank_answers(batch, {}, request=(3, 30_000)), federation
    )


def test_codes_of_both_kinds_name_the_same_reasons() -> None:
    assert set(GATEWAY.values()) | set(ISO.values()) <= set(REASONS)
    assert (ISO["AC04"], GATEWAY["3018"]) == ("ACCOUNT_CLOSED", "ACCOUNT_CLOSED")
    assert (ISO["AC06"], ISO["AG01"]) == ("FROZEN", "TYPE_NOT_ALLOWED")
    assert not REASONS[ISO["AM05"]].is_confirmed_failure


def test_every_way_to_say_paid_is_written_by_somebody() -> None:
    assert all(letter_of(known, "S") in known.outcomes for known in FORMATS.values())
