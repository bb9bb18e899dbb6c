"""Amounts in yuan as people type them: 1,234.50, also in full width; what is no amount is refused as it stands."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# static/js/voucher.js reads amounts by the same rule.
_AMOUNT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?", re.ASCII)
# What Chinese input methods put where a minus or a point was meant, and is left as it is by NFKC.
_MEANT = str.maketrans({"−": "-", "–": "-", "。": ".", "¥": None})


class AmountField(forms.DecimalField):
    """Yuan with at most two decimals; thousands may be marked by commas."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Write the amount in figures, such as 1234.50 or 1,234.50."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=16, decimal_places=2, **kwargs)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        typed = "".join(unicodedata.normalize("NFKC", value).translate(_MEANT).split())
        if not _AMOUNT.fullmatch(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(typed.replace(",", ""))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "decimal", "autocomplete": "off"}
