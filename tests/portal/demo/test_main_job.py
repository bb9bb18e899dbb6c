"""The demo as its user runs it: `manage.py demo`, and what outsiders make of the books it leaves."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ledger.books.integrity import verify
from portal.bootstrap.places import CHECKOUT
from tests.ledger.reports import outsiders

_ROOTS = dict(zip("12345", ("Assets", "Liabilities", "Equity", "Income", "Expenses"), strict=True))


@pytest.fixture
def reports(transactional_db: None, tmp_path: Path) -> Path:
    """The folder of a demo that was built from nothing and did the main job once."""
    folder = tmp_path / "reports"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
        "MEDIA_ROOT": str(tmp_path / "media"),
        "PRIVATE_ROOT": str(tmp_path / "private"),
        "LANGUAGE": "en",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-serve", "--reports", folder],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    return folder


def test_the_main_job_leaves_books_that_outsiders_agree_with(reports: Path) -> None:
    assert all(check.ok for check in verify())
    balances = [json.loads(file.read_text()) for file in sorted(reports.glob("trial-balance-*.json"))]
    assert {"TJ", "HD"} < {balance["book"] for balance in balances}
    month = balances[0]["period"]
    after = (dt.date.fromisoformat(f"{month}-01") + dt.timedelta(days=32)).replace(day=1)

    expected: outsiders.Balances = {}
    for balance in balances:
        expected |= _closing(balance)
        _statements_tie(balance, reports)
    for form, read in (("journal", outsiders.hledger), ("beancount", outsiders.beancount)):
        found = read(reports / f"books.{form}", before=after)
        assert {name: amount for name, amount in found.items() if amount} == expected


def _closing(balance: dict) -> outsiders.Balances:
    """Closing balances of the lowest accounts of a trial balance, under the names that the tools read."""
    codes = [row["account"] for row in balance["rows"]]
    closing = {}
    for row in balance["rows"]:
        code = row["account"]
        if any(other.startswith(code) and other != code for other in codes):
            continue
        path = [_ROOTS[code[0]], balance["book"], code[:3], *([code] if len(code) > 3 else [])]
        closing[":".join(path)] = Decimal(row["closing_debit"]) - Decimal(row["closing_credit"])
    return {name: amount for name, amount in closing.items() if amount}


def _statements_tie(balance: dict, reports: Path) -> None:
    """工会01表 shows the closing balances of the trial balance, and both of its sides are equal."""
    month = balance["period"].replace("-", "")
    book = openpyxl.load_workbook(reports / f"statements-{balance['book']}-{month}.xlsx")
    stated = {row[0].value: Decimal(f"{row[3].value:.2f}") for row in book["工会01表"].iter_rows(min_row=2)}
    closing = {
        row["account"]: abs(Decimal(row["closing_debit"]) - Decimal(row["closing_credit"]))
        for row in balance["rows"]
        if len(row["account"]) == 3 and row["account"][0] in "123"
    }
    assert {code: abs(amount) for code, amount in stated.items() if amount} == {
        code: amount for code, amount in closing.items() if amount
    }
    assets = sum(amount for code, amount in stated.items() if code[0] == "1")
    assert assets == sum(amount for code, amount in stated.items() if code[0] in "23")
