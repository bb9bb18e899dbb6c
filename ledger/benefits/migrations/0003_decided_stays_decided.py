"""Lists, claims, places, payments and budgets stay as they were decided; why a payment is left out of a payout."""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

BENEFITS = Path(__file__).parents[1]


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0002_guards"),
        ("books", "0007_proof"),
        ("unions", "0001_initial"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="commitment",
            name="left_out",
            field=models.CharField(
                blank=True, max_length=200, verbose_name="left out of the last payout because"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verified_by", None),
                    ("entered_by", None),
                    models.Q(("verified_by", models.F("entered_by")), _negated=True),
                    _connector="OR",
                ),
                name="claim_verified_by_another",
            ),
        ),
        migrations.RunSQL(
            (BENEFITS / "sql" / "final.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
