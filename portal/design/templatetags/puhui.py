"""How amounts, dates, shares, states and icons are written on a page (¥1,234.50, 2026年11月23日)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Protocol

from django import template
from django.core.paginator import Page
from django.forms import BaseForm
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from djmoney.money import Money

from portal.design.dates import NOTHING, cn_date, cn_datetime, cn_month, cn_months
from portal.design.icons import ICONS
from portal.design.navigation import in_language
from portal.design.status import status_for
from portal.members.identity import mask_name

register = template.Library()

_FEN: Final = Decimal("0.01")
_MINUS: Final = "−"
_ALERT_ICONS: Final = {
    "success": "check-circle",
    "warning": "warning",
    "error": "warning",
}
_LANGUAGE_NAMES: Final = {"zh-hans": "简体中文", "zh": "简体中文", "en": "English"}


def _decimal(value: object) -> Decimal:
    if isinstance(value, Money):
        return Decimal(value.amount)
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"an amount must be Money, Decimal, int or str, not {type(value).__name__}")
    return Decimal(value)


def _parts(value: object) -> tuple[str, str, str]:
    amount = _decimal(value).quantize(_FEN, rounding=ROUND_HALF_UP)
    yuan, fen = f"{abs(amount):,.2f}".split(".")
    return (_MINUS if amount < 0 else ""), yuan, fen


@register.filter
def money(value: object) -> str:
    """``¥1,234.50``; a negative amount (红字) is ``−¥1,234.50``; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    sign, yuan, fen = _parts(value)
    return f"{sign}¥{yuan}.{fen}"


@register.filter
def figure(value: object) -> str:
    """An amount in a column whose head names the unit: ``1,234.50``, red-letter ``−1,234.50``."""
    return money(value).replace("¥", "")


@register.simple_tag
def amount(value: object, size: str = "m", label: str = "") -> SafeString:
    """An amount as a strong figure (size s, m, l, xl); read aloud as one number; red-letter by sign and colour."""
    if value is None or value == "":
        return format_html('<span class="amount amount-{}">{}</span>', size, NOTHING)
    sign, yuan, fen = _parts(value)
    return format_html(
        '<data class="amount amount-{}{}" value="{}">{}{}<span class="amount-sign">¥</span>{}'
        '<span class="amount-fen">.{}</span></data>',
        size,
        " amount-red" if sign else "",
        _decimal(value).quantize(_FEN, rounding=ROUND_HALF_UP),
        format_html('<span class="hidden-visually">{} </span>', label) if label else "",
        sign,
        yuan,
        fen,
    )


register.filter("cn_date", cn_date)
register.filter("cn_datetime", cn_datetime)
register.filter("cn_month", cn_month)
register.filter("cn_months", cn_months)


@register.filter
def percent(value: Decimal | int | str | None) -> str:
    """A share of one as per cent with at most one decimal: 0.6 is ``60%``, 0.125 is ``12.5%``."""
    if value is None or value == "":
        return NOTHING
    shown = (_decimal(value) * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    text = f"{abs(shown):f}".removesuffix(".0")
    return f"{_MINUS if shown < 0 else ''}{text}%"


@register.filter
def phone(value: str) -> str:
    """A stored mobile number as people write it: +8613800138000 is 138 0013 8000."""
    digits = value.removeprefix("+86")
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}" if len(digits) == 11 else value


@register.filter
def whole(value: int | None) -> str:
    """A count with thousands marks: 10,000."""
    return NOTHING if value is None else f"{int(value):,}"


@register.filter
def unlocalized(value: object) -> str:
    """A number for an attribute: plain digits whatever the language."""
    return str(_decimal(value))


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon; silent for screen readers unless it has a label of its own."""
    drawing = ICONS.get(name)
    if drawing is None:
        raise template.TemplateSyntaxError(f"there is no icon named {name!r}; see portal/design/icons.py")
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" width="24" height="24" {} focusable="false">{}</svg>',
        f" icon-{size}" if size else "",
        voice,
        mark_safe(drawing),  # noqa: S308 - our own constant
    )


@register.simple_tag
def status_badge(code: str, word: str | Promise = "", tone: str = "") -> SafeString:
    """Icon and word of a state: ``{% status_badge "paid" %}``; a second argument replaces the word."""
    look = status_for(str(code), word, tone)
    return format_html(
        '<span class="badge badge-{}">{}<span>{}</span></span>',
        look.tone,
        icon(look.icon),
        look.word,
    )


@register.filter
def alert_icon(level: str) -> str:
    return _ALERT_ICONS.get(level, "info")


@register.filter
def language_name(code: str) -> str:
    return _LANGUAGE_NAMES.get(code.lower(), code)


@register.filter
def masked_name(name: str) -> str:
    """A person's name on a page of many people: the family name, then stars."""
    return mask_name(name)


class _Named(Protocol):
    def local_name(self, language: str) -> str: ...


@register.filter
def local_name(thing: _Named) -> str:
    """The name of a union, programme or account for the reader of this page."""
    return thing.local_name(get_language() or "")


@register.filter
def local_name_in(name: str, known: Mapping[str, _Named]) -> str:
    """A Chinese name that was written down, for the reader of this page if what it names is known."""
    return local_name(known[name]) if name in known else name


@register.filter
def beside(cells: Sequence[object], columns: Sequence[object]) -> list[tuple[object, object]]:
    """Each column with its cell."""
    return list(zip(columns, cells, strict=True))


@register.simple_tag
def public_path(path: str) -> str:
    """A public address in the language of this page."""
    return in_language(path, get_language() or "")


@register.simple_tag(takes_context=True)
def page_query(context: dict[str, Any], number: int, parameter: str = "page") -> str:
    """The present query string with another page number, so that filters survive turning the page."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None
    if query is None:
        return f"?{parameter}={number}"
    query[parameter] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag
def page_range(page: Page[Any]) -> list[int | str]:
    """Page numbers around the present one, with gaps: 1 … 4 5 6 … 20."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_block_tag
def card(
    content: str,
    *,
    title: str = "",
    icon: str = "",
    kind: str = "",
    href: str = "",
    link: str = "",
    level: int = 2,
) -> str:
    """A surface for one matter. kind: brand, quiet, good, wait, bad; href and link add a way on in its head."""
    return _render(
        "components/card.html",
        content=content,
        title=title,
        icon=icon,
        kind=kind,
        href=href,
        link=link,
        level=level,
    )


@register.simple_block_tag
def alert(content: str, kind: str = "info", title: str = "") -> str:
    """Something to know now. kind: info, success, warning, error (the last is announced at once)."""
    return _render(
        "components/alert.html",
        content=content,
        kind=kind,
        title=title,
        symbol=alert_icon(kind),
    )


@register.simple_block_tag
def table(content: str, caption: str, mode: str = "cards", visible_caption: bool = False) -> str:
    """A data table; mode cards (rows become cards on a phone; cells carry data-label) or scroll."""
    return _render(
        "components/table.html",
        content=content,
        caption=caption,
        mode=mode,
        visible_caption=visible_caption,
    )


@register.simple_block_tag
def confirm(
    content: str, label: str, kind: str = "secondary", icon: str = "", form: BaseForm | None = None
) -> str:
    """A second look before an act: a button that unfolds the consequences and the real button; no dialog, no script.

    With the form inside named, it stands open when that form was refused.
    """
    is_open = form is not None and bool(form.errors)
    return _render(
        "components/confirm.html", content=content, label=label, kind=kind, icon=icon, is_open=is_open
    )


def _render(name: str, **context: object) -> SafeString:
    return render_to_string(name, context)
