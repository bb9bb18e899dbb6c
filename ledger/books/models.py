"""The kernel's nouns: chart, book, account, period, transaction, transfer, posting, voucher (财会〔2021〕7号).

The atom is a transfer: one debit account, one credit account, one positive amount, so it cannot be unbalanced. A
transaction (业务) groups the transfers of one event; postings (分录行) are their two sides. Triggers in ``sql/`` keep
balances, refuse change, and number and chain vouchers; the models only describe.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from portal.unions.models import Union


class Side(models.TextChoices):
    DEBIT = "D", _("Debit")  # 借
    CREDIT = "C", _("Credit")  # 贷


class AccountClass(models.TextChoices):
    ASSET = "asset", _("Assets")  # 资产
    LIABILITY = "liability", _("Liabilities")  # 负债
    NET_ASSET = "net_asset", _("Net assets")  # 净资产
    INCOME = "income", _("Income")  # 收入
    EXPENSE = "expense", _("Expenditure")  # 支出


class BookKind(models.TextChoices):
    GRASSROOTS = "grassroots", _("Grassroots union")  # 基层工会
    COUNTY = "county", _("County level and above")  # 县级以上工会


class FundSource(models.TextChoices):
    """Where spent money comes from; decides whether it closes to 321 or to 322."""

    OWN = "own", _("Own funds")  # 自有经费
    EARMARKED = "earmarked", _("Earmarked subsidy from above")  # 上级专项补助


class Chart(models.Model):
    """An official chart of accounts (会计科目表) with the days on which it is in force."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    document_number = models.CharField(_("document number"), max_length=40)  # 文号
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("in force until"), null=True, blank=True)

    class Meta:
        verbose_name = _("chart of accounts")
        verbose_name_plural = _("charts of accounts")

    def __str__(self) -> str:
        return self.document_number


