"""The member's pages with real money behind them, in both languages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from content import building
from ledger.benefits import campaigns, claims, list_approval, programmes, runs
from ledger.benefits.models import Campaign, Claim, ClaimState, ProgrammeVersion, Transport
from ledger.dues import collecting
from ledger.dues.models import DuesPayment
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.design.dates import cn_date
from portal.members import register
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation


@pytest.fixture
def member(federation: Federation) -> Member:
    found = factories.membership_in(
        federation.community,
        name="林示例",
        with_user=True,
        is_nonlocal_worker=True,
        is_migrant_worker=True,
        is_casual_worker=True,
    ).member
    register.set_card(
        member=found, bank="示例银行", number=factories.card_number(77), holder=found.name, actor=None
    )
    return found


@pytest.fixture
def campaign(federation: Federation) -> Campaign:
    building.build_site(is_demo=True)
    page = building.policy_page("hedong-2019-22")
    building.publish(page)
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    for code in ("card_subsidy", "travel_back"):
        version = programmes.draft(
            code=code, owner=federation.municipal, prepared_by=worker, policy_page_id=page.pk
        )
        programmes.activate(version=version, approved_by=federation.checker)
    programmes.set_budget(
        union=federation.municipal,
        programme=version.programme,
        year_key=2026,
        amount=Money(1_000_000, "CNY"),
        approved_by=federation.checker,
    )
    return campaigns.open_campaign(
        version=version,
        union=federation.municipal,
        year_key=2026,
        prepared_by=worker,
        places=3,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC),
        closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )


@pytest.fixture
def paid(federation: Federation, member: Member) -> DuesPayment:
    return collecting.collect_cash(
        member=member, months=12, paid_on=factories.TODAY, collected_by=federation.cashier
    )


@pytest.fixture
def browser(client: Client, member: Member) -> Client:
    assert member.user is not None
    client.force_login(member.user)
    return client


@pytest.fixture
def everything(campaign: Campaign, paid: DuesPayment) -> None:
    """Programmes in force, an open campaign and a year of dues."""


_TRIP = {"travelled_on": "2026-02-20", "transport": "rail", "ticket_number": "E123", "fare": "268.50"}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/me/", ["林示例", "HD-C001"]),
        ("/me/benefits/", ["300.00", "150.00", "津东总工发[2019]22号"]),
        ("/me/benefits/travel_back/", ["三（一）3"]),
        ("/me/benefits/travel_back/apply/", ["2026"]),
        ("/me/dues/", ["24.00", "PDF"]),
        ("/me/receipts/", ["PDF"]),
        ("/me/money/", ["24.00"]),
        ("/me/card/", ["****"]),
        ("/me/profile/", ["**************", "139****"]),
    ],
)  # fmt: skip
def test_every_page_opens(
    browser: Client, everything: None, address: str, words: list[str], language: str
) -> None:
    browser.cookies["django_language"] = language
    response = browser.get(address)
    assert response.status_code == 200
    page = response.content.decode()
    assert ('<html lang="en"' in page) == (language == "en")
    for word in words:
        assert word in page, word


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    response = client.get("/me/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/")


def test_staff_have_no_member_pages(client: Client, federation: Federation) -> None:
    client.force_login(factories.user("nobody"))
    assert client.get("/me/").status_code == 403


def test_the_receipt_is_a_pdf_and_nobody_elses(
    browser: Client, paid: DuesPayment, federation: Federation
) -> None:
    receipt = paid.receipt
    assert receipt is not None
    address = f"/me/receipts/{receipt.series.code}/{receipt.number}.pdf"
    response = browser.get(address)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    other = factories.membership_in(federation.community, with_user=True).member
    assert other.user is not None
    browser.force_login(other.user)
    assert browser.get(address).status_code == 404


def test_applying_twice_takes_one_place(browser: Client, campaign: Campaign, member: Member) -> None:
    for _ in range(2):
        response = browser.post("/me/benefits/travel_back/apply/", _TRIP)
        assert response.status_code == 302
    claim = Claim.objects.get()
    assert (claim.place_number, claim.amount) == (1, Money("268.50", "CNY"))
    page = browser.get("/me/benefits/travel_back/").content.decode()
    assert "268.50" in page
    browser.post(f"/me/claims/{claim.pk}/give-back/")
    claim.refresh_from_db()
    assert claim.state == ClaimState.WITHDRAWN


def test_a_member_waits_in_line_moves_up_and_reads_it(
    browser: Client, campaign: Campaign, federation: Federation, member: Member
) -> None:
    others = [
        factories.membership_in(federation.community, is_nonlocal_worker=True).member
        for _ in range(campaign.places)
    ]
    trip = claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E1", fare=Money("268.50", "CNY")
    )  # fmt: skip
    taken = [claims.claim(member=other, campaign=campaign, trip=trip) for other in others]
    browser.cookies["django_language"] = "en"
    page = browser.get("/me/benefits/travel_back/apply/").content.decode()
    assert "All places are taken, and 0 people stand in line." in page
    assert "It does not promise a place." in page
    response = browser.post("/me/benefits/travel_back/apply/", _TRIP)
    assert response.status_code == 200
    for _ in range(2):
        response = browser.post("/me/benefits/travel_back/apply/", _TRIP | {"or_wait": "on"})
        assert response.status_code == 302
    claim = Claim.objects.get(member=member)
    assert (claim.state, claim.waiting_number) == (ClaimState.WAITING, 1)
    for address in ("benefits/", "benefits/travel_back/", "money/"):
        page = browser.get(f"/me/{address}").content.decode()
        assert "On the waiting list" in page
    assert "You are the first in line." in page
    claims.give_back(claim=taken[1], actor=factories.user("helper", Role.CASE_WORKER, federation.municipal))
    page = browser.get("/me/benefits/travel_back/").content.decode()
    assert "Moved up to a place" in page
    assert "Place number 2" in page
    browser.post(f"/me/claims/{claim.pk}/give-back/")
    claim.refresh_from_db()
    assert claim.state == ClaimState.WITHDRAWN


def test_leaving_the_waiting_list_is_one_step(
    browser: Client, campaign: Campaign, federation: Federation, member: Member
) -> None:
    trip = claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E1", fare=Money("268.50", "CNY")
    )  # fmt: skip
    for _ in range(campaign.places):
        other = factories.membership_in(federation.community, is_nonlocal_worker=True).member
        claims.claim(member=other, campaign=campaign, trip=trip)
    browser.post("/me/benefits/travel_back/apply/", _TRIP | {"or_wait": "on"})
    claim = Claim.objects.get(member=member)
    browser.cookies["django_language"] = "en"
    assert "Leave the waiting list" in browser.get("/me/benefits/travel_back/").content.decode()
    browser.post(f"/me/claims/{claim.pk}/give-back/")
    claim.refresh_from_db()
    assert (claim.state, claim.place_number) == (ClaimState.WITHDRAWN, None)


def test_nobody_gives_back_another_members_place(
    browser: Client, campaign: Campaign, federation: Federation
) -> None:
    browser.post("/me/benefits/travel_back/apply/", _TRIP)
    other = factories.membership_in(federation.community, with_user=True).member
    assert other.user is not None
    browser.force_login(other.user)
    assert browser.post(f"/me/claims/{Claim.objects.get().pk}/give-back/").status_code == 404


def test_mistakes_are_explained_and_keep_what_was_typed(browser: Client, campaign: Campaign) -> None:
    wrong = _TRIP | {"travelled_on": "2025-01-01", "ticket_number": "KEEPME"}
    wrong |= {"fare": "about 200"}
    page = browser.post("/me/benefits/travel_back/apply/", wrong).content.decode()
    assert 'value="about 200"' in page
    page = browser.post("/me/benefits/travel_back/apply/", wrong | {"fare": "1"}).content.decode()
    assert "KEEPME" in page
    assert "2026年4月3日" in page
    assert 'id="id_travelled_on_error"' in page
    assert not Claim.objects.exists()


def test_months_that_are_not_offered(browser: Client, member: Member) -> None:
    response = browser.post("/me/dues/", {"months": "0"})
    assert response.status_code == 200
    assert not DuesPayment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [
        ({}, True),
        ({"number": "1234"}, False),
        ({"holder": "别人示例"}, False),
        ({"bank": "示例|银行"}, False),
        ({"bank": "示例\n银行"}, False),
    ],
)
def test_changing_the_card(browser: Client, member: Member, changes: dict[str, str], is_new: bool) -> None:
    number = factories.card_number(78)
    typed = {"number": number, "bank": "示例银行", "holder": "林示例"}
    response = browser.post("/me/card/", typed | changes)
    assert response.status_code == (302 if is_new else 200)
    current = member.cards.exclude(status="replaced").get()
    assert (current.number == number) == is_new


def test_the_return_page_tells_what_happened(browser: Client, paid: DuesPayment) -> None:
    page = browser.get(f"/me/dues/return/?payment={paid.pk}").content.decode()
    assert "24.00" in page
    assert browser.get("/me/dues/return/?payment=999999").status_code == 404
    assert browser.get("/me/dues/return/?payment=x").status_code == 404


def _trail(page: str) -> list[tuple[str, str]]:
    """(state, title) of each step on a page."""
    return re.findall(r'<li class="(\w+)".*?<span class="trail-title">(.*?)</span>', page, re.DOTALL)


def test_a_claim_in_progress_is_where_the_money_is(
    browser: Client, campaign: Campaign, member: Member
) -> None:
    browser.cookies["django_language"] = "en"
    browser.post("/me/benefits/travel_back/apply/", _TRIP)
    page = browser.get("/me/money/").content.decode()
    assert _trail(page) == [
        ("done", "Claimed under clause 三（一）3"),
        ("current", "Ticket checked"),
        ("waiting", "Approved by another person"),
        ("waiting", "Sent to the bank"),
        ("waiting", "On your card"),
    ]
    assert _trail(browser.get("/me/benefits/travel_back/").content.decode()) == _trail(page)
    worker = User.objects.get(username="worker")
    campaigns.verify(claims=[Claim.objects.get()], verified_by=worker)
    states = [state for state, _title in _trail(browser.get("/me/money/").content.decode())]
    assert states == ["done", "done", "current", "waiting", "waiting"]


def test_a_refused_claim_says_why(browser: Client, campaign: Campaign) -> None:
    browser.post("/me/benefits/travel_back/apply/", _TRIP)
    claims.reject(claim=Claim.objects.get(), reason="车票不清楚", actor=User.objects.get(username="worker"))
    page = browser.get("/me/money/").content.decode()
    assert [state for state, _title in _trail(page)][1] == "failed"
    assert "车票不清楚" in page


def test_the_trail_tells_the_days_of_the_business_and_what_comes_next(
    browser: Client, campaign: Campaign, federation: Federation
) -> None:
    run = runs.prepare(
        version=ProgrammeVersion.objects.get(programme__code="card_subsidy"),
        union=federation.district,
        list_date=dt.date(2026, 3, 16),
        prepared_by=federation.maker,
    )
    page = browser.get("/me/money/").content.decode()
    assert [state for state, _title in _trail(page)] == ["done", "current", "waiting", "waiting"]
    assert "2026年3月16日" in page
    assert cn_date(timezone.localdate()) not in page
    for funder in (federation.municipal, federation.district):
        programmes.set_budget(
            union=funder,
            programme=run.version.programme,
            year_key=2026,
            amount=Money(1_000, "CNY"),
            approved_by=federation.checker,
        )
    list_approval.approve(run=run, seen=list_approval.fingerprint(run), approved_by=federation.checker)
    states = [state for state, _title in _trail(browser.get("/me/money/").content.decode())]
    assert states == ["done", "done", "current", "waiting"]


def test_money_that_waits_for_a_card_says_so(browser: Client, campaign: Campaign, member: Member) -> None:
    browser.cookies["django_language"] = "en"
    browser.post("/me/benefits/travel_back/apply/", _TRIP)
    member.cards.update(status="replaced")
    page = browser.get("/me/money/").content.decode()
    assert "It waits for your card" in page
    card = browser.get("/me/card/").content.decode()
    assert ("Register my card" in card, "Register another card" in card) == (True, False)


def test_the_page_of_a_benefit_has_one_title_one_badge_and_no_way_to_itself(
    browser: Client, everything: None
) -> None:
    page = browser.get("/me/benefits/travel_back/").content.decode()
    main = page.split('id="main"')[1].split("</main>")[0]
    assert main.count('class="badge') == 1
    assert main.count("春节返津") == 1
    assert 'href="/me/benefits/travel_back/"' not in main


def test_facts_about_a_member_are_answered_with_yes_or_no(browser: Client) -> None:
    page = browser.get("/me/profile/").content.decode()
    assert re.findall(r"<dd>\s*(是|否|True|False)\s*</dd>", page) == ["是", "是", "是"]


def test_the_tab_bar_leaves_the_footer_within_reach(browser: Client) -> None:
    assert re.search(r'<body class="page\s+page-member\s*">', browser.get("/me/").content.decode())


def test_the_page_of_a_benefit_tells_each_condition_and_what_to_do(
    browser: Client, everything: None, member: Member
) -> None:
    browser.cookies["django_language"] = "en"
    page = browser.get("/me/benefits/card_subsidy/").content.decode()
    for words in ("Member of Sample Community.", "In the register as: Migrant workers.", "Own service card"):
        assert words in page, words
    Member.objects.filter(pk=member.pk).update(is_migrant_worker=False)
    page = browser.get("/me/benefits/card_subsidy/").content.decode()
    assert "It is for: Migrant workers." in page
    assert "If that is wrong, the union can correct the register." in page
