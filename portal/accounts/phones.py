"""Mobile numbers (手机号) of mainland China: one written form for sign-in and register, and how they are masked."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_CHINA = 86


def normal_phone(raw: str) -> str:
    """A mainland mobile number in E.164 form (+86…); raises ValidationError."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", raw), "CN")
    except phonenumbers.NumberParseException as error:
        raise ValidationError(_("Enter a mobile number of 11 digits, like 138 0013 8000.")) from error
    national = str(number.national_number)
    if number.country_code != _CHINA or not re.fullmatch(r"1[3-9]\d{9}", national):
        raise ValidationError(_("Enter a mobile number of 11 digits, like 138 0013 8000."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(phone: str) -> str:
    """138****8000."""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}"
