"""Addresses of the office, below /office/."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from .views import (
    accounts,
    bank,
    bank_lines,
    books,
    budget,
    claims,
    counter,
    dry_run,
    grants,
    home,
    payouts,
    programmes,
    returned,
    runs,
    voucher_files,
    voucher_templates,
    voucher_writing,
    vouchers,
)

_READING = ("GET", "HEAD")


def act(route: str, view: Callable[..., HttpResponseBase], page: str, *, name: str) -> URLPattern:
    """An address that takes a form and shows nothing; whoever only looks at it is led to the page of the form.

    So a reload, another theme or another language after a refused form lands where the form is.
    """

    @wraps(view)
    def taken(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if request.method not in _READING:
            return view(request, **parts)
        known = next(pattern for pattern in urlpatterns if pattern.name == page).pattern.converters
        return redirect(page, **{part: value for part, value in parts.items() if part in known})

    return path(route, taken, name=name)


urlpatterns: list[URLPattern] = [
    path("", home.home, name="office_home"),
    path("audit/", home.audit_trail, name="office_audit"),
    path("members/", counter.members, name="office_members"),
    path("members/<int:pk>/", counter.member, name="office_member"),
    path("members/<int:pk>/identity/", counter.identity, name="office_identity"),
    path("dues/", counter.dues, name="office_dues"),
    path("dues/<int:pk>/", counter.collect, name="office_collect"),
    path("dues/payments/<int:pk>/take-back/", counter.take_back, name="office_take_back"),
    path("receipts/<slug:code>/<slug:number>.pdf", counter.receipt_pdf, name="office_receipt_pdf"),
    path("programmes/", programmes.overview, name="office_programmes"),
    path("programmes/<int:pk>/dry-run/", dry_run.page, name="office_dry_run"),
    path("programmes/<int:pk>/dry-run/people/", dry_run.people, name="office_dry_run_people"),
    act("programmes/<int:pk>/activate/", programmes.activate, "office_programmes", name="office_activate"),
    path("runs/", runs.overview, name="office_runs"),
    path("runs/new/", runs.new, name="office_run_new"),
    path("runs/<str:code>/", runs.detail, name="office_run"),
    act("runs/<str:code>/start-again/", runs.start_again, "office_run", name="office_run_start_again"),
    act("runs/<str:code>/approve/", runs.approve, "office_run", name="office_run_approve"),
    act("runs/<str:code>/send-back/", runs.send_back, "office_run", name="office_run_send_back"),
    act("runs/<str:code>/funds/", runs.record_funds, "office_run", name="office_run_funds"),
    act("runs/<str:code>/payout/", runs.build_payout, "office_run", name="office_run_payout"),
    path("claims/", claims.overview, name="office_claims"),
    path("claims/<str:code>/", claims.detail, name="office_campaign"),
    act("claims/<str:code>/verify/", claims.verify, "office_campaign", name="office_claims_verify"),
    act("claims/<str:code>/approve/", claims.approve, "office_campaign", name="office_claims_approve"),
    act("claims/<str:code>/funds/", claims.record_funds, "office_campaign", name="office_claims_funds"),
    act("claims/<str:code>/payout/", claims.build_payout, "office_campaign", name="office_claims_payout"),
    path("claims/<str:code>/reject/<int:pk>/", claims.reject, name="office_claim_reject"),
    path("grants/", grants.overview, name="office_grants"),
    path("grants/new/", grants.choose, name="office_grant_choose"),
    path("grants/new/<int:pk>/", grants.new, name="office_grant_new"),
    path("grants/<str:code>/", grants.detail, name="office_grant"),
    act("grants/<str:code>/check/", grants.check, "office_grant", name="office_grant_check"),
    act("grants/<str:code>/approve/", grants.approve, "office_grant", name="office_grant_approve"),
    act("grants/<str:code>/send-back/", grants.send_back, "office_grant", name="office_grant_send_back"),
    act("grants/<str:code>/paid/", grants.record_paid, "office_grant", name="office_grant_paid"),
    act("grants/<str:code>/received/", grants.record_received, "office_grant", name="office_grant_received"),
    path("payouts/", payouts.overview, name="office_payouts"),
    path("payouts/<str:code>/", payouts.detail, name="office_payout"),
    act("payouts/<str:code>/ask/", payouts.ask_bank, "office_payout", name="office_payout_ask"),
    act("payouts/<str:code>/release/", payouts.release, "office_payout", name="office_payout_release"),
    act("payouts/<str:code>/withdraw/", payouts.withdraw, "office_payout", name="office_payout_withdraw"),
    act(
        "payouts/<str:code>/report-refusal/",
        payouts.report_refusal,
        "office_payout",
        name="office_payout_report_refusal",
    ),
    act(
        "payouts/<str:code>/refused/",
        payouts.confirm_refusal,
        "office_payout",
        name="office_payout_refused",
    ),
    act("payouts/<str:code>/file/", payouts.download, "office_payout", name="office_payout_file"),
    act("payouts/<str:code>/result/", payouts.take_result, "office_payout", name="office_payout_result"),
    path("payouts/<str:code>/lines/<int:line>/returned/", returned.report, name="office_payout_returned"),
    act(
        "payouts/<str:code>/returned/<int:pk>/confirm/",
        returned.confirm,
        "office_payout",
        name="office_payout_returned_confirm",
    ),
    act(
        "payouts/<str:code>/returned/<int:pk>/drop/",
        returned.drop,
        "office_payout",
        name="office_payout_returned_drop",
    ),
    path("books/", books.overview, name="office_books"),
    path("books/rules/", books.posting_rules, name="office_rules"),
    path("books/<str:code>/", books.trial_balance, name="office_book"),
    path("books/<str:code>/accounts/<str:account>/", books.account, name="office_account"),
    path("books/<str:code>/transactions/<int:pk>/", books.transaction, name="office_transaction"),
    path("books/<str:code>/reports/<slug:name>/", books.reports, name="office_report"),
    path("books/<str:code>/export/<str:form>/", books.export, name="office_export"),
    path("books/<str:code>/vouchers/", vouchers.overview, name="office_vouchers"),
    act("books/<str:code>/vouchers/draw-up/", vouchers.draw_up, "office_vouchers", name="office_draw_up"),
    act("books/<str:code>/vouchers/check/", vouchers.check, "office_vouchers", name="office_check"),
    path("books/<str:code>/vouchers/write/", voucher_writing.write, name="office_voucher_write"),
    path("books/<str:code>/vouchers/<int:pk>/", vouchers.detail, name="office_voucher"),
    path("books/<str:code>/vouchers/<int:pk>/edit/", voucher_writing.edit, name="office_voucher_edit"),
    act(
        "books/<str:code>/vouchers/<int:pk>/discard/",
        vouchers.discard,
        "office_voucher",
        name="office_voucher_discard",
    ),
    act(
        "books/<str:code>/vouchers/<int:pk>/send-back/",
        vouchers.send_back,
        "office_voucher",
        name="office_voucher_send_back",
    ),
    act(
        "books/<str:code>/vouchers/<int:pk>/hand-in/",
        vouchers.hand_in,
        "office_voucher",
        name="office_voucher_hand_in",
    ),
    act(
        "books/<str:code>/vouchers/<int:pk>/cancel/",
        vouchers.cancel,
        "office_voucher",
        name="office_voucher_cancel",
    ),
    act(
        "books/<str:code>/vouchers/<int:pk>/template/",
        voucher_templates.save,
        "office_voucher",
        name="office_template",
    ),
    path("books/<str:code>/vouchers/<int:pk>/pdf/", vouchers.as_pdf, name="office_voucher_pdf"),
    act(
        "books/<str:code>/vouchers/<int:pk>/files/",
        voucher_files.attach,
        "office_voucher",
        name="office_voucher_attach",
    ),
    path(
        "books/<str:code>/vouchers/<int:pk>/files/<int:file>/",
        voucher_files.download,
        name="office_voucher_file",
    ),
    act(
        "books/<str:code>/vouchers/<int:pk>/files/<int:file>/remove/",
        voucher_files.remove,
        "office_voucher",
        name="office_voucher_file_remove",
    ),
    path("books/<str:code>/templates/", voucher_templates.overview, name="office_templates"),
    act(
        "books/<str:code>/templates/<int:pk>/rename/",
        voucher_templates.rename,
        "office_templates",
        name="office_template_rename",
    ),
    act(
        "books/<str:code>/templates/<int:pk>/delete/",
        voucher_templates.delete,
        "office_templates",
        name="office_template_delete",
    ),
    path("books/<str:code>/chart/", accounts.accounts, name="office_accounts"),
    path("books/<str:code>/opening/", accounts.opening_balances, name="office_opening_balances"),
    path(
        "books/<str:code>/opening/blank.csv",
        accounts.opening_balances_blank,
        name="office_opening_balances_blank",
    ),
    path("books/<str:code>/budget/", budget.budget, name="office_budget"),
    act("books/<str:code>/budget/confirm/", budget.confirm, "office_budget", name="office_budget_confirm"),
    path("books/<str:code>/close/", books.close, name="office_close"),
    act("books/<str:code>/reopen/", books.reopen, "office_close", name="office_reopen"),
    path("bank/", bank.overview, name="office_bank"),
    path("bank/<str:code>/", bank.detail, name="office_bank_account"),
    path("bank/<str:code>/lines/<int:line>/", bank_lines.detail, name="office_bank_line"),
    act("bank/<str:code>/statement/", bank.take_statement, "office_bank_account", name="office_statement"),
    act("bank/<str:code>/match/", bank.match, "office_bank_account", name="office_match"),
    act("bank/<str:code>/by-hand/", bank.match_by_hand, "office_bank_account", name="office_match_by_hand"),
    act("bank/<str:code>/post/<int:line>/", bank.post_line, "office_bank_account", name="office_post_line"),
]
