"""What ``ledger_verify`` recomputes about bank statements: chains of balances, sums and states of matches."""

from __future__ import annotations

from ledger.books.integrity import query_check

_ACCOUNTS = (
    """books_bankaccount k JOIN books_account a ON a.id = k.account_id AND a.book_id = ANY(%(books)s)"""
)

CHAINS = query_check(f"""
    SELECT format('bank account %%s line %%s of %%s: balance %%s', code, sequence, booked_on, balance_after)
      FROM (SELECT k.code, l.*, row_number() OVER chain AS place, min(l.sequence) OVER chain AS first,
                   lag(l.balance_after, 1, CASE WHEN l.sequence = 0 THEN 0 END) OVER chain AS before,
                   lag(l.booked_on) OVER chain AS day_before
              FROM {_ACCOUNTS} JOIN reconciliation_statementline l ON l.bank_account_id = k.id
            WINDOW chain AS (PARTITION BY k.id ORDER BY l.sequence)) chained
     WHERE balance_after <> coalesce(before, 0) + amount OR sequence <> first + place - 1 OR day_before > booked_on""")

SUMS = query_check(f"""
    SELECT format('match %%s of %%s: bank %%s, books %%s', m.id, k.code, coalesce(bank.amount, 0),
                  coalesce(books.amount, 0))
      FROM {_ACCOUNTS} JOIN reconciliation_match m ON m.bank_account_id = k.id AND m.undone_at IS NULL
      LEFT JOIN LATERAL (SELECT sum(l.amount) AS amount
                           FROM reconciliation_matchline ml JOIN reconciliation_statementline l ON l.id = ml.line_id
                          WHERE ml.match_id = m.id AND ml.live AND l.bank_account_id = k.id) bank ON true
      LEFT JOIN LATERAL (SELECT sum(CASE WHEN (mp.side = 'D') = t.is_red THEN -t.amount ELSE t.amount END) AS amount
                           FROM reconciliation_matchposting mp JOIN books_transfer t ON t.id = mp.transfer_id
                          WHERE mp.match_id = m.id AND mp.live
                            AND k.account_id = CASE mp.side WHEN 'D' THEN t.debit_id ELSE t.credit_id END) books
             ON true
     WHERE coalesce(bank.amount, 0) <> coalesce(books.amount, 0)
        OR bank.amount IS NULL AND books.amount IS NULL""")

ONCE = query_check("""
    SELECT format('posting %%s%%s is in %%s matches', mp.transfer_id, mp.side, count(*))
      FROM reconciliation_match m JOIN reconciliation_matchposting mp ON mp.match_id = m.id
      JOIN books_transfer t ON t.id = mp.transfer_id
     WHERE m.undone_at IS NULL AND t.book_id = ANY(%(books)s)
     GROUP BY mp.transfer_id, mp.side HAVING count(*) > 1""")

STATES = query_check(f"""
    SELECT format('bank account %%s line %%s is %%s with %%s matches', k.code, l.sequence, l.state, count(m.id))
      FROM {_ACCOUNTS} JOIN reconciliation_statementline l ON l.bank_account_id = k.id
      LEFT JOIN reconciliation_matchline ml ON ml.line_id = l.id
      LEFT JOIN reconciliation_match m ON m.id = ml.match_id AND m.undone_at IS NULL
     GROUP BY k.code, l.id HAVING count(m.id) <> CASE l.state WHEN 'matched' THEN 1 ELSE 0 END""")
