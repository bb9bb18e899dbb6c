"""`make bench`: speeds as ratios against a peer in the same run; results in bench/results/*.json.

``--quick`` does a tenth of the work, to see that everything runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.database import scratch_database
from tests.bench.goals import beside_the_goals, said

# How much each part does; a tenth of it with --quick.
_PARTS = {
    "posting": 3_000,
    "bulk": 100_000,
    "reading": 10_000_000,
    "claims": 4_000,
    "receipts": 100,
    "payouts": 20_000,
    "runs": 1_000_000,
}
RESULTS = Path(__file__).parents[2] / "bench" / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("only", nargs="*", metavar="PART", help="measure only these: " + ", ".join(_PARTS))
    chosen = parser.parse_args()
    share = 10 if chosen.quick else 1
    if unknown := set(chosen.only) - set(_PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    results = {}
    with scratch_database():
        for name, size in _PARTS.items():
            if not chosen.only or name in chosen.only:
                part = import_module(f"tests.bench.{name}")
                results[name] = part.measure(size // share)
                _report(name, results[name])
    print("goals:", *beside_the_goals(results), sep="\n  ")


def _report(name: str, result: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    document = {"name": name, "at": stamp, "python": platform.python_version(), "result": result}
    (RESULTS / f"{name}-{stamp}.json").write_text(json.dumps(document, ensure_ascii=False, indent=2))
    print(f"{name}:")
    for case, figures in result.items():
        if isinstance(figures, dict) and "median" not in figures:
            print(f"  {case}:")
            for figure, value in figures.items():
                print(f"    {figure}: {said(value)}")
        else:
            print(f"  {case}: {said(figures)}")


if __name__ == "__main__":
    main()
