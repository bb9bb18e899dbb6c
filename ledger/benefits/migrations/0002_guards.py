"""Triggers that keep rules in force and money paid as they are."""

from pathlib import Path

from django.db import migrations

BENEFITS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [("benefits", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (BENEFITS / "sql" / "guards.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
