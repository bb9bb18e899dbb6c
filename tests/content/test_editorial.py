"""三审: who writes does not publish."""

from __future__ import annotations

import pytest
from django.test import Client
from wagtail.models import Page, Workflow

from content import building, editorial
from content.models import HomePage, PolicyPage, StoryIndexPage, StoryPage
from portal.accounts.models import User
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


@pytest.fixture
def staff(site: HomePage) -> dict[Role, User]:
    found = {role: factories.user(role.value) for role in (Role.EDITOR, Role.REVIEWER, Role.PUBLISHER)}
    for role, user in found.items():
        editorial.grant(user, role=role)
    return found


@pytest.fixture
def draft(site: HomePage) -> PolicyPage:
    """A policy that is not public yet."""
    page = building.policy_page("hedong-2019-22")
    assert not page.live
    return page


def _approve(page: PolicyPage, user: User) -> None:
    state = page.current_workflow_task_state
    state.task.specific.on_action(state, user, "approve")


def test_three_persons_publish(staff: dict[Role, User], draft: PolicyPage) -> None:
    editorial.publish_through_review(
        draft, editor=staff[Role.EDITOR], reviewer=staff[Role.REVIEWER], publisher=staff[Role.PUBLISHER]
    )
    assert draft.live
    assert draft.live_revision.user == staff[Role.EDITOR]


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        ((Role.PUBLISHER, Role.REVIEWER, Role.PUBLISHER), "you wrote or changed the text yourself"),
        ((Role.EDITOR, Role.PUBLISHER, Role.PUBLISHER), "A third person must review this first"),
        ((Role.EDITOR, Role.EDITOR, Role.PUBLISHER), "A third person must review this first"),
    ],
)
def test_two_persons_cannot_publish(
    staff: dict[Role, User], draft: PolicyPage, roles: tuple[Role, Role, Role], why: str
) -> None:
    editor, reviewer, publisher = (staff[role] for role in roles)
    with pytest.raises(editorial.ThreePersonsNeeded, match=why):
        editorial.publish_through_review(draft, editor=editor, reviewer=reviewer, publisher=publisher)
    draft.refresh_from_db()
    assert not draft.live


def test_a_change_after_the_review_is_reviewed_again(staff: dict[Role, User], draft: PolicyPage) -> None:
    draft.save_revision(user=staff[Role.EDITOR])
    draft.get_workflow().start(draft, staff[Role.EDITOR])
    _approve(draft, staff[Role.REVIEWER])
    draft.title = "改动后的标题"
    draft.save_revision(user=factories.user("second-editor"))
    page = PolicyPage.objects.get(pk=draft.pk)
    _approve(page, staff[Role.PUBLISHER])
    page.refresh_from_db()
    assert not page.live
    assert page.current_workflow_task.name == "栏目审核"


def test_an_author_of_an_earlier_draft_does_not_publish(staff: dict[Role, User], draft: PolicyPage) -> None:
    draft.save_revision(user=staff[Role.PUBLISHER])
    with pytest.raises(editorial.ThreePersonsNeeded, match="you wrote or changed"):
        editorial.publish_through_review(
            draft, editor=staff[Role.EDITOR], reviewer=staff[Role.REVIEWER], publisher=staff[Role.PUBLISHER]
        )


def test_whoever_wrote_an_older_public_text_may_publish_the_next(
    staff: dict[Role, User], draft: PolicyPage
) -> None:
    others = {"reviewer": staff[Role.REVIEWER], "publisher": staff[Role.PUBLISHER]}
    draft.save_revision(user=staff[Role.PUBLISHER]).publish()
    draft.refresh_from_db()
    editorial.publish_through_review(draft, editor=staff[Role.EDITOR], **others)
    assert draft.live_revision.user == staff[Role.EDITOR]


def test_the_admin_offers_a_publisher_no_way_to_write_and_publish_alone(
    staff: dict[Role, User], draft: PolicyPage
) -> None:
    browser = browser_of(staff[Role.PUBLISHER])
    browser.cookies["django_language"] = "en"
    address = f"/cms/pages/{draft.pk}/edit/"
    page = browser.get(address).content.decode()
    assert 'name="action-submit"' in page
    assert 'name="action-publish"' not in page
    revisions = draft.revisions.count()
    answer = browser.post(
        address,
        {"title": "自己写自己发", "action-publish": "1"},
        headers={"Referer": f"http://testserver{address}"},
        follow=True,
    )
    assert "Submit the text for review" in answer.content.decode()
    bulk = f"/cms/bulk/wagtailcore/page/publish/?id={draft.pk}"
    refused = browser.post(bulk, {"include_descendants": ""})
    assert refused.status_code == 409
    draft.refresh_from_db()
    assert (draft.live, draft.revisions.count()) == (False, revisions)


@pytest.mark.parametrize("address", ["/cms/pages/add/content/storypage/{}/", "/cms/pages/{}/copy/"])
def test_creating_and_copying_do_not_publish(staff: dict[Role, User], site: HomePage, address: str) -> None:
    index = StoryIndexPage.objects.first()
    source = StoryPage.objects.first() if "copy" in address else index
    editorial.grant(staff[Role.PUBLISHER], role=Role.EDITOR)
    typed = {"title": "自己发", "slug": "zi", "new_title": "自己发", "new_slug": "zi", "action-publish": "1"}
    answer = browser_of(staff[Role.PUBLISHER]).post(
        address.format(source.pk), typed | {"publish_copies": "on", "new_parent_page": index.pk}
    )
    assert answer.status_code == 409
    assert not StoryPage.objects.filter(title="自己发").exists()