class ChartAccount(models.Model):
    """One official account: nobody adds, merges or renames level-1 accounts (总说明 一)."""

    chart = models.ForeignKey(
        Chart, verbose_name=_("chart"), on_delete=models.PROTECT, related_name="accounts"
    )
    code = models.CharField(_("code"), max_length=10)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    account_class = models.CharField(_("class"), max_length=10, choices=AccountClass)
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    in_grassroots = models.BooleanField(_("in the grassroots table"))
    in_county = models.BooleanField(_("in the county-and-above table"))

    class Meta:
        verbose_name = _("official account")
        verbose_name_plural = _("official accounts")
        constraints = [models.UniqueConstraint(fields=["chart", "code"], name="one_account_per_chart_code")]
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Book(models.Model):
    """The books (账套) of one union: one accounting entity, in CNY."""

    union = models.OneToOneField(
        Union, verbose_name=_("union"), on_delete=models.PROTECT, related_name="book"
    )
    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=BookKind)
    chart = models.ForeignKey(Chart, verbose_name=_("chart"), on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField(_("opened on"))

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """An account in one book: official, or a detail account (明细科目) below an official one."""

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    account_class = models.CharField(_("class"), max_length=10, choices=AccountClass)
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    is_official = models.BooleanField(_("official"), default=False)
    authorised_by = models.CharField(_("authorised by"), max_length=80, blank=True)
    is_leaf = models.BooleanField(_("takes postings"), default=True)
    shards = models.PositiveSmallIntegerField(_("balance rows"), default=1)
    guard = models.SmallIntegerField(_("may not be overdrawn"), default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["book", "code"], name="one_account_per_code"),
            models.UniqueConstraint(fields=["id", "book"], name="account_with_its_book"),
            models.CheckConstraint(
                condition=Q(guard=0) | Q(guard__in=[-1, 1], shards=1), name="guarded_has_one_row"
            ),
            models.CheckConstraint(condition=Q(shards__gte=1), name="at_least_one_balance_row"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def local_name(self, language: str) -> str:
        """The name for readers of ``language``; detail accounts and documents may have the Chinese one only."""
        return self.name_en if language.startswith("en") and self.name_en else self.name


class BankAccount(models.Model):
    """A union's bank account and the detail account of 102 that mirrors it (银行存款日记账)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    account = models.OneToOneField(
        Account, verbose_name=_("ledger account"), on_delete=models.PROTECT, related_name="bank_account"
    )
    bank = models.CharField(_("bank"), max_length=60)
    number = models.CharField(_("account number"), max_length=40)
    holder = models.CharField(_("account name"), max_length=120)

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")

    def __str__(self) -> str:
        return f"{self.bank} {self.number[-4:]}"

    @property
    def book(self) -> Book:
        return self.account.book


class PeriodState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Period(models.Model):
    """A calendar month of a book (会计期间); ``month`` is YYYYMM."""

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="periods")
    month = models.PositiveIntegerField(_("month"))
    state = models.CharField(_("state"), max_length=10, choices=PeriodState, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("closed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        ordering = ["month"]
        constraints = [models.UniqueConstraint(fields=["book", "month"], name="one_period_per_month")]

    def __str__(self) -> str:
        return f"{self.month // 100}-{self.month % 100:02d}"


class Transaction(models.Model):
    """One business event (业务), immutable; ``external_key`` makes posting it twice the same as once."""

    book = models.ForeignKey(
        Book,
        verbose_name=_("book"),
        on_delete=models.PROTECT,
        related_name="transactions",
        db_constraint=False,
    )
    external_key = models.CharField(_("external key"), max_length=120)
    date = models.DateField(_("date"))
    month = models.PositiveIntegerField(_("month"))
    kind = models.CharField(_("kind"), max_length=40)
    summary = models.CharField(_("summary"), max_length=200)  # 摘要
    document = models.CharField(_("source document"), max_length=80, blank=True)  # 原始凭证
    reverses = models.OneToOneField(
        "self", verbose_name=_("reverses"), null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    # The same value in the books of payer and payee: the two halves of one payment between unions.
    mirror_key = models.CharField(_("mirror key"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(fields=["book", "external_key"], name="one_transaction_per_key"),
            models.UniqueConstraint(fields=["id", "book", "month"], name="transaction_with_its_month"),
        ]
        indexes = [
            models.Index(fields=["book", "date"], name="transaction_by_day"),
            models.Index(fields=["mirror_key"], name="transaction_by_mirror", condition=~Q(mirror_key="")),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.summary}"


class Transfer(models.Model):
    """The atom: ``amount`` goes from the credit to the debit account; ``is_red`` takes it off again (红字)."""

    # The composite foreign keys of sql/kernel.sql say more than single-column ones, which are therefore left out.
    transaction = models.ForeignKey(
        Transaction,
        verbose_name=_("transaction"),
        on_delete=models.PROTECT,
        related_name="transfers",
        db_constraint=False,
        db_index=False,
    )
    book = models.ForeignKey(
        Book,
        verbose_name=_("book"),
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    month = models.PositiveIntegerField(_("month"))
    line = models.PositiveSmallIntegerField(_("line"))
    debit = models.ForeignKey(
        Account, verbose_name=_("debit"), on_delete=models.PROTECT, related_name="debits", db_constraint=False
    )
    credit = models.ForeignKey(
        Account,
        verbose_name=_("credit"),
        on_delete=models.PROTECT,
        related_name="credits",
        db_constraint=False,
    )
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    is_red = models.BooleanField(_("red"), default=False)
    project = models.CharField(_("project"), max_length=60, blank=True)
    fund_source = models.CharField(
        _("fund source"), max_length=20, choices=FundSource, default=FundSource.OWN
    )
    party = models.CharField(_("party"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(fields=["transaction", "line"], name="one_transfer_per_line"),
            models.CheckConstraint(condition=Q(amount__gt=Decimal(0)), name="transfer_amount_positive"),
            models.CheckConstraint(condition=Q(amount_currency="CNY"), name="transfer_in_book_currency"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.debit} ← {self.credit} {self.amount}"


class Posting(models.Model):
    """One line of an entry (分录行), read-only: a side of a transfer; red amounts are negative on the same side."""

    id = models.CharField(primary_key=True, max_length=40)
    transfer = models.ForeignKey(Transfer, on_delete=models.DO_NOTHING, related_name="postings")
    transaction = models.ForeignKey(Transaction, on_delete=models.DO_NOTHING, related_name="postings")
    book = models.ForeignKey(Book, on_delete=models.DO_NOTHING, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="postings")
    month = models.PositiveIntegerField()
    line = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=1, choices=Side)
    amount = MoneyField(max_digits=18, decimal_places=2, default_currency="CNY")
    project = models.CharField(max_length=60)
    fund_source = models.CharField(max_length=20, choices=FundSource)
    party = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "books_posting"
        verbose_name = _("posting")
        verbose_name_plural = _("postings")

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.amount}"


class Balance(models.Model):
    """Running totals of one account since the book opened; kept by trigger only. Busy accounts have several rows."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    shard = models.PositiveSmallIntegerField()
    debit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    credit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    guard = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "shard"], name="one_balance_per_shard"),
            models.CheckConstraint(
                condition=Q(guard=0)
                | Q(guard=1, debit__gte=F("credit"))
                | Q(guard=-1, credit__gte=F("debit")),
                name="not_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.shard}"


class Turnover(models.Model):
    """Totals of one account in one month (发生额); kept by trigger only."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="turnovers")
    month = models.PositiveIntegerField()
    shard = models.PositiveSmallIntegerField()
    debit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    credit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month", "shard"], name="one_turnover_per_shard")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.month}/{self.shard}"


class VoucherState(models.TextChoices):
    DRAFT = "draft", _("Prepared")  # 已制单
    POSTED = "posted", _("Posted")  # 已记账


class Voucher(models.Model):
    """The numbered statutory document (记账凭证) over transactions of one book and day.

    Posting it (by another person than its preparer) gives it the next number of its book, word and month and a link in
    the book's hash chain; from then on the database refuses every change (财会〔2024〕12号 第二十一条第三项).
    """

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="vouchers")
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
    prepared_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    posted_at = models.DateTimeField(_("posted at"), null=True, editable=False)
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
