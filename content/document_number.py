"""文号: numbers of official documents, written 津东总工发[2019]22号 or 鲁会〔2019〕54 号 and meaning the same."""

from __future__ import annotations

import re
import unicodedata

_OPEN = "[〔［【(（"
_CLOSE = "]〕］】)）"
_PATTERN = re.compile(
    rf"(?P<agency>[\u4e00-\u9fff]{{2,14}})\s*[{re.escape(_OPEN)}]\s*(?P<year>\d{{4}})\s*[{re.escape(_CLOSE)}]"
    r"\s*第?\s*(?P<serial>\d{1,5})\s*号"
)


def find(text: str) -> str:
    """The first document number in ``text`` as it is printed, without spaces; empty if there is none."""
    match = _PATTERN.search(text)
    return re.sub(r"\s+", "", match.group()) if match else ""


def key(number: str) -> str:
    """The look-up key: one style of brackets, no spaces, half-width figures; 津东总工发〔2019〕22号."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", number))
    for mark in "[【(〔":
        folded = folded.replace(mark, "〔")
    for mark in "]】)〕":
        folded = folded.replace(mark, "〕")
    return folded


def is_number(text: str) -> bool:
    return _PATTERN.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None
