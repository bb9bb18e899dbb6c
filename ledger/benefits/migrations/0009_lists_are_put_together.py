"""Lists are put together in the background: the state before approval, its cursor and its guards."""

from pathlib import Path

import django.utils.timezone
import djmoney.models.fields
import djmoney.money
from django.db import migrations, models

PREPARING = Path(__file__).parents[1] / "sql" / "preparing.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0008_what_a_list_pays"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="expected",
            field=models.PositiveIntegerField(default=0, verbose_name="to be looked at"),
        ),
        migrations.AddField(
            model_name="run",
            name="last_member",
            field=models.BigIntegerField(default=0, verbose_name="last member"),
        ),
        migrations.AddField(
            model_name="run",
            name="moved_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="moved at"),
        ),
        migrations.AddField(
            model_name="run",
            name="reached",
            field=models.BigIntegerField(default=0, verbose_name="done up to member"),
        ),
        migrations.AlterField(
            model_name="run",
            name="count",
            field=models.PositiveIntegerField(default=0, verbose_name="members"),
        ),
        migrations.AlterField(
            model_name="run",
            name="state",
            field=models.CharField(
                choices=[
                    ("preparing", "Being put together"),
                    ("prepared", "Waiting for approval"),
                    ("approved", "Approved"),
                    ("returned", "Sent back"),
                ],
                default="preparing",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="total",
            field=djmoney.models.fields.MoneyField(
                decimal_places=2, default=djmoney.money.Money(0, "CNY"), max_digits=16, verbose_name="total"
            ),
        ),
        migrations.RunSQL(PREPARING.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
