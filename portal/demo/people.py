"""People who do not exist: names put together from common parts, ID numbers of the impossible region 990100."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from stdnum import luhn
from stdnum.cn import ric

from portal.members.models import JobGroup
from portal.members.register import Person

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_COMPOUND = ("欧阳", "司马", "上官")
_GIVEN_1 = "春夏秋冬安宁清和思远向新景明雨晴海川云山"
_GIVEN_2 = "平生禾舟帆林岚溪泽原朗月星晨歌笛墨桐"
# Names that break careless systems: a middle dot, characters outside everyday sets, beyond GBK.
_RARE = ("阿依古丽·买买提示例", "龑小禾", "王頔舟", "欧阳清岚", "陈䶮示例")
_JOBS = [j for j in JobGroup if j not in (JobGroup.OTHER, JobGroup.CLEANER)]


def id_number(serial: int) -> str:
    """The n-th impossible but well-formed ID number; holders are born from 1965 to 2004."""
    day, sequence = divmod(serial, 999)
    born = dt.date(1965, 1, 1) + dt.timedelta(days=day * 7919 % 14_600)
    head = f"990100{born:%Y%m%d}{sequence + 1:03d}"
    return head + ric.calc_check_digit(head + "0")


def card_number(serial: int) -> str:
    """The n-th well-formed card number of a bank that does not exist."""
    head = f"621799{serial:012d}"
    return head + luhn.calc_check_digit(head)


def phone_number(serial: int) -> str:
    return f"199{serial:08d}"


def people(count: int, *, first_serial: int, dice: random.Random) -> Iterator[Person]:
    """Members of all three populations: migrant, non-local and casual workers overlap as they do in life."""
    for n in range(count):
        serial = first_serial + n
        yield Person(
            name=_RARE[n] if n < len(_RARE) and first_serial == 1 else _name(dice),
            id_number=id_number(serial),
            phone=phone_number(serial),
            job_group=dice.choice(_JOBS),
            is_migrant_worker=dice.random() < 0.6,
            is_nonlocal_worker=dice.random() < 0.5,
            is_casual_worker=dice.random() < 0.8,
        )


def _name(dice: random.Random) -> str:
    surname = dice.choice(_COMPOUND) if dice.random() < 0.03 else dice.choice(_SURNAMES)
    given = dice.choice(_GIVEN_1) + (dice.choice(_GIVEN_2) if dice.random() < 0.85 else "")
    return surname + given
