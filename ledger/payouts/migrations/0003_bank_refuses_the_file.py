"""A released batch may be refused by the bank as a whole: reported by one person, confirmed by another."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PAYOUTS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [
        ("books", "0007_proof"),
        ("payouts", "0002_payouts_are_guarded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="batch",
            name="payout_released_by_somebody",
        ),
        migrations.AddField(
            model_name="batch",
            name="refusal_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="why the bank refused the file"),
        ),
        migrations.AddField(
            model_name="batch",
            name="refusal_reported_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="refusal reported by",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="refused_at",
            field=models.DateTimeField(null=True, verbose_name="refused at"),
        ),
        migrations.AddField(
            model_name="batch",
            name="refused_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="refusal confirmed by",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="state",
            field=models.CharField(
                choices=[
                    ("prepared", "Prepared"),
                    ("released", "Released"),
                    ("sent", "Sent to the bank"),
                    ("settled", "Settled"),
                    ("withdrawn", "Withdrawn"),
                    ("refused", "Refused by the bank"),
                ],
                default="prepared",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="batchline",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting to be sent"),
                    ("sent", "Sent to the bank"),
                    ("paid", "Paid"),
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
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("released_at", None), ("released_by", None), ("state__in", ["prepared", "withdrawn"])
                    ),
                    models.Q(
                        ("released_at__isnull", False),
                        ("released_by__isnull", False),
                        ("state__in", ["released", "sent", "settled", "refused"]),
                    ),
                    _connector="OR",
                ),
                name="payout_released_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("state", "refused"), _negated=True),
                        ("refused_at", None),
                        ("refused_by", None),
                    ),
                    models.Q(
                        ("refused_at__isnull", False),
                        ("refused_by__isnull", False),
                        ("state", "refused"),
                        ("refusal_reported_by__isnull", False),
                        models.Q(("refusal_reason", ""), _negated=True),
                        models.Q(("refused_by", models.F("refusal_reported_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payout_refused_by_two",
            ),
        ),
        migrations.RunSQL(
            (PAYOUTS / "sql" / "refusals.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
