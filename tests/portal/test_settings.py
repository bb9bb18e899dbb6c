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
    "FIELD_ENCRYPTION_KEYS": "f" * 32,
    "BLIND_INDEX_KEY": "b" * 32,
    "RECEIPT_CHECK_KEY": "r" * 32,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ALLOWED_HOSTS": "puhui.example",
    "BASE_URL": "https://puhui.example",
    "SMS_SENDER": "tests.portal.carrier.Carrier",
}


def test_every_variable_in_the_code_is_documented_and_the_other_way_round() -> None:
    code = "".join(path.read_text() for path in (ROOT / "portal/settings").glob("*.py"))
    used = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', code))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), flags=re.M))
    outside_settings = {"DJANGO_SETTINGS_MODULE", "DEMO_SCALE", "DEMO_SEED", "PORT"}
    assert documented == used | outside_settings


def start(environment: dict[str, str], then: str = "print('started')") -> subprocess.CompletedProcess[str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [sys.executable, "-c", f"import django; django.setup(); {then}"]
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
            f"{'f' * 32},short",
            r"FIELD_ENCRYPTION_KEYS[1] must have at least 32 characters",
        ),
        ("BLIND_INDEX_KEY", "short", "BLIND_INDEX_KEY must have at least 32 characters"),
        ("RECEIPT_CHECK_KEY", "short", "RECEIPT_CHECK_KEY must have at least 32 characters"),
        ("DATABASE_URL", "", "DATABASE_URL must name a PostgreSQL server"),
        ("DATABASE_URL", "sqlite:///puhui.db", "DATABASE_URL must name a PostgreSQL server"),
        ("FIELD_ENCRYPTION_KEYS", "", "FIELD_ENCRYPTION_KEYS must hold at least one key"),
        ("FIELD_ENCRYPTION_KEYS", SECRET, "FIELD_ENCRYPTION_KEYS[0] must differ from DJANGO_SECRET_KEY"),
        ("BLIND_INDEX_KEY", SECRET, "BLIND_INDEX_KEY must differ from DJANGO_SECRET_KEY"),
        ("RECEIPT_CHECK_KEY", "b" * 32, "RECEIPT_CHECK_KEY must differ from BLIND_INDEX_KEY"),
        ("SMS_SENDER", "puhui_sms.Missing", "SMS_SENDER cannot be imported"),
        ("STRIPE_API_BASE", "http://api.stripe.com", "STRIPE_API_BASE must be an https address"),
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


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ({}, "198.51.100.9"),
        ({"BEHIND_PROXY": "on"}, "203.0.113.5"),
        ({"BEHIND_PROXY": "on", "PROXY_COUNT": "2"}, "192.0.2.77"),
    ],
)
def test_limits_count_the_visitor_and_not_the_proxy(proxy: dict[str, str], expected: str) -> None:
    headers = "HTTP_X_FORWARDED_FOR='6.6.6.6, 192.0.2.77, 203.0.113.5', REMOTE_ADDR='198.51.100.9'"
    asked = (
        "from django.test import RequestFactory; from allauth.core.internal.ratelimit import get_ip; "
        "from portal.verify.views import network_of; "
        f"request = RequestFactory().get('/', {headers}); print(get_ip(request), network_of(request))"
    )
    result = start(SECURE | proxy, asked)
    assert result.stdout == f"{expected} {expected}\n", result.stderr
