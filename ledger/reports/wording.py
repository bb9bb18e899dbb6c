"""What reports say beside their figures: words in two languages, sides of balances, accounts by their full names."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from ledger.books.dimensions import economic_classes
from ledger.books.models import Book, FundSource, Nature

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
    "基本支出": "Basic", "项目支出": "Project", "上级专项补助": "Earmarked from above", "自有经费": "Own funds",
    "未指定": "Not specified",
    "未指定项目的金额列于最后，各科目合计与科目余额表一致；不含库存现金和银行存款。":
    "What names no project stands last, so that every account ties to the trial balance; cash and bank are left out.",
    "结转分录不注明往来，收入、支出在年末前列于未指定；各科目合计与科目余额表一致，不含库存现金和银行存款。":
    "Carrying forward names no party: it stands under “Not specified” beside the income and expenditure of parties "
    "until the year ends. Every account ties to the trial balance; cash and bank are left out.",
    "批准文件": "Approved by document:", "本年度没有已确认的预算": "No budget of this year has been confirmed.",
}  # fmt: skip


def said(words: str, language: str) -> str:
    """The words of a row for readers of ``language``."""
    return _IN_ENGLISH[words] if language.startswith("en") else words


def standing(balance: Decimal, language: str) -> tuple[Cell, Cell]:
    """The side a balance stands on, and how much it is."""
    return said(_SIDES[(balance > 0) - (balance < 0)], language), abs(balance)


# Books and papers are Chinese whatever the reader's language (制度第十一条).
FUND_SOURCES = {FundSource.OWN.value: "自有经费", FundSource.EARMARKED.value: "上级专项补助"}
NATURES = {Nature.BASIC.value: "基本支出", Nature.PROJECT.value: "项目支出", "": ""}


class Detailed(Protocol):
    """A line with what it says besides account and amount; nature and class are empty where they mean nothing."""

    @property
    def project(self) -> str: ...
    @property
    def fund_source(self) -> str: ...
    @property
    def party(self) -> str: ...
    @property
    def nature(self) -> str: ...
    @property
    def economic_class(self) -> str: ...


def details_of(line: Detailed, language: str) -> list[str]:
    """What a line says besides account and amount, such as 职工之家, 上级专项补助, 张三, 30216 培训费, 基本支出."""
    is_earmarked = line.fund_source == FundSource.EARMARKED
    found = [
        line.project,
        said(FUND_SOURCES[line.fund_source], language) if is_earmarked else "",
        line.party,
        kind_of_spending(line, language),
    ]
    return [words for words in found if words]


def kind_of_spending(line: Detailed, language: str) -> str:
    """``30216 培训费 · 基本支出``, as much of it as the line says."""
    words = (class_in_words(line.economic_class, language), nature_in_words(line.nature, language))
    return " · ".join(filter(None, words))


def nature_in_words(nature: str, language: str = "zh") -> str:
    """基本支出 or 项目支出, empty for none."""
    return said(NATURES[nature], language) if nature else ""


def class_in_words(code: str, language: str = "zh") -> str:
    """``30216 培训费``: an economic class with its name."""
    known = economic_classes().get(code)
    return f"{code} {known.local_name(language)}" if known else code


class AccountNames:
    """The accounts of a book as people read them: code and name, details behind the accounts they belong to."""

    def __init__(self, book: Book, language: str) -> None:
        self.book = book
        self._names = {
            account.code: account.local_name(language)
            for account in book.accounts.only("book", "code", "name", "name_en")
        }

    def own(self, code: str) -> str:
        """``13501 支付平台待结算``."""
        return f"{code} {self._names[code]}"

    def full(self, code: str) -> str:
        """``135 其他应收款 / 13501 支付平台待结算``: 其他 alone says nothing."""
        return " / ".join(map(self.own, self._above(code)))

    def path(self, code: str) -> str:
        """``其他应收款 / 支付平台待结算``, where the code stands beside it."""
        return " / ".join(self._names[known] for known in self._above(code))

    def _above(self, code: str) -> list[str]:
        """The account with those above it, level 1 first."""
        return [code[:n] for n in range(3, len(code) + 1) if code[:n] in self._names]
