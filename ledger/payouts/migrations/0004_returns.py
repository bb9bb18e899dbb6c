"""A paid line may come back from the bank; it keeps the day on which it was paid."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parents[1] / "sql" / "returns.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0003_bank_refuses_the_file"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="batchline",
            name="payout_line_paid_when",
        ),
        migrations.AddField(
            model_name="batchline",
            name="returned_on",
            field=models.DateField(null=True, verbose_name="came back on"),
        ),
        migrations.AlterField(
            model_name="batchline",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting to be sent"),
                    ("sent", "Sent to the bank"),
                    ("paid", "Paid"),
                    ("returned", "Came back"),
                    ("failed", "Not paid"),
                    ("unknown", "The bank has not decided"),
                    ("withdrawn", "Withdrawn"),
                    ("refused", "Refused by the bank"),
                ],
                default="waiting",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("reason", ""),
                        ("returned_on", None),
                        ("settled_on__isnull", False),
                        ("state", "paid"),
                    ),
                    models.Q(
                        ("returned_on__isnull", False),
                        ("settled_on__isnull", False),
                        ("state", "returned"),
                        ("returned_on__gte", models.F("settled_on")),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state__in", ["paid", "returned"]), _negated=True),
                        ("returned_on", None),
                        ("settled_on", None),
                    ),
                    _connector="OR",
                ),
                name="payout_line_paid_when",
            ),
        ),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
