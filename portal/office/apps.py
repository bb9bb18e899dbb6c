from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "portal.office"

    def ready(self) -> None:
        from ledger.books import acts
        from portal.accounts import audit

        acts.record_with(audit.record)
