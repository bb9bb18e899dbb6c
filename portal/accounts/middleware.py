"""Around every request: no staff page without a second factor, and refusals of the domain become clear pages."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.errors import DomainError

from . import second_factor
from .permissions import NotAllowed, SamePerson, roles_read_once

GetResponse = Callable[[HttpRequest], HttpResponse]

# The two things that a password alone opens: leaving, and setting up a second factor where there is none yet.
_SIGN_OUT = "account_logout"
_SET_UP = "mfa_activate_totp"

# Until a password that somebody else gave is replaced, nothing is open but that and the codes for a lost phone.
_NEW_PASSWORD = "account_change_password"  # noqa: S105 - the name of an address
_BEFORE_NEW_PASSWORD = {_NEW_PASSWORD, _SIGN_OUT, "mfa_view_recovery_codes", "mfa_download_recovery_codes"}
_BEFORE_NEW_PASSWORD |= {"account_reauthenticate", "mfa_reauthenticate", "set_language"}

# Read by programs, which need the status only.
_MACHINES = ("/api/", "/webhooks/")


class SecondFactorMiddleware:
    """Staff whose session has not passed the second step are strangers everywhere: no address has to be listed.

    Where a stranger would be asked to sign in, they are led to the second step, or to its set-up.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with roles_read_once():
            return self._pass(request)

    def _pass(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        if second_factor.was_shown(request) and _must_choose_password(request):
            return HttpResponseRedirect(reverse(_NEW_PASSWORD))
        if second_factor.was_shown(request) or not second_factor.is_required_for(request.user):
            return self.get_response(request)
        is_enrolled = second_factor.is_enrolled(request.user)
        if _name_of(request) in ({_SIGN_OUT} if is_enrolled else {_SIGN_OUT, _SET_UP}):
            return self.get_response(request)
        request.user = AnonymousUser()
        response = self.get_response(request)
        if not _asks_to_sign_in(response):
            return response
        if not is_enrolled:
            return HttpResponseRedirect(reverse(_SET_UP))
        logout(request)
        return HttpResponseRedirect(
            f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}"
        )


def _name_of(request: HttpRequest) -> str | None:
    """The name of the address, or None where no view answers."""
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _must_choose_password(request: HttpRequest) -> bool:
    user = request.user
    return (
        user.is_authenticated and user.password_is_initial and _name_of(request) not in _BEFORE_NEW_PASSWORD
    )


def _asks_to_sign_in(response: HttpResponse) -> bool:
    pages = (f"{settings.LOGIN_URL}?", f"{reverse('account_login')}?")
    return isinstance(response, HttpResponseRedirect) and response.url.startswith(pages)


class RefusalMiddleware:
    """A DomainError that a view let pass: 403 for duties, otherwise back to the page with the reason.

    An address that takes forms only answers a reader with a page, not with nothing. Addresses and forms with a null
    character, which no text in PostgreSQL has, are bad requests before any view runs.
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

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Here and not earlier: forms have been read by now for their CSRF token; other views read the raw body."""
        if getattr(view, "csrf_exempt", False):
            return
        sent = (text for name, values in request.POST.lists() for text in (name, *values))
        if any("\0" in text for text in sent):
            raise SuspiciousOperation("null character in a form")

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
