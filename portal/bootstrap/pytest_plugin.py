"""Gives pytest its PostgreSQL: the embedded `test` cluster, or the server in DATABASE_URL.

Each run has a database of its own name, so runs side by side do not meet; PUHUI_TEST_DB chooses the name instead.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from portal.bootstrap.places import SetupError
from portal.bootstrap.postgres import ensure_running


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Around pytest-django's own hook, which loads the settings."""
    if not os.environ.get("DATABASE_URL"):
        try:
            os.environ["DATABASE_URL"] = ensure_running("test")
        except SetupError as error:
            raise pytest.UsageError(str(error)) from error
    # Workers of pytest-xdist inherit the name and add their own suffix.
    os.environ.setdefault("PUHUI_TEST_DB", f"test_run_{os.getpid()}")
    return (yield)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Django is set up and no test has run: the moment to choose how databases are made and cleaned."""
    from django.db import connections
    from django.test import TransactionTestCase

    from portal.bootstrap.template_database import TemplateDatabaseCreation

    if session.config.getoption("collectonly"):
        return
    connection = connections["default"]
    connection.settings_dict["TEST"]["NAME"] = os.environ["PUHUI_TEST_DB"]
    creation = TemplateDatabaseCreation(connection)
    connection.creation = creation

    def restore(self: TransactionTestCase) -> None:
        creation.restore()

    TransactionTestCase._fixture_teardown = restore  # type: ignore[attr-defined]
