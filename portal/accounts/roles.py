"""Roles and duties: incompatible duties are kept apart (不相容岗位分离; 会计法 第二十五、三十五条)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    MEMBER = "member", _("Member")
    CASE_WORKER = "case_worker", _("Case worker")  # 经办
    FINANCE_MAKER = "finance_maker", _("Bookkeeper")  # 会计
    FINANCE_CHECKER = "finance_checker", _("Finance checker")  # 复核、稽核
    CASHIER = "cashier", _("Cashier")  # 出纳
    AUDITOR = "auditor", _("Audit committee")  # 经审会
    EDITOR = "editor", _("Editor")
    REVIEWER = "reviewer", _("Reviewer")
    PUBLISHER = "publisher", _("Publisher")
    ADMIN = "admin", pgettext_lazy("role", "Administrator")  # 系统管理员


class Duty(models.TextChoices):
    """What a person may do; the columns of the control table of the house."""

    VIEW_MEMBERS = "view_members", _("see members")
    VIEW_FULL_IDENTITY = "view_full_identity", _("see full identity and card numbers")
    ACCEPT_APPLICATION = "accept_application", _("accept applications")
    VERIFY_EVIDENCE = "verify_evidence", _("verify evidence")
    PREPARE_RUN = "prepare_run", _("prepare payment lists")
    APPROVE_RUN = "approve_run", _("approve payment lists")
    BUILD_PAYOUT = "build_payout", _("build payout files")
    RELEASE_PAYOUT = "release_payout", _("release payouts")
    IMPORT_BANK_RESULT = "import_bank_result", _("import bank results")
    IMPORT_STATEMENT = "import_statement", _("import bank statements")
    RECONCILE = "reconcile", _("reconcile bank accounts")
    COLLECT_DUES = "collect_dues", _("collect dues")
    ISSUE_RECEIPT = "issue_receipt", _("issue receipts")
    PREPARE_VOUCHER = "prepare_voucher", _("prepare vouchers")
    CHECK_VOUCHER = "check_voucher", _("check and post vouchers")
    CLOSE_PERIOD = "close_period", _("close periods")
    VIEW_BOOKS = "view_books", _("see the books")
    VIEW_AUDIT_TRAIL = "view_audit_trail", _("read the audit trail")
    MANAGE_PROGRAMMES = "manage_programmes", _("change programme rules")
    APPROVE_PROGRAMMES = "approve_programmes", _("approve programme rules")
    MANAGE_ROLES = "manage_roles", _("assign roles")


_SEES = {Duty.VIEW_BOOKS}

# One table, read by every view, command and test: role → duties.
DUTIES: dict[Role, frozenset[Duty]] = {
    Role.MEMBER: frozenset(),
    Role.CASE_WORKER: frozenset(
        {
            Duty.VIEW_MEMBERS,
            Duty.VIEW_FULL_IDENTITY,
            Duty.ACCEPT_APPLICATION,
            Duty.VERIFY_EVIDENCE,
            Duty.PREPARE_RUN,
            Duty.MANAGE_PROGRAMMES,
        }
    ),
    Role.FINANCE_MAKER: frozenset(
        _SEES
        | {
            Duty.VIEW_MEMBERS,
            Duty.PREPARE_RUN,
            Duty.ISSUE_RECEIPT,
            Duty.PREPARE_VOUCHER,
            Duty.RECONCILE,
            Duty.IMPORT_STATEMENT,
            Duty.CLOSE_PERIOD,
        }
    ),
    Role.FINANCE_CHECKER: frozenset(
        _SEES
        | {
            Duty.VIEW_MEMBERS,
            Duty.VIEW_FULL_IDENTITY,
            Duty.APPROVE_RUN,
            Duty.RELEASE_PAYOUT,
            Duty.CHECK_VOUCHER,
            Duty.APPROVE_PROGRAMMES,
        }
    ),
    # A cashier keeps money, not books: no checking, no vouchers, no reconciliation (会计法 第三十五条).
    Role.CASHIER: frozenset(
        {
            Duty.VIEW_MEMBERS,
            Duty.COLLECT_DUES,
            Duty.BUILD_PAYOUT,
            Duty.IMPORT_BANK_RESULT,
            Duty.IMPORT_STATEMENT,
        }
    ),
    Role.AUDITOR: frozenset(_SEES | {Duty.VIEW_MEMBERS, Duty.VIEW_AUDIT_TRAIL}),
    Role.EDITOR: frozenset(),
    Role.REVIEWER: frozenset(),
    Role.PUBLISHER: frozenset(),
    Role.ADMIN: frozenset({Duty.MANAGE_ROLES}),
}

CONTENT_ROLES = frozenset({Role.EDITOR, Role.REVIEWER, Role.PUBLISHER})
OFFICE_ROLES = frozenset(
    {Role.CASE_WORKER, Role.FINANCE_MAKER, Role.FINANCE_CHECKER, Role.CASHIER, Role.AUDITOR, Role.ADMIN}
)
