"""The register: one person once, one membership at a time, one's own card."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from portal.accounts.models import AuditEvent
from portal.members import register
from portal.members.models import CardStatus, Member, Membership, ServiceCard
from portal.unions.models import Union
from tests import factories
from tests.conftest import Federation

JOINED = dt.date(2026, 1, 10)


def test_admission_numbers_members_in_their_union(federation: Federation) -> None:
    numbers = [factories.membership_in(federation.community).number for _ in range(3)]
    assert numbers == ["HD-C001-000001", "HD-C001-000002", "HD-C001-000003"]
    assert AuditEvent.objects.filter(action="member.admitted").count() == 3


def test_a_person_is_admitted_once_in_the_whole_federation(federation: Federation) -> None:
    number = factories.id_number(7)
    facts = {"name": "张示例", "id_number": number, "phone": "13800138000", "started_on": JOINED}
    register.admit(union=federation.community, **facts)
    with pytest.raises(register.AlreadyMember):
        register.admit(union=federation.district, **facts)
    assert Membership.objects.count() == 1


def test_a_person_who_left_may_join_again(federation: Federation) -> None:
    first = factories.membership_in(federation.community)
    register.end_membership(membership=first, ended_on=dt.date(2026, 2, 28), reason="退会", actor=None)
    again = register.admit(
        union=federation.district,
        name=first.member.name,
        id_number=first.member.id_number,
        phone="13800138000",
        started_on=dt.date(2026, 3, 1),
    )
    assert again.member == first.member
    assert register.current_membership(first.member, dt.date(2026, 3, 1)) == again
    assert register.current_membership(first.member, dt.date(2026, 2, 28)) == first


def test_the_database_refuses_two_memberships_on_one_day(federation: Federation) -> None:
    first = factories.membership_in(federation.community)
    with pytest.raises(DatabaseError, match="one_membership_at_a_time"), transaction.atomic():
        Membership.objects.create(
            member=first.member, union=federation.district, number="x", started_on=JOINED
        )


def test_identity_and_card_numbers_are_encrypted_at_rest_and_found_by_index(federation: Federation) -> None:
    member = factories.member_with_card(federation.community)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number FROM members_member")
        (stored,) = cursor.fetchone()
        cursor.execute("SELECT number FROM members_servicecard")
        (card,) = cursor.fetchone()
    assert member.id_number not in stored
    assert member.cards.get().number not in card
    assert register.find_by_id_number(member.id_number) == member


def test_a_new_card_replaces_the_former_one_and_both_stay_on_record(federation: Federation) -> None:
    member = factories.member_with_card(federation.community)
    register.set_card(
        member=member, bank="示例银行", number=factories.card_number(99), holder=member.name, actor=None
    )
    assert sorted(member.cards.values_list("status", flat=True)) == [CardStatus.ACTIVE, CardStatus.REPLACED]


def test_a_card_of_somebody_else_is_refused_and_the_old_one_stays(federation: Federation) -> None:
    member = factories.member_with_card(federation.community)
    other = factories.member_with_card(federation.community)
    taken = other.cards.get().number
    for holder, number in [("别人", factories.card_number(98)), (member.name, taken)]:
        with pytest.raises(register.CardInUse):
            register.set_card(member=member, bank="示例银行", number=number, holder=holder, actor=None)
    assert member.cards.get().status == CardStatus.ACTIVE


@pytest.mark.parametrize(
    "bank", ["示例|银行", "示例\n银行", "示例\0银行", "示例,银行", "=HYPERLINK", "😀", " ", "行" * 61]
)
def test_a_bank_name_that_would_break_a_bank_file_is_refused_and_the_old_card_stays(
    federation: Federation, bank: str
) -> None:
    member = factories.member_with_card(federation.community)
    with pytest.raises(ValidationError):
        register.set_card(
            member=member, bank=bank, number=factories.card_number(97), holder=member.name, actor=None
        )
    assert member.cards.get().bank == "示例银行"


def test_bank_names_as_they_are_written_are_kept(federation: Federation) -> None:
    member = factories.member_with_card(federation.community)
    name = "中国工商银行天津河东(第2)支行（Asia & Co.）"
    card = register.set_card(
        member=member, bank=f" {name} ", number=factories.card_number(96), holder=member.name, actor=None
    )
    assert card.bank == name


def person(serial: int, **facts: object) -> register.Person:
    return register.Person(
        name="李示例", id_number=factories.id_number(serial), phone=f"139{serial:08d}", **facts
    )


def test_a_roster_is_admitted_whole(federation: Federation) -> None:
    made = register.admit_roster(
        union=federation.community, persons=[person(n) for n in range(5)], started_on=JOINED, actor=None
    )
    assert [m.number for m in made] == [f"HD-C001-00000{n}" for n in range(1, 6)]


def test_a_roster_with_a_known_person_admits_nobody(federation: Federation) -> None:
    register.admit_roster(union=federation.community, persons=[person(1)], started_on=JOINED, actor=None)
    for roster in ([person(2), person(1)], [person(3), person(3)]):
        with pytest.raises(register.AlreadyMember):
            register.admit_roster(union=federation.community, persons=roster, started_on=JOINED, actor=None)
    assert Member.objects.count() == 1


def test_cards_of_many_are_recorded_all_or_none(federation: Federation) -> None:
    members = [factories.membership_in(federation.community).member for _ in range(3)]
    numbers = [factories.card_number(n) for n in (1, 2, 2)]
    with pytest.raises(register.CardInUse):
        register.set_cards(cards=list(zip(members, numbers, strict=True)), bank="示例银行", actor=None)
    assert not ServiceCard.objects.exists()


def test_members_of_a_union_are_those_whose_membership_holds_that_day(federation: Federation) -> None:
    membership = factories.membership_in(federation.community, joined_on=dt.date(2026, 2, 1))
    register.end_membership(membership=membership, ended_on=dt.date(2026, 3, 31), reason="退会", actor=None)
    unions = Union.objects.filter(pk=federation.community.pk)
    days = ("2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01")
    found = [register.members_of(unions, dt.date.fromisoformat(day)).count() for day in days]
    assert found == [0, 1, 1, 0]
