from django.apps import AppConfig


class DuesConfig(AppConfig):
    name = "ledger.dues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register("paid dues cover the months paid for", integrity.MONTHS)
        register("dues payments equal their postings and receipts", integrity.POSTINGS)
        register("dues taken back have their red-letter entry and red receipt", integrity.REVERSALS)
        register("the clearing account holds the online payments not paid out", integrity.CLEARING)
