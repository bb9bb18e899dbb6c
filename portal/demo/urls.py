"""What only the demo serves: in production a web server hands out uploads (docs/operators.md)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.views.static import serve


def uploaded(request: HttpRequest, name: str) -> HttpResponseBase:
    """A file of the public site; papers under PRIVATE_ROOT are not among them."""
    response: HttpResponseBase = serve(request, name, document_root=settings.MEDIA_ROOT)
    return response


urlpatterns = [path("media/<path:name>", uploaded)]
