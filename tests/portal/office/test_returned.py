"""The office deals with payments that came back: reported from the statement by one, confirmed by another."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from ledger.benefits.models import Commitment, ProgrammeVersion, Return, Run
from ledger.payouts.models import Batch
from portal.accounts.models import User
from tests.conftest import Federation
from tests.ledger.benefits.conftest import TODAY, approved, case_worker, fund, migrants, prepared, subsidy  # noqa: F401
from tests.ledger.benefits.test_returns import CLOSED, answered, first_line, sent
from tests.ledger.payouts.conftest import the_bank_answers
from tests.signing_in import browser_of

_TYPED = {"came_back_on": "2026-03-16", "reason": "ACCOUNT_CLOSED", "bank_reference": "20260316R1"}


@pytest.fixture
def paid(federation: Federation, subsidy: ProgrammeVersion) -> Batch:  # noqa: F811
    migrants(federation, 2)
    run: Run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    batch = sent(federation, run)
    answered(federation, batch, ("S", "0000", "交易成功"))
    return batch


def _addresses(batch: Batch) -> tuple[str, str]:
    return (
        reverse("office_payout", args=[batch.code]),
        reverse("office_payout_returned", args=[batch.code, first_line(batch).seq]),
    )


def test_one_person_reports_a_return_and_another_confirms_it(federation: Federation, paid: Batch) -> None:
    page, form = _addresses(paid)
    cashier, checker = browser_of(federation.cashier), browser_of(federation.checker)
    for browser in (cashier, checker):
        browser.cookies["django_language"] = "en"
    assert form in cashier.get(page).content.decode()
    assert form not in checker.get(page).content.decode()
    wrong = cashier.post(form, _TYPED | {"came_back_on": "2026-03-15"}).content.decode()
    assert "cannot have come back before that" in wrong
    assert 'value="20260316R1"' in wrong
    cashier.post(form, _TYPED)
    returned = Return.objects.get()
    confirm = reverse("office_payout_returned_confirm", args=[paid.code, returned.pk])
    assert confirm not in cashier.get(page).content.decode()
    assert confirm in checker.get(page).content.decode()
    assert cashier.post(confirm).status_code == 403
    returned.refresh_from_db()
    assert returned.transaction is None
    assert "Payments that came back to confirm" in checker.get("/office/").content.decode()
    answer = checker.post(confirm, follow=True).content.decode()
    assert "The card has been closed" in answer
    assert Commitment.objects.get(pk=returned.commitment_id).state == "returned"


def test_a_wrong_report_is_taken_back(federation: Federation, paid: Batch) -> None:
    _page, form = _addresses(paid)
    browser = browser_of(federation.cashier)
    browser.post(form, _TYPED)
    drop = reverse("office_payout_returned_drop", args=[paid.code, Return.objects.get().pk])
    assert browser_of(federation.maker).post(drop).status_code == 403
    assert Return.objects.exists()
    browser.post(drop)
    assert not Return.objects.exists()


@pytest.mark.parametrize("who", ["maker", "checker"])
def test_who_imports_no_results_reports_no_return(federation: Federation, paid: Batch, who: str) -> None:
    person: User = getattr(federation, who)
    _page, form = _addresses(paid)
    assert browser_of(person).get(form).status_code == 403
    assert browser_of(person).post(form, _TYPED).status_code == 403
    assert not Return.objects.exists()


def test_a_file_with_a_return_says_how_many_came_back(federation: Federation, paid: Batch) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    browser = browser_of(federation.cashier)
    browser.cookies["django_language"] = "en"
    content = the_bank_answers(paid, {1: CLOSED}, only=True, day=TODAY)
    answers = []
    for _time in range(2):
        upload = {"file": SimpleUploadedFile("result.txt", content)}
        address = reverse("office_payout_result", args=[paid.code])
        answers.append(browser.post(address, upload, follow=True).content.decode())
    assert "1 payment came back" in answers[0]
    assert "Nothing was added" in answers[1]
    assert Commitment.objects.get(party=first_line(paid).party).amount.amount == Decimal(150)
