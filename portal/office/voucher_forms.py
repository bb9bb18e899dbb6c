"""What an accountant types for a voucher: a head and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ledger.books.dimensions import economic_classes
from ledger.books.models import Account, Book, FundSource, Nature, Side
from ledger.books.pairing import Line

_MOST_LINES = 200


class VoucherForm(forms.Form):
    """Day, summary and number of papers attached."""

    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    summary = forms.CharField(label=pgettext_lazy("books", "Summary"), max_length=200)
    attachments = forms.IntegerField(
        label=_("Papers attached"), min_value=0, max_value=9_999, initial=0, required=False
    )

    def clean_attachments(self) -> int:
        return self.cleaned_data["attachments"] or 0


class TemplateNameForm(forms.Form):
    name = forms.CharField(label=_("Name of the template"), max_length=60)


class _AccountField(forms.ModelChoiceField[Account]):
    def label_from_instance(self, obj: Account) -> str:
        return f"{obj.code} {obj.local_name(get_language() or '')}"


class LineForm(forms.Form):
    """One line: an account and either a debit or a credit amount; red letters are negative."""

    account = _AccountField(
        label=pgettext_lazy("books", "Account"), queryset=Account.objects.none(), to_field_name="code"
    )
    debit = forms.DecimalField(label=_("Debit"), max_digits=16, decimal_places=2, required=False)
    credit = forms.DecimalField(label=_("Credit"), max_digits=16, decimal_places=2, required=False)
    project = forms.CharField(label=_("Project"), max_length=60, required=False)
    fund_source = forms.ChoiceField(
        label=_("Money from"), choices=FundSource.choices, initial=FundSource.OWN, required=False
    )
    nature = forms.ChoiceField(
        label=_("Basic or project"), choices=[("", "—"), *Nature.choices], required=False
    )
    economic_class = forms.ChoiceField(label=_("Economic class"), choices=list, required=False)
    party = forms.CharField(label=_("Party"), max_length=60, required=False)

    def __init__(self, *args: Any, book: Book, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account, economic = self.fields["account"], self.fields["economic_class"]
        assert isinstance(account, forms.ModelChoiceField)  # noqa: S101 — declared above
        assert isinstance(economic, forms.ChoiceField)  # noqa: S101 — declared above
        account.queryset = book.accounts.filter(is_leaf=True, kept_by="")
        language = get_language() or ""
        economic.choices = [
            ("", "—"),
            *((c.code, f"{c.code} {c.local_name(language)}") for c in economic_classes().values()),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "debit" in values and "credit" in values and bool(values["debit"]) == bool(values["credit"]):
            raise forms.ValidationError(_("Enter either a debit or a credit amount."))
        return values


LineFormSet = forms.formset_factory(LineForm, extra=4, max_num=_MOST_LINES, absolute_max=_MOST_LINES)


def rows_of(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Lines as the initial values of the form set."""
    names = ("account", "project", "fund_source", "nature", "economic_class", "party")
    return [
        {name: getattr(line, name) for name in names}
        | {"debit" if line.side == Side.DEBIT else "credit": line.amount}
        for line in lines
    ]


def lines_from(rows: forms.BaseFormSet[LineForm]) -> list[Line]:
    """The lines that were typed; rows left empty do not count."""
    return [
        Line(
            account=values["account"].code,
            side=Side.DEBIT if values["debit"] else Side.CREDIT,
            amount=Decimal(values["debit"] or values["credit"]),
            project=values["project"],
            fund_source=values["fund_source"] or FundSource.OWN,
            nature=values["nature"],
            economic_class=values["economic_class"],
            party=values["party"],
        )
        for values in rows.cleaned_data
        if values
    ]
