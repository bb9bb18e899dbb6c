"""The federation tree (工会组织体系) and the territories it serves; kinds after 津东总工发[2019]22号 一(二)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node


class UnionKind(models.TextChoices):
    PROVINCIAL = "provincial", _("Provincial federation")  # 省总工会
    MUNICIPAL = "municipal", _("Municipal federation")  # 市总工会
    DISTRICT = "district", _("District federation")  # 区总工会
    STREET = "street", _("Street federation")  # 街道总工会
    INDUSTRY = "industry", _("Industry federation")  # 行业工会联合会
    COMMUNITY = "community", _("Community union")  # 社区工会
    ENTERPRISE = "enterprise", _("Enterprise union")  # 企业工会
    BUILDING = "building", _("Building union")  # 楼宇工会
    PARK = "park", _("Park union")  # 园区工会
    PROJECT = "project", _("Project union")  # 工程项目工会
    SUBCONTRACTOR = "subcontractor", _("Subcontractor union")  # 分包队伍工会
    JOINT = "joint", _("Joint union of flexible workers")  # 灵活就业人员联合工会
    BRANCH = "branch", _("Branch or group")  # 分会、小组


COUNTY_AND_ABOVE = frozenset({UnionKind.PROVINCIAL, UnionKind.MUNICIPAL, UnionKind.DISTRICT})


class TerritoryKind(models.TextChoices):
    PROVINCE = "province", _("Province or municipality")
    DISTRICT = "district", _("District or county")
    STREET = "street", _("Street or township")
    COMMUNITY = "community", _("Community or village")
    GRID = "grid", _("Grid cell")  # 网格
    BUILDING = "building", _("Building")
    PARK = "park", _("Industrial park")
    SITE = "site", _("Construction site")


class Territory(MP_Node):
    """A place that a union serves; its code is the statistical division code or our own below the community."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=TerritoryKind)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)

    node_order_by = ["code"]

    class Meta:
        verbose_name = _("territory")
        verbose_name_plural = _("territories")

    def __str__(self) -> str:
        return self.name


class Union(MP_Node):
    """One trade union; where ``keeps_accounts`` is set it has one book (账套) in the ledger."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=UnionKind)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=160, blank=True)
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    territory = models.ForeignKey(
        Territory,
        verbose_name=_("territory"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="unions",
    )
    responsible_body = models.CharField(_("responsible public body"), max_length=80, blank=True)  # 主管部门
    keeps_accounts = models.BooleanField(_("keeps accounts"), default=True)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    dissolved_on = models.DateField(_("dissolved on"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)

    node_order_by = ["code"]

    class Meta:
        verbose_name = _("union")
        verbose_name_plural = _("unions")

    def __str__(self) -> str:
        return self.name

    @property
    def is_county_and_above(self) -> bool:
        """Which of the two official account tables applies (财会〔2021〕7号): 县级以上 or 基层."""
        return self.kind in COUNTY_AND_ABOVE

    def local_name(self, language: str) -> str:
        """The name for readers of ``language``; documents always carry the Chinese one."""
        return self.name_en if language.startswith("en") and self.name_en else self.name
