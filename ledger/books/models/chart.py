"""What every book shares: sides, classes and the official charts of accounts (会计科目表)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    DEBIT = "D", _("Debit")  # 借
    CREDIT = "C", _("Credit")  # 贷


class AccountClass(models.TextChoices):
    ASSET = "asset", _("Assets")  # 资产
    LIABILITY = "liability", _("Liabilities")  # 负债
    NET_ASSET = "net_asset", _("Net assets")  # 净资产
    INCOME = "income", _("Income")  # 收入
    EXPENSE = "expense", _("Expenditure")  # 支出


class BookKind(models.TextChoices):
    GRASSROOTS = "grassroots", _("Grassroots union")  # 基层工会
    COUNTY = "county", _("County level and above")  # 县级以上工会


class FundSource(models.TextChoices):
    """Where spent money comes from; decides whether it closes to 321 or to 322."""

    OWN = "own", _("Own funds")  # 自有经费
    EARMARKED = "earmarked", _("Earmarked subsidy from above")  # 上级专项补助


class Nature(models.TextChoices):
    """Basic or project expenditure (总说明 二): 基本支出 keeps the union running, 项目支出 has a named purpose."""

    BASIC = "basic", _("Basic expenditure")  # 基本支出
    PROJECT = "project", _("Project expenditure")  # 项目支出


class Chart(models.Model):
    """An official chart of accounts (会计科目表) with the days on which it is in force."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    document_number = models.CharField(_("document number"), max_length=40)  # 文号
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("in force until"), null=True, blank=True)

    class Meta:
        verbose_name = _("chart of accounts")
        verbose_name_plural = _("charts of accounts")

    def __str__(self) -> str:
        return self.document_number


class ChartAccount(models.Model):
    """One official account: nobody adds, merges or renames level-1 accounts (总说明 一)."""

    chart = models.ForeignKey(
        Chart, verbose_name=_("chart"), on_delete=models.PROTECT, related_name="accounts"
    )
    code = models.CharField(_("code"), max_length=10)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    account_class = models.CharField(_("class"), max_length=10, choices=AccountClass)
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    in_grassroots = models.BooleanField(_("in the grassroots table"))
    in_county = models.BooleanField(_("in the county-and-above table"))

    class Meta:
        verbose_name = _("official account")
        verbose_name_plural = _("official accounts")
        constraints = [models.UniqueConstraint(fields=["chart", "code"], name="one_account_per_chart_code")]
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
