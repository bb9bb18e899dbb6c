"""What an accountant types for a new detail account."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BankAccountForm(forms.Form):
    """A bank account of the union; the next detail account below 102 comes with it."""

    code = forms.CharField(
        label=_("Short code"), help_text=_("For files and commands, such as HD-1"), max_length=30
    )
    bank = forms.CharField(label=_("Bank"), max_length=60)
    number = forms.CharField(label=_("Account number"), max_length=40)
    holder = forms.CharField(label=_("Account holder"), max_length=120)
    authorised_by = forms.CharField(
        label=_("Authorised by"),
        help_text=_("Number or title of the document that allows this account"),
        max_length=80,
    )


class DetailForm(forms.Form):
    """Code, names and what authorises the account."""

    code = forms.CharField(
        label=pgettext_lazy("books", "Code"),
        help_text=_("The code of the account above and two more digits, such as 13505"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    name = forms.CharField(label=_("Name in Chinese"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    authorised_by = forms.CharField(
        label=_("Authorised by"),
        help_text=_("Number or title of the document that allows this account"),
        max_length=80,
    )
