"""The demo world: a federation, its books and banks, its staff and its members; the same for the same seed."""

from __future__ import annotations

import calendar
import datetime as dt
import os
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from stdnum.cn import uscc

from ledger.books import opening
from ledger.books.models import BankAccount, Book
from portal.accounts.models import User
from portal.members import register
from portal.unions.models import Territory, TerritoryKind, Union, UnionKind

from . import people
from .staff import make_staff

BANK = "演示银行"
_SIGN_INS = 20  # members of each community union who can sign in with their phone
_STREETS = {
    "海棠": "Haitang", "芦花": "Luhua", "晴川": "Qingchuan", "云杉": "Yunshan", "银杏": "Yinxing", "青禾": "Qinghe",
    "听涛": "Tingtao", "望潮": "Wangchao", "锦程": "Jincheng", "和风": "Hefeng", "朝露": "Zhaolu", "星河": "Xinghe",
}  # fmt: skip
# Industry federations and the bureau responsible for each (津东总工发[2019]22号 一(二)2).
_INDUSTRIES = (
    ("民办教育机构工会联合会", "Private Education Federation", "区教育局"),
    ("非公医疗机构工会联合会", "Private Medical Care Federation", "区卫健委"),
    ("物业行业工会联合会", "Property Management Federation", "区住建委"),
    ("建筑业工会联合会", "Construction Federation", "区住建委"),
)
# (members, community unions) by DEMO_SCALE
SCALES = {"small": (300, 6), "district": (20_000, 158), "city": (1_000_000, 158)}


@dataclass(frozen=True)
class Calendar:
    """The months of the demo: people join, then comes the month of the main job; today's month stays open."""

    joined_on: dt.date
    first: dt.date
    last: dt.date

    @property
    def month(self) -> int:
        return self.first.year * 100 + self.first.month

    def day(self, number: int) -> dt.date:
        return self.first.replace(day=number)


def demo_calendar(today: dt.date) -> Calendar:
    """The main job happens in the month before ``today``; members joined two months before."""
    first = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return Calendar(joined_on=(first - dt.timedelta(days=1)).replace(day=10), first=first, last=last)


def scale() -> tuple[int, int]:
    """Members and community unions of DEMO_SCALE."""
    return SCALES[os.environ.get("DEMO_SCALE", "small")]


def seed() -> int:
    return int(os.environ.get("DEMO_SEED", "1"))


def exists() -> bool:
    return Union.objects.filter(code="TJ").exists()


@transaction.atomic
def build(*, today: dt.date, say: Callable[[str], None]) -> None:
    """Make unions, books, staff and members in one database transaction: a broken start leaves nothing behind."""
    dates = demo_calendar(today)
    member_count, community_count = scale()
    unions = _unions(community_count)
    say(f"{len(unions)} unions with territories")
    for union in unions:
        _open_book(union, dates.first, today)
    say(f"{len(unions)} books with the chart of 财会〔2021〕7号")
    make_staff(say=say)
    _members(member_count, dates, say)


def union(code: str) -> Union:
    return Union.objects.get(code=code)


def book(code: str) -> Book:
    return Book.objects.get(code=code)


def bank_account(code: str) -> BankAccount:
    return BankAccount.objects.get(code=f"{code}-BANK")


def communities() -> list[Union]:
    return list(Union.objects.filter(kind=UnionKind.COMMUNITY).order_by("code"))


