from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "ledger.receipts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register("receipt numbers have no gap", integrity.NUMBERS)
        register("receipt lines add up to their receipts", integrity.TOTALS)
        register("every dues payment has its receipt and every receipt its payment", integrity.PAYMENTS)
        register("receipts equal dues posted in every union and month", integrity.MONTHS)
