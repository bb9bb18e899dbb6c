"""What commands say to an operator who gave them something they cannot use: one sentence and exit 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from ledger.books import opening
from ledger.books.models import Book, Period, Voucher
from portal.accounts.roles import Role
from portal.unions.models import Union
from tests import factories
from tests.conftest import Federation


def refusal(*arguments: str) -> str:
    """The message on stderr of a command that must end with 2."""
    errors = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(*arguments, stdout=StringIO(), stderr=errors)
    assert stopped.value.code == 2
    return errors.getvalue().strip()


def test_a_payout_that_is_not_there(db: None) -> None:
    assert refusal("payout_import", "NOPE", __file__) == "There is no payout NOPE."


def test_books_are_not_written_where_nothing_can_be_written(federation: Federation, tmp_path: Path) -> None:
    asked = ("ledger_export", "--all", "--format", "csv", "--output")
    assert refusal(*asked, str(tmp_path)) == f"{tmp_path} is a folder, not a file."
    missing = tmp_path / "no" / "books.csv"
    assert refusal(*asked, str(missing)) == f"There is no file or folder {missing}."


def test_a_statement_that_is_not_there(federation: Federation, tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    account = federation.banks["TJ"].code
    said = refusal("statement_import", str(missing), "--bank-account", account)
    assert said == f"There is no file or folder {missing}."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--contenders", "0", "--workers", "1"), "--contenders, --workers and --places must be at least 1."),
        (("--contenders", "1", "--workers", "1", "--campaign", "NOPE"), "There is no campaign “NOPE”."),
    ],
)
def test_a_race_that_cannot_begin(db: None, arguments: tuple[str, ...], said: str) -> None:
    assert refusal("claims_race", *arguments) == said


BALANCES = "account,debit,credit,project,fund_source,party\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("101,5,,,,\n32205,,4,,,\n", "Debits 5.00 and credits 4.00 differ by 1.00 yuan."),
        ("101,5,,,,\n\n999,,5,,,\n", "Row 4: book HD has no account “999”."),
        ("102,5,,,,\n32205,,5,,,\n", "Row 2: 102 银行存款 has detail accounts. Choose one of them."),
        ("101,1e9,,,,\n", "Row 2: “1e9” is not an amount."),
        ("101,１2,,,,\n", "Row 2: “１2” is not an amount."),
        (f"101,{'9' * 60},,,,\n", f"Row 2: “{'9' * 60}” is not an amount."),
        ("101,10000000000000.00,,,,\n",
         "Row 2: 10,000,000,000,000.00 yuan is more than the books can keep."),
        ("101,5,,,,\n32104,,5,,earmarked,\n", "Row 3: earmarked money names its project."),
        ("101,5,,,mine,\n", "Row 2: the money is from one of 自有经费, 上级专项补助, own, earmarked."),
        (f"101,5,,{'长' * 61},,\n",
         f"Row 2: “{'长' * 60}” is too long, or has characters that cannot be printed."),
        ("101,5,,a\x00b,,\n", "Row 2: “ab” is too long, or has characters that cannot be printed."),
        ("101,5,,,,\n402,,5,,,\n", "402: income and expenditure have no opening balance."),
        ("", "A voucher needs at least two lines."),
    ],
)  # fmt: skip
def test_opening_balances_that_cannot_be(
    federation: Federation, tmp_path: Path, rows: str, said: str
) -> None:
    file = tmp_path / "期初.csv"
    file.write_text(BALANCES + rows, encoding="utf-8")
    assert refusal("opening_balances", "--book", "HD", "--file", str(file), "--prepared-by", "maker") == said
    assert not Voucher.objects.exists()
    assert not Period.objects.filter(month=202512).exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--book": "NO"}, "There is no book NO."),
        ({"--file": "/nowhere.csv"}, "There is no file or folder /nowhere.csv."),
        ({"--file": "/"}, "/ is a folder, not a file."),
        ({"--prepared-by": "nobody"}, "There is no user nobody."),
        ({"--prepared-by": "checker"}, "checker may not prepare vouchers of book HD."),
        ({"--prepared-by": "elsewhere"}, "elsewhere may not prepare vouchers of book HD."),
    ],
)
def test_who_brings_opening_balances_and_from_where(
    federation: Federation, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    factories.user("elsewhere", Role.FINANCE_MAKER, federation.community)
    file = tmp_path / "期初.csv"
    file.write_text(BALANCES + "101,5,,,,\n32205,,5,,,\n")
    asked = {"--book": "HD", "--file": str(file), "--prepared-by": "maker"} | changed
    assert refusal("opening_balances", *(part for pair in asked.items() for part in pair)) == said
    assert not Voucher.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("from,to\n", "The file needs the columns from, to, amount, project, fund_source, party."),
        ("from,to,amount\n102,10201,viel\n", "Row 2: “viel” is not an amount."),
        (
            "from,to,amount,fund_source\n102,10201,1,x\n",
            "Row 2: the money is from one of 自有经费, 上级专项补助, own, earmarked.",
        ),
        ("from,to,amount\n102,10201,1\n", "Close every month of HD-2009 first."),
        (b"\xff\xfe\x00", "The file needs the columns from, to, amount, project, fund_source, party."),
    ],
)
def test_a_succession_that_cannot_be(
    federation: Federation, tmp_path: Path, content: str | bytes, said: str
) -> None:
    factories.book_of(federation.district, dt.date(2021, 12, 1))
    file = tmp_path / "分配.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    asked = ("chart_succession", "--book", "HD-2009", "--allocations", str(file), "--prepared-by")
    assert refusal(*asked, "maker") == said
    assert refusal(*asked, "cashier") == "cashier may not prepare vouchers of book HD-2009."
    assert not Voucher.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--on", "2026-01-01"), "Name the unions, or say --all."),
        (("HD", "--all", "--on", "2026-01-01"), "Name the unions, or say --all."),
        (("NEW", "--on", "2026-02-30"), "“2026-02-30” is no day. Write it like 2026-01-01."),
        (("NEW", "--on", "1900-01-01"), "No chart of accounts is in force on this day."),
        (("NEW", "--on", "9999-01-01"), "9999-01-01 is too far ahead for the first day of a book."),
        (("NEW", "NO", "--on", "2026-01-01"), "There is no union NO."),
        (("NEW", "HD", "--on", "2026-01-01"), "HD: there is a book under this chart already."),
    ],
)
def test_books_that_cannot_be_opened(federation: Federation, arguments: tuple[str, ...], said: str) -> None:
    factories.community_union(federation.district, code="NEW")
    assert refusal("open_book", *arguments) == said
    assert not Book.objects.filter(union__code="NEW").exists()


def test_all_books_are_opened_in_parts_and_going_on_is_running_it_again(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        factories.community_union(federation.district, code=f"NEW{n}")
    monkeypatch.setattr("ledger.books.management.commands.open_book._AT_ONCE", 2)
    open_books = opening.open_books

    def until_the_last_part(*, unions: list[Union], opened_on: dt.date) -> list[Book]:
        if unions[0].code == "NEW4":
            raise KeyboardInterrupt
        return open_books(unions=unions, opened_on=opened_on)

    asked = ("open_book", "--all", "--on", "2026-01-01")
    with monkeypatch.context() as interrupted:
        interrupted.setattr(opening, "open_books", until_the_last_part)
        with pytest.raises(KeyboardInterrupt):
            call_command(*asked, stdout=StringIO(), stderr=StringIO())
    out, err = StringIO(), StringIO()
    call_command(*asked, stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == ("NEW4\n", "1 of 1 books opened\n")
    out = StringIO()
    call_command(*asked, stdout=out)
    assert out.getvalue() == "Every union that keeps accounts has its book.\n"


def test_a_month_that_a_book_does_not_have(federation: Federation) -> None:
    said = refusal("trial_balance", "--book", "HD", "--period", "2019-03")
    assert said == "Book HD has no month 2019-03."
    assert refusal("ledger_verify", "--anchors", "/nowhere") == "There is no file or folder /nowhere."


def test_a_file_that_cannot_be_finished_leaves_the_one_before(
    federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[str]:
        yield "{}\n"
        raise OSError(28, "No space left on device")

    file = tmp_path / "anchors.jsonl"
    file.write_text("before")
    monkeypatch.setattr("ledger.books.anchors.all_as_lines", broken)
    assert refusal("ledger_anchor", "--output", str(file)) == f"{file} cannot be read or written."
    assert [(kept.name, kept.read_text()) for kept in tmp_path.iterdir()] == [("anchors.jsonl", "before")]
