"""Triggers that keep the chain of balances, the sums of matches and the history of both."""

from pathlib import Path

from django.db import migrations

RECONCILIATION = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0001_initial"), ("books", "0002_kernel")]

    operations = [
        migrations.RunSQL(
            (RECONCILIATION / "sql" / "reconciliation.sql").read_text(encoding="utf-8"),
            migrations.RunSQL.noop,
        ),
    ]
