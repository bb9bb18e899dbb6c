"""Reading the JSON of requests: text that PostgreSQL cannot keep is refused before anything looks at it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class StorableText(Parser):
    """JSON without the character U+0000 and without halves of surrogate pairs, in values and in names."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values; a ValueError becomes the API's 400 (ninja reads bodies this way)."""
        body = super().parse_body(request)
        _require_storable(body)
        return body


def _require_storable(value: Any) -> None:
    match value:
        case str():
            if "\0" in value:
                raise ValueError("U+0000 cannot be kept")
            value.encode()
        case dict():
            for name, inner in value.items():
                _require_storable(name)
                _require_storable(inner)
        case list():
            for inner in value:
                _require_storable(inner)
