from django.apps import AppConfig
from django.utils.translation import gettext_noop as _


class ReceiptsConfig(AppConfig):
    name = "ledger.receipts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register(_("receipt numbers have no gap"), integrity.NUMBERS)
        register(_("receipt lines add up to their receipts"), integrity.TOTALS)
        register(_("every dues payment has its receipt and every receipt its payment"), integrity.PAYMENTS)
        register(_("receipts equal dues posted in every union and month"), integrity.MONTHS)
