"""Who gets a benefit: the set over the register and the reasons for one person are one reading (domain 1.5 A)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.utils import timezone
from djmoney.money import Money
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.benefits import claims, eligibility, list_approval, programmes, queries
from ledger.benefits.errors import NotEligible
from ledger.benefits.models import (
    Campaign,
    Commitment,
    CommitmentState,
    CutoffRule,
    ExclusiveProgramme,
    Payee,
    ProgrammeVersion,
    Run,
)
from ledger.dues import queries as dues
from ledger.dues import standing
from ledger.dues.models import DuesMonth, DuesPayment
from portal.accounts.models import User
from portal.members.models import CardStatus, Member, Membership
from portal.unions.models import Union
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import prepared

TODAY = factories.TODAY
FIRST, LAST = dt.date(2025, 12, 30), dt.date(2027, 1, 1)


def asked(
    version: ProgrammeVersion, union: Union, on: dt.date = TODAY, year: int | None = None
) -> eligibility.Asked:
    return eligibility.Asked(version=version, union=union, year_key=year or on.year, on=on)


def eligible(question: eligibility.Asked) -> set[int]:
    members = eligibility.eligible_members(
        version=question.version, union=question.union, year_key=question.year_key, on=question.on
    )
    return set(members.values_list("pk", flat=True))


def against(member: Member, question: eligibility.Asked) -> set[str]:
    found = eligibility.reading(member=member, asked=question)
    return {reason.condition for reason in found if reason.refuses}


def fact(member: Member, question: eligibility.Asked, condition: str) -> eligibility.Reason:
    (found,) = (
        reason
        for reason in eligibility.reading(member=member, asked=question)
        if reason.condition == condition
    )
    return found


def rules(version: ProgrammeVersion, **parameters: object) -> ProgrammeVersion:
    """The rules with other parameters, as a draft would have them; nothing is written."""
    for name, value in parameters.items():
        setattr(version, name, value)
    return version


def pay_dues(membership: Membership, *months: int) -> None:
    """Months of any choice, without their postings: to be rolled back before the database looks for those."""
    payment = DuesPayment.objects.create(
        member=membership.member, union=membership.union, first_month=months[0], last_month=months[-1],
        months=len(months), amount=Money(2 * len(months), "CNY"), channel="cash",
    )  # fmt: skip
    DuesMonth.objects.bulk_create(
        DuesMonth(member=membership.member, month=month, payment=payment) for month in months
    )


def give(member: Member, version: ProgrammeVersion, union: Union, year: int, by: User) -> None:
    """The member is on a list of these rules."""
    run = Run.objects.create(
        code=f"R{Run.objects.count()}", version=version, union=union, year_key=year, list_date=TODAY, count=0,
        total=Money(0, "CNY"), prepared_by=by,
    )  # fmt: skip
    Commitment.objects.create(
        programme=version.programme, version=version, member=member, year_key=year, payer=union, party="X",
        amount=version.amount, run=run,
    )  # fmt: skip


@dataclass(frozen=True)
class Person:
    joined: dt.date
    left: dt.date | None
    rejoined_above: bool
    is_migrant: bool
    has_card: bool
    has_already: bool
    paid_months: tuple[int, ...]

    def is_member(self, on: dt.date) -> bool:
        """In the community, or after a gap of no day in the district above it."""
        return self.joined <= on and (self.left is None or on <= self.left or self.rejoined_above)


DAYS = st.dates(FIRST, LAST) | st.sampled_from([TODAY, TODAY - dt.timedelta(1), TODAY + dt.timedelta(1)])
PEOPLE = st.lists(
    st.builds(
        lambda joined, stay, **facts: Person(
            joined=joined, left=None if stay is None else joined + dt.timedelta(stay), **facts
        ),
        joined=DAYS,
        stay=st.none() | st.integers(0, 400),
        rejoined_above=st.booleans(),
        is_migrant=st.sampled_from([True, True, True, False]),
        has_card=st.booleans(),
        has_already=st.sampled_from([False, False, False, True]),
        paid_months=st.sampled_from([(), (202601,), (202601, 202602, 202603), (202602, 202603, 202604)]),
    ),
    min_size=1,
    max_size=5,
)


def register_person(person: Person, federation: Federation) -> Member:
    admit = factories.member_with_card if person.has_card else factories.membership_in
    found = admit(federation.community, joined_on=person.joined, is_migrant_worker=person.is_migrant)
    member = found if isinstance(found, Member) else found.member
    membership = member.memberships.get()
    if person.left is not None:
        Membership.objects.filter(pk=membership.pk).update(ended_on=person.left)
        if person.rejoined_above:
            Membership.objects.create(
                member=member, union=federation.district, number=f"R{membership.pk}",
                started_on=person.left + dt.timedelta(1),
            )  # fmt: skip
    if person.paid_months:
        pay_dues(membership, *person.paid_months)
    return member


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=PEOPLE,
    on=DAYS,
    joined_by=st.none() | DAYS,
    requires_dues=st.booleans(),
    in_community=st.booleans(),
)
def test_the_set_is_exactly_the_people_without_a_reason_against(
    *,
    people: list[Person],
    on: dt.date,
    joined_by: dt.date | None,
    requires_dues: bool,
    in_community: bool,
    federation: Federation,
    subsidy: ProgrammeVersion,
) -> None:
    with transaction.atomic():
        members = [register_person(person, federation) for person in people]
        for member, person in zip(members, people, strict=True):
            if person.has_already:
                give(member, subsidy, federation.community, on.year, federation.maker)
        version = rules(
            ProgrammeVersion.objects.get(pk=subsidy.pk),
            requires_dues=requires_dues,
            joined_by=joined_by,
            cutoff_rule=CutoffRule.JOINED_BY if joined_by else CutoffRule.ACTIVE_ON_LIST_DATE,
        )
        union = federation.community if in_community else federation.district
        question = asked(version, union, on)
        found = eligible(question)
        assert found == {member.pk for member in members if not against(member, question)}
        for member, person in zip(members, people, strict=True):
            in_reach = person.is_member(on) and not (
                in_community and person.left is not None and on > person.left
            )
            expected = (
                in_reach
                and person.is_migrant
                and not person.has_already
                and (joined_by is None or person.is_member(min(joined_by, on)))
                and (not requires_dues or dues.coverage(member, on).months_owed == 0)
            )
            assert (member.pk in found) == expected, person
        transaction.set_rollback(True)


def test_who_joins_on_30_december_has_the_whole_year(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    joined = dt.date(2026, 12, 30)
    member = factories.member_with_card(federation.community, is_migrant_worker=True, joined_on=joined)
    assert against(member, asked(subsidy, federation.district, dt.date(2026, 12, 29))) == {"membership"}
    question = asked(subsidy, federation.district, dt.date(2026, 12, 31))
    assert eligible(question) == {member.pk}
    reason = fact(member, question, "membership")
    assert (reason.words, reason.since) == ("Member of Sample Community.", joined)


def test_who_leaves_on_the_date_of_the_list_is_still_on_it(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    member = factories.member_with_card(federation.community, is_migrant_worker=True)
    member.memberships.update(ended_on=TODAY)
    assert eligible(asked(subsidy, federation.district)) == {member.pk}
    after = asked(subsidy, federation.district, TODAY + dt.timedelta(1))
    assert eligible(after) == set()
    reason = fact(member, after, "membership")
    assert (reason.words, reason.since) == (
        "Not a member of Sample District on this day: left before.",
        TODAY,
    )
    assert reason.advice


def test_a_transfer_within_the_year_gives_it_once_and_where_the_member_is_on_the_day(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    other = factories.district_union(federation.municipal, code="HX")
    member = factories.member_with_card(federation.community, is_migrant_worker=True)
    moved = dt.date(2026, 3, 10)
    member.memberships.update(ended_on=moved - dt.timedelta(1))
    Membership.objects.create(member=member, union=other, number="T1", started_on=moved)
    here, there = asked(subsidy, federation.district), asked(subsidy, other)
    assert (eligible(here), eligible(there)) == (set(), {member.pk})
    assert "but of Sample District" in fact(member, here, "membership").words
    give(member, subsidy, other, 2026, federation.maker)
    assert against(member, there) == {"once"}
    assert against(member, asked(subsidy, federation.district, dt.date(2026, 3, 1))) == {"once"}
    assert against(member, asked(subsidy, other, dt.date(2027, 1, 1))) == set()


def test_a_day_to_have_joined_by_counts_a_membership_elsewhere(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    version = rules(subsidy, cutoff_rule=CutoffRule.JOINED_BY, joined_by=dt.date(2026, 3, 1))
    other = factories.district_union(federation.municipal, code="HX")
    moved = factories.member_with_card(other, is_migrant_worker=True)
    moved.memberships.update(ended_on=dt.date(2026, 3, 4))
    Membership.objects.create(
        member=moved, union=federation.community, number="T1", started_on=dt.date(2026, 3, 5)
    )
    in_time, late = (
        factories.member_with_card(
            federation.community, is_migrant_worker=True, joined_on=dt.date(2026, 3, day)
        )
        for day in (1, 2)
    )
    question = asked(version, federation.district)
    assert eligible(question) == {moved.pk, in_time.pk}
    reason = fact(late, question, "joined_by")
    assert (reason.is_met, reason.since) == (False, dt.date(2026, 3, 2))


def test_dues_owed_are_told_and_refuse_only_where_the_rules_say_so(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    with transaction.atomic():
        owing = factories.member_with_card(federation.community, is_migrant_worker=True)
        paid = factories.member_with_card(federation.community, is_migrant_worker=True)
        pay_dues(paid.memberships.get(), 202602, 202603)
        question = asked(subsidy, federation.district)
        assert eligible(question) == {owing.pk, paid.pk}
        reason = fact(owing, question, "dues")
        assert (reason.weight, reason.words, reason.refuses) == (
            eligibility.Weight.WARNS, "Dues of 2 months are owed.", False,
        )  # fmt: skip
        strict = asked(rules(subsidy, requires_dues=True), federation.district)
        assert eligible(strict) == {paid.pk}
        assert against(owing, strict) == {"dues"}
        transaction.set_rollback(True)


def test_dues_are_read_over_the_register_as_for_one_member(federation: Federation) -> None:
    """A gap, a transfer without a gap, a return after a gap, and months paid ahead."""
    histories: list[list[tuple[dt.date, dt.date | None]]] = [
        [(dt.date(2026, 1, 1), None)],
        [(dt.date(2025, 11, 5), dt.date(2026, 1, 31)), (dt.date(2026, 2, 1), None)],
        [(dt.date(2025, 11, 5), dt.date(2026, 1, 30)), (dt.date(2026, 2, 1), None)],
        [(dt.date(2026, 3, 2), None)],
    ]
    payments: list[list[int]] = [
        [], [202602, 202603], [202602], [202603], [202512, 202601, 202602, 202603], [202603, 202604],
    ]  # fmt: skip
    with transaction.atomic():
        for history in histories:
            for months in payments:
                membership = factories.membership_in(federation.community, joined_on=history[0][0])
                Membership.objects.filter(pk=membership.pk).update(ended_on=history[0][1])
                for n, (start, end) in enumerate(history[1:]):
                    Membership.objects.create(
                        member=membership.member, union=federation.district, number=f"D{membership.pk}-{n}",
                        started_on=start, ended_on=end,
                    )  # fmt: skip
                if months:
                    pay_dues(membership, *months)
        paid = set(Member.objects.filter(standing.paid_up(TODAY)).values_list("pk", flat=True))
        assert paid == {m.pk for m in Member.objects.all() if dues.coverage(m, TODAY).months_owed == 0}
        assert 0 < len(paid) < Member.objects.count()
        transaction.set_rollback(True)


def test_two_programmes_that_exclude_each_other_are_not_given_in_one_year(
    federation: Federation, subsidy: ProgrammeVersion, case_worker: User
) -> None:
    """Whichever of the two says so."""
    travel = programmes.draft(code="travel_back", owner=federation.municipal, prepared_by=case_worker)
    ExclusiveProgramme.objects.create(version=travel, programme=subsidy.programme)
    programmes.activate(version=travel, approved_by=federation.checker)
    facts = {"is_migrant_worker": True, "is_nonlocal_worker": True}
    listed, travelled = (factories.member_with_card(federation.community, **facts) for _n in range(2))
    give(listed, subsidy, federation.district, 2026, federation.maker)
    give(travelled, travel, federation.district, 2026, federation.maker)
    assert against(listed, asked(travel, federation.district)) == {"exclusive"}
    assert against(travelled, asked(subsidy, federation.district)) == {"exclusive"}
    assert eligible(asked(subsidy, federation.district)) == set()
    assert eligible(asked(subsidy, federation.district, year=2027)) == {listed.pk, travelled.pk}
    assert "Has “Yearly card subsidy" in fact(listed, asked(travel, federation.district), "exclusive").words


def test_a_cancelled_payment_is_nothing_and_a_list_is_told_with_its_day(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    member = factories.member_with_card(federation.community, is_migrant_worker=True)
    run = prepared(federation, subsidy)
    question = asked(subsidy, federation.district)
    reason = fact(member, question, "once")
    assert (reason.is_met, reason.since) == (False, timezone.localdate(run.commitments.get().created_at))
    assert "2027" in reason.advice
    list_approval.send_back(run=run, reason="名单有误", actor=federation.checker)
    assert run.commitments.get().state == CommitmentState.CANCELLED
    assert against(member, question) == set()


def test_without_a_card_the_money_waits_and_nobody_is_refused(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    member = factories.membership_in(federation.community, is_migrant_worker=True).member
    question = asked(subsidy, federation.district)
    assert eligible(question) == {member.pk}
    reason = fact(member, question, "card")
    assert (reason.weight, reason.is_met, reason.refuses) == (eligibility.Weight.HOLDS, False, False)
    assert "2027-12-31" in reason.advice
    refused = factories.member_with_card(federation.community, is_migrant_worker=True)
    refused.cards.update(status=CardStatus.REJECTED)
    assert "refused" in fact(refused, question, "card").words
    to_unions = asked(rules(subsidy, payee=Payee.RECEIVING_UNION), federation.district)
    assert "card" not in {r.condition for r in eligibility.reading(member=member, asked=to_unions)}


def test_the_year_of_a_festival_ends_when_the_next_one_opens(
    federation: Federation, travel: ProgrammeVersion
) -> None:
    member = factories.member_with_card(federation.community, is_nonlocal_worker=True)
    give(member, travel, federation.municipal, 2026, federation.maker)
    opens = dt.date(2027, 2, 6) - dt.timedelta(travel.opens_days_before)
    before, after = (
        {e.version.pk: e for e in queries.entitlements(member, on)}[travel.pk]
        for on in (opens - dt.timedelta(1), opens)
    )
    assert (before.year, before.status) == (2026, "checking")
    assert (after.year, after.commitment, after.reasons) == (2027, None, [])


def test_a_claim_asks_what_another_programme_gave_but_not_what_it_gave_itself(
    federation: Federation,
    subsidy: ProgrammeVersion,
    case_worker: User,
    trip: claims.Trip,
    campaign: Campaign,
) -> None:
    facts = {"is_migrant_worker": True, "is_nonlocal_worker": True}
    first, second = (factories.member_with_card(federation.community, **facts) for _n in range(2))
    claim = claims.claim(member=first, campaign=campaign, trip=trip)
    assert claims.claim(member=first, campaign=campaign, trip=trip) == claim
    assert against(first, asked(campaign.version, federation.municipal)) == {"once"}
    draft = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    ExclusiveProgramme.objects.create(version=draft, programme=campaign.version.programme)
    programmes.activate(version=draft, approved_by=federation.checker)
    give(second, draft, federation.district, 2026, federation.maker)
    with pytest.raises(NotEligible) as refused:
        claims.claim(member=second, campaign=campaign, trip=trip)
    assert len(refused.value.reasons) == 1
    assert "Nobody gets both" in refused.value.reasons[0]
    assert queries.places_left(campaign) == 9
