"""What office staff type; the rules themselves are the ledger's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ledger.benefits.models import Kind, ProgrammeVersion, VersionState
from ledger.books.models import Account, BankAccount
from ledger.payouts.formats import FORMATS
from ledger.payouts.reasons import REASONS
from portal.unions.models import Union

from .amounts import AmountField

_MEGABYTE = 1024 * 1024
LARGEST_BANK_FILE = 10 * _MEGABYTE
_LONGEST_AHEAD = dt.timedelta(days=60)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class RunForm(forms.Form):
    """A new payment list."""

    version: forms.ModelChoiceField[ProgrammeVersion] = forms.ModelChoiceField(
        label=_("Programme"),
        queryset=ProgrammeVersion.objects.filter(
            state=VersionState.ACTIVE, programme__kind=Kind.RUN
        ).select_related("programme"),
    )
    union = forms.ModelChoiceField(label=_("Union that pays"), queryset=Union.objects.none())
    list_date = _day(_("Date of the list"))

    def __init__(self, *args: Any, unions: QuerySet[Union], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["union"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = unions


class BankForm(forms.Form):
    """A bank account, a day and the bank's reference of a transfer."""

    bank_account = forms.ModelChoiceField(label=_("Bank account"), queryset=BankAccount.objects.none())
    date = _day(_("Day at the bank"))
    bank_reference = forms.CharField(label=_("Bank's reference"), max_length=60)

    def __init__(self, *args: Any, accounts: QuerySet[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bank_account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = accounts
        field.initial = accounts.first()


class PayoutForm(forms.Form):
    bank_account = forms.ModelChoiceField(label=_("Paid from"), queryset=BankAccount.objects.none())
    format_code = forms.ChoiceField(label=_("Bank format"), choices=[])
    value_date = _day(_("Value date"))

    def __init__(self, *args: Any, accounts: QuerySet[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bank_account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = accounts
        field.initial = accounts.first()
        formats = self.fields["format_code"]
        assert isinstance(formats, forms.ChoiceField)  # noqa: S101 — declared above
        formats.choices = [(known.code, known.title) for known in FORMATS.values()]

    def clean_value_date(self) -> dt.date:
        """Banks take files for today and up to some weeks ahead; a past day would be in every line of the file."""
        day: dt.date = self.cleaned_data["value_date"]
        today = timezone.localdate()
        if not today <= day <= today + _LONGEST_AHEAD:
            raise forms.ValidationError(
                _("Choose a day from today to %(days)s days ahead."), params={"days": _LONGEST_AHEAD.days}
            )
        return day


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ReturnForm(forms.Form):
    """A payment that came back, as the bank's statement says it."""

    came_back_on = _day(_("Came back on"))
    reason = forms.ChoiceField(
        label=_("Reason that the bank gives"),
        choices=lambda: [(r.code, r.name) for r in REASONS.values() if r.is_confirmed_failure],
        initial="RETURNED",
    )
    bank_reference = forms.CharField(label=_("Bank's reference"), max_length=60)


class FileForm(forms.Form):
    """One file of at most ``largest`` bytes: what the bank sends, unless the page says otherwise."""

    file = forms.FileField(label=_("File"))

    def __init__(self, *args: Any, largest: int = LARGEST_BANK_FILE, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._largest = largest

    def clean_file(self) -> UploadedFile:
        uploaded: UploadedFile = self.cleaned_data["file"]
        if (uploaded.size or 0) > self._largest:
            raise forms.ValidationError(
                _("The file is larger than %(mb)s MB."), params={"mb": self._largest // _MEGABYTE}
            )
        return uploaded

    def content(self) -> bytes:
        uploaded = self.cleaned_data["file"]
        return bytes(uploaded.read())

    def name(self) -> str:
        return str(self.cleaned_data["file"].name)


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Name, member number, phone or full ID number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )


class CollectForm(forms.Form):
    """Dues taken at the counter, or a transfer that arrived; ``request_key`` makes a double click one payment."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    months = forms.IntegerField(label=_("How many months"), min_value=1, max_value=24, initial=12)
    paid_on = _day(_("Paid on"))
    channel = forms.ChoiceField(
        label=_("Way of payment"), choices=[("cash", _("Cash")), ("bank_transfer", _("Bank transfer"))]
    )
    bank_reference = forms.CharField(
        label=_("Bank's reference"),
        help_text=_("For a bank transfer only"),
        max_length=60,
        required=False,
    )

    bank_account = forms.ModelChoiceField(
        label=_("Bank account"),
        help_text=_("For a bank transfer only"),
        queryset=BankAccount.objects.none(),
        required=False,
    )

    def __init__(self, *args: Any, accounts: QuerySet[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bank_account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — declared above
        field.queryset = accounts
        field.initial = accounts.first()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("channel") == "bank_transfer":
            if not values.get("bank_reference"):
                self.add_error("bank_reference", _("Enter the reference number of the bank transfer."))
            if not values.get("bank_account"):
                self.add_error("bank_account", _("Choose the account that the money came to."))
        return values


class TakeBackForm(forms.Form):
    reason = forms.CharField(
        label=_("Why the money goes back"),
        help_text=_("Printed in the red-letter entry"),
        max_length=60,
    )


class IdentityForm(forms.Form):
    """Why somebody has to see full numbers; the reason goes on the audit trail."""

    reason = forms.CharField(
        label=_("What for"),
        help_text=_("Kept on the audit trail with your name and the time"),
        min_length=4,
        max_length=120,
    )


class BudgetForm(forms.Form):
    """The budget of a year, one field for each account, and what approved it."""

    approval = forms.CharField(
        label=_("Approved by document"),
        help_text=_("Number of the decision, or the meeting and its day"),
        max_length=120,
    )

    def __init__(
        self, *args: Any, accounts: Sequence[Account], known: Mapping[str, Decimal], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [account.code for account in accounts]
        for account in accounts:
            self.fields[f"account-{account.code}"] = AmountField(
                label=f"{account.code} {account.local_name(get_language() or '')}",
                required=False,
                min_value=0,
                initial=known.get(account.code),
            )

    def amounts(self) -> dict[str, Decimal]:
        return {code: self.cleaned_data[f"account-{code}"] or Decimal(0) for code in self.codes}


class ReopenForm(forms.Form):
    reason = forms.CharField(label=_("Why the month has to be opened again"), max_length=200)
