from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "ledger.reconciliation"
    default_auto_field = "django.db.models.BigAutoField"
