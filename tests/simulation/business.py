"""Business days over several books, from a seed: every act goes to the ledger and to the model, which must agree."""

from __future__ import annotations

import calendar
import datetime as dt
import multiprocessing
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from django.db import DatabaseError, OperationalError, connections
from django.utils import timezone
from djmoney.money import Money

from ledger.books import closing, holds, manual, pairing, vouchers
from ledger.books.bulk import NewTransaction, post_many
from ledger.books.errors import ExternalKeyReused, LedgerError, Overdrawn, PeriodClosed
from ledger.books.integrity import verify
from ledger.books.models import (
    Book,
    Hold,
    Period,
    Transaction,
    Voucher,
    VoucherState,
)
from ledger.books.posting import reverse
from tests.concurrency import at_once
from tests.conftest import Federation

from .model import BookModel, ModelLine
from .reading import balances, moved, postings, turnovers
from .workers import entries_of_model, post_and_die, post_lines, work_until_killed

_EARMARKED = "earmarked money is not overspent"
_REFUSALS: dict[str, type[Exception]] = {
    "reused": ExternalKeyReused,
    "closed": PeriodClosed,
    "overdrawn": Overdrawn,
}
# Debit, credit, project, fund source, and both of the credit side where they are others; BANK stands for the bank
# account of the book.
_COUNTY = [("BANK", "402", "", "own"), ("BANK", "408", "", "own"), ("BANK", "40302", "普惠补贴", "earmarked"),
           ("50305", "BANK", "普惠补贴", "earmarked"), ("50305", "BANK", "普惠补贴", "own"),
           ("50602", "BANK", "", "own"), ("50305", "408", "普惠补贴", "earmarked", ("", "own")),
           ("32104", "32104", "普惠补贴", "earmarked", ("技能奖励", "earmarked")),
           ("101", "BANK", "", "own"), ("13599", "101", "", "own"), ("101", "13599", "", "own")]  # fmt: skip
_GRASSROOTS = [("101", "401", "", "own"), ("13501", "401", "", "own"), ("BANK", "101", "", "own"),
               ("BANK", "13501", "", "own"), ("510", "101", "", "own"), ("50305", "BANK", "", "own")]  # fmt: skip


class Disagreement(AssertionError):
    """The ledger and the model say different things."""


