from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "ledger.payouts"
    default_auto_field = "django.db.models.BigAutoField"
