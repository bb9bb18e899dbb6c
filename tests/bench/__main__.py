"""`make bench`: speeds as ratios against a peer in the same run; results in bench/results/*.json.

``--quick`` does a tenth of the work, to see that everything runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

from tests.bench.database import scratch_database

RESULTS = Path(__file__).parents[2] / "bench" / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "only", nargs="*", choices=["posting", "claims", "receipts", []], help="measure only these"
    )
    chosen = parser.parse_args()
    share = 10 if chosen.quick else 1
    with scratch_database():
        from tests.bench import claims, posting, receipts

        parts = {
            "posting": lambda: posting.measure(1000 // share),
            "claims": lambda: claims.measure(4000 // share),
            "receipts": lambda: receipts.measure(100 // share),
        }
        for name, measure in parts.items():
            if not chosen.only or name in chosen.only:
                _report(name, measure())


def _report(name: str, result: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    document = {"name": name, "at": stamp, "python": platform.python_version(), "result": result}
    (RESULTS / f"{name}-{stamp}.json").write_text(json.dumps(document, ensure_ascii=False, indent=2))
    print(f"{name}:")
    for case, figures in result.items():
        print(f"  {case}: {figures if not isinstance(figures, dict) else ''}")
        if isinstance(figures, dict):
            for figure, value in figures.items():
                print(f"    {figure}: {value}")


if __name__ == "__main__":
    main()
