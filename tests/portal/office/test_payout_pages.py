"""The pages of payouts: one screen to review, lists that are filtered and taken along, files, and what is undecided."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import openpyxl
import pytest
from django.test import Client
from djmoney.money import Money

from ledger.benefits import three_way
from ledger.books.models import BankAccount
from ledger.payouts.models import Batch, BatchState, LineState
from ledger.payouts.results import import_result
from ledger.reconciliation.statements import import_statement
from portal.accounts.models import AuditEvent
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.ledger.payouts.conftest import a_line, the_bank_answers
from tests.signing_in import browser_of

Build = Callable[..., Batch]
ANSWERS = {2: ("E", "3031", "账号户名不符"), 3: ("P", "", "处理中")}


def english(person: object) -> Client:
    browser = browser_of(person)
    browser.cookies["django_language"] = "en"
    return browser


def cells(content: bytes) -> list[list[object]]:
    page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in page.iter_rows()]


def test_one_screen_says_who_how_much_for_which_bank_and_the_hash(
    prepared: Build, federation: Federation
) -> None:
    batch = prepared([a_line(1), a_line(2, bank="示例银行"), a_line(3)], format_code="pipe_gbk")
    page = english(federation.checker).get(f"/office/payouts/{batch.code}/").content.decode()
    for said in (
        batch.file_sha256,
        "Web bank, text with bars",
        f"{batch.code}.txt",
        "中国农业银行",
        "示例银行",
    ):
        assert said in page
    assert "Yes, release" in page
    assert "No statement with this payout has been imported." in page


def test_three_totals_name_what_differs(sent: Build, federation: Federation, bank: BankAccount) -> None:
    batch = sent(4)
    import_result(batch=batch, content=the_bank_answers(batch, ANSWERS), actor=federation.cashier)
    three = three_way.totals(batch)
    found = [
        (part.count, int(part.total.amount)) for part in (three.listed, three.paid, three.failed, three.open)
    ]
    assert found == [(4, 600), (2, 300), (1, 150), (1, 150)]
    assert (three.statement.count, three.agrees) == (0, False)
    rows = "交易日期,流水号,摘要,借方发生额,贷方发生额,余额,对方户名,对方账号\r\n"
    rows += f"2026-03-16,F1,代发{batch.code},450.00,,9550.00,,\r\n"
    import_statement(
        bank_account=bank, content=rows.encode("gb18030"), file_name="mar.csv", actor=federation.cashier
    )
    three = three_way.totals(batch)
    assert (three.statement.count, three.statement.total, three.off) == (
        1,
        Money("450.00", "CNY"),
        Money("150.00", "CNY"),
    )
    page = english(federation.checker).get(f"/office/payouts/{batch.code}/").content.decode()
    assert "Compared with the result" in page
    assert "Without an answer" in page


def test_payouts_are_filtered_and_taken_along(prepared: Build, sent: Build, federation: Federation) -> None:
    waiting = prepared([a_line(1)], source="run:A")
    gone = sent([a_line(2), a_line(3)], source="run:B")
    import_result(batch=gone, content=the_bank_answers(gone, {2: ("P", "", "")}), actor=federation.cashier)
    browser = english(federation.checker)

    def listed(query: str) -> set[str]:
        page = browser.get(f"/office/payouts/?{query}").content.decode()
        return {batch.code for batch in (waiting, gone) if batch.code in page}

    assert listed("") == {waiting.code, gone.code}
    assert listed("state=prepared") == {waiting.code}
    assert listed("state=unknown") == {gone.code}
    assert listed("source=run:A") == {waiting.code}
    assert listed(f"q={gone.code.lower()}") == {gone.code}
    assert "No payout is like this" in browser.get("/office/payouts/?q=xyz").content.decode()
    rows = cells(browser.get("/office/payouts/?state=unknown&xlsx").content)
    assert [row[0] for row in rows[1:]] == [gone.code]
    lines = cells(browser.get(f"/office/payouts/{gone.code}/?state=unknown&xlsx").content)
    assert len(lines) == 2
    assert "张示例" not in str(lines)


def test_every_file_of_a_payout_is_handed_out_by_its_name(sent: Build, federation: Federation) -> None:
    batch = sent(2, "abc_fixed")
    here, browser = f"/office/payouts/{batch.code}/file/", browser_of(federation.cashier)
    request = f"{batch.code}.CFRT03.xml"
    assert "CFRT03" in browser.post(here, {"name": request}).content.decode()
    main = browser.post(here)
    assert batch.file_name in main["Content-Disposition"]
    listed = "".join(
        f"{hashlib.sha256(browser.post(here, {'name': n}).content).hexdigest()}  {n}\n"
        for n in (batch.file_name, request)
    )
    assert main["X-Content-SHA256"] == hashlib.sha256(listed.encode()).hexdigest() == batch.file_sha256
    assert browser.post(here, {"name": "../../etc/passwd"}).status_code == 404


def test_what_is_undecided_is_listed_for_the_bank_and_cannot_be_sent_again(
    sent: Build, federation: Federation
) -> None:
    batch = sent(4)
    here = f"/office/payouts/{batch.code}/ask/"
    cashier = english(federation.cashier)
    assert cashier.post(here).status_code != 200
    import_result(batch=batch, content=the_bank_answers(batch, ANSWERS), actor=federation.cashier)
    page = cashier.get(f"/office/payouts/{batch.code}/").content.decode()
    assert "1 payment is undecided." in page
    (titles, row) = cells(cashier.post(here).content)
    line = batch.lines.get(state=LineState.UNKNOWN)
    said = dict(zip(titles, row, strict=True))
    assert (said["对账ID"], said["账号"], said["金额"]) == (line.reference, line.card_number, 150)
    assert AuditEvent.objects.filter(action="payout.asked_about").count() == 1


@pytest.mark.parametrize("role", [Role.FINANCE_CHECKER, Role.FINANCE_MAKER])
def test_card_numbers_for_the_bank_are_for_who_sends_files(
    sent: Build, federation: Federation, role: Role
) -> None:
    batch = sent(2)
    import_result(batch=batch, content=the_bank_answers(batch, {2: ("P", "", "")}), actor=federation.cashier)
    person = factories.user("somebody", role, federation.municipal)
    browser = browser_of(person)
    for act in ("ask", "file"):
        assert browser.post(f"/office/payouts/{batch.code}/{act}/").status_code == 403
    assert not AuditEvent.objects.filter(action="payout.asked_about").exists()
    batch.refresh_from_db()
    assert batch.state == BatchState.SENT


def test_a_payout_of_another_union_does_not_exist(sent: Build, federation: Federation) -> None:
    batch = sent(1)
    person = factories.user("elsewhere", Role.CASHIER, federation.district)
    browser = browser_of(person)
    assert browser.get(f"/office/payouts/{batch.code}/?xlsx").status_code == 404
    assert browser.post(f"/office/payouts/{batch.code}/ask/").status_code == 404
    assert batch.code not in browser.get("/office/payouts/").content.decode()
