"""Grants to unions (对下补助): from a district to a union below it, under a clause, decided by three people."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from portal.unions.models import UnionKind

from .programme import Programme, ProgrammeVersion


class ReceiverKind(models.Model):
    """A kind of union that the rules give grants to."""

    version = models.ForeignKey(
        ProgrammeVersion,
        verbose_name=_("version"),
        on_delete=models.PROTECT,
        related_name="receiver_kinds",
    )
    kind = models.CharField(_("kind"), max_length=20, choices=UnionKind)

    class Meta:
        verbose_name = _("kind of receiving union")
        verbose_name_plural = _("kinds of receiving unions")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "kind"], name="receiver_kind_named_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class GrantState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    CHECKED = "checked", _("Checked")
    APPROVED = "approved", _("Approved")
    PAID = "paid", _("Paid")
    RETURNED = "returned", _("Sent back")


class UnionGrant(models.Model):
    """One grant to one union for one year; what it says is never changed, it is sent back and proposed anew.

    The database keeps what the receiving union gets in a year within the rules, the three persons apart, and what was
    approved equal to what was checked (sql/grants.sql).
    """

    code = models.CharField(_("code"), max_length=60, unique=True)
    programme = models.ForeignKey(
        Programme, verbose_name=_("programme"), on_delete=models.PROTECT, related_name="grants"
    )
    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("rules"), on_delete=models.PROTECT, related_name="grants"
    )
    payer = models.ForeignKey(
        "unions.Union", verbose_name=_("paid by"), on_delete=models.PROTECT, related_name="grants_given"
    )
    receiver = models.ForeignKey(
        "unions.Union", verbose_name=_("paid to"), on_delete=models.PROTECT, related_name="grants_received"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    amount = MoneyField(_("amount"), max_digits=14, decimal_places=2, default_currency="CNY")
    basis = models.CharField(_("basis"), max_length=500)
    # Of a grant per head: the people counted, and the days of their admission, both included.
    people = models.PositiveIntegerField(_("new members"), null=True)
    admitted_from = models.DateField(_("admitted from"), null=True)
    admitted_to = models.DateField(_("admitted until"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=GrantState, default=GrantState.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"), default=timezone.now)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    checked_at = models.DateTimeField(_("checked at"), null=True)
    checked_digest = models.CharField(_("digest of what was checked"), max_length=64, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    approved_digest = models.CharField(_("digest of what was approved"), max_length=64, blank=True)
    returned_reason = models.CharField(_("reason"), max_length=200, blank=True)
    paid = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("paid in the books"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    received = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("received in the books"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("grant to a union")
        verbose_name_plural = _("grants to unions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="grant_above_zero"),
            models.CheckConstraint(condition=~Q(payer=F("receiver")), name="grant_to_another_union"),
            models.CheckConstraint(condition=~Q(basis=""), name="grant_has_a_basis"),
            models.CheckConstraint(
                condition=Q(people=None, admitted_from=None, admitted_to=None)
                | Q(
                    people__gt=0,
                    people__isnull=False,
                    admitted_from__isnull=False,
                    admitted_to__isnull=False,
                    admitted_from__lte=F("admitted_to"),
                ),
                name="grant_counts_people_of_days",
            ),
            models.CheckConstraint(
                condition=(Q(checked_by=None) | ~Q(checked_by=F("proposed_by")))
                & (Q(approved_by=None) | ~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("checked_by"))),
                name="grant_by_three_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["checked", "approved", "paid"])
                | Q(checked_by__isnull=False, checked_at__isnull=False, checked_digest__gt=""),
                name="grant_checked_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "paid"])
                | Q(
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    approved_digest=F("checked_digest"),
                ),
                name="grant_approved_as_checked",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid__isnull=False)
                | ~Q(state="paid") & Q(paid=None, received=None),
                name="paid_grant_is_posted",
            ),
        ]
        indexes = [models.Index(fields=["receiver", "programme", "year_key"], name="grants_of_a_year")]

    def __str__(self) -> str:
        return self.code


class GrantedMember(models.Model):
    """A new member that a grant counts, as proof; somebody brings money once, unless the grant is sent back."""

    grant = models.ForeignKey(
        UnionGrant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="granted_members"
    )
    membership = models.ForeignKey(
        "members.Membership", verbose_name=_("membership"), on_delete=models.PROTECT, related_name="+"
    )
    is_counted = models.BooleanField(_("counted"), default=True)

    class Meta:
        verbose_name = _("member counted")
        verbose_name_plural = _("members counted")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(is_counted=True), name="new_member_counted_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.membership)