class Business:
    """Some unions at work; ``day()`` lives one day and compares, raising Disagreement with the seed and the day."""

    def __init__(self, federation: Federation, seed: int) -> None:
        self.seed, self.dice = seed, random.Random(seed)
        self.maker, self.checker = federation.maker, federation.checker
        self.books = list(federation.books.values())
        self.bank = {code: bank.account.code for code, bank in federation.banks.items()}
        self.models = {book.code: BookModel() for book in self.books}
        self.today = dt.date(2026, 1, 1)
        self.serial = 0

    def day(self) -> None:
        try:
            for _ in range(self.dice.randint(3, 7)):
                act = self.dice.choice(self._acts())
                act(self.dice.choice(self.books))
            if self.dice.random() < 0.5:
                self._vouchers_of(self.dice.choice(self.books), self.today)
            if self._is_month_end():
                for book in self.books:
                    self._close(book)
            self.compare()
        except Disagreement:
            raise
        except (LedgerError, DatabaseError) as error:
            raise Disagreement(f"seed {self.seed}, {self.today}: {type(error).__name__}: {error}") from error
        self.today += dt.timedelta(days=1)

    def live(self, days: int) -> None:
        for _ in range(days):
            self.day()

    def compare(self) -> None:
        """Balances, monthly totals, postings, voucher numbers and the ledger's own checks, against the model."""
        for book in self.books:
            model = self.models[book.code]
            self._expect(f"balances of {book.code}", balances(book), moved(model.totals))
            self._expect(f"months of {book.code}", turnovers(book), moved(model.months))
            self._expect(f"postings of {book.code}", postings(book), moved(model.details))
            self._expect(f"keys of {book.code}", book.transactions.count(), len(model.keys))
            closed = set(book.periods.filter(state="closed").values_list("month", flat=True))
            self._expect(f"closed months of {book.code}", closed, model.closed)
            cash = book.accounts.get(code="101")
            self._expect(f"cash of {book.code}", holds.available(cash).amount, model.available("101"))
        for book_id, word, month in set(
            Voucher.objects.filter(state=VoucherState.POSTED).values_list("book_id", "word", "month")
        ):
            numbers = Voucher.objects.filter(
                book_id=book_id, word=word, month=month, state=VoucherState.POSTED
            ).order_by("sequence")
            found = list(numbers.values_list("number", flat=True))
            self._expect("voucher numbers", found, list(range(1, len(found) + 1)))
        overspent = sorted(
            f"book {code} project {project}: {-amount}"
            for code, model in self.models.items()
            for project, amount in model.overspent().items()
        )
        for check in verify():
            wanted = overspent if overspent and check.name == _EARMARKED else [""]
            self._expect(check.name, sorted(check.detail.split("; ")), wanted)

    def _acts(self) -> list[Callable[[Book], None]]:
        return [self._post, self._post, self._post_again, self._change_posted, self._reverse, self._in_bulk,
                self._hold, self._end_hold, self._crowd, self._killed, self._worker_killed, self._by_hand,
                self._too_late]  # fmt: skip

    def _expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise Disagreement(f"seed {self.seed}, {self.today}, {what}:\nledger {found}\nmodel  {wanted}")

    def _key(self) -> str:
        self.serial += 1
        return f"sim:{self.serial}"

    def _date(self) -> dt.date:
        """Mostly today; clocks that step back stay within the month."""
        return self.today.replace(day=self.dice.randint(1, self.today.day))

    def _lines(self, book: Book) -> tuple[ModelLine, ...]:
        kinds = _GRASSROOTS if book.kind == "grassroots" else _COUNTY
        bank = self.bank[book.code]
        lines = []
        for _ in range(self.dice.choice([1, 1, 1, 2, 3])):
            debit, credit, *details = self.dice.choice(kinds)
            amount = Decimal(self.dice.choice([1, 200, 2400, 15_000, self.dice.randint(1, 9_999_999)])) / 100
            lines.append(
                ModelLine(debit.replace("BANK", bank), credit.replace("BANK", bank), amount, *details)
            )
        return tuple(lines)

    def _attempt(
        self, book: Book, key: str, date: dt.date, lines: tuple[ModelLine, ...]
    ) -> Transaction | None:
        """Post and hold the ledger to the model's verdict."""
        model, month = self.models[book.code], date.year * 100 + date.month
        verdict = model.verdict(key, month, lines)
        try:
            posted = post_lines(book, key, date, lines)
        except tuple(_REFUSALS.values()) as refusal:
            self._expect(f"post {key}", type(refusal), _REFUSALS.get(verdict))
            return None
        if verdict == "new":
            model.post(key, month, lines)
        else:
            self._expect(f"post {key}", verdict, "same")
        return posted

    def _post(self, book: Book) -> None:
        self._attempt(book, self._key(), self._date(), self._lines(book))

    def _known(self, book: Book) -> tuple[str, dt.date, tuple[ModelLine, ...]] | None:
        """A post of an open month, to be done again."""
        model = self.models[book.code]
        keys = sorted(
            k for k, (m, _l) in model.keys.items() if k.startswith("sim:") and m not in model.closed
        )
        if not keys:
            return None
        compound = [k for k in keys if len(model.keys[k][1]) > 1]
        key = self.dice.choice(compound if compound and self.dice.random() < 0.5 else keys)
        date = book.transactions.get(external_key=key).date
        return key, date, model.keys[key][1]

    def _post_again(self, book: Book) -> None:
        if known := self._known(book):
            self._attempt(book, *known)

    def _change_posted(self, book: Book) -> None:
        if known := self._known(book):
            key, date, lines = known
            first = lines[0]
            changed = replace(first, amount=first.amount + 1)
            self._attempt(book, key, date, (changed, *lines[1:]))

    def _too_late(self, book: Book) -> None:
        closed = self.models[book.code].closed
        if closed:
            month = self.dice.choice(sorted(closed))
            self._attempt(book, self._key(), dt.date(month // 100, month % 100, 5), self._lines(book))

    def _reverse(self, book: Book) -> None:
        model = self.models[book.code]
        known = self._known(book)
        if known is None or known[0] in model.reversed_keys:
            return
        key, _date, lines = known
        red = tuple(replace(x, amount=-x.amount) for x in lines)
        new_key, month = f"red:{key}", self.today.year * 100 + self.today.month
        verdict = model.verdict(new_key, month, red)
        try:
            reverse(
                original=book.transactions.get(external_key=key),
                date=self.today,
                reason="sim",
                external_key=new_key,
            )
        except Overdrawn:
            self._expect(f"reverse {key}", "overdrawn", verdict)
            return
        self._expect(f"reverse {key}", "new", verdict)
        model.post(new_key, month, red)
        model.reversed_keys.add(key)

    def _in_bulk(self, book: Book) -> None:
        model, date = self.models[book.code], self._date()
        bank = self.bank[book.code]
        credit = "401" if book.kind == "grassroots" else "402"
        new = {
            self._key(): (ModelLine(bank, credit, Decimal(self.dice.randint(1, 9_999)) / 100),)
            for _ in range(self.dice.randint(2, 25))
        }
        asked = [
            NewTransaction(
                book=book,
                external_key=key,
                date=date,
                kind="sim",
                summary="sim",
                entries=entries_of_model(lines),
            )
            for key, lines in new.items()
        ]
        ids = post_many(asked)
        self._expect("bulk ids", len(set(ids)), len(asked))
        self._expect("bulk again", post_many(asked), ids)
        for key, lines in new.items():
            model.post(key, date.year * 100 + date.month, lines)

    def _hold(self, book: Book) -> None:
        model = self.models[book.code]
        amount = Decimal(self.dice.randint(1, 50_000)) / 100
        debit = "510" if book.kind == "grassroots" else "13599"
        key = f"hold:{self._key()}"
        try:
            holds.hold(
                book=book, external_key=key, date=self.today, kind="sim", summary="sim", debit=debit, credit="101",
                amount=Money(amount, "CNY"),
            )  # fmt: skip
        except Overdrawn:
            self._expect("hold refused", model.available("101") < amount, wanted=True)
            return
        self._expect("hold taken", model.available("101") >= amount, wanted=True)
        model.holds[key] = (debit, "101", amount)

    def _end_hold(self, book: Book) -> None:
        model = self.models[book.code]
        if not model.holds:
            return
        key = self.dice.choice(sorted(model.holds))
        debit, credit, amount = model.holds.pop(key)
        held = Hold.objects.get(book=book, external_key=key)
        if self.dice.random() < 0.5:
            holds.void_hold(held)
            return
        lines = (ModelLine(debit, credit, amount),)
        posted = post_lines(book, f"of {key}", self.today, lines, ends=held)
        model.post(f"of {key}", self.today.year * 100 + self.today.month, lines)
        self._expect("posted hold", posted.external_key, f"of {key}")

    def _crowd(self, book: Book) -> None:
        """Several workers, some with the same key: each key counts once."""
        model, month = self.models[book.code], self.today.year * 100 + self.today.month
        bank = self.bank[book.code]
        credit = "401" if book.kind == "grassroots" else "408"
        jobs = {self._key(): (ModelLine(bank, credit, Decimal(self.dice.randint(1, 999))),) for _ in range(3)}
        calls = [partial(post_lines, book, key, self.today, lines) for key, lines in jobs.items()] * 2
        results = at_once(calls)
        self._expect("crowd", len({r.pk for r in results if isinstance(r, Transaction)}), len(jobs))
        for key, lines in jobs.items():
            model.post(key, month, lines)

    def _killed(self, book: Book) -> None:
        """The connection is cut after posting and before the commit; the retry with the same key counts once."""
        key, lines = self._key(), self._lines(book)
        (died,) = at_once([partial(post_and_die, book, key, self.today, lines)])
        if not isinstance(died, OperationalError | Overdrawn):
            raise Disagreement(f"the cut connection went on: {died!r}")
        self._expect(
            "nothing of a cut connection", book.transactions.filter(external_key=key).exists(), wanted=False
        )
        self._attempt(book, key, self.today, lines)

    def _worker_killed(self, book: Book) -> None:
        """A worker process is killed in the middle of its second post; another does all of its work again."""
        jobs = {self._key(): self._lines(book) for _ in range(3)}
        connections.close_all()
        worker = multiprocessing.get_context("fork").Process(
            target=work_until_killed, args=(book.pk, self.today, jobs)
        )
        worker.start()
        worker.join(timeout=60)
        self._expect("the worker's end", worker.exitcode, -signal.SIGKILL)
        first, *others = jobs
        done = book.transactions.filter(external_key=first).exists()
        verdict = self.models[book.code].verdict(first, self.today.year * 100 + self.today.month, jobs[first])
        self._expect(f"what the killed worker had committed, {first}", done, verdict == "new")
        if done:
            self.models[book.code].post(first, self.today.year * 100 + self.today.month, jobs[first])
        for key in (first, *others):
            self._attempt(book, key, self.today, jobs[key])

    def _by_hand(self, book: Book) -> None:
        """A voucher typed by one person and checked by another; days that have not come take none."""
        if self.today > timezone.localdate():
            return
        bank = self.bank[book.code]
        into, out = (Decimal(self.dice.randint(1, 99_999)) / 100 for _ in range(2))
        lines = [
            pairing.Line(account=bank, side="D", amount=into),
            pairing.Line(account="408", side="C", amount=into),
            pairing.Line(account="408", side="D", amount=out, party="甲", project="项目甲"),
            pairing.Line(account="408", side="C", amount=out, party="乙", summary="改正"),
        ]
        draft = manual.prepare(
            book=book, date=self._date(), summary="sim", lines=lines, prepared_by=self.maker
        )
        vouchers.check_and_post(voucher=draft, checked_by=self.checker)
        said = (ModelLine(bank, "408", into), ModelLine("408", "408", out, "项目甲", "own", ("", "own")))
        self.models[book.code].post(f"voucher:{draft.pk}", draft.month, said)

    def _vouchers_of(self, book: Book, day: dt.date) -> None:
        for draft in vouchers.draw_up_day(book=book, date=day, prepared_by=self.maker):
            if self.dice.random() < 0.2:
                vouchers.discard(voucher=draft)
            else:
                vouchers.check_and_post(voucher=draft, checked_by=self.checker)

    def _is_month_end(self) -> bool:
        return self.today.day == calendar.monthrange(self.today.year, self.today.month)[1]

    def _close(self, book: Book) -> None:
        self._carry_and_close(book)
        if self.dice.random() < 0.2:
            month = self.today.year * 100 + self.today.month
            asked = closing.ask_to_reopen(book=book, month=month, reason="sim", asked_by=self.maker)
            closing.allow_reopening(reopening=asked, allowed_by=self.checker)
            self.models[book.code].closed.discard(month)
            self._post(book)
            self._carry_and_close(book)

    def _carry_and_close(self, book: Book) -> None:
        model, month = self.models[book.code], self.today.year * 100 + self.today.month
        for project, amount in model.overspent().items():
            # No month closes while more earmarked money is spent than came in: the rest comes at last.
            late = (ModelLine(self.bank[book.code], "40302", amount, project, "earmarked"),)
            self._attempt(book, self._key(), self.today, late)
        expected = model.results(month)
        self._carried(book, month, expected, closing.carry_forward(book=book, month=month, actor=self.maker))
        if month % 100 == 12:
            expected = model.year_end(month // 100)
            self._carried(
                book, month, expected, closing.close_year(book=book, year=month // 100, actor=self.maker)
            )
        for draft in vouchers.draw_up_month(book=book, month=month, prepared_by=self.maker):
            vouchers.check_and_post(voucher=draft, checked_by=self.checker)
        period = closing.close_period(book=book, month=month, actor=self.maker)
        self._expect("closed", isinstance(period, Period), wanted=True)
        model.closed.add(month)

    def _carried(
        self, book: Book, month: int, expected: tuple[ModelLine, ...], posted: list[Transaction]
    ) -> None:
        self._expect(f"carried in {book.code}", len(posted), 1 if expected else 0)
        for one in posted:
            self.models[book.code].post(one.external_key, month, expected)
