"""Sample material of the style guide: invented people and amounts, the same on every visit."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from djmoney.money import Money

from portal.design.icons import ICONS
from portal.design.navigation import NavItem
from portal.design.status import STATUSES
from portal.design.templatetags.puhui import amount, status_badge

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class SampleForm(forms.Form):
    """One field of each kind that our pages use."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"), help_text=gettext_lazy("As on the identity card.")
    )
    bank = forms.ChoiceField(
        label=gettext_lazy("Bank"),
        choices=[
            ("", gettext_lazy("Choose")),
            ("1", gettext_lazy("Savings bank")),
            ("2", gettext_lazy("Rural bank")),
        ],
    )
    population = forms.ChoiceField(
        label=gettext_lazy("You are"),
        widget=forms.RadioSelect,
        choices=[
            ("1", gettext_lazy("A member from the countryside")),
            ("2", gettext_lazy("A day worker")),
        ],
    )
    note = forms.CharField(
        label=pgettext_lazy("remark", "Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    agreed = forms.BooleanField(label=gettext_lazy("I have read the rules and they are true for me."))


def _trail() -> list[dict[str, Any]]:
    day = dt.datetime(2026, 11, 20, 9, 12, tzinfo=_SHANGHAI)
    return [
        {
            "title": _("You applied"),
            "state": "done",
            "time": day,
            "note": _("Place 128 of 10,000"),
        },
        {
            "title": _("Checked by the district"),
            "state": "done",
            "time": day + dt.timedelta(days=1),
        },
        {
            "title": _("Sent to the bank"),
            "state": "current",
            "time": day + dt.timedelta(days=3, hours=1),
            "note": _("Banks usually answer within two working days."),
            "amount": Money("150.00", "CNY"),
        },
        {"title": _("Money in your account"), "state": "waiting"},
    ]


def _failed_trail() -> list[dict[str, Any]]:
    day = dt.datetime(2026, 11, 18, 14, 5, tzinfo=_SHANGHAI)
    return [
        {"title": _("Sent to the bank"), "state": "done", "time": day},
        {
            "title": _("Money in your account"),
            "state": "failed",
            "time": day + dt.timedelta(days=2),
            "note": _("The bank says: account closed. Give us another account and we send it again."),
            "href": "#trail",
            "link": _("Change my account"),
        },
    ]


def guide_context() -> dict[str, Any]:
    bound = SampleForm(
        {"name": "", "bank": "1", "population": "2", "note": "", "agreed": ""},
        auto_id="bad_%s",
    )
    return {
        "themes": [("light", _("Light")), ("dark", _("Dark"))],
        "icons": sorted(ICONS),
        "states": sorted(STATUSES),
        "form": SampleForm(),
        "bad_form": bound,
        "amount": Money("1234.50", "CNY"),
        "red": Money("-30.00", "CNY"),
        "today": dt.date(2026, 11, 23),
        "trail": _trail(),
        "failed_trail": _failed_trail(),
        "facts": [
            (_("Receipt number"), "TJ-2026-0000128"),
            (_("Amount"), amount(Money("24.00", "CNY"))),
            (_("Months"), _("January to December 2026")),
            (_("State"), status_badge("issued")),
        ],
        "rows": [
            (
                _("Dues received"),
                Money("24000.00", "CNY"),
                Money("23760.00", "CNY"),
                "matched",
            ),
            (
                _("Subsidies paid"),
                Money("-150000.00", "CNY"),
                Money("-149850.00", "CNY"),
                "unexplained",
            ),
            (_("Interest"), Money("12.34", "CNY"), Money("12.34", "CNY"), "suggested"),
        ],
        "breadcrumb_items": [
            (_("Home"), "/"),
            (_("Policies"), "/policies/"),
            (_("Travel back to work"), ""),
        ],
        "tab_items": [
            (_("Waiting"), "#tabs", True, 12),
            (_("Paid"), "#tabs", False, 1038),
            (_("All"), "#tabs", False),
        ],
        "step_items": [_("Who you are"), _("Your account"), _("Check and send")],
        "page": Paginator(range(1038), 20).page(3),
        "office_nav": [
            NavItem(_("Today"), "/design/", active=True, icon="home"),
            NavItem(_("Subsidy runs"), "/office/runs/", waiting=3, icon="gift"),
            NavItem(_("Approvals"), "/office/approvals/", waiting=12, icon="shield"),
            NavItem(_("Payouts"), "/office/payouts/", icon="bank"),
            NavItem(_("Books"), "/office/books/", icon="ledger"),
            NavItem(_("Reconciliation"), "/office/reconciliation/", icon="scale"),
        ],
        "office_union": _("District federation (demo)"),
        "office_role": _("Finance, maker"),
        "unit_pieces": _("places"),
    }
