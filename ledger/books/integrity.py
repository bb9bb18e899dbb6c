"""Verifying the books from postings alone: what the triggers keep is computed again, set by set.

Other apps add checks of their sub-ledgers with ``register``; ``ledger_verify`` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection

from .models import Book

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check over the books asked for; ``detail`` names the first violations."""

    name: str
    ok: bool
    detail: str


Check = Callable[[Sequence[int]], list[str]]
_registered: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check: it takes book ids and returns one line per violation (empty when all holds)."""
    _registered[name] = check


def query_check(sql: str) -> Check:
    """A check from a query with one ``%(books)s`` array whose first column describes each violation."""

    def run(book_ids: Sequence[int]) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT * FROM ({sql}) AS violations LIMIT {_SHOWN + 1}", {"books": list(book_ids)}
            )
            return [str(row[0]) for row in cursor.fetchall()]

    return run


def verify(*, book: Book | None = None) -> list[CheckResult]:
    """Run every check over one book or all of them; nothing is changed."""
    book_ids = [book.pk] if book else list(Book.objects.values_list("pk", flat=True))
    results = []
    for name, check in {**_KERNEL_CHECKS, **_registered}.items():
        violations = check(book_ids)
        shown = "; ".join(violations[:_SHOWN]) + (" …" if len(violations) > _SHOWN else "")
        results.append(CheckResult(name=name, ok=not violations, detail=shown))
    return results


_SIDES = """
SELECT account_id, month,
       sum(amount) FILTER (WHERE side = 'D') AS debit, sum(amount) FILTER (WHERE side = 'C') AS credit
  FROM books_posting WHERE book_id = ANY(%(books)s) GROUP BY account_id, month
"""

_KERNEL_CHECKS: dict[str, Check] = {
    "turnovers equal the sums of postings": query_check(f"""
        SELECT format('book %%s account %%s month %%s: kept %%s/%%s, postings %%s/%%s', b.code, a.code, month,
                      coalesce(kept.debit, 0), coalesce(kept.credit, 0), coalesce(s.debit, 0), coalesce(s.credit, 0))
          FROM (SELECT account_id, month, sum(debit) AS debit, sum(credit) AS credit FROM books_turnover
                 WHERE account_id IN (SELECT id FROM books_account WHERE book_id = ANY(%(books)s))
                 GROUP BY 1, 2) kept
          FULL JOIN ({_SIDES}) s USING (account_id, month)
          JOIN books_account a ON a.id = account_id JOIN books_book b ON b.id = a.book_id
         WHERE coalesce(kept.debit, 0) <> coalesce(s.debit, 0) OR coalesce(kept.credit, 0) <> coalesce(s.credit, 0)"""),
    "balances equal the sums of postings": query_check(f"""
        SELECT format('book %%s account %%s', b.code, a.code)
          FROM (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM books_balance
                 WHERE account_id IN (SELECT id FROM books_account WHERE book_id = ANY(%(books)s)) GROUP BY 1) kept
          FULL JOIN (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM ({_SIDES}) m GROUP BY 1) s
                USING (account_id)
          JOIN books_account a ON a.id = account_id JOIN books_book b ON b.id = a.book_id
         WHERE kept.debit <> coalesce(s.debit, 0) OR kept.credit <> coalesce(s.credit, 0)
            OR kept.account_id IS NULL"""),
    "every transaction has transfers of its book and month": query_check("""
        SELECT format('transaction %%s', t.id) FROM books_transaction t
          LEFT JOIN books_transfer f ON f.transaction_id = t.id
         WHERE t.book_id = ANY(%(books)s)
         GROUP BY t.id HAVING count(f.id) = 0 OR bool_or(f.book_id <> t.book_id OR f.month <> t.month)"""),
    "debits equal credits in every book and month": query_check("""
        SELECT format('book %%s month %%s', a.book_id, t.month)
          FROM books_turnover t JOIN books_account a ON a.id = t.account_id
         WHERE a.book_id = ANY(%(books)s) GROUP BY a.book_id, t.month HAVING sum(t.debit) <> sum(t.credit)"""),
    "voucher numbers have no gap": query_check("""
        SELECT format('book %%s word %%s month %%s: %%s vouchers, last number %%s',
                      book_id, word, month, count(*), max(number))
          FROM books_voucher WHERE state = 'posted' AND book_id = ANY(%(books)s)
         GROUP BY book_id, word, month HAVING count(*) <> max(number) OR min(number) <> 1"""),
    "voucher hash chain is unbroken": query_check("""
        SELECT format('book %%s voucher %%s-%%s of %%s', book_id, word, number, month) FROM (
            SELECT v.*, lag(v.hash, 1, sha256('')) OVER (PARTITION BY v.book_id ORDER BY v.sequence) AS before,
                   row_number() OVER (PARTITION BY v.book_id ORDER BY v.sequence) AS place,
                   sha256(v.previous_hash || convert_to(books_voucher_content(v.row), 'UTF8')) AS computed
              FROM (SELECT w.*, w AS row FROM books_voucher w
                     WHERE w.state = 'posted' AND w.book_id = ANY(%(books)s)) v) chained
         WHERE before <> previous_hash OR computed <> hash OR place <> sequence"""),
    "vouchers are checked by another person": query_check("""
        SELECT format('voucher %%s', id) FROM books_voucher
         WHERE state = 'posted' AND book_id = ANY(%(books)s)
           AND (checked_by_id IS NULL OR checked_by_id = prepared_by_id)"""),
    "closed months are fully vouchered": query_check("""
        SELECT format('book %%s month %%s transaction %%s', p.book_id, p.month, t.id)
          FROM books_period p JOIN books_transaction t ON t.book_id = p.book_id AND t.month = p.month
          LEFT JOIN books_voucherentry e ON e.transaction_id = t.id
          LEFT JOIN books_voucher v ON v.id = e.voucher_id AND v.state = 'posted'
         WHERE p.state = 'closed' AND p.book_id = ANY(%(books)s) AND v.id IS NULL"""),
    "income and expenditure are zero in closed months": query_check("""
        SELECT format('book %%s month %%s account %%s', p.book_id, p.month, a.code)
          FROM books_period p JOIN books_account a ON a.book_id = p.book_id
          JOIN books_turnover t ON t.account_id = a.id AND t.month = p.month
         WHERE p.state = 'closed' AND p.book_id = ANY(%(books)s) AND a.account_class IN ('income', 'expense')
         GROUP BY p.book_id, p.month, a.code HAVING sum(t.debit - t.credit) <> 0"""),
    # 50801↔40301 and 50802↔40302 of one payment agree; the upper half alone is in transit, the lower alone an error.
    "mirror entries between unions agree": query_check("""
        SELECT format('payment %%s: %%s paid, %%s received', mirror_key, paid, received) FROM (
            SELECT t.mirror_key,
                   sum(p.amount) FILTER (WHERE p.side = 'D' AND a.code LIKE '508%%') AS paid,
                   sum(p.amount) FILTER (WHERE p.side = 'C' AND a.code LIKE '403%%') AS received
              FROM books_transaction t JOIN books_posting p ON p.transaction_id = t.id
              JOIN books_account a ON a.id = p.account_id
             WHERE t.mirror_key <> ''
               AND t.mirror_key IN (SELECT mirror_key FROM books_transaction WHERE book_id = ANY(%(books)s))
             GROUP BY t.mirror_key) pairs
         WHERE received IS NOT NULL AND paid IS DISTINCT FROM received"""),
}
