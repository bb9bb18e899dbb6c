"""The walk from clause to money (政策—项目—预算—发放), as steps for the trail on a policy page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.benefits.queries import PaidUnderPolicy, ProgrammeSummary

from .models.policy import PolicyPage


def walk(
    page: PolicyPage, programmes: Sequence[ProgrammeSummary], paid: PaidUnderPolicy
) -> list[dict[str, Any]]:
    """Four steps, each done, current or waiting."""
    language = get_language() or ""
    budget = Money(sum((p.budget.amount for p in programmes), Decimal(0)), "CNY")
    committed = Money(sum((p.committed.amount for p in programmes), Decimal(0)), "CNY")
    done = [page.live, bool(programmes), bool(committed.amount), bool(paid.people)]
    texts: list[dict[str, Any]] = [
        {"title": _("Policy published"), "note": page.number},
        {
            "title": _("Programmes in force"),
            "note": _(", ").join(p.local_name(language) for p in programmes) or _("None yet"),
        },
        {
            "title": _("Budget set aside"),
            "amount": budget if programmes else None,
            "note": _("%(amount)s yuan promised so far") % {"amount": f"{committed.amount:,.2f}"}
            if committed.amount
            else "",
        },
        {
            "title": _("Paid to members' own cards"),
            "amount": paid.total if paid.people else None,
            "note": ngettext("to %(count)d person", "to %(count)d people", paid.people)
            % {"count": paid.people}
            if paid.people
            else _("Nothing yet"),
        },
    ]
    reached = next((n for n, is_done in enumerate(done) if not is_done), len(done))
    for n, step in enumerate(texts):
        step["state"] = "done" if n < reached else "current" if n == reached else "waiting"
    return texts
