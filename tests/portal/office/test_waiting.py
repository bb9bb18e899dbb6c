"""What waits for whom, along the way of a list from its making to the bank line."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from djmoney.money import Money

from ledger.benefits import campaigns, claims, funding, paying, runs, settlement
from ledger.benefits.models import ProgrammeVersion, Run, Transport
from ledger.books.posting import Entry, post
from ledger.dues import collecting, reversing
from ledger.payouts import batches, exporting, refusals
from ledger.payouts.models import Batch
from ledger.reconciliation import statements
from portal.accounts.models import AuditEvent, User
from portal.accounts.roles import Role
from portal.demo.bank import DemoBank
from portal.members import register
from portal.members.models import Member
from portal.office.waiting import waiting_for
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved as approved_run
from tests.ledger.benefits.conftest import in_force, migrants, prepared, travellers
from tests.signing_in import browser_of

DAY = factories.TODAY


@pytest.fixture
def subsidy(federation: Federation) -> ProgrammeVersion:
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    for code in ("TJ", "HD"):
        post(
            book=federation.books[code], external_key="levy", date=DAY, kind="levy", summary="经费",
            entries=[
                Entry(debit=federation.banks[code].account.code, credit="402", amount=Money(50_000, "CNY"))
            ],
        )  # fmt: skip
    return in_force("card_subsidy", federation, worker)


@pytest.fixture
def approved(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    migrants(federation, 3)
    run = prepared(federation, subsidy)
    return approved_run(run, federation.checker)


def _labels(user: User) -> list[tuple[str, int]]:
    return [(line.label, line.count) for line in waiting_for(user)]


def _fund(federation: Federation, run: Run) -> None:
    bank = {"bank_reference": "B1", "date": DAY, "recorded_by": federation.maker}
    funding.send(funded=run, bank_account=federation.banks["TJ"], **bank)
    funding.receive(
        funded=run, funder=federation.municipal, bank_account=federation.banks["HD"], **bank
    )  # fmt: skip


def _batch(federation: Federation, run: Run) -> Batch:
    (batch,) = runs.build_payout(
        run=run, bank_account=federation.banks["HD"], format_code="ubp1", value_date=DAY,
        prepared_by=federation.cashier,
    )  # fmt: skip
    return batch


def _answered(federation: Federation, batch: Batch) -> bytes:
    file = exporting.export(batch=batch, actor=federation.cashier)
    return DemoBank().pay_out(
        format_code="ubp1", file_name=batch.file_name, content=file.content, date=DAY,
        account=batch.bank_account.number,
    )  # fmt: skip


def _new_card(federation: Federation, member: Member, *, is_refused: bool) -> None:
    """A card that the demo bank refuses, or one that it pays."""
    numbers = (factories.card_number(serial) for serial in range(70_000 + 100 * is_refused, 80_000))
    number = next(n for n in numbers if (int(n[-4:]) % 41 in (7, 23)) == is_refused)
    register.set_card(
        member=member, number=number, bank="演示银行", holder=member.name, actor=federation.maker
    )


def test_an_approved_list_waits_for_the_share_of_the_funder_with_whoever_keeps_its_books(
    federation: Federation, approved: Run
) -> None:
    of_the_district = factories.user("hd-maker", Role.FINANCE_MAKER, federation.district)
    (line,) = waiting_for(federation.maker)
    assert (line.label, line.url) == ("Shares of funders to record", f"/office/runs/{approved.code}/")
    assert _labels(of_the_district) == []
    assert _labels(federation.cashier) == []
    funding.send(
        funded=approved, bank_account=federation.banks["TJ"], date=DAY, bank_reference="B1",
        recorded_by=federation.maker,
    )  # fmt: skip
    assert _labels(of_the_district) == [("Shares of funders to record", 1)]


def test_the_form_of_a_share_stands_before_whoever_keeps_the_books_that_take_it(
    federation: Federation, approved: Run
) -> None:
    of_the_district = factories.user("hd-maker", Role.FINANCE_MAKER, federation.district)
    here = f"/office/runs/{approved.code}/"

    def shows_form(user: User) -> bool:
        return f'action="{here}funds/"' in browser_of(user).get(here).content.decode()

    assert shows_form(federation.maker)
    assert not shows_form(of_the_district)
    assert not shows_form(federation.cashier)
    funding.send(
        funded=approved, bank_account=federation.banks["TJ"], date=DAY, bank_reference="B1",
        recorded_by=federation.maker,
    )  # fmt: skip
    assert shows_form(of_the_district)


def test_a_campaign_waits_for_its_share_before_its_claims_wait_to_be_paid(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    worker = factories.user("travel-worker", Role.CASE_WORKER, federation.municipal)
    campaign = campaigns.open_campaign(
        version=in_force("travel_back", federation, worker), union=federation.district, year_key=2026,
        prepared_by=worker, places=5,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC), closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    trip = claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E1", fare=Money("268.50", "CNY")
    )  # fmt: skip
    taken = claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=trip)
    campaigns.verify(claims=[taken], verified_by=worker)
    campaigns.approve_claims(
        campaign=campaign, seen=campaigns.checked(campaign), approved_by=federation.checker
    )
    (line,) = waiting_for(federation.maker)
    assert (line.label, line.url) == ("Shares of campaigns to record", f"/office/claims/{campaign.code}/")
    assert _labels(federation.cashier) == []
    for code in ("TJ", "HD"):
        funding.record_next(
            funded=campaign, bank_account=federation.banks[code], date=DAY, bank_reference="B1",
            recorded_by=federation.maker,
        )  # fmt: skip
    assert _labels(federation.maker) == []
    assert _labels(federation.cashier) == [("Approved claims to pay", 1)]


def test_a_refusal_of_the_bank_waits_for_another_person_than_the_one_who_reported_it(
    federation: Federation, approved: Run
) -> None:
    _fund(federation, approved)
    batch = _batch(federation, approved)
    batches.release(batch=batch, released_by=federation.checker)
    refusals.report(batch=batch, reason="整批退回", reported_by=federation.cashier)
    assert _labels(federation.cashier) == []
    assert _labels(federation.checker) == [("Refusals by the bank to confirm", 1)]
    paying.confirm_refusal(batch=batch, confirmed_by=federation.checker)
    assert _labels(federation.checker) == []
    assert _labels(federation.cashier) == [("Approved lists to pay", 1)]


def test_cash_to_take_back_waits_for_another_person_who_checks_vouchers(federation: Federation) -> None:
    member = factories.membership_in(federation.community, is_casual_worker=True).member
    payment = collecting.collect_cash(member=member, months=3, paid_on=DAY, collected_by=federation.cashier)
    reversing.ask(payment=payment, reason="重复收款", asked_by=federation.cashier)
    assert _labels(federation.cashier) == []
    assert _labels(federation.checker) == [("Cash dues to take back", 1)]


def test_the_cashier_is_told_of_every_step_from_the_funded_list_to_the_result(
    federation: Federation, approved: Run
) -> None:
    _fund(federation, approved)
    assert _labels(federation.maker) == []
    assert _labels(federation.cashier) == [("Approved lists to pay", 1)]
    batch = _batch(federation, approved)
    assert _labels(federation.cashier) == []
    assert _labels(federation.checker) == [("Payouts to release", 1)]
    batches.release(batch=batch, released_by=federation.checker)
    assert _labels(federation.cashier) == [("Files to send to the bank", 1)]
    _answered(federation, batch)
    assert _labels(federation.cashier) == [("Results of the bank to import", 1)]


def test_payments_that_the_bank_refused_wait_to_be_paid_again_with_a_warning(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    unlucky, *_others = migrants(federation, 3)
    _new_card(federation, unlucky, is_refused=True)
    run = prepared(federation, subsidy)
    run = approved_run(run, federation.checker)
    _fund(federation, run)
    batch = _batch(federation, run)
    batches.release(batch=batch, released_by=federation.checker)
    settlement.import_result(batch=batch, content=_answered(federation, batch), actor=federation.cashier)
    assert _labels(federation.cashier) == [("Failed payments to pay again", 1)]
    browser = browser_of(federation.cashier)
    browser.cookies["django_language"] = "en"

    def page() -> str:
        return browser.get(f"/office/runs/{run.code}/").content.decode()

    assert "Paid: 2 of 3" in page()
    assert "the very card" in page()
    _new_card(federation, unlucky, is_refused=False)
    assert "the very card" not in page()


def test_bank_lines_without_an_entry_wait_for_whoever_reconciles(federation: Federation) -> None:
    account = federation.banks["HD"]
    bank = DemoBank()
    for amount in (100, 200):
        bank.move(
            account=account.number, date=DAY, amount=Money(amount, "CNY").amount, summary="来款",
            counterparty="某单位", counterparty_number="",
        )  # fmt: skip
    content = bank.statement(account=account.number, first=DAY.replace(day=1), last=DAY)
    statements.import_statement(
        bank_account=account, content=content, file_name="a.csv", actor=federation.cashier
    )
    assert _labels(federation.maker) == [("Bank lines without an entry", 2)]
    assert _labels(federation.cashier) == []
    page = browser_of(federation.maker).get("/office/").content.decode()
    assert 'href="/office/bank/"' in page


def test_the_office_home_costs_few_queries(
    federation: Federation, approved: Run, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        waiting_for(federation.maker)


def test_the_same_result_again_says_when_it_came_first(federation: Federation, approved: Run) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    _fund(federation, approved)
    batch = _batch(federation, approved)
    batches.release(batch=batch, released_by=federation.checker)
    answer = _answered(federation, batch)
    browser = browser_of(federation.cashier)
    browser.cookies["django_language"] = "en"

    def imported() -> str:
        upload = SimpleUploadedFile("r.txt", answer)
        address = f"/office/payouts/{batch.code}/result/"
        return browser.post(address, {"file": upload}, follow=True).content.decode()

    assert "This file had been imported already" not in imported()
    first = AuditEvent.objects.get(action="payout.result_imported")
    page = imported()
    assert "This file had been imported already, on " in page
    assert str(first.at.astimezone(dt.timezone(dt.timedelta(hours=8))).year) in page


def test_actions_are_shown_only_to_whoever_may_take_them(federation: Federation, approved: Run) -> None:
    _fund(federation, approved)
    batch = _batch(federation, approved)
    here = f"/office/payouts/{batch.code}/"
    withdraw, release = f"{here}withdraw/", f"{here}release/"

    def page(user: User) -> str:
        return browser_of(user).get(here).content.decode()

    assert withdraw not in page(federation.maker)
    assert withdraw in page(federation.cashier)
    assert withdraw in page(federation.checker)
    assert release in page(federation.checker)
    assert release not in page(federation.cashier)


def test_a_refused_form_stands_open_with_its_reason(federation: Federation, approved: Run) -> None:
    _fund(federation, approved)
    batch = _batch(federation, approved)
    browser: Client = browser_of(federation.cashier)
    page = browser.post(f"/office/payouts/{batch.code}/withdraw/", {"reason": ""}).content.decode()
    assert '<details class="confirm" open>' in page
    assert (
        '<details class="confirm" open>' not in browser.get(f"/office/payouts/{batch.code}/").content.decode()
    )


def test_list_and_payout_mask_a_name_alike(federation: Federation, subsidy: ProgrammeVersion) -> None:
    factories.member_with_card(federation.community, name="司马示例", is_migrant_worker=True)
    run = prepared(federation, subsidy)
    run = approved_run(run, federation.checker)
    _fund(federation, run)
    batch = _batch(federation, run)
    browser = browser_of(federation.cashier)
    for address in (f"/office/runs/{run.code}/", f"/office/payouts/{batch.code}/"):
        page = browser.get(address).content.decode()
        assert "司马**" in page
        assert "司马示例" not in page
