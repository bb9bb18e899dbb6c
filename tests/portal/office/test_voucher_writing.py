"""The form of a voucher: sums, amounts with marks, summaries of lines, new projects, folded details, dates ahead."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from ledger.books.models import Account, Voucher, VoucherLine
from ledger.reports import papers
from tests.conftest import Federation
from tests.signing_in import browser_of

from .test_vouchers import WRITE, typed


@pytest.fixture
def bank(federation: Federation) -> str:
    return federation.banks["HD"].account.code


@pytest.fixture
def maker(federation: Federation) -> Client:
    browser = browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    return browser


def _sums(page: str) -> list[str]:
    return [text.strip() for text in re.findall(r'data-sum="\w+"\s*>([^<]*)<', page)]


def test_the_sums_are_shown_without_a_script_and_nothing_is_kept_yet(maker: Client, bank: str) -> None:
    changes = {"lines-0-debit": "１，２３４．５０", "lines-1-credit": "1,000", "check": "1"}
    page = maker.post(WRITE, typed(bank, **changes)).content.decode()
    assert _sums(page) == ["1,234.50", "1,000.00", "234.50"]
    assert 'value="１，２３４．５０"' in page
    assert not Voucher.objects.exists()


def test_an_amount_that_is_none_comes_back_as_it_was_typed(maker: Client, bank: str) -> None:
    page = maker.post(WRITE, typed(bank, **{"lines-0-debit": "1,00"})).content.decode()
    assert "Write the amount in figures, such as 1234.50 or 1,234.50." in page
    assert 'value="1,00"' in page
    assert "Line 1, Debit:" in page
    page = maker.post(
        WRITE, typed(bank, **{"lines-0-account": "", "lines-0-account_typed": "银杭"})
    ).content.decode()
    assert 'data-typed="银杭"' in page
    assert not Voucher.objects.exists()


def test_lines_have_summaries_of_their_own_on_page_paper_and_copy(
    federation: Federation, maker: Client, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.post(WRITE, typed(bank, **{"lines-1-summary": "二季度经费"}))
    draft = Voucher.objects.get()
    assert [line.summary for line in draft.lines.all()] == ["", "二季度经费"]
    page = maker.get(f"/office/books/HD/vouchers/{draft.pk}/").content.decode()
    assert page.count("二季度经费") == 1
    assert "二季度经费" in maker.get("/office/books/HD/vouchers/?period=2026-03").content.decode()
    assert 'value="二季度经费"' in maker.get(f"{WRITE}?copy={draft.pk}").content.decode()
    assert 'value="二季度经费"' in maker.get(f"/office/books/HD/vouchers/{draft.pk}/edit/").content.decode()

    printed: dict[str, object] = {}
    monkeypatch.setattr(papers, "render", lambda _name, context: printed.update(context) or b"")
    papers.voucher_paper(draft)
    rows = printed["rows"]
    assert isinstance(rows, list)
    assert [row["summary"] for row in rows] == ["收到经费", "二季度经费"]


def test_accounts_are_named_with_those_above_them(federation: Federation, maker: Client, bank: str) -> None:
    page = maker.get(WRITE).content.decode()
    detail = Account.objects.get(book=federation.books["HD"], code=bank)
    above = Account.objects.get(book=federation.books["HD"], code="102")
    assert f"{bank} {above.name_en} / {detail.local_name('en')}" in page


def test_a_new_project_is_kept_only_when_somebody_says_it_is_meant(
    federation: Federation, maker: Client, bank: str
) -> None:
    known = typed(bank, **{"lines-1-project": "困难职工帮扶"})
    page = maker.post(WRITE, known).content.decode()
    assert "“困难职工帮扶” is new in this book." in page
    assert not Voucher.objects.exists()
    maker.post(WRITE, known | {"new_project": "困难职工帮扶"})
    assert VoucherLine.objects.filter(project="困难职工帮扶").count() == 1

    assert '<option value="困难职工帮扶">' in maker.get(WRITE).content.decode()
    maker.post(WRITE, known)
    assert Voucher.objects.count() == 2
    page = maker.post(WRITE, typed(bank, **{"lines-1-project": "困难职工帮抚"})).content.decode()
    assert "It looks like “困难职工帮扶”." in page
    assert Voucher.objects.count() == 2


def test_a_line_unfolds_when_its_account_asks_for_more(
    federation: Federation, maker: Client, bank: str
) -> None:
    page = maker.post(WRITE, typed(bank) | {"check": "1"}).content.decode()
    assert '<details class="fold" open>' not in page
    asking = Account.objects.filter(
        book=federation.books["HD"], is_leaf=True, kept_by="", needs_project=True
    ).first()
    assert asking is not None
    page = maker.post(WRITE, typed(bank, **{"lines-1-account": asking.code, "check": "1"})).content.decode()
    assert page.count('<details class="fold" open>') == 1
    page = maker.post(WRITE, typed(bank, **{"lines-0-party": "x" * 61})).content.decode()
    assert page.count('<details class="fold" open>') == 1


def test_an_emptied_line_of_a_copy_does_not_count(maker: Client, bank: str) -> None:
    maker.post(WRITE, typed(bank))
    draft = Voucher.objects.get()
    emptied = {"lines-INITIAL_FORMS": "2", "lines-0-account": "", "lines-0-debit": ""}
    page = maker.post(f"/office/books/HD/vouchers/{draft.pk}/edit/", typed(bank, **emptied))
    assert "A voucher needs at least two lines." in page.content.decode()


def test_a_day_that_has_not_come_is_refused_at_the_date(
    federation: Federation, maker: Client, bank: str
) -> None:
    ahead = timezone.localdate() + dt.timedelta(days=1)
    page = maker.post(WRITE, typed(bank, date=ahead.isoformat())).content.decode()
    assert "The date lies ahead. A voucher is dated today or earlier." in page
    assert f'value="{ahead.isoformat()}"' in page
    assert not Voucher.objects.exists()


def test_hundreds_of_accounts_and_lines_ask_the_database_a_fixed_number_of_questions(
    federation: Federation, maker: Client, bank: str, django_assert_max_num_queries: object
) -> None:
    assert callable(django_assert_max_num_queries)
    many = typed(bank, **{"lines-TOTAL_FORMS": "60", "check": "1"})
    for n in range(2, 60):
        many |= {f"lines-{n}-account": "402", f"lines-{n}-credit": "1", f"lines-{n}-fund_source": "own"}
    maker.get(WRITE)
    with django_assert_max_num_queries(40):
        assert maker.post(WRITE, many).status_code == 200


def test_the_page_runs_its_own_script_only(federation: Federation, maker: Client) -> None:
    page = maker.get(WRITE).content.decode()
    assert re.search(r'<script src="[^"]*js/voucher[^"]*"[^>]*nonce="[^"]+"', page)
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize("name", ["甲", "x" * 61, ""])
def test_templates_are_listed_renamed_and_deleted_by_who_prepares_vouchers(
    federation: Federation, maker: Client, bank: str, name: str
) -> None:
    maker.post(WRITE, typed(bank))
    kept = f"/office/books/HD/vouchers/{Voucher.objects.get().pk}/template/"
    maker.post(kept, {"name": "经费"})
    page = maker.post(kept, {"name": "经费"}).content.decode()
    assert "There is a template “经费” already." in page
    assert "Replace “经费”" in page
    assert maker.post(kept, {"name": "经费", "replaces": "经费"}).status_code == 302
    template = federation.books["HD"].templates.get()
    address = f"/office/books/HD/templates/{template.pk}/"
    for user in (federation.checker, federation.cashier):
        browser = browser_of(user)
        assert browser.get("/office/books/HD/templates/").status_code == 403
        assert browser.post(f"{address}delete/").status_code == 403
        assert browser.post(f"{address}rename/", {"name": "甲"}).status_code == 403
    page = maker.post(f"{address}rename/", {"name": name}, follow=True).content.decode()
    template.refresh_from_db()
    assert template.name == (name if name == "甲" else "经费")
    assert template.name in page
    page = maker.post(f"{address}delete/", follow=True).content.decode()
    assert "No templates yet" in page


def test_each_chosen_voucher_is_posted_or_refused_by_itself(
    federation: Federation, maker: Client, bank: str
) -> None:
    for summary in ("甲", "乙", "丙"):
        maker.post(WRITE, typed(bank, summary=summary))
    first, second, third = Voucher.objects.order_by("pk")
    own = browser_of(federation.checker)
    own.cookies["django_language"] = "en"
    # 乙 was prepared by the checker, 丙 was changed after it had been read.
    Voucher.objects.filter(pk=second.pk).update(prepared_by=federation.checker)
    sent = {
        "period": "2026-03",
        "voucher": [f"{first.pk}:1", f"{second.pk}:1", f"{third.pk}:0", f"{third.pk + 99}:1"],
    }
    page = own.post("/office/books/HD/vouchers/check/", sent, follow=True).content.decode()
    assert "1 voucher posted." in page
    assert "Not posted: “乙” of 16 March 2026. Somebody else must check this" in page
    assert "Not posted: “丙” of 16 March 2026. “丙” was changed after you had opened it." in page
    assert "1 chosen draft is gone." in page
    first.refresh_from_db()
    assert first.number == 1
    assert Voucher.objects.filter(number=None).count() == 2


@pytest.mark.parametrize("address", ["/office/", WRITE, f"{WRITE}?copy=1"])
def test_who_is_not_signed_in_any_more_comes_to_the_sign_in_of_staff(
    client: Client, db: None, address: str
) -> None:
    for answer in (client.get(address), client.post(address)):
        assert answer.headers["Location"] == f"/sign-in/staff/?next={quote(address)}"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("999", "There is no account “999”."),
        ("１０２", "102 has detail accounts. Choose one of them."),
        ("21501 代收会费", "21501 is kept by dues and payouts and cannot be written by hand."),
        ("income", "Several accounts match “income”. Choose one from the list."),
    ],
)
def test_an_account_that_is_none_is_refused_with_the_reason(
    maker: Client, bank: str, words: str, why: str
) -> None:
    changes = {"lines-1-account": "", "lines-1-account_typed": words}
    page = maker.post(WRITE, typed(bank, **changes)).content.decode()
    assert why in page
    assert f'data-typed="{words}"' in page
    assert "This field is required" not in page
