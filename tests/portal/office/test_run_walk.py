"""The subsidy walked through the pages: maker, checker, cashier, each in a browser of one's own."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from djmoney.money import Money

from ledger.benefits import campaigns, claims, list_approval
from ledger.benefits.models import Claim, ProgrammeVersion, Run, RunState, Transport
from ledger.books.holds import available
from ledger.books.integrity import verify
from ledger.books.models import BankAccount
from ledger.books.opening import open_year
from ledger.books.posting import Entry, post
from ledger.books.queries import balance, balance_of
from ledger.payouts.models import Batch, BatchState
from ledger.reconciliation.queries import open_lines, open_postings
from portal.accounts.models import RoleAssignment
from portal.accounts.roles import Role
from portal.demo.bank import DemoBank
from portal.office.forms import PayoutForm
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved, fund, in_force, migrants, pay_out, prepared, travellers
from tests.signing_in import browser_of, english_browser_of

DAY = factories.TODAY.isoformat()
TODAY = timezone.localdate().isoformat()


@pytest.fixture
def subsidy(federation: Federation) -> ProgrammeVersion:
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    for code in ("TJ", "HD"):
        post(
            book=federation.books[code], external_key="levy", date=factories.TODAY, kind="levy", summary="经费",
            entries=[
                Entry(debit=federation.banks[code].account.code, credit="402", amount=Money(50_000, "CNY"))
            ],
        )  # fmt: skip
    return in_force("card_subsidy", federation, worker)


def _seen() -> dict[str, str]:
    """What the page of the last payout showed whoever releases it."""
    return {"seen": Batch.objects.latest("pk").file_sha256}


def test_from_a_new_list_to_the_books(federation: Federation, subsidy: ProgrammeVersion) -> None:
    open_year(book=federation.books["HD"], year=timezone.localdate().year)
    migrants(federation, 6)
    maker, checker, cashier = (
        browser_of(user) for user in (federation.maker, federation.checker, federation.cashier)
    )
    response = maker.post(
        "/office/runs/new/", {"version": subsidy.pk, "union": federation.district.pk, "list_date": DAY}
    )
    run = Run.objects.get()
    here = f"/office/runs/{run.code}/"
    assert response.headers["Location"] == here
    page = maker.get(here).content.decode()
    assert "900.00" in page
    assert "540.00" in page
    assert "360.00" in page
    assert "张示例" not in page

    assert maker.post(f"{here}approve/").status_code == 403
    assert checker.post(f"{here}approve/", {"seen": "another list"}).status_code == 409
    run.refresh_from_db()
    assert run.state == RunState.PREPARED
    seen = list_approval.fingerprint(run)
    assert f'value="{seen}"' in checker.get(here).content.decode()
    assert checker.post(f"{here}approve/", {"seen": seen}).status_code == 302
    bank = {"date": DAY, "bank_reference": "B1"}
    maker.post(f"{here}funds/", bank | {"bank_account": federation.banks["TJ"].pk})
    maker.post(f"{here}funds/", bank | {"bank_account": federation.banks["HD"].pk})
    cashier.post(
        f"{here}payout/",
        {"bank_account": federation.banks["HD"].pk, "format_code": "ubp1", "value_date": TODAY},
    )
    batch = Batch.objects.get()
    there = f"/office/payouts/{batch.code}/"
    assert cashier.post(f"{there}release/").status_code == 403
    assert checker.post(f"{there}release/", {"seen": "0" * 64}).status_code != 302
    assert checker.post(f"{there}release/", _seen()).status_code == 302
    account = federation.banks["HD"].account
    assert available(account) == balance(account) - Money(900, "CNY")
    file = cashier.post(f"{there}file/")
    answer = DemoBank().pay_out(
        format_code="ubp1", file_name=batch.file_name, content=file.content, date=timezone.localdate(),
        account=batch.bank_account.number,
    )  # fmt: skip
    for _ in range(2):
        upload = SimpleUploadedFile("result.txt", answer)
        assert cashier.post(f"{there}result/", {"file": upload}).status_code == 302
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED
    assert available(account) == balance(account)
    paid = batch.lines.filter(state="paid").count()
    assert balance_of(federation.books["HD"], "503") == Money(150 * paid, "CNY")
    assert [check for check in verify() if not check.ok] == []
    for browser, address in ((maker, here), (checker, there)):
        assert browser.get(address).status_code == 200


def test_nobody_approves_an_own_list(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    RoleAssignment.objects.create(
        user=federation.maker, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    browser = browser_of(federation.maker)
    browser.post(
        "/office/runs/new/", {"version": subsidy.pk, "union": federation.district.pk, "list_date": DAY}
    )
    run = Run.objects.get()
    assert browser.post(f"/office/runs/{run.code}/approve/").status_code == 403
    run.refresh_from_db()
    assert run.state == RunState.PREPARED


def test_refusals_come_back_to_the_form(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    maker, checker = browser_of(federation.maker), browser_of(federation.checker)
    new = {"version": subsidy.pk, "union": federation.district.pk, "list_date": DAY}
    maker.post("/office/runs/new/", new)
    again = maker.post("/office/runs/new/", new)
    assert again.status_code == 200
    assert f'value="{DAY}"' in again.content.decode()
    run = Run.objects.get()
    assert checker.post(f"/office/runs/{run.code}/send-back/", {"reason": ""}).status_code == 200
    assert checker.post(f"/office/runs/{run.code}/send-back/", {"reason": "有误"}).status_code == 302
    run.refresh_from_db()
    assert (run.state, run.returned_reason) == (RunState.RETURNED, "有误")


def test_a_payout_is_withdrawn_and_built_again_through_the_pages(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    people = migrants(federation, 2)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    people[0].cards.update(bank="示例|银行")
    cashier, checker = browser_of(federation.cashier), browser_of(federation.checker)
    for browser in (cashier, checker):
        browser.cookies["django_language"] = "en"
    there = f"/office/payouts/{pay_out(federation, run).code}/"
    assert (
        "left out: “示例|银行” has the character" in cashier.get(f"/office/runs/{run.code}/").content.decode()
    )
    cashier.post(f"{there}withdraw/", {"reason": "有误"})
    payment = {"bank_account": federation.banks["HD"].pk, "format_code": "ubp1", "value_date": TODAY}
    page = cashier.post(f"/office/runs/{run.code}/payout/", payment, follow=True).content.decode()
    assert "1 person is left out of the payout" in page
    assert Batch.objects.filter(state=BatchState.PREPARED).get().line_count == 1


def test_a_file_that_the_bank_refused_is_reported_and_confirmed_through_the_pages(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 2)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    batch = pay_out(federation, run)
    there = f"/office/payouts/{batch.code}/"
    cashier, checker = browser_of(federation.cashier), browser_of(federation.checker)
    checker.post(f"{there}release/", _seen())
    assert checker.post(f"{there}report-refusal/", {"reason": "退回"}).status_code == 403
    assert cashier.post(f"{there}report-refusal/", {"reason": ""}).status_code == 200
    assert cashier.post(f"{there}report-refusal/", {"reason": "银行整批退回"}).status_code == 302
    assert "银行整批退回" in checker.get(there).content.decode()
    assert cashier.post(f"{there}refused/").status_code == 403
    batch.refresh_from_db()
    assert batch.state == BatchState.RELEASED
    assert checker.post(f"{there}refused/").status_code == 302
    batch.refresh_from_db()
    assert (batch.state, batch.refused_by) == (BatchState.REFUSED, federation.checker)
    assert checker.get(there).status_code == 200


def test_claims_are_approved_as_the_page_showed_them(federation: Federation) -> None:
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    travel = in_force("travel_back", federation, worker)
    campaign = campaigns.open_campaign(
        version=travel, union=federation.municipal, year_key=2026, prepared_by=worker, places=5,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC), closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    trip = claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E1", fare=Money("268.50", "CNY")
    )  # fmt: skip
    taken = [claims.claim(member=m, campaign=campaign, trip=trip) for m in travellers(federation, 2)]
    campaigns.verify(claims=taken, verified_by=worker)
    here = f"/office/claims/{campaign.code}/"
    checker = browser_of(federation.checker)
    page = checker.get(here).content.decode()
    ids = ",".join(str(claim.pk) for claim in taken)
    assert f'name="seen" value="{ids}"' in page
    assert re.search(r'name="total"\s+value="537\.00"', page)
    for wrong in ({}, {"seen": ids, "total": "1"}, {"seen": "x", "total": "537.00"}):
        checker.post(f"{here}approve/", wrong)
        assert set(Claim.objects.values_list("state", flat=True)) == {"verified"}
    checker.post(f"{here}approve/", {"seen": ids, "total": "537.00"})
    assert set(Claim.objects.values_list("state", flat=True)) == {"approved"}
    assert checker.get(here).status_code == 200


def test_a_refusal_in_the_office_hands_the_place_down_the_line(federation: Federation) -> None:
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    travel = in_force("travel_back", federation, worker)
    campaign = campaigns.open_campaign(
        version=travel, union=federation.municipal, year_key=2026, prepared_by=worker, places=1,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC), closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    trip = claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E1", fare=Money("268.50", "CNY")
    )  # fmt: skip
    people = travellers(federation, 3)
    taken = [claims.claim(member=m, campaign=campaign, trip=trip, or_wait=True) for m in people]
    here, office = f"/office/claims/{campaign.code}/", english_browser_of(worker)
    page = office.get(here).content.decode()
    assert "2 people stand in line." in page
    assert page.index("number 1 in line") < page.index("number 2 in line")
    page = office.post(f"{here}reject/{taken[0].pk}/", {"reason": "unreadable"}, follow=True).content.decode()
    assert "the place went to number 1 on the waiting list" in page
    page = office.post(f"{here}reject/{taken[2].pk}/", {"reason": "twice"}, follow=True).content.decode()
    assert "the claim has left the waiting list" in page
    assert list(Claim.objects.order_by("pk").values_list("state", "place_number")) == [
        ("rejected", 1), ("submitted", 1), ("rejected", None),
    ]  # fmt: skip


@pytest.mark.parametrize("days", [-1, 61])
def test_a_payout_is_made_for_today_or_the_next_sixty_days(
    federation: Federation, subsidy: ProgrammeVersion, days: int
) -> None:
    form = PayoutForm(
        {
            "bank_account": federation.banks["HD"].pk,
            "format_code": "ubp1",
            "value_date": timezone.localdate() + dt.timedelta(days=days),
        },
        accounts=BankAccount.objects.all(),
    )
    assert form.errors == {"value_date": ["Choose a day from today to 60 days ahead."]}


def test_a_payout_that_is_not_there(federation: Federation) -> None:
    assert browser_of(federation.cashier).get("/office/payouts/DF000000000000/").status_code == 404


def test_the_month_is_closed_and_opened_again_through_the_pages(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    """Reconcile, carry forward, draw up, check by another person, close; then ask and allow to open it again."""
    from ledger.books.closing import close_period

    book, account = federation.books["HD"], federation.banks["HD"]
    for month in (202601, 202602):
        close_period(book=book, month=month, actor=federation.checker)
    maker, checker, cashier = (
        browser_of(user) for user in (federation.maker, federation.checker, federation.cashier)
    )
    for browser in (maker, checker):
        browser.cookies["django_language"] = "en"
    here = "/office/books/HD/"
    march = {"period": "2026-03"}

    def vouchers() -> list[str]:
        return [f"{draft.pk}:{draft.revision}" for draft in book.vouchers.filter(state="draft")]

    maker.post(f"{here}close/", march | {"step": "carry_forward"})
    maker.post(f"{here}vouchers/draw-up/", march)
    assert maker.post(f"{here}vouchers/check/", march | {"voucher": vouchers()}).status_code == 403
    checker.post(f"{here}vouchers/check/", march | {"voucher": vouchers()})
    assert vouchers() == []

    page = maker.get(f"{here}close/?period=2026-03").content.decode()
    assert "no statement of this month yet" in page
    assert maker.post(f"{here}close/", march | {"step": "close"}).status_code == 409
    bank = DemoBank()
    bank.move(
        account=account.number, date=factories.TODAY, amount=Decimal(50_000), summary="经费", counterparty="",
        counterparty_number="",
    )  # fmt: skip
    first, last = factories.TODAY.replace(day=1), factories.TODAY.replace(day=31)
    statement = SimpleUploadedFile("流水.csv", bank.statement(account=account.number, first=first, last=last))
    cashier.post(f"/office/bank/{account.code}/statement/", {"file": statement})

    assert (
        "1 lines of the statement have no entry" in maker.get(f"{here}close/?period=2026-03").content.decode()
    )
    (line,), (posting,) = open_lines(account), open_postings(account)
    by_hand = {"line": line.pk, "posting": f"{posting.transfer_id}{posting.side}", "reason": "经费到账"}
    maker.post(f"/office/bank/{account.code}/by-hand/", by_hand)
    assert "of the statement" not in maker.get(f"{here}close/?period=2026-03").content.decode()
    maker.post(f"{here}close/", march | {"step": "close"})
    assert book.periods.get(month=202603).state == "closed"
    assert "记-1" in maker.get(f"{here}vouchers/?period=2026-03").content.decode()

    maker.post(f"{here}close/", march | {"step": "ask", "reason": "漏记一笔"})
    assert "漏记一笔" in checker.get(f"{here}close/?period=2026-03").content.decode()
    assert maker.post(f"{here}reopen/", march).status_code == 403
    checker.post(f"{here}reopen/", march)
    assert book.periods.get(month=202603).state == "open"
    assert "Opened again" in maker.get(f"{here}close/?period=2026-03").content.decode()
