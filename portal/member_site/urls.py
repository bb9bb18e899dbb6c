"""Addresses of the member's pages, below /me/."""

from __future__ import annotations

from django.urls import path

from .views import benefits, dues, person

urlpatterns = [
    path("", person.home, name="me_home"),
    path("money/", person.money, name="me_money"),
    path("card/", person.card, name="me_card"),
    path("profile/", person.profile, name="me_profile"),
    path("benefits/", benefits.overview, name="me_benefits"),
    path("benefits/<slug:code>/", benefits.detail, name="me_benefit"),
    path("benefits/<slug:code>/apply/", benefits.apply, name="me_apply"),
    path("claims/<int:pk>/give-back/", benefits.give_back, name="me_give_back"),
    path("dues/", dues.overview, name="me_dues"),
    path("dues/return/", dues.came_back, name="me_dues_return"),
    path("receipts/", dues.receipts, name="me_receipts"),
    path("receipts/<slug:code>/<slug:number>.pdf", dues.receipt_pdf, name="me_receipt_pdf"),
]
