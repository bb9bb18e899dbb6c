"""Grants to unions, with the kinds of union that rules give them to and the new members that they count."""

from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

GRANTS = Path(__file__).parents[1] / "sql" / "grants.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0005_returns"),
        ("books", "0014_drafts_sent_back"),
        ("members", "0001_initial"),
        ("unions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="programme",
            name="kind",
            field=models.CharField(
                choices=[
                    ("run", "Paid by list"),
                    ("claim", "First come until full"),
                    ("award", "Award on application"),
                    ("grant", "Grant to unions"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="UnionGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, unique=True, verbose_name="code")),
                ("year_key", models.PositiveSmallIntegerField(verbose_name="year")),
                (
                    "amount_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[("CNY", "Chinese Yuan")], default="CNY", editable=False, max_length=3
                    ),
                ),
                (
                    "amount",
                    djmoney.models.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("basis", models.CharField(max_length=500, verbose_name="basis")),
                ("people", models.PositiveIntegerField(null=True, verbose_name="new members")),
                ("admitted_from", models.DateField(null=True, verbose_name="admitted from")),
                ("admitted_to", models.DateField(null=True, verbose_name="admitted until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("checked", "Checked"),
                            ("approved", "Approved"),
                            ("paid", "Paid"),
                            ("returned", "Sent back"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposed at"),
                ),
                ("checked_at", models.DateTimeField(null=True, verbose_name="checked at")),
                (
                    "checked_digest",
                    models.CharField(blank=True, max_length=64, verbose_name="digest of what was checked"),
                ),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved at")),
                (
                    "approved_digest",
                    models.CharField(blank=True, max_length=64, verbose_name="digest of what was approved"),
                ),
                ("returned_reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "paid",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="books.transaction",
                        verbose_name="paid in the books",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants_given",
                        to="unions.union",
                        verbose_name="paid by",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="benefits.programme",
                        verbose_name="programme",
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
                (
                    "received",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="books.transaction",
                        verbose_name="received in the books",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants_received",
                        to="unions.union",
                        verbose_name="paid to",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="benefits.programmeversion",
                        verbose_name="rules",
                    ),
                ),
            ],
            options={
                "verbose_name": "grant to a union",
                "verbose_name_plural": "grants to unions",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="GrantedMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_counted", models.BooleanField(default=True, verbose_name="counted")),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.membership",
                        verbose_name="membership",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="granted_members",
                        to="benefits.uniongrant",
                        verbose_name="grant",
                    ),
                ),
            ],
            options={
                "verbose_name": "member counted",
                "verbose_name_plural": "members counted",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ReceiverKind",
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
                            ("provincial", "Provincial federation"),
                            ("municipal", "Municipal federation"),
                            ("district", "District federation"),
                            ("street", "Street federation"),
                            ("industry", "Industry federation"),
                            ("community", "Community union"),
                            ("enterprise", "Enterprise union"),
                            ("building", "Building union"),
                            ("park", "Park union"),
                            ("project", "Project union"),
                            ("subcontractor", "Subcontractor union"),
                            ("joint", "Joint union of flexible workers"),
                            ("branch", "Branch or group"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receiver_kinds",
                        to="benefits.programmeversion",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "kind of receiving union",
                "verbose_name_plural": "kinds of receiving unions",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "kind"), name="receiver_kind_named_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="uniongrant",
            index=models.Index(fields=["receiver", "programme", "year_key"], name="grants_of_a_year"),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="grant_above_zero"),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("payer", models.F("receiver")), _negated=True),
                name="grant_to_another_union",
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis", ""), _negated=True), name="grant_has_a_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("admitted_from", None), ("admitted_to", None), ("people", None)),
                    models.Q(
                        ("admitted_from__isnull", False),
                        ("admitted_from__lte", models.F("admitted_to")),
                        ("admitted_to__isnull", False),
                        ("people__gt", 0),
                        ("people__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="grant_counts_people_of_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("checked_by", None),
                        models.Q(("checked_by", models.F("proposed_by")), _negated=True),
                        _connector="OR",
                    ),
                    models.Q(
                        ("approved_by", None),
                        models.Q(
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            models.Q(("approved_by", models.F("checked_by")), _negated=True),
                        ),
                        _connector="OR",
                    ),
                ),
                name="grant_by_three_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["checked", "approved", "paid"]), _negated=True),
                    models.Q(
                        ("checked_at__isnull", False),
                        ("checked_by__isnull", False),
                        ("checked_digest__gt", ""),
                    ),
                    _connector="OR",
                ),
                name="grant_checked_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["approved", "paid"]), _negated=True),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("approved_by__isnull", False),
                        ("approved_digest", models.F("checked_digest")),
                    ),
                    _connector="OR",
                ),
                name="grant_approved_as_checked",
            ),
        ),
        migrations.AddConstraint(
            model_name="uniongrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid__isnull", False), ("state", "paid")),
                    models.Q(models.Q(("state", "paid"), _negated=True), ("paid", None), ("received", None)),
                    _connector="OR",
                ),
                name="paid_grant_is_posted",
            ),
        ),
        migrations.AddConstraint(
            model_name="grantedmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_counted", True)),
                fields=("membership",),
                name="new_member_counted_once",
            ),
        ),
        migrations.RunSQL(GRANTS.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
