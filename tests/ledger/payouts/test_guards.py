"""What the database refuses about payouts, tried by SQL that goes around the application; and ledger_verify."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from djmoney.money import Money

from ledger.books.integrity import verify
from ledger.books.posting import Entry, post
from ledger.payouts import batches
from ledger.payouts.models import Batch
from ledger.payouts.results import import_result
from tests.conftest import Federation

from .conftest import DAY, a_line, the_bank_answers

Build = Callable[..., Batch]


ONE_MORE_LINE = """
INSERT INTO payouts_batchline (batch_id, seq, reference, payee_name, card_number, card_last4, bank, party, amount,
       amount_currency, state, reason, bank_code, bank_message, bank_reference)
SELECT batch_id, 99, 'extra', payee_name, card_number, card_last4, bank, party, amount,
       amount_currency, 'waiting', '', '', '', '' FROM payouts_batchline WHERE seq = 1"""


def refusal(sql: str, *arguments: object) -> str:
    """The SQLSTATE with which the database refuses."""

    def attempt() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(sql, arguments)

    with pytest.raises(DatabaseError) as refused:
        attempt()
    cause = refused.value.__cause__
    return str(getattr(cause, "sqlstate", ""))


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE payouts_batchline SET amount = 200 WHERE seq = 1", "PH031"),
        ("UPDATE payouts_batchline SET card_number = 'x' WHERE seq = 1", "PH031"),
        ("UPDATE payouts_batchline SET payee_name = '别人' WHERE seq = 1", "PH031"),
        ("UPDATE payouts_batchline SET state = 'waiting' WHERE seq = 1", "PH032"),
        ("DELETE FROM payouts_batchline WHERE seq = 1", "PH031"),
        ("TRUNCATE payouts_batchline CASCADE", "PH031"),
        ("DELETE FROM payouts_batch", "PH031"),
        ("UPDATE payouts_batch SET total = 1", "PH031"),
        ("UPDATE payouts_batch SET file_sha256 = ''", "PH031"),
        ("UPDATE payouts_batch SET released_by_id = prepared_by_id", "PH031"),
        ("UPDATE payouts_batch SET state = 'settled'", "PH032"),
        ("UPDATE payouts_batch SET state = 'prepared', released_by_id = NULL, released_at = NULL", "PH031"),
        (
            ONE_MORE_LINE,
            "PH031",
        ),
    ],
)
def test_a_sent_payout_cannot_be_changed_by_sql(sent: Build, sql: str, state: str) -> None:
    batch = sent(2)
    assert refusal(sql) == state
    assert [line.amount for line in batch.lines.all()] == [Money("150.00", "CNY")] * 2


def test_paid_and_failed_are_final(sent: Build, federation: Federation) -> None:
    batch = sent(3)
    answers = {2: ("E", "3031", ""), 3: ("P", "", "")}
    import_result(batch=batch, content=the_bank_answers(batch, answers), actor=federation.cashier)
    failed = (
        "UPDATE payouts_batchline SET state = 'failed', reason = 'FROZEN', settled_on = NULL WHERE seq = %s"
    )
    assert refusal(failed, 1) == "PH031"
    assert (
        refusal("UPDATE payouts_batchline SET state = 'paid', settled_on = '2026-03-16' WHERE seq = 2")
        == "PH031"
    )
    assert refusal("UPDATE payouts_batch SET state = 'settled'") == "PH032"


def test_a_batch_is_released_neither_by_its_builder_nor_with_another_total(prepared: Build) -> None:
    batch = prepared([a_line(1), a_line(2)])
    released = (
        "UPDATE payouts_batch SET state = 'released', released_at = now(), released_by_id = prepared_by_id"
    )
    assert refusal(released) == "23514"
    with connection.cursor() as cursor:
        cursor.execute(ONE_MORE_LINE)
    other = "UPDATE payouts_batch SET state = 'released', released_at = now(), released_by_id = prepared_by_id + 1"
    assert refusal(other) == "PH033"
    assert batch.lines.count() == 3
    assert _violated() == {"payout lines add up to their batches"}


def test_a_settled_payout_must_stand_in_the_books_with_what_the_bank_paid(
    sent: Build, federation: Federation
) -> None:
    batch = sent([a_line(1), a_line(2), a_line(3)])
    content = the_bank_answers(batch, {2: ("E", "3031", "")})
    import_result(batch=batch, content=content, actor=federation.cashier)
    assert _violated() == {"settled payouts equal what the bank account paid"}
    post(
        book=federation.books["TJ"],
        external_key=f"payout:{batch.code}",
        date=DAY,
        kind="benefits.payout",
        summary="普惠补贴",
        document=batch.code,
        entries=[Entry(debit="50305", credit=batch.bank_account.account.code, amount=Money("300.00", "CNY"))],
    )
    assert _violated() == set()


def _violated() -> set[str]:
    return {result.name for result in verify() if not result.ok}


@pytest.mark.slow
def test_twenty_thousand_lines_are_built_released_and_answered_in_reasonable_time(
    sent: Build, federation: Federation
) -> None:
    lines = [a_line(n) for n in range(1, 20_001)]
    begun = time.perf_counter()
    batch = sent(lines)
    first = time.perf_counter()
    file = batches.render(batch)
    rendered = time.perf_counter()
    outcome = import_result(
        batch=batch, content=the_bank_answers(batch, {7: ("E", "3031", "")}), actor=federation.cashier
    )
    done = time.perf_counter()
    print(
        f"build+release+export {first - begun:.1f}s render {rendered - first:.1f}s result {done - rendered:.1f}s"
    )
    assert file.count(b"\n") == 20_000
    assert (len(outcome.paid), len(outcome.failed)) == (19_999, 1)
