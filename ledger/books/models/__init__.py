"""The kernel's nouns: chart, book, account, period, transaction, transfer, posting, voucher (财会〔2021〕7号).

The atom is a transfer: one debit account, one credit account, one positive amount, so it cannot be unbalanced. A
transaction (业务) groups the transfers of one event; postings (分录行) are their two sides. Triggers in ``sql/`` keep
balances, refuse change, and number and chain vouchers; the models only describe.
"""

from .book import Account, BankAccount, Book, Period, PeriodReopening, PeriodState
from .budget import AccountBudget, Budget
from .chart import AccountClass, BookKind, Chart, ChartAccount, FundSource, Nature, Side
from .entries import Balance, Posting, Transaction, Transfer, Turnover
from .holds import Hold, HoldState
from .vouchers import (
    Anchor,
    Voucher,
    VoucherEntry,
    VoucherFile,
    VoucherKind,
    VoucherLine,
    VoucherState,
    VoucherTemplate,
)

__all__ = [
    "Account",
    "AccountBudget",
    "AccountClass",
    "Anchor",
    "Balance",
    "BankAccount",
    "Book",
    "BookKind",
    "Budget",
    "Chart",
    "ChartAccount",
    "FundSource",
    "Hold",
    "HoldState",
    "Nature",
    "Period",
    "PeriodReopening",
    "PeriodState",
    "Posting",
    "Side",
    "Transaction",
    "Transfer",
    "Turnover",
    "Voucher",
    "VoucherEntry",
    "VoucherFile",
    "VoucherKind",
    "VoucherLine",
    "VoucherState",
    "VoucherTemplate",
]
