"""The virtual environment and the locked dependencies in it; pip's own configuration of this machine applies."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from portal.bootstrap.places import CHECKOUT, SetupError, venv_folder
from portal.bootstrap.progress import say, step

RUNTIME_LOCK = "requirements.lock"
DEVELOPMENT_LOCK = "requirements-dev.lock"
BENCH_LOCK = "requirements-bench.lock"
_LOCKS = (RUNTIME_LOCK, DEVELOPMENT_LOCK, BENCH_LOCK)  # each contains the one before
OLDEST_PYTHON = (3, 11)
_SAY_EVERY_SECONDS = 10.0


def ensure_environment(*, lock: str, checkout: Path = CHECKOUT) -> Path:
    """The environment's Python. What was completely installed before is not looked at again."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise SetupError(
            f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed and this is {sys.version.split()[0]}. "
            "Choose another with `make PYTHON=python3.11 …`."
        )
    folder = venv_folder(checkout)
    python = folder / "bin" / "python"
    if not _works(python, "sys"):
        with step(f"Virtual environment in {folder.name}"):
            _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    elif not _works(python, "pip"):
        # Set-up was interrupted, or another tool made the environment.
        with step("pip in the virtual environment"):
            _run([str(python), "-m", "ensurepip"])
    _make_checkout_importable(python, checkout)
    _install(python, lock, checkout)
    return python


def _install(python: Path, lock: str, checkout: Path) -> None:
    stamp = venv_folder(checkout) / "puhui-installed.json"
    installed: dict[str, str] = json.loads(stamp.read_text()) if stamp.exists() else {}
    current = {name: _digest(checkout / name) for name in _LOCKS[: _LOCKS.index(lock) + 1]}
    if installed.get(lock) == current[lock]:
        return
    count = sum("==" in line for line in (checkout / lock).read_text().splitlines())
    with step(f"{count} Python packages from {lock}"):
        _pip_install(python, checkout / lock, count)
    aside = stamp.with_suffix(".new")
    aside.write_text(json.dumps(current))
    aside.replace(stamp)


def _pip_install(python: Path, lock: Path, count: int) -> None:
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-input",
        "-r",
        str(lock),
    ]
    command += ["--progress-bar", "off", "--disable-pip-version-check"]
    output: list[str] = []
    collected, installing, said = 0, False, time.monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None  # noqa: S101
        for line in pip.stdout:
            output.append(line)
            collected += line.startswith(("Collecting ", "Requirement already satisfied"))
            if line.startswith("Installing collected packages"):
                installing = True
                say("  … all downloaded, installing")
            elif not installing and time.monotonic() - said > _SAY_EVERY_SECONDS:
                said = time.monotonic()
                say(f"  … {collected} of {count} downloaded")
    if pip.returncode:
        raise SetupError("pip failed:\n" + "".join(output[-30:]))


def _make_checkout_importable(python: Path, checkout: Path) -> None:
    """Tools started from .venv/bin find the project's packages from any folder."""
    packages = next(python.parent.parent.glob("lib/python3*/site-packages"))
    path_file = packages / "puhui.pth"
    wanted = f"{checkout}\n"
    if not path_file.exists() or path_file.read_text() != wanted:
        path_file.write_text(wanted)


def _works(python: Path, module: str) -> bool:
    if not python.exists():
        return False
    return (
        subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if finished.returncode:
        raise SetupError(f"`{' '.join(command)}` failed:\n{finished.stdout}{finished.stderr}")


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
