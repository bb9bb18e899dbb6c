"""Reports on the screens of the office: every figure leads to what it is made of, and filters stay."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.test import Client

from ledger.books import closing
from ledger.books.models import Book
from ledger.books.posting import Entry, post
from ledger.reports import tables
from ledger.reports.ledgers import CATALOGUE
from portal.office.views import books as views
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan
from tests.signing_in import browser_of

_ROW = re.compile(r"<tr[ >].*?</tr>", re.S)
_FIGURE = re.compile(r'<td class="numeric[^"]*">\s*(?:<a href="([^"]+)">)?\s*([−\d,.]+)', re.S)


@pytest.fixture
def book(federation: Federation) -> Book:
    """Two months of the district, the first carried forward: income, benefits of two parties, depreciation, a loan."""
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    share = {"project": "普惠补贴", "fund_source": "earmarked"}

    def one(key: str, day: dt.date, debit: str, credit: str, amount: str, **more: str) -> None:
        post(
            book=book, external_key=key, date=day, kind="manual", summary=f"业务{key}",
            entries=[Entry(debit=debit, credit=credit, amount=yuan(amount), **more)],
        )  # fmt: skip

    march, april = dt.date(2026, 3, 5), dt.date(2026, 4, 6)
    one("levy", march, bank, "402", "1000.00")
    one("car", march, "162", "30104", "300.00")
    closing.carry_forward(book=book, month=202603)
    one("wear", april, "30104", "163", "30.00")
    one("in", april, bank, "40302", "240.00", **share)
    one("first", april, "50305", bank, "90.00", party="HD-1", **share)
    one("second", april, "50305", bank, "60.00", party="HD-2", **share)
    one("advance", april, "13599", bank, "7.00", party="HD-1")
    return book


@pytest.fixture
def browser(federation: Federation) -> Client:
    """The checker's, in Chinese."""
    browser = browser_of(federation.checker)
    browser.cookies["django_language"] = "zh-hans"
    return browser


def page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("code", sorted(set(CATALOGUE) - {"elimination", "budget-execution"}))
def test_every_figure_of_a_report_leads_to_a_page_that_shows_it(
    book: Book, browser: Client, code: str
) -> None:
    followed = 0
    shown = page(browser, f"/office/books/HD/reports/{code}/?period=2026-04")
    for row in _ROW.findall(shown):
        for address, figure in _FIGURE.findall(row):
            if not address:
                assert any(words in row for words in ("row-total", "净值", "未指定")), (code, row)
                continue
            assert figure.strip("−") in page(browser, html.unescape(address)), (code, figure, address)
            followed += 1
    assert followed


def test_every_posting_in_a_ledger_leads_to_its_event(book: Book, browser: Client) -> None:
    shown = page(browser, "/office/books/HD/accounts/102/?period=2026-04")
    events = {
        html.unescape(address) for address, _figure in _FIGURE.findall(shown) if "transactions" in address
    }
    assert len(events) == 4
    for address in events:
        assert "业务" in page(browser, address)


def test_the_ledger_of_one_party_keeps_its_filter(book: Book, browser: Client) -> None:
    shown = page(browser, "/office/books/HD/accounts/50305/?period=2026-04&from=2026-01&party=HD-1")
    assert "业务first" in shown
    assert "业务second" not in shown
    assert '<input type="hidden" name="party" value="HD-1">' in shown
    files = re.findall(r'href="\?([^"]+form=csv)"', shown)
    assert [html.unescape(address) for address in files] == [
        "period=2026-04&from=2026-01&party=HD-1&form=csv"
    ]
    content = browser.get(f"/office/books/HD/accounts/50305/?{html.unescape(files[0])}").content.decode()
    assert "503 职工服务支出 / 50305 其他服务支出 · HD-1" in content
    assert "业务second" not in content


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_zero_is_left_blank_in_the_trial_balance(book: Book, browser: Client, language: str) -> None:
    browser.cookies["django_language"] = language
    figures = re.findall(r'<td class="numeric[^"]*">(.*?)</td>', page(browser, "/office/books/HD/"), re.S)
    assert any(not figure.strip() for figure in figures)
    assert not any("—" in figure or ">0.00" in figure or figure.strip() == "0.00" for figure in figures)


def test_a_page_after_the_last_is_the_last(
    book: Book, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_PER_PAGE", 1)
    shown = page(browser, "/office/books/HD/reports/by-party/?period=2026-04&page=9")
    assert "HD-2" in shown
    assert "HD-1<" not in shown
    assert page(browser, "/office/books/HD/reports/by-party/?period=2026-04&page=x")


def test_paper_that_would_be_too_long_is_refused_with_a_way_out(
    book: Book, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_MOST_ON_PAPER", 1)
    browser.cookies["django_language"] = "en"
    response = browser.get("/office/books/HD/reports/by-party/?period=2026-04&form=pdf")
    assert response.status_code == 409
    assert "too many for paper" in response.content.decode()


@pytest.mark.parametrize(("language", "cash"), [("zh-hans", "101 库存现金"), ("en", "101 Cash on hand")])
def test_posting_rules_are_told_in_words(book: Book, browser: Client, language: str, cash: str) -> None:
    browser.cookies["django_language"] = language
    shown = page(browser, "/office/books/rules/")
    main = shown[shown.index("<main") : shown.index("</main>")]
    assert cash in main
    assert not re.search(r"\{\w+\}", main)
