"""The demo on one's own machine: loopback only, plain HTTP, secrets made on first run."""

from .base import *  # noqa: F403
from .base import env

DEBUG = env.bool("DEBUG", default=False)
IS_DEMO = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
STRIPE_API_BASE = env("STRIPE_API_BASE", default="http://127.0.0.1:8001")
FORM_TARGETS.append("http://127.0.0.1:*")

INSTALLED_APPS.append("portal.demo")
