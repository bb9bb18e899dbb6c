"""Every address of the portal; interfaces.md names those that others rely on."""

from __future__ import annotations

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from portal.api.health import healthz, readyz
from portal.api.routes import api
from portal.api.stripe_webhook import stripe_webhook
from portal.design.views import favicon, robots

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("design/", include("portal.design.urls")),
    path("verify/", include("portal.verify.urls")),
    path("", include("portal.accounts.urls")),
    path("me/", include("portal.member_site.urls")),
    path("office/", include("portal.office.urls")),
    path("api/v1/", api.urls),
    path("webhooks/stripe/", stripe_webhook),
    path("robots.txt", robots),
    path("favicon.ico", favicon),
    path("healthz", healthz),
    path("readyz", readyz),
    path("", include("content.urls")),
]

if settings.IS_DEMO:
    urlpatterns += [path("", include("portal.demo.urls"))]

urlpatterns += i18n_patterns(path("", include("content.page_urls")), prefix_default_language=False)
