"""Payment lists (发放名单) are approved by another person than the one who prepared them, as that person read them."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty

from . import funding, programmes
from .errors import ListChanged, WrongState, benefit_refusals
from .models import CommitmentState, Run, RunState
from .paying import require_not_paid


def fingerprint(run: Run) -> str:
    """A digest of who gets how much: with it an approval says which list it approves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT benefits_list_digest(%s)", [run.pk])
        return str(cursor.fetchone()[0])


@transaction.atomic
def approve(*, run: Run, seen: str, approved_by: User) -> Run:
    """Approve a list as it was ``seen`` (its fingerprint) and commit each funder's share of its budget (承诺).

    Raises NotAllowed, SamePerson, OwnMoney, WrongState, ListChanged, OverBudget, BenefitError without a budget.
    """
    require(approved_by, Duty.APPROVE_RUN, run.union)
    locked = locked_list(run)
    require_other_person(locked.prepared_by_id, approved_by)
    require_state(locked, RunState.PREPARED)
    require_not_paid(approved_by, locked.commitments.values("member"))
    if fingerprint(locked) != seen:
        raise ListChanged(_("The list is not the one that you were shown. Read it again, then approve it."))
    locked.state = RunState.APPROVED
    locked.approved_by = approved_by
    locked.approved_at = timezone.now()
    with benefit_refusals():
        locked.save(update_fields=["state", "approved_by", "approved_at"])
        locked.commitments.update(state=CommitmentState.APPROVED)
    programmes.commit_budget(
        locked.version,
        locked.year_key,
        [(union, part.amount) for union, part in funding.funder_parts(locked)],
    )
    record_step(approved_by, "run.approved", locked)
    return locked


@transaction.atomic
def send_back(*, run: Run, reason: str, actor: User) -> Run:
    """Send a list back before approval; its people can be listed again. Raises NotAllowed, WrongState."""
    require(actor, Duty.APPROVE_RUN, run.union)
    if not reason.strip():
        raise WrongState(_("Say why the list is sent back."))
    locked = locked_list(run)
    require_state(locked, RunState.PREPARED)
    locked.state = RunState.RETURNED
    locked.returned_reason = reason.strip()
    locked.save(update_fields=["state", "returned_reason"])
    locked.commitments.update(state=CommitmentState.CANCELLED)
    record_step(actor, "run.sent_back", locked, reason=locked.returned_reason)
    return locked


def locked_list(run: Run) -> Run:
    return (
        Run.objects.select_for_update(of=("self",))
        .select_related("version__programme", "union")
        .get(pk=run.pk)
    )


def require_state(run: Run, state: RunState) -> None:
    if run.state != state:
        raise WrongState(
            _("List %(run)s is in the state “%(state)s”.")
            % {"run": run.code, "state": run.get_state_display()}
        )


def record_step(actor: User, action: str, run: Run, **details: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=run,
        union=run.union,
        run=run.code,
        count=run.count,
        total=str(Decimal(run.total.amount)),
        **details,
    )
