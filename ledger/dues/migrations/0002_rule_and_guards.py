"""The first dues rule, and the triggers that keep what was paid."""

from pathlib import Path

from django.db import migrations

DUES = Path(__file__).parents[1]


def load_rule(apps, schema_editor):
    apps.get_model("dues", "DuesRule").objects.create(
        effective_from="2019-03-15", monthly="2.00", source="津东总工发[2019]22号 三(一)1"
    )


class Migration(migrations.Migration):
    dependencies = [("dues", "0001_initial")]

    operations = [
        migrations.RunPython(load_rule, migrations.RunPython.noop),
        migrations.RunSQL((DUES / "sql" / "guards.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
