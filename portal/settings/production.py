"""Production: refuses to start insecurely; every secret comes from the environment."""

from django.core.exceptions import ImproperlyConfigured

from . import base
from .base import *  # noqa: F403
from .base import (
    ALLOWED_HOSTS,
    BASE_URL,
    BLIND_INDEX_KEY,
    DATABASES,
    RECEIPT_CHECK_KEY,
    SALT_KEY,
    SECRET_KEY,
    STRIPE_API_BASE,
    env,
)

_SHORTEST_SECRET = 32

if not env("DATABASE_URL", default="") or DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server.")
if not SALT_KEY:
    raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS must hold at least one key.")
_secrets: dict[str, str] = {}
for _name, _value in {
    "DJANGO_SECRET_KEY": SECRET_KEY,
    "BLIND_INDEX_KEY": BLIND_INDEX_KEY,
    "RECEIPT_CHECK_KEY": RECEIPT_CHECK_KEY,
    **{f"FIELD_ENCRYPTION_KEYS[{n}]": key for n, key in enumerate(SALT_KEY)},
}.items():
    if len(_value) < _SHORTEST_SECRET:
        raise ImproperlyConfigured(f"{_name} must have at least {_SHORTEST_SECRET} characters.")
    if _value in _secrets:
        raise ImproperlyConfigured(f"{_name} must differ from {_secrets[_value]}.")
    _secrets[_value] = _name
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must list the portal's own host names.")
if not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("BASE_URL must be an https address.")
if not STRIPE_API_BASE.startswith("https://"):
    raise ImproperlyConfigured("STRIPE_API_BASE must be an https address.")

SECURE_SSL_REDIRECT = True
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Limits per address count visitors, not the proxy: how many addresses at the end of X-Forwarded-For are true.
    ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=1)
    if ALLAUTH_TRUSTED_PROXY_COUNT < 1:
        raise ImproperlyConfigured("PROXY_COUNT must be 1 or more.")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 60 * 60)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SMS_SENDER = env("SMS_SENDER")
if SMS_SENDER == base.SMS_OUTBOX:
    raise ImproperlyConfigured("SMS_SENDER must send real messages; the outbox is for demos.")
