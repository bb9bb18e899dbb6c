from django.apps import AppConfig


class UnionsConfig(AppConfig):
    name = "portal.unions"
    default_auto_field = "django.db.models.BigAutoField"
