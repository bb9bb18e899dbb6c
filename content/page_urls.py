"""Addresses of pages, Chinese bare and English below /en/."""

from __future__ import annotations

from django.urls import include, path
from wagtail import urls as wagtail_urls

from portal.accounts.views import to_sign_in

from .searching import search

urlpatterns = [
    path("search/", search, name="search"),
    path("_util/login/", to_sign_in),  # before Wagtail's own, which asks for a password alone
    path("", include(wagtail_urls)),
]
