"""Verifying the books from postings alone: what the triggers keep is computed again, set by set.

Other apps add checks of their sub-ledgers with ``register``; ``ledger_verify`` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from . import attachments
from .models import Book
from .rules_recomputed import RULES

_SHOWN = 20
# Bounded memory, and parallel plans wherever they are possible.
_SCANS = {"work_mem": "64MB", "jit": "off", "parallel_setup_cost": "0", "parallel_tuple_cost": "0"}


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


def query_check(sql: str, settings: Mapping[str, str] | None = None) -> Check:
    """A check from a query with one ``%(books)s`` array whose first column describes each violation."""

    def run(book_ids: Sequence[int]) -> list[str]:
        with _set(settings or {}), connection.cursor() as cursor:
            # Materialized: a plan that hopes to be finished after a few rows is the slowest when there are none.
            cursor.execute(
                f"WITH violations AS MATERIALIZED ({sql}) SELECT * FROM violations LIMIT {_SHOWN + 1}",
                {"books": list(book_ids)},
            )
            return [str(row[0]) for row in cursor.fetchall()]

    return run


@contextmanager
def _set(settings: Mapping[str, str]) -> Iterator[None]:
    """Settings of the database for a while; what the caller had set is put back."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = {}
        for name, value in settings.items():
            cursor.execute("SELECT current_setting(%s), set_config(%s, %s, true)", [name, name, value])
            before[name] = cursor.fetchone()[0]
        yield
        for name, value in before.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def verify(*, book: Book | None = None) -> list[CheckResult]:
    """Run every check over one book or all of them; nothing is changed."""
    book_ids = [book.pk] if book else list(Book.objects.values_list("pk", flat=True))
    results = []
    with _set(_SCANS):
        for name, check in {**_KERNEL_CHECKS, **_RULE_CHECKS, **_registered}.items():
            violations = check(book_ids)
            shown = "; ".join(violations[:_SHOWN]) + (" …" if len(violations) > _SHOWN else "")
            results.append(CheckResult(name=name, ok=not violations, detail=shown))
    return results


# One pass over the transfers: by pairs of accounts first, which are few, and only then by account.
_SIDES = """
SELECT side.account_id, month, sum(side.debit) AS debit, sum(side.credit) AS credit
  FROM (SELECT debit_id, credit_id, month, sum(CASE WHEN is_red THEN -amount ELSE amount END) AS amount
          FROM books_transfer WHERE book_id = ANY(%(books)s) GROUP BY 1, 2, 3) pairs
 CROSS JOIN LATERAL (VALUES (debit_id, amount, 0), (credit_id, 0, amount)) AS side (account_id, debit, credit)
 GROUP BY 1, 2
"""

