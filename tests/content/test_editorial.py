"""三审: who writes does not publish."""

from __future__ import annotations

import pytest
from django.test import Client
from wagtail.models import Page, Workflow

from content import building, editorial
from content.models import HomePage
from portal.accounts.roles import CONTENT_ROLES, Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of


@pytest.mark.parametrize(
    ("role", "may_edit", "may_publish"),
    [(Role.EDITOR, True, False), (Role.REVIEWER, True, False), (Role.PUBLISHER, True, True)],
)
def test_rights_by_role(site: HomePage, role: Role, may_edit: bool, may_publish: bool) -> None:
    user = factories.user(role.value)
    editorial.grant(user, role=role)
    rights = building.policy_page("hedong-2019-22").permissions_for_user(user)
    assert (rights.can_edit(), rights.can_publish()) == (may_edit, may_publish)
    assert user.has_perm("wagtailadmin.access_admin")


def test_finance_gets_nothing_there(site: HomePage) -> None:
    user = factories.user("finance")
    editorial.grant(user, role=Role.FINANCE_MAKER)
    assert not user.has_perm("wagtailadmin.access_admin")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("address", ["/cms/", "/cms/pages/", "/cms/account/", "/cms/nowhere/"])
def test_the_editors_pages_open_for_content_roles_and_say_no_to_others(
    site: HomePage, federation: Federation, role: Role, address: str
) -> None:
    user = factories.user(f"some-{role.value}", role, federation.municipal)
    editorial.grant(user, role=role)
    response = browser_of(user).get(address)
    if role in CONTENT_ROLES:
        assert response.status_code == (404 if "nowhere" in address else 200)
    else:
        assert response.status_code == 403
        assert "<h1>" in response.content.decode()


def test_strangers_at_the_editors_pages_are_asked_to_sign_in(client: Client, site: HomePage) -> None:
    answer = client.get("/cms/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/cms/")


def test_the_workflow_has_two_reviews_by_two_groups(site: HomePage) -> None:
    editorial.ensure_groups()
    editorial.ensure_groups()
    workflow = Workflow.objects.get(name="三审")
    assert [task.name for task in workflow.tasks] == ["栏目审核", "发布审核"]
    assert Page.objects.get(pk=site.pk).get_workflow() == workflow
