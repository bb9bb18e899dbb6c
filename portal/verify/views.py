"""/verify/: one question, is this receipt real, and the answer for whoever holds it."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ledger.receipts.verification import TooManyMisses, look_up_from

from .forms import VerifyForm


@never_cache
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """The form; with code, number and check in the address also the verdict. Never indexed."""
    asked = any(name in request.GET for name in VerifyForm.base_fields)
    form = VerifyForm(request.GET) if asked else VerifyForm()
    context: dict[str, Any] = {"form": form}
    status = HTTPStatus.OK
    if asked and form.is_valid():
        values = form.cleaned_data
        try:
            context["verdict"] = look_up_from(
                address=network_of(request),
                code=values["code"],
                number=values["number"],
                check_code=values["check"],
            )
        except TooManyMisses as error:
            context["refusal"] = error
            status = HTTPStatus.TOO_MANY_REQUESTS
    response = render(request, "verify/verify.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def network_of(request: HttpRequest) -> str:
    """The client's address, or its /64 network in IPv6, where one household has very many addresses.

    Behind the portal's own proxies it is the address that the outermost of them wrote down, as for sign-in limits.
    """
    try:
        parsed = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    except (PermissionDenied, ValueError):
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
