"""Posting rules: readable, in force by day, and written on what they made."""

from __future__ import annotations

import datetime as dt
import string

import pytest

from ledger.books.models import Transaction
from ledger.books.rules import Rule, all_rules, fee_account, rule
from ledger.dues import collecting
from tests import factories
from tests.conftest import Federation

from .test_posting import yuan

KNOWN = [pytest.param(known, id=known.label) for known in all_rules()]
# What events bring by themselves; every other account is written out in the rule.
ACCOUNTS = {"bank": "10201", "fees": "50602", "expense": "50305"}


@pytest.mark.parametrize("known", KNOWN)
def test_every_rule_names_accounts_of_the_official_chart(known: Rule, federation: Federation) -> None:
    codes = {
        account.code for book in federation.books.values() for account in book.accounts.filter(is_leaf=True)
    }
    for line in known.lines:
        assert {line.debit.format(**ACCOUNTS), line.credit.format(**ACCOUNTS)} <= codes
    assert known.title
    assert known.title_en
    assert known.source


def test_labels_are_unique_and_versions_follow_each_other() -> None:
    labels = [known.label for known in all_rules()]
    assert len(labels) == len(set(labels))
    for code in {known.code for known in all_rules()}:
        versions = [known for known in all_rules() if known.code == code]
        assert [known.version for known in versions] == list(range(1, len(versions) + 1))
        assert sorted(versions, key=lambda known: known.effective_from) == versions


def test_a_rule_is_in_force_from_its_day() -> None:
    assert rule("dues.cash", dt.date(2026, 3, 16)).label == "dues.cash/1"
    with pytest.raises(KeyError):
        rule("dues.cash", dt.date(2021, 12, 31))
    with pytest.raises(KeyError):
        rule("dues.gold", dt.date(2026, 3, 16))


def test_a_line_of_zero_is_left_out(federation: Federation) -> None:
    payout = rule("dues.platform_payout", dt.date(2026, 3, 16))
    accounts = {"bank": "10201", "fees": fee_account(federation.books["HD-C001"])}
    entries = payout.entries({"net": yuan("24.00"), "fee": yuan("0.00")}, accounts)
    assert [(e.debit, e.credit) for e in entries] == [("10201", "13501")]
    both = payout.entries({"net": yuan("23.86"), "fee": yuan("0.14")}, accounts)
    assert (both[1].debit, both[1].economic_class) == ("50504", "30204")
    names = [name for _text, name, _spec, _conversion in string.Formatter().parse(payout.summary) if name]
    assert payout.words(**dict.fromkeys(names, 3)) == "支付平台结算3笔会费"


def test_what_a_rule_made_says_so(federation: Federation) -> None:
    payer = factories.member_with_card(federation.community, name="卫示例", is_casual_worker=True)
    collecting.collect_cash(member=payer, months=2, paid_on=factories.TODAY, collected_by=federation.cashier)
    assert Transaction.objects.get().rule == "dues.cash/1"
