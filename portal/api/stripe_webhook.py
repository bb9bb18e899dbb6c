"""/webhooks/stripe/: signed messages of the payment platform, taken in raw."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ledger.dues import events
from ledger.dues.errors import MalformedMessage, SignatureRefused
from portal.errors import DomainError

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 when taken in, 400 for a bad signature or shape, 503 when it must be sent again."""
    try:
        events.handle_event(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except (SignatureRefused, MalformedMessage) as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain; charset=utf-8")
    except DomainError as refusal:
        logger.warning("a message of the payment platform waits: %s", refusal)
        return HttpResponse(str(refusal), status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=200)
