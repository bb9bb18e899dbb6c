"""A waiting list in order: a claim can wait for a place, and a place that is given up goes to the first in line."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WAITING_LIST = Path(__file__).parents[1] / "sql" / "waiting_list.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0006_grants_to_unions"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="claim",
            options={
                "ordering": ["place_number", "waiting_number"],
                "verbose_name": "claim",
                "verbose_name_plural": "claims",
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="waitlist",
            field=models.BooleanField(
                default=True,
                help_text="When all places are taken, whoever applies can wait in line until the campaign closes.",
                verbose_name="waiting list",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="promoted_at",
            field=models.DateTimeField(null=True, verbose_name="given a place from the waiting list"),
        ),
        migrations.AddField(
            model_name="claim",
            name="waiting_number",
            field=models.PositiveIntegerField(null=True, verbose_name="waiting number"),
        ),
        migrations.AlterField(
            model_name="claim",
            name="place",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="claims",
                to="benefits.place",
                verbose_name="place",
            ),
        ),
        migrations.AlterField(
            model_name="claim",
            name="place_number",
            field=models.PositiveIntegerField(null=True, verbose_name="place number"),
        ),
        migrations.AlterField(
            model_name="claim",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "On the waiting list"),
                    ("submitted", "Submitted"),
                    ("verified", "Evidence checked"),
                    ("approved", "Approved"),
                    ("rejected", "Refused"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="submitted",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["campaign", "waiting_number"],
                name="line_of_campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("waiting_number__isnull", False)),
                fields=("campaign", "waiting_number"),
                name="one_claim_per_waiting_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("place", None),
                        ("place_number", None),
                        ("promoted_at", None),
                        ("waiting_number__isnull", False),
                        ("state__in", ["waiting", "rejected", "withdrawn"]),
                    ),
                    models.Q(
                        ("place__isnull", False),
                        ("place_number__isnull", False),
                        models.Q(("state", "waiting"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="claim_waits_or_has_a_place",
            ),
        ),
        migrations.RunSQL(WAITING_LIST.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
