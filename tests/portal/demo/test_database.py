"""The demo is built by one process, never deletes what is not its own, and shows no secret to other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from portal.bootstrap.places import CHECKOUT
from portal.demo import database, serving
from portal.demo.database import DemoRefused
from tests import factories


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
        "MEDIA_ROOT": str(folder),
        "LANGUAGE": "en",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-serve", "--reports", folder],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_a_second_demo_in_the_same_database_waits_for_nobody_and_touches_nothing(tmp_path: Path) -> None:
    factories.municipal_union(is_demo=True)
    with database.built_by_one():
        second = _demo(tmp_path)
    assert second.returncode == 2
    assert "Another process is building the demo" in second.stderr
    assert "unions_union" in connection.introspection.table_names()


@pytest.mark.django_db(transaction=True)
def test_the_lock_ends_with_its_block() -> None:
    for _again in range(2):
        with database.built_by_one():
            pass
    with database.built_by_one(), pytest.raises(DemoRefused), database.built_by_one():
        pass


@pytest.mark.django_db
def test_every_table_of_this_project_is_known_as_its_own() -> None:
    database.require_only_ours()


@pytest.mark.django_db
def test_tables_of_somebody_else_are_named_and_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE payroll (id int)")
    with pytest.raises(DemoRefused, match=r"payroll.*Nothing was deleted"):
        database.require_only_ours()


def test_the_sandboxs_secret_is_not_on_its_command_line(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRET = "whsec_for_nobody"
    assert "whsec_for_nobody" not in " ".join(serving.payment_sandbox(1, "http://127.0.0.1/"))
    assert serving.sandbox_secret() == {"SANDBOX_WEBHOOK_SECRET": "whsec_for_nobody"}


def test_the_sandbox_says_when_it_has_no_secret() -> None:
    started = subprocess.run(
        [*serving.payment_sandbox(1, "http://127.0.0.1/")],
        cwd=CHECKOUT,
        env={name: value for name, value in os.environ.items() if name != "SANDBOX_WEBHOOK_SECRET"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert started.returncode == 2
    assert "SANDBOX_WEBHOOK_SECRET" in started.stderr
