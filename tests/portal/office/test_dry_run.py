"""The page of a dry run: who may see it, its file, and one member explained."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from ledger.benefits.models import Commitment, ProgrammeVersion, Run
from portal.accounts import roles
from portal.accounts.roles import Duty, Role
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force, migrants
from tests.signing_in import english_browser_of

DAY = factories.TODAY.isoformat()


@pytest.fixture
def subsidy(federation: Federation) -> ProgrammeVersion:
    return in_force(
        "card_subsidy", federation, factories.user("worker", Role.CASE_WORKER, federation.municipal)
    )


def address(version: ProgrammeVersion, federation: Federation, more: str = "", page: str = "") -> str:
    asked = f"?union={federation.district.pk}&on={DAY}{more}"
    return f"/office/programmes/{version.pk}/dry-run/{page}{asked}"


@pytest.mark.parametrize("page", ["", "people/"])
def test_who_keeps_programmes_sees_it_and_nobody_else(
    federation: Federation, subsidy: ProgrammeVersion, page: str
) -> None:
    migrants(federation, 1)
    may = {Role.CASE_WORKER, Role.FINANCE_MAKER, Role.FINANCE_CHECKER, Role.AUDITOR}
    for role in Role:
        browser = english_browser_of(factories.user(f"u-{role}", role, federation.municipal))
        status = browser.get(address(subsidy, federation, page=page)).status_code
        assert status == (200 if role in may else 403), role
    elsewhere = factories.municipal_union(code="XX")
    stranger = english_browser_of(factories.user("stranger", Role.CASE_WORKER, elsewhere))
    assert stranger.get(address(subsidy, federation, page=page)).status_code == 404
    assert not Run.objects.exists()
    assert not Commitment.objects.exists()


def test_people_are_shown_only_to_who_may_see_members(
    federation: Federation, subsidy: ProgrammeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    (member,) = migrants(federation, 1)
    number = member.memberships.get().number
    monkeypatch.setitem(roles.DUTIES, Role.AUDITOR, frozenset({Duty.VIEW_BOOKS}))
    browser = english_browser_of(factories.user("auditor", Role.AUDITOR, federation.municipal))
    answer = browser.get(address(subsidy, federation, f"&number={number}"))
    assert answer.status_code == 200
    assert member.masked_name not in answer.content.decode()
    assert "Member of" not in answer.content.decode()
    assert "dry-run/people/" not in answer.content.decode()
    assert browser.get(address(subsidy, federation, page="people/")).status_code == 403


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Dry run", "People paid at once", "¥300.00", "¥180.00"]), ("zh-hans", ["¥300.00", "¥120.00"])],
)
def test_the_page_has_figures_shares_and_budgets(
    federation: Federation, subsidy: ProgrammeVersion, language: str, words: list[str]
) -> None:
    migrants(federation, 2)
    browser = english_browser_of(federation.maker)
    browser.cookies["django_language"] = language
    start = browser.get(f"/office/programmes/{subsidy.pk}/dry-run/")
    assert start.status_code == 200
    text = browser.get(address(subsidy, federation)).content.decode()
    assert [word for word in words if word not in text] == []
    overview = browser.get("/office/programmes/").content.decode()
    assert f"/office/programmes/{subsidy.pk}/dry-run/" in overview


def test_the_file_has_everybody_with_a_masked_name(federation: Federation, subsidy: ProgrammeVersion) -> None:
    people = migrants(federation, 2)
    waiting = factories.membership_in(federation.community, is_migrant_worker=True)
    answer = english_browser_of(federation.maker).get(address(subsidy, federation, page="people/"))
    content = b"".join(answer)
    rows = list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    numbers = {member.memberships.get().number for member in people}
    assert {row[0] for row in rows[3:]} == numbers | {waiting.number}
    assert {row[1] for row in rows[3:]} == {waiting.member.masked_name}
    assert [row[3] for row in rows[3:] if row[0] == waiting.number] == ["none: the money waits"]


def test_a_member_is_explained_in_words(federation: Federation, subsidy: ProgrammeVersion) -> None:
    (yes,) = migrants(federation, 1)
    no = factories.member_with_card(federation.community)
    browser = english_browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    text = browser.get(
        address(subsidy, federation, f"&number={yes.memberships.get().number.lower()}")
    ).content.decode()
    assert "Member of Sample Community." in text
    assert "Does not qualify" not in text
    text = browser.get(
        address(subsidy, federation, f"&number={no.memberships.get().number}")
    ).content.decode()
    assert "Does not qualify" in text
    assert "It is for: Migrant workers." in text
    assert "the union can correct the register" in text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?union=7777777&on=2026-03-16", "Select a valid choice"),
        ("?union={union}&on=2026-02-30", "Enter a valid date"),
        ("?union={union}&on=9999-12-31", "between 2000 and 2100"),
        ("?union={union}&on=2026-03-16&number=nobody", "No member within your reach"),
        ("?union={union}&on=2026-03-16&number=", "This field is required"),
    ],
)
def test_a_wrong_question_says_what_to_do(
    federation: Federation, subsidy: ProgrammeVersion, asked: str, words: str
) -> None:
    browser = english_browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    query = asked.format(union=federation.district.pk)
    answer = browser.get(f"/office/programmes/{subsidy.pk}/dry-run/{query}")
    assert answer.status_code == 200
    assert words in answer.content.decode()
    if "number" not in asked:
        again = browser.get(f"/office/programmes/{subsidy.pk}/dry-run/people/{query}")
        assert (again.status_code, words in again.content.decode()) == (200, True)


def test_a_member_out_of_reach_is_not_explained(federation: Federation, subsidy: ProgrammeVersion) -> None:
    elsewhere = factories.municipal_union(code="XX")
    number = factories.membership_in(elsewhere, is_migrant_worker=True).number
    browser = english_browser_of(federation.maker)
    browser.cookies["django_language"] = "en"
    text = browser.get(address(subsidy, federation, f"&number={number}")).content.decode()
    assert "No member within your reach" in text
