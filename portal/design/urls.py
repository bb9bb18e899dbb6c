"""Addresses below /design/."""

from __future__ import annotations

from django.urls import path

from portal.design import views

app_name = "design"
urlpatterns = [
    path("", views.style_guide, name="guide"),
    path("appearance/", views.change_appearance, name="appearance"),
]
