"""A scratch database on the server with default durability, copied from the template and dropped afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@contextmanager
def scratch_database() -> Iterator[None]:
    """Set Django up on an empty, migrated database of the durable server (or of the one in DATABASE_URL)."""
    from portal.bootstrap.postgres import ensure_running

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
    os.environ.setdefault("DATABASE_URL", ensure_running("main"))
    import django

    django.setup()
    from django.db import connection, connections

    from portal.bootstrap.template_database import TemplateDatabaseCreation

    connection.settings_dict["TEST"]["NAME"] = f"bench_{os.getpid()}"
    creation = TemplateDatabaseCreation(connection)
    name = creation.create_test_db(verbosity=0)
    try:
        yield
    finally:
        connections.close_all()
        creation.destroy_test_db(name, verbosity=0)


@contextmanager
def empty_database(name: str, template: str = "template1") -> Iterator[str]:
    """The address of a database on the same server, empty or as its template is; dropped afterwards."""
    address = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(urlunsplit(address._replace(path="/postgres")), autocommit=True) as admin:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        admin.execute(drop)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urlunsplit(address._replace(path=f"/{name}"))
        finally:
            admin.execute(drop)
