"""Dues in the main job: cash at the counters, bank transfers, and checkouts at the local payment platform."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import requests
from django.test import override_settings
from djmoney.money import Money

from ledger.dues import collecting, online
from ledger.dues.models import DuesPayment, PaymentState, StripeAccount
from portal.members.models import Member
from portal.unions.models import Union

from . import serving, world
from .main_job import Job
from .staff import demo_member

MONTHS = 12
_BY_CASH, _BY_TRANSFER, _ONLINE = 5, 2, 8
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Platform:
    """The payment platform's stand-in and the web server that hears its messages, both running."""

    base: str
    web: str
    account: StripeAccount


@contextmanager
def platform(day: dt.date) -> Iterator[Platform]:
    """Start both as processes of their own; the platform's calendar shows ``day``."""
    sandbox_port, web_port = serving.free_port(), serving.free_port()
    base, web = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{web_port}"
    sandbox = (*serving.payment_sandbox(sandbox_port, f"{web}/webhooks/stripe/"), f"--day={day}")
    union = world.union("HD-C001")
    account = StripeAccount.objects.create(
        union=union, account_id="acct_demo_c001", bank_account=world.bank_account("HD-C001")
    )
    with (
        override_settings(STRIPE_API_BASE=base),
        serving.running(*sandbox, port=sandbox_port, **serving.sandbox_secret()),
        serving.running(*serving.web_server(web_port), port=web_port, STRIPE_API_BASE=base),
    ):
        yield Platform(base, web, account)


def collect(job: Job) -> None:
    """Each community union takes dues in cash and by transfer, and banks its cash."""
    cash = transfers = 0
    for union in world.communities():
        waiting = _casual_workers(union)
        account = world.bank_account(union.code)
        taken = [
            collecting.collect_cash(
                member=member, months=MONTHS, paid_on=job.dates.day(8), collected_by=job.cashier
            )
            for member in islice(waiting, _BY_CASH)
        ]
        cash += len(taken)
        total = Money(sum((p.amount.amount for p in taken), Decimal(0)), "CNY")
        if taken:
            reference = job.move(account, 9, total.amount, "现金存入")
            collecting.bank_cash(
                bank_account=account,
                amount=total,
                date=job.dates.day(9),
                bank_reference=reference,
                recorded_by=job.cashier,
            )
        for member in islice(waiting, _BY_TRANSFER):
            reference = job.move(account, 10, Decimal(24), "会费", member.name)
            collecting.collect_bank_transfer(
                member=member,
                months=MONTHS,
                paid_on=job.dates.day(10),
                bank_account=account,
                bank_reference=reference,
                recorded_by=job.cashier,
            )
            transfers += 1
    job.say(
        f"a year's dues: {cash} members in cash at the counter, {transfers} by bank transfer, each with a receipt"
    )


def pay_online(job: Job, at: Platform) -> None:
    """Members pay on the platform's page; its signed messages settle, its payout arrives at the bank."""
    members = [m for m in (demo_member(), *islice(_casual_workers(at.account.union), _ONLINE)) if m]
    payments = [
        online.start_checkout(member=member, months=MONTHS, return_url=f"{at.web}/me/dues/return/")
        for member in dict.fromkeys(members)
    ]
    for payment in payments:
        requests.post(
            payment.checkout_url, data={"method": "wechat_pay"}, allow_redirects=False, timeout=20
        ).raise_for_status()
    _wait(at)
    arrival = job.dates.day(15)
    answer = requests.post(
        f"{at.base}/sandbox/payouts",
        data={"account": at.account.account_id, "arrival": arrival.isoformat()},
        timeout=20,
    )
    answer.raise_for_status()
    payout = answer.json()
    _wait(at)
    job.move(at.account.bank_account, 15, Decimal(payout["amount"]) / 100, f"STRIPE {payout['id']}", "STRIPE")
    settled = DuesPayment.objects.filter(
        pk__in=[p.pk for p in payments], state=PaymentState.PAID, payout_id=payout["id"]
    ).count()
    if settled != len(payments):
        raise RuntimeError(f"only {settled} of {len(payments)} online payments were settled")
    job.say(f"{settled} members pay online; payout {payout['id']} clears 135 to zero")


def _casual_workers(union: Union) -> Iterator[Member]:
    """Those who have not paid yet, looked up one after the other."""
    visitor = demo_member()
    return (
        Member.objects.filter(memberships__union=union, is_casual_worker=True, is_demo=True, dues_months=None)
        .exclude(pk__in=[visitor.pk] if visitor else [])
        .order_by("pk")
        .iterator()
    )


def _wait(at: Platform) -> None:
    """Until the platform has delivered its messages."""
    deadline = time.monotonic() + _PATIENCE
    while requests.get(f"{at.base}/sandbox/deliveries", timeout=20).json()["pending"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the payment platform's messages are not taken: see the web server's log")
        time.sleep(0.1)
