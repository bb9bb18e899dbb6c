"""Serving the demo: web server, task worker and payment sandbox as child processes that end with their parent."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import gettext as _

from ledger.dues.sandbox import SECRET_VARIABLE
from portal.errors import DomainError

_PATIENCE = 30.0
_POLL = 0.1
_PR_SET_PDEATHSIG = 1
_STAMP = "collected.sha256"


class PortTaken(DomainError):
    code = "port_taken"


def require_free(port: int) -> None:
    """Raise PortTaken when something already listens on the port."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise PortTaken(
                _("Port %(port)s is in use. Choose another: PORT=9000 make demo") % {"port": port}
            )


def collect_static() -> None:
    """Collect and compress static files, which takes half a minute, unless nothing has changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / _STAMP
    wanted = _static_fingerprint()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(wanted, encoding="ascii")


def _static_fingerprint() -> str:
    """Our own static files by content, those of packages by the lock file that pins them."""
    names = {config.name.partition(".")[0] for config in apps.get_app_configs()}
    ours = [settings.BASE_DIR / name for name in sorted(names) if (settings.BASE_DIR / name).is_dir()]
    roots = [*map(Path, settings.STATICFILES_DIRS), *(root for name in ours for root in name.rglob("static"))]
    own = (path for root in roots for path in sorted(root.rglob("*")))
    digest = hashlib.sha256((settings.BASE_DIR / "requirements.lock").read_bytes())
    for path in own:
        if path.is_file():
            digest.update(f"{path.relative_to(settings.BASE_DIR)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def free_port() -> int:
    """A port of the loopback address that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """Ask the kernel (Linux) to stop this child when its parent is gone, however that ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def running(*command: str, port: int | None = None, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a child until the block ends; with a port, wait until it answers there. Stops it by its process id."""
    child = subprocess.Popen(
        command,
        env=os.environ | environment,
        cwd=settings.BASE_DIR,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, no lock is taken
    )
    try:
        if port is not None:
            _wait_for(child, port)
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def web_server(port: int, *, workers: int = 1) -> tuple[str, ...]:
    """The command of the web server on the loopback address."""
    granian = str(Path(sys.executable).with_name("granian"))
    return (
        granian,
        "--interface=wsgi",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--workers={workers}",
        "--blocking-threads=4",
        "--log-level=warning",
        "portal.wsgi:application",
    )


def task_worker() -> tuple[str, ...]:
    """The command of the worker for long work (imports, search index)."""
    return (sys.executable, "manage.py", "db_worker", "--verbosity=0")


def payment_sandbox(port: int, webhook_url: str) -> tuple[str, ...]:
    """The command of the local stand-in for Stripe; its secret comes in the environment of ``sandbox_secret``."""
    return (
        sys.executable,
        "-m",
        "ledger.dues.sandbox",
        f"--port={port}",
        f"--webhook-url={webhook_url}",
    )


def sandbox_secret() -> dict[str, str]:
    """What the stand-in signs with, for its environment: everybody on the machine can read a command line."""
    return {SECRET_VARIABLE: settings.STRIPE_WEBHOOK_SECRET}


def _wait_for(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise ChildProcessError(f"{child.args!r} ended with {child.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_POLL)
    raise TimeoutError(f"nothing answers on port {port}")
