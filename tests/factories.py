"""People and unions for tests, in domain words; ID numbers are of the impossible region 990100."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from stdnum import luhn
from stdnum.cn import ric

from ledger.books import opening
from ledger.books.models import BankAccount, Book
from portal.accounts.models import RoleAssignment, User
from portal.accounts.roles import Role
from portal.members import register
from portal.members.models import Member, Membership
from portal.unions.models import Union, UnionKind

OPENED_ON = dt.date(2026, 1, 1)
TODAY = dt.date(2026, 3, 16)
_numbers = itertools.count(1)


def id_number(serial: int, born: dt.date = dt.date(1990, 1, 1)) -> str:
    """A well-formed resident ID number that nobody has."""
    head = f"990100{born:%Y%m%d}{serial % 1000:03d}"
    return head + ric.calc_check_digit(head + "0")


def card_number(serial: int) -> str:
    """A well-formed service card number that no bank issued."""
    head = f"621799{serial:012d}"
    return head + luhn.calc_check_digit(head)


def municipal_union(code: str = "TJ", **fields: Any) -> Union:
    return Union.add_root(
        code=code, kind=UnionKind.MUNICIPAL, name="示例市总工会", name_en="Sample City Federation", **fields
    )


def district_union(parent: Union, code: str = "HD", **fields: Any) -> Union:
    return parent.add_child(
        code=code, kind=UnionKind.DISTRICT, name="示例区总工会", name_en="Sample District", **fields
    )


def community_union(parent: Union, code: str = "HD-C001", **fields: Any) -> Union:
    return parent.add_child(
        code=code, kind=UnionKind.COMMUNITY, name="示例社区工会", name_en="Sample Community", **fields
    )


def book_of(union: Union, opened_on: dt.date = OPENED_ON) -> Book:
    return opening.open_book(union=union, opened_on=opened_on)


def bank_account_of(book: Book, code: str | None = None) -> BankAccount:
    return opening.add_bank_account(
        book=book,
        code=code or f"{book.code}-B1",
        bank="示例银行",
        number=f"9900{book.pk:012d}",
        holder=book.union.name,
        authorised_by="测试",
    )


def user(name: str = "", role: Role | None = None, union: Union | None = None, **fields: Any) -> User:
    """A user, with one role in one union if asked for."""
    username = name or f"user{next(_numbers)}"
    created = User.objects.create_user(username, "correct horse battery", name=username, **fields)
    if role and union:
        RoleAssignment.objects.create(user=created, role=role, union=union)
    return created


def membership_in(
    union: Union,
    *,
    name: str = "张示例",
    joined_on: dt.date = OPENED_ON,
    with_user: bool = False,
    **facts: Any,
) -> Membership:
    """A new person admitted to the union; ``facts`` are those of ``register.admit``."""
    serial = next(_numbers)
    born = dt.date(1970, 1, 1) + dt.timedelta(days=serial // 1000)
    phone = f"139{serial:08d}"
    owner = user(f"member{serial}", phone=f"+86{phone}", phone_verified=True) if with_user else None
    return register.admit(
        union=union,
        name=name,
        id_number=id_number(serial, born),
        phone=phone,
        started_on=joined_on,
        user=owner,
        **facts,
    )


def member_with_card(union: Union, *, name: str = "张示例", **facts: Any) -> Member:
    """A member whose own service card is on record."""
    member = membership_in(union, name=name, **facts).member
    register.set_card(
        member=member, bank="示例银行", number=card_number(next(_numbers)), holder=member.name, actor=None
    )
    return member
