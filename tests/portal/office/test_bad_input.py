"""Numbers, periods, steps and files that nobody should ever send are answered, never a server error."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ledger.books import attachments
from ledger.books.models import Period, PeriodState
from ledger.reports import periods
from portal.office import forms
from portal.office.chosen import chosen_ids, number_of
from tests.conftest import Federation
from tests.signing_in import browser_of

_PERIODS = ["0000-01", "0001-01", "1899-12", "2201-01", "9999-12", "٢٠٢٦-03", "2026-٠3", "2026-13"]
_NUMBERS = ["9" * 5000, "9" * 30, "9" * 19, "٣", "-1", "1.0", "", "x"]


@pytest.mark.parametrize("text", _PERIODS)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(periods.NotAPeriod):
        periods.month_of(text)


def test_periods_from_1900_to_2200() -> None:
    assert [periods.month_of(text) for text in ("1900-01", "2026-03", "2200-12")] == [190001, 202603, 220012]


@pytest.mark.parametrize("period", _PERIODS)
def test_no_page_is_of_a_month_that_is_none(federation: Federation, period: str) -> None:
    browser = browser_of(federation.maker)
    for address in ("books/HD/", "books/HD/vouchers/", "books/HD/accounts/102/", "bank/HD-B1/"):
        assert browser.get(f"/office/{address}", {"period": period}).status_code == 404, address


@pytest.mark.parametrize("number", _NUMBERS)
def test_what_is_no_number_of_a_row_chooses_nothing(federation: Federation, number: str) -> None:
    assert number_of(number) is None
    maker, checker = browser_of(federation.maker), browser_of(federation.checker)
    march = {"period": "2026-03"}
    assert checker.post("/office/books/HD/vouchers/check/", march | {"voucher": number}).status_code == 302
    for name in ("copy", "template", "corrects"):
        assert maker.get("/office/books/HD/vouchers/write/", {name: number}).status_code == 200
    by_hand = {"line": number, "reason": "同一笔"}
    assert maker.post("/office/bank/HD-B1/by-hand/", by_hand).status_code == 409
    more = {"more": "1", "lines-TOTAL_FORMS": number}
    assert maker.post("/office/books/HD/vouchers/write/", more).status_code == 200


def test_numbers_of_rows_keep_their_order() -> None:
    assert chosen_ids(["3", "x", "1", str(2**63 - 1), str(2**63)]) == [3, 1, 2**63 - 1]


@pytest.mark.parametrize("step", ["nonsense", "", None])
def test_only_the_step_that_says_so_closes_a_month(federation: Federation, step: str | None) -> None:
    browser = browser_of(federation.maker)
    sent = {"period": "2026-01"} | ({} if step is None else {"step": step})
    assert browser.post("/office/books/HD/close/", sent).status_code == 404
    assert Period.objects.get(book__code="HD", month=202601).state == PeriodState.OPEN
    browser.post("/office/books/HD/close/", {"period": "2026-01", "step": "close"})
    assert Period.objects.get(book__code="HD", month=202601).state == PeriodState.CLOSED


@pytest.mark.parametrize("step", ["carry_forward", "close_year", "ask", "close"])
def test_a_month_that_the_book_does_not_have_does_not_exist(federation: Federation, step: str) -> None:
    sent = {"period": "2050-01", "step": step, "reason": "x"}
    assert browser_of(federation.maker).post("/office/books/HD/close/", sent).status_code == 404


def _file(size: int) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("statement.csv", b"x" * size)}


def test_files_of_the_bank_have_a_largest_size(federation: Federation) -> None:
    browser = browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    page = browser.post("/office/bank/HD-B1/statement/", _file(forms.LARGEST_BANK_FILE + 1)).content.decode()
    assert "The file is larger than 10 MB." in page
    assert forms.FileForm({}, _file(forms.LARGEST_BANK_FILE)).is_valid()


def test_files_of_vouchers_have_the_limit_of_the_books() -> None:
    larger = forms.LARGEST_BANK_FILE + 1
    assert forms.FileForm({}, _file(larger), largest=attachments.LARGEST).is_valid()
    assert not forms.FileForm({}, _file(attachments.LARGEST + 1), largest=attachments.LARGEST).is_valid()


def test_a_page_number_of_any_length_is_a_page(federation: Federation) -> None:
    browser = browser_of(federation.maker)
    account = federation.banks["HD"].account.code
    for number in ("9" * 5000, "\u00b2", "0", "-1"):
        assert browser.get(f"/office/books/HD/accounts/{account}/", {"page": number}).status_code == 200
