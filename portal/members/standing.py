"""What other parts of the house know of a member's standing; asked here, parts side by side need not meet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from .models import Member


@dataclass(frozen=True, slots=True)
class Dues:
    """Dues on a day: the members who owe none as a condition on Member, and how many months one of them owes."""

    paid_up: Callable[[dt.date], Q]
    months_owed: Callable[[Member, dt.date], int]


_dues: list[Dues] = []


def register_dues(dues: Dues) -> None:
    """The part that keeps dues says here how to ask for them."""
    _dues[:] = [dues]


def dues() -> Dues:
    """How to ask for dues; every installation keeps them."""
    (registered,) = _dues
    return registered
