"""manage.py reconcile: match a bank account up to a month's end and print its 银行存款余额调节表."""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.reconciliation.matching import Suggestion, match
from ledger.reconciliation.queries import Adjustment, Item, adjustment, matched_in


class Command(BaseCommand):
    """``reconcile --bank-account CODE --period YYYY-MM``."""

    help = (
        "Match bank lines with the books up to the end of a month, and print what is open and both balances."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bank-account", metavar="CODE", required=True)
        parser.add_argument("--period", metavar="YYYY-MM", required=True)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["bank_account"]
        bank_account = BankAccount.objects.filter(code=code).first()
        if bank_account is None:
            self._refuse(_("There is no bank account %(code)s.") % {"code": code})
            return
        period = re.fullmatch(r"([1-9]\d{3})-(0[1-9]|1[0-2])", options["period"], re.ASCII)
        if period is None:
            self._refuse(_("Write the period as year and month, like 2026-03."))
            return
        year, month = int(period[1]), int(period[2])
        end = dt.date(year, month, calendar.monthrange(year, month)[1])
        suggested = match(bank_account=bank_account, up_to=end, actor=None).suggested
        matched = matched_in(bank_account=bank_account, month=year * 100 + month)
        found = adjustment(bank_account=bank_account, month=year * 100 + month)
        if options["json"]:
            data = {"bank_account": code, "period": options["period"], **_data(matched, suggested, found)}
            self.stdout.write(json.dumps(data, ensure_ascii=False))
        else:
            self._print(matched, suggested, found)

    def _print(self, matched: int, suggested: list[Suggestion], found: Adjustment) -> None:
        self.stdout.write(
            _("%(matched)s matched, %(suggested)s suggested, %(unexplained)s unexplained")
            % {
                "matched": matched,
                "suggested": len(suggested),
                "unexplained": found.unexplained,
            }
        )
        for suggestion in suggested:
            self.stdout.write(f"? {suggestion.line}: {suggestion.transactions[0]} ({suggestion.reason})")
        self.stdout.write(f"银行存款余额调节表 {found.as_of}")
        for title, amount in (
            ("单位账面余额", found.book_balance),
            ("调节后单位余额", found.adjusted_book),
            ("银行对账单余额", found.bank_balance),
            ("调节后银行余额", found.adjusted_bank),
        ):
            self.stdout.write(f"{amount.amount:>18,.2f}  {title}")
        for title, items in (
            ("银行已收我方未收", found.bank_received_we_not),
            ("银行已付我方未付", found.bank_paid_we_not),
            ("我方已收银行未收", found.we_received_bank_not),
            ("我方已付银行未付", found.we_paid_bank_not),
        ):
            for item in items:
                self.stdout.write(f"{item.amount.amount:>18,.2f}  {title}  {item.date} {item.summary}")
        self.stdout.write(_("The balances agree.") if found.ties else _("The balances do not agree."))

    def _refuse(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(2)


def _data(matched: int, suggested: list[Suggestion], found: Adjustment) -> dict[str, object]:
    return {
        "matched": matched,
        "suggested": len(suggested),
        "unexplained": found.unexplained,
        "book_balance": str(found.book_balance.amount),
        "bank_balance": str(found.bank_balance.amount),
        "adjusted_book": str(found.adjusted_book.amount),
        "adjusted_bank": str(found.adjusted_bank.amount),
        "ties": found.ties,
        "statement_until": found.statement_until and found.statement_until.isoformat(),
        "bank_received_we_not": _list(found.bank_received_we_not),
        "bank_paid_we_not": _list(found.bank_paid_we_not),
        "we_received_bank_not": _list(found.we_received_bank_not),
        "we_paid_bank_not": _list(found.we_paid_bank_not),
    }


def _list(items: list[Item]) -> list[dict[str, str]]:
    return [
        {
            "date": item.date.isoformat(),
            "amount": str(item.amount.amount),
            "summary": item.summary,
            "reference": item.reference,
            "party": item.party,
        }
        for item in items
    ]
