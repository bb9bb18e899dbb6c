"""Triggers that keep receipt numbers free of gaps and issued receipts unchanged."""

from pathlib import Path

from django.db import migrations

RECEIPTS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (RECEIPTS / "sql" / "receipts.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
