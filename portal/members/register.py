"""Keeping the register: admit a person to a union, move and end memberships, keep the service card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from portal.accounts import audit, permissions
from portal.accounts.models import AuditEvent, User
from portal.accounts.phones import normal_phone
from portal.accounts.roles import Duty
from portal.errors import DomainError
from portal.unions.models import Union

from . import identity
from .models import CardStatus, JobGroup, Member, Membership, ServiceCard


class AlreadyMember(DomainError):
    code = "already_member"


class CardInUse(DomainError):
    code = "card_in_use"


@transaction.atomic
def admit(
    *,
    union: Union,
    name: str,
    id_number: str,
    phone: str,
    started_on: dt.date,
    job_group: JobGroup = JobGroup.OTHER,
    is_migrant_worker: bool = False,
    is_nonlocal_worker: bool = False,
    is_casual_worker: bool = False,
    user: User | None = None,
    actor: User | None = None,
    is_demo: bool = False,
) -> Membership:
    """Admit a person (入会): find or create the person by ID number and start the membership.

    Raises ValidationError for impossible data and AlreadyMember when the person has a membership anywhere.
    """
    number = identity.normal_id_number(id_number)
    identity.require_working_age(number, started_on)
    member, created = Member.objects.get_or_create(
        id_number_index=identity.blind_index(number),
        defaults={
            "name": identity.normal_name(name),
            "id_number": number,
            "id_number_last4": number[-4:],
            "born_on": identity.birth_date(number),
            "phone": normal_phone(phone),
            "job_group": job_group,
            "is_migrant_worker": is_migrant_worker,
            "is_nonlocal_worker": is_nonlocal_worker,
            "is_casual_worker": is_casual_worker,
            "user": user,
            "is_demo": is_demo,
        },
    )
    if not created and current_membership(member, started_on):
        raise AlreadyMember(
            gettext("This person is already a member. Use a transfer instead of a second admission.")
        )
    membership = Membership.objects.create(
        member=member, union=union, number=_number(union, _next_serial(union)), started_on=started_on
    )
    audit.record(actor=actor, action="member.admitted", target=membership, union=union)
    return membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One row of a roster (整建制入会名册)."""

    name: str
    id_number: str
    phone: str
    job_group: JobGroup = JobGroup.OTHER
    is_migrant_worker: bool = False
    is_nonlocal_worker: bool = False
    is_casual_worker: bool = False


@transaction.atomic
def admit_roster(
    *, union: Union, persons: Sequence[Person], started_on: dt.date, actor: User | None, is_demo: bool = False
) -> list[Membership]:
    """Admit a whole team at once (整建制入会), all or nobody.

    Raises ValidationError for impossible data and AlreadyMember naming how many of the roster are members already.
    """
    rows = []
    for person in persons:
        number = identity.normal_id_number(person.id_number)
        identity.require_working_age(number, started_on)
        rows.append((person, number, identity.blind_index(number)))
    known = Member.objects.filter(id_number_index__in=[index for _, _, index in rows]).count()
    if known or len({index for _, _, index in rows}) < len(rows):
        raise AlreadyMember(
            gettext(
                "%(count)s people of this list are known already. Take them out and admit them one by one."
            )
            % {"count": known or len(rows) - len({index for _, _, index in rows})}
        )
    members = Member.objects.bulk_create(
        [
            Member(
                name=identity.normal_name(person.name),
                id_number=number,
                id_number_index=index,
                id_number_last4=number[-4:],
                born_on=identity.birth_date(number),
                phone=normal_phone(person.phone),
                job_group=person.job_group,
                is_migrant_worker=person.is_migrant_worker,
                is_nonlocal_worker=person.is_nonlocal_worker,
                is_casual_worker=person.is_casual_worker,
                is_demo=is_demo,
            )
            for person, number, index in rows
        ],
        batch_size=1000,
    )
    first = _next_serial(union)
    memberships = Membership.objects.bulk_create(
        [
            Membership(member=member, union=union, number=_number(union, first + n), started_on=started_on)
            for n, member in enumerate(members)
        ],
        batch_size=1000,
    )
    audit.record(
        actor=actor, action="member.roster_admitted", target=union, union=union, count=len(memberships)
    )
    return memberships


@transaction.atomic
def end_membership(
    *, membership: Membership, ended_on: dt.date, reason: str, actor: User | None
) -> Membership:
    """End a membership on a day (the last day on which it holds)."""
    membership.ended_on = ended_on
    membership.end_reason = reason
    membership.save(update_fields=["ended_on", "end_reason"])
    audit.record(actor=actor, action="member.left", target=membership, union=membership.union, reason=reason)
    return membership


