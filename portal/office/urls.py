"""Addresses of the office, below /office/."""

from __future__ import annotations

from django.urls import path

from .views import bank, books, claims, counter, home, payouts, programmes, runs

urlpatterns = [
    path("", home.home, name="office_home"),
    path("audit/", home.audit_trail, name="office_audit"),
    path("members/", counter.members, name="office_members"),
    path("members/<int:pk>/", counter.member, name="office_member"),
    path("dues/", counter.dues, name="office_dues"),
    path("dues/<int:pk>/", counter.collect, name="office_collect"),
    path("receipts/<slug:code>/<slug:number>.pdf", counter.receipt_pdf, name="office_receipt_pdf"),
    path("programmes/", programmes.overview, name="office_programmes"),
    path("programmes/<int:pk>/activate/", programmes.activate, name="office_activate"),
    path("runs/", runs.overview, name="office_runs"),
    path("runs/new/", runs.new, name="office_run_new"),
    path("runs/<str:code>/", runs.detail, name="office_run"),
    path("runs/<str:code>/approve/", runs.approve, name="office_run_approve"),
    path("runs/<str:code>/send-back/", runs.send_back, name="office_run_send_back"),
    path("runs/<str:code>/funds/", runs.record_funds, name="office_run_funds"),
    path("runs/<str:code>/payout/", runs.build_payout, name="office_run_payout"),
    path("claims/", claims.overview, name="office_claims"),
    path("claims/<str:code>/", claims.detail, name="office_campaign"),
    path("claims/<str:code>/verify/", claims.verify, name="office_claims_verify"),
    path("claims/<str:code>/approve/", claims.approve, name="office_claims_approve"),
    path("claims/<str:code>/payout/", claims.build_payout, name="office_claims_payout"),
    path("claims/<str:code>/reject/<int:pk>/", claims.reject, name="office_claim_reject"),
    path("payouts/", payouts.overview, name="office_payouts"),
    path("payouts/<str:code>/", payouts.detail, name="office_payout"),
    path("payouts/<str:code>/release/", payouts.release, name="office_payout_release"),
    path("payouts/<str:code>/withdraw/", payouts.withdraw, name="office_payout_withdraw"),
    path("payouts/<str:code>/file/", payouts.download, name="office_payout_file"),
    path("payouts/<str:code>/result/", payouts.take_result, name="office_payout_result"),
    path("books/", books.overview, name="office_books"),
    path("books/<str:code>/", books.trial_balance, name="office_book"),
    path("books/<str:code>/accounts/<str:account>/", books.account, name="office_account"),
    path("books/<str:code>/transactions/<int:pk>/", books.transaction, name="office_transaction"),
    path("books/<str:code>/statements/", books.statements, name="office_statements"),
    path("books/<str:code>/export/<str:form>/", books.export, name="office_export"),
    path("books/<str:code>/vouchers/", books.vouchers, name="office_vouchers"),
    path("books/<str:code>/vouchers/draw-up/", books.draw_up, name="office_draw_up"),
    path("books/<str:code>/vouchers/check/", books.check, name="office_check"),
    path("books/<str:code>/close/", books.close, name="office_close"),
    path("bank/", bank.overview, name="office_bank"),
    path("bank/<str:code>/", bank.detail, name="office_bank_account"),
    path("bank/<str:code>/statement/", bank.take_statement, name="office_statement"),
    path("bank/<str:code>/match/", bank.match, name="office_match"),
    path("bank/<str:code>/by-hand/", bank.match_by_hand, name="office_match_by_hand"),
    path("bank/<str:code>/post/<int:line>/", bank.post_line, name="office_post_line"),
]
