"""The end of the month in the main job: statements in, everything explained, vouchers, closing, reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from ledger.books import anchors, budgets, closing, vouchers
from ledger.books.errors import AnchorExists
from ledger.books.models import BankAccount, Book
from ledger.receipts import pdf
from ledger.receipts.models import Receipt
from ledger.reconciliation import matching, statements
from ledger.reconciliation.models import StatementLine
from ledger.reconciliation.queries import adjustment
from ledger.reports import archive, exports, spreadsheets, trial_balance
from ledger.reports import statements as statutory

from .main_job import Job, books_of_the_job

# Yuan by account, of the union that has this code.
_BUDGETS = {
    "TJ": {"402": 6_000_000, "408": 500, "504": 30_000, "506": 200, "508": 60_000},
    "HD": {"402": 900_000, "403": 60_000, "408": 500, "503": 40_000, "506": 200, "508": 60_000},
}
_FEE, _INTEREST = "手续费", "结息"


def reconcile(job: Job) -> None:
    """Import every bank's statement, match it, post fees and interest; nothing stays unexplained."""
    accounts = list(
        BankAccount.objects.filter(account__book__union__is_demo=True).select_related("account__book__union")
    )
    for account in accounts:
        if account.code in ("TJ-BANK", "HD-BANK"):
            job.move(account, 21, Decimal("-12.50"), _FEE)
            job.move(account, 21, Decimal("36.18"), _INTEREST)
    lines = matched = posted = 0
    for account in accounts:
        if account.number not in job.bank.accounts:
            continue
        content = job.bank.statement(account=account.number, first=job.dates.first, last=job.dates.last)
        lines += statements.import_statement(
            bank_account=account,
            content=content,
            file_name=f"{account.code}-{job.dates.month}.csv",
            actor=job.cashier,
        ).new
        matched += matching.match(bank_account=account, up_to=job.dates.last, actor=job.maker).matched
        posted += _post_what_the_bank_did(account, job)
        _require_explained(account, job)
    job.say(
        f"bank statements: {lines} lines, {matched} matched, {posted} fees and interest posted, 0 unexplained"
    )


def _post_what_the_bank_did(account: BankAccount, job: Job) -> int:
    done = 0
    for line in StatementLine.objects.filter(bank_account=account, state="open"):
        if line.summary == _FEE:
            matching.post_fee(line=line, actor=job.maker)
        elif line.summary == _INTEREST:
            matching.post_interest(line=line, actor=job.maker)
        else:
            continue
        done += 1
    return done


def _require_explained(account: BankAccount, job: Job) -> None:
    result = adjustment(bank_account=account, month=job.dates.month)
    if result.unexplained or not result.ties or result.book_balance != result.bank_balance:
        raise RuntimeError(
            f"{account.code}: {result.unexplained} lines unexplained, "
            f"books {result.book_balance}, bank {result.bank_balance}"
        )


def close_books(job: Job) -> None:
    """Vouchers for everything, checked by another person; income and expenditure carried forward; the month closed."""
    posted = 0
    books = books_of_the_job()
    _plan_the_year(job, books)
    for book in books:
        closing.carry_forward(book=book, month=job.dates.month, actor=job.maker)
        for voucher in vouchers.draw_up_month(book=book, month=job.dates.month, prepared_by=job.maker):
            vouchers.check_and_post(voucher=voucher, checked_by=job.checker)
            posted += 1
        closing.close_period(book=book, month=job.dates.month, actor=job.maker)
    job.say(f"{posted} vouchers checked and posted, {job.dates.month} closed in {len(books)} books")
    with suppress(AnchorExists):
        anchor = anchors.take(timezone.localdate())
        job.say(f"the chains of {len(anchor.heads.splitlines())} books anchored for {anchor.day}")


def _plan_the_year(job: Job, books: Sequence[Book]) -> None:
    """What the two funders mean to take and to spend this year."""
    for book in books:
        if book.code in _BUDGETS:
            amounts = {code: Decimal(amount) for code, amount in _BUDGETS[book.code].items()}
            proposed = budgets.propose(
                book=book,
                year=job.dates.month // 100,
                amounts=amounts,
                approval="示例〔1〕号 年度收支预算",
                proposed_by=job.maker,
            )
            budgets.confirm(budget=proposed, confirmed_by=job.checker)


def write_reports(job: Job, folder: Path) -> None:
    """Trial balances, the two statutory statements, complete exports and some receipts, as files."""
    folder.mkdir(parents=True, exist_ok=True)
    books = [book for book in books_of_the_job() if book.transactions.exists()]
    for book in books:
        _trial_balance(book, job.dates.month, folder)
    for form, ending in (
        ("hledger", "journal"),
        ("beancount", "beancount"),
        ("csv", "csv"),
        ("xlsx", "xlsx"),
    ):
        with (folder / f"books.{ending}").open("wb") as out:
            exports.write(books, form, out)
    with (folder / f"archive-HD-{job.dates.month // 100}.zip").open("wb") as out:
        archive.write(Book.objects.get(code="HD"), job.dates.month // 100, out)
    receipts = list(Receipt.objects.filter(is_demo=True).select_related("series").order_by("pk")[:3])
    for receipt in receipts:
        (folder / f"receipt-{receipt.series.code}-{receipt.number}.pdf").write_bytes(pdf.render(receipt))
    job.say(
        f"trial balances, statements, exports, archive and {len(receipts)} receipts written to {_shown(folder)}/"
    )


def _shown(folder: Path) -> str:
    """The folder as one types it from the checkout."""
    return str(folder.relative_to(settings.BASE_DIR) if folder.is_relative_to(settings.BASE_DIR) else folder)


def _trial_balance(book: Book, month: int, folder: Path) -> None:
    data = trial_balance.as_data(book, month)
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / f"trial-balance-{book.code}-{month}.json").write_text(text, encoding="utf-8")
    forms = (statutory.balance_sheet(book, month), statutory.income_statement(book, month))
    if not all(form.balanced for form in forms):
        raise RuntimeError(f"the statements of {book.code} do not balance")
    columns = (("年初余额", "期末余额"), ("本月数", "本年累计数"))
    sheets = [
        (form.number, ("科目", "名称", *heads), [(r.code, r.name, r.first, r.second) for r in form.rows])
        for form, heads in zip(forms, columns, strict=True)
    ]
    (folder / f"statements-{book.code}-{month}.xlsx").write_bytes(spreadsheets.xlsx_bytes(sheets))
