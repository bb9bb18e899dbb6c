"""Top-three awards: standings by a metric, and prizes where the document says who gets which (鲁会〔2019〕54号, SD-32).

The document is silent about ties, so that nobody pays one by default: people decide, and say on what paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import BenefitError


class TiedForPrize(BenefitError):
    """Unions share a rank that has a prize, or reach into one; ``tied`` are their codes."""

    code = "tied_for_prize"

    def __init__(self, tied: list[str]) -> None:
        super().__init__(
            _("%(unions)s are equal. The document does not say who gets which prize: decide and record it.")
            % {"unions": ", ".join(tied)}
        )
        self.tied = tied


def standings(metric: Mapping[str, Decimal]) -> list[tuple[int, str]]:
    """Rank and code of every union, highest metric first; equal ones share a rank and the next is skipped (1, 1, 3)."""
    values = sorted(metric.values(), reverse=True)
    return sorted((values.index(value) + 1, code) for code, value in metric.items())


def prizes(metric: Mapping[str, Decimal], amounts: Sequence[Money]) -> dict[str, Money]:
    """What each of the first ranks gets, in yuan, by code. Raises TiedForPrize when a rank with a prize is shared."""
    ranked = standings(metric)
    winners = [(rank, code) for rank, code in ranked if rank <= len(amounts)]
    ranks = [rank for rank, _code in winners]
    tied = [code for rank, code in winners if ranks.count(rank) > 1]
    if tied:
        raise TiedForPrize(tied)
    return {code: amounts[rank - 1] for rank, code in winners}
