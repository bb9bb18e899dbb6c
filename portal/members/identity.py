"""Identity data: ID numbers (GB 11643-1999), phones, names; validation, blind index, masking (个人信息保护法)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as NumberError

_MIDDLE_DOTS = dict.fromkeys(map(ord, "•・‧∙．●⋅"), "·")
_COMPOUND_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 独孤 南宫 长孙 宇文 轩辕".split()
)
_MINIMUM_AGE = 16  # 劳动法 第十五条
_NAME_LENGTH = 50
_BANK_LENGTH = 60
_BANK_CATEGORIES = frozenset({"Lo", "Lu", "Ll", "Lm", "Mn", "Nd"})


def normal_id_number(raw: str) -> str:
    """The 18 characters of a resident ID number: full-width folded, blanks removed, x raised; checked.

    Raises ValidationError with what is wrong (length, date, check character, age).
    """
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", raw)).upper()
    if re.fullmatch(r"\d{15}", number):
        raise ValidationError(
            _("This is an old 15-digit number. Enter the 18 characters of the present card.")
        )
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise ValidationError(_("A resident ID number has 18 characters: 17 digits and a digit or X."))
    if ric.calc_check_digit(number) != number[-1]:
        raise ValidationError(
            _("The last character does not fit the other 17. Please compare with the card.")
        )
    born = birth_date(number)
    if not dt.date(1900, 1, 1) <= born <= timezone.localdate():
        raise ValidationError(_("The date of birth in this number is not possible."))
    return number


def birth_date(number: str) -> dt.date:
    """The date of birth in characters 7–14; raises ValidationError for a day that never was."""
    try:
        return ric.get_birth_date(number)
    except NumberError as error:
        raise ValidationError(_("The date of birth in this number is not possible.")) from error


def require_working_age(number: str, on: dt.date) -> None:
    """Raise ValidationError below 16, the youngest lawful working age (劳动法 第十五条)."""
    born = birth_date(number)
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age < _MINIMUM_AGE:
        raise ValidationError(_("Members are at least 16 years old."))


def normal_name(raw: str) -> str:
    """A person's name: compatibility forms folded, every middle dot written U+00B7; raises ValidationError."""
    name = unicodedata.normalize("NFC", raw.translate(_MIDDLE_DOTS)).strip()
    if not name or len(name) > _NAME_LENGTH:
        raise ValidationError(_("Enter the name as on the card, up to 50 characters."))
    if any(unicodedata.category(c) not in {"Lo", "Lu", "Ll", "Lm", "Mn"} and c not in "· .'-" for c in name):
        raise ValidationError(_("The name has a character that names do not have."))
    return name


def normal_bank_name(raw: str) -> str:
    """The name of a bank, written like a person's name but with digits and brackets; raises ValidationError.

    It goes into bank files between separators: a bar, a comma or a line break would break the whole file.
    """
    name = unicodedata.normalize("NFC", raw.translate(_MIDDLE_DOTS)).strip()
    if not name or len(name) > _BANK_LENGTH:
        raise ValidationError(_("Enter the name of the bank, up to 60 characters."))
    if any(unicodedata.category(c) not in _BANK_CATEGORIES and c not in "· .'-&()（）" for c in name):
        raise ValidationError(
            _(
                "The name of the bank has a character that such names do not have: use letters and digits only."
            )
        )
    return name


def normal_card_number(raw: str) -> str:
    """A bank card number of 16–19 digits with a right check digit; raises ValidationError."""
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", raw))
    if not re.fullmatch(r"\d{16,19}", number):
        raise ValidationError(_("A card number has 16 to 19 digits."))
    if not luhn.is_valid(number):
        raise ValidationError(_("The card number has a typing error. Please compare with the card."))
    return number


def blind_index(value: str) -> str:
    """Keyed hash that finds equal numbers without storing them in clear."""
    return hmac.new(settings.BLIND_INDEX_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


def mask_name(name: str) -> str:
    """张* or 欧阳**: the surname stays."""
    kept = 2 if name[:2] in _COMPOUND_SURNAMES else 1
    return name[:kept] + "*" * max(len(name) - kept, 1)


def mask_id_number(number: str) -> str:
    """Three characters, eleven stars, four characters."""
    return f"{number[:3]}{'*' * 11}{number[-4:]}"


def mask_card(last4: str) -> str:
    return f"**** **** **** {last4}"
