"""What the domain says when it refuses: a code for machines and a message for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule was not met; nothing was changed. ``message`` is in the reader's language and says what to do."""

    code: ClassVar[str] = "refused"
    # Where a refusal is about what was typed: the field's name and what is wrong with it.
    by_field: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
