"""Who does what in the editors' admin (三审制): editors write, reviewers review, publishers publish; three persons."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Revision,
    TaskState,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from portal.accounts.models import User
from portal.accounts.permissions import roles_of
from portal.accounts.roles import CONTENT_ROLES, Role
from portal.errors import DomainError

_PAGE_RIGHTS = {
    Role.EDITOR: ("add_page", "change_page"),
    Role.REVIEWER: ("change_page",),
    Role.PUBLISHER: ("change_page", "publish_page", "lock_page", "unlock_page"),
}
_FILES = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")
_TASKS = ((Role.REVIEWER, "栏目审核"), (Role.PUBLISHER, "发布审核"))
_WORKFLOW = "三审"


class ThreePersonsNeeded(DomainError):
    code = "three_persons_needed"


@transaction.atomic
def grant(user: User, *, role: Role) -> None:
    """Give a content role its group in the editors' admin; other roles get nothing there."""
    if role not in CONTENT_ROLES:
        return
    groups = ensure_groups()
    user.groups.add(groups[role])


@transaction.atomic
def follow_roles(user: User) -> None:
    """Bring the user's groups in the editors' admin in line with the content roles that the user holds now."""
    groups = ensure_groups()
    held = roles_of(user)
    user.groups.remove(*(group for role, group in groups.items() if role not in held))
    user.groups.add(*(group for role, group in groups.items() if role in held))


@transaction.atomic
def ensure_groups() -> dict[Role, Group]:
    """The three groups with their rights and the workflow through both reviews, made once."""
    root = Page.get_first_root_node()
    groups = {role: Group.objects.get_or_create(name=f"content-{role.value}")[0] for role in _PAGE_RIGHTS}
    for role, group in groups.items():
        group.permissions.add(_permission("wagtailadmin", "access_admin"))
        for codename in _PAGE_RIGHTS[role]:
            GroupPagePermission.objects.get_or_create(
                group=group, page=root, permission=_permission("wagtailcore", codename)
            )
    for codename in _FILES:
        app = "wagtailimages" if codename.endswith("image") else "wagtaildocs"
        for role in (Role.EDITOR, Role.PUBLISHER):
            GroupCollectionPermission.objects.get_or_create(
                group=groups[role],
                collection=Collection.get_first_root_node(),
                permission=_permission(app, codename),
            )
    _ensure_workflow(root, groups)
    return groups


@transaction.atomic
def publish_through_review(page: Page, *, editor: User, reviewer: User, publisher: User) -> None:
    """Submit the page as it is and approve it twice, as the three would do in the editors' admin.

    Raises ThreePersonsNeeded.
    """
    ensure_groups()
    page.save_revision(user=editor, log_action=True)
    state = page.get_workflow().start(page, editor)
    for person in (reviewer, publisher):
        state.current_task_state.task.specific.on_action(state.current_task_state, person, "approve")
        state.refresh_from_db()
    page.refresh_from_db()


def require_three_persons(revision: Revision, *, publisher: User) -> None:
    """Raise ThreePersonsNeeded unless one person wrote the text, another approved it and ``publisher`` is a third.

    Authors are all who saved a revision since the one that is live; a review counts for the revision it saw.
    """
    live = revision.content_object.live_revision_id or 0
    saved = Revision.objects.filter(
        base_content_type=revision.base_content_type,
        object_id=revision.object_id,
        pk__gt=min(live, revision.pk - 1),
        pk__lte=revision.pk,
    )
    authors = set(saved.exclude(user=None).values_list("user", flat=True))
    if publisher.pk in authors:
        raise ThreePersonsNeeded(
            _("Somebody else must publish this: you wrote or changed the text yourself.")
        )
    reviews = TaskState.objects.filter(revision=revision, status=TaskState.STATUS_APPROVED)
    if not reviews.exclude(finished_by=None).exclude(finished_by__in={*authors, publisher.pk}).exists():
        raise ThreePersonsNeeded(
            _("A third person must review this first: neither who wrote the text nor who publishes it.")
        )


def _ensure_workflow(root: Page, groups: dict[Role, Group]) -> None:
    if Workflow.objects.filter(name=_WORKFLOW).exists():
        return
    workflow = Workflow.objects.create(name=_WORKFLOW)
    for order, (role, name) in enumerate(_TASKS):
        task = GroupApprovalTask.objects.create(name=name)
        task.groups.add(groups[role])
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})


def _permission(app: str, codename: str) -> Permission:
    kinds = ContentType.objects.filter(app_label=app)
    return Permission.objects.get(content_type__in=kinds, codename=codename)
