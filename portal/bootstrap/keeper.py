"""The keeper of one embedded server: starts it as its own child and stops it when nobody uses it any more.

Run as `python -m portal.bootstrap.keeper CLUSTER HOME KEEPER_LOCK ANSWER` by portal.bootstrap.postgres; the last two
are inherited descriptors. If the keeper is killed, the kernel tells the server to shut down.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from portal.bootstrap.places import SetupError
from portal.bootstrap.postgres import DATABASE, Cluster, is_postmaster
from portal.bootstrap.server_files import ServerUser, binaries, make_folder, server_user

_STAYS_SECONDS = "2"
_STOP_TIMEOUT = 60.0
_START_TIMEOUT = 90.0
_LARGEST_LOG = 10_000_000
_SET_PARENT_DEATH_SIGNAL = 1

_EVERY_CLUSTER = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "lc_messages": "C",
}
_TEST_CLUSTER = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def main() -> None:
    name, home, keeper_lock, answer = sys.argv[1:]
    if os.fork():
        os._exit(0)
    os.chdir("/")
    cluster = Cluster(name, Path(home))
    with open(int(answer), "w", encoding="utf-8") as reply:  # noqa: PTH123
        try:
            server = _start(cluster)
        except (SetupError, OSError) as error:
            reply.write(str(error))
            return
        reply.write("ready")
    use_lock = os.open(cluster.home / "use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    threading.Thread(target=_stop_when_unused, args=(use_lock, server), daemon=True).start()
    server.wait()
    # In this order: whoever then gets the use lock finds no keeper and starts its own.
    os.close(int(keeper_lock))
    os.close(use_lock)
    os._exit(0)


def _stop_when_unused(use_lock: int, server: subprocess.Popen[bytes]) -> None:
    stays = float(os.environ.get("PUHUI_SERVER_STAYS_SECONDS") or _STAYS_SECONDS)
    while True:
        fcntl.flock(use_lock, fcntl.LOCK_EX)
        fcntl.flock(use_lock, fcntl.LOCK_UN)
        time.sleep(stays)
        try:
            fcntl.flock(use_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        break
    server.send_signal(signal.SIGINT)
    time.sleep(_STOP_TIMEOUT)
    server.send_signal(signal.SIGQUIT)


def _start(cluster: Cluster) -> subprocess.Popen[bytes]:
    user = server_user()
    programs = binaries()
    if cluster.log.exists() and cluster.log.stat().st_size > _LARGEST_LOG:
        os.truncate(cluster.log, 0)
    if not cluster.data.exists():
        _initialise(cluster, programs, user)
    _check_version(cluster, programs)
    _admit_only_the_owner(cluster.data, user)
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        _retire_orphan(cluster.data)
        server = _run_server(cluster, programs, user)
        if _becomes_ready(cluster, server, deadline):
            return server
        tail = _log_tail(cluster)
        # After a kill, its orphaned workers need a moment to notice that their server is gone.
        if "shared memory block" not in tail or time.monotonic() > deadline:
            raise SetupError(f"PostgreSQL did not start. The end of {cluster.log}:\n{tail}")
        time.sleep(0.2)


def _initialise(cluster: Cluster, programs: Path, user: ServerUser) -> None:
    """A data folder appears complete or not at all, so an interrupted first start begins again."""
    aside = cluster.home / "data.new"
    shutil.rmtree(aside, ignore_errors=True)
    make_folder(aside, 0o700, owner=user)
    initdb = [str(programs / "initdb"), "-D", str(aside), "-U", DATABASE, "--auth=peer", "--no-instructions"]
    initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not cluster.durable:
        initdb.append("--no-sync")
    _run_as(user, initdb)
    single = [str(programs / "postgres"), "--single", "-D", str(aside), "postgres"]
    _run_as(user, single, said=f"CREATE DATABASE {DATABASE}\n")
    aside.rename(cluster.data)


def _run_as(user: ServerUser, command: list[str], said: str = "") -> None:
    finished = subprocess.run(
        command,
        input=said,
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        env=_environment(),
        user=user.uid,
        group=user.gid,
        extra_groups=[] if user.drops_privileges else None,
        umask=0o077,
    )
    if finished.returncode:
        raise SetupError(f"{Path(command[0]).name} failed:\n{finished.stdout}{finished.stderr}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _check_version(cluster: Cluster, programs: Path) -> None:
    data = (cluster.data / "PG_VERSION").read_text().strip()
    said = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    program = said.split()[-1].split(".")[0]
    if data != program:
        raise SetupError(
            f"The data in {cluster.data} is of PostgreSQL {data} and the installed server is {program}. "
            "Move it with pg_dump and pg_restore, or remove it (docs/operators.md)."
        )


def _admit_only_the_owner(data: Path, user: ServerUser) -> None:
    (data / "pg_hba.conf").write_text(f"local all {DATABASE} peer map=owner\n")
    (data / "pg_ident.conf").write_text(f'owner "{user.client_name}" {DATABASE}\n')


def _retire_orphan(data: Path) -> None:
    """What a killed keeper or a power cut left behind: a server that is still stopping, or only its number."""
    note = data / "postmaster.pid"
    try:
        lines = note.read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    for wanted in (signal.SIGINT, signal.SIGQUIT):
        deadline = time.monotonic() + 20
        if is_postmaster(pid, data):
            os.kill(pid, wanted)
        while is_postmaster(pid, data) and time.monotonic() < deadline:
            time.sleep(0.05)
    # PostgreSQL refuses to start while a stranger has that number, but not while its own parent has it. The rest of
    # the note stays: it lets PostgreSQL look for workers of the old server that still live.
    if note.exists() and Path(f"/proc/{pid}").exists():
        note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def _run_server(cluster: Cluster, programs: Path, user: ServerUser) -> subprocess.Popen[bytes]:
    options = {**_EVERY_CLUSTER, "unix_socket_directories": str(cluster.socket_folder)}
    if not cluster.durable:
        options |= _TEST_CLUSTER
    command = [str(programs / "postgres"), "-D", str(cluster.data)]
    for key, value in options.items():
        command += ["-c", f"{key}={value}"]
    with open(cluster.log, "ab") as log:  # noqa: PTH123
        return subprocess.Popen(
            command,
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_stop_with_parent,  # noqa: PLW1509
            user=user.uid,
            group=user.gid,
            extra_groups=[] if user.drops_privileges else None,
            umask=0o077,
        )


def _stop_with_parent() -> None:
    """Linux sends the server a fast shutdown if its keeper dies."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT)


def _becomes_ready(cluster: Cluster, server: subprocess.Popen[bytes], deadline: float) -> bool:
    while server.poll() is None and time.monotonic() < deadline:
        if cluster.postmaster_pid() == server.pid:
            return True
        time.sleep(0.02)
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait()
    return False


def _log_tail(cluster: Cluster) -> str:
    return "\n".join(cluster.log.read_text(errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    main()
