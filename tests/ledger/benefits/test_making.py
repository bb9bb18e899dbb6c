"""Lists are put together in the background; whoever dies meanwhile, everybody is listed once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from djmoney.money import Money
from pytest_django.fixtures import Settings

from ledger.benefits import making, runs
from ledger.benefits.errors import WrongState
from ledger.benefits.models import Commitment, ProgrammeVersion, Run, RunState
from ledger.books.integrity import verify
from portal.accounts.permissions import NotAllowed
from portal.members.models import ServiceCard
from portal.settings import base
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import TODAY, migrants, prepared
from tests.ledger.benefits.test_guards import refusal
from tests.many_members import many_migrants
from tests.signing_in import english_browser_of

_PATIENCE = 120.0


@pytest.fixture
def queued(settings: Settings) -> None:
    """Jobs wait for a worker, as they do outside tests."""
    settings.TASKS = base.TASKS
    settings.LIST_CHUNK = 40


def _worker(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.worker_settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _listed(run: Run) -> int:
    return Run.objects.values_list("count", flat=True).get(pk=run.pk)


@pytest.mark.django_db(transaction=True)
def test_killed_workers_leave_nobody_out_and_list_nobody_twice(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    people = 3_000
    many_migrants(federation.community, people)
    run = prepared(federation, subsidy)
    assert (run.state, run.count, DBTaskResult.objects.count()) == (RunState.PREPARING, 0, 1)
    seen = []
    for _killed in range(3):
        before = _listed(run)
        worker = _worker("db_worker", "--batch")
        _wait_until(lambda before=before: _listed(run) > before)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        seen.append(_listed(run))
        making.start_again(run=run, actor=federation.maker)
    assert 0 < seen[0] < seen[1] < seen[2] < people
    assert Commitment.objects.filter(run=run).count() == _listed(run)
    assert _worker("db_worker", "--batch").wait(timeout=_PATIENCE) == 0
    run.refresh_from_db()
    assert (run.state, run.count, run.total) == ("prepared", people, Money(150 * people, "CNY"))
    members = run.commitments.values_list("member", flat=True)
    assert (len(members), len(set(members))) == (people, people)
    assert [check.detail for check in verify() if not check.ok] == []


def test_the_job_is_kept_only_with_the_list(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    migrants(federation, 1)
    with pytest.raises(NotAllowed):
        runs.prepare(
            version=subsidy, union=federation.district, list_date=TODAY, prepared_by=federation.cashier
        )
    assert not DBTaskResult.objects.exists()
    run = prepared(federation, subsidy)
    assert DBTaskResult.objects.get().args_kwargs["args"] == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_two_jobs_of_one_list_take_turns(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    many_migrants(federation.community, 400)
    run = prepared(federation, subsidy)
    assert at_once([lambda: making.put_together(run)] * 4) == [None] * 4
    run.refresh_from_db()
    assert (run.state, run.count, run.commitments.count()) == (RunState.PREPARED, 400, 400)


def test_who_is_admitted_while_a_list_is_put_together_comes_on_the_next(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    chosen = migrants(federation, 3)
    run = prepared(federation, subsidy)
    late = migrants(federation, 1)[0]
    making.put_together(run)
    assert {c.member_id for c in run.commitments.all()} == {m.pk for m in chosen}
    following = prepared(federation, subsidy)
    making.put_together(following)
    assert [c.member_id for c in following.commitments.all()] == [late.pk]


def test_nobody_prepares_a_list_of_people_who_are_just_being_listed(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    migrants(federation, 2)
    run = runs.prepare(
        version=subsidy, union=federation.community, list_date=TODAY, prepared_by=federation.maker
    )
    with pytest.raises(WrongState, match=run.code):
        prepared(federation, subsidy)
    elsewhere = factories.district_union(federation.municipal, code="NK")
    factories.member_with_card(elsewhere, is_migrant_worker=True)
    runs.prepare(version=subsidy, union=elsewhere, list_date=TODAY, prepared_by=federation.maker)
    assert Run.objects.filter(state=RunState.PREPARING).count() == 2


def test_a_list_on_which_nobody_has_a_card_any_more_goes_back(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    migrants(federation, 1)
    run = prepared(federation, subsidy)
    ServiceCard.objects.update(status="replaced")
    making.put_together(run)
    run.refresh_from_db()
    assert (run.state, run.count, run.without_card) == (RunState.RETURNED, 0, 1)
    assert run.returned_reason == "Nobody eligible has a card."


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE benefits_run SET count = 1",
        "UPDATE benefits_run SET state = 'prepared'",
        "UPDATE benefits_run SET state = 'approved', approved_by_id = (SELECT max(id) FROM accounts_user)",
        "UPDATE benefits_run SET reached = reached - 1",
        "UPDATE benefits_run SET last_member = last_member + 1",
        "UPDATE benefits_run SET list_date = '2020-01-01'",
        "DELETE FROM benefits_run",
    ],
)
def test_a_list_being_put_together_says_only_what_is_on_it(
    federation: Federation, subsidy: ProgrammeVersion, queued: None, sql: str
) -> None:
    migrants(federation, 1)
    prepared(federation, subsidy)
    assert refusal(sql) == "PH053"


def test_nobody_is_put_on_a_list_that_is_complete(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    run = prepared(federation, subsidy)
    columns = "programme_id, version_id, year_key, payer_id, amount, amount_currency, state, run_id, attempts, left_out"
    other = factories.member_with_card(federation.community)
    sql = f"""INSERT INTO benefits_commitment ({columns}, member_id, party, created_at)
              SELECT {columns}, {other.pk}, '', now() FROM benefits_commitment WHERE run_id = {run.pk}"""
    assert refusal(sql) == "PH053"
    copy = "(jsonb_populate_record(r, jsonb_build_object('id', 0, 'code', 'X'))).*"
    assert refusal(f"INSERT INTO benefits_run SELECT {copy} FROM benefits_run AS r") == "PH053"


def test_the_page_shows_how_far_a_list_is_and_starts_it_again_when_it_stands_still(
    federation: Federation, subsidy: ProgrammeVersion, queued: None
) -> None:
    migrants(federation, 1)
    run = prepared(federation, subsidy)
    here, maker = f"/office/runs/{run.code}/", english_browser_of(federation.maker)
    page = maker.get(here).content.decode()
    assert "<strong>0</strong> of 1" in page
    assert "start-again" not in page
    Run.objects.update(moved_at=timezone.now() - dt.timedelta(minutes=2))
    assert f"{here}start-again/" in maker.get(here).content.decode()
    assert f"{here}start-again/" not in english_browser_of(federation.checker).get(here).content.decode()
    assert english_browser_of(federation.checker).post(f"{here}start-again/").status_code == 403
    assert DBTaskResult.objects.count() == 1
    assert maker.post(f"{here}start-again/").status_code == 302
    assert DBTaskResult.objects.count() == 2


def test_an_operator_completes_lists_that_stand_still(
    federation: Federation, subsidy: ProgrammeVersion, queued: None, capsys: pytest.CaptureFixture[str]
) -> None:
    migrants(federation, 2)
    run = prepared(federation, subsidy)
    call_command("benefits_resume")
    assert capsys.readouterr().out == ""
    call_command("benefits_resume", run.code)
    assert f"{run.code} is complete: 2 members" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("benefits_resume", run.code)
    with pytest.raises(WrongState):
        making.start_again(run=run, actor=federation.maker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT member_id) FROM benefits_commitment")
        assert cursor.fetchone() == (2, 2)
