from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "ledger.payouts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register("payout lines add up to their batches", integrity.TOTALS)
        register("payouts are released by another person and settled when complete", integrity.RELEASES)
        register("payouts at the bank are held on their account", integrity.HOLDS)
        register("settled payouts equal what the bank account paid", integrity.POSTINGS)
