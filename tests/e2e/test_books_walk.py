"""From a figure to what proves it, in a real browser: trial balance, ledger, event, voucher, paper."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ledger.books import vouchers
from tests.conftest import Federation
from tests.e2e.test_the_human_part import OpenPage, _staff, world

__all__ = ["world"]


def test_a_figure_leads_down_to_its_proof(open_page: OpenPage, world: Federation) -> None:
    book = world.books["HD"]
    month = book.transactions.get().month
    for draft in vouchers.draw_up_month(book=book, month=month, prepared_by=world.maker):
        vouchers.check_and_post(voucher=draft, checked_by=world.checker)

    page = _staff(open_page, world.maker)
    page.goto("/office/books/HD/")
    expect(page.locator("h1")).to_have_text("科目余额表")
    page.get_by_role("link", name="402 拨缴经费收入").click()
    expect(page.locator("h1")).to_contain_text("402 拨缴经费收入")
    page.get_by_role("link", name="经费", exact=True).click()
    expect(page.locator("main")).to_contain_text("9,000.00")
    page.get_by_role("link", name="记-1").click()
    expect(page.locator("main")).to_contain_text("链中序号")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").evaluate("link => link.setAttribute('download', '')")
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")

    page.goto("/office/books/HD/reports/balance-sheet/")
    expect(page.locator("main")).to_contain_text("资产合计")
    page.get_by_role("link", name=re.compile("102 银行存款")).click()
    expect(page.locator("h1")).to_contain_text("102 银行存款")


def test_a_voucher_written_by_hand_is_checked_by_another_person(
    open_page: OpenPage, world: Federation
) -> None:
    bank = world.banks["HD"].account.code
    maker = _staff(open_page, world.maker)
    maker.goto("/office/books/HD/vouchers/write/")
    maker.fill("[name=summary]", "收到利息")
    maker.fill("#id_lines-0-account", bank)
    maker.fill("[name=lines-0-debit]", "36.18")
    maker.fill("#id_lines-1-account", "408")
    maker.fill("[name=lines-1-credit]", "36.81")
    maker.get_by_role("button", name="保存待复核").click()
    expect(maker.locator("main")).to_contain_text("相差 0.63 元")
    maker.fill("[name=lines-1-credit]", "36.18")
    maker.get_by_role("button", name="保存待复核").click()
    expect(maker.locator("h1")).to_have_text("未记账凭证")

    checker = _staff(open_page, world.checker)
    checker.goto(maker.url)
    checker.get_by_role("button", name="复核记账").click()
    expect(checker.locator("main")).to_contain_text("记-1")
    maker.reload()
    expect(maker.locator("h1")).to_have_text("记-1")
