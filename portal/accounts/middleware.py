"""Around every request: no staff page without a second factor, and refusals of the domain become clear pages."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.errors import DomainError

from . import second_factor
from .permissions import NotAllowed, SamePerson

GetResponse = Callable[[HttpRequest], HttpResponse]

# Read by programs, which need the status only.
_MACHINES = ("/api/", "/webhooks/")

# Everything here shows or changes what belongs to a person or a union.
PROTECTED = ("/office/", "/cms/", "/me/", "/api/v1/", "/home/", "/documents/")


class SecondFactorMiddleware:
    """Staff whose session has not passed the second step are led to it, or to its set-up, before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PROTECTED) or not request.user.is_authenticated:
            return self.get_response(request)
        if second_factor.was_shown(request) or not second_factor.is_required_for(request.user):
            return self.get_response(request)
        if not second_factor.is_enrolled(request.user):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        logout(request)
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.path_info})}")


class RefusalMiddleware:
    """A DomainError that a view let pass: 403 for duties, otherwise back to the page with the reason.

    An address that takes forms only answers a reader with a page, not with nothing.

    Addresses with a null character, which no text in PostgreSQL has, are bad requests before any view sees them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("null character in an address")
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.path_info.startswith(_MACHINES):
            return response
        page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError) or request.path_info.startswith("/api/"):
            return None
        if isinstance(exception, NotAllowed | SamePerson):
            return render(request, "403.html", {"exception": exception}, status=HTTPStatus.FORBIDDEN)
        back = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            messages.error(request, str(exception))
            return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)
        return render(request, "refused.html", {"refusal": exception}, status=HTTPStatus.CONFLICT)
