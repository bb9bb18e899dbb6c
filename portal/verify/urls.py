"""Address of the public verification page; it is printed in the QR code of every receipt and never changes."""

from __future__ import annotations

from django.urls import path

from .views import verify

urlpatterns = [path("", verify, name="verify")]
