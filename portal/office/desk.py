"""What every office page has: the menu by duty with what waits, and the reach of the person who looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from ledger.benefits.models import Commitment
from ledger.dues import queries as dues
from ledger.payouts.models import Batch
from ledger.reports import periods
from portal.accounts.models import User
from portal.accounts.permissions import duties_of, live_assignments, unions_with_duty
from portal.accounts.roles import Duty, Role
from portal.design.navigation import NavItem
from portal.unions.models import Union

from .waiting import waiting_for

SEES_RUNS = (Duty.PREPARE_RUN, Duty.APPROVE_RUN, Duty.BUILD_PAYOUT, Duty.VIEW_BOOKS)
SEES_GRANTS = (Duty.PREPARE_RUN, Duty.VERIFY_EVIDENCE, Duty.APPROVE_RUN, Duty.VIEW_BOOKS)
SEES_PAYOUTS = (Duty.BUILD_PAYOUT, Duty.RELEASE_PAYOUT, Duty.IMPORT_BANK_RESULT, Duty.VIEW_BOOKS)
SEES_CLAIMS = (Duty.VERIFY_EVIDENCE, Duty.APPROVE_RUN, Duty.BUILD_PAYOUT, Duty.VIEW_BOOKS)
SEES_PROGRAMMES = (Duty.MANAGE_PROGRAMMES, Duty.APPROVE_PROGRAMMES, Duty.VIEW_BOOKS)
SEES_BANK = (Duty.IMPORT_STATEMENT, Duty.RECONCILE, Duty.VIEW_BOOKS)
SEES_DUES = (Duty.COLLECT_DUES, Duty.CHECK_VOUCHER, Duty.VIEW_BOOKS)
_SHOWN = 50

_MENU: tuple[tuple[str, str | Promise, str, str, tuple[Duty, ...]], ...] = (
    ("members", _("Members"), "/office/members/", "people", (Duty.VIEW_MEMBERS,)),
    ("dues", _("Dues counter"), "/office/dues/", "coin", (Duty.COLLECT_DUES,)),
    ("programmes", _("Programmes"), "/office/programmes/", "gift", SEES_PROGRAMMES),
    ("runs", _("Payment lists"), "/office/runs/", "document", SEES_RUNS),
    ("claims", _("Claims"), "/office/claims/", "train", SEES_CLAIMS),
    ("grants", _("Grants to unions"), "/office/grants/", "coin", SEES_GRANTS),
    ("payouts", _("Payouts"), "/office/payouts/", "bank", SEES_PAYOUTS),
    ("books", _("Books"), "/office/books/", "ledger", (Duty.VIEW_BOOKS,)),
    ("bank", _("Reconciliation"), "/office/bank/", "scale", SEES_BANK),
    ("audit", _("Audit trail"), "/office/audit/", "search", (Duty.VIEW_AUDIT_TRAIL,)),
)


def reach(user: User | AnonymousUser, duties: Iterable[Duty]) -> QuerySet[Union]:
    """The unions where the person has at least one of the duties."""
    found = Union.objects.none()
    for duty in duties:
        found = found | unions_with_duty(user, duty)
    return found.distinct()


def asked_month(text: str) -> int:
    """YYYYMM of the month in an address; one that no calendar has is an address that does not exist."""
    try:
        return periods.month_of(text)
    except periods.NotAPeriod as error:
        raise Http404(str(error)) from error


def dues_to_look_at(user: User) -> dict[str, Any]:
    """Dues that a person has to look at: cash to take back, money to identify, messages that could not be acted on."""
    unions = reach(user, SEES_DUES)
    return {
        "reversals": dues.reversals_asked(unions)[:_SHOWN],
        "unidentified": dues.unidentified(unions)[:_SHOWN],
        "platform_messages": dues.messages_with_problems(unions)[:_SHOWN],
    }


def tell_left_out(request: HttpRequest, commitments: QuerySet[Commitment]) -> None:
    """Say how many the payout leaves out; the list says why for each."""
    count = commitments.exclude(left_out="").count()
    if count:
        text = ngettext(
            "%(n)s person is left out of the payout; the list says why.",
            "%(n)s people are left out of the payout; the list says why.",
            count,
        )
        messages.warning(request, text % {"n": count})


def to_built(request: HttpRequest, built: Sequence[Batch]) -> HttpResponse:
    """To the payout that was built, or to all files of a list that needs several."""
    if len(built) == 1:
        messages.success(request, _("The payout is built. Somebody else releases it."))
        return redirect("office_payout", code=built[0].code)
    text = ngettext(
        "%(n)s payout is built. Somebody else releases each of them.",
        "%(n)s payouts are built. Somebody else releases each of them.",
        len(built),
    )
    messages.success(request, text % {"n": len(built)})
    return redirect(f"{reverse('office_payouts')}?{urlencode({'source': built[0].source})}")


def page(
    request: HttpRequest,
    template: str,
    active: str,
    context: dict[str, Any],
    *,
    union: Union | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render an office page with its menu; ``duties`` in the context decides which buttons are drawn.

    On the page of something that belongs to ``union`` only the duties that the person has there count.
    """
    user: User = request.user  # type: ignore[assignment]
    duties = duties_of(user)
    lines = waiting_for(user)
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line.entry] += line.count
    assignment = next((a for a in live_assignments(user) if a.role != Role.MEMBER), None)
    menu = [NavItem(_("Overview"), "/office/", active == "home", None, "home")]
    menu += [
        NavItem(label, url, active == name, counts.get(name) or None, icon)
        for name, label, url, icon, needed in _MENU
        if duties.intersection(needed)
    ]
    return render(
        request,
        f"office/{template}.html",
        {
            "office_nav": menu,
            "office_union": assignment.union.local_name(get_language() or "") if assignment else "",
            "office_role": assignment.get_role_display() if assignment else "",
            "duties": {duty.value for duty in (duties if union is None else duties_of(user, union))},
            "waiting": lines,
        }
        | context,
        status=status,
    )
