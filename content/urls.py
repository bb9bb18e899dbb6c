"""Addresses without a language: the editors' admin, documents, the headless API."""

from __future__ import annotations

from django.urls import include, path, re_path
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls

from portal.accounts.views import not_offered, to_sign_in

from .headless import api_router

urlpatterns = [
    # Wagtail brings a sign-in by password alone and a reset by e-mail: ours is the only door.
    path("cms/login/", to_sign_in),
    re_path(r"^cms/password_reset/", not_offered),
    path("cms/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("api/content/v2/", api_router.urls),
]
