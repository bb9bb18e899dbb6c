"""Signing in and out. Members come by phone and code, staff by name, password and second factor."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from . import views

urlpatterns = [
    path("sign-in/", account.request_login_code, name="account_request_login_code"),
    path("sign-in/code/", views.MemberCodeView.as_view(), name="account_confirm_login_code"),
    path("sign-in/staff/", account.login, name="account_login"),
    path("sign-in/outbox/", views.outbox, name="sms_outbox"),
    path("sign-out/", account.logout, name="account_logout"),
    path("home/", views.home, name="home"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path(
        "account/second-factor/totp/activate/",
        views.SecondFactorSetUpView.as_view(),
        name="mfa_activate_totp",
    ),
    path("account/second-factor/", include("allauth.mfa.urls")),
    # Names that allauth's pages mention; nobody signs up, resets a password or keeps an e-mail address here.
    path("account/sign-up/", views.not_offered, name="account_signup"),
    path("account/reset/", views.not_offered, name="account_reset_password"),
    path("account/set-password/", views.not_offered, name="account_set_password"),
    path("account/email/", views.not_offered, name="account_email"),
    path("account/email-sent/", views.not_offered, name="account_email_verification_sent"),
    path("account/phone/", views.not_offered, name="account_change_phone"),
    path("account/verify-phone/", views.not_offered, name="account_verify_phone"),
]
