from django.apps import AppConfig
from django.utils.translation import gettext_noop as _


class BenefitsConfig(AppConfig):
    name = "ledger.benefits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.detail_accounts import register_used
        from ledger.books.integrity import register

        from . import integrity, programmes

        register_used(programmes.expense_accounts)
        register(_("every taken place has one claim"), integrity.PLACES)
        register(_("no place is free while somebody waits for it"), integrity.WAITING_LISTS)
        register(_("paid benefits equal their postings"), integrity.POSTINGS)
        register(_("benefits stand as their payout lines do"), integrity.LINES)
        register(_("what came back from the bank is owed to its people"), integrity.RETURNS)
        register(_("payment lists add up"), integrity.RUNS)
        register(_("budgets hold what was promised"), integrity.BUDGETS)
        register(_("grants to unions equal their postings"), integrity.GRANTS)