_KERNEL_CHECKS: dict[str, Check] = {
    _("turnovers equal the sums of postings"): query_check(f"""
        SELECT format('book %%s account %%s month %%s: kept %%s/%%s, postings %%s/%%s', b.code, a.code, month,
                      coalesce(kept.debit, 0), coalesce(kept.credit, 0), coalesce(s.debit, 0), coalesce(s.credit, 0))
          FROM (SELECT account_id, month, sum(debit) AS debit, sum(credit) AS credit FROM books_turnover
                 WHERE account_id IN (SELECT id FROM books_account WHERE book_id = ANY(%(books)s))
                 GROUP BY 1, 2) kept
          FULL JOIN ({_SIDES}) s USING (account_id, month)
          JOIN books_account a ON a.id = account_id JOIN books_book b ON b.id = a.book_id
         WHERE coalesce(kept.debit, 0) <> coalesce(s.debit, 0) OR coalesce(kept.credit, 0) <> coalesce(s.credit, 0)"""),
    # And so equal the sums of postings.
    _("balances equal the sums of turnovers"): query_check("""
        SELECT format('book %%s account %%s: kept %%s/%%s, turnovers %%s/%%s', b.code, a.code, kept.debit, kept.credit,
                      coalesce(s.debit, 0), coalesce(s.credit, 0))
          FROM (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM books_balance
                 WHERE account_id IN (SELECT id FROM books_account WHERE book_id = ANY(%(books)s)) GROUP BY 1) kept
          FULL JOIN (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM books_turnover
                      WHERE account_id IN (SELECT id FROM books_account WHERE book_id = ANY(%(books)s))
                      GROUP BY 1) s USING (account_id)
          JOIN books_account a ON a.id = account_id JOIN books_book b ON b.id = a.book_id
         WHERE kept.debit <> coalesce(s.debit, 0) OR kept.credit <> coalesce(s.credit, 0)
            OR kept.account_id IS NULL"""),
    _("every transaction has transfers of its book and month"): query_check("""
        SELECT format('transaction %%s', t.id) FROM books_transaction t
          LEFT JOIN books_transfer f ON f.transaction_id = t.id
         WHERE t.book_id = ANY(%(books)s) AND (f.book_id, f.month) IS DISTINCT FROM (t.book_id, t.month)
        UNION ALL
        SELECT format('transfer %%s', f.id) FROM books_transfer f
          LEFT JOIN books_transaction t ON t.id = f.transaction_id
         WHERE f.book_id = ANY(%(books)s) AND t.id IS NULL"""),
    _("transfers are between two accounts of their book"): query_check("""
        SELECT format('book %%s accounts %%s and %%s', f.book_id, f.debit_id, f.credit_id)
          FROM (SELECT DISTINCT book_id, debit_id, credit_id FROM books_transfer WHERE book_id = ANY(%(books)s)) f
          LEFT JOIN books_account d ON d.id = f.debit_id LEFT JOIN books_account c ON c.id = f.credit_id
         WHERE (d.book_id, c.book_id) IS DISTINCT FROM (f.book_id, f.book_id)"""),
    _("accounts are in the table of their book"): query_check("""
        SELECT format('book %%s account %%s', b.code, a.code) FROM books_account a JOIN books_book b ON b.id = a.book_id
          LEFT JOIN books_chartaccount c ON c.chart_id = b.chart_id AND c.code = left(a.code, 3)
         WHERE b.id = ANY(%(books)s)
           AND (c.in_county OR b.kind = 'grassroots' AND c.in_grassroots) IS NOT TRUE"""),
    _("debits equal credits in every book and month"): query_check("""
        SELECT format('book %%s month %%s', a.book_id, t.month)
          FROM books_turnover t JOIN books_account a ON a.id = t.account_id
         WHERE a.book_id = ANY(%(books)s) GROUP BY a.book_id, t.month HAVING sum(t.debit) <> sum(t.credit)"""),
    _("voucher numbers have no gap"): query_check("""
        SELECT format('book %%s word %%s month %%s: %%s vouchers, last number %%s',
                      book_id, word, month, count(*), max(number))
          FROM books_voucher WHERE state = 'posted' AND book_id = ANY(%(books)s)
         GROUP BY book_id, word, month HAVING count(*) <> max(number) OR min(number) <> 1"""),
    # Hash each voucher's text anew: several processes share the vouchers, however small their table is.
    _("voucher hash chain is unbroken"): query_check(
        """
        SELECT format('book %%s voucher %%s-%%s of %%s', book_id, word, number, month) FROM books_voucher v
         WHERE state = 'posted' AND book_id = ANY(%(books)s)
           AND sha256(previous_hash || convert_to(books_voucher_content(v), 'UTF8')) <> hash
        UNION ALL
        SELECT format('book %%s voucher %%s-%%s of %%s', book_id, word, number, month) FROM (
            SELECT v.*, lag(v.hash, 1, sha256('')) OVER (PARTITION BY v.book_id ORDER BY v.sequence) AS before,
                   row_number() OVER (PARTITION BY v.book_id ORDER BY v.sequence) AS place
              FROM books_voucher v WHERE v.state = 'posted' AND v.book_id = ANY(%(books)s)) chained
         WHERE before <> previous_hash OR place <> sequence""",
        {"min_parallel_table_scan_size": "0"},
    ),
    _("voucher hash chain ends where it should"): query_check("""
        SELECT format('book %%s: the chain ends at %%s, its last voucher is %%s',
                      b.code, c.last_sequence, last.sequence)
          FROM books_book b LEFT JOIN books_voucher_chain c ON c.book_id = b.id
          LEFT JOIN LATERAL (SELECT sequence, hash FROM books_voucher
                              WHERE book_id = b.id AND state = 'posted'
                              ORDER BY sequence DESC LIMIT 1) last ON true
         WHERE b.id = ANY(%(books)s)
           AND (c.last_sequence, c.last_hash) IS DISTINCT FROM (last.sequence, last.hash)"""),
    _("daily anchors hold"): query_check("""
        SELECT format('anchor of %%s', day) FROM (
            SELECT a.*, lag(hash, 1, sha256('')) OVER (ORDER BY day) AS before, books_anchor_hash(a) AS computed
              FROM books_anchor a) anchors
         WHERE before <> previous_hash OR computed <> hash
        UNION ALL
        SELECT format('anchor of %%s: book %%s voucher %%s', day, parts[1], parts[2])
          FROM books_anchor CROSS JOIN LATERAL (SELECT string_to_array(line, '|') AS parts
                                                  FROM string_to_table(heads, E'\\n') AS line WHERE line <> '') head
          JOIN books_book b ON b.code = parts[1] AND b.id = ANY(%(books)s)
          LEFT JOIN books_voucher v ON v.book_id = b.id AND v.sequence = parts[2]::int
         WHERE encode(v.hash, 'hex') IS DISTINCT FROM parts[3]
        UNION ALL
        SELECT format('book %%s was anchored up to voucher %%s, and no anchor says so', b.code, c.anchored_sequence)
          FROM books_voucher_chain c JOIN books_book b ON b.id = c.book_id AND b.id = ANY(%(books)s)
         WHERE c.anchored_sequence > 0 AND NOT EXISTS (
               SELECT FROM books_anchor WHERE position(b.code || '|' || c.anchored_sequence || '|' IN heads) > 0)"""),
    _("files of vouchers are as posted"): attachments.changed_files,
    # 财会〔2024〕12号 第二十一条第二项.
    _("no document proves two vouchers"): query_check("""
        SELECT format('book %%s: %%s', b.code, string_agg(format('%%s-%%s of %%s', v.word, v.number, v.month), ', '))
          FROM books_voucherfile f JOIN books_voucher v ON v.id = f.voucher_id JOIN books_book b ON b.id = v.book_id
         WHERE b.id = ANY(%(books)s)
           AND NOT EXISTS (SELECT FROM books_voucher red WHERE red.cancels_id = v.id AND red.state = 'posted')
         GROUP BY b.code, f.sha256 HAVING count(*) > 1"""),
    _("vouchers are checked by another person"): query_check("""
        SELECT format('voucher %%s', id) FROM books_voucher
         WHERE state = 'posted' AND book_id = ANY(%(books)s)
           AND (checked_by_id IS NULL OR checked_by_id = prepared_by_id)"""),
    _("closed months are fully vouchered"): query_check("""
        SELECT format('book %%s month %%s transaction %%s', p.book_id, p.month, t.id)
          FROM books_period p JOIN books_transaction t ON t.book_id = p.book_id AND t.month = p.month
          LEFT JOIN books_voucherentry e ON e.transaction_id = t.id
          LEFT JOIN books_voucher v ON v.id = e.voucher_id AND v.state = 'posted'
         WHERE p.state = 'closed' AND p.book_id = ANY(%(books)s) AND v.id IS NULL"""),
    # By project and fund source: each closes to its own part of 321 or 322. One pass, by pairs of accounts first.
    _("income and expenditure are zero in closed months"): query_check("""
        SELECT format('book %%s month %%s account %%s %%s', p.book_id, p.month, a.code, side.project)
          FROM (SELECT book_id, debit_id, credit_id, month, project, fund_source,
                       coalesce(credit_project, project) AS credit_project,
                       coalesce(credit_fund_source, fund_source) AS credit_fund,
                       sum(CASE WHEN is_red THEN -amount ELSE amount END) AS amount
                  FROM books_transfer WHERE book_id = ANY(%(books)s) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) pairs
          JOIN books_period p ON p.book_id = pairs.book_id AND p.month = pairs.month AND p.state = 'closed'
         CROSS JOIN LATERAL (VALUES (debit_id, pairs.project, fund_source, amount),
                                    (credit_id, credit_project, credit_fund, -amount))
                            AS side (account_id, project, fund, amount)
          JOIN books_account a ON a.id = side.account_id AND a.account_class IN ('income', 'expense')
         GROUP BY p.book_id, p.month, a.code, side.project, side.fund HAVING sum(side.amount) <> 0"""),
    # 50801↔40301 and 50802↔40302 of one payment agree; the upper half alone is in transit, the lower alone an error.
    _("mirror entries between unions agree"): query_check("""
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
    # 资产基金 stands for the assets other than money: 301's details equal the assets they name (301 科目说明).
    _("asset fund equals its assets"): query_check("""
        SELECT format('book %%s: %%s holds %%s, its assets %%s', b.code, fund, in_fund, in_assets) FROM (
            SELECT a.book_id, pair.fund, sum(CASE WHEN a.code LIKE '3%%' THEN l.credit - l.debit ELSE 0 END) AS in_fund,
                   sum(CASE WHEN a.code LIKE '1%%' THEN l.debit - l.credit ELSE 0 END) AS in_assets
              FROM (VALUES ('30101', '141'), ('30102', '151'), ('30103', '161'), ('30104', '162'), ('30104', '163'),
                           ('30105', '171'), ('30105', '172'), ('30106', '181')) AS pair (fund, asset)
              JOIN books_book b ON b.id = ANY(%(books)s)
              JOIN books_chart c ON c.id = b.chart_id AND c.code = '2021'
              JOIN books_account a ON a.book_id = b.id
               AND (a.code LIKE pair.asset || '%%'
                    OR a.code LIKE pair.fund || '%%' AND pair.asset NOT IN ('163', '172'))
              JOIN books_balance l ON l.account_id = a.id
             GROUP BY a.book_id, pair.fund) funds
          JOIN books_book b ON b.id = funds.book_id
         WHERE in_fund <> in_assets"""),
    # 制度第二十二条: earmarked money is spent for its purpose only, and no more of it than came in.
    _("earmarked money is not overspent"): query_check("""
        SELECT format('book %%s project %%s: %%s', b.code, project, left_over) FROM (
            SELECT p.book_id, p.project, sum(CASE p.side WHEN 'C' THEN p.amount ELSE -p.amount END) AS left_over
              FROM books_posting p JOIN books_account a ON a.id = p.account_id
             WHERE p.book_id = ANY(%(books)s) AND p.fund_source = 'earmarked'
               AND (a.account_class IN ('income', 'expense') OR a.code LIKE '321%%')
             GROUP BY p.book_id, p.project) projects
          JOIN books_book b ON b.id = projects.book_id
         WHERE left_over < 0"""),
    # With the months closed by project, what is left of each project is what 321 holds for it (321 科目说明).
    _("321 holds earmarked money of named projects only"): query_check("""
        SELECT format('book %%s account %%s', b.code, a.code)
          FROM books_account a JOIN books_book b ON b.id = a.book_id JOIN books_posting p ON p.account_id = a.id
          JOIN books_chart c ON c.id = b.chart_id AND c.code = '2021'
         WHERE b.id = ANY(%(books)s) AND a.code LIKE '321%%' AND (p.fund_source <> 'earmarked' OR p.project = '')
         GROUP BY b.code, a.code"""),
}
_RULE_CHECKS: dict[str, Check] = {name: query_check(sql) for name, sql in RULES.items()}
