"""What the editors' admin does otherwise than Wagtail."""

from __future__ import annotations

from typing import Any

from django.db import models
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.widgets import AdminDateInput


class TypedDateInput(AdminDateInput):
    """A day as it was typed: one that is no day is refused when saving, never replaced by today."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "validateOnBlur": False}


register_form_field_override(models.DateField, override={"widget": TypedDateInput})
