"""The human part of the main job in a real browser: member, maker, checker, cashier and editor."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone
from djmoney.money import Money
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from content import building, editorial
from ledger.benefits import campaigns, programmes
from ledger.benefits.models import Claim, Run
from ledger.books.integrity import verify
from ledger.books.opening import open_year
from ledger.books.posting import Entry, post
from ledger.dues.models import DuesPayment, StripeAccount
from ledger.dues.sandbox.server import Sandbox
from ledger.payouts.models import Batch
from portal.accounts.enrolment import enrol_totp
from portal.accounts.models import OutboxMessage, User
from portal.accounts.roles import Role
from portal.demo.bank import DemoBank
from portal.members import register
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation
from tests.e2e.conftest import PHONE
from tests.ledger.benefits.conftest import migrants

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OpenPage = Callable[..., Page]


@pytest.fixture
def world(federation: Federation) -> Federation:
    """The site with its policy, programmes in force with budgets, money in the banks, staff with second factors."""
    building.build_site(is_demo=True)
    page = building.policy_page("hedong-2019-22")
    building.publish(page)
    year = timezone.localdate().year
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    for book in federation.books.values():
        open_year(book=book, year=year)
    for code in ("card_subsidy", "travel_back"):
        version = programmes.draft(
            code=code, owner=federation.municipal, prepared_by=worker, policy_page_id=page.pk
        )
        programmes.activate(version=version, approved_by=federation.checker)
        for union in (federation.municipal, federation.district):
            for budget_year in {2026, year}:
                programmes.set_budget(
                    union=union, programme=version.programme, year_key=budget_year,
                    amount=Money(10_000, "CNY"), approved_by=federation.checker,
                )  # fmt: skip
    campaigns.open_campaign(
        version=version, union=federation.municipal, year_key=2026, prepared_by=worker, places=5,
        opens_at=timezone.now() - dt.timedelta(days=1), closes_at=timezone.now() + dt.timedelta(days=9),
    )  # fmt: skip
    for code in ("TJ", "HD"):
        post(
            book=federation.books[code], external_key="levy", date=timezone.localdate(), kind="levy", summary="经费",
            entries=[
                Entry(debit=federation.banks[code].account.code, credit="402", amount=Money(9_000, "CNY"))
            ],
        )  # fmt: skip
    for user in (federation.maker, federation.checker, federation.cashier):
        enrol_totp(user, SECRET)
    return federation


@pytest.fixture
def member(world: Federation) -> Member:
    found = factories.membership_in(
        world.community, name="林示例", with_user=True, is_nonlocal_worker=True, is_casual_worker=True
    ).member
    register.set_card(
        member=found, bank="示例银行", number=factories.card_number(77), holder=found.name, actor=None
    )
    return found


@pytest.fixture
def platform(world: Federation, live_server: object, settings: Settings) -> Iterator[None]:
    """The payment platform's stand-in, which tells the live server what happened."""
    sandbox = Sandbox(port=0, webhook_url=f"{live_server}/webhooks/stripe/", secret="whsec_test_local")
    threading.Thread(target=sandbox.serve_forever, args=(0.02,), daemon=True).start()
    settings.STRIPE_API_BASE = sandbox.base
    StripeAccount.objects.create(
        union=world.community, account_id="acct_community", bank_account=world.banks["HD-C001"]
    )
    yield
    sandbox.shutdown()
    sandbox.server_close()


def _staff(open_page: OpenPage, user: User) -> Page:
    """Sign in with password and second factor, as staff do."""
    page = open_page()
    page.goto("/sign-in/staff/")
    sign_in_staff(page, user)
    page.wait_for_url(re.compile("/(office|cms)/"))
    return page


def sign_in_staff(page: Page, user: User) -> None:
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", "correct horse battery")
    page.click("button.button-primary")
    page.fill("[name=code]", format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))
    page.click("button.button-primary")


