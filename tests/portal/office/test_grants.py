"""Pages of grants to unions: list, proposal, one page to decide on, and the two entries in the books."""

from __future__ import annotations

import pytest
from django.test import Client

from ledger.benefits.models import GrantState, ProgrammeVersion, UnionGrant
from ledger.books.models import BankAccount
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.unions.models import Union, UnionKind
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force
from tests.ledger.benefits.test_union_grants import admit, approved, below, checked, counted, decided, paid
from tests.signing_in import english_browser_of

_READS = {
    Role.CASE_WORKER,
    Role.FINANCE_MAKER,
    Role.FINANCE_CHECKER,
    Role.AUDITOR,
}
_PROPOSES = {Role.CASE_WORKER, Role.FINANCE_MAKER}
_BANK = {"date": "2026-03-16", "bank_reference": "B1"}


@pytest.fixture
def case_worker(federation: Federation) -> User:
    return factories.user("case_worker", Role.CASE_WORKER, federation.municipal)


@pytest.fixture
def award(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("demo_home_award", federation, case_worker)


@pytest.fixture
def enterprise(federation: Federation) -> Union:
    return below(federation, UnionKind.ENTERPRISE, "HD-E01")[0]


@pytest.fixture
def grant(federation: Federation, award: ProgrammeVersion, enterprise: Union) -> UnionGrant:
    return decided(federation, award, enterprise)


def test_pages_are_open_to_those_whose_duty_it_is(
    federation: Federation, award: ProgrammeVersion, grant: UnionGrant
) -> None:
    pages = {
        "/office/grants/": _READS,
        f"/office/grants/{grant.code}/": _READS,
        "/office/grants/new/": _PROPOSES,
        f"/office/grants/new/{award.pk}/": _PROPOSES,
    }
    wrong = []
    for role in Role:
        browser = english_browser_of(factories.user(f"u-{role}", role, federation.municipal))
        for address, allowed in pages.items():
            status = browser.get(address).status_code
            if status != (200 if role in allowed else 403):
                wrong.append((role, address, status))
    assert wrong == []


def test_acts_are_refused_to_all_others_and_change_nothing(federation: Federation, grant: UnionGrant) -> None:
    acts = {
        "check": {Role.CASE_WORKER},
        "approve": {Role.FINANCE_CHECKER},
        "send-back": {Role.CASE_WORKER, Role.FINANCE_CHECKER},
        "paid": {Role.FINANCE_MAKER},
        "received": {Role.FINANCE_MAKER},
    }
    for role in Role:
        browser = english_browser_of(factories.user(f"u-{role}", role, federation.municipal))
        for act, allowed in acts.items():
            if role not in allowed:
                answer = browser.post(f"/office/grants/{grant.code}/{act}/", {"reason": "x", **_BANK})
                assert answer.status_code == 403, (role, act)
    grant.refresh_from_db()
    assert grant.state == GrantState.PROPOSED


def test_a_grant_of_other_unions_does_not_exist(federation: Federation, grant: UnionGrant) -> None:
    elsewhere = factories.user("elsewhere", Role.FINANCE_MAKER, federation.community)
    browser = english_browser_of(elsewhere)
    assert browser.get(f"/office/grants/{grant.code}/").status_code == 404
    for act in ("paid", "received"):
        assert browser.post(f"/office/grants/{grant.code}/{act}/", _BANK).status_code == 404, act
    assert grant.code not in browser.get("/office/grants/").content.decode()


def test_a_grant_walks_from_proposal_to_both_books(
    federation: Federation, award: ProgrammeVersion, enterprise: Union, case_worker: User
) -> None:
    maker, worker, checker = (
        english_browser_of(u) for u in (federation.maker, case_worker, federation.checker)
    )
    answer = maker.post(
        f"/office/grants/new/{award.pk}/",
        {"receiver": enterprise.pk, "year_key": 2026, "basis": "区总文件3号"},
    )
    page = f"/office/grants/{UnionGrant.objects.get().code}/"
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert "It is in order" not in _text(maker, page)
    assert worker.post(f"{page}check/", {"seen": _seen(worker, page)}).status_code == 302
    assert checker.post(f"{page}approve/", {"seen": _seen(checker, page)}).status_code == 302
    grant = UnionGrant.objects.get()
    paid(federation, grant)
    assert "Paid, not received yet" in _text(maker, page)
    assert "Paid, not received yet" in _text(maker, "/office/grants/?state=in_transit")
    bank = BankAccount.objects.get(account__book__union=enterprise).pk
    late = maker.post(f"{page}received/", {**_BANK, "bank_account": bank, "date": "2099-01-01"})
    assert "the day lies in the future" in late.content.decode()
    assert "B1" in late.content.decode()
    assert maker.post(f"{page}received/", {**_BANK, "bank_account": bank}).status_code == 302
    assert UnionGrant.objects.get().received is not None


def test_the_payment_is_recorded_on_the_page(
    federation: Federation, grant: UnionGrant, case_worker: User
) -> None:
    approved(federation, grant, case_worker)
    browser = english_browser_of(federation.maker)
    address = f"/office/grants/{grant.code}/paid/"
    late = {**_BANK, "bank_account": federation.banks["HD"].pk, "date": "2099-01-01"}
    assert "the day lies in the future" in browser.post(address, late).content.decode()
    assert browser.post(address, {**late, "date": "2026-03-16"}).status_code == 302
    grant.refresh_from_db()
    assert grant.paid is not None
    assert (grant.state, grant.paid.document) == (GrantState.PAID, "B1")


def test_wrong_input_says_what_to_do_and_loses_nothing(federation: Federation, case_worker: User) -> None:
    version = in_force("industry_union_grant", federation, case_worker)
    union, _bank = below(federation, UnionKind.INDUSTRY, "HD-I01")
    typed = {"receiver": union.pk, "year_key": 2026, "amount": "50,001", "basis": "主席办公会第三次会议"}
    text = (
        english_browser_of(federation.maker).post(f"/office/grants/new/{version.pk}/", typed).content.decode()
    )
    assert "The rules give 30,000.00 to 50,000.00 yuan." in text
    assert "主席办公会第三次会议" in text
    assert "50,001" in text
    assert not UnionGrant.objects.exists()


def test_a_review_page_shows_whom_it_counts_without_full_names(
    federation: Federation, case_worker: User
) -> None:
    version = in_force("member_development", federation, case_worker)
    street, _bank = below(federation, UnionKind.STREET, "HD-S01")
    admit(street, 3)
    grant = counted(federation, version, street)
    text = _text(english_browser_of(case_worker), f"/office/grants/{grant.code}/")
    assert "New members counted" in text
    assert "张示例" not in text
    assert grant.granted_members.all()[0].membership.number in text


def test_proposing_from_the_page_counts_the_register(federation: Federation, case_worker: User) -> None:
    version = in_force("member_development", federation, case_worker)
    street, _bank = below(federation, UnionKind.STREET, "HD-S01")
    admit(street, 2)
    typed = {"receiver": street.pk, "first": "2026-03-01", "last": "2026-03-15", "basis": "一季度"}
    english_browser_of(case_worker).post(f"/office/grants/new/{version.pk}/", typed)
    assert UnionGrant.objects.get().amount.amount == 200


def test_sending_back_needs_a_reason_and_a_page_read_before_is_refused(
    federation: Federation, grant: UnionGrant, case_worker: User
) -> None:
    worker = english_browser_of(case_worker)
    assert worker.post(f"/office/grants/{grant.code}/send-back/", {"reason": ""}).status_code == 200
    worker.post(f"/office/grants/{grant.code}/check/", {"seen": "old"})
    grant.refresh_from_db()
    assert grant.state == GrantState.PROPOSED
    checked(grant, case_worker)
    english_browser_of(federation.checker).post(f"/office/grants/{grant.code}/send-back/", {"reason": "重复"})
    grant.refresh_from_db()
    assert (grant.state, grant.returned_reason) == (GrantState.RETURNED, "重复")


def test_the_list_is_filtered_and_exported(federation: Federation, grant: UnionGrant) -> None:
    browser = english_browser_of(federation.maker)
    shown = {
        "": True,
        "?state=proposed": True,
        "?state=paid": False,
        "?year=2026": True,
        "?year=2025": False,
        "?q=HD-E01": True,
        "?q=nobody": False,
        f"?programme={grant.programme_id}": True,
        "?year=abc": True,
    }
    for query, is_there in shown.items():
        assert (grant.code in _text(browser, f"/office/grants/{query}")) == is_there, query
        file = browser.get(f"/office/grants/{query}{'&' if query else '?'}form=csv")
        assert (grant.code in file.content.decode()) == is_there, query
    assert file["Content-Type"] == "text/csv; charset=utf-8"


def _text(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


def _seen(browser: Client, page: str) -> str:
    return str(browser.get(page).context["seen"])
