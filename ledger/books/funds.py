"""Is the money there? What a typed voucher or a payout may take from a bank account and from earmarked money.

The posting trigger asks for cash only (101): a bank account that many payments move at once would make them wait for
each other. What people decide is asked here instead, when they decide: 制度第二十二条 for earmarked money.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _

from .errors import EarmarkOverspent, Overdrawn
from .holds import available
from .models import Account, AccountClass, Book, FundSource, Posting, Side, Voucher, VoucherKind

_BANK = "102"
_CARRIED = "321"  # 工会资金结转 keeps what is left of earmarked money, project by project
_YUAN = DecimalField(max_digits=20, decimal_places=2)
# Credits less debits of a set of postings.
_NET = Sum(Case(When(side=Side.CREDIT, then=F("amount")), default=-F("amount"), output_field=_YUAN))


def require_covered(voucher: Voucher) -> None:
    """Raise Overdrawn or EarmarkOverspent for a typed voucher whose lines were just posted and took too much.

    A voucher that cancels another is free: it puts an error right, and the correction follows it.
    """
    if voucher.kind != VoucherKind.MANUAL:
        return
    said = Posting.objects.filter(transaction__vouchers=voucher)
    lowered = (
        said.filter(account__code__startswith=_BANK).values("account").annotate(net=_NET).filter(net__gt=0)
    )
    for account in Account.objects.filter(pk__in=[row["account"] for row in lowered]).order_by("code"):
        require_available(account)
    spent = _earmarked(said).values("project").annotate(net=_NET).filter(net__lt=0).order_by("project")
    require_earmarked(voucher.book, {row["project"]: Decimal(0) for row in spent})


def require_available(account: Account) -> None:
    """Raise Overdrawn when more is spent or on its way out than stands on a bank account."""
    left = available(account)
    if left.amount < 0:
        raise Overdrawn(
            _("%(account)s: %(missing)s yuan are missing. Record what came in first.")
            % {"account": account, "missing": f"{-left.amount:,.2f}"}
        )


def earmarked_left(book: Book, projects: Iterable[str]) -> dict[str, Decimal]:
    """What came in of each project's earmarked money less what was spent, in yuan."""
    found = _earmarked(Posting.objects.filter(book=book, project__in=list(projects)))
    return {
        row["project"]: row["net"] for row in found.values("project").annotate(net=_NET).order_by("project")
    }


def require_earmarked(book: Book, needed: dict[str, Decimal]) -> None:
    """Raise EarmarkOverspent unless so much earmarked money in yuan is left of each project."""
    left = earmarked_left(book, needed) if needed else {}
    for project, amount in needed.items():
        missing = amount - left.get(project, Decimal(0))
        if missing > 0:
            raise EarmarkOverspent(
                _("Earmarked money of “%(project)s”: %(missing)s yuan more would be spent than came in.")
                % {"project": project, "missing": f"{missing:,.2f}"}
            )


def _earmarked(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Those of income, expenditure and what is carried over from them; the same question as ``integrity`` asks."""
    results = Q(account__account_class__in=[AccountClass.INCOME, AccountClass.EXPENSE])
    return postings.filter(results | Q(account__code__startswith=_CARRIED), fund_source=FundSource.EARMARKED)
