"""Numbers and names of people: what is accepted, what is refused, what is shown (domain 5.1)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from portal.accounts import phones
from portal.demo import people
from portal.members import identity


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",  # the two published examples of GB 11643-1999
        "990100199001010012",
        "990100198812310022",
        "990100200002290031",
        "990100199507150047",
        "990100197906010050",
        "990100196608150077",
    ],
)
def test_well_formed_numbers_are_accepted(number: str) -> None:
    assert identity.normal_id_number(number) == number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("11010519491231002x", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (" 990100 19900101 0012 ", "990100199001010012"),
    ],
)
def test_what_people_type_is_brought_to_one_form(typed: str, meant: str) -> None:
    assert identity.normal_id_number(typed) == meant


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("110105194912310021", "last character"),
        ("440524188001010014", "date of birth"),  # right checksum, born 1880
        ("110105491231002", "15-digit"),
        ("12345", "18 characters"),
        ("ABCDEFGHIJKLMNOPQR", "18 characters"),
        ("", "18 characters"),
    ],
)
def test_impossible_numbers_are_refused_with_the_reason(number: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        identity.normal_id_number(number)


def test_a_minor_below_sixteen_is_refused_and_a_birthday_counts_on_its_day() -> None:
    number = "990100200803100082"
    with pytest.raises(ValidationError, match="16"):
        identity.require_working_age(number, dt.date(2024, 3, 9))
    identity.require_working_age(number, dt.date(2024, 3, 10))


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００"]
)
def test_phones_have_one_form(typed: str) -> None:
    assert phones.normal_phone(typed) == "+8613800138000"


@pytest.mark.parametrize("typed", ["12800138000", "1380013800", "+1 202 555 0100", "phone", ""])
def test_other_numbers_are_no_mobile_phones(typed: str) -> None:
    with pytest.raises(ValidationError):
        phones.normal_phone(typed)


def test_every_middle_dot_becomes_the_official_one() -> None:
    forms = {identity.normal_name(f"阿依古丽{dot}买买提") for dot in "·•・‧∙．"}
    assert forms == {"阿依古丽·买买提"}


@pytest.mark.parametrize("name", ["", "   ", "张<三>", "张3", "名" * 51])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        identity.normal_name(name)


@pytest.mark.parametrize("number", ["6217990000000000006", "6228480000000000018", "6212260000000000026"])
def test_card_numbers_with_a_right_check_digit_are_accepted(number: str) -> None:
    assert identity.normal_card_number(number) == number


def test_a_mistyped_card_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="typing error"):
        identity.normal_card_number("6217990000000000016")


@pytest.mark.parametrize(
    ("masked", "expected"),
    [
        (identity.mask_name("张三"), "张*"),
        (identity.mask_name("欧阳清岚"), "欧阳**"),
        (identity.mask_name("李"), "李*"),
        (identity.mask_id_number("990100199001010012"), "990***********0012"),
        (phones.mask_phone("+8613812345678"), "138****5678"),
        (identity.mask_card("0006"), "**** **** **** 0006"),
    ],
)
def test_masks(masked: str, expected: str) -> None:
    assert masked == expected


def test_demo_numbers_are_well_formed_all_different_and_nobodys() -> None:
    numbers = [people.id_number(n) for n in range(1, 5000)]
    assert len(set(numbers)) == len(numbers)
    assert all(identity.normal_id_number(n).startswith("990100") for n in numbers)
    assert identity.normal_card_number(people.card_number(7))
