"""A dry run of the rules: what a list would cost, as a page and as a file, and one member explained in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ledger.benefits import dry_run, eligibility
from ledger.benefits.errors import BenefitError
from ledger.benefits.models import ProgrammeVersion
from ledger.reports.spreadsheets import Cell, Sheet, write_xlsx
from portal.accounts.access import StaffRequest, duty_required
from portal.accounts.permissions import has_duty, require, unions_with_duty
from portal.accounts.roles import Duty
from portal.members.models import Membership
from portal.office import desk
from portal.office.dry_run_forms import DryRunForm, ExplainForm

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@duty_required(*desk.SEES_PROGRAMMES)
def page(request: StaffRequest, pk: int) -> HttpResponse:
    """Nothing is counted before a union and a day are asked for."""
    version = _version(request, pk)
    form = _form(request, version)
    asked = _asked(form, version)
    sees_members = asked is not None and has_duty(request.user, Duty.VIEW_MEMBERS, asked.union)
    context: dict[str, Any] = {
        "version": version,
        "form": form,
        "found": dry_run.dry_run(asked) if asked else None,
        "sees_members": sees_members,
    }
    if asked and sees_members:
        context |= _explained(request, asked)
    return desk.page(request, "dry_run", "programmes", context)


@duty_required(*desk.SEES_PROGRAMMES)
def people(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The people as a workbook, for who may see members there; a wrong question goes back to the page."""
    version = _version(request, pk)
    asked = _asked(_form(request, version), version)
    if asked is None:
        return page(request, pk)
    require(request.user, Duty.VIEW_MEMBERS, asked.union)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(file, [_sheet(asked)])
    file.seek(0)
    name = f"dry-run-{version.programme.code}-v{version.number}-{asked.union.code}-{asked.on}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)


def _version(request: StaffRequest, pk: int) -> ProgrammeVersion:
    """Rules within reach; those of another union do not exist for this person."""
    return get_object_or_404(
        ProgrammeVersion.objects.select_related("programme__owner"),
        pk=pk,
        programme__owner__in=desk.reach(request.user, desk.SEES_PROGRAMMES),
    )


def _form(request: StaffRequest, version: ProgrammeVersion) -> DryRunForm:
    unions = desk.reach(request.user, desk.SEES_PROGRAMMES)
    below = unions.filter(path__startswith=version.programme.owner.path).order_by("path")
    return DryRunForm(request.GET if "union" in request.GET else None, unions=below)


def _asked(form: DryRunForm, version: ProgrammeVersion) -> eligibility.Asked | None:
    if not form.is_valid():
        return None
    try:
        return dry_run.question(version=version, **form.cleaned_data)
    except BenefitError as refusal:
        form.add_error(None, str(refusal))
        return None


def _explained(request: StaffRequest, asked: eligibility.Asked) -> dict[str, Any]:
    form = ExplainForm(request.GET if "number" in request.GET else None)
    if not form.is_valid():
        return {"explain_form": form}
    membership = (
        Membership.objects.filter(
            number__iexact=form.cleaned_data["number"].strip(),
            union__in=unions_with_duty(request.user, Duty.VIEW_MEMBERS),
        )
        .select_related("member")
        .first()
    )
    if membership is None:
        form.add_error("number", _("No member within your reach has this number. Look it up under Members."))
        return {"explain_form": form}
    reading = eligibility.reading(member=membership.member, asked=asked)
    return {
        "explain_form": form,
        "explained": membership,
        "reading": reading,
        "gets_it": not any(reason.refuses for reason in reading),
    }


def _sheet(asked: eligibility.Asked) -> Sheet:
    version = asked.version
    return Sheet(
        name=_("Dry run"),
        header=[
            _("Member number"),
            pgettext("person", "Name"),
            _("Union"),
            _("Own card"),
            _("Amount at most") if version.is_ceiling else _("Amount"),
        ],
        rows=_rows(asked),
        head=[
            [f"{version.programme.name} v{version.number}: {asked.union.name} {_day(asked.on)}"],
            [_("A dry run: nothing is approved, nothing is paid.")],
        ],
    )


def _rows(asked: eligibility.Asked) -> Iterator[list[Cell]]:
    for line in dry_run.people(asked):
        card = _("in use") if line.has_card else _("none: the money waits")
        yield [line.number, line.name, line.union, card, line.amount]


def _day(day: dt.date) -> str:
    return day.isoformat()
