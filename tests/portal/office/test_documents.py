"""From a figure in the books to what proves it: payout, receipt, bank line."""

from __future__ import annotations

from decimal import Decimal

from djmoney.money import Money

from ledger.books.posting import Entry, post
from ledger.dues import collecting
from ledger.reconciliation import matching, statements
from ledger.reconciliation.models import StatementLine
from portal.accounts.roles import Role
from portal.demo.bank import DemoBank
from portal.office.documents import documents_of
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

DAY = factories.TODAY


def test_dues_lead_to_their_receipt(federation: Federation) -> None:
    payer = factories.member_with_card(federation.community, is_casual_worker=True)
    payment = collecting.collect_cash(member=payer, months=3, paid_on=DAY, collected_by=federation.cashier)
    assert payment.transaction is not None
    assert payment.receipt is not None
    address = f"/office/receipts/{payment.receipt.series.code}/{payment.receipt.number}.pdf"
    assert [d.url for d in documents_of(payment.transaction, federation.maker)] == [address]
    here = f"/office/books/{payment.transaction.book.code}/transactions/{payment.transaction.pk}/"
    browser = browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    page = browser.get(here).content.decode()
    assert f'href="{address}"' in page
    assert "/accounts/401/?period=2026-03" in page


def test_money_at_the_bank_leads_to_the_banks_own_line_and_back(federation: Federation) -> None:
    account = federation.banks["HD"]
    bank = DemoBank()
    reference = bank.move(account=account.number, date=DAY, amount=Decimal(500), summary="来款")
    posted = post(
        book=account.book, external_key="k", date=DAY, kind="levy", summary="收到经费", document=reference,
        entries=[Entry(debit=account.account.code, credit="402", amount=Money(500, "CNY"))],
    )  # fmt: skip
    content = bank.statement(account=account.number, first=DAY.replace(day=1), last=DAY)
    statements.import_statement(
        bank_account=account, content=content, file_name="a.csv", actor=federation.cashier
    )
    matching.match(bank_account=account, up_to=DAY, actor=federation.maker)
    line = StatementLine.objects.get()
    address = f"/office/bank/{account.code}/lines/{line.pk}/"
    assert [(d.number, d.url) for d in documents_of(posted, federation.maker)] == [(reference, address)]
    entry = f"/office/books/HD/transactions/{posted.pk}/"
    assert f'href="{entry}"' in browser_of(federation.maker).get(address).content.decode()
    # A cashier sees the bank's line, but no books.
    page = browser_of(federation.cashier).get(address)
    assert page.status_code == 200
    assert entry not in page.content.decode()


def test_documents_of_another_union_are_not_shown(federation: Federation) -> None:
    payer = factories.member_with_card(federation.community, is_casual_worker=True)
    payment = collecting.collect_cash(member=payer, months=3, paid_on=DAY, collected_by=federation.cashier)
    assert payment.transaction is not None
    beside = factories.community_union(federation.district, "HD-C009")
    stranger = factories.user("stranger", Role.FINANCE_MAKER, beside)
    assert documents_of(payment.transaction, stranger) == []
