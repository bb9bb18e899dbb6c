"""Tests with workers as processes of their own: jobs wait in the database, and lists grow by small chunks."""

from portal.settings.test import *  # noqa: F403

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
LIST_CHUNK = 40
