from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "ledger.reconciliation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register("balances of bank statements chain", integrity.CHAINS)
        register("matches between bank and books add up", integrity.SUMS)
        register("no posting is matched twice", integrity.ONCE)
        register("bank lines are marked as they are matched", integrity.STATES)
