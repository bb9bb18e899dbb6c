"""TRUNCATE is refused on every table of receipts."""

from pathlib import Path

from django.db import migrations

RECEIPTS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("receipts", "0002_receipts_are_final")]

    operations = [
        migrations.RunSQL(
            (RECEIPTS / "sql" / "truncate.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
