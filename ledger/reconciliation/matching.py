"""Matching (对账): which entries of the books are which lines of the bank; by rule, by hand, or by a new entry.

Every match is written whole and stays on record; undoing it is another fact about it (财会〔2021〕7号 第二十九条).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount, Period, PeriodState, Transaction
from ledger.books.posting import post, reverse
from ledger.books.rules import fee_account
from ledger.books.rules import rule as posting_rule
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from . import rules
from .errors import (
    AlreadyMatched,
    AlreadyUndone,
    DoesNotAddUp,
    NothingToMatch,
    ReconciliationError,
    WrongDirection,
    reconciliation_refusals,
)
from .models import LineState, Match, MatchKind, MatchLine, MatchPosting, StatementLine
from .open_items import OpenPosting, open_lines, open_postings
from .statements import lock

_POSTING_ID = re.compile(r"\d{1,18}[DC]", re.ASCII)
_WRITTEN_AT_ONCE = 2_000
# The matches that make an entry, by the posting rule that makes it.
_POSTS = {
    MatchKind.FEE: "bank.fee",
    MatchKind.INTEREST: "bank.interest",
    MatchKind.UNKNOWN_CREDIT: "bank.unknown_credit",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a line could be, for a person to decide; ``transactions`` of the likeliest candidate first."""

    line: StatementLine
    transactions: list[Transaction]
    rule: str
    reason: str
    score: int


@dataclass(frozen=True, slots=True)
class Matched:
    """``matched`` lines were matched now; ``unexplained`` are still open, those with suggestions included."""

    matched: int
    suggested: list[Suggestion]
    unexplained: int


@transaction.atomic
def match(*, bank_account: BankAccount, up_to: dt.date | None, actor: User | None) -> Matched:
    """Match what the rules leave no doubt about, up to and including a day; the rest is suggested or stays open.

    ``actor`` None is the operator's command. Raises NotAllowed.
    """
    if actor is not None:
        require(actor, Duty.RECONCILE, bank_account.book.union)
    lock(bank_account)
    items = rules.Open(open_lines(bank_account, up_to=up_to), open_postings(bank_account, up_to=up_to))
    before = len(items.lines)
    for name, rule in rules.RULES:
        groups = rule(items)
        _write(bank_account, groups, kind=MatchKind.AUTO, rule=name, actor=actor)
        items.take(groups)
    matched = before - len(items.lines)
    if matched:
        _record(actor, "reconciliation.matched", bank_account, lines=matched, open=len(items.lines))
    return Matched(matched, _suggestions(items), len(items.lines))


@transaction.atomic
def match_by_hand(
    *,
    line_ids: Sequence[int],
    posting_ids: Sequence[str] = (),
    transaction_ids: Sequence[int] = (),
    actor: User,
    reason: str,
) -> Match:
    """Match these lines to these postings, and to the open postings of these transactions, on the lines' account.

    Lines alone or postings alone may cancel each other out (冲正). Raises NothingToMatch, AlreadyMatched, DoesNotAddUp,
    NotAllowed.
    """
    if not reason.strip():
        raise ReconciliationError(_("Say why these belong together."))
    bank_account = _account_of(line_ids, posting_ids)
    require(actor, Duty.RECONCILE, bank_account.book.union)
    lock(bank_account)
    lines = list(
        StatementLine.objects.filter(pk__in=line_ids, bank_account=bank_account).order_by("sequence")
    )
    if len(lines) != len(set(line_ids)):
        raise NothingToMatch(_("These are not lines of one bank account."))
    postings = {
        p.posting_id: p
        for p in [
            *open_postings(bank_account, transfers=[int(key[:-1]) for key in posting_ids]),
            *open_postings(bank_account, transactions=transaction_ids),
        ]
    }
    found = {p.transaction_id for p in postings.values()}
    if (
        any(line.state != LineState.OPEN for line in lines)
        or not set(posting_ids) <= set(postings)
        or not set(transaction_ids) <= found
    ):
        raise AlreadyMatched(_("One of these is already matched, or is no entry of this bank account."))
    group = rules.Group(tuple(lines), tuple(postings.values()))
    _require_same_sum(group)
    (made,) = _write(bank_account, [group], kind=MatchKind.BY_HAND, reason=reason.strip(), actor=actor)
    _record(actor, "reconciliation.matched_by_hand", bank_account, match=made.pk, reason=made.reason)
    return made


