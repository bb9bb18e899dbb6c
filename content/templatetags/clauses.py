"""Links to clauses of a policy page."""

from __future__ import annotations

from django import template

from content.clause_numbers import anchor

register = template.Library()


@register.filter
def clause_anchor(number: str) -> str:
    """三（一）1 → c-3-1-1."""
    return anchor(number)
