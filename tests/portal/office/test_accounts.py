"""The accounts of a book in the office: read by whoever sees the books, added to by bookkeepers."""

from __future__ import annotations

import csv
import datetime as dt
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.books import vouchers
from ledger.books.models import Book, Voucher
from ledger.books.opening import open_book
from ledger.books.queries import balance_of
from portal.accounts.models import AuditEvent, User
from tests import factories
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan
from tests.signing_in import browser_of

ADDRESS = "/office/books/HD/chart/"
TYPED = {"code": "13503", "name": "职工借款", "name_en": "Loans", "authorised_by": "示例区总工会〔2026〕8号"}


def _browser(user: User) -> Client:
    browser = browser_of(user)
    browser.cookies["django_language"] = "en"
    return browser


def test_a_bookkeeper_adds_a_detail_account_with_its_document(federation: Federation) -> None:
    browser = _browser(federation.maker)
    refused = browser.post(ADDRESS, TYPED | {"code": "13599"}).content.decode()
    assert "There is an account 13599 already." in refused
    assert 'value="示例区总工会〔2026〕8号"' in refused
    page = browser.post(ADDRESS, TYPED, follow=True).content.decode()
    assert "13503 职工借款 is added." in page
    assert "示例区总工会〔2026〕8号" in page
    assert AuditEvent.objects.filter(action="account.added").count() == 1


def test_who_only_checks_reads_the_accounts_and_adds_none(federation: Federation) -> None:
    browser = _browser(federation.checker)
    page = browser.get(ADDRESS)
    assert page.status_code == 200
    assert "Add the account" not in page.content.decode()
    assert browser.post(ADDRESS, TYPED).status_code in {403, 404}
    assert not federation.books["HD"].accounts.filter(code="13503").exists()


def test_opening_balances_are_brought_in_a_chinese_file(federation: Federation) -> None:
    union = factories.community_union(federation.district, code="HD-C003")
    book: Book = open_book(union=union, opened_on=dt.date(2026, 3, 1))
    address = f"/office/books/{book.code}/opening/"
    browser = _browser(federation.maker)
    blank = browser.get(f"{address}blank.csv").content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(blank))
    assert header == ["科目代码", "借方", "贷方", "项目", "资金来源", "往来", "科目名称"]
    assert {row[0][0] for row in rows} == {"1", "2", "3"}
    figures = {"101": ("300.00", ""), "32104": ("", "100.00"), "32205": ("", "200.00")}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        debit, credit = figures.get(row[0], ("", ""))
        project = ["普惠补贴", "上级专项补助"] if row[0] == "32104" else ["", ""]
        writer.writerow([row[0], debit, credit, *project, "", row[-1]])
    wrong = SimpleUploadedFile("期初.csv", out.getvalue().replace("300.00", "300,0.x").encode("gb18030"))
    assert "is not an amount" in browser.post(address, {"file": wrong}).content.decode()
    right = SimpleUploadedFile("期初.csv", out.getvalue().encode("gb18030"))
    page = browser.post(address, {"file": right}, follow=True).content.decode()
    assert "The opening balances are drafted." in page
    vouchers.check_and_post(voucher=Voucher.objects.get(book=book), checked_by=federation.checker)
    assert balance_of(book, "321") == yuan("100.00")
    assert "have been written already" in browser.get(address).content.decode()


def test_a_bank_account_comes_with_its_detail_account(federation: Federation) -> None:
    book = open_book(
        union=factories.community_union(federation.district, code="HD-C003"), opened_on=dt.date(2026, 3, 1)
    )
    browser = _browser(federation.maker)
    typed = {
        "adds": "bank",
        "bank-code": "HD-C003-1",
        "bank-bank": "示例银行",
        "bank-number": "62000000000000001234",
        "bank-holder": "示例社区工会",
        "bank-authorised_by": "示例区总工会〔2026〕9号",
    }
    address = f"/office/books/{book.code}/chart/"
    refused = browser.post(address, typed | {"bank-number": "1234"}).content.decode()
    assert "8 to 32 digits" in refused
    page = browser.post(address, typed, follow=True).content.decode()
    assert "示例银行 1234 is added." in page
    assert book.accounts.get(code="10201").bank_account.code == "HD-C003-1"
    assert "already" in browser.post(address, typed).content.decode()
