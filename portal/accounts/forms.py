"""What people type to sign in: a phone number, a code from a message or an app, a user name and a password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, LoginForm, RequestLoginCodeForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import code_limits
from .phones import normal_phone

_CODE_ATTRS = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "12"}


class PhoneField(forms.CharField):
    """A mainland mobile number, however it is written; its value is E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile phone"))
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return normal_phone(text) if text else ""


class MemberSignInForm(RequestLoginCodeForm):
    """A phone number; whether it belongs to a member is not said."""

    def clean_phone(self) -> str:
        try:
            code_limits.require_unlocked(context.request, phone=self.cleaned_data["phone"])
        except code_limits.PhoneLocked as refusal:
            raise ValidationError(str(refusal)) from refusal
        try:
            phone: str = super().clean_phone()
        except ValidationError as error:
            raise ValidationError(
                _("No more codes are sent to this number for now. Please try again later.")
            ) from error
        return phone


class MemberCodeForm(ConfirmLoginCodeForm):
    """The code sent to ``phone``; each guess counts for the phone before it is compared."""

    code = forms.CharField(
        label=_("Code from the message"),
        help_text=_("6 digits"),
        widget=forms.TextInput(attrs=_CODE_ATTRS),
    )

    def __init__(self, *args: Any, phone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phone = phone

    def clean_code(self) -> str:
        try:
            code_limits.count_guess(context.request, phone=self.phone)
        except code_limits.PhoneLocked as refusal:
            raise ValidationError(str(refusal)) from refusal
        code: str = super().clean_code()
        code_limits.forget_guesses(context.request, phone=self.phone)
        return code


class StaffSignInForm(LoginForm):
    """User name and password; a phone number is no user name here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("User name"),
            max_length=60,
            widget=forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
        )
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.order_fields(["login", "password"])

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


_APP_CODE = _("Code from your authenticator app")


class SecondFactorForm(AuthenticateForm):
    code = forms.CharField(
        label=_APP_CODE,
        help_text=_("6 digits, or one of your recovery codes"),
        widget=forms.TextInput(attrs=_CODE_ATTRS),
    )


class SecondFactorAgainForm(ReauthenticateForm):
    code = forms.CharField(label=_APP_CODE, widget=forms.TextInput(attrs=_CODE_ATTRS))


class SecondFactorSetUpForm(ActivateTOTPForm):
    code = forms.CharField(
        label=_APP_CODE,
        help_text=_("6 digits that the app shows now"),
        widget=forms.TextInput(attrs=_CODE_ATTRS),
    )
