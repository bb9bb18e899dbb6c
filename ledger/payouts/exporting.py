"""Handing the bank file over (导出): sent once, the same bytes ever after."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from .batches import files_of, lock, require_state
from .errors import payout_refusals
from .formats import RequestFile
from .models import Batch, BatchState, LineState


@dataclass(frozen=True, slots=True)
class BankFile:
    """The file for the bank that has the lines, with the hash that both persons saw and what goes with it."""

    name: str
    content: bytes
    sha256: str
    companions: tuple[RequestFile, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """Every file by its name, first the one that has the lines."""
        return {self.name: self.content} | {file.name: file.content for file in self.companions}


@transaction.atomic
def export(*, batch: Batch, actor: User | None) -> BankFile:
    """The released file; the first export marks batch and lines as sent, later ones only look again.

    ``actor`` None is the operator's command. Raises WrongState, FileChanged, NotAllowed.
    """
    locked = lock(batch)
    union = locked.bank_account.book.union
    if actor is not None:
        require(actor, Duty.BUILD_PAYOUT, union)
    require_state(locked, BatchState.RELEASED, BatchState.SENT, BatchState.SETTLED)
    main, *companions = files_of(locked)
    first = locked.state == BatchState.RELEASED
    if first:
        locked.state = BatchState.SENT
        locked.sent_at = timezone.now()
        with payout_refusals():
            locked.save(update_fields=["state", "sent_at"])
            locked.lines.update(state=LineState.SENT)
    audit.record(
        actor=actor,
        action="payout.exported" if first else "payout.exported_again",
        target=locked,
        union=union,
        batch=locked.code,
        sha256=locked.file_sha256,
    )
    return BankFile(main.name, main.content, locked.file_sha256, tuple(companions))
