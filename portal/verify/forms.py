"""What is printed on a receipt and typed in to verify it: code, number, check code (票据代码、票据号码、校验码)."""

from __future__ import annotations

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.receipts.numbering import CHECK_LENGTH


class VerifyForm(forms.Form):
    """All three values are asked for, so that nobody can go through receipts by counting."""

    code = forms.CharField(
        label=_("Receipt code"),
        help_text=_("8 digits, at the upper left of the receipt"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    number = forms.CharField(
        label=_("Receipt number"),
        help_text=_("10 digits; leading zeros may be left out"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    check = forms.CharField(
        label=_("Check code"),
        help_text=_("6 letters and digits"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code = _folded(self.cleaned_data["code"])
        if not (code.isascii() and code.isdigit() and len(code) == 8):
            raise forms.ValidationError(_("A receipt code has 8 digits."))
        return code

    def clean_number(self) -> str:
        number = _folded(self.cleaned_data["number"])
        if not (number.isascii() and number.isdigit() and len(number) <= 10):
            raise forms.ValidationError(_("A receipt number has up to 10 digits."))
        return number.rjust(10, "0")

    def clean_check(self) -> str:
        check = _folded(self.cleaned_data["check"]).upper()
        if not (check.isascii() and check.isalnum() and len(check) == CHECK_LENGTH):
            raise forms.ValidationError(_("A check code has 6 letters and digits."))
        return check


def _folded(value: str) -> str:
    """Full-width digits as plain ones, blanks taken out."""
    return "".join(unicodedata.normalize("NFKC", value).split())
