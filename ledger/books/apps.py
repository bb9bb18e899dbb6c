from django.apps import AppConfig
from django.core.checks import Tags, register


class BooksConfig(AppConfig):
    name = "ledger.books"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .application_role import check_role

        register(check_role, Tags.database, deploy=True)
