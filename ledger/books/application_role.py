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
_FINAL = ("books_transaction", "books_transfer", "books_anchor", "books_chart", "books_chartaccount")
# Added to and changed, never taken away.
_STAYING = ("books_book", "books_account", "books_period", "books_bankaccount")
# Who owns the database or the schema drops what others own in it; who may create in it puts a function before ours.
_ROLE = """
SELECT r.rolsuper OR pg_has_role(r.oid, d.datdba, 'MEMBER') OR pg_has_role(r.oid, n.nspowner, 'MEMBER')
       OR EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND pg_has_role(r.oid, relowner, 'MEMBER')),
       has_schema_privilege(r.oid, n.oid, 'CREATE')
  FROM pg_roles r, pg_database d, pg_namespace n
 WHERE d.datname = current_database() AND n.nspname = 'public' AND r.rolname = coalesce(%s, current_user)
"""


@transaction.atomic
def grant(role: str) -> None:
    """Give a role what the application needs, anew after every migration; run as the owner of the tables.

    Raises RoleRefused when there is no such role, or when it could take the guards off.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ROLE, [role])
        found = cursor.fetchone()
        if found is None:
            raise RoleRefused(_("There is no database role “%(role)s”.") % {"role": role})
        is_owner, may_create = found
        if is_owner:
            raise RoleRefused(
                _("“%(role)s” owns the tables or may do anything. The application needs a role of its own.")
                % {"role": role}
            )
        if may_create:
            raise RoleRefused(
                _(
                    "“%(role)s” may create tables and functions in schema public. As the owner of the database: "
                    "REVOKE CREATE ON SCHEMA public FROM PUBLIC, and from the role."
                )
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
        sql.SQL(f"REVOKE DELETE ON {', '.join(_STAYING)} FROM {{role}}"),
        # A column that nothing depends on: without any, no row could be locked.
        sql.SQL("REVOKE UPDATE ON books_bankaccount FROM {role}"),
        sql.SQL("GRANT UPDATE (bank) ON books_bankaccount TO {role}"),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}"),
    ]


def check_role(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """For ``manage.py check --deploy --database default``: whether the application could take the guards off."""
    if connection.alias not in (options.get("databases") or ()):
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('books_transfer')")
        if cursor.fetchone() == (None,):
            return []
        cursor.execute(_ROLE, [None])
        found = cursor.fetchone()
    if not found or not any(found):
        return []
    return [
        checks.Warning(
            "The application connects as a role that can take the guards of the books off: a superuser, a member of "
            "the owner of the tables, of schema public or of the database, or one that may create in schema public.",
            hint="Make a role of its own, `manage.py ledger_role ROLE`, and name it in DATABASE_URL.",
            id="books.W001",
        )
    ]
