"""Detail accounts (明细科目) that a union adds below the official ones, each with what authorises it (总说明 一).

Level-1 accounts are the ministry's; nobody adds, merges or renames them. An account with details takes no postings of
its own, so that accounts which rules, closing or sub-ledgers post to stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from . import acts
from .closing import posted_by_closing
from .errors import DetailRefused
from .models import Account, BankAccount, Book, Hold, HoldState, Transfer
from .opening import add_account, add_bank_account
from .rules import all_rules, fee_accounts

_BANK = "102"
_DIGITS = 2
_LONGEST = 11  # level 5
_used: list[Callable[[], set[str]]] = []


def register_used(codes: Callable[[], set[str]]) -> None:
    """Add accounts that another part of the house posts to, by code: they stay without details."""
    _used.append(codes)


@transaction.atomic
def add_detail(
    *, book: Book, code: str, name: str, authorised_by: str, added_by: AbstractBaseUser, name_en: str = ""
) -> Account:
    """Add an account two digits below another one of the book. Raises DetailRefused with what stands in the way."""
    Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    parent = book.accounts.filter(code=code[:-_DIGITS]).first()
    if (
        not re.fullmatch(r"[0-9]{5,}", code)
        or len(code) > _LONGEST
        or len(code) % _DIGITS == 0
        or parent is None
    ):
        raise DetailRefused(
            _("A detail account has the code of the account above it and two more digits, such as 13505.")
        )
    if not name.strip() or not authorised_by.strip():
        raise DetailRefused(_("Give the account a name, and say which document authorises it."))
    if book.accounts.filter(code=code).exists():
        raise DetailRefused(_("There is an account %(code)s already.") % {"code": code})
    _require_free(parent)
    account = add_account(
        book=book,
        code=code,
        name=name.strip(),
        name_en=name_en.strip(),
        authorised_by=authorised_by.strip(),
    )
    _record(account, added_by)
    return account


@transaction.atomic
def add_bank(
    *,
    book: Book,
    code: str,
    bank: str,
    number: str,
    holder: str,
    authorised_by: str,
    added_by: AbstractBaseUser,
) -> BankAccount:
    """Add a bank account with its detail account below 102. Raises DetailRefused, UnknownAccount."""
    if not re.fullmatch(r"[A-Za-z0-9-]{2,30}", code):
        raise DetailRefused(_("The short code has letters, digits and hyphens, such as HD-1."))
    if not re.fullmatch(r"[0-9]{8,32}", number):
        raise DetailRefused(_("The account number has 8 to 32 digits."))
    if not all(text.strip() for text in (bank, holder, authorised_by)):
        raise DetailRefused(_("Name the bank, the holder and the document that authorises the account."))
    if BankAccount.objects.filter(code=code).exists():
        raise DetailRefused(_("There is a bank account %(code)s already.") % {"code": code})
    parent = book.accounts.get(code=_BANK)
    if parent.is_leaf and _has_entries(parent):
        raise DetailRefused(_("%(account)s has entries already.") % {"account": parent})
    added = add_bank_account(
        book=book,
        code=code,
        bank=bank.strip(),
        number=number,
        holder=holder.strip(),
        authorised_by=authorised_by.strip(),
    )
    _record(added.account, added_by)
    return added


def takes_details(account: Account) -> bool:
    """Whether ``add_detail`` would add an account below this one."""
    try:
        _require_free(account)
    except DetailRefused:
        return False
    return True


def _require_free(parent: Account) -> None:
    if parent.code.startswith(_BANK):
        raise DetailRefused(_("Accounts below 102 come with their bank accounts."))
    if not parent.is_leaf:
        return
    rules = _rules_that_post_to(parent.code)
    if rules:
        raise DetailRefused(
            _("%(account)s stays without details: the posting rule “%(rule)s” names it.")
            % {"account": parent, "rule": rules[0]}
        )
    if parent.kept_by or parent.code in posted_by_closing().union(
        fee_accounts(), *(codes() for codes in _used)
    ):
        raise DetailRefused(
            _("%(account)s stays without details: closing, dues or benefits post to it.")
            % {"account": parent}
        )
    if _has_entries(parent):
        raise DetailRefused(
            _(
                "%(account)s has entries already. Add the new account beside it, or use it from the first entry."
            )
            % {"account": parent}
        )


def _has_entries(account: Account) -> bool:
    on_it = Q(debit=account) | Q(credit=account)
    return (
        Transfer.objects.filter(on_it).exists()
        or Hold.objects.filter(on_it, state=HoldState.PENDING).exists()
    )


def _record(account: Account, added_by: AbstractBaseUser) -> None:
    acts.record(
        actor=added_by,
        action="account.added",
        target=account,
        union=account.book.union,
        account=str(account),
        authorised_by=account.authorised_by,
    )


def _rules_that_post_to(code: str) -> list[str]:
    language = get_language() or ""
    return [
        rule.local_name(language)
        for rule in all_rules()
        if any(code in (line.debit, line.credit) for line in rule.lines)
    ]
