"""Payment lists (发放名单): prepared from the register, approved by another person, paid through a payout batch."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.unions.models import Union

from . import eligibility, funding, making, programmes
from .errors import NobodyEligible, WrongState
from .list_approval import locked_list, require_state
from .models import PAYABLE, Kind, ProgrammeVersion, Run, RunState, VersionState
from .paying import pay
from .years import year_key


@transaction.atomic
def prepare(*, version: ProgrammeVersion, union: Union, list_date: dt.date, prepared_by: User) -> Run:
    """Begin a list of everybody of the union's subtree who is eligible on a day and has an own card.

    A worker puts it together in the background; then it waits for approval. Who is admitted after this moment comes on
    the next list. Raises NotAllowed, NobodyEligible, WrongState for a day to come or on which the rules are not in
    force, and while another list that may name the same people is being put together.
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
    making.require_none_under_way(version, union, year)
    found = everybody.aggregate(first=Min("pk"), last=Max("pk"), count=Count("pk"))
    if not eligibility.with_card(everybody).exists():
        raise NobodyEligible(_("Nobody is eligible who has not been listed already."))
    serial = Run.objects.filter(version__programme=version.programme, union=union, year_key=year).count() + 1
    run = Run.objects.create(
        code=f"{version.programme.code.upper().replace('_', '')}-{year}-{union.code}-{serial}",
        version=version,
        union=union,
        year_key=year,
        list_date=list_date,
        expected=found["count"],
        reached=found["first"] - 1,
        last_member=found["last"],
        prepared_by=prepared_by,
    )
    making.start(run)
    run.refresh_from_db()
    return run


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
