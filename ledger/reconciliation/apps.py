from django.apps import AppConfig
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _


class ReconciliationConfig(AppConfig):
    name = "ledger.reconciliation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.closing import register_closing_check
        from ledger.books.integrity import register

        from . import integrity
        from .queries import closing_problems

        register_closing_check("banks", gettext_lazy("Every bank account is reconciled"), closing_problems)
        register(_("balances of bank statements chain"), integrity.CHAINS)
        register(_("matches between bank and books add up"), integrity.SUMS)
        register(_("no posting is matched twice"), integrity.ONCE)
        register(_("bank lines are marked as they are matched"), integrity.STATES)
