"""How django-allauth works here: members by phone and code, staff by password and code, sign-up closed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.cryptokit import generate_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from encrypted_fields.fields import EncryptedCharField

from . import audit, second_factor, sms
from .forms import PhoneField
from .models import User
from .permissions import NotAllowed

_CODE_LENGTH = 6


class AccountAdapter(DefaultAccountAdapter):
    """Phone numbers live on the user; every sign-in, sign-out and failure leaves an audit event."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This sign-in is closed. Ask the administrator of your union."),
        "incorrect_code": gettext_lazy(
            "This code is not right. Look at the newest message and type it again."
        ),
        "incorrect_password": gettext_lazy("The password is not right."),
        "username_password_mismatch": gettext_lazy("User name and password do not fit together."),
        "too_many_login_attempts": gettext_lazy("Too many tries. Please wait five minutes, then try again."),
        "rate_limited": gettext_lazy("Too many tries. Please wait a minute, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        return PhoneField(**kwargs)

    def set_password(self, user: User, password: str) -> None:
        """A password that the person chose replaces the one that somebody else knows."""
        user.password_is_initial = False
        super().set_password(user, password)
        audit.record(actor=user, action="password.changed", target=user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_REDIRECT_URL)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        user.phone = phone
        user.phone_verified = verified
        user.save(update_fields=["phone", "phone_verified"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> User | None:
        """The member with this phone. Staff do not sign in by phone: a stolen phone must not open the office."""
        user = User.objects.filter(phone=phone, is_active=True).first()
        return None if user is None or second_factor.is_required_for(user) else user

    def generate_phone_verification_code(self, *, user: User, phone: str) -> str:
        return generate_user_code(length=_CODE_LENGTH, numeric=True, dashed=False)

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        text = _("Your sign-in code is %(code)s. It is valid for 5 minutes. We never ask for it by phone.")
        sms.send(phone=phone, text=text % {"code": code})

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        audit.record(actor=user, action="sign_in", target=user)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if user.is_authenticated:
            audit.record(actor=user, action="sign_out", target=user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password; what was typed as a name is kept only if it is one (it may be a password)."""
        known = User.objects.filter(username__iexact=credentials.get("username", "")).first()
        audit.record(actor=None, action="sign_in.failed", target=known, way="password")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Recovery codes and authenticators are for sessions that showed the second factor; a password is not enough.

        Who has none yet sets it up right after the first sign-in, without typing the password again. Raises NotAllowed.
        """
        if app == "allauth.mfa":
            if not second_factor.is_enrolled(self.request.user):
                return False
            if not second_factor.was_shown(self.request):
                raise NotAllowed(_("Sign in again with your second factor before you change it."))
        return super().is_reauthentication_required(app=app, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted at rest with the keys of the other encrypted columns."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right. Type the 6 digits that the app shows now."),
    }

    def encrypt(self, text: str) -> str:
        return _cipher.f.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher.f.decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_TITLE)

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not second_factor.is_required_for(authenticator.user)


_cipher = EncryptedCharField(max_length=255)
