from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ReconciliationConfig(AppConfig):
    name = "ledger.reconciliation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.closing import register_closing_check
        from ledger.books.integrity import register

        from . import integrity
        from .queries import closing_problems

        register_closing_check("banks", gettext_lazy("Every bank account is reconciled"), closing_problems)
        register("balances of bank statements chain", integrity.CHAINS)
        register("matches between bank and books add up", integrity.SUMS)
        register("no posting is matched twice", integrity.ONCE)
        register("bank lines are marked as they are matched", integrity.STATES)
