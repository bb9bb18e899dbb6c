"""The union's round financial seal (财务专用章) and the QR code, as PDF path operators in millimetres.

Drawn by the portal from the union's name. It is round with a star, never the oval of a fiscal bill (财政票据监制章).
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache

import segno

from portal.paper.typeface import outline

SEAL_DIAMETER = 34.0
_RED = "0.78 0.07 0.09"
_CAPTION = "财务专用章"
_RIM = 0.9
_KAPPA = 0.5522847498  # a quarter circle as one cubic curve
_WIDEST_ARC = math.radians(236)


@lru_cache(maxsize=512)
def compressed_seal(name: str) -> bytes:
    """The seal ready to be put into a PDF; every receipt of a union has the same one."""
    return zlib.compress(seal(name).encode(), 9)


def seal(name: str) -> str:
    """The seal of a union, its centre at 0, 0."""
    radius = SEAL_DIAMETER / 2
    parts = [f"{_RED} rg {_RED} RG {_RIM} w", _circle(radius - _RIM / 2), "S"]
    size = min(4.6, (radius - 4.2) * _WIDEST_ARC / max(len(name), 1) / 1.02)
    height = min(4.6, max(size, 3.0))
    parts.append(_on_arc(name, radius=radius - 1.9 - height, width=size, height=height))
    parts.append(_star(4.4, 0.9))
    parts.append(_straight(_CAPTION, baseline=-10.2, size=3.4, pitch=3.75))
    return "\n".join(parts)


def qr(text: str, side: float) -> str:
    """A QR code as squares, its lower left corner at 0, 0; the quiet zone is left to the page."""
    code = segno.make(text, error="m", mask=3, boost_error=False, micro=False)
    rows = [list(row) for row in code.matrix]
    squares = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                squares.append(f"{x} {len(rows) - 1 - y} {run - x} 1 re")
            x = max(run, x + 1)
    module = side / len(rows)
    return f"0 g {module:.5f} 0 0 {module:.5f} 0 0 cm " + " ".join(squares) + " f"


def _circle(r: float) -> str:
    k = r * _KAPPA
    return (
        f"{r:.4f} 0 m {r:.4f} {k:.4f} {k:.4f} {r:.4f} 0 {r:.4f} c {-k:.4f} {r:.4f} {-r:.4f} {k:.4f} {-r:.4f} 0 c "
        f"{-r:.4f} {-k:.4f} {-k:.4f} {-r:.4f} 0 {-r:.4f} c {k:.4f} {-r:.4f} {r:.4f} {-k:.4f} {r:.4f} 0 c h"
    )


def _star(radius: float, lift: float) -> str:
    points = []
    for corner in range(10):
        distance = radius if corner % 2 == 0 else radius * 0.382
        angle = math.pi / 2 + corner * math.pi / 5
        points.append((distance * math.cos(angle), lift + distance * math.sin(angle)))
    moves = [f"{x:.4f} {y:.4f} {'l' if n else 'm'}" for n, (x, y) in enumerate(points)]
    return " ".join(moves) + " h f"


def _on_arc(text: str, *, radius: float, width: float, height: float) -> str:
    """Characters upright on the upper arc, feet towards the centre; ``radius`` is that of their feet."""
    step = min(_WIDEST_ARC / max(len(text), 1), math.radians(32))
    drawn = []
    for place, character in enumerate(text):
        turn = (len(text) - 1) / 2 * step - place * step
        shape, advance = outline(character)
        cos, sin = math.cos(turn), math.sin(turn)
        x = radius * math.cos(turn + math.pi / 2)
        y = radius * math.sin(turn + math.pi / 2)
        drawn.append(
            f"q {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.4f} {y:.4f} cm "
            f"{width:.4f} 0 0 {height:.4f} {-advance * width / 2:.4f} {0.12 * height:.4f} cm {shape} f Q"
        )
    return "\n".join(drawn)


def _straight(text: str, *, baseline: float, size: float, pitch: float) -> str:
    drawn = []
    for place, character in enumerate(text):
        shape, advance = outline(character)
        x = (place - (len(text) - 1) / 2) * pitch - advance * size / 2
        drawn.append(f"q {size} 0 0 {size} {x:.4f} {baseline} cm {shape} f Q")
    return "\n".join(drawn)
