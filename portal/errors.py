"""What the domain says when it refuses: a code for machines and a message for people."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule was not met; nothing was changed. ``message`` is in the reader's language and says what to do."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
