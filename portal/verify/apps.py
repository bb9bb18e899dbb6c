"""The public page that says whether a receipt is real."""

from django.apps import AppConfig


class VerifyConfig(AppConfig):
    name = "portal.verify"
