"""Numbers of clauses as official documents write them: 一、… （一）… 1. … （1） (GB/T 9704)."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = re.compile(r"[零〇一二三四五六七八九十两]+|\d+")


def chinese_numeral(text: str) -> int:
    """二十三 → 23; only the numbers below 100 that headings use."""
    if "十" not in text:
        return int("".join(str(_DIGITS[c]) for c in text))
    tens, _, ones = text.partition("十")
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def parts(number: str) -> tuple[int, ...]:
    """三（一）1 → (3, 1, 1); what is no number is left out."""
    found = _NUMERAL.findall(unicodedata.normalize("NFKC", number))
    return tuple(int(part) if part.isdigit() else chinese_numeral(part) for part in found)


def anchor(number: str) -> str:
    """The address of a clause on its page: 三（一）1 → c-3-1-1; empty without a number."""
    found = parts(number)
    return "-".join(["c", *(str(part) for part in found)]) if found else ""
