"""Triggers that keep totals, two persons and the bank's answers, and the sequence of batch codes."""

from pathlib import Path

from django.db import migrations

PAYOUTS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (PAYOUTS / "sql" / "payouts.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
