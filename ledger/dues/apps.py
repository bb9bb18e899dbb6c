from django.apps import AppConfig
from django.utils.translation import gettext_noop as _


class DuesConfig(AppConfig):
    name = "ledger.dues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ledger.books.integrity import register
        from portal.members.standing import Dues, register_dues

        from . import integrity, standing

        register_dues(Dues(standing.paid_up, standing.months_owed))
        register(_("paid dues cover the months paid for"), integrity.MONTHS)
        register(_("dues payments equal their postings and receipts"), integrity.POSTINGS)
        register(_("dues taken back have their red-letter entry and red receipt"), integrity.REVERSALS)
        register(_("the clearing account holds the online payments not paid out"), integrity.CLEARING)
