from django.apps import AppConfig


class BenefitsConfig(AppConfig):
    name = "ledger.benefits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register

        from . import integrity

        register("every taken place has one claim", integrity.PLACES)
        register("paid benefits equal their postings", integrity.POSTINGS)
        register("benefits stand as their payout lines do", integrity.LINES)
        register("payment lists add up", integrity.RUNS)
        register("budgets hold what was promised", integrity.BUDGETS)
