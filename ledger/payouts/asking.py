"""Asking the bank about what it has not decided: a list of those lines, and of nothing that could be paid again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from .errors import WrongState
from .exporting import BankFile
from .formats import RequestFile, files, hash_of
from .formats.description import SheetLayout
from .models import Batch
from .queries import days_open, undecided

_COLUMNS = {
    "批次": "batch",
    "序号": "seq",
    "对账ID": "reference",
    "账号": "account",
    "户名": "name",
    "金额": "amount",
    "银行代码": "code",
    "银行说明": "message",
    "已等天数": "days",
}
_LAYOUT = SheetLayout(
    container="xlsx", header=tuple(f"={title}" for title in _COLUMNS), detail=tuple(_COLUMNS.values())
)


@transaction.atomic
def query_list(*, batch: Batch, actor: User) -> BankFile:
    """The undecided lines as an Excel file for the bank (查询清单). Raises NotAllowed, WrongState if there are none."""
    union = batch.bank_account.book.union
    require(actor, Duty.BUILD_PAYOUT, union)
    days = days_open(batch)
    rows = [
        {
            "batch": batch.code,
            "seq": str(line.seq),
            "reference": line.reference,
            "account": line.card_number,
            "name": line.payee_name,
            "amount": str(line.amount.amount),
            "code": line.bank_code,
            "message": line.bank_message,
            "days": str(days),
        }
        for line in undecided(batch)
    ]
    if not rows:
        raise WrongState(_("The bank has decided every line of payout %(batch)s.") % {"batch": batch.code})
    file = RequestFile(f"{batch.code}.query.xlsx", files.write(_LAYOUT, {}, rows))
    audit.record(
        actor=actor, action="payout.asked_about", target=batch, union=union, batch=batch.code, lines=len(rows)
    )
    return BankFile(file.name, file.content, hash_of([file]))
