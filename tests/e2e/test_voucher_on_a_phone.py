"""A voucher written on a phone: accounts found by typing, sums while one types, the line that balances."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.sessions.models import Session
from django.core.cache import cache
from playwright.sync_api import Page, expect

from ledger.books import manual
from ledger.books.models import Voucher
from tests.conftest import Federation
from tests.e2e.conftest import PHONE
from tests.e2e.test_the_human_part import OpenPage, _staff, sign_in_staff, world

__all__ = ["world"]


def _choose(page: Page, line: int, words: str, account: str) -> None:
    search = page.locator(f"#id_lines-{line}-account")
    search.fill(words)
    page.get_by_role("option", name=account).click()
    expect(search).to_have_value(account)


def test_a_voucher_is_written_at_phone_width(open_page: OpenPage, world: Federation) -> None:
    bank = world.banks["HD"].account
    page = _staff(open_page, world.maker)
    page.set_viewport_size(PHONE)
    page.goto("/office/books/HD/vouchers/write/")
    page.get_by_label("摘要", exact=True).fill("收到利息")
    _choose(page, 0, "银行", f"{bank.code} 银行存款 / {bank.name}")
    page.fill("[name=lines-0-debit]", "１，２３６.18")
    expect(page.locator("[data-sum=debit]")).to_have_text("1,236.18")
    expect(page.locator("[data-sum=difference]")).to_have_text("1,236.18")
    _choose(page, 1, "408", "408 其他收入")
    page.fill("[name=lines-1-summary]", "三季度利息")
    page.fill("[name=lines-1-credit]", "1,000")
    expect(page.locator("[data-sum=difference]")).to_have_text("236.18")

    # The third line balances by "=", is emptied, and balances again by the button that names it.
    _choose(page, 2, "408", "408 其他收入")
    page.locator("[name=lines-2-debit]").press_sequentially("=")
    expect(page.locator("[name=lines-2-credit]")).to_have_value("236.18")
    expect(page.locator("[data-sum=difference]")).to_have_text("0.00")
    page.fill("[name=lines-2-credit]", "")
    page.get_by_role("button", name="差额填入第 3 行").click()
    expect(page.locator("[name=lines-2-credit]")).to_have_value("236.18")

    page.get_by_role("button", name="增加分录行").click()
    expect(page.locator("[data-line]")).to_have_count(5)
    expect(page.locator("#id_lines-4-account")).to_be_focused()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0

    page.get_by_role("button", name="保存待复核").click()
    expect(page.locator("h1")).to_have_text("未记账凭证")
    expect(page.locator("main")).to_contain_text("三季度利息")
    assert page.evaluate(overflow) <= 0
    assert [(line.side, line.amount, line.summary) for line in manual.lines_of(Voucher.objects.get())] == [
        ("D", Decimal("1236.18"), ""),
        ("C", Decimal("1000.00"), "三季度利息"),
        ("C", Decimal("236.18"), ""),
    ]


def test_an_account_that_asks_for_more_unfolds_its_line_and_keys_choose_accounts(
    open_page: OpenPage, world: Federation
) -> None:
    page = _staff(open_page, world.maker)
    page.goto("/office/books/HD/vouchers/write/")
    details = page.locator("[data-line]").first.locator("details")
    search = page.locator("#id_lines-0-account")
    search.fill("50802")
    search.press("ArrowDown")
    search.press("Enter")
    expect(search).to_have_value("50802 补助下级支出 / 专项转移支付补助")
    assert details.get_attribute("open") is not None
    expect(details).to_contain_text("此科目要求填写")
    expect(page.locator("[name=lines-0-summary]")).to_be_focused()
    # What is no account is refused and stays to be mended.
    search.fill("银杭")
    page.get_by_role("button", name="保存待复核").click()
    expect(search).to_have_value("银杭")
    expect(page.locator(".error-summary").first).to_contain_text("第 1 行, 科目")


def test_what_was_typed_is_there_again_after_the_session_ended(
    open_page: OpenPage, world: Federation
) -> None:
    bank = world.banks["HD"].account
    page = _staff(open_page, world.maker)
    write = "/office/books/HD/vouchers/write/"
    page.goto(write)
    page.get_by_label("摘要", exact=True).fill("收到利息")
    _choose(page, 0, "银行", f"{bank.code} 银行存款 / {bank.name}")
    page.fill("[name=lines-0-debit]", "236.18")
    page.get_by_role("button", name="增加分录行").click()
    _choose(page, 4, "408", "408 其他收入")
    page.fill("[name=lines-4-credit]", "236.18")

    Session.objects.all().delete()
    cache.clear()  # the second factor of a moment ago is taken once more
    page.get_by_role("button", name="保存待复核").click()
    expect(page.locator("[name=login]")).to_be_visible()
    sign_in_staff(page, world.maker)
    page.wait_for_url(f"**{write}")
    expect(page.locator("[data-came-back]")).to_be_visible()
    expect(page.get_by_label("摘要", exact=True)).to_have_value("收到利息")
    expect(page.locator("#id_lines-0-account")).to_have_value(f"{bank.code} 银行存款 / {bank.name}")
    expect(page.locator("#id_lines-4-account")).to_have_value("408 其他收入")
    expect(page.locator("[data-sum=difference]")).to_have_text("0.00")

    page.get_by_role("button", name="保存待复核").click()
    expect(page.locator("h1")).to_have_text("未记账凭证")
    page.goto(write)
    expect(page.locator("[data-came-back]")).to_be_hidden()
    expect(page.get_by_label("摘要", exact=True)).to_have_value("")

    page.get_by_label("摘要", exact=True).fill("另一张")
    page.reload()
    expect(page.get_by_label("摘要", exact=True)).to_have_value("另一张")
    page.locator("[data-came-back] button").click()
    expect(page.get_by_label("摘要", exact=True)).to_have_value("")