@transaction.atomic
def set_card(
    *, member: Member, bank: str, number: str, holder: str, actor: User | None, is_demo: bool = False
) -> ServiceCard:
    """Record the member's own service card; the former one is kept as replaced. Raises CardInUse, ValidationError."""
    digits = identity.normal_card_number(number)
    bank = identity.normal_bank_name(bank)
    holder = identity.normal_name(holder)
    if holder != member.name:
        raise CardInUse(
            gettext("The name on the card must be the member's own name: benefits go to one's own card only.")
        )
    member.cards.exclude(status=CardStatus.REPLACED).update(status=CardStatus.REPLACED)
    try:
        with transaction.atomic():
            card = ServiceCard.objects.create(
                member=member,
                bank=bank,
                number=digits,
                number_index=identity.blind_index(digits),
                last4=digits[-4:],
                holder=holder,
                is_demo=is_demo,
            )
    except IntegrityError as error:
        raise CardInUse(gettext("Another member has this card. Please check the number.")) from error
    audit.record(actor=actor, action="member.card_set", target=card, last4=card.last4)
    return card


@transaction.atomic
def set_cards(
    *, cards: Sequence[tuple[Member, str]], bank: str, actor: User | None, is_demo: bool = False
) -> list[ServiceCard]:
    """Record the cards that a bank issued to many members who have none yet (member, card number)."""
    bank = identity.normal_bank_name(bank)
    made = []
    for member, raw in cards:
        digits = identity.normal_card_number(raw)
        made.append(
            ServiceCard(
                member=member,
                bank=bank,
                number=digits,
                number_index=identity.blind_index(digits),
                last4=digits[-4:],
                holder=member.name,
                is_demo=is_demo,
            )
        )
    try:
        with transaction.atomic():
            created = ServiceCard.objects.bulk_create(made, batch_size=1000)
    except IntegrityError as error:
        raise CardInUse(gettext("A card or a member appears twice. Nothing was recorded.")) from error
    audit.record(actor=actor, action="member.cards_set", count=len(created))
    return created


@transaction.atomic
def give_sign_ins(*, members: Sequence[Member], actor: User | None, is_demo: bool = False) -> int:
    """Let members sign in by phone and code; who shares a phone with somebody else is left out. Returns how many."""
    waiting = {m.phone: m for m in members if m.user_id is None}
    taken = set(User.objects.filter(phone__in=waiting).values_list("phone", flat=True))
    chosen = [m for phone, m in waiting.items() if phone not in taken]
    users = User.objects.bulk_create(
        [
            User(
                username=f"m{member.pk}",
                name=member.name,
                phone=member.phone,
                password=make_password(None),
                is_demo=is_demo,
            )
            for member in chosen
        ],
        batch_size=1000,
    )
    for member, user in zip(chosen, users, strict=True):
        member.user = user
    Member.objects.bulk_update(chosen, ["user"], batch_size=1000)
    audit.record(actor=actor, action="member.sign_ins_given", count=len(chosen))
    return len(chosen)


@transaction.atomic
def record_identity_seen(*, member: Member, on: dt.date, reason: str, actor: User) -> AuditEvent:
    """Put a look at full numbers on the audit trail of the union for which ``actor`` looks (个人信息保护法 第二十八条).

    Raises NotAllowed unless the actor may see them in the union to which the member belongs on that day.
    """
    membership = current_membership(member, on)
    if membership is None:
        raise permissions.NotAllowed(gettext("This person is not a member of a union of yours."))
    union = permissions.acting_union(actor, Duty.VIEW_FULL_IDENTITY, membership.union)
    return audit.record(
        actor=actor,
        action="identity.seen",
        target=member,
        union=union,
        reason=reason,
        member_of=membership.union.code,
    )


def current_membership(member: Member, on: dt.date) -> Membership | None:
    """The membership that holds on a day, if any."""
    return (
        member.memberships.filter(started_on__lte=on)
        .exclude(ended_on__lt=on)
        .select_related("union")
        .order_by("-started_on")
        .first()
    )


def members_of(unions: QuerySet[Union], on: dt.date) -> QuerySet[Member]:
    """Everybody whose membership in one of the unions holds on a day; a former union has no business with a person."""
    holding = Membership.objects.filter(union__in=unions, started_on__lte=on).exclude(ended_on__lt=on)
    return Member.objects.filter(Exists(holding.filter(member=OuterRef("pk"))))


def find_by_id_number(id_number: str) -> Member | None:
    """Look a person up by the full ID number (through the blind index)."""
    number = identity.normal_id_number(id_number)
    return Member.objects.filter(id_number_index=identity.blind_index(number)).first()


def _next_serial(union: Union) -> int:
    """The next running number of a union; its row is locked so that two admissions never meet."""
    Union.objects.select_for_update().get(pk=union.pk)
    return Membership.objects.filter(union=union).count() + 1


def _number(union: Union, serial: int) -> str:
    return f"{union.code}-{serial:06d}"
