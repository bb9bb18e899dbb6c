"""The audit trail (操作日志): one event per public write and look at a full number (财会〔2024〕12号 第三十二条)."""

from __future__ import annotations

from typing import Any

from django.db import models

from portal.unions.models import Union

from .models import AuditEvent, User


def record(
    *,
    actor: User | None,
    action: str,
    target: models.Model | None = None,
    union: Union | None = None,
    **details: Any,
) -> AuditEvent:
    """Write one event in the caller's database transaction, so that it exists exactly if the act does."""
    return AuditEvent.objects.create(
        actor=actor,
        union=union,
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        details=details,
    )
