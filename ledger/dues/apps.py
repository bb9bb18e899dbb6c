from django.apps import AppConfig


class DuesConfig(AppConfig):
    name = "ledger.dues"
    default_auto_field = "django.db.models.BigAutoField"
