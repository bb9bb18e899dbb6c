"""Every test starts from the freshly migrated database, also after a test that committed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from portal.bootstrap.places import CHECKOUT
from portal.bootstrap.template_database import TemplateDatabaseCreation, fingerprint


def content_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_what_a_test_commits_is_gone_and_what_migrations_loaded_is_there(turn: int) -> None:
    """Each turn would see what the one before has left."""
    assert content_of("books_chartaccount") > 0
    assert content_of("wagtailcore_site") == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('leftover_probe')")
        assert cursor.fetchone() == (None,)
        cursor.execute("CREATE TABLE leftover_probe AS SELECT 1")
        cursor.execute("DELETE FROM wagtailcore_site")
    assert content_of("leftover_probe") == 1


@pytest.mark.django_db
def test_processes_that_a_test_starts_see_its_database() -> None:
    name = connection.settings_dict["NAME"]
    assert name.startswith(os.environ["PUHUI_TEST_DB"])
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        assert other.execute("SELECT current_database()").fetchone() == (name,)


@pytest.mark.django_db(transaction=True)
def test_what_killed_runs_have_left_is_removed_and_what_runs_is_not() -> None:
    name = connection.settings_dict["NAME"]
    admin_url = os.environ["DATABASE_URL"].replace(f"/{name}", "/postgres")
    left = ["test_run_0", "test_run_0_gw0_used3", "building_000000000000"]
    with (
        psycopg.connect(admin_url, autocommit=True) as admin,
        psycopg.connect(admin_url, autocommit=True) as other,
    ):
        for database in (*left, "test_run_1"):
            admin.execute(f"DROP DATABASE IF EXISTS {database}")
            admin.execute(f"CREATE DATABASE {database} STRATEGY FILE_COPY")
        other.execute("SELECT pg_advisory_lock_shared(7302, hashtext('test_run_1'))")
        another_run = TemplateDatabaseCreation(connection)
        another_run._admin = admin
        another_run._remove_leftovers()
        found = admin.execute("SELECT datname FROM pg_database").fetchall()
        names = {row[0] for row in found}
        assert names.isdisjoint(left)
        assert {name, "test_run_1"} <= names
        admin.execute("DROP DATABASE test_run_1")


@pytest.fixture
def copied_checkout(tmp_path: Path) -> Path:
    for package in ("portal", "ledger", "content"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "requirements.lock", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "file",
    [
        "ledger/books/migrations/0001_initial.py",
        "ledger/books/sql/kernel.sql",
        "ledger/books/data/chart_2021.csv",
        "portal/settings/base.py",
        "requirements.lock",
    ],
)
def test_a_change_that_shapes_the_database_makes_a_new_template(copied_checkout: Path, file: str) -> None:
    before = fingerprint(copied_checkout)
    with (copied_checkout / file).open("a") as changed:
        changed.write("\n")
    assert fingerprint(copied_checkout) != before


def test_a_change_of_a_page_keeps_the_template(copied_checkout: Path) -> None:
    before = fingerprint(copied_checkout)
    (copied_checkout / "portal" / "urls.py").write_text("urlpatterns = []\n")
    assert fingerprint(copied_checkout) == before
