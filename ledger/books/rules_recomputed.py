"""What the triggers refuse, asked again of the rows themselves: queries for ``ledger.books.integrity``.

Whoever restores a dump without triggers, or has every right on the database, can pass the triggers by; each rule that
they keep has its query here. Every query takes the array ``books`` and names each violation in its first column.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

RULES = {
    _("official accounts are as the chart has them"): """
        SELECT format('book %%s account %%s', b.code, a.code) FROM books_account a JOIN books_book b ON b.id = a.book_id
          LEFT JOIN books_chartaccount c ON c.chart_id = b.chart_id AND c.code = a.code
         WHERE b.id = ANY(%(books)s) AND (a.is_official OR c.id IS NOT NULL)
           AND (a.is_official, a.name, a.account_class, a.normal_side)
               IS DISTINCT FROM (true, c.name, c.account_class, c.normal_side)""",
    _("postings are on lowest accounts"): """
        SELECT format('book %%s account %%s', b.code, a.code) FROM books_account a JOIN books_book b ON b.id = a.book_id
         WHERE b.id = ANY(%(books)s) AND EXISTS (SELECT FROM books_turnover t WHERE t.account_id = a.id)
           AND (NOT a.is_leaf OR EXISTS (SELECT FROM books_account d
                                          WHERE d.book_id = a.book_id AND d.code LIKE a.code || '_%%'))""",
    _("accounts with details are marked, and details follow the account above"): """
        SELECT format('book %%s account %%s', b.code, a.code) FROM books_account a JOIN books_book b ON b.id = a.book_id
          LEFT JOIN books_chartaccount c ON c.chart_id = b.chart_id AND c.code = left(a.code, 3)
         WHERE b.id = ANY(%(books)s)
           AND (a.is_leaf = EXISTS (SELECT FROM books_account d
                                     WHERE d.book_id = a.book_id AND d.code LIKE a.code || '_%%')
                OR NOT a.is_official AND (a.authorised_by = '' OR a.account_class IS DISTINCT FROM c.account_class))""",
    _("posted holds moved what was held"): """
        SELECT format('book %%s hold %%s', h.book_id, h.external_key) FROM books_hold h
         WHERE h.book_id = ANY(%(books)s) AND h.state = 'posted' AND h.amount IS DISTINCT FROM (
               SELECT sum(amount) FROM books_transfer
                WHERE transaction_id = h.posted_as_id AND book_id = h.book_id AND credit_id = h.credit_id
                  AND NOT is_red)""",
    _("closed months say when they were closed"): """
        SELECT format('book %%s month %%s', book_id, month) FROM books_period
         WHERE book_id = ANY(%(books)s) AND (state = 'closed') <> (closed_at IS NOT NULL)""",
    _("lines have the dimensions that their accounts require"): """
        SELECT format('book %%s accounts %%s and %%s', f.book_id, d.code, c.code)
          FROM (SELECT DISTINCT book_id, debit_id, credit_id, project = '' AS no_project, nature = '' AS no_nature,
                       fund_source NOT IN ('own', 'earmarked') OR nature NOT IN ('', 'basic', 'project')
                       OR credit_fund_source NOT IN ('own', 'earmarked')
                       OR credit_nature NOT IN ('', 'basic', 'project') AS is_unknown,
                       economic_class = '' AS no_class, coalesce(credit_project, project) = '' AS no_credit_project,
                       coalesce(credit_nature, nature) = '' AS no_credit_nature,
                       coalesce(credit_economic_class, economic_class) = '' AS no_credit_class
                  FROM books_transfer WHERE book_id = ANY(%(books)s)) f
          JOIN books_account d ON d.id = f.debit_id JOIN books_account c ON c.id = f.credit_id
         WHERE is_unknown
            OR d.needs_project AND no_project OR d.needs_nature AND no_nature OR d.needs_economic_class AND no_class
            OR c.needs_project AND no_credit_project OR c.needs_nature AND no_credit_nature
            OR c.needs_economic_class AND no_credit_class""",
    _("vouchers typed by people were posted as typed"): """
        SELECT format('book %%s voucher %%s-%%s of %%s', b.code, v.word, v.number, v.month) FROM books_voucher v
          JOIN books_book b ON b.id = v.book_id
         WHERE v.state = 'posted' AND v.kind = 'manual' AND v.form > 1 AND b.id = ANY(%(books)s) AND EXISTS (
               SELECT FROM (SELECT account_id, side, project, fund_source, party, summary, sum(amount) AS amount
                              FROM books_voucherline WHERE voucher_id = v.id GROUP BY 1, 2, 3, 4, 5, 6
                            HAVING sum(amount) <> 0) typed
                 FULL JOIN (SELECT p.account_id, p.side, p.project, p.fund_source, p.party, p.line_summary AS summary,
                                   sum(p.amount) AS amount
                              FROM books_voucherentry e JOIN books_posting p ON p.transaction_id = e.transaction_id
                             WHERE e.voucher_id = v.id GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(p.amount) <> 0) posted
                      USING (account_id, side, project, fund_source, party, summary)
                WHERE typed.amount IS DISTINCT FROM posted.amount)""",
    _("holds are counted on their accounts"): """
        SELECT format('book %%s account %%s', b.code, a.code)
          FROM (SELECT account_id, sum(held_debit) AS debit, sum(held_credit) AS credit FROM books_balance
                 GROUP BY account_id) kept
          JOIN books_account a ON a.id = kept.account_id JOIN books_book b ON b.id = a.book_id
          LEFT JOIN (SELECT side.account_id, sum(side.debit) AS debit, sum(side.credit) AS credit FROM books_hold h
                      CROSS JOIN LATERAL (VALUES (h.debit_id, h.amount, 0), (h.credit_id, 0, h.amount))
                                         AS side (account_id, debit, credit)
                      WHERE h.state = 'pending' GROUP BY 1) held ON held.account_id = a.id
         WHERE b.id = ANY(%(books)s)
           AND (kept.debit, kept.credit) IS DISTINCT FROM (coalesce(held.debit, 0), coalesce(held.credit, 0))""",
    _("guarded accounts are not overdrawn"): """
        SELECT format('book %%s account %%s', b.code, a.code) FROM books_account a JOIN books_book b ON b.id = a.book_id
          JOIN books_balance l ON l.account_id = a.id
         WHERE b.id = ANY(%(books)s)
           AND (l.guard <> a.guard OR a.code LIKE '101%%' AND a.is_leaf AND a.guard <> 1
                OR a.guard = 1 AND l.debit < l.credit + l.held_credit
                OR a.guard = -1 AND l.credit < l.debit + l.held_debit)""",
    _("voucher counters stand at the last number"): """
        SELECT format('book %%s %%s of %%s', book_id, word, month) FROM books_voucher_counter c
          FULL JOIN (SELECT book_id, word, month, max(number) AS number FROM books_voucher WHERE state = 'posted'
                      GROUP BY 1, 2, 3) v USING (book_id, word, month)
         WHERE book_id = ANY(%(books)s) AND c.last_number IS DISTINCT FROM v.number""",
    _("nothing but opening balances stands before the first day"): """
        SELECT format('book %%s transaction %%s of %%s', b.code, t.id, t.date)
          FROM books_book b JOIN books_transaction t ON t.book_id = b.id AND t.date < b.opened_on
         WHERE b.id = ANY(%(books)s)
           AND NOT (t.kind IN ('manual', 'opening') AND t.date = date_trunc('month', b.opened_on)::date - 1)""",
    _("months with entries are in order"): """
        SELECT format('book %%s month %%s has no period', b.code, t.month)
          FROM (SELECT DISTINCT account_id, month FROM books_turnover) t JOIN books_account a ON a.id = t.account_id
          JOIN books_book b ON b.id = a.book_id
          LEFT JOIN books_period p ON p.book_id = b.id AND p.month = t.month
         WHERE b.id = ANY(%(books)s) AND p.id IS NULL
        UNION ALL
        SELECT format('book %%s month %%s is open and a later one closed', b.code, p.month)
          FROM books_period p JOIN books_book b ON b.id = p.book_id
         WHERE b.id = ANY(%(books)s) AND p.state = 'open' AND EXISTS (
               SELECT FROM books_period later
                WHERE later.book_id = b.id AND later.month > p.month AND later.state = 'closed')""",
    _("reversals take back what they reverse"): """
        SELECT format('book %%s transaction %%s', r.book_id, r.id) FROM books_transaction r
         WHERE r.book_id = ANY(%(books)s) AND r.reverses_id IS NOT NULL AND EXISTS (
               SELECT FROM (SELECT * FROM books_transfer WHERE transaction_id = r.id) red
                 FULL JOIN (SELECT * FROM books_transfer WHERE transaction_id = r.reverses_id) black USING (line)
                WHERE (red.book_id, red.debit_id, red.credit_id, red.amount, NOT red.is_red, red.project,
                       red.fund_source, red.party, red.credit_project, red.credit_fund_source, red.credit_party)
                      IS DISTINCT FROM (black.book_id, black.debit_id, black.credit_id, black.amount, black.is_red,
                                        black.project, black.fund_source, black.party, black.credit_project,
                                        black.credit_fund_source, black.credit_party))""",
}
