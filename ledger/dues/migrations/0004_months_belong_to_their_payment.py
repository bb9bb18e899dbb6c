"""Triggers: months belong to their payment, reversals take two persons, messages stay, nothing is emptied."""

from pathlib import Path

from django.db import migrations

DUES = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("dues", "0003_request_keys_and_reversals")]

    operations = [
        migrations.RunSQL(
            (DUES / "sql" / "guards_of_months.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
