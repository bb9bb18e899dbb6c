"""A rush in earnest: many contenders from many database connections go through the real claim function.

Without a campaign of one's own a temporary one is made, with contenders who exist for this alone, and removed again.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from djmoney.money import Money

from portal.members.models import Member, Membership
from portal.unions.models import Union, UnionKind

from .models import (
    Campaign,
    Claim,
    Kind,
    Place,
    Population,
    Programme,
    ProgrammeVersion,
    Transport,
    VersionState,
)

_AT_ONCE = 2_000
_TRIES_TWICE = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What happened; ``unsold`` counts places left although contenders went away empty."""

    places: int
    claims: int
    duplicates: int
    oversold: int
    unsold: int
    claims_per_s: float


def run(*, campaign: Campaign, member_ids: list[int], workers: int, processes: int = 4) -> Result:
    """Let the contenders race from ``workers`` connections; every tenth also tries from another process at once."""
    processes = max(1, min(processes, workers))
    parts = [member_ids[n::processes] for n in range(processes)]
    again = [part[::_TRIES_TWICE] for part in parts]
    seconds = _in_processes(
        campaign, [part + again[n - 1] for n, part in enumerate(parts)], threads=-(-workers // processes)
    )
    live = Claim.objects.filter(campaign=campaign).exclude(state__in=["waiting", "rejected", "withdrawn"])
    claims = live.count()
    people = live.values("member").distinct().count()
    used = live.values("place").distinct().count()
    expected = min(campaign.places, len(set(member_ids)))
    return Result(
        places=campaign.places,
        claims=claims,
        duplicates=(claims - people) + (claims - used),
        oversold=max(0, claims - campaign.places),
        unsold=max(0, expected - claims),
        claims_per_s=round(claims / seconds, 1) if seconds else 0.0,
    )


def _in_processes(campaign: Campaign, parts: list[list[int]], *, threads: int) -> float:
    """Start the processes, let them begin together when all are ready, and return the seconds until the last was done.

    They are programs of their own, not forks: a fork of a process with threads can hang on a lock that nobody holds.
    """
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "ledger.benefits.contender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
        )
        for _part in parts
    ]
    try:
        for child, part in zip(running, parts, strict=True):
            _tell(child, json.dumps({"campaign": campaign.pk, "members": part, "threads": threads}))
        for child in running:
            _hear(child, "ready")
        began = time.perf_counter()
        for child in running:
            _tell(child, "go")
        for child in running:
            _hear(child, "done")
        return time.perf_counter() - began
    finally:
        for child in running:
            child.kill()
            child.communicate()


def _tell(child: subprocess.Popen[str], line: str) -> None:
    assert child.stdin is not None  # noqa: S101 — a pipe, see above
    child.stdin.write(line + "\n")
    child.stdin.flush()


def _hear(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdout is not None  # noqa: S101 — a pipe, see above
    heard = child.stdout.readline().strip()
    if heard != word:
        raise RuntimeError(f"a contender's process failed; see its message above (heard {heard!r})")


def contend(campaign: Campaign, members: list[Member], *, threads: int) -> None:
    """One process: its threads, each with a connection of its own, share the contenders."""
    day = max(campaign.travel_from, min(timezone.localdate(), campaign.travel_to))
    problems: list[BaseException] = []
    runners = [
        threading.Thread(target=_claim_all, args=(campaign, members[n::threads], day, problems))
        for n in range(threads)
    ]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    if problems:
        raise problems[0]


def _claim_all(
    campaign: Campaign, members: list[Member], day: dt.date, problems: list[BaseException]
) -> None:
    from . import claims
    from .errors import QuotaFull

    trip = claims.Trip(
        travelled_on=day, transport=Transport.RAIL, ticket_number="RACE", fare=Money("268.50", "CNY")
    )
    try:
        for member in members:
            try:
                claims.claim(member=member, campaign=campaign, trip=trip)
            except QuotaFull:
                continue
    except BaseException as error:
        problems.append(error)
    finally:
        connection.close()


@contextmanager
def temporary_campaign(*, places: int, contenders: int) -> Iterator[tuple[Campaign, list[int]]]:
    """A campaign of its own with contenders who are members of a union of its own; all removed at the end."""
    mark = f"RACE{uuid.uuid4().hex[:8]}"
    union, campaign, member_ids = _make(mark, places, contenders)
    try:
        yield campaign, member_ids
    finally:
        _remove(mark, union)


@transaction.atomic
def _make(mark: str, places: int, contenders: int) -> tuple[Union, Campaign, list[int]]:
    from .campaigns import make_places

    today = timezone.localdate()
    union = Union.add_root(
        code=mark, kind=UnionKind.MUNICIPAL, name=mark, name_en=mark, is_demo=True, keeps_accounts=False
    )
    programme = Programme.objects.create(
        code=mark.lower(), name=mark, name_en=mark, kind=Kind.CLAIM, owner=union
    )
    version = ProgrammeVersion.objects.create(
        programme=programme, number=1, policy_number=mark, clause="-", effective_from=today, quota=places,
        amount=Money("300.00", "CNY"), is_ceiling=True, population=Population.NONLOCAL, expense_account="50405",
        state=VersionState.DRAFT,
    )  # fmt: skip
    now = timezone.now()
    campaign = Campaign.objects.create(
        code=mark, version=version, union=union, year_key=today.year, places=places,
        opens_at=now - dt.timedelta(minutes=1), closes_at=now + dt.timedelta(days=1),
        travel_from=today - dt.timedelta(days=1), travel_to=today,
    )  # fmt: skip
    make_places(campaign)
    members = Member.objects.bulk_create(
        [
            Member(
                name=mark, id_number=f"{mark}{n}", id_number_index=f"{mark}{n}", id_number_last4="0000",
                born_on=dt.date(1990, 1, 1), phone="", is_nonlocal_worker=True, is_demo=True,
            )
            for n in range(contenders)
        ],
        batch_size=_AT_ONCE,
    )  # fmt: skip
    Membership.objects.bulk_create(
        [
            Membership(member=m, union=union, number=f"{mark}-{n}", started_on=today)
            for n, m in enumerate(members)
        ],
        batch_size=_AT_ONCE,
    )
    return union, campaign, [m.pk for m in members]


@transaction.atomic
def _remove(mark: str, union: Union) -> None:
    Claim.objects.filter(campaign__code=mark).delete()
    Place.objects.filter(campaign__code=mark).delete()
    Campaign.objects.filter(code=mark).delete()
    ProgrammeVersion.objects.filter(programme__code=mark.lower()).delete()
    Programme.objects.filter(code=mark.lower()).delete()
    Membership.objects.filter(union=union).delete()
    Member.objects.filter(id_number_index__startswith=mark).delete()
    Union.objects.get(pk=union.pk).delete()
