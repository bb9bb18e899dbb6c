"""What the editors' admin does otherwise than Wagtail.

It publishes through the workflow only: the button that saves and publishes in one go is gone. Days stay as typed.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.widgets import AdminDateInput

from content.editorial import ThreePersonsNeeded


class TypedDateInput(AdminDateInput):
    """A day as it was typed: one that is no day is refused when saving, never replaced by today."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "validateOnBlur": False}


register_form_field_override(models.DateField, override={"widget": TypedDateInput})


@hooks.register("construct_page_action_menu")
def without_publish_button(menu: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    menu[:] = [item for item in menu if item.name != "action-publish"]


@hooks.register("before_create_page")
@hooks.register("before_edit_page")
@hooks.register("before_copy_page")
def refuse_publishing_what_was_just_written(request: HttpRequest, *pages: Any) -> None:
    """Before anything is saved; ``editorial.require_three_persons`` would refuse it afterwards."""
    if request.method == "POST" and {"action-publish", "publish_copies"} & request.POST.keys():
        raise ThreePersonsNeeded(
            _("Submit the text for review: it is published when a reviewer and a publisher approved it.")
        )
