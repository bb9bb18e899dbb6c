"""Bank statements (对账单), their lines, and which entries of the books explain them.

Every line stands in one chain per bank account: its balance is the one before plus its amount. A match joins any number
of lines to any number of postings of the same sum; triggers in ``sql/`` keep sums, chain and history.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from ledger.books.models import Side


class Statement(models.Model):
    """One imported file that brought new lines."""

    bank_account = models.ForeignKey(
        "books.BankAccount",
        verbose_name=_("bank account"),
        on_delete=models.PROTECT,
        related_name="statements",
    )
    source_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    format = models.CharField(_("format"), max_length=20)
    opening_balance = MoneyField(
        _("opening balance"), max_digits=18, decimal_places=2, default_currency="CNY"
    )
    closing_balance = MoneyField(
        _("closing balance"), max_digits=18, decimal_places=2, default_currency="CNY"
    )
    from_day = models.DateField(_("from"))
    to_day = models.DateField(_("until"))
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("imported by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    imported_at = models.DateTimeField(_("imported at"), default=timezone.now)

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opening_balance_currency="CNY", closing_balance_currency="CNY"),
                name="statement_in_yuan",
            ),
        ]

    def __str__(self) -> str:
        return self.source_name


class LineState(models.TextChoices):
    OPEN = "open", _("Open")  # 未达
    MATCHED = "matched", _("Matched")  # 已勾对


class StatementLine(models.Model):
    """One movement at the bank: positive came in, negative went out, in yuan.

    Day, bank's reference and ``position`` (the nth line of the day with this reference, or without any) say which
    movement it is; its content never does: two equal transfers on a day are two. Line 0 of the chain, if any, is the
    balance brought forward (期初余额).
    """

    statement = models.ForeignKey(
        Statement, verbose_name=_("statement"), on_delete=models.PROTECT, related_name="lines"
    )
    bank_account = models.ForeignKey(
        "books.BankAccount",
        verbose_name=_("bank account"),
        on_delete=models.PROTECT,
        related_name="statement_lines",
        db_index=False,
    )
    sequence = models.PositiveIntegerField(_("place in the account"))
    position = models.PositiveIntegerField(_("nth of the day with this reference"))
    booked_on = models.DateField(_("booked on"))
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    balance_after = MoneyField(_("balance after"), max_digits=18, decimal_places=2, default_currency="CNY")
    counterparty_name = models.CharField(_("counterparty"), max_length=120, blank=True)
    counterparty_account = models.CharField(_("counterparty's account"), max_length=4, blank=True)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=80, blank=True)  # 流水号
    state = models.CharField(_("state"), max_length=10, choices=LineState, default=LineState.OPEN)

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        ordering = ["bank_account", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["bank_account", "sequence"], name="one_bank_line_per_place"),
            models.UniqueConstraint(
                fields=["bank_account", "booked_on", "bank_reference", "position"],
                name="one_bank_line_per_movement",
            ),
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(amount_currency="CNY", balance_after_currency="CNY"),
                name="bank_line_of_some_yuan",
            ),
        ]
        indexes = [
            models.Index(
                fields=["bank_account", "booked_on"], condition=Q(state="open"), name="open_bank_lines"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.summary}"


class MatchKind(models.TextChoices):
    AUTO = "auto", _("By rule")  # 自动勾对
    BY_HAND = "by_hand", _("By hand")  # 手工勾对
    FEE = "fee", _("Bank fee")  # 手续费
    INTEREST = "interest", _("Interest")  # 利息
    UNKNOWN_CREDIT = "unknown", _("Unidentified receipt")  # 待查收款


class Match(models.Model):
    """Lines and postings that are the same money. Undoing stays on the record; a new match then says what is right."""

    bank_account = models.ForeignKey(
        "books.BankAccount", verbose_name=_("bank account"), on_delete=models.PROTECT, related_name="matches"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MatchKind)
    rule = models.CharField(_("rule"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_reason = models.CharField(_("why undone"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_reason="")
                | (Q(undone_at__isnull=False) & ~Q(undone_reason="")),
                name="match_undone_for_a_reason",
            ),
            models.CheckConstraint(
                condition=(Q(kind="auto") & ~Q(rule=""))
                | (Q(kind="by_hand") & ~Q(reason=""))
                | Q(kind__in=["fee", "interest", "unknown"]),
                name="match_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class MatchLine(models.Model):
    """A statement line's place in a match; ``live`` follows the match, by trigger."""

    match = models.ForeignKey(Match, verbose_name=_("match"), on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(
        StatementLine, verbose_name=_("line"), on_delete=models.PROTECT, related_name="matchings"
    )
    live = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("matched line")
        verbose_name_plural = _("matched lines")
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(live=True), name="one_live_match_per_line"),
            models.UniqueConstraint(fields=["match", "line"], name="one_place_per_matched_line"),
        ]

    def __str__(self) -> str:
        return f"{self.match_id}: {self.line_id}"


class MatchPosting(models.Model):
    """A posting's place in a match: the side of a transfer, since postings are a view; ``live`` follows the match."""

    match = models.ForeignKey(
        Match, verbose_name=_("match"), on_delete=models.PROTECT, related_name="postings"
    )
    transfer = models.ForeignKey(
        "books.Transfer", verbose_name=_("transfer"), on_delete=models.PROTECT, related_name="+"
    )
    side = models.CharField(_("side"), max_length=1, choices=Side)
    live = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("matched posting")
        verbose_name_plural = _("matched postings")
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "side"], condition=Q(live=True), name="one_live_match_per_posting"
            ),
            models.UniqueConstraint(
                fields=["match", "transfer", "side"], name="one_place_per_matched_posting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_id}: {self.posting_id}"

    @property
    def posting_id(self) -> str:
        """The key of books_posting."""
        return f"{self.transfer_id}{self.side}"
