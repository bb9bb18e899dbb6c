"""Payment lists (发放名单): prepared from the register, approved by another person, paid through a payout batch."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.members.models import Member, Membership
from portal.unions.models import Union

from . import eligibility, funding, programmes
from .errors import ListChanged, NobodyEligible, WrongState, benefit_refusals
from .list_approval import locked_list, record_step, require_state
from .models import PAYABLE, CommitmentState, Kind, ProgrammeVersion, Run, RunState, VersionState
from .paying import pay
from .years import year_key


@transaction.atomic
def prepare(*, version: ProgrammeVersion, union: Union, list_date: dt.date, prepared_by: User) -> Run:
    """List everybody of the union's subtree who is eligible on a day and has an own card.

    The list is fixed: who joins later comes on the next one. Two lists of a programme are prepared one after another.
    Raises NotAllowed, WrongState for a day to come or on which the rules are not in force, NobodyEligible.
    """
    require(prepared_by, Duty.PREPARE_RUN, union)
    programmes.lock(version)
    if version.state != VersionState.ACTIVE or version.programme.kind != Kind.RUN:
        raise WrongState(_("These rules are not in force for payment lists."))
    if list_date > timezone.localdate():
        raise WrongState(_("The date of the list lies in the future."))
    programmes.require_in_force(version, union, list_date, list_date)
    year = year_key(version, list_date)
    everybody = eligibility.eligible_members(version=version, union=union, year_key=year, on=list_date)
    eligible = eligibility.with_card(everybody)
    expected = eligible.count()
    if not expected:
        raise NobodyEligible(_("Nobody is eligible who has not been listed already."))
    serial = Run.objects.filter(version__programme=version.programme, union=union, year_key=year).count() + 1
    run = Run.objects.create(
        code=f"{version.programme.code.upper().replace('_', '')}-{year}-{union.code}-{serial}",
        version=version,
        union=union,
        year_key=year,
        list_date=list_date,
        count=expected,
        total=version.amount * expected,
        without_card=eligibility.without_card(everybody).count(),
        prepared_by=prepared_by,
    )
    with benefit_refusals():
        listed = _list_people(run, eligible)
    if listed != expected:
        raise ListChanged(_("The register changed while the list was prepared. Prepare it again."))
    record_step(prepared_by, "run.prepared", run)
    return run


def _list_people(run: Run, eligible: QuerySet[Member]) -> int:
    """Put the eligible on the list with one statement in the database, however many; gives how many they are."""
    number = (
        Membership.objects.filter(eligibility.members_of(run.union, run.list_date), member=OuterRef("pk"))
        .order_by("-started_on", "-pk")
        .values("number")[:1]
    )
    people, parameters = (
        eligible.annotate(party=Subquery(number)).order_by("pk").values_list("pk", "party")
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO benefits_commitment (programme_id, version_id, member_id, year_key, payer_id, party, amount,
                                             amount_currency, state, run_id, created_at, attempts, left_out)
            SELECT %s, %s, person.id, %s, %s, person.party, %s, %s, %s, %s, %s, 0, ''
              FROM ({people}) AS person (id, party) ORDER BY person.id
            """,
            [
                run.version.programme_id,
                run.version_id,
                run.year_key,
                run.union_id,
                run.version.amount.amount,
                str(run.version.amount.currency),
                CommitmentState.LISTED,
                run.pk,
                timezone.now(),
                *parameters,
            ],
        )
        return cursor.rowcount


@transaction.atomic
def build_payout(
    *, run: Run, bank_account: BankAccount, format_code: str, value_date: dt.date, prepared_by: User
) -> list[Batch]:
    """Payout batches of everybody on an approved list who is not paid and not in a batch; cards as they are now.

    Raises FundsNotReceived before the funders above have sent their shares, WrongState when nothing is left to pay.
    """
    locked = locked_list(run)
    require_state(locked, RunState.APPROVED)
    funding.require_received(locked)
    waiting = locked.commitments.filter(state__in=PAYABLE)
    return pay(
        waiting,
        bank_account=bank_account,
        payer=locked.union,
        source=locked.code,
        purpose=locked.version.programme.name,
        format_code=format_code,
        value_date=value_date,
        prepared_by=prepared_by,
    )
