"""manage.py demo: the demo world, the main job once, then the demo's servers."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from content import building
from content.models import PolicyPage
from portal.accounts import audit
from portal.accounts.models import AuditEvent
from portal.bootstrap.places import local_folder
from portal.demo import database, dues_day, main_job, month_end, serving, staff, union_grants, world
from portal.errors import DomainError
from portal.unions.models import Union

_DONE = "demo.main_job_done"


class Command(BaseCommand):
    help = "Build the demo world, run the main job once, verify the ledger and serve (Ctrl+C stops)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-serve", action="store_true", help="stop after the main job and the verification"
        )
        parser.add_argument(
            "--reports", type=Path, metavar="FOLDER", help="where reports are written (.local/demo-reports)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            self.stderr.write(_("The demo runs with the demo settings only."))
            sys.exit(2)
        port = int(os.environ.get("PORT", "8000"))
        # What is told is English like the set-up before it; the books that are made meanwhile are Chinese.
        with translation.override("en"):
            self._run(port, options)

    def _run(self, port: int, options: dict[str, Any]) -> None:
        try:
            if not options["no_serve"]:
                serving.require_free(port)
            with database.built_by_one():
                self._prepare(options["reports"] or local_folder() / "demo-reports")
                self._verify()
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        if not options["no_serve"]:
            self._serve(port)

    def _say(self, line: str) -> None:
        self.stdout.write(f"· {line}")
        self.stdout.flush()

    def _prepare(self, reports: Path) -> None:
        call_command("migrate", verbosity=0)
        serving.collect_static()
        self._say(_("database is migrated"))
        if world.exists() and not AuditEvent.objects.filter(action=_DONE).exists():
            self._begin_again()
        if world.exists():
            self._say(_("the demo world is there already; its data are kept"))
            return
        # Books are kept in Chinese, whatever language the terminal speaks.
        with translation.override("zh-hans"):
            self._build_and_work(reports)

    def _begin_again(self) -> None:
        """An earlier run was interrupted in the middle of the main job: what it left is not worth keeping."""
        if Union.objects.filter(is_demo=False).exists():
            self.stderr.write(
                _("This database holds more than the demo. Give the demo a database of its own.")
            )
            sys.exit(2)
        database.require_only_ours()
        self._say(_("an earlier run was interrupted; the demo begins again"))
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        call_command("migrate", verbosity=0)

    def _build_and_work(self, reports: Path) -> None:
        today = timezone.localdate()
        site = building.build_site(is_demo=True)
        self._say(
            f"site with {site.get_descendants(inclusive=True).count()} pages in Chinese, and in English"
        )
        world.build(today=today, say=self._say)
        job = main_job.Job(
            dates=world.demo_calendar(today),
            say=self._say,
            dice=random.Random(world.seed()),  # noqa: S311 - the same demo each time
        )
        policy = main_job.publish_policy(job)
        main_job.receive_levy(job)
        versions = main_job.open_programmes(job, policy)
        main_job.admit_walk_in(job)
        dues_day.collect(job)
        with dues_day.platform(job.dates.day(12)) as platform:
            dues_day.pay_online(job, platform)
            main_job.pay_subsidy(job, versions["card_subsidy"])
            union_grants.grant_to_unions(job, versions)
            main_job.grant_travel(job, versions["travel_back"], timezone.now())
            main_job.plan_next_campaign(job, versions["travel_back"])
            month_end.reconcile(job)
            month_end.close_books(job)
            main_job.admit_newcomers(job)
            month_end.write_reports(job, reports)
            self._look_at_policy(platform.web, policy)
        audit.record(actor=None, action=_DONE)

    def _look_at_policy(self, web: str, policy: PolicyPage) -> None:
        """The published page, as anybody sees it, shows what was paid under the policy."""
        from ledger.benefits.queries import paid_under_policy

        paid = paid_under_policy([policy.pk]).total
        page = requests.get(f"{web}{policy.url}", timeout=60)
        shown = f"{paid.amount:,.2f}"
        if page.status_code != 200 or shown not in page.text:
            raise RuntimeError(f"the policy page does not show {shown} yuan paid")
        self._say(f"policy page shows {shown} yuan paid under {policy.number}")

    def _verify(self) -> None:
        started = time.monotonic()
        call_command("ledger_verify", stdout=self.stdout)
        self._say(f"ledger_verify: {time.monotonic() - started:.1f} s")

    def _serve(self, port: int) -> None:
        sandbox_port = serving.free_port()
        base = f"http://127.0.0.1:{sandbox_port}"
        web = f"http://127.0.0.1:{port}"
        signal.signal(signal.SIGTERM, lambda *_args: sys.exit(0))
        with (
            serving.running(
                *serving.payment_sandbox(sandbox_port, f"{web}/webhooks/stripe/"),
                port=sandbox_port,
                **serving.sandbox_secret(),
            ),
            serving.running(*serving.task_worker()),
            serving.running(
                *serving.web_server(port), port=port, STRIPE_API_BASE=base, BASE_URL=web
            ) as server,
        ):
            self.stdout.write(f"\n{web}/")
            for sign_in in staff.sign_ins():
                secret = sign_in.password or _("code at %(address)s") % {"address": f"{web}/sign-in/outbox/"}
                self.stdout.write(
                    f"  {sign_in.role:<16}{sign_in.username:<18}{secret:<20}{sign_in.otp_secret or ''}"
                )
            self.stdout.write(_("Ctrl+C stops everything."))
            self.stdout.flush()
            try:
                server.wait()
            except (KeyboardInterrupt, SystemExit):
                self.stdout.write("")
