"""Receipts rendered per second, beside the same page rendered with nothing kept between two receipts."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from djmoney.money import Money

if TYPE_CHECKING:
    from ledger.receipts.models import Receipt


def measure(count: int) -> dict[str, Any]:
    """Distinct receipts in one process; the naive way reads fonts, styles and template anew each time."""
    from ledger.receipts import pdf

    receipts = [_receipt(n) for n in range(count)]
    pdf.render(receipts[0])
    began = time.perf_counter()
    pdf.render_many(receipts)
    ours = count / (time.perf_counter() - began)
    few = receipts[: max(count // 10, 3)]
    began = time.perf_counter()
    for receipt in few:
        pdf._style.cache_clear()
        pdf.render(receipt)
    naive = len(few) / (time.perf_counter() - began)
    return {
        "receipts": count,
        "one process": {
            "naive_per_s": round(naive, 1),
            "rendered_per_s": round(ours, 1),
            "ours_to_naive": round(ours / naive, 2),
        },
    }


def _receipt(n: int) -> Receipt:
    from ledger.receipts import issuing
    from portal.unions.models import Union
    from tests import factories

    union = Union.objects.filter(code="BENCH").first() or factories.municipal_union("BENCH")
    line = issuing.Line(
        item="会费(零散就业)",
        period_from=202601,
        period_to=202612,
        quantity=12,
        unit_price=Money("2.00", "CNY"),
    )
    return issuing.issue(
        union=union,
        payer_name=f"张示例{chr(0x4E00 + n)}",
        payer_reference=f"BENCH-{n:06d}",
        lines=[line],
        issued_on=dt.date(2026, 3, 16),
        channel="cash",
    )
