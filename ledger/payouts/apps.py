from django.apps import AppConfig
from django.utils.translation import gettext_noop as _


class PayoutsConfig(AppConfig):
    name = "ledger.payouts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register(_("payout lines add up to their batches"), integrity.TOTALS)
        register(_("payouts are released by another person and settled when complete"), integrity.RELEASES)
        register(_("payouts at the bank are held on their account"), integrity.HOLDS)
        register(_("settled payouts equal what the bank account paid"), integrity.POSTINGS)
