from pathlib import Path

from django.db import migrations

BOOKS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [
        ("books", "0011_two_sides"),
    ]

    operations = [
        migrations.RunSQL(
            (BOOKS / "sql" / "application_role.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
