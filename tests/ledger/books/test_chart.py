"""The official chart (财会〔2021〕7号) as the product carries it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ledger.books.dimensions import DATA
from ledger.books.models import BookKind, ChartAccount
from tests.conftest import Federation

SHARED = Path(__file__).parents[4] / "shared" / "domain" / "coa_2021.csv"


def product_rows() -> list[dict[str, str]]:
    with (DATA / "chart_2021.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_database_has_the_chart_of_the_data_file(db: None) -> None:
    rows = {(r["code"], r["name"], r["account_class"], r["normal_side"]) for r in product_rows()}
    loaded = ChartAccount.objects.filter(chart__code="2021").values_list(
        "code", "name", "account_class", "normal_side"
    )
    assert set(loaded) == rows
    assert len(rows) == 116


def test_the_official_numbers_of_level_1_accounts(db: None) -> None:
    level_1 = [r for r in product_rows() if len(r["code"]) == 3]
    assert sum(r["in_grassroots"] == "1" for r in level_1) == 24
    assert sum(r["in_county"] == "1" for r in level_1) == 45


@pytest.mark.skipif(
    not SHARED.exists(), reason="the dossier's own file is beside the checkout only in development"
)
def test_the_data_file_agrees_with_the_dossier() -> None:
    with SHARED.open(encoding="utf-8-sig", newline="") as file:
        dossier = [
            (
                r["code"],
                r["name_zh"],
                r["class"],
                r["normal_side"],
                r["in_grassroots_table"],
                r["in_county_and_above_table"],
            )
            for r in csv.DictReader(file)
        ]
    ours = [
        (r["code"], r["name"], r["account_class"], r["normal_side"], r["in_grassroots"], r["in_county"])
        for r in product_rows()
    ]
    assert ours == dossier


def test_a_new_book_has_the_accounts_of_its_table(federation: Federation) -> None:
    county, grassroots = federation.books["HD"], federation.books["HD-C001"]
    assert (county.kind, grassroots.kind) == (BookKind.COUNTY, BookKind.GRASSROOTS)
    county_only_grassroots = {"401", "405", "501"}
    county_codes = set(county.accounts.values_list("code", flat=True))
    assert not county_codes & county_only_grassroots
    assert {"508", "50802", "212"} <= county_codes
    assert set(grassroots.accounts.values_list("code", flat=True)) >= county_only_grassroots
