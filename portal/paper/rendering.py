"""Documents of any number of pages from a Django template and a style sheet, as tagged PDF."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string
from django.utils.html import strip_tags

from .typeface import font_faces, require_printable

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

# Pango is not safe to share between threads; a render is work for one core anyway.
pango = Lock()
_STYLE = Path(__file__).parent / "paper.css"


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """The PDF of a template. Raises CharacterNotPrintable when the typeface lacks a character of it."""
    from weasyprint import HTML

    html = render_to_string(template, dict(context))
    require_printable(strip_tags(html))
    with pango:
        font_config, style = _style()
        document = HTML(string=html).render(stylesheets=[style], font_config=font_config)
        return bytes(document.write_pdf(pdf_tags=True))


@lru_cache(maxsize=1)
def _style() -> tuple[FontConfiguration, CSS]:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    font_config = FontConfiguration()
    sheet = font_faces() + _STYLE.read_text(encoding="utf-8")
    return font_config, CSS(string=sheet, font_config=font_config)


atexit.register(_style.cache_clear)
