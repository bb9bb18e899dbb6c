"""`python3 -m portal.bootstrap setup|reset`: what the Makefile calls before anything else."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys
from pathlib import Path

from portal.bootstrap.demo_secrets import ensure_demo_secrets
from portal.bootstrap.environment import BENCH_LOCK, DEVELOPMENT_LOCK, RUNTIME_LOCK, ensure_environment
from portal.bootstrap.places import CHECKOUT, SetupError, checkout_data, local_folder
from portal.bootstrap.progress import say, step
from portal.bootstrap.system_packages import PRODUCT, TESTS, ensure_packages
from portal.bootstrap.translations import compile_catalogues

_LOCKS = {
    "demo": RUNTIME_LOCK,
    "development": DEVELOPMENT_LOCK,
    "test": DEVELOPMENT_LOCK,
    "bench": BENCH_LOCK,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m portal.bootstrap", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="install what is missing")
    setup.add_argument("--for", dest="purpose", choices=sorted(_LOCKS), default="development")
    commands.add_parser("reset", help="remove this checkout's databases, secrets and uploaded files")
    options = parser.parse_args()
    try:
        if options.command == "setup":
            set_up(options.purpose)
        else:
            reset()
    except SetupError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"✗ {error.filename} belongs to another user: run this as that user.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(purpose: str) -> None:
    """Each step does nothing when its result is there, so an interrupted set-up resumes."""
    folder = local_folder()
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this checkout is at work; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        ensure_packages(PRODUCT + (TESTS if purpose == "test" else ()))
        ensure_environment(lock=_LOCKS[purpose])
        ensure_demo_secrets()
        compile_catalogues()


def reset(checkout: Path = CHECKOUT) -> None:
    """Only while nothing of this checkout runs, and only what set-up and the demo have made."""
    data = checkout_data(checkout)
    with step("Removing databases, secrets and uploaded files of this checkout"):
        _refuse_if_in_use(data)
        for folder in (data, local_folder(checkout), checkout / "media", checkout / "media-private"):
            if folder.exists():
                shutil.rmtree(folder)


def _refuse_if_in_use(data: Path) -> None:
    for keeper_lock in data.glob("*/keeper.lock"):
        with keeper_lock.open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SetupError(
                    f"The database in {keeper_lock.parent} is running: stop what uses it, wait a few seconds "
                    "and run this again."
                ) from error


if __name__ == "__main__":
    raise SystemExit(main())
