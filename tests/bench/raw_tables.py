"""The ledger's tables without its rules: the same columns, defaults, indexes and room on each page."""

from __future__ import annotations

from django.db import connection


def create(*names: str, app: str = "books") -> None:
    """``raw_<name>`` beside the app's own; foreign keys, checks and triggers are the rules that it goes without."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TABLE IF EXISTS raw_{name}")
            cursor.execute(
                f"CREATE TABLE raw_{name}"
                f" (LIKE {app}_{name} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)"
            )
            cursor.execute(
                "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = %s::regclass",
                [f"{app}_{name}"],
            )
            if options := cursor.fetchone()[0]:
                cursor.execute(f"ALTER TABLE raw_{name} SET ({options})")
