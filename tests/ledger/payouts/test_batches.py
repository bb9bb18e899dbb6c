"""Building, releasing, withdrawing and exporting payout batches."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from djmoney.money import Money

from ledger.books.errors import Overdrawn
from ledger.books.models import BankAccount
from ledger.books.posting import Entry, post
from ledger.payouts import batches, exporting
from ledger.payouts.errors import (
    AlreadyInPayout,
    FileChanged,
    LinesRefused,
    PayoutError,
    UnknownFormat,
    WrongState,
)
from ledger.payouts.models import Batch, BatchLine, BatchState, LineState
from portal.accounts.models import AuditEvent, RoleAssignment
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation

from .conftest import DAY, a_line

Build = Callable[..., Batch]


def test_a_batch_says_how_many_lines_and_yuan_it_pays_and_what_its_file_hashes_to(prepared: Build) -> None:
    batch = prepared([a_line(1), a_line(2, amount="88.80")])
    assert (batch.line_count, batch.total, batch.state) == (2, Money("238.80", "CNY"), BatchState.PREPARED)
    assert batch.file_sha256 == hashlib.sha256(batches.render(batch)).hexdigest()
    assert batch.file_name == f"{batch.code}.txt"
    assert len(batch.code) == 14


def test_card_numbers_are_encrypted_at_rest_and_the_snapshot_keeps_four_digits(prepared: Build) -> None:
    line = prepared(1).lines.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT card_number FROM payouts_batchline WHERE id = %s", [line.pk])
        (stored,) = cursor.fetchone()
    assert line.card_number == factories.card_number(1)
    assert factories.card_number(1) not in stored
    assert line.card_last4 == factories.card_number(1)[-4:]


def test_the_web_bank_file_is_gbk_with_bars_and_one_kind_of_middle_dot(prepared: Build) -> None:
    batch = prepared([a_line(1, name="买买提•示例"), a_line(2, amount="0.05")])
    assert batches.render(batch) == (
        f"1|{factories.card_number(1)}|买买提·示例|150.00|\r\n2|{factories.card_number(2)}|张示例|0.05|\r\n"
    ).encode("gbk")


def test_the_canonical_file_has_counts_totals_and_a_checksum(prepared: Build) -> None:
    batch = prepared([a_line(1, name="䶮示例")], format_code="ubp1")
    body = (
        f"H|{batch.code}|{batch.bank_account.number}|1|15000|20260316\n"
        f"D|1|TJ09-2026-000001|{factories.card_number(1)}|䶮示例|中国农业银行|15000|普惠补贴\n"
    ).encode()
    assert batches.render(batch) == body + f"T|1|15000|{hashlib.sha256(body).hexdigest()}\n".encode()


def test_names_outside_the_banks_characters_are_refused_with_their_lines_before_anything_exists(
    prepared: Build,
) -> None:
    with pytest.raises(LinesRefused) as refused:
        prepared([a_line(1), a_line(2, name="䶮示例"), a_line(3, name="示|例")])
    assert [line for line, _reason in refused.value.problems] == [2, 3]
    assert "U+4DAE" in refused.value.problems[0][1]
    assert not Batch.objects.exists()
    assert not BatchLine.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"card_number": "6217990000000000"[:15]},
        {"card_number": "62179900000000000x"},
        {"amount": Money("0.001", "CNY")},
        {"amount": Money("50000.01", "CNY")},
        {"amount": Money("1.00", "USD")},
        {"reference": ""},
        {"reference": "x" * 41},
        {"payee_name": ""},
        {"payee_name": "长" * 31},
        {"payee_name": "示\n例"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_lines_that_the_bank_cannot_pay_are_refused(prepared: Build, changes: dict[str, object]) -> None:
    with pytest.raises(LinesRefused) as refused:
        prepared([a_line(1), a_line(2, **changes)])
    assert {line for line, _reason in refused.value.problems} == {2}
    assert not Batch.objects.exists()


def test_a_batch_needs_lines_a_known_format_and_the_duty(prepared: Build, federation: Federation) -> None:
    with pytest.raises(PayoutError):
        prepared(0)
    with pytest.raises(UnknownFormat):
        prepared(1, format_code="none")
    with pytest.raises(NotAllowed):
        prepared(1, prepared_by=federation.maker)
    assert not Batch.objects.exists()


def test_what_is_being_paid_is_not_paid_by_a_second_batch(prepared: Build) -> None:
    prepared([a_line(1)])
    with pytest.raises(AlreadyInPayout):
        prepared([a_line(2), a_line(1)])
    assert Batch.objects.count() == 1


def test_a_reference_cannot_stand_twice_in_one_batch(prepared: Build) -> None:
    with pytest.raises(LinesRefused):
        prepared([a_line(1), a_line(1)])


def test_who_builds_does_not_release_even_with_both_roles(prepared: Build, federation: Federation) -> None:
    both = factories.user("both", Role.CASHIER, federation.municipal)
    RoleAssignment.objects.create(user=both, role=Role.FINANCE_CHECKER, union=federation.municipal)
    batch = prepared(1, prepared_by=both)
    with pytest.raises(SamePerson):
        batches.release(batch=batch, released_by=both)
    with pytest.raises(NotAllowed):
        batches.release(batch=batch, released_by=federation.cashier)
    batch.refresh_from_db()
    assert (batch.state, batch.released_by) == (BatchState.PREPARED, None)


def test_released_once_by_another_person(prepared: Build, federation: Federation) -> None:
    batch = batches.release(batch=prepared(2), released_by=federation.checker)
    assert (batch.state, batch.released_by) == (BatchState.RELEASED, federation.checker)
    with pytest.raises(WrongState):
        batches.release(batch=batch, released_by=federation.checker)


def test_a_file_that_would_differ_from_the_checked_one_is_not_released(
    prepared: Build, federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = prepared(1)
    monkeypatch.setattr("ledger.payouts.formats.values.amount_text", lambda layout, fen: "999.00")
    with pytest.raises(FileChanged):
        batches.release(batch=batch, released_by=federation.checker)


def test_a_withdrawn_batch_frees_its_payments_and_says_why(prepared: Build, federation: Federation) -> None:
    batch = prepared([a_line(1)])
    with pytest.raises(PayoutError):
        batches.withdraw(batch=batch, reason=" ", actor=federation.cashier)
    batches.withdraw(batch=batch, reason="日期有误", actor=federation.cashier)
    assert batch.lines.get().state == LineState.WITHDRAWN
    again = prepared([a_line(1)])
    batches.release(batch=again, released_by=federation.checker)
    with pytest.raises(WrongState):
        batches.withdraw(batch=again, reason="太晚", actor=federation.checker)


def test_only_a_released_batch_is_exported_and_again_gives_the_same_bytes(
    prepared: Build, federation: Federation
) -> None:
    batch = prepared(3)
    with pytest.raises(WrongState):
        exporting.export(batch=batch, actor=federation.cashier)
    batches.release(batch=batch, released_by=federation.checker)
    first = exporting.export(batch=batch, actor=federation.cashier)
    again = exporting.export(batch=batch, actor=federation.cashier)
    batch.refresh_from_db()
    assert (first, first.sha256) == (again, batch.file_sha256)
    assert hashlib.sha256(first.content).hexdigest() == batch.file_sha256
    assert batch.state == BatchState.SENT
    assert set(batch.lines.values_list("state", flat=True)) == {LineState.SENT}
    assert list(
        AuditEvent.objects.filter(object_id=batch.pk).order_by("pk").values_list("action", flat=True)
    ) == [
        "payout.built",
        "payout.released",
        "payout.exported",
        "payout.exported_again",
    ]


def test_the_command_writes_the_file(prepared: Build, federation: Federation, tmp_path: Path) -> None:
    batch = prepared(2)
    batches.release(batch=batch, released_by=federation.checker)
    call_command("payout_export", batch.code, "--output", str(tmp_path / "out.txt"), stdout=io.StringIO())
    assert (tmp_path / "out.txt").read_bytes() == batches.render(batch)


def test_the_command_refuses_with_exit_2_and_marks_nothing(
    prepared: Build, federation: Federation, tmp_path: Path
) -> None:
    batch = prepared(1)
    for arguments in (["none", "--output", "x"], [batch.code, "--output", str(tmp_path / "x")]):
        errors = io.StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("payout_export", *arguments, stderr=errors)
        assert (stopped.value.code, errors.getvalue() != "") == (2, True)
    batches.release(batch=batch, released_by=federation.checker)
    with pytest.raises(SystemExit) as stopped:
        call_command(
            "payout_export", batch.code, "--output", str(tmp_path / "no" / "x"), stderr=io.StringIO()
        )
    batch.refresh_from_db()
    assert (stopped.value.code, batch.state) == (2, BatchState.RELEASED)


def test_no_payout_leaves_that_the_bank_account_cannot_bear(
    federation: Federation, bank: BankAccount, prepared: Build
) -> None:
    spent = Entry(debit="13599", credit=bank.account.code, amount=Money("8999700.01", "CNY"))
    post(book=bank.book, external_key="spent", date=DAY, kind="x", summary="x", entries=[spent])
    first, second = prepared([a_line(1)]), prepared([a_line(2)])
    batches.release(batch=first, released_by=federation.checker)
    with pytest.raises(Overdrawn, match=r"0\.01 yuan are missing"):
        batches.release(batch=second, released_by=federation.checker)
    second.refresh_from_db()
    assert second.state == BatchState.PREPARED
