"""The numbered statutory documents over transactions (记账凭证)."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .book import Account, Book
from .chart import FundSource, Nature, Side
from .entries import Transaction


class VoucherState(models.TextChoices):
    DRAFT = "draft", _("Prepared")  # 已制单
    POSTED = "posted", _("Posted")  # 已记账


class VoucherKind(models.TextChoices):
    AUTOMATIC = "automatic", _("Drawn up over posted events")
    MANUAL = "manual", _("Typed by a person")
    CANCELLING = "cancelling", _("Red-letter cancellation")  # 红字注销


class Voucher(models.Model):
    """The numbered statutory document (记账凭证) over transactions of one book and day.

    Posting it (by another person than its preparer) gives it the next number of its book, word and month and a link in
    the book's hash chain; from then on the database refuses every change (财会〔2024〕12号 第二十一条第三项).
    """

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="vouchers")
    kind = models.CharField(_("kind"), max_length=12, choices=VoucherKind, db_default=VoucherKind.AUTOMATIC)
    word = models.CharField(_("voucher word"), max_length=2, default="记")  # 凭证字
    month = models.PositiveIntegerField(_("month"))
    number = models.PositiveIntegerField(_("number"), null=True, editable=False)
    date = models.DateField(_("date"))
    summary = models.CharField(_("summary"), max_length=200)
    attachments = models.PositiveIntegerField(_("attachments"), default=0)  # 附件张数
    state = models.CharField(_("state"), max_length=10, choices=VoucherState, default=VoucherState.DRAFT)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("prepared by"), on_delete=models.PROTECT, related_name="+"
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    cancels = models.OneToOneField(
        "self", verbose_name=_("cancels"), null=True, on_delete=models.PROTECT, related_name="cancelled_by"
    )
    corrects = models.ForeignKey(
        "self", verbose_name=_("corrects"), null=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    prepared_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    # Counts the changes of a draft, so that nobody posts another text than the one they read.
    revision = models.PositiveIntegerField(_("revision"), db_default=1)
    # A draft that its checker sent back, until its preparer has seen to it.
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sent back by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    returned_reason = models.CharField(_("why it was sent back"), max_length=200, blank=True, db_default="")
    posted_at = models.DateTimeField(_("posted at"), null=True, editable=False)
    # How its text is written that the hash proves (sql/two_sides.sql).
    form = models.PositiveSmallIntegerField(db_default=2, editable=False)
    sequence = models.PositiveIntegerField(_("place in the chain"), null=True, editable=False)
    previous_hash = models.BinaryField(max_length=32, null=True, editable=False)
    hash = models.BinaryField(max_length=32, null=True, editable=False)
    transactions = models.ManyToManyField(
        Transaction, verbose_name=_("transactions"), through="VoucherEntry", related_name="vouchers"
    )

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["month", "word", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "word", "month", "number"], name="one_voucher_per_number"
            ),
            models.UniqueConstraint(fields=["book", "sequence"], name="one_voucher_per_place"),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("prepared_by")),
                name="voucher_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(kind="cancelling", cancels__isnull=False)
                | (~Q(kind="cancelling") & Q(cancels__isnull=True)),
                name="cancelling_voucher_names_the_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(returned_by=None, returned_reason="")
                | (
                    Q(state="draft", returned_by__isnull=False)
                    & ~Q(returned_reason="")
                    & ~Q(returned_by=F("prepared_by"))
                ),
                name="draft_sent_back_by_another_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word}-{self.number}" if self.number else self.word


class VoucherEntry(models.Model):
    """A transaction's place in its one voucher."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="entries")
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="voucher_entry")

    class Meta:
        verbose_name = _("voucher entry")
        verbose_name_plural = _("voucher entries")

    def __str__(self) -> str:
        return f"{self.voucher_id}: {self.transaction_id}"


class VoucherLine(models.Model):
    """A line as a person typed it; posting makes a transaction of the lines, and they stay with their voucher."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveSmallIntegerField(_("line"))
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="+"
    )
    side = models.CharField(_("side"), max_length=1, choices=Side)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    # Empty: that of the voucher.
    summary = models.CharField(_("summary"), max_length=200, blank=True, db_default="")
    project = models.CharField(_("project"), max_length=60, blank=True)
    fund_source = models.CharField(
        _("fund source"), max_length=20, choices=FundSource, default=FundSource.OWN
    )
    party = models.CharField(_("party"), max_length=60, blank=True)
    nature = models.CharField(_("basic or project"), max_length=10, choices=Nature, blank=True)
    economic_class = models.CharField(_("economic class"), max_length=5, blank=True)

    class Meta:
        verbose_name = _("voucher line")
        verbose_name_plural = _("voucher lines")
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["voucher", "line"], name="one_voucher_line_per_place"),
            models.CheckConstraint(condition=~Q(amount=0), name="voucher_line_has_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


def _private() -> Storage:
    return storages["private"]


class VoucherFile(models.Model):
    """A document that proves a voucher (原始凭证附件), such as a scanned invoice or an electronic one (电子凭证)."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.BinaryField(_("SHA-256"), max_length=32)
    file = models.FileField(_("file"), upload_to="vouchers/%Y/%m/", storage=_private)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("added by"), on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(_("added at"), default=timezone.now)

    class Meta:
        verbose_name = _("voucher file")
        verbose_name_plural = _("voucher files")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["voucher", "sha256"], name="one_voucher_file_per_content")
        ]
        indexes = [models.Index(fields=["sha256"], name="voucher_file_by_content")]

    def __str__(self) -> str:
        return self.name


class Anchor(models.Model):
    """The ends of the voucher chains on one day, chained to the day before; the database fills all but the day."""

    day = models.DateField(_("day"), unique=True)
    taken_at = models.DateTimeField(_("taken at"), editable=False)
    heads = models.TextField(_("chain ends"), editable=False)  # book|sequence|hash, a line each
    previous_hash = models.BinaryField(max_length=32, editable=False)
    hash = models.BinaryField(max_length=32, editable=False)

    class Meta:
        verbose_name = _("anchor")
        verbose_name_plural = _("anchors")
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day)


class VoucherTemplate(models.Model):
    """A voucher that a book writes again and again (常用凭证); ``lines`` are kept as typed, amounts may be missing."""

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(_("name"), max_length=60)
    summary = models.CharField(_("summary"), max_length=200)
    lines = models.JSONField(_("lines"), default=list)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("saved by"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("voucher template")
        verbose_name_plural = _("voucher templates")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["book", "name"], name="one_template_per_name")]

    def __str__(self) -> str:
        return self.name
