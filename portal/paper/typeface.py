"""The typeface of everything we print (霞鹜文楷 LXGW WenKai, OFL): which characters it has, and outlines for seals.

No system font is ever used: paper looks the same on every machine, and a character without a shape is an error that
names it, never a hole in somebody's name.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from portal.errors import DomainError

FAMILY = "Puhui Paper"
FACES = {"400": "LXGWWenKai-Regular.ttf", "700": "LXGWWenKai-Bold.ttf"}
_Point = tuple[float, float]
_LAID_OUT_AS_SPACE = frozenset("\n\r\t")


class CharacterNotPrintable(DomainError):
    """The typeface lacks a character; paper with a hole in a name is never handed out."""

    code = "character_not_printable"

    def __init__(self, character: str) -> None:
        super().__init__(
            _("This cannot be printed: the font has no shape for “%(character)s” (%(codepoint)s).")
            % {"character": character, "codepoint": f"U+{ord(character):04X}"}
        )
        self.character = character


def font_faces() -> str:
    """The @font-face rules that a style sheet needs to use FAMILY."""
    return "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; '
        f'src: url("{face_path(weight).as_uri()}"); }}\n'
        for weight in FACES
    )


def face_path(weight: str) -> Path:
    """The font file of a weight, in the directory of the setting PDF_FONT_DIR."""
    return Path(settings.PDF_FONT_DIR) / FACES[weight]


def require_printable(text: str) -> None:
    """Raise CharacterNotPrintable for the first character that a face cannot draw."""
    missing = set(text) - _LAID_OUT_AS_SPACE - _drawable()
    if missing:
        raise CharacterNotPrintable(min(missing, key=text.index))


def outline(character: str) -> tuple[str, float]:
    """The character's shape as PDF path operators in a square of side 1, and its width there."""
    font, glyphs = _bold()
    name = font.getBestCmap().get(ord(character))
    if name is None:
        raise CharacterNotPrintable(character)
    pen = _PathPen(glyphs, font["head"].unitsPerEm)
    glyphs[name].draw(pen)
    return " ".join(pen.operators), glyphs[name].width / font["head"].unitsPerEm


@lru_cache(maxsize=1)
def _drawable() -> frozenset[str]:
    faces = [TTFont(face_path(weight), lazy=True) for weight in FACES]
    return frozenset(map(chr, set.intersection(*(set(face.getBestCmap()) for face in faces))))


@lru_cache(maxsize=1)
def _bold() -> tuple[TTFont, Any]:
    font = TTFont(face_path("700"), lazy=True)
    return font, font.getGlyphSet()


class _PathPen(BasePen):
    """Writes a glyph as PDF path operators; quadratic curves become cubic ones in BasePen."""

    def __init__(self, glyphs: Any, units: int) -> None:
        super().__init__(glyphs)
        self.operators: list[str] = []
        self._units = units

    def _write(self, operator: str, *points: _Point) -> None:
        numbers = " ".join(f"{coordinate / self._units:.3f}" for point in points for coordinate in point)
        self.operators.append(f"{numbers} {operator}".strip())

    def _moveTo(self, pt: _Point) -> None:  # noqa: N802
        self._write("m", pt)

    def _lineTo(self, pt: _Point) -> None:  # noqa: N802
        self._write("l", pt)

    def _curveToOne(self, pt1: _Point, pt2: _Point, pt3: _Point) -> None:  # noqa: N802
        self._write("c", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._write("h")
