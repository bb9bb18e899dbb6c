"""The form of a dry run: where and for which day, and whom to explain."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.unions.models import Union

_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2100, 12, 31)


class DryRunForm(forms.Form):
    union = forms.ModelChoiceField(label=_("Union, with those below it"), queryset=Union.objects.none())
    on = forms.DateField(
        label=_("Day"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, unions: QuerySet[Union], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["union"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = unions
        field.initial = unions.first()

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if not _EARLIEST <= day <= _LATEST:
            raise forms.ValidationError(_("Choose a day between 2000 and 2100."))
        return day


class ExplainForm(forms.Form):
    number = forms.CharField(label=_("Member number"), max_length=30)
