"""Search in Chinese: texts and queries are cut into overlapping pairs of characters (二元切分), the rest into words.

PostgreSQL's parser takes a whole run of Chinese characters for one word, so that 补贴 would not find 交通补贴.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from wagtail.search import index

_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


def is_chinese(text: str) -> bool:
    return bool(text) and ("\u3400" <= text[0] <= "\u9fff" or "\uf900" <= text[0] <= "\ufaff")


def _runs(text: str) -> Iterator[str]:
    return (match.group() for match in _RUNS.finditer(unicodedata.normalize("NFKC", text)))


def index_terms(text: str) -> str:
    """What is stored: pairs of neighbours, and the last character of a run, so that one character can be found."""
    terms: list[str] = []
    for run in _runs(text):
        if is_chinese(run):
            terms.extend(run[i : i + 2] for i in range(len(run)))
        else:
            terms.append(run)
    return " ".join(terms)


def query_terms(text: str) -> list[str]:
    """What is asked for: pairs of neighbours; a lone character stays alone and is looked up as a beginning."""
    terms: list[str] = []
    for run in _runs(text):
        if is_chinese(run) and len(run) > 1:
            terms.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            terms.append(run)
    return terms


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return index_terms(value)
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value]
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    return value


class ChineseSearchField(index.SearchField):
    def get_value(self, obj: object) -> Any:
        return _cut(super().get_value(obj))


class ChineseAutocompleteField(index.AutocompleteField):
    def get_value(self, obj: object) -> Any:
        return _cut(super().get_value(obj))
