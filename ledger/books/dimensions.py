"""What lines must say beside account and amount: projects, basic or project, economic classes (总说明 二).

The facts are data: ``dimensions.csv`` says which accounts of which books require what, longer codes before shorter, and
which are kept by dues or payouts alone; ``economic_classes.csv`` has the economic classes of the budget down to 款
(部门预算支出经济分类).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"


class EconomicClass(NamedTuple):
    code: str
    name: str
    name_en: str

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


class Requirement(NamedTuple):
    needs_project: bool
    needs_nature: bool
    needs_economic_class: bool
    economic_class: str
    kept_by: str


_NOTHING = Requirement(
    needs_project=False, needs_nature=False, needs_economic_class=False, economic_class="", kept_by=""
)


@cache
def economic_classes() -> dict[str, EconomicClass]:
    """Every economic class by code."""
    return {row["code"]: EconomicClass(**row) for row in _rows("economic_classes.csv")}


def requirement(book_kind: str, code: str) -> Requirement:
    """What an account of this code asks of its lines in a book of this kind."""
    known = _requirements(book_kind)
    return next((known[code[:n]] for n in range(len(code), 2, -1) if code[:n] in known), _NOTHING)


@cache
def _requirements(book_kind: str) -> dict[str, Requirement]:
    return {
        row["code"]: Requirement(
            needs_project=row["needs_project"] == "1",
            needs_nature=row["needs_nature"] == "1",
            needs_economic_class=row["needs_economic_class"] == "1",
            economic_class=row["economic_class"],
            kept_by=row["kept_by"],
        )
        for row in _rows("dimensions.csv")
        if row[book_kind] == "1"
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
