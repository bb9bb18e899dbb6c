"""Where a sign-in leads, and the demo's outbox of text messages."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

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


def not_offered(request: HttpRequest) -> HttpResponse:
    raise Http404
