"""What ``ledger_verify`` recomputes about benefits: places, budgets, grants, and agreement with the postings."""

from __future__ import annotations

from ledger.books.integrity import query_check

_UNIONS = "(SELECT union_id FROM books_book WHERE id = ANY(%(books)s))"

PLACES = query_check(f"""
    SELECT format('campaign %%s place %%s: free is %%s, live claims %%s', c.code, p.number, p.is_free, count(l.id))
      FROM benefits_campaign c JOIN benefits_place p ON p.campaign_id = c.id
      LEFT JOIN benefits_claim l ON l.place_id = p.id AND l.state NOT IN ('rejected', 'withdrawn')
     WHERE c.union_id IN {_UNIONS}
     GROUP BY c.code, p.id HAVING count(l.id) <> CASE WHEN p.is_free THEN 0 ELSE 1 END
    UNION ALL
    SELECT format('campaign %%s: %%s places, should be %%s', c.code, count(p.id), c.places)
      FROM benefits_campaign c LEFT JOIN benefits_place p ON p.campaign_id = c.id
     WHERE c.union_id IN {_UNIONS} GROUP BY c.id HAVING count(p.id) <> c.places""")

# Until the close nobody waits beside a free place, and places go down the line in order.
WAITING_LISTS = query_check(f"""
    SELECT format('campaign %%s: %%s places are free, %%s people wait', c.code, p.free, w.waiting)
      FROM benefits_campaign c
      JOIN LATERAL (SELECT count(*) AS free FROM benefits_place WHERE campaign_id = c.id AND is_free) p ON p.free > 0
      JOIN LATERAL (SELECT count(*) AS waiting FROM benefits_claim
                     WHERE campaign_id = c.id AND state = 'waiting') w ON w.waiting > 0
     WHERE c.closes_at > now() AND c.union_id IN {_UNIONS}
    UNION ALL
    SELECT format('campaign %%s: number %%s in line was passed over', c.code, w.waiting_number)
      FROM benefits_campaign c JOIN benefits_claim w ON w.campaign_id = c.id AND w.state = 'waiting'
     WHERE c.union_id IN {_UNIONS}
       AND EXISTS (SELECT FROM benefits_claim later WHERE later.campaign_id = c.id
                      AND later.promoted_at IS NOT NULL AND later.waiting_number > w.waiting_number)""")

POSTINGS = query_check(f"""
    SELECT format('commitment %%s of %%s: posted %%s', c.id, c.amount, coalesce(t.amount, 0))
      FROM benefits_commitment c
      LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM books_transfer GROUP BY 1) t
             ON t.transaction_id = c.transaction_id
     WHERE c.transaction_id IS NOT NULL AND c.payer_id IN {_UNIONS} AND t.amount IS DISTINCT FROM c.amount
    UNION ALL
    SELECT format('commitment %%s points at transaction %%s, which pays something else', c.id, t.external_key)
      FROM benefits_commitment c
      JOIN books_transaction t ON t.id = c.transaction_id JOIN books_book b ON b.id = t.book_id
     WHERE c.payer_id IN {_UNIONS}
       AND (t.external_key, b.union_id, t.date) IS DISTINCT FROM ('benefit:' || c.id, c.payer_id, c.paid_on)
    UNION ALL
    SELECT format('transaction %%s of book %%s pays a benefit that no commitment knows', t.id, b.code)
      FROM books_transaction t JOIN books_book b ON b.id = t.book_id
      LEFT JOIN benefits_commitment c ON c.transaction_id = t.id
     WHERE t.kind LIKE 'benefit.%%' AND t.reverses_id IS NULL AND t.book_id = ANY(%(books)s) AND c.id IS NULL""")

# Whoever is on the way to the bank stands on a line that is on its way: nobody is paid again, nobody is forgotten.
LINES = query_check(f"""
    SELECT format('commitment %%s is %%s, its payout line %%s is %%s', c.id, c.state, coalesce(l.reference, '–'),
                  coalesce(l.state, 'missing'))
      FROM benefits_commitment c LEFT JOIN payouts_batchline l ON l.id = c.payout_line_id
     WHERE c.payer_id IN {_UNIONS}
       AND ((c.state = 'paid') <> (coalesce(l.state, '') = 'paid')
            OR (c.state = 'in_payout') <> (coalesce(l.state, '') IN ('waiting', 'sent', 'unknown'))
            OR (c.state = 'failed') <> (coalesce(l.state, '') = 'failed')
            OR (c.state = 'returned') <> (coalesce(l.state, '') = 'returned')
            OR c.amount <> l.amount)""")

