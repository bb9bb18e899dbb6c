"""What hledger and Beancount, run for real, say stands on each account of an exported book."""

from __future__ import annotations

import csv
import datetime as dt
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from beancount import loader
from beancount.core import data, realization
from beancount.ops import summarize

Balances = dict[str, Decimal]


def hledger(journal: Path, *, before: dt.date) -> Balances:
    """Balances of all accounts up to the day before; fails when the journal has any fault."""
    subprocess.run(["hledger", "-f", journal, "check", "--strict"], check=True, capture_output=True)
    out = subprocess.run(
        [
            "hledger",
            "-f",
            journal,
            "balance",
            "--flat",
            "--empty",
            "-N",
            "-O",
            "csv",
            "-e",
            before.isoformat(),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {
        row["account"]: Decimal(row["balance"].replace(" CNY", "").replace(",", ""))
        for row in csv.DictReader(io.StringIO(out))
    }


def beancount(file: Path, *, before: dt.date) -> Balances:
    """Balances of all accounts up to the day before; fails when ``bean-check`` finds any fault."""
    subprocess.run([Path(sys.executable).with_name("bean-check"), file], check=True, capture_output=True)
    entries, errors, _options = loader.load_file(str(file))
    assert errors == []
    balances: Balances = {}
    for account in realization.iter_children(realization.realize(summarize.truncate(entries, before))):
        postings = [p for p in account.txn_postings if isinstance(p, data.TxnPosting)]
        if postings:
            balances[account.account] = sum(
                (p.posting.units.number or Decimal(0) for p in postings), Decimal(0)
            )
    return balances
