"""The register of members (会籍): persons, their membership periods, and the card that money is paid to."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from portal.accounts.phones import mask_phone

from .identity import mask_card, mask_name


class JobGroup(models.TextChoices):
    """The eight groups (八大群体) of 津东总工发[2019]22号 一(二)5(2), with 鲁会〔2019〕54号's cleaners."""

    TRUCK_DRIVER = "truck_driver", _("Truck driver")  # 货车司机
    COURIER = "courier", _("Courier")  # 快递员
    CARE_WORKER = "care_worker", _("Care worker")  # 护工护理员
    DOMESTIC_WORKER = "domestic_worker", _("Domestic worker")  # 家政服务员
    MALL_PROMOTER = "mall_promoter", _("Mall promoter")  # 商场信息员
    FOOD_DELIVERY = "food_delivery", _("Food delivery rider")  # 网约送餐员
    ESTATE_AGENT = "estate_agent", _("Estate agent")  # 房产中介员
    SECURITY = "security", _("Security guard")  # 保安员
    CLEANER = "cleaner", _("Cleaner")  # 保洁员
    OTHER = "other", _("Other")


class Member(models.Model):
    """One person, known once in the whole federation. The three populations are separate facts, not one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sign-in"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="member",
    )
    name = models.CharField(_("name"), max_length=50)
    id_number = EncryptedCharField(_("resident ID number"), max_length=255)
    id_number_index = models.CharField(
        _("index of the ID number"), max_length=64, unique=True, editable=False
    )
    id_number_last4 = models.CharField(_("last four of the ID number"), max_length=4, editable=False)
    born_on = models.DateField(_("born on"))
    phone = models.CharField(_("mobile phone"), max_length=20, db_index=True)
    job_group = models.CharField(_("job group"), max_length=20, choices=JobGroup, default=JobGroup.OTHER)
    is_migrant_worker = models.BooleanField(_("migrant worker"), default=False)  # 农民工
    is_nonlocal_worker = models.BooleanField(_("non-local worker"), default=False)  # 外来务工
    is_casual_worker = models.BooleanField(_("casual worker"), default=False)  # 零散就业
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")

    def __str__(self) -> str:
        return self.name

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_id_number(self) -> str:
        return f"{'*' * 14}{self.id_number_last4}"

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)


class Membership(models.Model):
    """A person's membership in one union (会籍); at any day a person has at most one (一次入会、动态接转)."""

    member = models.ForeignKey(
        Member, verbose_name=_("member"), on_delete=models.PROTECT, related_name="memberships"
    )
    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="memberships"
    )
    number = models.CharField(_("member number"), max_length=30, unique=True)
    started_on = models.DateField(_("since"))
    ended_on = models.DateField(_("until"), null=True, blank=True)
    end_reason = models.CharField(_("reason for leaving"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")),
                name="membership_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="one_membership_at_a_time",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    (
                        Func(
                            F("started_on"),
                            F("ended_on"),
                            Value("[]"),
                            function="DATERANGE",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CardStatus(models.TextChoices):
    ACTIVE = "active", _("In use")
    REJECTED = "rejected", _("Refused by the bank")
    REPLACED = "replaced", _("Replaced")


class ServiceCard(models.Model):
    """A member's own service card (会员服务卡), the only card a benefit is paid to (三(一)1)."""

    member = models.ForeignKey(
        Member, verbose_name=_("member"), on_delete=models.PROTECT, related_name="cards"
    )
    bank = models.CharField(_("bank"), max_length=60)
    number = EncryptedCharField(_("card number"), max_length=255)
    number_index = models.CharField(
        _("index of the card number"), max_length=64, db_index=True, editable=False
    )
    last4 = models.CharField(_("last four digits"), max_length=4, editable=False)
    holder = models.CharField(_("name on the card"), max_length=50)
    status = models.CharField(_("status"), max_length=10, choices=CardStatus, default=CardStatus.ACTIVE)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)

    class Meta:
        verbose_name = _("service card")
        verbose_name_plural = _("service cards")
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status__in=["active", "rejected"]),
                name="one_current_card_per_member",
            ),
            models.UniqueConstraint(
                fields=["number_index"], condition=Q(status="active"), name="one_member_per_active_card"
            ),
        ]

    def __str__(self) -> str:
        return mask_card(self.last4)
