"""The counter: find a member, take dues, hand out the receipt."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.benefits import queries as benefits
from ledger.books.models import BankAccount
from ledger.dues import collecting, queries, reversing
from ledger.dues.errors import NoMembership
from ledger.dues.models import DuesPayment, DuesReversal
from ledger.receipts import pdf
from ledger.receipts.models import Channel, Receipt
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.models import User
from portal.accounts.roles import Duty
from portal.members import register
from portal.members.models import Member
from portal.office import desk
from portal.office.forms import CollectForm, IdentityForm, SearchForm, TakeBackForm

_PER_PAGE = 25
_ID_LENGTH = 18
_SHORTEST_PHONE = 4


def _within_reach(user: User) -> QuerySet[Member]:
    return register.members_of(desk.reach(user, [Duty.VIEW_MEMBERS]), timezone.localdate())


def _found(user: User, asked: str) -> QuerySet[Member]:
    """Members by name, member number, end of the phone number, or the full ID number (never by a part of it)."""
    members = _within_reach(user)
    if not asked:
        return members.none()
    if len(asked) == _ID_LENGTH:
        try:
            known = register.find_by_id_number(asked)
        except ValidationError:
            return members.none()
        return members.filter(pk=known.pk) if known else members.none()
    wanted = Q(name__icontains=asked) | Q(memberships__number__istartswith=asked)
    if asked.isdecimal() and len(asked) >= _SHORTEST_PHONE:
        wanted |= Q(phone__endswith=asked)
    return members.filter(wanted).distinct()


@duty_required(Duty.VIEW_MEMBERS)
def members(request: StaffRequest) -> HttpResponse:
    return _search_page(request, "office_member", "members")


@duty_required(Duty.COLLECT_DUES)
def dues(request: StaffRequest) -> HttpResponse:
    """The first step at the counter: who is paying."""
    return _search_page(request, "office_collect", "dues", **desk.dues_to_look_at(request.user))


def _search_page(request: StaffRequest, target: str, active: str, **more: object) -> HttpResponse:
    form = SearchForm(request.GET or None)
    asked = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = _found(request.user, asked).prefetch_related("memberships__union").order_by("name", "pk")
    shown = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    return desk.page(
        request,
        "members",
        active,
        {"form": form if asked else SearchForm(), "asked": asked, "members": shown, "target": target} | more,
    )


@duty_required(Duty.VIEW_MEMBERS)
def member(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_within_reach(request.user), pk=pk)
    return desk.page(
        request,
        "member",
        "members",
        {
            "member": found,
            "memberships": found.memberships.select_related("union").order_by("-started_on"),
            "card": found.cards.exclude(status="replaced").first(),
            "commitments": [(c, benefits.status_of(c)) for c in benefits.money_of(found)],
            "payments": queries.history(found),
        },
    )


@duty_required(Duty.VIEW_FULL_IDENTITY)
def identity(request: StaffRequest, pk: int) -> HttpResponse:
    """Full identity, phone and card numbers, once, for a stated reason (个人信息保护法 第二十八条)."""
    today = timezone.localdate()
    unions = desk.reach(request.user, [Duty.VIEW_FULL_IDENTITY])
    found = get_object_or_404(register.members_of(unions, today), pk=pk)
    form = IdentityForm(request.POST or None)
    card = found.cards.exclude(status="replaced").first()
    shown = request.method == "POST" and form.is_valid()
    if shown:
        register.record_identity_seen(
            member=found, on=today, reason=form.cleaned_data["reason"], actor=request.user
        )
    context = {"member": found, "form": form, "card": card, "shown": shown}
    response = desk.page(request, "identity", "members", context)
    response["Cache-Control"] = "no-store"
    return response


@duty_required(Duty.COLLECT_DUES)
def collect(request: StaffRequest, pk: int) -> HttpResponse:
    """Take dues: months, day and way of payment; afterwards the receipt is there."""
    payer = get_object_or_404(_within_reach(request.user), pk=pk)
    form = CollectForm(request.POST or None, accounts=_accounts_for(payer))
    if request.method == "POST" and form.is_valid():
        payment = None
        with refusals_on(form):
            payment = _take(payer, form.cleaned_data, request.user)
        if payment is not None:
            messages.success(
                request,
                _("%(amount)s yuan taken. Receipt %(number)s is ready.")
                % {
                    "amount": payment.amount.amount,
                    "number": payment.receipt.number if payment.receipt else "",
                },
            )
            return redirect("office_collect", pk=pk)
    try:
        coverage = queries.coverage(payer, timezone.localdate())
    except NoMembership:
        coverage = None
    context = {"member": payer, "form": form, "coverage": coverage, "payments": queries.history(payer)}
    return desk.page(request, "collect", "dues", context)


def _accounts_for(payer: Member) -> QuerySet[BankAccount]:
    """The bank accounts of the payer's union, to which dues can come."""
    unions = payer.memberships.filter(ended_on=None).values("union")
    return BankAccount.objects.filter(account__book__union__in=unions).order_by("code")


def _take(payer: Member, values: dict[str, Any], user: User) -> DuesPayment:
    what: dict[str, Any] = {
        "member": payer,
        "months": int(values["months"]),
        "paid_on": values["paid_on"],
        "request_key": values["request_key"],
    }
    if values["channel"] == "cash":
        return collecting.collect_cash(**what, collected_by=user)
    return collecting.collect_bank_transfer(
        **what,
        bank_account=values["bank_account"],
        bank_reference=str(values["bank_reference"]),
        recorded_by=user,
    )


@duty_required(*desk.SEES_DUES)
def take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Cash taken by mistake: one person asks, another approves, and the money goes back in red letters."""
    unions = desk.reach(request.user, desk.SEES_DUES)
    payments = DuesPayment.objects.filter(union__in=unions, channel=Channel.CASH, receipt__isnull=False)
    payment: DuesPayment = get_object_or_404(
        payments.select_related("member", "union", "receipt__series"), pk=pk
    )
    asked = DuesReversal.objects.select_related("asked_by", "receipt__series").filter(payment=payment).first()
    step = request.POST.get("step")
    form = TakeBackForm(request.POST if step == "ask" else None)
    if step == "approve" and asked is not None:
        reversing.approve(asked=asked, approved_by=request.user)
        messages.success(request, _("The money is taken back. The red receipt is ready."))
        return redirect("office_take_back", pk=pk)
    if step == "ask" and form.is_valid():
        with refusals_on(form):
            reversing.ask(payment=payment, reason=form.cleaned_data["reason"], asked_by=request.user)
        if form.is_valid():
            messages.success(request, _("Somebody who checks vouchers can now approve it."))
            return redirect("office_take_back", pk=pk)
    return desk.page(request, "take_back", "dues", {"payment": payment, "asked": asked, "form": form})


@duty_required(Duty.COLLECT_DUES, Duty.ISSUE_RECEIPT, Duty.VIEW_BOOKS)
def receipt_pdf(request: StaffRequest, code: str, number: str) -> HttpResponse:
    unions = desk.reach(request.user, [Duty.COLLECT_DUES, Duty.ISSUE_RECEIPT, Duty.VIEW_BOOKS])
    receipt: Receipt = get_object_or_404(
        Receipt.objects.select_related("series", "union"), series__code=code, number=number, union__in=unions
    )
    response = HttpResponse(pdf.render(receipt), content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(pdf.file_name(receipt))}"
    return response
