"""Text messages (短信): one interface, chosen by settings.SMS_SENDER; the outbox stands in for a carrier."""

from __future__ import annotations

import logging
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .models import OutboxMessage
from .phones import mask_phone

logger = logging.getLogger(__name__)


class SmsSender(Protocol):
    """A carrier: ``phone`` is E.164 (+86…), ``text`` what the person reads. Raises when it was not accepted."""

    def send(self, *, phone: str, text: str) -> None: ...


class OutboxSender:
    """Keeps messages in a table that the demo shows at /sign-in/outbox/, and names them in the log."""

    def send(self, *, phone: str, text: str) -> None:
        OutboxMessage.objects.create(phone=phone, text=text)
        if settings.IS_DEMO:
            logger.warning("text message to %s: %s", mask_phone(phone), text)


def require_sender() -> None:
    """Raise ImproperlyConfigured at the start rather than at the first member's sign-in."""
    try:
        import_string(settings.SMS_SENDER)
    except ImportError as error:
        raise ImproperlyConfigured(f"SMS_SENDER cannot be imported: {error}") from error


def send(*, phone: str, text: str) -> None:
    """Send one text message through the configured carrier."""
    sender: SmsSender = import_string(settings.SMS_SENDER)()
    sender.send(phone=phone, text=text)
