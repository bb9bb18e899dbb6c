"""What a list pays, counted by the database; budgets and digests of lists are computed from it."""

from pathlib import Path

import django.db.models.deletion
import djmoney.models.fields
from django.db import migrations, models

AMOUNTS = Path(__file__).parents[1] / "sql" / "amounts.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0007_waiting_list"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[("CNY", "Chinese Yuan")], default="CNY", editable=False, max_length=3
                    ),
                ),
                (
                    "amount",
                    djmoney.models.fields.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount"),
                ),
                ("people", models.PositiveIntegerField(verbose_name="members")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amounts",
                        to="benefits.run",
                        verbose_name="list",
                    ),
                ),
            ],
            options={
                "verbose_name": "amount on a list",
                "verbose_name_plural": "amounts on a list",
                "ordering": ["amount"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "amount"), name="amount_once_per_list"),
                    models.CheckConstraint(
                        condition=models.Q(("people__gte", 1)), name="amount_for_somebody"
                    ),
                ],
            },
        ),
        migrations.RunSQL(AMOUNTS.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
