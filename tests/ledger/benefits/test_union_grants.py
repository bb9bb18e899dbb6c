"""Grants to unions: from the register or by decision, by three people, within the year's limit, in two books."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from djmoney.money import Money

from ledger.benefits import grant_payments, programmes, union_grants
from ledger.benefits.errors import (
    ListChanged,
    NobodyEligible,
    OverBudget,
    OverYearlyLimit,
    WrongDay,
    WrongState,
)
from ledger.benefits.models import (
    BudgetLine,
    GrantedMember,
    GrantState,
    ProgrammeVersion,
    UnionGrant,
)
from ledger.books.integrity import verify
from ledger.books.models import BankAccount
from ledger.books.posting import Entry, post
from ledger.reports.elimination import elimination
from portal.accounts.models import RoleAssignment, User
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from portal.unions.models import Union, UnionKind
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force
from tests.ledger.benefits.test_guards import refusal

DAY = factories.TODAY
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 15)
YEAR = DAY.year


def below(federation: Federation, kind: UnionKind, code: str) -> tuple[Union, BankAccount]:
    """A union right below the district, with a book and a bank account."""
    union = federation.district.add_child(code=code, kind=kind, name=f"示例{code}工会")
    return union, factories.bank_account_of(factories.book_of(union))


@pytest.fixture
def street(federation: Federation) -> Union:
    return below(federation, UnionKind.STREET, "HD-S01")[0]


@pytest.fixture
def development(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("member_development", federation, case_worker)


@pytest.fixture
def industry(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("industry_union_grant", federation, case_worker)


@pytest.fixture
def award(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("demo_home_award", federation, case_worker)


def admit(union: Union, people: int, day: dt.date = FIRST) -> None:
    for _ in range(people):
        factories.membership_in(union, joined_on=day, is_casual_worker=True)


def counted(
    federation: Federation,
    version: ProgrammeVersion,
    union: Union,
    first: dt.date = FIRST,
    last: dt.date = LAST,
) -> UnionGrant:
    return union_grants.propose_for_new_members(
        version=version,
        receiver=union,
        first=first,
        last=last,
        basis="季度新发展会员",
        proposed_by=federation.maker,
    )


def decided(
    federation: Federation, version: ProgrammeVersion, union: Union, yuan: int | None = None
) -> UnionGrant:
    return union_grants.propose(
        version=version, receiver=union, year_key=YEAR, amount=None if yuan is None else Money(yuan, "CNY"),
        basis="区总工会主席办公会决定", proposed_by=federation.maker,
    )  # fmt: skip


def checked(grant: UnionGrant, by: User) -> UnionGrant:
    return union_grants.check(grant=grant, seen=union_grants.fingerprint(grant), checked_by=by)


def approved(federation: Federation, grant: UnionGrant, case_worker: User) -> UnionGrant:
    grant = checked(grant, case_worker)
    return union_grants.approve(
        grant=grant, seen=union_grants.fingerprint(grant), approved_by=federation.checker
    )


def paid(federation: Federation, grant: UnionGrant, day: dt.date = DAY) -> UnionGrant:
    bank = federation.banks["HD"]
    post(
        book=bank.book, external_key="start", date=day, kind="opening", summary="期初",
        entries=[Entry(debit=bank.account.code, credit="32201", amount=Money(100_000, "CNY"))],
    )  # fmt: skip
    return grant_payments.record_paid(
        grant=grant, bank_account=bank, date=day, bank_reference="P1", recorded_by=federation.maker
    )


def received(federation: Federation, grant: UnionGrant, bank: BankAccount, day: dt.date = DAY) -> UnionGrant:
    return grant_payments.record_received(
        grant=grant, bank_account=bank, date=day, bank_reference="R1", recorded_by=federation.maker
    )


@pytest.mark.parametrize(("people", "yuan"), [(99, 9_900), (100, 10_000), (101, 10_000)])
def test_new_members_bring_100_yuan_each_up_to_10000(
    people: int, yuan: int, federation: Federation, street: Union, development: ProgrammeVersion
) -> None:
    admit(street, people)
    grant = counted(federation, development, street)
    assert (grant.amount, grant.people) == (Money(yuan, "CNY"), people)
    assert grant.granted_members.count() == people
    assert grant.payer == federation.district


def test_a_second_proposal_counts_new_people_only_and_stops_at_the_cap(
    federation: Federation, street: Union, development: ProgrammeVersion
) -> None:
    admit(street, 99)
    counted(federation, development, street)
    with pytest.raises(NobodyEligible):
        counted(federation, development, street)
    admit(street, 5, LAST)
    second = counted(federation, development, street)
    assert (second.people, second.amount) == (5, Money(100, "CNY"))
    admit(street, 1, LAST)
    with pytest.raises(OverYearlyLimit, match=r"reached the cap of 10,000\.00 yuan for 2026"):
        counted(federation, development, street)


def test_a_proposal_sent_back_lets_its_people_be_counted_again(
    federation: Federation, street: Union, development: ProgrammeVersion, case_worker: User
) -> None:
    admit(street, 3)
    first = counted(federation, development, street)
    with pytest.raises(WrongState, match="Say why"):
        union_grants.send_back(grant=first, reason=" ", actor=case_worker)
    first = union_grants.send_back(grant=first, reason="名单不全", actor=case_worker)
    assert (first.state, first.granted_members.filter(is_counted=True).count()) == (GrantState.RETURNED, 0)
    again = counted(federation, development, street)
    assert (again.people, again.code) == (3, "MEMBERDEVELOPMENT-2026-HD-S01-2")


@pytest.mark.parametrize(
    ("first", "last"),
    [(LAST, FIRST), (dt.date(2025, 12, 31), FIRST), (FIRST, dt.date(2099, 1, 1))],
)
def test_days_are_past_days_of_one_year(
    first: dt.date, last: dt.date, federation: Federation, street: Union, development: ProgrammeVersion
) -> None:
    with pytest.raises(WrongDay):
        counted(federation, development, street, first, last)


@pytest.mark.parametrize(
    ("yuan", "is_given"), [(29_999, False), (30_000, True), (50_000, True), (50_001, False)]
)
def test_both_bounds_of_the_industry_grant_are_included(
    yuan: int, is_given: bool, federation: Federation, industry: ProgrammeVersion
) -> None:
    union, _bank = below(federation, UnionKind.INDUSTRY, "HD-I01")
    if is_given:
        assert decided(federation, industry, union, yuan).amount == Money(yuan, "CNY")
        with pytest.raises(OverYearlyLimit):
            decided(federation, industry, union, 30_000)
    else:
        with pytest.raises(OverYearlyLimit, match=r"30,000\.00 to 50,000\.00"):
            decided(federation, industry, union, yuan)


def test_a_union_has_one_demonstration_award_a_year(federation: Federation, award: ProgrammeVersion) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    assert decided(federation, award, union).amount == Money(10_000, "CNY")
    with pytest.raises(OverYearlyLimit):
        decided(federation, award, union)


def test_rules_name_the_kinds_of_union_and_nobody_pays_itself(
    federation: Federation, award: ProgrammeVersion, industry: ProgrammeVersion, street: Union
) -> None:
    for version, union in ((award, street), (industry, street), (industry, federation.district)):
        with pytest.raises(WrongState, match="is not for"):
            decided(federation, version, union, None if version is award else 30_000)


def test_three_people_decide_whatever_roles_they_have(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = decided(federation, award, union)
    everything = (Role.CASE_WORKER, Role.FINANCE_CHECKER, Role.FINANCE_MAKER)
    for user in (federation.maker, case_worker, federation.checker):
        for role in everything:
            RoleAssignment.objects.get_or_create(user=user, role=role, union=federation.municipal)
    with pytest.raises(SamePerson):
        checked(grant, federation.maker)
    grant = checked(grant, case_worker)
    seen = union_grants.fingerprint(grant)
    for user in (federation.maker, case_worker):
        with pytest.raises(SamePerson):
            union_grants.approve(grant=grant, seen=seen, approved_by=user)
    grant = union_grants.approve(grant=grant, seen=seen, approved_by=federation.checker)
    with pytest.raises(SamePerson):
        grant_payments.record_paid(
            grant=grant, bank_account=federation.banks["HD"], date=DAY, bank_reference="P",
            recorded_by=federation.checker,
        )  # fmt: skip


def test_nobody_acts_without_the_duty_at_the_payer(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = decided(federation, award, union)
    local = factories.user("local", Role.FINANCE_MAKER, union)
    for role in (Role.CASE_WORKER, Role.FINANCE_CHECKER):
        RoleAssignment.objects.create(user=local, role=role, union=union)
    seen = union_grants.fingerprint(grant)
    refused: list[Callable[[], object]] = [
        lambda: union_grants.propose(
            version=award, receiver=union, year_key=YEAR, amount=None, basis="x", proposed_by=local
        ),
        lambda: union_grants.check(grant=grant, seen=seen, checked_by=local),
        lambda: union_grants.approve(grant=grant, seen=seen, approved_by=local),
        lambda: union_grants.send_back(grant=grant, reason="x", actor=local),
        lambda: grant_payments.record_paid(
            grant=grant, bank_account=bank, date=DAY, bank_reference="P", recorded_by=local
        ),
    ]
    for act in refused:
        with pytest.raises(NotAllowed):
            act()
    grant.refresh_from_db()
    assert grant.state == GrantState.PROPOSED
    assert UnionGrant.objects.count() == 1


def test_what_is_decided_is_what_was_read(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = decided(federation, award, union)
    with pytest.raises(ListChanged):
        union_grants.check(grant=grant, seen="0" * 64, checked_by=case_worker)
    grant = checked(grant, case_worker)
    with pytest.raises(ListChanged):
        union_grants.approve(grant=grant, seen="", approved_by=federation.checker)
    grant = union_grants.approve(
        grant=grant, seen=union_grants.fingerprint(grant), approved_by=federation.checker
    )
    assert grant.approved_digest == grant.checked_digest == union_grants.fingerprint(grant)


def test_approval_commits_the_budget_and_sending_back_frees_it(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = approved(federation, decided(federation, award, union), case_worker)
    line = BudgetLine.objects.get(union=federation.district, programme=award.programme)
    assert line.committed == 10_000
    union_grants.send_back(grant=grant, reason="企业已注销", actor=federation.checker)
    line.refresh_from_db()
    assert line.committed == 0


def test_a_grant_that_the_budget_does_not_cover_is_not_approved(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = checked(decided(federation, award, union), case_worker)
    programmes.set_budget(
        union=federation.district, programme=award.programme, year_key=YEAR, amount=Money(9_999, "CNY"),
        approved_by=federation.checker,
    )  # fmt: skip
    with pytest.raises(OverBudget):
        union_grants.approve(
            grant=grant, seen=union_grants.fingerprint(grant), approved_by=federation.checker
        )
    grant.refresh_from_db()
    assert grant.state == GrantState.CHECKED


@pytest.mark.parametrize(
    ("rules", "pair"),
    [
        (("demo_home_award", UnionKind.ENTERPRISE, None), "50802 / 40302"),
        (("industry_union_grant", UnionKind.INDUSTRY, 40_000), "50801 / 40301"),
    ],
)
def test_money_is_in_transit_until_it_arrives_and_then_the_books_agree(
    rules: tuple[str, UnionKind, int | None], pair: str, federation: Federation, case_worker: User
) -> None:
    code, kind, yuan = rules
    union, bank = below(federation, kind, "HD-X01")
    version = in_force(code, federation, case_worker)
    grant = approved(federation, decided(federation, version, union, yuan), case_worker)
    grant = paid(federation, grant)
    assert UnionGrant.objects.filter(grant_payments.in_transit()).get() == grant
    assert _eliminated(federation, grant) == (pair, grant.amount.amount, 0)
    with pytest.raises(WrongDay, match="cannot arrive before that"):
        received(federation, grant, bank, DAY - dt.timedelta(days=1))
    with pytest.raises(WrongState, match="no bank account of"):
        received(federation, grant, federation.banks["HD"])
    grant = received(federation, grant, bank)
    assert not UnionGrant.objects.filter(grant_payments.in_transit()).exists()
    assert _eliminated(federation, grant) == (pair, grant.amount.amount, grant.amount.amount)
    with pytest.raises(WrongState, match="already"):
        received(federation, grant, bank)
    assert [check for check in verify() if not check.ok] == []


def _eliminated(federation: Federation, grant: UnionGrant) -> tuple[object, ...]:
    rows = elimination(federation.books["HD"], DAY.year * 100 + DAY.month).rows
    cells = next(row.cells for row in rows if row.cells[0] == f"grant:{grant.code}")
    return cells[1], cells[4], cells[5]


def test_a_union_without_a_book_receives_nothing_in_transit(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union = federation.district.add_child(
        code="HD-E01", kind=UnionKind.ENTERPRISE, name="示例企业工会", keeps_accounts=False
    )
    paid(federation, approved(federation, decided(federation, award, union), case_worker))
    assert not UnionGrant.objects.filter(grant_payments.in_transit()).exists()


def test_no_day_to_come_is_a_day_at_the_bank(
    federation: Federation, award: ProgrammeVersion, case_worker: User
) -> None:
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    grant = approved(federation, decided(federation, award, union), case_worker)
    with pytest.raises(WrongDay):
        grant_payments.record_paid(
            grant=grant, bank_account=federation.banks["HD"], date=dt.date(2099, 1, 1), bank_reference="P",
            recorded_by=federation.maker,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE benefits_uniongrant SET amount = amount - 1", "PH053"),
        ("UPDATE benefits_uniongrant SET basis = 'other'", "PH053"),
        ("UPDATE benefits_uniongrant SET state = 'approved'", "PH053"),
        ("UPDATE benefits_uniongrant SET state = 'paid'", "PH053"),
        ("UPDATE benefits_uniongrant SET state = 'checked'", "23514"),
        (
            """UPDATE benefits_uniongrant
                  SET state = 'checked', checked_by_id = proposed_by_id, checked_at = now(), checked_digest = 'x'""",
            "23514",
        ),
        ("DELETE FROM benefits_uniongrant", "PH053"),
        ("UPDATE benefits_grantedmember SET is_counted = false", "PH053"),
        ("DELETE FROM benefits_grantedmember", "PH053"),
        (
            """INSERT INTO benefits_grantedmember (grant_id, membership_id, is_counted)
               SELECT grant_id, membership_id, true FROM benefits_grantedmember LIMIT 1""",
            "23505",
        ),
        ("UPDATE benefits_receiverkind SET kind = 'community'", "PH051"),
    ],
)
def test_the_database_keeps_a_grant_as_it_was_proposed(
    sql: str, state: str, federation: Federation, street: Union, development: ProgrammeVersion
) -> None:
    admit(street, 2)
    counted(federation, development, street)
    assert refusal(sql) == state


def test_the_database_counts_people_of_the_union_and_the_days_only(
    federation: Federation, street: Union, development: ProgrammeVersion, case_worker: User
) -> None:
    admit(street, 1)
    grant = counted(federation, development, street)
    elsewhere = factories.membership_in(federation.community, joined_on=FIRST, is_casual_worker=True)
    insert = (
        f"INSERT INTO benefits_grantedmember (grant_id, membership_id, is_counted) "
        f"VALUES ({grant.pk}, {{}}, true)"
    )
    assert refusal(insert.format(elsewhere.pk)) == "PH053"
    late = factories.membership_in(street, joined_on=LAST, is_casual_worker=True)
    GrantedMember.objects.create(grant=grant, membership=late)
    with pytest.raises(WrongState):
        checked(grant, case_worker)


_INSERT = """
INSERT INTO benefits_uniongrant (code, programme_id, version_id, payer_id, receiver_id, year_key, amount,
       amount_currency, basis, state, proposed_by_id, proposed_at, checked_digest, approved_digest, returned_reason)
