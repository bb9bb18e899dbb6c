"""What came back from the bank is owed to its person until it is paid again, and booked as an expenditure once."""

from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parents[1] / "sql" / "returns.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0004_parameters"),
        ("books", "0014_drafts_sent_back"),
        ("members", "0001_initial"),
        ("payouts", "0004_returns"),
        ("unions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Return",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("came_back_on", models.DateField(verbose_name="came back on")),
                ("reason", models.CharField(max_length=30, verbose_name="reason")),
                ("bank_code", models.CharField(blank=True, max_length=30, verbose_name="bank's code")),
                ("bank_message", models.CharField(blank=True, max_length=200, verbose_name="bank's message")),
                (
                    "bank_reference",
                    models.CharField(blank=True, max_length=60, verbose_name="bank's reference"),
                ),
                ("is_from_file", models.BooleanField(default=False, verbose_name="said by the bank's file")),
                (
                    "reported_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="reported at"),
                ),
                ("repaid_on", models.DateField(null=True, verbose_name="paid again on")),
            ],
            options={
                "verbose_name": "returned payment",
                "verbose_name_plural": "returned payments",
                "ordering": ["pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="commitment",
            name="paid_commitment_is_posted",
        ),
        migrations.AlterField(
            model_name="commitment",
            name="state",
            field=models.CharField(
                choices=[
                    ("listed", "On the list"),
                    ("approved", "Approved"),
                    ("in_payout", "On its way to the bank"),
                    ("paid", "Paid"),
                    ("failed", "Not paid yet"),
                    ("returned", "Came back from the bank"),
                    ("cancelled", "Cancelled"),
                ],
                default="listed",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("paid_on__isnull", False),
                        ("transaction__isnull", False),
                        ("state__in", ["paid", "returned", "in_payout", "failed"]),
                    ),
                    models.Q(
                        models.Q(("state__in", ["paid", "returned"]), _negated=True),
                        ("paid_on", None),
                        ("transaction", None),
                    ),
                    _connector="OR",
                ),
                name="paid_commitment_is_posted",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="commitment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returns",
                to="benefits.commitment",
                verbose_name="commitment",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="confirmed by",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="line",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="payouts.batchline",
                verbose_name="payout line",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="repaid_with",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="books.transaction",
                verbose_name="paid again with",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="reported_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="reported by",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="transaction",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="books.transaction",
                verbose_name="transaction",
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.UniqueConstraint(
                condition=models.Q(("repaid_with", None)), fields=("commitment",), name="one_return_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="returned_for_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_by", None), ("transaction", None)),
                    models.Q(
                        ("transaction__isnull", False),
                        models.Q(
                            ("is_from_file", True),
                            models.Q(
                                ("confirmed_by__isnull", False),
                                ("reported_by__isnull", False),
                                models.Q(("confirmed_by", models.F("reported_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="return_said_by_bank_or_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("repaid_on", None), ("repaid_with", None)),
                    models.Q(
                        ("repaid_on__isnull", False),
                        ("repaid_with__isnull", False),
                        ("transaction__isnull", False),
                        ("repaid_on__gte", models.F("came_back_on")),
                    ),
                    _connector="OR",
                ),
                name="return_repaid_after_it_came",
            ),
        ),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
