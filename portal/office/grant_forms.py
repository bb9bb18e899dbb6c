"""What is typed to propose a grant to a union, and to find grants in the list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.money import Money

from ledger.benefits.models import AmountRule, GrantState, Kind, Programme, ProgrammeVersion
from portal.unions.models import Union

from .amounts import AmountField

_FIRST_YEAR, _LAST_YEAR = 2019, 2099
IN_TRANSIT = "in_transit"


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def _this_year() -> int:
    return timezone.localdate().year


class GrantForm(forms.Form):
    """A grant to one union; which fields say how much depends on the rules."""

    receiver = forms.ModelChoiceField(label=_("Union that receives"), queryset=Union.objects.none())
    basis = forms.CharField(
        label=_("On what it is based"),
        help_text=_("The decision with its number and day, and why this union"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, receivers: QuerySet[Union], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["receiver"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = receivers


class CountedGrantForm(GrantForm):
    """So much for each new member of these days; who they are is asked of the register."""

    first = _day(_("Admitted from"))
    last = _day(_("Admitted until"), _("Both days included, in one calendar year"))
    field_order = ("receiver", "first", "last", "basis")


class FixedGrantForm(GrantForm):
    year_key = forms.IntegerField(
        label=_("Year"), min_value=_FIRST_YEAR, max_value=_LAST_YEAR, initial=_this_year
    )
    field_order = ("receiver", "year_key", "amount", "basis")


class DecidedGrantForm(FixedGrantForm):
    """People decide the amount within the bounds of the rules."""

    amount = AmountField(label=_("Amount in yuan"))

    def clean_amount(self) -> Money:
        return Money(self.cleaned_data["amount"], "CNY")


def form_for(version: ProgrammeVersion) -> type[GrantForm]:
    """The form that asks what these rules need to know."""
    if version.amount_rule == AmountRule.PER_HEAD:
        return CountedGrantForm
    return DecidedGrantForm if version.amount_rule == AmountRule.RANGE else FixedGrantForm


class GrantFilterForm(forms.Form):
    """Nothing chosen means everything."""

    programme = forms.ModelChoiceField(
        label=_("Programme"),
        queryset=Programme.objects.filter(kind=Kind.GRANT),
        required=False,
        empty_label=_("All programmes"),
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("All states")), *GrantState.choices, (IN_TRANSIT, _("Paid, not received yet"))],
        required=False,
    )
    year = forms.IntegerField(label=_("Year"), min_value=_FIRST_YEAR, max_value=_LAST_YEAR, required=False)
    q = forms.CharField(
        label=_("Union or number of the grant"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
