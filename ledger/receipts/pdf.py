"""The receipt as a PDF: A5 landscape, tagged, in its own typeface; the same data give the same bytes."""

from __future__ import annotations

import atexit
import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydyf
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from portal.paper.rendering import pango
from portal.paper.typeface import font_faces, require_printable

from . import drawings
from .amounts import capital, figures
from .errors import ReceiptIncomplete
from .issuing import MAX_LINES
from .models import Channel, Receipt, ReceiptStatus, SeriesKind

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

_TEMPLATES = Path(__file__).parent / "templates" / "receipts"
_CHANNELS = {Channel.CASH: "现金", Channel.BANK_TRANSFER: "银行转账", Channel.STRIPE: "网上支付"}
_WATERMARKS = {ReceiptStatus.VOID: "作废", ReceiptStatus.REVERSED: "已冲红"}
_POINTS_PER_MM = 72 / 25.4
# Where receipt.css leaves room, in millimetres from the lower left corner of the page.
_SEAL_CENTRE = (62.0, 29.0)
_QR_CORNER = (172.5, 20.5)
_QR_SIDE = 23.0


def render(receipt: Receipt) -> bytes:
    """The PDF of an issued receipt. Raises CharacterNotPrintable when the typeface lacks a character of it."""
    from weasyprint import HTML

    html = _html(receipt)
    require_printable(strip_tags(html))
    with pango:
        font_config, style = _style()
        document = HTML(string=html).render(stylesheets=[style], font_config=font_config)
        if len(document.pages) != 1:
            raise ReceiptIncomplete(_("The receipt does not fit on one page."))
        return bytes(
            document.write_pdf(
                finisher=lambda _document, pdf: _stamp(pdf, receipt),
                pdf_tags=True,
                pdf_identifier=f"{receipt.series.code}{receipt.number}".encode(),
            )
        )


def render_many(receipts: Iterable[Receipt]) -> int:
    """Render receipts one after the other and count their bytes: what the benchmark times."""
    return sum(len(render(receipt)) for receipt in receipts)


def file_name(receipt: Receipt) -> str:
    return f"{receipt.series.code}-{receipt.number}.pdf"


def verify_address(receipt: Receipt) -> str:
    return settings.BASE_URL.rstrip("/") + receipt.get_verify_url()


def chinese_date(day: dt.date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def _html(receipt: Receipt) -> str:
    kind = SeriesKind(receipt.series.kind)
    return render_to_string(
        "receipts/receipt.html",
        {
            "receipt": receipt,
            "title": kind.printed_title,
            "title_en": kind.printed_title_en,
            "issued_on": chinese_date(receipt.issued_on),
            "lines": [
                {
                    "item": line.item,
                    "period": _period(line.period_from, line.period_to),
                    "quantity": line.quantity,
                    "unit_price": f"{line.unit_price.amount:,.2f}",
                    "amount": f"{line.amount.amount:,.2f}",
                }
                for line in receipt.lines.all()
            ],
            "blank_rows": range(MAX_LINES - receipt.lines.count() - bool(receipt.corrects_id)),
            "capital": capital(receipt.amount),
            "figures": figures(receipt.amount),
            "channel": _CHANNELS[Channel(receipt.channel)],
            "remark": _remark(receipt),
            "watermark": _WATERMARKS.get(ReceiptStatus(receipt.status), ""),
            "verify_url": verify_address(receipt),
        },
    )


def _period(first: int, last: int) -> str:
    months = [f"{month // 100}年{month % 100}月" for month in (first, last)]
    return months[0] if first == last else "至".join(months)


def _remark(receipt: Receipt) -> str:
    original = receipt.corrects
    if original is None:
        return ""
    day = chinese_date(original.issued_on)
    return f"冲红 原票据 {original.series.code}/{original.number}/{day} {original.status_reason}"


@lru_cache(maxsize=1)
def _style() -> tuple[FontConfiguration, CSS]:
    """Typeface and style sheet, loaded once per process: loading them costs more than a receipt."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    font_config = FontConfiguration()
    sheet = font_faces() + (_TEMPLATES / "receipt.css").read_text(encoding="utf-8")
    return font_config, CSS(string=sheet, font_config=font_config)


# WeasyPrint takes its temporary font files away when the configuration goes, which is too late at interpreter exit.
atexit.register(_style.cache_clear)


def _stamp(pdf: Any, receipt: Receipt) -> None:
    """Draw the seal and the QR code over the page, as artifacts: the text says the same to a screen reader."""
    seal = pydyf.Stream(
        [drawings.compressed_seal(receipt.union_name)],
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array([-18, -18, 18, 18]),
            "Filter": "/FlateDecode",
            "Resources": pydyf.Dictionary(),
        },
    )
    state = pydyf.Dictionary({"Type": "/ExtGState", "ca": 0.86, "CA": 0.86, "BM": "/Multiply"})
    (qr_x, qr_y), (seal_x, seal_y) = _QR_CORNER, _SEAL_CENTRE
    drawn = (
        f"Q /Artifact BMC q {_POINTS_PER_MM:.6f} 0 0 {_POINTS_PER_MM:.6f} 0 0 cm "
        f"q 1 0 0 1 {qr_x} {qr_y} cm {drawings.qr(verify_address(receipt), _QR_SIDE)} Q "
        f"q 1 0 0 1 {seal_x} {seal_y} cm /SealInk gs /Seal Do Q Q EMC"
    )
    before, after = pydyf.Stream([b"q"]), pydyf.Stream([drawn.encode()], compress=True)
    for extra in (before, after, state, seal):
        pdf.add_object(extra)
    page = next(item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/Page")
    page["Contents"] = pydyf.Array([before.reference, page["Contents"], after.reference])
    resources = next(item for item in pdf.objects if isinstance(item, dict) and "ExtGState" in item)
    resources["ExtGState"]["SealInk"] = state.reference
    resources["XObject"]["Seal"] = seal.reference
