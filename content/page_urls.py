"""Addresses of pages, Chinese bare and English below /en/."""

from __future__ import annotations

from django.urls import include, path
from wagtail import urls as wagtail_urls

from .searching import search

urlpatterns = [
    path("search/", search, name="search"),
    path("", include(wagtail_urls)),
]
