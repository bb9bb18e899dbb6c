"""The bank that does not exist: keeps its own record of each account, answers payout files, prints statements.

It knows nothing of the books: only the files and movements that reach a bank. That is what makes reconciling with it
worth something.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.payouts import formats

# Gateway codes of domain 6.3; about two in forty-one cards are refused.
_SUCCESS = "0000"
_ONE_IN = 41
_REFUSALS = {7: ("3018", "已清户"), 23: ("3031", "账号户名不符")}
_HEADER = ("交易日期", "流水号", "摘要", "借方发生额", "贷方发生额", "余额", "对方户名", "对方账号")


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of an account at the bank: positive in, negative out, in yuan."""

    date: dt.date
    amount: Decimal
    summary: str
    counterparty: str
    counterparty_number: str
    reference: str


@dataclass
class DemoBank:
    """Accounts by number; references are the bank's own running numbers."""

    accounts: defaultdict[str, list[Movement]] = field(default_factory=lambda: defaultdict(list))
    _issued: int = 0

    def move(
        self,
        *,
        account: str,
        date: dt.date,
        amount: Decimal,
        summary: str,
        counterparty: str = "",
        counterparty_number: str = "",
    ) -> str:
        """Record money in (positive) or out (negative); returns the bank's reference (流水号)."""
        self._issued += 1
        reference = f"{date:%Y%m%d}{self._issued:08d}"
        line = Movement(date, amount, summary, counterparty, counterparty_number, reference)
        self.accounts[account].append(line)
        return reference

    def pay_out(
        self, *, format_code: str, file_name: str, content: bytes, date: dt.date, account: str
    ) -> bytes:
        """Read a payout file, pay all lines but the ones that fail, debit their sum once, and write the result file.

        As in life, a few cards are closed or carry another name; which ones follows from the card number.
        """
        known = formats.get(format_code)
        request = formats.read_payment(known, content, file_name=file_name)
        rows, paid_fen = [], 0
        for line in request.rows:
            code, message = self._answer(line.account)
            paid_fen += line.amount_fen if code == _SUCCESS else 0
            self._issued += 1
            rows.append(
                formats.ResultRow(
                    seq=line.seq,
                    reference=line.reference,
                    account=line.account,
                    name=line.name,
                    outcome="S" if code == _SUCCESS else "E",
                    code=code,
                    message=message,
                    bank_reference=f"{date:%Y%m%d}{self._issued:08d}",
                    date=date,
                )
            )
        if paid_fen:
            self.move(
                account=account, date=date, amount=-Decimal(paid_fen) / 100, summary=f"代发{request.batch}"
            )
        amounts = [line.amount_fen for line in request.rows]
        return formats.render_result(
            known, rows, batch=request.batch, date=date, amounts_fen=amounts, payer_account=account
        )

    def _answer(self, card: str) -> tuple[str, str]:
        """The bank's code and message for a card; a card is refused until its holder replaces it."""
        return _REFUSALS.get(int(card[-4:]) % _ONE_IN, (_SUCCESS, "交易成功"))

    def statement(self, *, account: str, first: dt.date, last: dt.date) -> bytes:
        """The account's lines of a span of days as the bank's CSV download (GBK, Chinese headers)."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_HEADER)
        balance = Decimal(0)
        for line in sorted(self.accounts[account], key=lambda m: m.date):
            balance += line.amount
            if not first <= line.date <= last:
                continue
            out, into = (f"{-line.amount:,.2f}", "") if line.amount < 0 else ("", f"{line.amount:,.2f}")
            writer.writerow(
                [
                    f"{line.date:%Y-%m-%d}",
                    line.reference,
                    line.summary,
                    out,
                    into,
                    f"{balance:,.2f}",
                    line.counterparty,
                    line.counterparty_number,
                ]
            )
        return text.getvalue().encode("gb18030")
