"""Writing, checking, cancelling and printing vouchers in the office."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.books import manual, queries, vouchers
from ledger.books.models import Voucher, VoucherState
from tests.conftest import Federation
from tests.ledger.books.test_posting import cash_dues, yuan
from tests.signing_in import browser_of

WRITE = "/office/books/HD/vouchers/write/"


def typed(bank: str, **changes: str) -> dict[str, Any]:
    head = {"date": "2026-03-16", "summary": "收到经费", "attachments": "2"}
    lines = {
        "lines-TOTAL_FORMS": "4", "lines-INITIAL_FORMS": "0",
        "lines-0-account": bank, "lines-0-debit": "1000.00", "lines-0-fund_source": "own",
        "lines-1-account": "402", "lines-1-credit": "1000.00", "lines-1-fund_source": "own",
        "lines-2-fund_source": "own", "lines-3-fund_source": "own",
    }  # fmt: skip
    return head | lines | changes


def _in_english(browser: Client) -> Client:
    browser.cookies["django_language"] = "en"
    return browser


@pytest.fixture
def bank(federation: Federation) -> str:
    return federation.banks["HD"].account.code


@pytest.fixture
def maker(federation: Federation) -> Client:
    return _in_english(browser_of(federation.maker))


@pytest.fixture
def checker(federation: Federation) -> Client:
    return _in_english(browser_of(federation.checker))


def test_a_voucher_is_written_checked_printed_copied_and_cancelled(
    federation: Federation, maker: Client, checker: Client, bank: str
) -> None:
    page = maker.post(WRITE, typed(bank), follow=True)
    draft = Voucher.objects.get()
    assert page.redirect_chain[-1][0] == f"/office/books/HD/vouchers/{draft.pk}/"
    assert "Check and post" not in page.content.decode()
    assert "1,000.00" in page.content.decode()
    assert checker.get(WRITE).status_code == 403

    address = f"/office/books/HD/vouchers/{draft.pk}/"
    assert "Check and post" in checker.get(address).content.decode()
    checker.post(
        "/office/books/HD/vouchers/check/", {"voucher": f"{draft.pk}:{draft.revision}", "period": "2026-03"}
    )
    draft.refresh_from_db()
    assert (draft.state, draft.attachments) == (VoucherState.POSTED, 2)
    assert maker.get(f"{address}pdf/").content.startswith(b"%PDF-")

    copy = maker.get(f"{WRITE}?copy={draft.pk}").content.decode()
    assert 'value="1000.00"' in copy
    maker.post(f"{address}template/", {"name": "经费到账"})
    assert "经费到账" in maker.get("/office/books/HD/vouchers/?period=2026-03").content.decode()
    template = federation.books["HD"].templates.get()
    assert 'value="1000.00"' in maker.get(f"{WRITE}?template={template.pk}").content.decode()

    assert maker.get(f"{WRITE}?corrects={draft.pk}").status_code == 409
    red = manual.cancel(voucher=draft, date=draft.date, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    corrected = maker.get(f"{WRITE}?corrects={draft.pk}").content.decode()
    assert "订正3月16日记-1号凭证" in corrected


@pytest.fixture
def posted(federation: Federation, maker: Client, bank: str) -> Voucher:
    maker.post(WRITE, typed(bank))
    return vouchers.check_and_post(voucher=Voucher.objects.get(), checked_by=federation.checker)


def test_red_letters_and_the_correction_are_offered_only_when_they_would_be_accepted(
    federation: Federation, maker: Client, posted: Voucher
) -> None:
    address = f"/office/books/HD/vouchers/{posted.pk}/"
    offered = "?corrects="
    page = maker.get(address).content.decode()
    assert f"{address}cancel/" in page
    assert offered not in page
    red = manual.cancel(voucher=posted, date=posted.date, prepared_by=federation.maker)
    page = maker.get(address).content.decode()
    assert f"{address}cancel/" not in page
    assert offered not in page
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    assert offered in maker.get(address).content.decode()
    manual.prepare(
        book=posted.book, date=posted.date, summary="订正", lines=manual.lines_of(posted),
        prepared_by=federation.maker, corrects=posted,
    )  # fmt: skip
    assert offered not in maker.get(address).content.decode()


def test_a_voucher_of_the_dues_says_where_it_is_taken_back(federation: Federation, maker: Client) -> None:
    book = federation.books["HD-C001"]
    drawn = vouchers.draw_up(book=book, transactions=[cash_dues(book)], prepared_by=federation.maker)
    drawn = vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
    page = maker.get(f"/office/books/HD-C001/vouchers/{drawn.pk}/").content.decode()
    assert "Take it back there; the books will follow." in page
    assert "/cancel/" not in page


def test_discarding_a_draft_is_asked_once_more_and_speaks_of_events_only_where_there_are_some(
    federation: Federation, maker: Client, bank: str
) -> None:
    maker.post(WRITE, typed(bank))
    address = f"/office/books/HD/vouchers/{Voucher.objects.get().pk}/"
    page = maker.get(address).content.decode()
    assert page.index("gone for good") < page.index(f"{address}discard/")
    page = maker.post(f"{address}discard/", follow=True).content.decode()
    assert "The draft is gone." in page
    assert "Events that it covered" not in page
    book = federation.books["HD-C001"]
    drawn = vouchers.draw_up(book=book, transactions=[cash_dues(book)], prepared_by=federation.maker)
    answer = maker.post(f"/office/books/HD-C001/vouchers/{drawn.pk}/discard/", follow=True)
    assert "Events that it covered wait for another voucher." in answer.content.decode()


def test_what_was_typed_stays_when_it_is_refused(maker: Client, bank: str) -> None:
    page = maker.post(WRITE, typed(bank, **{"lines-1-credit": "999.00"})).content.decode()
    assert "Debits 1,000.00 and credits 999.00 differ by 1.00 yuan." in page
    assert 'value="999.00"' in page
    page = maker.post(WRITE, typed(bank, **{"lines-1-debit": "5"})).content.decode()
    assert "Enter either a debit or a credit amount." in page
    page = maker.post(WRITE, typed(bank, **{"lines-0-account": ""})).content.decode()
    assert "This field is required" in page
    assert not Voucher.objects.exists()


@pytest.mark.parametrize("forms", ["x", "-3", "999999", ""])
def test_a_tampered_number_of_lines_is_no_error_page(maker: Client, bank: str, forms: str) -> None:
    for extra in ({}, {"more": "1"}):
        page = maker.post(WRITE, typed(bank, **{"lines-TOTAL_FORMS": forms}) | extra)
        assert page.status_code == 200


def test_more_lines_keep_what_was_typed(maker: Client, bank: str) -> None:
    page = maker.post(WRITE, typed(bank) | {"more": "1"}).content.decode()
    assert 'name="lines-7-account"' in page
    assert 'value="收到经费"' in page
    assert not Voucher.objects.exists()


def test_a_draft_is_changed_and_discarded_by_the_preparer(
    federation: Federation, maker: Client, bank: str
) -> None:
    maker.post(WRITE, typed(bank))
    draft = Voucher.objects.get()
    address = f"/office/books/HD/vouchers/{draft.pk}/"
    changed = typed(bank, **{"lines-0-debit": "7", "lines-1-credit": "7", "summary": "改正"})
    maker.post(f"{address}edit/", changed)
    draft.refresh_from_db()
    assert draft.summary == "改正"
    assert [line.amount for line in draft.lines.all()] == [yuan("7.00")] * 2
    maker.post(f"{address}discard/")
    assert not Voucher.objects.exists()
    assert queries.balance_of(federation.books["HD"], "402") == yuan("0.00")


def test_other_unions_vouchers_are_out_of_reach(federation: Federation, maker: Client, bank: str) -> None:
    maker.post(WRITE, typed(bank))
    draft = Voucher.objects.get()
    assert maker.get(f"/office/books/TJ/vouchers/{draft.pk}/").status_code == 404
    assert maker.post(f"/office/books/TJ/vouchers/{draft.pk}/discard/").status_code == 404


def test_a_file_is_attached_read_and_taken_off(
    federation: Federation, maker: Client, checker: Client, bank: str
) -> None:
    maker.post(WRITE, typed(bank, attachments="0"))
    draft = Voucher.objects.get()
    address = f"/office/books/HD/vouchers/{draft.pk}/files/"
    refused = maker.post(address, {"file": SimpleUploadedFile("坏.exe", b"MZ")}, follow=True)
    assert refused.redirect_chain == [(f"/office/books/HD/vouchers/{draft.pk}/", 302)]
    assert "Not attached: Attach a PDF, OFD, XML, PNG or JPEG file." in refused.content.decode()
    assert "Not attached: " in maker.post(address, {}, follow=True).content.decode()
    page = maker.post(address, {"file": SimpleUploadedFile("发票.pdf", b"%PDF-1.7")}, follow=True)
    assert "发票.pdf" in page.content.decode()
    kept = draft.files.get()
    shown = checker.get(f"{address}{kept.pk}/")
    assert b"".join(shown) == b"%PDF-1.7"
    assert shown.headers["Content-Type"] == "application/pdf"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert checker.post(f"{address}{kept.pk}/remove/").status_code == 403
    assert browser_of(federation.cashier).get(f"{address}{kept.pk}/").status_code == 403
    other = f"/office/books/TJ/vouchers/{draft.pk}/files/{kept.pk}/"
    assert checker.get(other).status_code == 404
    maker.post(f"{address}{kept.pk}/remove/")
    assert not draft.files.exists()
    draft.refresh_from_db()
    assert draft.attachments == 0


def test_xml_is_handed_out_and_never_shown(maker: Client, bank: str) -> None:
    maker.post(WRITE, typed(bank))
    draft = Voucher.objects.get()
    address = f"/office/books/HD/vouchers/{draft.pk}/files/"
    maker.post(address, {"file": SimpleUploadedFile("e.xml", b"<?xml version='1.0'?><a/>")})
    given = maker.get(f"{address}{draft.files.get().pk}/")
    assert given.headers["Content-Disposition"].startswith("attachment")


def test_the_list_shows_amounts_and_chooses_nothing(
    federation: Federation, maker: Client, checker: Client, bank: str
) -> None:
    maker.post(WRITE, typed(bank))
    march = "/office/books/HD/vouchers/?period=2026-03"
    page = checker.get(march).content.decode()
    assert "1,000.00" in page
    assert re.search(r'<input type="checkbox"', page)
    assert not re.search(r"<input[^>]*\schecked", page)
    draft = Voucher.objects.get()
    checker.post(
        "/office/books/HD/vouchers/check/", {"voucher": f"{draft.pk}:{draft.revision}", "period": "2026-03"}
    )
    assert "1,000.00" in checker.get(march).content.decode()
    draft.refresh_from_db()
    manual.cancel(voucher=draft, date=draft.date, prepared_by=federation.maker)
    assert "—" in checker.get(march).content.decode()


def test_the_search_finds_vouchers_of_all_months_and_drafts(
    federation: Federation, maker: Client, posted: Voucher, bank: str
) -> None:
    maker.post(WRITE, typed(bank, date="2026-02-16", summary="二月的草稿"))
    address = "/office/books/HD/vouchers/?period=2026-01&q="
    page = maker.get(f"{address}1,000").content.decode()
    assert "Vouchers with “1,000”" in page
    assert "二月的草稿" in page
    assert "记-1" in page
    assert 'value="1,000"' in page
    assert "No voucher of this book has “&lt;b&gt;”" in maker.get(f"{address}<b>").content.decode()


def test_a_draft_with_more_lines_than_the_form_is_read_and_not_changed(
    maker: Client, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.post(WRITE, typed(bank))
    monkeypatch.setattr("portal.office.views.voucher_writing.MOST_LINES", 1)
    address = f"/office/books/HD/vouchers/{Voucher.objects.get().pk}/"
    page = maker.get(f"{address}edit/", follow=True)
    assert page.redirect_chain[-1][0] == address
    assert "Discard the draft and bring the mended file." in page.content.decode()