@transaction.atomic
def undo(*, match: Match, actor: User, reason: str) -> None:
    """Undo a match on the record; an entry that was made for the line is reversed in red.

    Raises AlreadyUndone, NotAllowed, PeriodClosed.
    """
    bank_account = match.bank_account
    require(actor, Duty.RECONCILE, bank_account.book.union)
    if not reason.strip():
        raise ReconciliationError(_("Say why the match is undone."))
    lock(bank_account)
    undone = Match.objects.get(pk=match.pk)
    if undone.undone_at is not None:
        raise AlreadyUndone(_("This match was undone before."))
    undone.undone_at, undone.undone_by, undone.undone_reason = timezone.now(), actor, reason.strip()
    with reconciliation_refusals():
        undone.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    if undone.kind in _POSTS:
        _reverse_entry(undone, bank_account, actor, reason.strip())
    _record(actor, "reconciliation.undone", bank_account, match=undone.pk, reason=undone.undone_reason)


def post_fee(*, line: StatementLine, actor: User) -> Match:
    """Post a bank fee (手续费) for a line that went out, by rule bank.fee. In yuan."""
    return _post(line, actor, MatchKind.FEE, comes_in=False)


def post_interest(*, line: StatementLine, actor: User) -> Match:
    """Post interest (利息) for a line that came in, by rule bank.interest. In yuan."""
    return _post(line, actor, MatchKind.INTEREST, comes_in=True)


def post_unknown_credit(*, line: StatementLine, actor: User) -> Match:
    """Post money that nobody knows yet, until it is identified, by rule bank.unknown_credit (待查收款). In yuan."""
    return _post(line, actor, MatchKind.UNKNOWN_CREDIT, comes_in=True)


@transaction.atomic
def _post(line: StatementLine, actor: User, kind: MatchKind, *, comes_in: bool) -> Match:
    """Post on the line's day and match. Raises WrongDirection, AlreadyMatched, NotAllowed, PeriodClosed."""
    bank_account = line.bank_account
    require(actor, Duty.RECONCILE, bank_account.book.union)
    lock(bank_account)
    line = StatementLine.objects.get(pk=line.pk)
    if line.state != LineState.OPEN:
        raise AlreadyMatched(_("One of these is already matched."))
    if (line.amount.amount > 0) != comes_in or line.sequence == 0:
        raise WrongDirection(_("This line cannot be a %(kind)s.") % {"kind": kind.label})
    attempt = line.matchings.count()
    rule = posting_rule(_POSTS[kind], line.booked_on)
    posted = post(
        book=bank_account.book,
        external_key=f"bank:{bank_account.code}:{line.sequence}:{kind}:{attempt}",
        date=line.booked_on,
        kind=f"bank.{kind}",
        summary=rule.words(),
        document=line.bank_reference,
        entries=rule.entries(
            {"booked": abs(line.amount)},
            {"bank": bank_account.account.code, "fees": fee_account(bank_account.book)},
            party=line.counterparty_name[:60],
        ),
        rule=rule.label,
        actor=actor,
    )
    group = rules.Group((line,), tuple(open_postings(bank_account, transactions=[posted.pk])))
    (made,) = _write(bank_account, [group], kind=kind, actor=actor)
    _record(
        actor, f"reconciliation.{kind}_posted", bank_account, match=made.pk, amount=str(line.amount.amount)
    )
    return made


