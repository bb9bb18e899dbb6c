"""The role of the application works with the books and cannot take their guards off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from ledger.books import anchors, holds, manual, queries, vouchers
from ledger.books.application_role import check_role
from ledger.books.integrity import verify
from ledger.books.models import BankAccount, Book, HoldState
from ledger.books.opening import open_book
from ledger.books.pairing import Line
from ledger.books.posting import Entry, post
from tests import factories
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan

ROLE = "puhui_app_of_a_test"


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


@pytest.fixture
def as_application(federation: Federation) -> Iterator[None]:
    """The rest of the test runs with the rights of the application; the role goes with the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        call_command("ledger_role", ROLE)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.usefixtures("as_application")
def test_the_application_keeps_books_without_owning_them(federation: Federation, book: Book) -> None:
    posted = cash_dues(book, amount="100.00")
    kept = holds.hold(
        book=book, external_key="payout", date=DAY, kind="payout", summary="代发在途", debit="510", credit="101",
        amount=yuan("60.00"),
    )  # fmt: skip
    post(
        book=book, external_key="paid", date=DAY, kind="payout", summary="支出", ends=kept,
        entries=[Entry(debit="510", credit="101", amount=yuan("60.00"))],
    )  # fmt: skip
    kept.refresh_from_db()
    assert kept.state == HoldState.POSTED
    drawn = vouchers.draw_up(book=book, transactions=[posted], prepared_by=federation.maker)
    vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
    lines = [
        Line(account="101", side="D", amount=yuan("5.00").amount),
        Line(account="408", side="C", amount=yuan("5.00").amount),
    ]
    typed = manual.prepare(book=book, date=DAY, summary="利息", lines=lines, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=typed, checked_by=federation.checker)
    anchors.take(DAY)
    assert queries.balance_of(book, "101") == yuan("45.00")
    another = open_book(union=factories.community_union(federation.district, code="HD-C009"), opened_on=DAY)
    assert another.accounts.exists()
    assert [check for check in verify() if not check.ok] == []


@pytest.mark.usefixtures("as_application")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE books_transfer DISABLE TRIGGER ALL",
        "ALTER TABLE books_balance DROP CONSTRAINT not_overdrawn",
        "SET session_replication_role = replica",
        "UPDATE books_balance SET debit = 0",
        "INSERT INTO books_turnover (account_id, month, shard, debit, credit) VALUES (1, 202601, 0, 1, 1)",
        "UPDATE books_voucher_counter SET last_number = 0",
        "DELETE FROM books_voucher_chain",
        "UPDATE books_transaction SET summary = 'x'",
        "DELETE FROM books_transfer",
        "TRUNCATE books_transfer",
        "UPDATE books_anchor SET heads = ''",
        "CREATE OR REPLACE FUNCTION books_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP VIEW books_posting",
        "CREATE FUNCTION public.sha256(text) RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'",
        "CREATE TABLE public.books_of_another (id int)",
        "UPDATE books_bankaccount SET number = '1'",
        "UPDATE books_bankaccount SET account_id = 1",
        "DELETE FROM books_bankaccount",
        "UPDATE books_chart SET effective_to = '2020-01-01'",
        "DELETE FROM books_book",
        "DELETE FROM books_account",
        "DELETE FROM books_period",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('books', 'x', now())",
        "DELETE FROM django_migrations",
    ],
)
def test_the_application_cannot_go_around_the_guards(book: Book, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_role_exists_and_is_not_the_owner(federation: Federation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    for role, why in (("nobody-of-this-name", "There is no database role"), (owner, "a role of its own")):
        with pytest.raises(CommandError, match=why):
            call_command("ledger_role", role)


@pytest.mark.parametrize(
    "given",
    [
        'ALTER DATABASE "{database}" OWNER TO {role}',
        "ALTER SCHEMA public OWNER TO {role}",
        "ALTER TABLE books_anchor OWNER TO {role}",
        "GRANT CREATE ON SCHEMA public TO {role}",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "ALTER ROLE {role} SUPERUSER",
        "CREATE ROLE puhui_o; ALTER SCHEMA public OWNER TO puhui_o; GRANT puhui_o TO {role}",
    ],
)
def test_a_role_that_could_drop_or_replace_the_guards_is_refused(federation: Federation, given: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(given.format(role=ROLE, database=connection.settings_dict["NAME"]))
        with pytest.raises(CommandError, match=r"a role of its own|may create"):
            call_command("ledger_role", ROLE)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        assert [found.id for found in check_role(None, databases=["default"])] == ["books.W001"]
        cursor.execute("RESET ROLE")


@pytest.mark.usefixtures("as_application")
def test_the_application_locks_a_bank_account_while_a_statement_is_imported(federation: Federation) -> None:
    bank = federation.banks["HD"]
    with transaction.atomic():
        assert BankAccount.objects.select_for_update(of=("self",)).get(pk=bank.pk) == bank


def test_the_deployment_check_names_a_connection_that_owns_the_books(federation: Federation) -> None:
    assert [found.id for found in check_role(None, databases=["default"])] == ["books.W001"]
    assert check_role(None) == []


@pytest.mark.usefixtures("as_application")
def test_the_deployment_check_is_content_with_the_application_role(federation: Federation) -> None:
    assert check_role(None, databases=["default"]) == []
