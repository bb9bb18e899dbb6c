"""Scratch servers that share nothing with the one the tests themselves run on."""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.bootstrap.places import CHECKOUT
from portal.bootstrap.postgres import Cluster, release

_USE = """
import os, sys
from pathlib import Path
from portal.bootstrap.postgres import Cluster, ensure_running
print(ensure_running(Cluster(sys.argv[1], Path(sys.argv[2]))), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def data_root() -> Iterator[Path]:
    """One for all tests, so that the server's files are copied once."""
    folder = Path(tempfile.mkdtemp(prefix="puhui-bootstrap-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _own_data(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUHUI_DATA_DIR", str(data_root))
    monkeypatch.setenv("PUHUI_SERVER_STAYS_SECONDS", "0")


@pytest.fixture
def make_cluster(data_root: Path) -> Iterator[Callable[[str], Cluster]]:
    made: list[Cluster] = []

    def make(name: str = "test") -> Cluster:
        cluster = Cluster(name, Path(tempfile.mkdtemp(dir=data_root)) / name)
        cluster.home.parent.chmod(0o755)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        release(cluster)
        if cluster.home.exists():
            wait_until_stopped(cluster)


@pytest.fixture
def start_user(
    make_cluster: Callable[[str], Cluster],
) -> Iterator[Callable[[Cluster], subprocess.Popen[str]]]:
    """A process that uses a cluster until it is killed or its input ends; its first line is the address."""
    started: list[subprocess.Popen[str]] = []

    def start(cluster: Cluster) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _USE, cluster.name, str(cluster.home)]
        user = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(user)
        return user

    yield start
    for user in started:
        user.kill()
        user.communicate()


def address(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    assert user.stderr is not None
    line = user.stdout.readline().strip()
    assert line, user.stderr.read()
    return line


def wait_until_stopped(cluster: Cluster) -> None:
    """The keeper holds its lock exactly as long as the server runs."""

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError(f"The server in {cluster.home} still runs.")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    try:
        with (cluster.home / "keeper.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
