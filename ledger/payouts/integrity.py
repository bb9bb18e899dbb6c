"""What ``ledger_verify`` recomputes about payouts: totals, two persons, agreement with the bank account."""

from __future__ import annotations

from ledger.books.integrity import query_check

_BATCHES = """payouts_batch b JOIN books_bankaccount k ON k.id = b.bank_account_id
      JOIN books_account a ON a.id = k.account_id"""

TOTALS = query_check(f"""
    SELECT format('payout %%s: says %%s lines and %%s, has %%s and %%s', b.code, b.line_count, b.total, count(l.id),
                  coalesce(sum(l.amount), 0))
      FROM {_BATCHES} LEFT JOIN payouts_batchline l ON l.batch_id = b.id
     WHERE a.book_id = ANY(%(books)s)
     GROUP BY b.id HAVING (count(l.id), sum(l.amount)) IS DISTINCT FROM (b.line_count::bigint, b.total)""")

RELEASES = query_check(f"""
    SELECT format('payout %%s is %%s', b.code, b.state)
      FROM {_BATCHES}
     WHERE a.book_id = ANY(%(books)s)
       AND (b.released_by_id = b.prepared_by_id
            OR b.refused_by_id = b.refusal_reported_by_id
            OR b.state IN ('released', 'sent', 'settled', 'refused') AND b.released_by_id IS NULL
            OR b.state IN ('withdrawn', 'refused') AND EXISTS (SELECT FROM payouts_batchline l
                                                WHERE l.batch_id = b.id AND l.state <> b.state)
            OR b.state = 'settled' AND EXISTS (SELECT FROM payouts_batchline l WHERE l.batch_id = b.id
                                                AND l.state NOT IN ('paid', 'failed', 'returned')))""")

# What left the bank account under a batch's code, less what came back, is what the bank says it paid.
POSTINGS = query_check(f"""
    SELECT format('payout %%s: the bank paid %%s, the books say %%s', b.code, paid.amount, coalesce(posted.amount, 0))
      FROM {_BATCHES}
      JOIN LATERAL (SELECT coalesce(sum(l.amount), 0) AS amount FROM payouts_batchline l
                     WHERE l.batch_id = b.id AND l.state = 'paid') paid ON true
      LEFT JOIN LATERAL (SELECT sum(CASE p.side WHEN 'C' THEN p.amount ELSE -p.amount END) AS amount
                           FROM books_transaction t JOIN books_posting p ON p.transaction_id = t.id
                          WHERE t.book_id = a.book_id AND t.document = b.code AND p.account_id = a.id) posted ON true
     WHERE a.book_id = ANY(%(books)s) AND b.state IN ('settled', 'refused')
       AND paid.amount <> coalesce(posted.amount, 0)""")

# Money that the bank has been told to pay and has not answered for is held, and no other payout's.
HOLDS = query_check(f"""
    SELECT format('payout %%s is %%s and holds %%s', b.code, b.state, coalesce(held.amount, 0))
      FROM {_BATCHES}
      LEFT JOIN LATERAL (
           SELECT sum(h.amount) AS amount FROM books_hold h
            WHERE h.book_id = a.book_id AND h.state = 'pending'
              AND (h.external_key = 'payout:' || b.code OR starts_with(h.external_key, 'payout:' || b.code || ':'))
           ) held ON true
      LEFT JOIN LATERAL (
           SELECT sum(l.amount) AS amount FROM payouts_batchline l
            WHERE l.batch_id = b.id AND l.state NOT IN ('paid', 'failed', 'returned')) unanswered ON true
     WHERE a.book_id = ANY(%(books)s)
       AND (b.state IN ('released', 'sent') AND held.amount IS DISTINCT FROM unanswered.amount
            OR b.state IN ('settled', 'refused') AND held.amount IS NOT NULL)""")
