"""What pages are made of: text, clauses (条款), key facts, and figures read from the ledger as the page opens."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from .clause_numbers import anchor

TEXT_FEATURES = ["bold", "italic", "ol", "ul", "link", "document-link"]
PROSE_FEATURES = ["h2", "h3", *TEXT_FEATURES, "hr"]
ICON_CHOICES = [
    ("gift", _("Gift")),
    ("people", _("People")),
    ("coin", _("Coin")),
    ("wallet", _("Wallet")),
    ("receipt", _("Receipt")),
    ("train", _("Train")),
    ("shield", _("Shield")),
    ("heart", _("Heart")),
    ("phone", _("Telephone")),
    ("pin", _("Place")),
    ("book", _("Book")),
]


class ClauseValue(blocks.StructValue):
    @cached_property
    def anchor(self) -> str:
        return anchor(self.get("number", ""))


class ClauseBlock(blocks.StructBlock):
    """One clause of a policy; its number gives the address that other pages point at (#c-3-1-1)."""

    number = blocks.CharBlock(
        label=_("clause number"), max_length=40, required=False, help_text=_("As printed: 三（一）1")
    )
    heading = blocks.CharBlock(label=_("heading"), max_length=120, required=False)
    text = blocks.RichTextBlock(label=_("text"), features=TEXT_FEATURES, required=False)

    class Meta:
        label = _("Clause")
        icon = "list-ol"
        template = "content/blocks/clause.html"
        value_class = ClauseValue


class CalloutBlock(blocks.StructBlock):
    tone = blocks.ChoiceBlock(
        label=_("tone"),
        choices=[("info", _("Good to know")), ("success", _("Good news")), ("warning", _("Mind this"))],
        default="info",
    )
    title = blocks.CharBlock(label=_("title"), max_length=80)
    text = blocks.RichTextBlock(label=_("text"), features=TEXT_FEATURES)

    class Meta:
        label = _("Callout")
        icon = "warning"
        template = "content/blocks/callout.html"


class FactBlock(blocks.StructBlock):
    term = blocks.CharBlock(label=_("what"), max_length=60)
    value = blocks.CharBlock(label=_("fact"), max_length=240)


class KeyFactsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=80, required=False)
    facts = blocks.ListBlock(FactBlock(), label=_("facts"), min_num=1)

    class Meta:
        label = _("Key facts")
        icon = "table"
        template = "content/blocks/key_facts.html"


class CaptionedImageBlock(blocks.StructBlock):
    image = ImageBlock(label=_("image"))
    caption = blocks.CharBlock(label=_("caption"), max_length=160, required=False)

    class Meta:
        label = _("Image")
        icon = "image"
        template = "content/blocks/image.html"


class LiveFiguresBlock(blocks.StructBlock):
    """Figures of the ledger, of one policy: the chosen one or the page that the block stands on."""

    policy = blocks.PageChooserBlock(
        label=_("policy"),
        page_type="content.PolicyPage",
        required=False,
        help_text=_("Leave empty for the policy of this page."),
    )

    def policy_of(self, value: Any, parent_context: dict[str, Any] | None) -> Any:
        from .models import PolicyPage

        chosen = value.get("policy")
        page = chosen or (parent_context or {}).get("page")
        page = page.specific if page is not None else None
        return page if isinstance(page, PolicyPage) else None


class PlacesLeftBlock(LiveFiguresBlock):
    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        from .live_figures import open_places

        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        policy = self.policy_of(value, parent_context)
        context["campaigns"] = open_places(policy) if policy else []
        return context

    class Meta:
        label = _("Live: places left")
        icon = "time"
        template = "content/blocks/places_left.html"


class PaidBlock(LiveFiguresBlock):
    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        from .live_figures import paid_under

        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        policy = self.policy_of(value, parent_context)
        context["paid"] = paid_under(policy) if policy else None
        return context

    class Meta:
        label = _("Live: paid under this policy")
        icon = "tick"
        template = "content/blocks/paid.html"


class AnswerBlock(blocks.StructBlock):
    """One question people come with, and where its answer is: a page, or an address of the portal."""

    icon = blocks.ChoiceBlock(label=_("icon"), choices=ICON_CHOICES)
    question = blocks.CharBlock(label=_("question"), max_length=40)
    answer = blocks.CharBlock(label=_("answer in one line"), max_length=120)
    page = blocks.PageChooserBlock(label=_("page"), required=False)
    address = blocks.CharBlock(
        label=_("or address in the portal"),
        max_length=120,
        required=False,
        help_text=_("Begins with a slash: /me/dues/"),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        address = cleaned.get("address", "")
        if bool(cleaned.get("page")) == bool(address):
            raise blocks.StructBlockValidationError(
                {"page": ValidationError(_("Choose a page or write an address, one of the two."))}
            )
        if address and (not address.startswith("/") or address.startswith("//")):
            raise blocks.StructBlockValidationError(
                {"address": ValidationError(_("The address must begin with one slash."))}
            )
        return cleaned

    class Meta:
        label = _("Answer")
        icon = "help"


class BodyBlocks(blocks.StreamBlock):
    """The body of stories and services."""

    text = blocks.RichTextBlock(label=_("Text"), features=PROSE_FEATURES, template="content/blocks/text.html")
    callout = CalloutBlock()
    key_facts = KeyFactsBlock()
    image = CaptionedImageBlock()
    places_left = PlacesLeftBlock()
    paid = PaidBlock()


class PolicyBlocks(BodyBlocks):
    """The body of a policy: clauses first."""

    clause = ClauseBlock()