SELECT '{code}', programme_id, id, {payer}, {receiver}, 2026, {amount}, 'CNY', '测试', 'proposed', prepared_by_id,
       now(), '', '', '' FROM benefits_programmeversion WHERE id = {version}"""


@pytest.mark.parametrize(("yuan", "state"), [(29_999, "PH056"), (50_001, "PH056")])
def test_the_database_knows_the_bounds(
    yuan: int, state: str, federation: Federation, industry: ProgrammeVersion
) -> None:
    union, _bank = below(federation, UnionKind.INDUSTRY, "HD-I01")
    values = {"payer": federation.district.pk, "receiver": union.pk, "version": industry.pk}
    assert refusal(_INSERT.format(code="X", amount=yuan, **values)) == state
    swapped = values | {"payer": union.pk, "receiver": federation.district.pk}
    assert refusal(_INSERT.format(code="X", amount=40_000, **swapped)) == "PH053"


_LOCK = "PERFORM FROM benefits_programme WHERE id = NEW.programme_id FOR UPDATE;"


def _race(federation: Federation, award: ProgrammeVersion) -> list[bool]:
    """Two awards to one union: the second is inserted while the first has not been committed."""
    union, _bank = below(federation, UnionKind.ENTERPRISE, "HD-E01")
    values = {"payer": federation.district.pk, "receiver": union.pk, "version": award.pk, "amount": 10_000}
    is_inserted = threading.Event()

    def first() -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_INSERT.format(code="A", **values))
            is_inserted.set()
            cursor.execute("SELECT pg_sleep(0.5)")
        return True

    def second() -> bool:
        is_inserted.wait(timeout=10)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_INSERT.format(code="B", **values))
        return True

    return [result is True for result in at_once([first, second])]


@pytest.mark.django_db(transaction=True)
def test_of_two_awards_at_the_same_moment_one_is_refused(
    federation: Federation, award: ProgrammeVersion
) -> None:
    assert _race(federation, award) == [True, False]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_pass(federation: Federation, award: ProgrammeVersion) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('benefits_guard_new_grant'::regproc)")
        guard = cursor.fetchone()[0]
        assert _LOCK in guard
        cursor.execute(guard.replace(_LOCK, ""))
        try:
            assert _race(federation, award) == [True, True]
        finally:
            cursor.execute(guard)
