"""Daily anchors: where the voucher chains stood, in a form that others can keep outside this database.

Whoever holds every right on the database could rewrite a chain from its first voucher on; a copy of the anchors in
other hands shows it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from .errors import AnchorExists, PostedIsFinal, ledger_refusals
from .models import Anchor

# A day of a large federation names thousands of chains.
_AT_ONCE = 20


def take(day: dt.date) -> Anchor:
    """Anchor the chains that have grown since the last anchor; once a day in Asia/Shanghai. Raises AnchorExists."""
    try:
        with ledger_refusals(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO books_anchor (day) VALUES (%s) RETURNING id", [day])
            (pk,) = cursor.fetchone()
    except PostedIsFinal as error:
        raise AnchorExists(
            _("There is an anchor of %(day)s or a later day already.") % {"day": day}
        ) from error
    return Anchor.objects.get(pk=pk)


def as_data(anchor: Anchor) -> dict[str, Any]:
    """An anchor as others keep it; hashes in hexadecimal."""
    return {
        "day": anchor.day.isoformat(),
        "heads": anchor.heads.splitlines(),
        "previous_hash": bytes(anchor.previous_hash).hex(),
        "hash": bytes(anchor.hash).hex(),
    }


def all_as_lines() -> Iterator[str]:
    """Every anchor as one JSON line, oldest first."""
    known = Anchor.objects.order_by("day").iterator(chunk_size=_AT_ONCE)
    return (json.dumps(as_data(anchor), ensure_ascii=False) + "\n" for anchor in known)


def differences(lines: Iterator[str]) -> list[str]:
    """What an outside copy says otherwise than this database, one line each; empty when all of it is here unchanged.

    Raises ValueError when the copy cannot be read.
    """
    found, count = [], 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            theirs = json.loads(line)
            day = dt.date.fromisoformat(theirs["day"])
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(_("line %(n)s is no anchor") % {"n": number}) from error
        count += 1
        ours = Anchor.objects.filter(day=day).first()
        if ours is None or as_data(ours) != theirs:
            found.append(theirs["day"])
    if not count:
        raise ValueError(_("there is no anchor in it"))
    return found
