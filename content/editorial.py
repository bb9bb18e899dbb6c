"""Who does what in the editors' admin (三审制): editors write, reviewers review, publishers publish; three persons."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from portal.accounts.models import User
from portal.accounts.roles import CONTENT_ROLES, Role

_PAGE_RIGHTS = {
    Role.EDITOR: ("add_page", "change_page"),
    Role.REVIEWER: ("change_page",),
    Role.PUBLISHER: ("change_page", "publish_page", "lock_page", "unlock_page"),
}
_FILES = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")
_TASKS = ((Role.REVIEWER, "栏目审核"), (Role.PUBLISHER, "发布审核"))
_WORKFLOW = "三审"


@transaction.atomic
def grant(user: User, *, role: Role) -> None:
    """Give a content role its group in the editors' admin; other roles get nothing there."""
    if role not in CONTENT_ROLES:
        return
    groups = ensure_groups()
    user.groups.add(groups[role])


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
