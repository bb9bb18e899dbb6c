"""Addresses without a language: the editors' admin, documents, the headless API."""

from __future__ import annotations

from django.urls import include, path
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls

from .headless import api_router

urlpatterns = [
    path("cms/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("api/content/v2/", api_router.urls),
]
