"""One process of a race: told on standard input who contends for what, it says ``ready``, waits for ``go``, claims."""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    django.setup()
    from portal.members.models import Member

    from . import race
    from .models import Campaign

    order = json.loads(sys.stdin.readline())
    campaign = Campaign.objects.select_related("version__programme", "union").get(pk=order["campaign"])
    by_id = Member.objects.in_bulk(order["members"])
    members = [by_id[pk] for pk in order["members"]]
    print("ready", flush=True)
    sys.stdin.readline()
    race.contend(campaign, members, threads=order["threads"])
    print("done", flush=True)


if __name__ == "__main__":
    main()
