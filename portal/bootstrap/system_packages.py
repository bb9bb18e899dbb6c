"""Debian packages that pip cannot bring: found out by what is really there, installed only when missing."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal.bootstrap.places import SetupError, venv_folder
from portal.bootstrap.progress import step

_RECEIPT_FONT = Path("/usr/share/fonts/truetype/lxgw-wenkai")
_SCREEN_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@dataclass(frozen=True)
class Package:
    name: str
    purpose: str
    is_there: Callable[[], bool]


def _library(name: str) -> Callable[[], bool]:
    def is_there() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return is_there


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _can_make_environments() -> bool:
    return (
        venv_folder().joinpath("bin", "python").exists() or importlib.util.find_spec("ensurepip") is not None
    )


def _has_receipt_font() -> bool:
    return Path(os.environ.get("PDF_FONT_DIR") or _RECEIPT_FONT).is_dir()


PRODUCT = (
    Package("python3-venv", "virtual environment", _can_make_environments),
    Package("libpango-1.0-0", "text layout of PDF receipts", _library("libpango-1.0.so.0")),
    Package("libpangoft2-1.0-0", "fonts of PDF receipts", _library("libpangoft2-1.0.so.0")),
    Package("libharfbuzz-subset0", "small, quick PDF receipts", _library("libharfbuzz-subset.so.0")),
    Package("fonts-lxgw-wenkai", "Chinese font of PDF receipts", _has_receipt_font),
    Package("gettext", "translations", _program("msgfmt")),
)
TESTS = (
    Package("chromium", "browser tests", _program("chromium", "chromium-browser", "google-chrome")),
    Package("fonts-noto-cjk", "Chinese text in browser tests", _SCREEN_FONT.exists),
    Package("hledger", "checking exported books", _program("hledger")),
)


def ensure_packages(wanted: tuple[Package, ...]) -> None:
    """Root on Debian gets what is missing; everyone else one list of it and the line to run."""
    missing = [package for package in wanted if not package.is_there()]
    if not missing:
        return
    names = [package.name for package in missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        listing = "\n".join(f"  {package.name:22} {package.purpose}" for package in missing)
        raise SetupError(
            "These system packages are missing:\n"
            f"{listing}\n"
            f"Install them, on Debian with\n  sudo apt-get install --no-install-recommends {' '.join(names)}\n"
            "and run this again."
        )
    with step(f"System packages: {', '.join(names)}"):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
        if _apt(install).returncode:
            # No package lists yet, or old ones.
            _must_succeed(_apt(["apt-get", "update", "-qq"]))
            _must_succeed(_apt(install))
    still = [package.name for package in missing if not package.is_there()]
    if still:
        raise SetupError(f"Installed, but still not usable: {', '.join(still)}.")


def _apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _must_succeed(finished: subprocess.CompletedProcess[str]) -> None:
    if finished.returncode:
        raise SetupError(f"`{' '.join(finished.args)}` failed:\n{finished.stdout}")
