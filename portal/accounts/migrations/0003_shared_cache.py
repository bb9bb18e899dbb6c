"""The table of the shared cache: rate limits and used one-time codes must hold across all server processes."""

from django.db import migrations

SQL = """
CREATE UNLOGGED TABLE puhui_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX puhui_cache_expires ON puhui_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_is_append_only")]

    operations = [migrations.RunSQL(SQL, "DROP TABLE puhui_cache")]
