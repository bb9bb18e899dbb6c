"""CSV files that people bring to the books: rows with their line, amounts and texts that the books can keep."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .errors import BalancesRefused
from .models import FundSource

# More than any union has, and exact in every spreadsheet.
_TOO_LARGE = Decimal(10) ** 13
_AMOUNT = re.compile(r"-?\d{1,25}(\.\d{1,2}0*)?", re.ASCII)
_TEXT_LENGTH = 60
# How the files of spreadsheet programs begin: .xlsx, .et and .ods are zip files, .xls is a compound file.
_WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0")

# Columns and words as accountants write them.
HEADINGS = {
    "account": "科目代码", "debit": "借方", "credit": "贷方", "project": "项目", "fund_source": "资金来源",
    "party": "往来", "from": "原科目", "to": "新科目", "amount": "金额",
}  # fmt: skip
_COLUMNS = {heading: column for column, heading in HEADINGS.items()}
_FUND_SOURCES = {"自有经费": FundSource.OWN.value, "上级专项补助": FundSource.EARMARKED.value}

Row = dict[str, str]


def rows_of(content: bytes, *, columns: Sequence[str], needed: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Each row with its line in the file, cells without spaces around; UTF-8 or GB18030. Raises BalancesRefused.

    Columns may be named in English, as in ``columns``, or in Chinese.
    """
    if content.startswith(_WORKBOOKS):
        raise BalancesRefused(
            _("This is a workbook. Save it as CSV in the spreadsheet program and bring that file.")
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        rows.fieldnames = [_COLUMNS.get(name.strip(), name.strip()) for name in rows.fieldnames or ()]
        if not set(needed) <= set(rows.fieldnames):
            raise BalancesRefused(_("The file needs the columns %(columns)s.") % {"columns": _named(columns)})
        for row in rows:
            yield rows.line_num, {column: (row.get(column) or "").strip() for column in columns}
    except csv.Error as error:
        raise BalancesRefused(_("This is no CSV file: %(why)s") % {"why": error}) from error


def _named(columns: Sequence[str]) -> str:
    if (get_language() or "").startswith("zh"):
        return "、".join(HEADINGS[column] for column in columns)
    return ", ".join(columns)


def amount_in(text: str, row: int) -> Decimal:
    """The amount in yuan written in a cell, zero when it is empty. Raises BalancesRefused."""
    plain = text.replace(",", "").strip()
    if plain and not _AMOUNT.fullmatch(plain):
        raise BalancesRefused(
            _("Row %(row)s: “%(text)s” is not an amount.") % {"row": row, "text": plain[:_TEXT_LENGTH]}
        )
    amount = Decimal(plain or 0).quantize(Decimal("0.01"))
    if abs(amount) >= _TOO_LARGE:
        raise BalancesRefused(
            _("Row %(row)s: %(amount)s yuan is more than the books can keep.")
            % {"row": row, "amount": f"{amount:,.2f}"}
        )
    return amount


def dimensions_in(cells: Row, row: int) -> dict[str, str]:
    """Project, source of the money and party of a row. Raises BalancesRefused."""
    said = cells["fund_source"]
    fund_source = _FUND_SOURCES.get(said, said) or FundSource.OWN.value
    if fund_source not in FundSource.values:
        raise BalancesRefused(
            _("Row %(row)s: the money is from one of %(sources)s.")
            % {"row": row, "sources": ", ".join([*_FUND_SOURCES, *FundSource.values])}
        )
    for text in (cells["project"], cells["party"]):
        if len(text) > _TEXT_LENGTH or not text.isprintable():
            raise BalancesRefused(
                _("Row %(row)s: “%(text)s” is too long, or has characters that cannot be printed.")
                % {"row": row, "text": "".join(filter(str.isprintable, text))[:_TEXT_LENGTH]}
            )
    if fund_source == FundSource.EARMARKED and not cells["project"]:
        raise BalancesRefused(_("Row %(row)s: earmarked money names its project.") % {"row": row})
    return {"project": cells["project"], "fund_source": fund_source, "party": cells["party"]}
