"""Two-step posting: hold an amount while money is in transit (在途), then post it or let it go."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import ExternalKeyReused, HoldEnded, UnknownAccount, ledger_refusals
from .models import Account, Balance, Book, Hold, HoldState, Side


@transaction.atomic
def hold(
    *,
    book: Book,
    external_key: str,
    date: dt.date,
    kind: str,
    summary: str,
    debit: str,
    credit: str,
    amount: Money,
    actor: AbstractBaseUser | None = None,
) -> Hold:
    """Hold ``amount`` yuan for the account ``debit`` on ``credit``; the same key and content again gives the first.

    Raises UnknownAccount, ExternalKeyReused, and Overdrawn when a guarded account has not that much available.
    """
    accounts = {a.code: a for a in book.accounts.filter(code__in=[debit, credit])}
    if len(accounts) < len({debit, credit}):
        missing = ", ".join(sorted({debit, credit} - accounts.keys()))
        raise UnknownAccount(
            _("Book %(book)s has no account %(codes)s.") % {"book": book.code, "codes": missing}
        )
    wanted = {"debit": accounts[debit], "credit": accounts[credit], "amount": amount, "kind": kind}
    with ledger_refusals(), transaction.atomic():
        found, created = Hold.objects.get_or_create(
            book=book,
            external_key=external_key,
            defaults=wanted
            | {"date": date, "summary": summary, "created_by_id": actor.pk if actor else None},
        )
    if not created and any(getattr(found, name) != value for name, value in wanted.items()):
        raise ExternalKeyReused(
            _("“%(key)s” has already been posted with other content.") % {"key": external_key}
        )
    return found


@transaction.atomic
def void_hold(held: Hold) -> Hold:
    """The held money stays where it was; ``posting.post(ends=...)`` is the other end of a hold. Raises HoldEnded."""
    locked = Hold.objects.select_for_update().get(pk=held.pk)
    if locked.state == HoldState.POSTED:
        raise HoldEnded(_("This hold has already been posted or released."))
    if locked.state == HoldState.PENDING:
        locked.state = HoldState.VOIDED
        with ledger_refusals():
            locked.save(update_fields=["state"])
        locked.refresh_from_db()
    return locked


def available(account: Account) -> Money:
    """The balance less what is held against it, in yuan on the account's normal side."""
    sums = Balance.objects.filter(account=account).aggregate(
        debit_side=Sum(F("debit") - F("credit") - F("held_credit")),
        credit_side=Sum(F("credit") - F("debit") - F("held_debit")),
    )
    name = "debit_side" if account.normal_side == Side.DEBIT else "credit_side"
    return Money(sums[name] or Decimal(0), "CNY")
