"""Putting a payment list together in the background: chunk by chunk by member id, each its own transaction.

A job that dies loses nothing but its last chunk: the cursor of the list moves in the transaction that lists the people,
so whoever starts again goes on behind the last one. Two jobs of one list take turns and do no harm.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.members.models import CardStatus, Member, Membership, ServiceCard
from portal.unions.models import Union

from . import eligibility
from .errors import WrongState, benefit_refusals
from .models import CommitmentState, ProgrammeVersion, Run, RunState

# A chunk takes a second or so; a list that has not moved for so long has nobody who works on it.
STALLED_AFTER = dt.timedelta(minutes=1)


def require_none_under_way(version: ProgrammeVersion, union: Union, year: int) -> None:
    """Raise WrongState while a list that may name the same people is being put together."""
    under_way = Run.objects.filter(
        version__programme=version.programme_id, year_key=year, state=RunState.PREPARING
    )
    above = [union.path[:end] for end in range(1, len(union.path) + 1)]
    other = under_way.filter(Q(union__path__startswith=union.path) | Q(union__path__in=above)).first()
    if other is not None:
        raise WrongState(
            _("List %(run)s is still being put together. Wait until it is complete.") % {"run": other.code}
        )


def is_stalled(run: Run) -> bool:
    """Whether a list is being put together and nobody seems to work on it any more."""
    return run.state == RunState.PREPARING and run.moved_at < timezone.now() - STALLED_AFTER


@transaction.atomic
def start(run: Run) -> None:
    """Have a worker put the list together; the job exists exactly when this transaction is kept."""
    from .tasks import put_list_together

    put_list_together.enqueue(run.pk)


@transaction.atomic
def start_again(*, run: Run, actor: User) -> None:
    """Give a list whose job has died to the workers again. Raises NotAllowed, WrongState when it is complete."""
    require(actor, Duty.PREPARE_RUN, run.union)
    if not Run.objects.filter(pk=run.pk, state=RunState.PREPARING).exists():
        raise WrongState(_("This list is complete."))
    audit.record(actor=actor, action="run.started_again", target=run, union=run.union, run=run.code)
    start(run)


def put_together(run: Run) -> None:
    """List everybody who is left, chunk by chunk, until the list is complete; of a complete list nothing is left."""
    while _list_next(run.pk):
        pass


@transaction.atomic
def _list_next(run_id: int) -> bool:
    """List the next chunk and move the cursor behind it; gives whether there may be more."""
    run = (
        Run.objects.select_for_update(of=("self",))
        .select_related("version__programme", "union", "prepared_by")
        .get(pk=run_id)
    )
    if run.state != RunState.PREPARING:
        return False
    with benefit_refusals():
        end = _end_of_chunk(run)
        run.without_card += _list_people(run, end)
        _move(run, end)
    return run.state == RunState.PREPARING


def _end_of_chunk(run: Run) -> int:
    following = Member.objects.filter(pk__gt=run.reached, pk__lt=run.last_member).order_by("pk")
    last: list[int] = list(
        following.values_list("pk", flat=True)[settings.LIST_CHUNK - 1 : settings.LIST_CHUNK]
    )
    return last[0] if last else run.last_member


def _list_people(run: Run, end: int) -> int:
    """Put the eligible up to the member ``end`` on the list with one statement; gives how many have no card."""
    number = (
        Membership.objects.filter(eligibility.members_of(run.union, run.list_date), member=OuterRef("pk"))
        .order_by("-started_on", "-pk")
        .values("number")[:1]
    )
    eligible = eligibility.eligible_members(
        version=run.version, union=run.union, year_key=run.year_key, on=run.list_date
    ).filter(pk__gt=run.reached, pk__lte=end)
    people, parameters = (
        eligible.annotate(
            party=Subquery(number),
            has_card=Exists(ServiceCard.objects.filter(member=OuterRef("pk"), status=CardStatus.ACTIVE)),
        )
        .order_by("pk")
        .values_list("pk", "party", "has_card")
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH person (id, party, has_card) AS MATERIALIZED ({people}), listed AS (
                INSERT INTO benefits_commitment (programme_id, version_id, member_id, year_key, payer_id, party, amount,
                                                 amount_currency, state, run_id, created_at, attempts, left_out)
                SELECT %s, %s, id, %s, %s, party, %s, %s, %s, %s, %s, 0, '' FROM person WHERE has_card ORDER BY id
            )
            SELECT count(*) FROM person WHERE NOT has_card
            """,
            [
                *parameters,
                run.version.programme_id,
                run.version_id,
                run.year_key,
                run.union_id,
                run.version.amount.amount,
                str(run.version.amount.currency),
                CommitmentState.LISTED,
                run.pk,
                timezone.now(),
            ],
        )
        return int(cursor.fetchone()[0])


def _move(run: Run, end: int) -> None:
    """Say on the list's head what is on it now; behind the last member it is complete."""
    lines = [(line.amount, line.people) for line in run.amounts.all()]
    run.count = sum(people for _amount, people in lines)
    run.total = sum((amount * people for amount, people in lines), run.version.amount * 0)
    run.reached, run.moved_at = end, timezone.now()
    if end >= run.last_member:
        run.state = RunState.PREPARED if run.count else RunState.RETURNED
        run.returned_reason = "" if run.count else _("Nobody eligible has a card.")
        audit.record(
            actor=run.prepared_by, action="run.prepared", target=run, union=run.union, run=run.code,
            count=run.count, total=str(run.total.amount),
        )  # fmt: skip
    run.save(
        update_fields=["count", "total", "without_card", "reached", "moved_at", "state", "returned_reason"]
    )
