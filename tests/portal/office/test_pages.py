"""Every office page by every role: open to those whose duty it is, closed to all others."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client

from ledger.benefits import campaigns
from ledger.benefits.models import Campaign
from ledger.dues import collecting
from ledger.reports.ledgers import CATALOGUE
from portal.accounts.models import AuditEvent, User
from portal.accounts.roles import Role
from portal.members import register
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force
from tests.signing_in import browser_of

_FINANCE = {Role.FINANCE_MAKER, Role.FINANCE_CHECKER, Role.AUDITOR}
_WHO_SEES = {
    "/office/": set(Role) - {Role.MEMBER, Role.EDITOR, Role.REVIEWER, Role.PUBLISHER},
    "/office/members/": {*_FINANCE, Role.CASE_WORKER, Role.CASHIER},
    "/office/dues/": {Role.CASHIER},
    "/office/programmes/": {*_FINANCE, Role.CASE_WORKER},
    "/office/runs/": {*_FINANCE, Role.CASE_WORKER, Role.CASHIER},
    "/office/runs/new/": {Role.FINANCE_MAKER, Role.CASE_WORKER},
    "/office/claims/": {*_FINANCE, Role.CASE_WORKER, Role.CASHIER},
    "/office/claims/TRAVELBACK-2026-TJ/": {*_FINANCE, Role.CASE_WORKER, Role.CASHIER},
    "/office/payouts/": {*_FINANCE, Role.CASHIER},
    "/office/books/": _FINANCE,
    "/office/books/rules/": _FINANCE,
    "/office/books/HD-C001/": _FINANCE,
    "/office/books/HD-C001/accounts/401/": _FINANCE,
    **{f"/office/books/HD-C001/reports/{name}/": _FINANCE for name in CATALOGUE},
    "/office/books/HD-C001/vouchers/": _FINANCE,
    "/office/books/HD-C001/export/csv/": _FINANCE,
    "/office/bank/": {*_FINANCE, Role.CASHIER},
    "/office/bank/HD-C001-B1/": {*_FINANCE, Role.CASHIER},
    "/office/audit/": {Role.AUDITOR},
}  # fmt: skip


@pytest.fixture
def campaign(federation: Federation) -> Campaign:
    """Something on every page: a campaign, a payment, a programme."""
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    in_force("card_subsidy", federation, worker)
    version = in_force("travel_back", federation, worker)
    payer = factories.member_with_card(federation.community, is_casual_worker=True)
    collecting.collect_cash(member=payer, months=12, paid_on=factories.TODAY, collected_by=federation.cashier)
    return campaigns.open_campaign(
        version=version, union=federation.municipal, year_key=2026, prepared_by=worker, places=5
    )


def test_pages_by_role(federation: Federation, campaign: Campaign) -> None:
    users = {role: factories.user(f"u-{role}", role, federation.municipal) for role in Role}
    wrong = []
    for role, user in users.items():
        browser = browser_of(user)
        for address, allowed in _WHO_SEES.items():
            expected = 200 if role in allowed else 403
            found = browser.get(address).status_code
            if found != expected:
                wrong.append((role.value, address, found))
    assert wrong == []


def test_nobody_enters_without_the_second_step(federation: Federation) -> None:
    client = Client()
    client.force_login(federation.checker)
    response = client.get("/office/")
    assert response.status_code == 302
    assert "second-factor" in response.headers["Location"]
    assert Client().get("/office/").status_code == 302


def test_another_unions_things_do_not_exist(federation: Federation, campaign: Campaign) -> None:
    elsewhere = factories.community_union(federation.district, "HD-C009")
    maker = factories.user("elsewhere", Role.FINANCE_MAKER, elsewhere)
    browser = browser_of(maker)
    for address in (
        "/office/books/HD-C001/",
        "/office/books/HD-C001/vouchers/",
        "/office/bank/HD-C001-B1/",
        "/office/claims/TRAVELBACK-2026-TJ/",
    ):
        assert browser.get(address).status_code == 404, address


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_both_languages(federation: Federation, campaign: Campaign, language: str) -> None:
    browser = browser_of(federation.maker)
    browser.cookies["django_language"] = language
    page = browser.get("/office/books/HD-C001/").content.decode()
    assert ('<html lang="en"' in page) == (language == "en")
    assert ("401 Membership dues" if language == "en" else "401 会费收入") in page
    assert "24.00" in page


def test_the_counter_takes_dues_and_keeps_what_was_typed(federation: Federation, campaign: Campaign) -> None:
    payer = factories.member_with_card(federation.community, name="周示例", is_casual_worker=True)
    browser = browser_of(federation.cashier)
    assert "周示例" in browser.get("/office/dues/?q=周示例").content.decode()
    address = f"/office/dues/{payer.pk}/"
    wrong = {"months": "3", "paid_on": "2099-01-01", "channel": "cash", "request_key": str(uuid4())}
    page = browser.post(address, wrong).content.decode()
    assert 'value="2099-01-01"' in page
    response = browser.post(address, wrong | {"paid_on": "2026-03-16"}, follow=True)
    page = response.content.decode()
    assert "6.00" in page
    receipt = payer.dues_payments.get().receipt
    assert receipt is not None
    pdf = browser.get(f"/office/receipts/{receipt.series.code}/{receipt.number}.pdf")
    assert pdf.content.startswith(b"%PDF-")


def test_members_are_found_by_the_full_id_number_only(federation: Federation) -> None:
    member = factories.membership_in(federation.community, name="吴示例").member
    browser = browser_of(federation.cashier)
    assert "吴示例" in browser.get(f"/office/members/?q={member.id_number}").content.decode()
    assert "吴示例" not in browser.get(f"/office/members/?q={member.id_number[:12]}").content.decode()
    page = browser.get(f"/office/members/{member.pk}/").content.decode()
    assert member.id_number not in page


def test_an_unfinished_sign_in_of_staff_by_phone(federation: Federation, staff_phone: User) -> None:
    from portal.accounts.adapter import AccountAdapter

    assert AccountAdapter().get_user_by_phone("+8613900000001") is None


@pytest.fixture
def staff_phone(federation: Federation) -> User:
    return factories.user("withphone", Role.CASHIER, federation.municipal, phone="+8613900000001")


def test_full_numbers_are_shown_for_a_reason_and_on_the_record(federation: Federation) -> None:
    member = factories.membership_in(federation.community, name="郑示例").member
    address = f"/office/members/{member.pk}/identity/"
    assert browser_of(federation.cashier).get(address).status_code == 403
    browser = browser_of(federation.checker)
    assert member.id_number not in browser.get(address).content.decode()
    assert member.id_number not in browser.post(address, {"reason": ""}).content.decode()
    assert not AuditEvent.objects.filter(action="identity.seen").exists()
    shown = browser.post(address, {"reason": "核对银行退回的户名"})
    assert member.id_number in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    seen = AuditEvent.objects.get(action="identity.seen")
    assert (seen.actor, seen.union, seen.object_id, seen.details) == (
        federation.checker,
        federation.municipal,
        str(member.pk),
        {"reason": "核对银行退回的户名", "member_of": "HD-C001"},
    )


def test_a_former_union_finds_nobody_who_left_it(federation: Federation) -> None:
    beside = factories.district_union(federation.municipal, code="HX")
    membership = factories.membership_in(federation.community, name="郑示例")
    member = membership.member
    register.end_membership(
        membership=membership, ended_on=dt.date(2026, 2, 28), reason="转出", actor=federation.maker
    )
    register.admit(
        union=beside,
        name=member.name,
        id_number=member.id_number,
        phone=member.phone,
        started_on=dt.date(2026, 3, 1),
    )
    reads = f"/office/members/{member.pk}/"
    former = browser_of(factories.user("former", Role.FINANCE_CHECKER, federation.district))
    for address in (reads, f"{reads}identity/"):
        assert former.get(address).status_code == 404
    assert former.post(f"{reads}identity/", {"reason": "核对户名"}).status_code == 404
    assert reads not in former.get("/office/members/?q=郑示例").content.decode()
    till = browser_of(factories.user("till", Role.CASHIER, federation.district))
    typed = {"months": "12", "paid_on": "2026-03-16", "channel": "cash"}
    assert till.post(f"/office/dues/{member.pk}/", typed).status_code == 404
    assert not AuditEvent.objects.filter(action="identity.seen").exists()
    assert not member.dues_payments.exists()

    present = browser_of(factories.user("present", Role.FINANCE_CHECKER, beside))
    assert reads in present.get("/office/members/?q=郑示例").content.decode()
    assert member.id_number in present.post(f"{reads}identity/", {"reason": "核对户名"}).content.decode()
    assert AuditEvent.objects.get(action="identity.seen").union == beside


def test_a_bank_transfer_of_dues_needs_its_account_and_reference(federation: Federation) -> None:
    payer = factories.member_with_card(federation.community, name="冯示例", is_casual_worker=True)
    bank = federation.banks[federation.community.code]
    browser = browser_of(federation.cashier)
    browser.cookies["django_language"] = "en"
    address = f"/office/dues/{payer.pk}/"
    typed = {
        "months": "12", "paid_on": "2026-03-16", "channel": "bank_transfer", "request_key": str(uuid4()),
    }  # fmt: skip
    assert "Choose the account that the money came to." in browser.post(address, typed).content.decode()
    browser.post(address, typed | {"bank_reference": "T20260316001", "bank_account": str(bank.pk)})
    assert payer.dues_payments.get().amount.amount == 24


def test_the_office_of_an_administrator_says_what_is_done_there_and_how(federation: Federation) -> None:
    admin = factories.user("boss", Role.ADMIN, federation.municipal)
    page = browser_of(admin).get("/office/").content.decode()
    for command in ("staff_create", "staff_role", "staff_reset"):
        assert f"manage.py {command} &lt;user&gt;" in page
    assert "manage.py" not in browser_of(federation.maker).get("/office/").content.decode()
