"""What reports say beside their figures: words in two languages, sides of balances, accounts by their full names."""

from __future__ import annotations

from decimal import Decimal

from ledger.books.models import Book

from .spreadsheets import Cell

_SIDES = {1: "借", 0: "平", -1: "贷"}
# For readers of English; paper and files are always Chinese.
_IN_ENGLISH = {
    "借": "Dr", "平": "—", "贷": "Cr", "合计": "Total", "小计": "Subtotal", "上年结转": "Brought forward",
    "期初余额": "Opening balance", "承前页": "From the page before", "本日合计": "Day", "本月合计": "Month",
    "本年累计": "Year so far", "一、资产": "I. Assets", "二、负债": "II. Liabilities", "三、净资产": "III. Net assets",
    "资产合计": "Total assets", "负债合计": "Total liabilities", "净资产合计": "Total net assets",
    "负债和净资产合计": "Total liabilities and net assets", "固定资产净值": "Fixed assets, net",
    "无形资产净值": "Intangible assets, net", "一、收入": "I. Income", "收入合计": "Total income",
    "二、支出": "II. Expenditure", "支出合计": "Total expenditure", "三、本期收支差额": "III. Surplus of the period",
    "本期收支差额": "Surplus of the period, not carried forward yet", "减：": "less: ",
    "批准文件": "Approved by document:", "本年度没有已确认的预算": "No budget of this year has been confirmed.",
}  # fmt: skip


def said(words: str, language: str) -> str:
    """The words of a row for readers of ``language``."""
    return _IN_ENGLISH[words] if language.startswith("en") else words


def standing(balance: Decimal, language: str) -> tuple[Cell, Cell]:
    """The side a balance stands on, and how much it is."""
    return said(_SIDES[(balance > 0) - (balance < 0)], language), abs(balance)


class AccountNames:
    """The accounts of a book as people read them: code and name, details behind the accounts they belong to."""

    def __init__(self, book: Book, language: str) -> None:
        self.book = book
        self._names = {
            account.code: account.local_name(language).removeprefix("– ")
            for account in book.accounts.only("code", "name", "name_en")
        }

    def own(self, code: str) -> str:
        """``13501 支付平台待结算``."""
        return f"{code} {self._names[code]}"

    def full(self, code: str) -> str:
        """``135 其他应收款 / 13501 支付平台待结算``: 其他 alone says nothing."""
        above = [code[:n] for n in range(3, len(code)) if code[:n] in self._names]
        return " / ".join(self.own(known) for known in [*above, code])
