"""The database role that the portal's processes use: it may do what the books allow, and cannot take their guards off.

Triggers refuse what is not allowed, but the owner of a table can switch its triggers off. With a role of its own the
application reads and adds entries; only functions of the owner write the totals, the counters and the hash chains.
"""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from .errors import RoleRefused

# Written by functions of the owner only.
_KEPT = ("books_balance", "books_turnover", "books_voucher_counter", "books_voucher_chain")
# Read and added to, never changed.
_FINAL = ("books_transaction", "books_transfer", "books_anchor", "books_chartaccount")


@transaction.atomic
def grant(role: str) -> None:
    """Give a role what the application needs, anew after every migration; run as the owner of the tables.

    Raises RoleRefused when there is no such role, or when it could take the guards off.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT rolsuper, pg_has_role(oid, (SELECT relowner FROM pg_class
                                                   WHERE oid = 'books_transfer'::regclass), 'MEMBER')
                 FROM pg_roles WHERE rolname = %s""",
            [role],
        )
        found = cursor.fetchone()
        if found is None:
            raise RoleRefused(_("There is no database role “%(role)s”.") % {"role": role})
        if any(found):
            raise RoleRefused(
                _("“%(role)s” owns the tables or may do anything. The application needs a role of its own.")
                % {"role": role}
            )
        for statement in _grants():
            cursor.execute(statement.format(role=sql.Identifier(role)).as_string(cursor.connection))


def _grants() -> list[sql.SQL]:
    return [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}"),
        sql.SQL(f"REVOKE INSERT, UPDATE, DELETE ON {', '.join(_KEPT)} FROM {{role}}"),
        sql.SQL(f"REVOKE UPDATE, DELETE ON {', '.join(_FINAL)} FROM {{role}}"),
    ]


def check_role(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """For ``manage.py check --deploy --database default``: whether the application could take the guards off."""
    if connection.alias not in (options.get("databases") or ()):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class
                WHERE oid = to_regclass('books_transfer')"""
        )
        found = cursor.fetchone()
    if not found or not found[0]:
        return []
    return [
        checks.Warning(
            "The application connects as the owner of the books, who can switch their triggers off.",
            hint="Make a role of its own, `manage.py ledger_role ROLE`, and name it in DATABASE_URL.",
            id="books.W001",
        )
    ]
