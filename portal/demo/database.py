"""The demo's database: built by one process at a time, and never emptied of what is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _

from portal.errors import DomainError

_BUILDING = 7101  # advisory lock, for as long as a demo is being built

# Tables of ours without a model: Django's record of migrations, and those that migrations make in SQL.
_WITHOUT_MODEL = frozenset(
    {"django_migrations", "books_voucher_counter", "books_voucher_chain", "puhui_cache"}
)


class DemoRefused(DomainError):
    code = "demo_refused"


@contextmanager
def built_by_one() -> Iterator[None]:
    """Hold the demo's lock on a connection of its own. Raises DemoRefused while another process builds."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_BUILDING])
            (is_held,) = cursor.fetchone()
        if not is_held:
            raise DemoRefused(
                _(
                    "Another process is building the demo in this database. Wait until it has ended, then try again."
                )
            )
        yield
    finally:
        own.close()


def require_only_ours() -> None:
    """Raise DemoRefused when the schema has tables that no model or migration of this project made."""
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    strangers = sorted(set(_tables()) - ours - _WITHOUT_MODEL)
    if strangers:
        raise DemoRefused(
            _(
                "An earlier run was interrupted, but this database has tables that are not the demo's: %(tables)s. "
                "Nothing was deleted. Give the demo a database of its own."
            )
            % {"tables": ", ".join(strangers[:5])}
        )


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f')"
        )
        return [name for (name,) in cursor.fetchall()]
