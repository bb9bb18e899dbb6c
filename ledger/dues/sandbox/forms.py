"""Stripe's form encoding: line_items[0][price_data][currency]=cny becomes nested dicts and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_KEY = re.compile(r"[^\[\]]+")


def read(body: str) -> dict[str, Any]:
    """The nested values of a form body or query string; lists where all keys are numbers."""
    nested: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        path = _KEY.findall(name)
        if name.endswith("[]"):
            path.append(str(len(_at(nested, path))))
        place = nested
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
    return {name: _lists(value) for name, value in nested.items()}


def _at(nested: dict[str, Any], path: list[str]) -> dict[str, Any]:
    for part in path:
        nested = nested.get(part, {})
    return nested


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}