def _reverse_entry(undone: Match, bank_account: BankAccount, actor: User, reason: str) -> None:
    """Take back the entry of a fee, interest or unknown credit, and match it with its reversal: no money moved."""
    original = Transaction.objects.get(transfers__pk=undone.postings.get().transfer_id)
    is_open = Period.objects.filter(
        book_id=original.book_id, month=original.month, state=PeriodState.OPEN
    ).exists()
    reversal = reverse(
        original=original,
        date=original.date if is_open else timezone.localdate(),
        reason=reason,
        external_key=f"{original.external_key}:undone",
        actor=actor,
    )
    pair = rules.Group((), tuple(open_postings(bank_account, transactions=[original.pk, reversal.pk])))
    _write(bank_account, [pair], kind=MatchKind.AUTO, rule="reversal", actor=actor)


def _account_of(line_ids: Sequence[int], posting_ids: Sequence[str]) -> BankAccount:
    """The bank account of the first line, or without lines of the first posting. Raises NothingToMatch."""
    if any(not (_POSTING_ID.fullmatch(key)) for key in posting_ids):
        raise NothingToMatch(_("There is no such entry."))
    accounts = BankAccount.objects.select_related("account__book__union")
    if line_ids:
        found = accounts.filter(statement_lines__pk=line_ids[0]).first()
    else:
        found = accounts.filter(account__postings__pk__in=posting_ids).first()
    if found is None:
        raise NothingToMatch(_("Choose lines of the statement, entries of the books, or both."))
    return found


def _require_same_sum(group: rules.Group) -> None:
    if len(group.lines) + len(group.postings) < 2:
        raise NothingToMatch(_("Choose lines of the statement, entries of the books, or both."))
    bank = sum((line.amount.amount for line in group.lines), Decimal(0))
    books = sum((posting.amount for posting in group.postings), Decimal(0))
    if bank != books:
        raise DoesNotAddUp(
            _("The bank's lines are %(bank)s yuan, the entries %(books)s.") % {"bank": bank, "books": books}
        )


def _write(
    bank_account: BankAccount,
    groups: Sequence[rules.Group],
    *,
    kind: MatchKind,
    actor: User | None,
    rule: str = "",
    reason: str = "",
) -> list[Match]:
    """Write matches with their lines and postings; the database checks sums before this returns."""
    with reconciliation_refusals(), transaction.atomic():
        matches = Match.objects.bulk_create(
            [
                Match(bank_account=bank_account, kind=kind, rule=rule, reason=reason[:200], created_by=actor)
                for _group in groups
            ],
            batch_size=_WRITTEN_AT_ONCE,
        )
        pairs = list(zip(matches, groups, strict=True))
        MatchLine.objects.bulk_create(
            [MatchLine(match=made, line=line) for made, group in pairs for line in group.lines],
            batch_size=_WRITTEN_AT_ONCE,
        )
        MatchPosting.objects.bulk_create(
            [_place(made, posting) for made, group in pairs for posting in group.postings],
            batch_size=_WRITTEN_AT_ONCE,
        )
        if matches:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS match_adds_up IMMEDIATE")
                cursor.execute("SET CONSTRAINTS match_adds_up DEFERRED")
    return matches


def _place(made: Match, posting: OpenPosting) -> MatchPosting:
    return MatchPosting(match=made, transfer_id=posting.transfer_id, side=posting.side)


def _suggestions(items: rules.Open) -> list[Suggestion]:
    found = rules.candidates(items)
    wanted = {p.transaction_id for c in found for event in c.events for p in event.postings}
    transactions = Transaction.objects.in_bulk(wanted)
    reasons = {
        "amount_and_day": _("the same amount within %(days)s days") % {"days": rules.DAYS},
        "batch_total": _("a batch of the same total within %(days)s days") % {"days": rules.DAYS},
    }
    return [
        Suggestion(
            line=c.line,
            transactions=[
                transactions[key]
                for key in dict.fromkeys(p.transaction_id for event in c.events for p in event.postings)
            ],
            rule=c.rule,
            reason=reasons[c.rule],
            score=c.score,
        )
        for c in found
    ]


def _record(actor: User | None, action: str, bank_account: BankAccount, **details: object) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=bank_account,
        union=bank_account.book.union,
        bank_account=bank_account.code,
        **details,
    )
