"""History under the chart of 2009 and its way into the chart of 2021 (财会〔2021〕16号)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from djmoney.money import Money

from ledger.books import closing, opening, queries, succession, vouchers
from ledger.books.errors import AccountNotInChart, BalancesRefused, BookRefused, PeriodClosed
from ledger.books.integrity import verify
from ledger.books.models import Account, Book, ChartAccount, Voucher
from ledger.books.posting import Entry, post
from portal.unions.models import Union
from tests import factories
from tests.conftest import Federation


def _post(book: Book, key: str, day: dt.date, *entries: tuple[str, str, str]) -> None:
    lines = [Entry(debit=d, credit=c, amount=Money(amount, "CNY")) for d, c, amount in entries]
    post(book=book, external_key=key, date=day, kind="manual", summary=key, entries=lines)


@pytest.fixture
def union(federation: Federation) -> Union:
    return factories.district_union(federation.municipal, code="XX")


@pytest.fixture
def old(union: Union) -> Book:
    """December 2021: levy returned by the city, a subsidy passed on, a loan made, a grant of the year before."""
    book = opening.open_book(union=union, opened_on=dt.date(2021, 12, 1))
    day = dt.date(2021, 12, 20)
    _post(book, "回拨", day, ("102", "40301", "1000.00"), ("102", "22203", "50.00"))
    _post(book, "补助下级", day, ("50601", "102", "300.00"))
    _post(book, "借出", day, ("121", "102", "200.00"))
    _post(book, "后备", day, ("102", "322", "80.00"))
    return book


def _close(book: Book, month: int, federation: Federation) -> None:
    closing.carry_forward(book=book, month=month)
    for draft in vouchers.draw_up_month(book=book, month=month, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    closing.close_period(book=book, month=month, actor=federation.maker)


@pytest.fixture
def new(old: Book, union: Union) -> Book:
    book = opening.open_book(union=union, opened_on=dt.date(2022, 1, 1))
    for number in ("0001", "0002"):
        opening.add_bank_account(
            book=book,
            code=f"XX-{number}",
            bank="示例银行",
            number=number,
            holder="示例",
            authorised_by="测试",
        )
    return book


def test_each_chart_has_its_own_book(old: Book, new: Book, union: Union, federation: Federation) -> None:
    assert (old.code, new.code) == ("XX-2009", "XX")
    assert new.continues == old
    assert queries.current_book(union) == new
    assert old.accounts.get(code="502").name == "维权支出"
    assert new.accounts.get(code="502").name == "职工活动组织支出"
    assert [p.month for p in old.periods.all()] == [202112]
    with pytest.raises(PeriodClosed):
        _post(old, "late", dt.date(2022, 1, 1), ("102", "408", "1.00"))
    with pytest.raises(AccountNotInChart):
        opening.add_account(book=old, code="50801", name="示例", authorised_by="")
    with pytest.raises(BookRefused, match="XX: there is a book under this chart already"):
        opening.open_book(union=union, opened_on=dt.date(2023, 1, 1))


def test_a_history_opened_later_goes_before_todays_book(federation: Federation) -> None:
    today = federation.books["HD"]
    history = opening.open_book(union=federation.district, opened_on=dt.date(2019, 1, 1))
    today.refresh_from_db()
    assert today.continues == history
    assert queries.current_book(federation.district) == today
    assert len(history.periods.all()) == 24


def test_balances_go_where_the_mapping_and_a_person_say(
    old: Book, new: Book, federation: Federation, tmp_path: Path
) -> None:
    with pytest.raises(BalancesRefused, match="Close every month"):
        succession.carry_over(old=old, prepared_by=federation.maker)
    _close(old, 202112, federation)
    assert queries.balance_of(old, "331") == Money("700.00", "CNY")
    with pytest.raises(BalancesRefused, match="102 needs a decision"):
        succession.carry_over(old=old, prepared_by=federation.maker)
    file = tmp_path / "分配.csv"
    file.write_text(
        "from,to,amount,project,fund_source,party\n"
        "102,10201,500.00,,,\n102,10202,130.00,,,\n"
        "331,32205,600.00,,,\n331,32104,100.00,帮扶,earmarked,\n",
        encoding="utf-8-sig",
    )
    out = StringIO()
    call_command("chart_succession", book="XX-2009", allocations=file, prepared_by="maker", stdout=out)
    draft = Voucher.objects.get(book=new)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    standing = {r.code: r for r in queries.trial_balance(new, 202201)}
    assert standing["10201"].opening_debit == Decimal("500.00")
    assert standing["13599"].opening_debit == Decimal("200.00")
    assert standing["21504"].opening_credit == Decimal("50.00")
    assert standing["322"].opening_credit == Decimal("680.00")
    assert standing["321"].opening_credit == Decimal("100.00")
    assert all(check.ok for check in verify(book=new))


def test_allocations_use_up_what_stands_there(old: Book, new: Book, federation: Federation) -> None:
    _close(old, 202112, federation)

    def carry(*parts: tuple[str, str, str]) -> Voucher:
        allocations = [succession.Allocation(a, b, Decimal(amount)) for a, b, amount in parts]
        return succession.carry_over(old=old, allocations=allocations, prepared_by=federation.maker)

    with pytest.raises(BalancesRefused, match=r"600\.00 yuan are allocated, 630\.00 yuan stand there"):
        carry(("102", "10201", "600"), ("331", "32205", "700"))
    with pytest.raises(BalancesRefused, match="231: nothing stands"):
        carry(("102", "10201", "630"), ("331", "32205", "700"), ("231", "221", "1"))
    with pytest.raises(BalancesRefused, match="Row 2: “viel”"):
        succession.read(b"from,to,amount\n102,10201,viel\n")
    carry(("102", "10201", "630"), ("331", "32205", "700"))


def test_every_old_account_with_a_balance_is_mapped(old: Book, new: Book) -> None:
    """Balance sheet accounts of the old chart lead to lowest accounts of ours or to a person's decision."""
    leaves = set(new.accounts.filter(is_leaf=True).values_list("code", flat=True))
    balance_sheet = Account.objects.filter(
        book=old, is_leaf=True, account_class__in=["asset", "liability", "net_asset"]
    )
    for code in balance_sheet.values_list("code", flat=True):
        target, condition = next(
            succession.mapping()[code[:n]]
            for n in range(len(code), 2, -1)
            if code[:n] in succession.mapping()
        )
        assert target in leaves or condition, code
    assert ChartAccount.objects.filter(chart__code="2009", code__regex=r"^\d{3}$").count() == 42


def test_opening_books_from_the_command_line(federation: Federation) -> None:
    factories.district_union(federation.municipal, code="YY")
    out, err = StringIO(), StringIO()
    call_command("open_book", all=True, on=dt.date(2026, 1, 1), stdout=out)
    assert out.getvalue().split() == ["YY"]
    with pytest.raises(SystemExit):
        call_command("open_book", "ZZ", on=dt.date(2026, 1, 1), stderr=err)
    assert "ZZ" in err.getvalue()
