"""Long work of benefits, done by the workers (docs/decisions/0003)."""

from __future__ import annotations

from django_tasks import task

from . import making
from .models import Run


@task()
def put_list_together(run_id: int) -> None:
    """Go on with a payment list where it stands; of a complete one nothing is left to do."""
    making.put_together(Run.objects.get(pk=run_id))
