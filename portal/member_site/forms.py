"""What members type: a trip, a number of months, a card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.money import Money

from ledger.benefits.claims import Trip
from ledger.benefits.models import Campaign, Transport
from ledger.dues.queries import Coverage

_USUAL_MONTHS = (12, 6, 3, 24)


class TripForm(forms.Form):
    """The trip back; the rules of the campaign are checked where the place is taken."""

    travelled_on = forms.DateField(
        label=_("Day of the trip"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    transport = forms.ChoiceField(label=_("Means of transport"), choices=Transport)
    ticket_number = forms.CharField(
        label=_("Ticket number"),
        help_text=_("Letters and digits printed on the ticket, like E123456789"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
    )
    fare = forms.DecimalField(
        label=_("Fare in yuan"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    or_wait = forms.BooleanField(
        label=_("If all places are taken, put me on the waiting list"),
        help_text=_("It is served in order until the campaign closes. It does not promise a place."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not campaign.waitlist:
            del self.fields["or_wait"]
        last = min(campaign.travel_to, timezone.localdate())
        self.fields["travelled_on"].widget.attrs |= {
            "min": campaign.travel_from.isoformat(),
            "max": last.isoformat(),
        }

    def trip(self) -> Trip:
        values = self.cleaned_data
        return Trip(
            travelled_on=values["travelled_on"],
            transport=Transport(values["transport"]),
            ticket_number=values["ticket_number"],
            fare=Money(values["fare"], "CNY"),
        )


class MonthsForm(forms.Form):
    months = forms.TypedChoiceField(label=_("How many months"), coerce=int)

    def __init__(self, *args: Any, coverage: Coverage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = [n for n in _USUAL_MONTHS if n <= coverage.months_to_pay]
        field = self.fields["months"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 — declared above
        field.choices = [
            (
                n,
                _("%(months)s months, %(amount)s yuan")
                % {"months": n, "amount": (coverage.monthly * n).amount},
            )
            for n in usual or [coverage.months_to_pay]
        ]


class CardForm(forms.Form):
    number = forms.CharField(
        label=_("Card number"),
        help_text=_("16 to 19 digits; the card must be in your own name"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    bank = forms.CharField(label=_("Bank"), max_length=60)
    holder = forms.CharField(label=_("Name on the card"), max_length=50)
