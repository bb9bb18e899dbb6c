"""Errors of the API as problem+json (RFC 9457): title, status, detail in the reader's language, and our code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as InputError

from ledger.benefits.errors import CampaignClosed, QuotaFull
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.errors import DomainError

_STATUSES: tuple[tuple[type[DomainError], HTTPStatus], ...] = (
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (SamePerson, HTTPStatus.FORBIDDEN),
    (QuotaFull, HTTPStatus.CONFLICT),
    (CampaignClosed, HTTPStatus.CONFLICT),
)


def problem(status: HTTPStatus, detail: str, code: str, **more: Any) -> HttpResponse:
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
    }
    return JsonResponse(
        content | more,
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def register(api: NinjaAPI) -> None:
    """Answer every error of the API in this shape."""

    @api.exception_handler(DomainError)
    def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
        status = next(
            (s for kind, s in _STATUSES if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return problem(status, str(error), error.code)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, " ".join(error.messages), "invalid")

    @api.exception_handler(InputError)
    def malformed(request: HttpRequest, error: InputError) -> HttpResponse:
        fields = [{"where": list(e["loc"]), "message": e["msg"]} for e in error.errors]
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            _("Some values are missing or not valid."),
            "invalid",
            errors=fields,
        )

    @api.exception_handler(HttpError)
    def refused_early(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == HTTPStatus.FORBIDDEN:
            detail = _("The request does not come from a page of ours. Load the page again and repeat it.")
            return problem(HTTPStatus.FORBIDDEN, detail, "foreign_request")
        return problem(HTTPStatus(error.status_code), _("The request cannot be read."), "unreadable")

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(HTTPStatus.UNAUTHORIZED, _("Sign in first."), "not_signed_in")

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(HTTPStatus.NOT_FOUND, _("There is nothing at this address."), "not_found")
