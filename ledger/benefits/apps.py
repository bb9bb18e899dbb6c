from django.apps import AppConfig


class BenefitsConfig(AppConfig):
    name = "ledger.benefits"
    default_auto_field = "django.db.models.BigAutoField"
