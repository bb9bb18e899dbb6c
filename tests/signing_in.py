"""Browsers of people who have signed in, staff with their second step behind them."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client

from portal.accounts.models import User


def browser_of(user: User) -> Client:
    """A client whose session passed password and second factor."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    return client


def english_browser_of(user: User) -> Client:
    """The same, reading English."""
    client = browser_of(user)
    client.cookies["django_language"] = "en"
    return client
