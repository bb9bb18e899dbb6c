"""What waits, and who did what."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from portal.accounts import event_names
from portal.accounts.access import STAFF_SIGN_IN, StaffRequest, duty_required
from portal.accounts.models import AuditEvent
from portal.accounts.permissions import NotAllowed, duties_of
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.balances import bank_balances
from portal.unions.models import Union

_SHOWN = 12
_PER_PAGE = 50


@login_required(login_url=STAFF_SIGN_IN)
def home(request: StaffRequest) -> HttpResponse:
    """The first page of the office: what waits for me, and the bank balances within my reach."""
    if not duties_of(request.user):
        raise NotAllowed(_("The office is for staff. Your sign-in has no role there."))
    unions = desk.reach(request.user, [Duty.VIEW_BOOKS, Duty.IMPORT_STATEMENT])
    accounts = BankAccount.objects.filter(account__book__union__in=unions).select_related(
        "account__book__union"
    )
    shown = accounts.order_by("account__book__union__path")[:_SHOWN]
    amounts = bank_balances(shown)
    balances = [(account, amounts[account.pk]) for account in shown]
    context = {"balances": balances, "accounts_count": accounts.count()}
    return desk.page(request, "home", "home", context)


@duty_required(Duty.VIEW_AUDIT_TRAIL)
def audit_trail(request: StaffRequest) -> HttpResponse:
    """Every act on record within reach, newest first, by action or person."""
    user = request.user
    top = desk.reach(user, [Duty.VIEW_AUDIT_TRAIL])
    events = AuditEvent.objects.select_related("actor", "union").order_by("-pk")
    if not _sees_everything(top):
        events = events.filter(union__in=top)
    asked = request.GET.get("q", "").strip()
    if asked:
        events = events.filter(
            Q(action__icontains=asked)
            | Q(action__in=event_names.matching(asked))
            | Q(actor__name__icontains=asked)
        )
    found = Paginator(events, _PER_PAGE).get_page(request.GET.get("page"))
    return desk.page(request, "audit", "audit", {"events": found, "asked": asked})


def _sees_everything(unions: object) -> bool:
    """Events without a union (sign-ins) are shown to auditors of a whole federation."""
    return not Union.objects.filter(depth=1).exclude(pk__in=unions).exists()
