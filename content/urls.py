"""Addresses without a language: the editors' admin, documents, the headless API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import include, path, re_path
from django.utils.translation import gettext as _
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls
from wagtail.utils.urlpatterns import decorate_urlpatterns

from portal.accounts.permissions import NotAllowed
from portal.accounts.views import not_offered, to_sign_in

from .headless import api_router

View = Callable[..., HttpResponseBase]


def editors_only(view: View) -> View:
    """Say no to people without a content role: Wagtail would send them to sign in, and signing in back here."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_perm("wagtailadmin.access_admin"):
            raise NotAllowed(_("The editors' pages are for people with a content role."))
        return view(request, *args, **kwargs)

    return wrapped


urlpatterns = [
    # Wagtail brings a sign-in by password alone and a reset by e-mail: ours is the only door.
    path("cms/login/", to_sign_in),
    re_path(r"^cms/password_reset/", not_offered),
    path("cms/", include(decorate_urlpatterns(list(admin_urls.urlpatterns), editors_only))),
    path("documents/", include(document_urls)),
    path("api/content/v2/", api_router.urls),
]
