"""Settings: documented, and refusing to start insecurely."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRET = "x" * 32
SECURE = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "DJANGO_SECRET_KEY": SECRET,
    "FIELD_ENCRYPTION_KEYS": SECRET,
    "BLIND_INDEX_KEY": SECRET,
    "RECEIPT_CHECK_KEY": SECRET,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ALLOWED_HOSTS": "puhui.example",
    "BASE_URL": "https://puhui.example",
    "SMS_SENDER": "puhui_sms.Gateway",
}


def test_every_variable_in_the_code_is_documented_and_the_other_way_round() -> None:
    code = "".join(path.read_text() for path in (ROOT / "portal/settings").glob("*.py"))
    used = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', code))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), flags=re.M))
    outside_settings = {"DJANGO_SETTINGS_MODULE", "DEMO_SCALE", "DEMO_SEED", "PORT"}
    assert documented == used | outside_settings


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [sys.executable, "-c", "import django; django.setup(); print('started')"]
    return subprocess.run(
        command, env=kept | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_production_starts_when_everything_is_secure() -> None:
    assert start(SECURE).stdout == "started\n"


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("DJANGO_SECRET_KEY", "short", "DJANGO_SECRET_KEY must have at least 32 characters"),
        (
            "FIELD_ENCRYPTION_KEYS",
            f"{SECRET},short",
            r"FIELD_ENCRYPTION_KEYS[1] must have at least 32 characters",
        ),
        ("BLIND_INDEX_KEY", "short", "BLIND_INDEX_KEY must have at least 32 characters"),
        ("RECEIPT_CHECK_KEY", "short", "RECEIPT_CHECK_KEY must have at least 32 characters"),
        ("DATABASE_URL", "", "DATABASE_URL must name a PostgreSQL server"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must list"),
        ("BASE_URL", "http://puhui.example", "BASE_URL must be an https address"),
        ("SMS_SENDER", "portal.accounts.sms.OutboxSender", "SMS_SENDER must send real messages"),
        ("SMS_SENDER", None, "Set the SMS_SENDER environment variable"),
    ],
)
def test_production_refuses_to_start_insecurely(variable: str, value: str | None, why: str) -> None:
    environment = {k: v for k, v in (SECURE | {variable: value}).items() if v is not None}
    result = start(environment)
    assert result.returncode != 0
    assert why in result.stderr