# What stands on 21501 for each person is what came back and is not paid again; lines and returns agree.
RETURNS = query_check(f"""
    WITH owed AS (
        SELECT b.id AS book_id, c.party, sum(c.amount) AS amount
          FROM benefits_return r JOIN benefits_commitment c ON c.id = r.commitment_id
          JOIN books_book b ON b.union_id = c.payer_id
         WHERE b.id = ANY(%(books)s) AND r.transaction_id IS NOT NULL AND r.repaid_with_id IS NULL
         GROUP BY 1, 2
    ), stands AS (
        SELECT p.book_id, p.party, sum(CASE p.side WHEN 'C' THEN p.amount ELSE -p.amount END) AS amount
          FROM books_posting p JOIN books_account a ON a.id = p.account_id
         WHERE a.code = '21501' AND p.book_id = ANY(%(books)s) GROUP BY 1, 2
    )
    SELECT format('21501 of book %%s for %%s: the books say %%s, came back %%s', b.code, party,
                  coalesce(stands.amount, 0), coalesce(owed.amount, 0))
      FROM owed FULL JOIN stands USING (book_id, party) JOIN books_book b ON b.id = book_id
     WHERE coalesce(stands.amount, 0) <> coalesce(owed.amount, 0)
    UNION ALL
    SELECT format('commitment %%s is %%s, of %%s returns %%s are owed', c.id, c.state, count(r.id),
                  count(r.id) FILTER (WHERE r.repaid_with_id IS NULL))
      FROM benefits_commitment c
      JOIN benefits_return r ON r.commitment_id = c.id AND r.transaction_id IS NOT NULL
     WHERE c.payer_id IN {_UNIONS}
     GROUP BY c.id
    HAVING (c.state = 'paid') <> (count(r.id) FILTER (WHERE r.repaid_with_id IS NULL) = 0)
    UNION ALL
    SELECT format('payout line %%s came back without a return', l.reference)
      FROM payouts_batchline l JOIN payouts_batch b ON b.id = l.batch_id
      JOIN books_bankaccount k ON k.id = b.bank_account_id JOIN books_account a ON a.id = k.account_id
      LEFT JOIN benefits_return r ON r.line_id = l.id AND r.transaction_id IS NOT NULL
     WHERE l.state = 'returned' AND r.id IS NULL AND a.book_id = ANY(%(books)s)""")

# A list's lines are what its head says, before and after approval, and what its counted amounts say.
RUNS = query_check(f"""
    WITH listed AS (
        SELECT c.run_id, c.amount, count(*) AS people FROM benefits_commitment c
         WHERE c.run_id IS NOT NULL AND c.payer_id IN {_UNIONS} GROUP BY c.run_id, c.amount
    ), counted AS (
        SELECT a.run_id, a.amount, a.people FROM benefits_runamount a JOIN benefits_run r ON r.id = a.run_id
         WHERE r.union_id IN {_UNIONS}
    )
    SELECT format('list %%s: says %%s members and %%s, has %%s and %%s', r.code, r.count, r.total,
                  coalesce(sum(l.people), 0), coalesce(sum(l.people * l.amount), 0))
      FROM benefits_run r LEFT JOIN listed l ON l.run_id = r.id
     WHERE r.union_id IN {_UNIONS} GROUP BY r.id
    HAVING (coalesce(sum(l.people), 0), coalesce(sum(l.people * l.amount), 0))
           IS DISTINCT FROM (r.count::numeric, r.total)
    UNION ALL
    SELECT format('list %%s: %%s members get %%s, counted %%s', r.code, coalesce(l.people, 0), amount,
                  coalesce(a.people, 0))
      FROM listed l FULL JOIN counted a USING (run_id, amount) JOIN benefits_run r ON r.id = run_id
     WHERE l.people IS DISTINCT FROM a.people""")

# What is promised: the parts of approved lists and of every place of a campaign, and approved grants to unions.
BUDGETS = query_check(f"""
    SELECT format('budget of %%s for %%s in %%s: says %%s committed, promised %%s', u.code, p.code, l.year_key,
                  l.committed, benefits_promised_in_all(l.union_id, l.programme_id, l.year_key))
      FROM benefits_budgetline l JOIN unions_union u ON u.id = l.union_id
      JOIN benefits_programme p ON p.id = l.programme_id
     WHERE l.union_id IN {_UNIONS}
       AND l.committed <> benefits_promised_in_all(l.union_id, l.programme_id, l.year_key)""")

# A grant paid or received is one posting of its amount in each book, and names whom it counts.
GRANTS = query_check(f"""
    SELECT format('grant %%s of %%s: paid %%s, received %%s', g.code, g.amount, paid.amount, received.amount)
      FROM benefits_uniongrant g
      LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM books_transfer GROUP BY 1) paid
             ON paid.transaction_id = g.paid_id
      LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM books_transfer GROUP BY 1) received
             ON received.transaction_id = g.received_id
     WHERE (g.payer_id IN {_UNIONS} OR g.receiver_id IN {_UNIONS})
       AND (g.state = 'paid' AND paid.amount IS DISTINCT FROM g.amount
            OR g.received_id IS NOT NULL AND received.amount IS DISTINCT FROM g.amount)
    UNION ALL
    SELECT format('transaction %%s of book %%s moves a grant that nobody knows', t.external_key, b.code)
      FROM books_transaction t JOIN books_book b ON b.id = t.book_id
      LEFT JOIN benefits_uniongrant g ON t.id IN (g.paid_id, g.received_id)
     WHERE t.kind LIKE 'grant.%%' AND t.reverses_id IS NULL AND t.book_id = ANY(%(books)s) AND g.id IS NULL
    UNION ALL
    SELECT format('grant %%s: says %%s people, names %%s', g.code, g.people, count(m.id))
      FROM benefits_uniongrant g LEFT JOIN benefits_grantedmember m ON m.grant_id = g.id
     WHERE g.payer_id IN {_UNIONS}
     GROUP BY g.id HAVING count(m.id) <> coalesce(g.people, 0)
         OR count(m.id) FILTER (WHERE m.is_counted = (g.state = 'returned')) > 0""")
