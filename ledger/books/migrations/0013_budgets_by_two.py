from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

BOOKS = Path(__file__).parents[1]
# What one person had set waits for another person as a proposal.
PROPOSALS = """
DROP TRIGGER budget_is_checked ON books_accountbudget;
INSERT INTO books_budget (book_id, year, approval, proposed_by_id, proposed_at)
SELECT book_id, year, '原批准文件见操作日志', min(set_by_id), min(set_at) FROM books_accountbudget GROUP BY book_id, year;
UPDATE books_accountbudget a SET budget_id = b.id FROM books_budget b WHERE b.book_id = a.book_id AND b.year = a.year;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("books", "0012_application_role"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("approval", models.CharField(max_length=120, verbose_name="approved by document")),
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposed at"),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="confirmed at"),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="books.book",
                        verbose_name="book",
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget of a year",
                "verbose_name_plural": "budgets of years",
                "ordering": ["year", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(approval=""), name="budget_names_its_approval"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(confirmed_by=None)
                        | ~models.Q(confirmed_by=models.F("proposed_by")),
                        name="budget_confirmed_by_another",
                    ),
                    models.UniqueConstraint(
                        fields=["book", "year"],
                        condition=models.Q(confirmed_by=None),
                        name="one_proposed_budget_per_year",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="accountbudget",
            name="budget",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="books.budget",
                verbose_name="budget",
            ),
        ),
        migrations.RunSQL(PROPOSALS, migrations.RunSQL.noop),
        migrations.AlterModelOptions(
            name="accountbudget",
            options={
                "ordering": ["account__code"],
                "verbose_name": "budget of an account",
                "verbose_name_plural": "budgets of accounts",
            },
        ),
        migrations.RemoveConstraint(model_name="accountbudget", name="one_budget_per_account_and_year"),
        migrations.RemoveField(model_name="accountbudget", name="book"),
        migrations.RemoveField(model_name="accountbudget", name="set_at"),
        migrations.RemoveField(model_name="accountbudget", name="set_by"),
        migrations.RemoveField(model_name="accountbudget", name="year"),
        migrations.AlterField(
            model_name="accountbudget",
            name="budget",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="books.budget",
                verbose_name="budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountbudget",
            constraint=models.UniqueConstraint(fields=("budget", "account"), name="one_budget_per_account"),
        ),
        migrations.RunSQL(
            (BOOKS / "sql" / "budgets_by_two.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
