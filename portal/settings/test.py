"""Tests: fixed secrets, in-memory mail and files, tasks run at once; the database is real PostgreSQL."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "test-only")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "test-only-salt")
os.environ.setdefault("BLIND_INDEX_KEY", "test-only-index")
os.environ.setdefault("RECEIPT_CHECK_KEY", "test-only-receipts")

from .base import *  # noqa: F403

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "private": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STRIPE_SECRET_KEY = "sk_test_local"  # noqa: S105
STRIPE_WEBHOOK_SECRET = "whsec_test_local"  # noqa: S105
STRIPE_API_BASE = "http://127.0.0.1:1"
DATABASES["default"]["CONN_MAX_AGE"] = 0
FORM_TARGETS.append("http://127.0.0.1:*")
INSTALLED_APPS.append("portal.demo")
