"""The policy library (政策库): documents with number, issuers, validity and clauses; programmes rest on them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.documents import get_document_model_string
from wagtail.fields import StreamField
from wagtail.models import Orderable, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index

from content import document_number
from content.blocks import PolicyBlocks
from content.chinese_search import ChineseSearchField

from .base import PortalPage

PER_PAGE = 20


class Validity(models.TextChoices):
    """Whether the document still counts (效力)."""

    IN_FORCE = "in_force", _("In force")  # 有效
    EXPIRED = "expired", _("Expired")  # 失效
    REPEALED = "repealed", _("Repealed")  # 废止
    REFERENCE = "reference", _("For reference only")  # 仅供参考


class Level(models.TextChoices):
    """The level of the issuing body (层级)."""

    NATIONAL = "national", _("National")
    PROVINCIAL = "provincial", _("Province")
    MUNICIPAL = "municipal", _("City")
    DISTRICT = "district", _("District or county")


class PolicyQuerySet(PageQuerySet):
    def newest_first(self) -> PolicyQuerySet:
        return self.order_by(
            F("dated_on").desc(nulls_last=True), F("published_on").desc(nulls_last=True), "-pk"
        )

    def numbered(self, number: str) -> PolicyQuerySet:
        """By 文号 in either style of brackets."""
        return self.filter(number_key=document_number.key(number))


class PolicyIndexPage(PortalPage):
    parent_page_types = ["content.HomePage"]
    subpage_types = ["content.PolicyPage"]
    max_count_per_parent = 1
    template = "content/policy_index.html"
    api_fields = [APIField("summary")]

    class Meta:
        verbose_name = _("policy library")
        verbose_name_plural = _("policy libraries")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        policies = PolicyPage.objects.live().public().child_of(self)
        counts = dict(policies.order_by().values_list("validity").annotate(models.Count("pk")))
        chosen = request.GET.get("validity", "")
        if chosen in Validity.values:
            policies = policies.filter(validity=chosen)
        else:
            chosen = ""
        here = self.url or ""
        tabs = [(_("All"), here, not chosen, sum(counts.values()))]
        tabs += [
            (label, f"{here}?validity={code}", code == chosen, counts[code])
            for code, label in Validity.choices
            if counts.get(code)
        ]
        ordered = policies.newest_first().prefetch_related("issuers")
        context |= {"policies": Paginator(ordered, PER_PAGE).get_page(request.GET.get("page")), "tabs": tabs}
        return context


class PolicyPage(PortalPage):
    number = models.CharField(
        _("document number"),
        max_length=60,
        blank=True,
        help_text=_("文号, as printed: 津东总工发[2019]22号 or 鲁会〔2019〕54号"),
    )
    number_key = models.CharField(max_length=60, blank=True, editable=False, db_index=True)
    signatory = models.CharField(_("signatory"), max_length=60, blank=True)  # 签发人
    dated_on = models.DateField(_("date of the document"), null=True, blank=True)  # 成文日期
    published_on = models.DateField(_("published on"), null=True, blank=True)  # 发布日期
    validity = models.CharField(_("validity"), max_length=20, choices=Validity, default=Validity.REFERENCE)
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    region = models.CharField(_("region"), max_length=60, blank=True)  # 辖区
    level = models.CharField(_("level"), max_length=20, choices=Level, default=Level.DISTRICT)
    body = StreamField(PolicyBlocks(), verbose_name=_("clauses and text"), blank=True)
    defects = models.TextField(
        _("defects of the copy"),
        blank=True,
        help_text=_("原文缺陷说明: what is missing or wrong in the copy we hold."),
    )
    source_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    objects = PageManager.from_queryset(PolicyQuerySet)()

    parent_page_types = ["content.PolicyIndexPage"]
    subpage_types: list[str] = []
    template = "content/policy.html"

    content_panels = [
        *PortalPage.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("number"),
                InlinePanel("issuers", heading=_("Issuers"), label=_("issuer")),
                FieldPanel("signatory"),
                FieldRowPanel([FieldPanel("dated_on"), FieldPanel("published_on")]),
            ],
            heading=pgettext_lazy("policy", "Document"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("validity"),
                FieldRowPanel([FieldPanel("effective_from"), FieldPanel("effective_to")]),
                FieldRowPanel([FieldPanel("region"), FieldPanel("level")]),
            ],
            heading=_("Validity and reach"),
        ),
        FieldPanel("body"),
        InlinePanel("attachments", heading=_("Attachments"), label=_("attachment")),
        FieldPanel("defects"),
    ]
    search_fields = [
        *PortalPage.search_fields,
        ChineseSearchField("number", boost=8),
        ChineseSearchField("number_key", boost=8),
        ChineseSearchField("region", boost=2),
        ChineseSearchField("body"),
        index.RelatedFields("issuers", [ChineseSearchField("name")]),
        index.FilterField("validity"),
        index.FilterField("level"),
        index.FilterField("dated_on"),
        index.FilterField("number_key"),
    ]
    api_fields = [
        APIField(name)
        for name in (
            "number", "number_key", "issuers", "dated_on", "published_on", "validity", "effective_from",
            "effective_to", "region", "level", "summary", "body", "attachments", "defects",
        )
    ]  # fmt: skip

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def clean(self) -> None:
        super().clean()
        self.number = self.number.strip()
        self.number_key = document_number.key(self.number)
        if self.number and not document_number.is_number(self.number):
            raise ValidationError(
                {
                    "number": _(
                        "A document number has an agency, a year in brackets and a serial: 津东总工发[2019]22号."
                    )
                }
            )
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValidationError({"effective_to": _("The last day lies before the first.")})

    @property
    def short_title(self) -> str:
        return self.number or str(self.title)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.live_figures import paid_under, programmes_under
        from content.policy_walk import walk

        context = super().get_context(request, *args, **kwargs)
        programmes = programmes_under(self)
        paid = paid_under(self)
        context |= {
            "programmes": programmes,
            "paid": paid,
            "steps": walk(self, programmes, paid),
            "clauses": [block.value for block in self.body if block.block_type == "clause"],
            "stories": self.stories_in_its_language(),
        }
        return context

    def stories_in_its_language(self) -> PageQuerySet:
        from .story import StoryPage

        return (
            StoryPage.objects.live()
            .public()
            .filter(policy__translation_key=self.translation_key, locale_id=self.locale_id)
        )


class PolicyIssuer(Orderable):
    """One of the bodies that issued a document together (发文机关)."""

    page = ParentalKey(PolicyPage, on_delete=models.CASCADE, related_name="issuers")
    name = models.CharField(_("issuer"), max_length=120)

    panels = [FieldPanel("name")]
    api_fields = [APIField("name")]

    class Meta(Orderable.Meta):
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")

    def __str__(self) -> str:
        return self.name


class PolicyAttachment(Orderable):
    page = ParentalKey(PolicyPage, on_delete=models.CASCADE, related_name="attachments")
    document = models.ForeignKey(
        get_document_model_string(), verbose_name=_("file"), on_delete=models.CASCADE, related_name="+"
    )

    panels = [FieldPanel("document")]
    api_fields = [APIField("document")]

    class Meta(Orderable.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return str(self.document)
