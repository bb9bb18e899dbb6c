"""The embedded PostgreSQL server: started by whoever needs it first, stopped when nobody uses it any more.

Every process that uses a cluster holds a shared lock on its `use.lock` for as long as it lives, however it ends. One
keeper process per running server waits for the exclusive lock and then stops the server (portal.bootstrap.keeper).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from portal.bootstrap.places import CHECKOUT, SetupError, checkout_data
from portal.bootstrap.server_files import make_folder, reachable_by, server_user

DATABASE = "puhui"
_LONGEST_SOCKET_PATH = 100
_START_TIMEOUT = 120.0

_use_locks: dict[Path, int] = {}


@dataclass(frozen=True)
class Cluster:
    """One data folder with one server: `main` keeps what it is told, `test` trades durability for speed."""

    name: str
    home: Path

    @classmethod
    def of(cls, name: str, checkout: Path = CHECKOUT) -> Cluster:
        if name not in {"main", "test"}:
            raise ValueError(f"There is no cluster called {name!r}.")
        return cls(name, checkout_data(checkout) / name)

    @property
    def durable(self) -> bool:
        return self.name != "test"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def socket_folder(self) -> Path:
        folder = self.home / "socket"
        if len(os.fsencode(folder)) + len("/.s.PGSQL.5432.lock") <= _LONGEST_SOCKET_PATH:
            return folder
        short = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        return (
            Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"puhui-{os.geteuid()}-{short}"
        )

    @property
    def url(self) -> str:
        return f"postgresql://{DATABASE}@/{DATABASE}?host={self.socket_folder}"

    def postmaster_pid(self) -> int | None:
        """The running server's process number once it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        pid = int(lines[0])
        return pid if is_postmaster(pid, self.data) else None


def is_postmaster(pid: int, data: Path) -> bool:
    """A postmaster works in its data folder, which tells it from a stranger that was given the same number."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False


def ensure_running(cluster: str | Cluster = "main") -> str:
    """The address of a running server, which stays up at least as long as the calling process."""
    if isinstance(cluster, str):
        cluster = Cluster.of(cluster)
    make_folder(cluster.home, 0o755)
    _hold_use_lock(cluster)
    start_lock = _open_lock(cluster, "start.lock")
    try:
        fcntl.flock(start_lock, fcntl.LOCK_EX)
        _prepare_socket_folder(cluster)
        deadline = time.monotonic() + _START_TIMEOUT
        while not _start_or_find(cluster, deadline):
            if time.monotonic() > deadline:
                raise SetupError(f"PostgreSQL did not become ready; its log is {cluster.log}.")
    finally:
        os.close(start_lock)
    return cluster.url


def release(cluster: Cluster) -> None:
    """Stop using a cluster before the process ends; its server stops if nobody else uses it."""
    descriptor = _use_locks.pop(cluster.home, None)
    if descriptor is not None:
        os.close(descriptor)


def _prepare_socket_folder(cluster: Cluster) -> None:
    user = server_user()
    make_folder(cluster.socket_folder, 0o700, owner=user)
    status = cluster.socket_folder.stat()
    if status.st_uid != user.uid or status.st_mode & 0o077:
        raise SetupError(f"{cluster.socket_folder} must be a private folder of the server's own user.")
    if not reachable_by(user, cluster.socket_folder):
        raise SetupError(
            f"An unprivileged user cannot reach {cluster.home}, and PostgreSQL does not run as root. "
            "Set PUHUI_DATA_DIR to a folder that others may enter."
        )


def _open_lock(cluster: Cluster, name: str) -> int:
    return os.open(cluster.home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _hold_use_lock(cluster: Cluster) -> None:
    if cluster.home in _use_locks:
        return
    descriptor = _open_lock(cluster, "use.lock")
    # Waits only while a keeper that found nobody is stopping the server.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _use_locks[cluster.home] = descriptor


def _start_or_find(cluster: Cluster, deadline: float) -> bool:
    keeper_lock = _open_lock(cluster, "keeper.lock")
    try:
        fcntl.flock(keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _wait_for_keeper(cluster, keeper_lock, deadline)
    else:
        _start_keeper(cluster, keeper_lock)
        return True
    finally:
        os.close(keeper_lock)


def _wait_for_keeper(cluster: Cluster, keeper_lock: int, deadline: float) -> bool:
    """A keeper lives: its server is ready, becomes ready, or dies and takes the keeper with it."""
    while time.monotonic() < deadline:
        if cluster.postmaster_pid() is not None:
            return True
        try:
            fcntl.flock(keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return False
    return False


def _start_keeper(cluster: Cluster, keeper_lock: int) -> None:
    """The keeper inherits the lock itself, so that there is no moment without an owner."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "portal.bootstrap.keeper", cluster.name, str(cluster.home)]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with open(cluster.log, "ab") as log:  # noqa: PTH123
        launcher = subprocess.Popen(
            [*command, str(keeper_lock), str(writing)],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(keeper_lock, writing),
            start_new_session=True,
        )
    os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as answer:  # noqa: PTH123
        said = answer.read()
    launcher.wait()
    if said != "ready":
        raise SetupError(said or f"The keeper of PostgreSQL ended early; its log is {cluster.log}.")