def test_a_member_on_a_phone(open_page: OpenPage, member: Member, platform: None) -> None:
    """Sign in by code, take a place, pay a year's dues, hold the receipt."""
    page = open_page(viewport=PHONE)
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("每一元都看得见")
    page.goto("/me/")
    page.fill("[name=phone]", member.phone)
    page.click("button.button-primary")
    code = re.search(r"\d{6}", OutboxMessage.objects.get().text)
    assert code
    page.fill("[name=code]", code.group())
    page.click("button.button-primary")
    expect(page.locator("main")).to_contain_text("林示例")

    page.click("a[href='/me/benefits/travel_back/apply/']")
    page.fill("[name=travelled_on]", "2026-02-20")
    page.fill("[name=ticket_number]", "E123456789")
    page.fill("[name=fare]", "268.5")
    page.click("button.button-primary")
    expect(page.locator("main")).to_contain_text("268.50")
    assert Claim.objects.get().place_number == 1

    page.goto("/me/dues/")
    page.select_option("[name=months]", "12")
    page.click("main button.button-primary")
    expect(page.locator("h1")).to_contain_text("24.00")
    page.click("button")
    expect(page.locator("h1")).to_contain_text("已付款")
    receipt = DuesPayment.objects.get().receipt
    assert receipt is not None
    pdf = page.request.get(f"/me/receipts/{receipt.series.code}/{receipt.number}.pdf")
    assert pdf.body().startswith(b"%PDF-")
    page.goto(f"/verify/?code={receipt.series.code}&number={receipt.number}&check={receipt.check_code}")
    expect(page.locator("main")).to_contain_text("24.00")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_the_subsidy_by_maker_checker_and_cashier(
    open_page: OpenPage, world: Federation, tmp_path: Path
) -> None:
    """The list, its approval, the funds, the bank file and the result, each in a browser of one's own."""
    migrants(world, 3)
    maker, checker, cashier = (_staff(open_page, u) for u in (world.maker, world.checker, world.cashier))
    maker.goto("/office/runs/new/")
    maker.select_option("[name=version]", index=1)
    maker.select_option("[name=union]", str(world.district.pk))
    maker.click("main button.button-primary")
    expect(maker.locator("main")).to_contain_text("450.00")
    here = f"/office/runs/{Run.objects.get().code}/"
    assert maker.locator("form[action$='approve/']").count() == 0

    checker.goto(here)
    checker.click("form[action$='approve/'] button")
    for reference in ("M-1", "D-1"):
        maker.goto(here)
        maker.fill("[name=bank_reference]", reference)
        maker.click("form[action$='funds/'] button")
    cashier.goto(here)
    cashier.select_option("form[action$='payout/'] [name=format_code]", "ubp1")
    cashier.click("form[action$='payout/'] button")
    there = f"/office/payouts/{Batch.objects.get().code}/"
    checker.goto(there)
    checker.click("summary:has-text('放行')")
    checker.click("form[action$='release/'] button")

    cashier.goto(there)
    with cashier.expect_download() as download:
        cashier.click("form[action$='file/'] button")
    content = Path(download.value.path()).read_bytes()
    batch = Batch.objects.get()
    answer = DemoBank().pay_out(
        format_code="ubp1",
        file_name=batch.file_name,
        content=content,
        date=timezone.localdate(),
        account=batch.bank_account.number,
    )
    result = tmp_path / "result.txt"
    result.write_bytes(answer)
    cashier.goto(there)
    cashier.set_input_files("[name=file]", result)
    cashier.click("form[action$='result/'] button")
    batch.refresh_from_db()
    assert batch.state == "settled"
    maker.goto("/office/books/HD/")
    expect(maker.locator("main")).to_contain_text("503 ")
    assert [check for check in verify() if not check.ok] == []


def test_an_editor_submits_and_cannot_publish(open_page: OpenPage, world: Federation) -> None:
    editor = factories.user("bianji", Role.EDITOR, world.municipal)
    editorial.grant(editor, role=Role.EDITOR)
    enrol_totp(editor, SECRET)
    page = _staff(open_page, editor)
    policy = building.policy_page("hedong-2019-22")
    page.goto(f"/cms/pages/{policy.pk}/edit/")
    expect(page.locator("[name=title]")).to_have_value(policy.title)
    assert page.locator("[name=action-publish]").count() == 0
    assert page.locator("[name=action-submit]").count() == 1
