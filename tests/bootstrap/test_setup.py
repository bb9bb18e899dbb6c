"""Set-up installs only what is missing, resumes, and tells people without the rights what to do."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal import bootstrap
from portal.bootstrap.demo_secrets import ensure_demo_secrets, remember_address
from portal.bootstrap.environment import ensure_environment
from portal.bootstrap.places import CHECKOUT, SetupError
from portal.bootstrap.system_packages import Package, ensure_packages

_FAKE_APT = """#!/bin/sh
echo "$@" >> "$APT_CALLS"
case "$*" in
    update*) touch "$APT_CALLS.lists" ;;
    *) test -e "$APT_CALLS.lists" || { echo "Unable to locate package"; exit 100; }; touch "$APT_INSTALLED" ;;
esac
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that installs nothing before its lists are updated; the file names each call."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(_FAKE_APT)
    program.chmod(0o755)
    calls = tmp_path / "calls"
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("APT_CALLS", str(calls))
    monkeypatch.setenv("APT_INSTALLED", str(tmp_path / "installed"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return calls


def packages(installed: Path) -> tuple[Package, Package]:
    return (
        Package("libpresent0", "something that is there", lambda: True),
        Package("libabsent0", "something that is missing", installed.exists),
    )


def test_root_gets_only_the_missing_package_and_only_once(apt: Path, tmp_path: Path) -> None:
    wanted = packages(tmp_path / "installed")
    ensure_packages(wanted)
    install = "install -y -qq --no-install-recommends libabsent0"
    assert apt.read_text().splitlines() == [install, "update -qq", install]

    ensure_packages(wanted)

    assert len(apt.read_text().splitlines()) == 3


def test_others_get_one_list_of_what_is_missing(
    apt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as refusal:
        ensure_packages(packages(tmp_path / "installed"))
    assert str(refusal.value).splitlines() == [
        "These system packages are missing:",
        "  libabsent0             something that is missing",
        "Install them, on Debian with",
        "  sudo apt-get install --no-install-recommends libabsent0",
        "and run this again.",
    ]
    assert not apt.exists()


def test_an_installation_that_changed_nothing_is_reported(apt: Path) -> None:
    with pytest.raises(SetupError, match="Installed, but still not usable: libnever0"):
        ensure_packages((Package("libnever0", "cannot be used", lambda: False),))


def test_secrets_are_private_and_never_change(tmp_path: Path) -> None:
    folder = tmp_path / ".local"
    first = ensure_demo_secrets(folder)
    assert sorted(first) == [
        "BLIND_INDEX_KEY",
        "DJANGO_SECRET_KEY",
        "FIELD_ENCRYPTION_KEYS",
        "RECEIPT_CHECK_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
    ]
    assert len(set(first.values())) == 6
    assert stat.S_IMODE((folder / "demo.env").stat().st_mode) == 0o600
    assert ensure_demo_secrets(folder) == first


def test_a_secret_that_a_newer_version_needs_is_added_to_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("DJANGO_SECRET_KEY=of-long-ago\n")
    secrets = ensure_demo_secrets(tmp_path)
    assert secrets["DJANGO_SECRET_KEY"] == "of-long-ago"
    assert len(secrets) == 6
    assert ensure_demo_secrets(tmp_path) == secrets


def test_the_demo_is_known_by_the_port_where_it_was_served_last(tmp_path: Path) -> None:
    secrets = ensure_demo_secrets(tmp_path)
    for port in ("8000", "9000"):
        remember_address(port, tmp_path)
    assert ensure_demo_secrets(tmp_path) == secrets | {"BASE_URL": "http://127.0.0.1:9000"}


def test_production_settings_get_neither_secrets_nor_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.production")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    before = dict(os.environ)
    bootstrap.prepare()
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("arguments", "started"),
    [
        (["migrate"], ["main"]),
        (["migrate", "--settings=portal.settings.test"], ["test"]),
        (["migrate", "--settings", "portal.settings.production"], []),
        (["migrate", "--help"], []),
        (["compilemessages"], []),
        (["--version"], []),
        ([], []),
    ],
)
def test_a_command_starts_the_server_it_needs(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], started: list[str]
) -> None:
    asked: list[str] = []

    def record(cluster: str) -> str:
        asked.append(cluster)
        return "postgresql:///recorded"

    monkeypatch.setattr(bootstrap, "ensure_running", record)
    monkeypatch.setattr(bootstrap, "load_demo_secrets", lambda: None)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    monkeypatch.setenv("DATABASE_URL", "")
    bootstrap.prepare_for_command(arguments)
    assert asked == started
    assert os.environ["DATABASE_URL"] == ("postgresql:///recorded" if started else "")


def test_a_server_of_ones_own_replaces_the_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ensure_running", lambda cluster: pytest.fail("started a server"))
    monkeypatch.setattr(bootstrap, "load_demo_secrets", lambda: None)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/puhui")
    bootstrap.prepare_for_command(["migrate"])
    assert os.environ["DATABASE_URL"] == "postgresql://db.example/puhui"


def test_an_interrupted_environment_is_completed_and_then_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text("")
    # What an interruption between the environment and pip leaves.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    python = ensure_environment(lock="requirements.lock", checkout=tmp_path)
    code = "import pip, portal.bootstrap; print(portal.bootstrap.__file__)"
    (tmp_path / "portal" / "bootstrap").mkdir(parents=True)
    (tmp_path / "portal" / "bootstrap" / "__init__.py").write_text("")
    said = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(tmp_path / "portal" / "bootstrap" / "__init__.py")

    monkeypatch.setattr(
        "portal.bootstrap.environment._pip_install", lambda *_: pytest.fail("installed again")
    )
    ensure_environment(lock="requirements.lock", checkout=tmp_path)


def test_a_command_without_set_up_says_what_to_do(tmp_path: Path) -> None:
    """Django is not there: an isolated Python that sees the checkout only."""
    code = (
        f"import sys; sys.path[:0] = [{str(CHECKOUT)!r}]; sys.argv = ['manage.py', 'help']; import manage; "
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code + "raise SystemExit(manage.main())"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "Django is not installed here: run `make setup`, then .venv/bin/python manage.py."
    )
