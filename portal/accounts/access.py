"""Who gets into a view, and how a refusal of the domain becomes an error on the form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from portal.errors import DomainError

from .models import User
from .permissions import NotAllowed, SamePerson, duties_of
from .roles import Duty

View = Callable[..., HttpResponseBase]


# The address by name where staff sign in; members come by phone at LOGIN_URL.
STAFF_SIGN_IN = "account_login"


class StaffRequest(HttpRequest):
    """A request behind ``duty_required``: its user is somebody."""

    user: User


def member_required(view: View) -> View:
    """Only for people in the register; ``request.member`` is the Member of the signed-in user."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = getattr(request.user, "member", None)
        if member is None:
            raise NotAllowed(_("These pages are for members. Your sign-in is not linked to a member."))
        request.member = member  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return login_required(wrapped)


def duty_required(*duties: Duty) -> Callable[[View], View]:
    """Only for people who have one of the duties in some union; the domain checks the union itself."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if duties_of(request.user).isdisjoint(duties):
                raise NotAllowed(_("Your role does not %(duty)s.") % {"duty": duties[0].label})
            return view(request, *args, **kwargs)

        return login_required(wrapped, login_url=STAFF_SIGN_IN)

    return decorate


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Run a domain write: its refusal becomes an error of ``form``, so the page comes back with what was typed.

    Refused duties (NotAllowed, SamePerson) pass through to the 403 page. Ask ``form.is_valid()`` again afterwards.
    """
    try:
        yield
    except (NotAllowed, SamePerson):
        raise
    except DomainError as refusal:
        if refusal.by_field and refusal.by_field.keys() <= form.fields.keys():
            for name, message in refusal.by_field.items():
                form.add_error(name, message)
        else:
            form.add_error(None, str(refusal))
    except ValidationError as error:
        form.add_error(None, error.messages)
