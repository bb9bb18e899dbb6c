"""Ledgers tie to each other and to the trial balance, on screen and as files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from ledger.books import closing
from ledger.books.bulk import NewTransaction, post_together
from ledger.books.models import Book
from ledger.books.posting import Entry, post
from ledger.reports import ledgers, statements, tables
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan

ZERO = Decimal("0.00")


@pytest.fixture
def district(federation: Federation) -> Book:
    """Two months of the district: levy, a share from above, a benefit, a fee, a red-letter line."""
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    upper = federation.books["TJ"]
    share = {"amount": yuan("90.00"), "project": "普惠补贴", "fund_source": "earmarked"}

    def one(on: Book, key: str, day: dt.date, entry: Entry, mirror: str = "") -> NewTransaction:
        return NewTransaction(
            book=on,
            external_key=key,
            date=day,
            kind="manual",
            summary="=业务",
            entries=[entry],
            mirror_key=mirror,
        )

    march, april = dt.date(2026, 3, 5), dt.date(2026, 4, 6)
    post_together([one(book, "levy", march, Entry(debit=bank, credit="402", amount=yuan("1000.00")))])
    closing.carry_forward(book=book, month=202603)
    post_together(
        [
            one(book, "in", april, Entry(debit=bank, credit="40302", **share), "M1"),
            one(upper, "out", april, Entry(
                debit="50802", credit=federation.banks["TJ"].account.code, amount=yuan("90.00"), project="普惠补贴"
            ), "M1"),
        ]
    )  # fmt: skip
    post_together([one(book, "paid", april, Entry(debit="50305", credit=bank, party="HD-1", **share))])
    post_together([one(book, "fee", april, Entry(debit="50602", credit=bank, amount=yuan("12.50")))])
    post_together([one(book, "red", april, Entry(debit="50602", credit=bank, amount=yuan("2.50"), red=True))])
    return book


def rows(report: tables.Report) -> dict[str, tuple[object, ...]]:
    return {str(row.cells[0]): row.cells[1:] for row in report.rows}


def test_the_general_ledger_ends_where_the_trial_balance_does(district: Book) -> None:
    ends = {
        row.account: (row.cells[5], row.cells[6])
        for row in ledgers.general_ledger(district, 202604).rows
        if row.account
    }
    for row in ledgers.trial_balance(district, 202604).rows:
        if len(row.account) == 3:
            closing_debit, closing_credit = Decimal(str(row.cells[5])), Decimal(str(row.cells[6]))
            side = "借" if closing_debit else "贷" if closing_credit else "平"
            assert ends[row.account] == (side, closing_debit or closing_credit)


def test_the_bank_journal_runs_from_opening_to_closing(district: Book, federation: Federation) -> None:
    journal = ledgers.subsidiary_ledger(district, 202604, federation.banks["HD"].account)
    assert journal.name == "银行存款日记账"
    closing = ("借", Decimal("990.00"))
    assert [(row.cells[2], *row.cells[5:]) for row in journal.rows] == [
        ("期初余额", None, None, "借", Decimal("1000.00")),
        ("=业务", Decimal("90.00"), None, "借", Decimal("1090.00")),
        ("=业务", None, Decimal("90.00"), "借", Decimal("1000.00")),
        ("=业务", None, Decimal("12.50"), "借", Decimal("987.50")),
        ("=业务", None, Decimal("-2.50"), *closing),
        ("本日合计", Decimal("90.00"), Decimal("100.00"), *closing),
        ("本月合计", Decimal("90.00"), Decimal("100.00"), *closing),
        ("本年累计", Decimal("1090.00"), Decimal("100.00"), *closing),
    ]
    assert all(row.transaction for row in journal.rows[1:5])
    assert [row.cells[3] for row in journal.rows[1:3]] == [
        "403 上级补助收入 / 40302 专项转移支付补助",
        "503 职工服务支出 / 50305 其他服务支出",
    ]


def test_a_ledger_over_months_sums_up_each_of_them(district: Book, federation: Federation) -> None:
    account = federation.banks["HD"].account
    rows = ledgers.subsidiary_ledger(district, 202605, account, first=202603).rows
    assert [(row.cells[0], row.cells[2]) for row in rows if row.is_total] == [
        ("2026-03", "本月合计"), ("2026-03", "本年累计"),
        ("2026-04", "本月合计"), ("2026-04", "本年累计"),
        ("2026-05", "本月合计"), ("2026-05", "本年累计"),
    ]  # fmt: skip
    assert rows[-1].cells[5:] == (Decimal("1090.00"), Decimal("100.00"), "借", Decimal("990.00"))


def test_a_part_of_a_ledger_goes_on_from_the_page_before(district: Book, federation: Federation) -> None:
    account = federation.banks["HD"].account
    whole = ledgers.subsidiary_ledger(district, 202604, account)
    first = ledgers.subsidiary_ledger(district, 202604, account, part=ledgers.Part(0, 2))
    second = ledgers.subsidiary_ledger(district, 202604, account, part=ledgers.Part(2, 2))
    assert first.rows == whole.rows[:3]
    assert second.rows[0].cells[2:] == ("承前页", "", "", None, None, "借", Decimal("1000.00"))
    assert second.rows[1:] == whole.rows[3:]
    assert first.count == second.count == whole.count == 4


def test_projects_and_parties_are_summed(district: Book) -> None:
    ninety = Decimal("90.00")
    assert [row.cells for row in ledgers.by_project(district, 202604).rows[:3]] == [
        ("普惠补贴", "403 上级补助收入 / 40302 专项转移支付补助", "平", ZERO, ZERO, ninety, "贷", ninety),
        ("普惠补贴", "503 职工服务支出 / 50305 其他服务支出", "平", ZERO, ninety, ZERO, "借", ninety),
        ("普惠补贴", "小计", "平", ZERO, ninety, ninety, "平", ZERO),
    ]
    assert [row.cells[0] for row in ledgers.by_party(district, 202604).rows if row.account] == [
        "HD-1", "未指定", "未指定", "未指定"
    ]  # fmt: skip


def test_what_names_no_project_or_party_is_told_last_and_everything_ties(district: Book) -> None:
    closing.carry_forward(book=district, month=202604)
    trial = {
        row.account: row.cells[1:] for row in ledgers.trial_balance(district, 202604).rows if row.account
    }
    spent = Decimal("90.00")
    party = ledgers.by_party(district, 202604)
    found = [(row.cells[0], *row.cells[4:]) for row in party.rows if row.account == "50305"]
    assert found == [("HD-1", spent, ZERO, "借", spent), ("未指定", ZERO, spent, "贷", spent)]
    assert trial["50305"] == (ZERO, ZERO, spent, spent, ZERO, ZERO)
    assert "结转分录不注明往来" in party.note
    bank = trial["102"]
    assert party.rows[-1].cells[:1] + party.rows[-1].cells[4:6] == ("合计", *_others(trial))
    assert party.rows[-1].cells[6:] == ("贷", bank[4])


def _others(trial: dict[str, tuple[object, ...]]) -> tuple[Decimal, Decimal]:
    """Debit and credit of all level-1 accounts but cash and bank."""
    kept = [row for code, row in trial.items() if len(code) == 3 and code not in ("101", "102")]
    return sum((Decimal(str(row[2])) for row in kept), ZERO), sum(
        (Decimal(str(row[3])) for row in kept), ZERO
    )


def test_a_project_keeps_its_result_when_it_is_carried_forward(district: Book) -> None:
    post(
        book=district, external_key="later", date=dt.date(2026, 4, 20), kind="manual", summary="再次拨付",
        entries=[Entry(
            debit="13599", credit="40302", amount=yuan("7.00"), project="普惠补贴", fund_source="earmarked"
        )],
    )  # fmt: skip
    closing.carry_forward(book=district, month=202604)
    found = {row.account: row.cells[6:] for row in ledgers.by_project(district, 202605).rows if row.leads}
    assert found == {"13599": ("借", Decimal("7.00")), "32103": ("贷", Decimal("7.00"))}


def test_results_of_a_party_begin_anew_with_the_year(district: Book) -> None:
    assert [row.account for row in ledgers.by_party(district, 202612).rows][:1] == ["50305"]
    assert {row.cells[0] for row in ledgers.by_party(district, 202701).rows} == {"未指定", "合计"}


def test_a_figure_by_party_leads_to_the_postings_of_that_party(district: Book) -> None:
    row = ledgers.by_party(district, 202604).rows[0]
    lead = row.leads[4]
    assert lead == tables.Lead("50305", (202604, 202604), party="HD-1")
    found = ledgers.subsidiary_ledger(
        district, 202604, district.accounts.get(code="50305"), party="HD-1"
    ).rows
    assert [line.cells[4] for line in found if line.transaction] == [row.cells[4]]
    others = ledgers.subsidiary_ledger(district, 202604, district.accounts.get(code="50305"), party="HD-2")
    assert others.count == 0


def test_parties_are_read_in_parts_with_the_total_of_all(district: Book) -> None:
    for number in range(2, 6):
        post(
            book=district, external_key=f"party-{number}", date=dt.date(2026, 4, 21), kind="manual", summary="暂付",
            entries=[Entry(debit="13599", credit="408", amount=yuan(f"{number}.00"), party=f"HD-{number}")],
        )  # fmt: skip
    whole = ledgers.by_party(district, 202604)
    part = ledgers.by_party(district, 202604, part=ledgers.Part(2, 2))
    assert part.count == whole.count == 5
    assert {row.cells[0] for row in part.rows} == {"HD-3", "HD-4", "合计"}
    assert part.rows[-1] == whole.rows[-1]


def test_statements_tie_to_the_trial_balance(district: Book) -> None:
    sheet = ledgers.balance_sheet(district, 202604)
    assert sheet.period == "2026年4月30日"
    left, right = ({str(row.cells[0]): row.cells[1:] for row in half.rows} for half in sheet.halves)
    assert left["102 银行存款"] == left["资产合计"] == (ZERO, Decimal("990.00"))
    assert right["322 工会资金结余"] == (ZERO, Decimal("1000.00"))
    assert right["本期收支差额"] == (ZERO, Decimal("-10.00"))
    assert right["净资产合计"] == right["负债和净资产合计"] == (ZERO, Decimal("990.00"))
    assert not any(
        str(cell).startswith(("4", "5")) for row in sheet.rows for cell in (row.cells[0], row.cells[3])
    )
    income = rows(ledgers.income_statement(district, 202604))
    assert income["收入合计"] == (Decimal("90.00"), Decimal("1090.00"))
    assert income["支出合计"] == (Decimal("100.00"), Decimal("100.00"))


def test_payments_between_unions_are_eliminated(district: Book, federation: Federation) -> None:
    for book in (district, federation.books["TJ"]):
        found = ledgers.elimination(book, 202604).rows
        assert found[0].cells == (
            "M1", "50802 / 40302", "TJ 示例市总工会", "HD 示例区总工会", Decimal("90.00"), Decimal("90.00"), ZERO
        )  # fmt: skip
        assert found[0].leads[4] == tables.Lead(transaction=book.transactions.get(mirror_key="M1").pk)
    post(
        book=federation.books["TJ"], external_key="sent", mirror_key="M2", date=dt.date(2026, 4, 30), kind="manual",
        summary="在途", entries=[Entry(
            debit="50802", credit=federation.banks["TJ"].account.code, amount=yuan("5.00"), project="普惠补贴"
        )],
    )  # fmt: skip
    assert ledgers.elimination(federation.books["TJ"], 202604).rows[-1].cells[-1] == Decimal("5.00")


def test_what_is_owed_between_unions_is_eliminated_too(federation: Federation) -> None:
    for code, debit, credit in (("TJ", "50802", "21201"), ("HD", "13101", "40302")):
        post(
            book=federation.books[code], external_key="notice", mirror_key="N1", date=dt.date(2026, 12, 31),
            kind="notice", summary="年末补助通知", entries=[
                Entry(debit=debit, credit=credit, amount=yuan("90.00"), project="普惠补贴", fund_source="earmarked")
            ],
        )  # fmt: skip
    found = [row.cells for row in ledgers.elimination(federation.books["HD"], 202612).rows[:-1]]
    ninety = Decimal("90.00")
    assert found == [
        ("N1", "21201 / 13101", "TJ 示例市总工会", "HD 示例区总工会", ninety, ninety, ZERO),
        ("N1", "50802 / 40302", "TJ 示例市总工会", "HD 示例区总工会", ninety, ninety, ZERO),
    ]


@pytest.mark.parametrize("code", sorted(ledgers.CATALOGUE))
def test_every_report_is_the_same_on_screen_in_spreadsheets_and_on_paper(district: Book, code: str) -> None:
    report = ledgers.CATALOGUE[code].make(district, 202604, "zh")
    assert all(len(row.cells) == len(report.columns) for row in report.rows)
    read = list(csv.reader(io.StringIO(tables.as_csv(report).decode("utf-8-sig"))))
    union = district.union.name
    assert read[1] == [f"编制单位：{union}", "账套：HD", f"期间：{report.period}", "金额单位：元"]
    above = len(report.head)
    assert read[above] == list(report.header)
    assert len(read) == above + 1 + len(report.rows)
    sheet = load_workbook(io.BytesIO(tables.as_xlsx(report))).active
    assert sheet is not None
    assert sheet.max_row == above + 1 + len(report.rows)
    assert sheet.freeze_panes == f"A{above + 2}"
    assert [cell.value for cell in sheet[above + 1] if cell.value] == list(report.header)
    paper = PdfReader(io.BytesIO(tables.as_pdf(report)))
    text = "".join(page.extract_text() for page in paper.pages)
    assert report.name.replace(" ", "") in text.replace(" ", "").replace("\n", "")
    assert "会计机构负责人" in text


def test_a_summary_never_runs_as_a_formula(district: Book, federation: Federation) -> None:
    journal = tables.as_csv(ledgers.subsidiary_ledger(district, 202604, federation.banks["HD"].account))
    assert "'=业务" in journal.decode()


def test_english_is_for_the_screen(district: Book) -> None:
    english = ledgers.trial_balance(district, 202604, "en")
    assert (english.local_name("en"), english.columns[0].local_name("en")) == ("Trial balance", "Account")
    assert english.rows[-1].cells[0] == "Total"
    assert any("income" in str(row.cells[0]) for row in english.rows)
    general = ledgers.general_ledger(district, 202604, "en")
    assert {"Dr", "Cr"} <= {str(row.cells[5]) for row in general.rows}


def test_a_report_that_nobody_would_print_is_refused_on_paper(
    district: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_MOST_ON_PAPER", 3)
    with pytest.raises(tables.TooLongForPaper, match="lines are too many for paper"):
        tables.as_pdf(ledgers.by_project(district, 202604))


def test_depreciation_stands_below_what_it_reduces(district: Book) -> None:
    for key, debit, credit, amount in (("car", "162", "30104", "100.00"), ("wear", "30104", "163", "30.00")):
        post(
            book=district, external_key=key, date=dt.date(2026, 4, 9), kind="manual", summary="固定资产",
            entries=[Entry(debit=debit, credit=credit, amount=yuan(amount))],
        )  # fmt: skip
    left = ledgers.balance_sheet(district, 202604).halves[0].rows
    figures = {str(row.cells[0]): row.cells[2] for row in left}
    assert figures["162 固定资产"] == Decimal("100.00")
    assert figures["减：163 累计折旧"] == Decimal("30.00")
    assert figures["固定资产净值"] == Decimal("70.00")
    assert figures["资产合计"] == Decimal("1060.00")


def test_the_lines_of_a_statement_are_those_of_the_table_that_the_union_keeps(
    district: Book, federation: Federation
) -> None:
    county = {row.code for row in statements.income_statement(district, 202604).rows}
    grassroots = {row.code for row in statements.income_statement(federation.books["HD-C001"], 202604).rows}
    assert county - grassroots >= {"404", "506", "508", "50801"}
    assert grassroots - county >= {"401", "405", "501", "50101"}
    assert not any(code.startswith("1") for code in county)


def test_detail_accounts_are_named_behind_the_account_they_belong_to(district: Book) -> None:
    post(
        book=district, external_key="advance", date=dt.date(2026, 4, 9), kind="manual", summary="暂付",
        entries=[Entry(debit="13599", credit="408", amount=yuan("1.00"))],
    )  # fmt: skip
    names = [row.cells[0] for row in ledgers.trial_balance(district, 202604).rows]
    assert "135 其他应收款 / 13599 其他" in names
    english = [row.cells[0] for row in ledgers.trial_balance(district, 202604, "en").rows]
    assert "403 Subsidy income from higher level / 40302 earmarked transfer" in english


def test_red_letters_are_red_on_paper_and_later_pages_have_the_title(
    district: Book, federation: Federation
) -> None:
    report = ledgers.subsidiary_ledger(district, 202604, federation.banks["HD"].account)
    short = PdfReader(io.BytesIO(tables.as_pdf(report)))
    content = short.pages[0].get_contents()
    assert content is not None
    assert b"0.701961 0.14902 0.117647 rg" in content.get_data()
    report = replace(report, rows=report.rows * 12)
    pages = [
        page.extract_text().replace(" ", "") for page in PdfReader(io.BytesIO(tables.as_pdf(report))).pages
    ]
    assert len(pages) > 1
    assert "（续）" not in pages[0]
    for text in pages[1:]:
        assert "银行存款日记账" in text.split("（续）")[0]
        assert "对方科目" in text