def _unions(community_count: int) -> list[Union]:
    city = Territory.add_root(
        code="120000", kind=TerritoryKind.PROVINCE, name="天津市", name_en="Tianjin", is_demo=True
    )
    district = city.add_child(
        code="120102", kind=TerritoryKind.DISTRICT, name="河东区", name_en="Hedong", is_demo=True
    )
    municipal = Union.add_root(
        **_union("TJ", UnionKind.MUNICIPAL, "天津市总工会（演示）", "Tianjin Federation (demo)", 1),
        territory=city,
    )
    hedong = municipal.add_child(
        **_union("HD", UnionKind.DISTRICT, "河东区总工会（演示）", "Hedong District Federation (demo)", 2),
        territory=district,
    )
    made, streets = [municipal, hedong], []
    for n, (name, name_en) in enumerate(_STREETS.items(), start=1):
        place = Territory.objects.get(pk=district.pk).add_child(
            code=f"120102{n:03d}",
            kind=TerritoryKind.STREET,
            name=f"{name}街道",
            name_en=f"{name_en} Street",
            is_demo=True,
        )
        streets.append(
            Union.objects.get(pk=hedong.pk).add_child(
                **_union(
                    f"HD-S{n:02d}",
                    UnionKind.STREET,
                    f"{name}街道总工会",
                    f"{name_en} Street Federation",
                    100 + n,
                ),
                territory=place,
            )
        )
    for n, (name, name_en, bureau) in enumerate(_INDUSTRIES, start=1):
        made.append(
            Union.objects.get(pk=hedong.pk).add_child(
                **_union(f"HD-I{n:02d}", UnionKind.INDUSTRY, f"河东区{name}", name_en, 200 + n),
                territory=district,
                responsible_body=bureau,
            )
        )
    for n in range(1, community_count + 1):
        street = Union.objects.get(pk=streets[(n - 1) % len(streets)].pk)
        made.append(_community(street, n))
    return made + streets


def _community(street: Union, n: int) -> Union:
    area = Territory.objects.get(unions=street)
    ordinal = (n - 1) // len(_STREETS) + 1
    place = area.add_child(
        code=f"{area.code}{ordinal:03d}",
        kind=TerritoryKind.COMMUNITY,
        name=f"{street.name[:2]}第{ordinal}社区",
        name_en=f"{street.name_en.split()[0]} Community {ordinal}",
        is_demo=True,
    )
    return street.add_child(
        **_union(f"HD-C{n:03d}", UnionKind.COMMUNITY, f"{place.name}工会", f"{place.name_en} Union", 300 + n),
        territory=place,
    )


def _union(code: str, kind: UnionKind, name: str, name_en: str, serial: int) -> dict[str, object]:
    # Codes of union legal persons begin with 81; MC marks the impossible demo bodies.
    head = f"81120102MC{serial:07d}"
    credit_code = head + uscc.calc_check_digit(head)
    return {
        "code": code,
        "kind": kind,
        "name": name,
        "name_en": name_en,
        "uscc": credit_code,
        "is_demo": True,
    }


def _open_book(owner: Union, opened_on: dt.date, today: dt.date) -> None:
    ledger = opening.open_book(union=owner, opened_on=opened_on)
    if today.year > opened_on.year:
        opening.open_year(book=ledger, year=today.year + 1)
    opening.add_bank_account(
        book=ledger,
        code=f"{owner.code}-BANK",
        bank=BANK,
        number=f"99{owner.pk:014d}",
        holder=owner.name,
        authorised_by="河东区总工会（演示）",
    )


def _members(count: int, dates: Calendar, say: Callable[[str], None]) -> None:
    places = communities()
    dice = random.Random(seed())  # noqa: S311 - a demo must be the same each time, not secret
    share, rest = divmod(count, len(places))
    serial, cards = 1, 0
    for n, community in enumerate(places):
        size = share + (1 if n < rest else 0)
        roster = list(people.people(size, first_serial=serial, dice=dice))
        admitted = register.admit_roster(
            union=community, persons=roster, started_on=dates.joined_on, actor=None, is_demo=True
        )
        # Most have their card; a few wait for it, which the runs must bear.
        holders = [
            (m.member, people.card_number(serial + k)) for k, m in enumerate(admitted) if dice.random() < 0.97
        ]
        register.give_sign_ins(members=[m.member for m in admitted[:_SIGN_INS]], actor=None, is_demo=True)
        cards += len(register.set_cards(cards=holders, bank=BANK, actor=None, is_demo=True))
        serial += size
    say(
        f"{count} members in {len(places)} community unions, {cards} with a service card; "
        f"{_SIGN_INS} of each union can sign in"
    )


def staff(username: str) -> User:
    return User.objects.get(username=username)
