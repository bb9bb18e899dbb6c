"""Drive many contenders through the real claim function and count what came out."""

from __future__ import annotations

import dataclasses
import json
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.benefits import race
from ledger.benefits.eligibility import eligible_members
from ledger.benefits.models import Campaign


class Command(BaseCommand):
    help = (
        "Race for the places of a campaign from many connections. Without --campaign a temporary one is made "
        "and removed; with --campaign its eligible members really claim. Exit 1 if a place was lost or sold twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--campaign", help="code of an open campaign (its members claim for real)")
        parser.add_argument("--places", type=int, default=10_000, help="places of the temporary campaign")
        parser.add_argument("--contenders", type=int, required=True)
        parser.add_argument("--workers", type=int, required=True, help="database connections")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        contenders, workers = options["contenders"], options["workers"]
        if contenders < 1 or workers < 1 or options["places"] < 1:
            self._refuse(_("--contenders, --workers and --places must be at least 1."))
        if options["campaign"]:
            result = self._on_campaign(options["campaign"], contenders, workers)
        else:
            with race.temporary_campaign(places=options["places"], contenders=contenders) as (
                campaign,
                members,
            ):
                result = race.run(campaign=campaign, member_ids=members, workers=workers)
        facts = dataclasses.asdict(result)
        self.stdout.write(json.dumps(facts) if options["json"] else _said(facts))
        if result.duplicates or result.oversold or result.unsold:
            sys.exit(1)

    def _on_campaign(self, code: str, contenders: int, workers: int) -> race.Result:
        campaign = Campaign.objects.filter(code=code).select_related("version__programme", "union").first()
        if campaign is None:
            self._refuse(_("There is no campaign “%(code)s”.") % {"code": code})
        members = eligible_members(
            version=campaign.version, union=campaign.union, year_key=campaign.year_key, on=campaign.travel_to
        )
        ids = list(members.order_by("pk").values_list("pk", flat=True)[:contenders])
        if not ids:
            self._refuse(_("Nobody is eligible for this campaign."))
        return race.run(campaign=campaign, member_ids=ids, workers=workers)

    def _refuse(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(2)


def _said(facts: dict[str, Any]) -> str:
    return (
        _(
            "%(places)s places, %(claims)s claims, %(duplicates)s duplicates, %(oversold)s oversold, "
            "%(unsold)s unsold, %(claims_per_s)s claims a second"
        )
        % facts
    )
