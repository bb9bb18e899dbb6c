"""The parameters of rules as typed columns, with their levels, prizes, evidence and exclusions."""

from pathlib import Path

import django.db.models.deletion
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

PARAMETERS = Path(__file__).parents[1] / "sql" / "parameters.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0003_decided_stays_decided"),
        ("content", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AmountTier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=30, verbose_name="code")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("name_en", models.CharField(max_length=120, verbose_name="name in English")),
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
            ],
            options={
                "verbose_name": "level",
                "verbose_name_plural": "levels",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="EvidenceKind",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ticket", "Ticket in the member's own name"),
                            ("certificate", "Certificate with its number and a picture"),
                            ("levy_receipt", "Receipt of the levy"),
                        ],
                        max_length=20,
                        verbose_name="evidence",
                    ),
                ),
            ],
            options={
                "verbose_name": "kind of evidence",
                "verbose_name_plural": "kinds of evidence",
                "ordering": ["kind"],
            },
        ),
        migrations.CreateModel(
            name="ExclusiveProgramme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "exclusive programme",
                "verbose_name_plural": "exclusive programmes",
            },
        ),
        migrations.CreateModel(
            name="RankPrize",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(verbose_name="rank")),
                (
                    "amount_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[("CNY", "Chinese Yuan")], default="CNY", editable=False, max_length=3
                    ),
                ),
                (
                    "amount",
                    djmoney.models.fields.MoneyField(decimal_places=2, max_digits=12, verbose_name="prize"),
                ),
            ],
            options={
                "verbose_name": "prize",
                "verbose_name_plural": "prizes",
                "ordering": ["rank"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="programmeversion",
            name="benefit_above_zero",
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="amount_max",
            field=djmoney.models.fields.MoneyField(
                blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="highest amount"
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="amount_max_currency",
            field=djmoney.models.fields.CurrencyField(
                choices=[("CNY", "Chinese Yuan")], default="CNY", editable=False, max_length=3, null=True
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="amount_rule",
            field=models.CharField(
                choices=[
                    ("fixed", "Fixed amount"),
                    ("tiers", "By level"),
                    ("actual_cost", "Actual cost up to a ceiling"),
                    ("per_head", "Per head up to a cap"),
                    ("range", "Between two amounts, decided by people"),
                    ("levy_share", "A share of the levy received"),
                    ("prizes", "Prizes by rank"),
                ],
                default="fixed",
                max_length=20,
                verbose_name="how the amount is found",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="apply_until_day",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="apply until: day"),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="apply_until_month",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="apply until: month"),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="cap",
            field=djmoney.models.fields.MoneyField(
                blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="cap"
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="cap_currency",
            field=djmoney.models.fields.CurrencyField(
                choices=[("CNY", "Chinese Yuan")], default="CNY", editable=False, max_length=3, null=True
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="cap_scope",
            field=models.CharField(
                blank=True,
                choices=[("union_year", "Receiving union and calendar year")],
                max_length=20,
                verbose_name="the cap holds for",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="cutoff_rule",
            field=models.CharField(
                choices=[
                    ("active_on_list_date", "Member on the date of the list"),
                    ("joined_by", "Joined by a day of the year"),
                ],
                default="active_on_list_date",
                max_length=20,
                verbose_name="member since when",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="hold_years",
            field=models.PositiveSmallIntegerField(
                default=1, verbose_name="held until the end of the year after, years"
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="joined_by",
            field=models.DateField(blank=True, null=True, verbose_name="joined by"),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="levy_basis_points",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="basis points of the levy"
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="once_scope",
            field=models.CharField(
                choices=[
                    ("person_year", "Once per person and year"),
                    ("occupation_level", "Once per person, occupation and level, and once a year"),
                ],
                default="person_year",
                max_length=20,
                verbose_name="how often",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="payee",
            field=models.CharField(
                choices=[
                    ("member_card", "The member's own card"),
                    ("receiving_union", "The receiving union"),
                ],
                default="member_card",
                max_length=20,
                verbose_name="paid to",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="post_event_rule",
            field=models.CharField(
                choices=[
                    ("pay_if_eligible", "Pay whoever was eligible on the date of the list"),
                    ("stop", "Do not pay after leaving or death"),
                ],
                default="pay_if_eligible",
                max_length=20,
                verbose_name="after leaving or death",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="requires_dues",
            field=models.BooleanField(default=False, verbose_name="only with dues paid"),
        ),
        migrations.AddField(
            model_name="amounttier",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tiers",
                to="benefits.programmeversion",
                verbose_name="version",
            ),
        ),
        migrations.AddField(
            model_name="evidencekind",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evidence_kinds",
                to="benefits.programmeversion",
                verbose_name="version",
            ),
        ),
        migrations.AddField(
            model_name="exclusiveprogramme",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="benefits.programme", verbose_name="programme"
            ),
        ),
        migrations.AddField(
            model_name="exclusiveprogramme",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                to="benefits.programmeversion",
                verbose_name="version",
            ),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="exclusive_with",
            field=models.ManyToManyField(
                blank=True,
                related_name="+",
                through="benefits.ExclusiveProgramme",
                to="benefits.programme",
                verbose_name="not together with",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0),
                    models.Q(("amount__gte", 0), ("amount_rule__in", ["tiers", "levy_share", "prizes"])),
                    _connector="OR",
                ),
                name="benefit_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_rule", "per_head"), ("cap__gt", 0), ("cap_scope__gt", "")),
                    models.Q(
                        models.Q(("amount_rule", "per_head"), _negated=True), ("cap", None), ("cap_scope", "")
                    ),
                    _connector="OR",
                ),
                name="cap_for_amounts_per_head",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_max__gte", models.F("amount")),
                        ("amount_max__isnull", False),
                        ("amount_rule", "range"),
                    ),
                    models.Q(models.Q(("amount_rule", "range"), _negated=True), ("amount_max", None)),
                    _connector="OR",
                ),
                name="range_has_two_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_rule", "levy_share"),
                        ("levy_basis_points__gte", 1),
                        ("levy_basis_points__isnull", False),
                        ("levy_basis_points__lte", 10000),
                    ),
                    models.Q(
                        models.Q(("amount_rule", "levy_share"), _negated=True), ("levy_basis_points", None)
                    ),
                    _connector="OR",
                ),
                name="levy_share_within_the_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cutoff_rule", "joined_by"), ("joined_by__isnull", False)),
                    models.Q(models.Q(("cutoff_rule", "joined_by"), _negated=True), ("joined_by", None)),
                    _connector="OR",
                ),
                name="cutoff_has_its_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("apply_until_day", None), ("apply_until_month", None)),
                    models.Q(
                        ("apply_until_day__isnull", False),
                        ("apply_until_day__range", (1, 31)),
                        ("apply_until_month__isnull", False),
                        ("apply_until_month__range", (1, 12)),
                    ),
                    _connector="OR",
                ),
                name="apply_until_is_a_day",
            ),
        ),
        migrations.AddField(
            model_name="rankprize",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="prizes",
                to="benefits.programmeversion",
                verbose_name="version",
            ),
        ),
        migrations.AddConstraint(
            model_name="amounttier",
            constraint=models.UniqueConstraint(fields=("version", "code"), name="one_amount_per_tier"),
        ),
        migrations.AddConstraint(
            model_name="amounttier",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="tier_not_below_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidencekind",
            constraint=models.UniqueConstraint(fields=("version", "kind"), name="evidence_named_once"),
        ),
        migrations.AddConstraint(
            model_name="exclusiveprogramme",
            constraint=models.UniqueConstraint(fields=("version", "programme"), name="exclusion_named_once"),
        ),
        migrations.AddConstraint(
            model_name="rankprize",
            constraint=models.UniqueConstraint(fields=("version", "rank"), name="one_prize_per_rank"),
        ),
        migrations.AddConstraint(
            model_name="rankprize",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("rank__gte", 1)), name="prize_above_zero"
            ),
        ),
        migrations.RunSQL(PARAMETERS.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
