"""Triggers, the posting view, counters and chains; and the official chart of 2021 (财会〔2021〕7号)."""

import csv
from pathlib import Path

from django.db import migrations

BOOKS = Path(__file__).parents[1]


def load_chart(apps, schema_editor):
    Chart = apps.get_model("books", "Chart")
    ChartAccount = apps.get_model("books", "ChartAccount")
    chart = Chart.objects.create(code="2021", document_number="财会〔2021〕7号", effective_from="2022-01-01")
    with (BOOKS / "data" / "chart_2021.csv").open(encoding="utf-8", newline="") as file:
        ChartAccount.objects.bulk_create(
            ChartAccount(
                chart=chart,
                code=row["code"],
                name=row["name"],
                name_en=row["name_en"],
                account_class=row["account_class"],
                normal_side=row["normal_side"],
                in_grassroots=row["in_grassroots"] == "1",
                in_county=row["in_county"] == "1",
            )
            for row in csv.DictReader(file)
        )


class Migration(migrations.Migration):
    dependencies = [("books", "0001_initial")]

    operations = [
        migrations.RunPython(load_chart, migrations.RunPython.noop),
        migrations.RunSQL((BOOKS / "sql" / "kernel.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
