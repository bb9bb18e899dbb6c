"""What people do to the books, told to whoever keeps the record of it (操作日志; 财会〔2024〕12号 第三十二条).

The kernel knows no audit trail: the project above it registers one with ``record_with``.
"""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from portal.unions.models import Union


class Recorder(Protocol):
    """Keeps one act in the caller's database transaction."""

    def __call__(
        self, *, actor: Any, action: str, target: models.Model, union: Union, **details: Any
    ) -> object: ...


_recorders: list[Recorder] = []


def record_with(recorder: Recorder) -> None:
    """Have every act told to ``recorder``, too."""
    if recorder not in _recorders:
        _recorders.append(recorder)


def record(
    *, actor: AbstractBaseUser | None, action: str, target: models.Model, union: Union, **details: Any
) -> None:
    """Tell one act, inside the database transaction that does it."""
    for recorder in _recorders:
        recorder(actor=actor, action=action, target=target, union=union, **details)
