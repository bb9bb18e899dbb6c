"""Entries as they are asked for, and the rows that they become."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import NothingToPost
from .models import FundSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What one side of a line says besides its account and amount; fields as in ``Entry``."""

    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    nature: str = ""
    economic_class: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line to post: debit and credit account codes of the book, a positive amount in yuan, dimensions.

    Left empty, ``nature`` (基本/项目) follows from the project, ``economic_class`` (款级) from the account, and
    ``summary`` (摘要) is that of the transaction. ``red`` writes the line in red letters (红字): the amount is taken
    off both sides. ``on_credit`` is what the credit side says where that differs from the debit side, as when money of
    one account goes from one project to another.
    """

    debit: str
    credit: str
    amount: Money
    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    nature: str = ""
    economic_class: str = ""
    summary: str = ""
    red: bool = False
    on_credit: Details | None = None

    def __post_init__(self) -> None:
        if self.amount.amount <= 0:
            raise NothingToPost(_("An entry needs an amount above zero."))
        if self.amount.amount != round(self.amount.amount, 2):
            raise NothingToPost(_("An entry has whole fen: at most two decimals."))
        if str(self.amount.currency) != settings.DEFAULT_CURRENCY:
            raise NothingToPost(_("The books are kept in yuan."))


# How lines become transfers, for one transaction and for many. Plain lines say the same on both sides.
PLAIN_LINES = """
       (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red, project,
        fund_source, party, nature, economic_class)
SELECT head.id, head.book_id, head.month, row.line, debit.id, credit.id, row.amount, 'CNY', row.red, row.project,
       row.fund, row.party,
       CASE WHEN row.nature <> '' OR 'expense' NOT IN (debit.account_class, credit.account_class) THEN row.nature
            WHEN row.project <> '' THEN 'project' ELSE 'basic' END,
       coalesce(nullif(row.economic, ''), nullif(debit.economic_class, ''), credit.economic_class)
"""
# With details of its own on the credit side, each side follows its own account only.
SIDED_LINES = """
       (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red, project,
        fund_source, party, nature, economic_class, line_summary, credit_project, credit_fund_source, credit_party,
        credit_nature, credit_economic_class, credit_line_summary)
SELECT head.id, head.book_id, head.month, row.line, debit.id, credit.id, row.amount, 'CNY', row.red, row.project,
       row.fund, row.party,
       CASE WHEN row.nature <> '' OR debit.account_class <> 'expense'
                 AND (row.credit_fund IS NOT NULL OR credit.account_class <> 'expense') THEN row.nature
            WHEN row.project <> '' THEN 'project' ELSE 'basic' END,
       coalesce(nullif(row.economic, ''), nullif(debit.economic_class, ''),
                CASE WHEN row.credit_fund IS NULL THEN credit.economic_class ELSE '' END),
       row.line_summary, row.credit_project, row.credit_fund, row.credit_party,
       CASE WHEN row.credit_nature <> '' OR row.credit_fund IS NULL OR credit.account_class <> 'expense'
            THEN row.credit_nature WHEN row.credit_project <> '' THEN 'project' ELSE 'basic' END,
       CASE WHEN row.credit_fund IS NOT NULL THEN coalesce(nullif(row.credit_economic, ''), credit.economic_class) END,
       row.credit_line_summary
"""


PLAIN_COLUMNS = {
    "debit": "varchar",
    "credit": "varchar",
    "amount": "numeric",
    "red": "bool",
    "project": "text",
    "fund": "text",
    "party": "text",
    "nature": "text",
    "economic": "text",
}
SIDED_COLUMNS = PLAIN_COLUMNS | dict.fromkeys(
    (
        "line_summary",
        "credit_project",
        "credit_fund",
        "credit_party",
        "credit_nature",
        "credit_economic",
        "credit_line_summary",
    ),
    "text",
)


def plain_values(e: Entry) -> tuple[object, ...]:
    """The values of ``PLAIN_COLUMNS``."""
    return (
        e.debit,
        e.credit,
        e.amount.amount,
        e.red,
        e.project,
        e.fund_source,
        e.party,
        e.nature,
        e.economic_class,
    )


def sided_values(e: Entry) -> tuple[object, ...]:
    """The values of ``SIDED_COLUMNS``."""
    c = e.on_credit
    on_credit = (
        (c.project, c.fund_source, c.party, c.nature, c.economic_class, c.summary) if c else (None,) * 6
    )
    return (*plain_values(e), e.summary, *on_credit)
