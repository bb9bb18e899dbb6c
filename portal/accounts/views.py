"""Where a sign-in leads, setting up the second factor, and the demo's outbox of text messages."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import ConfirmLoginCodeView
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.totp.views import ActivateTOTPView
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from . import audit
from .models import OutboxMessage
from .permissions import NotAllowed, roles_of
from .roles import CONTENT_ROLES, OFFICE_ROLES

_SHOWN = 10


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead each role to its own pages."""
    roles = roles_of(request.user)
    if roles & OFFICE_ROLES:
        return HttpResponseRedirect("/office/")
    if roles & CONTENT_ROLES or request.user.is_staff:
        return HttpResponseRedirect("/cms/")
    if getattr(request.user, "member", None) is not None:
        return HttpResponseRedirect("/me/")
    raise NotAllowed(_("Your sign-in has no role yet. Ask the administrator of your union."))


@never_cache
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest text messages, in the demo only, where no carrier delivers them."""
    if not settings.IS_DEMO:
        raise Http404
    return render(request, "account/outbox.html", {"outbox": OutboxMessage.objects.all()[:_SHOWN]})


class MemberCodeView(ConfirmLoginCodeView):
    """The code from the message; wrong ones count against the phone and are on record."""

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return kwargs | {"phone": self._process.state["phone"]}

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        audit.record(actor=None, action="sign_in.failed", target=self._process.user, way="code")
        response: HttpResponse = super().form_invalid(form)
        return response


class SecondFactorSetUpView(ActivateTOTPView):
    """Setting up the second factor: whoever typed a code of the new app has shown it in this session."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        user = authenticated_user(self.request)
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            audit.record(actor=user, action="second_factor.enrolled", target=user)
        self.request.session.cycle_key()
        record_authentication(self.request, user, "mfa", type="totp", reauthenticated=True)
        return response


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Other doors lead to ours, which counts, records and asks for the second factor; ``next`` is kept."""
    return redirect_to_login(request.GET.get("next", ""), login_url=settings.LOGIN_URL)


def not_offered(request: HttpRequest) -> HttpResponse:
    raise Http404
