"""The one place that talks to the payment platform: pinned version, short waits, plain errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.conf import settings
from django.utils.translation import gettext as _

from .errors import PlatformUnavailable

_PATIENCE = 20  # seconds
_RETRIES = 2


def client(account_id: str = "") -> stripe.StripeClient:
    """A client acting for a union's account. Raises PlatformUnavailable when no key is set."""
    if not settings.STRIPE_SECRET_KEY:
        raise PlatformUnavailable(_("Online payment is not set up here. Please pay at the counter."))
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_account=account_id or None,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=_PATIENCE),
    )


@contextmanager
def platform_errors() -> Iterator[None]:
    """Turn what the platform or the network answers into a message for the person who pays."""
    try:
        yield
    except stripe.StripeError as error:
        raise PlatformUnavailable(
            _("The payment platform does not answer. Nothing was charged; please try again in a minute.")
        ) from error
