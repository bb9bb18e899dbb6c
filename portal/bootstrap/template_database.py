"""Test databases as copies of one migrated template, made once per state of the migrations.

Migrating an empty database takes many seconds, copying one a fraction of a second. That is also how a test that commits
leaves a clean database behind: the ledger's tables refuse the TRUNCATE that Django would use.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.creation import DatabaseCreation
from psycopg import sql

from portal.bootstrap.places import CHECKOUT, SetupError

_SHAPES_THE_DATABASE = ("*/migrations/*.py", "*/sql/*", "*/data/*", "*/apps.py")
_BUILDING, _USING = 7301, 7302
_KEPT_TEMPLATES = 3


def fingerprint(checkout: Path = CHECKOUT) -> str:
    """Changes with every file that a freshly migrated database depends on."""
    digest = hashlib.sha256((checkout / "requirements.lock").read_bytes())
    digest.update((checkout / "portal" / "settings" / "base.py").read_bytes())
    for package in ("portal", "ledger", "content"):
        for pattern in _SHAPES_THE_DATABASE:
            for path in sorted((checkout / package).glob(f"**/{pattern}")):
                if path.is_file() and "__pycache__" not in path.parts:
                    digest.update(f"{path.relative_to(checkout)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class TemplateDatabaseCreation(DatabaseCreation):
    """Replaces Django's way of making the test database on one connection."""

    _admin: psycopg.Connection[Any]
    _template: str
    _used: list[str]

    def create_test_db(
        self,
        verbosity: int = 1,
        autoclobber: bool = False,
        serialize: bool | None = True,
        keepdb: bool = False,
    ) -> str:
        parameters: dict[str, Any] = {
            key: value
            for key, value in self.connection.get_connection_params().items()
            if key not in {"cursor_factory", "context", "prepare_threshold", "client_encoding"}
        }
        self._admin = psycopg.connect(**{**parameters, "dbname": "postgres"}, autocommit=True)
        self._template = self._ensure_template()
        self._used = []
        name: str = self.connection.settings_dict["TEST"]["NAME"]
        self._remove_leftovers()
        self._lock_shared(name)
        self._copy_template(name)
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name
        if os.environ.get("DATABASE_URL"):
            # Processes that a test starts see the same database.
            address = urlsplit(os.environ["DATABASE_URL"])
            os.environ["DATABASE_URL"] = urlunsplit(address._replace(path=f"/{name}"))
        return name

    def restore(self) -> None:
        """Throw away what a test has committed."""
        connections.close_all()
        name = self.connection.settings_dict["NAME"]
        self._set_aside(name)
        self._copy_template(name)

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        connections.close_all()
        for used in (test_database_name, *self._used):
            self._drop(used)
        self._admin.close()

    def _ensure_template(self) -> str:
        wanted = fingerprint()
        template = f"template_{wanted}"
        self._lock_shared(template)
        self._admin.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [_BUILDING, template])
        try:
            if not self._exists(template):
                self._build(template)
                if fingerprint() != wanted:
                    self._drop(template, is_template=True)
                    raise SetupError(
                        "Migrations changed while the test database was being made: run pytest again."
                    )
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [_BUILDING, template])
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        now = self._admin.execute("SELECT clock_timestamp()::text").fetchone()
        self._admin.execute(comment.format(sql.Identifier(template), sql.Literal(now[0] if now else "")))
        return template

    def _build(self, template: str) -> None:
        self.log("Making the migrated template of the test databases (once per change of the migrations) …")
        building = template.replace("template_", "building_")
        test_settings = self.connection.settings_dict["TEST"]
        own_name, test_name = self.connection.settings_dict["NAME"], test_settings["NAME"]
        self._drop(building)
        test_settings["NAME"] = building
        try:
            super().create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=False)
        finally:
            connections.close_all()
            test_settings["NAME"] = test_name
            settings.DATABASES[self.connection.alias]["NAME"] = own_name
            self.connection.settings_dict["NAME"] = own_name
        names = {"building": sql.Identifier(building), "template": sql.Identifier(template)}
        self._admin.execute(sql.SQL("ALTER DATABASE {building} RENAME TO {template}").format(**names))
        closed = sql.SQL("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
        self._admin.execute(closed.format(**names))

    def _copy_template(self, name: str) -> None:
        self._drop(name)
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._admin.execute(copy.format(sql.Identifier(name), sql.Identifier(self._template)))

    def _set_aside(self, name: str) -> None:
        """Dropped only in the end: ext4 creates files slowly where it has just deleted many (500 ms, not 30)."""
        used = f"{name}_used{len(self._used)}"
        self._drop(used)
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self._admin.execute(rename.format(sql.Identifier(name), sql.Identifier(used)))
        self._used.append(used)

    def _drop(self, name: str, *, is_template: bool = False) -> None:
        if is_template:
            self._admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _exists(self, name: str) -> bool:
        found = self._admin.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None

    def _lock_shared(self, name: str) -> None:
        """Held until this process ends: nobody removes a database that is in use."""
        self._admin.execute("SELECT pg_advisory_lock_shared(%s, hashtext(%s))", [_USING, name])

    def _remove_leftovers(self) -> None:
        """Old templates, and the databases of runs that were killed."""
        rows = self._admin.execute(
            r"""SELECT datname, datistemplate,
                       row_number() OVER (PARTITION BY datistemplate
                                          ORDER BY shobj_description(oid, 'pg_database') DESC NULLS LAST)
                  FROM pg_database
                 WHERE datname ~ '^template_[0-9a-f]{12}$' AND datistemplate
                    OR datname ~ '^building_[0-9a-f]{12}$' OR datname ~ '^test_run_' OR datname ~ '_used[0-9]+$'"""
        ).fetchall()
        for name, is_template, age in rows:
            if is_template and age <= _KEPT_TEMPLATES:
                continue
            lock = [_USING, re.sub(r"_used\d+$", "", name).replace("building_", "template_")]
            free = self._admin.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", lock).fetchone()
            if free and free[0]:
                self._drop(name, is_template=is_template)
                self._admin.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)
