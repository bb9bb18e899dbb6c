"""What ``ledger_verify`` recomputes about receipts: numbers, totals, and agreement with the dues posted (401)."""

from __future__ import annotations

from ledger.books.integrity import query_check

_UNIONS = "(SELECT union_id FROM books_book WHERE id = ANY(%(books)s))"

NUMBERS = query_check(f"""
    SELECT format('series %%s: %%s receipts, numbers %%s to %%s, counter %%s', s.code, count(r.id),
                  min(r.number), max(r.number), s.last_number)
      FROM receipts_series s LEFT JOIN receipts_receipt r ON r.series_id = s.id
     WHERE s.union_id IN {_UNIONS}
     GROUP BY s.id HAVING count(r.id) <> s.last_number
         OR (count(r.id) > 0 AND (min(r.number)::bigint <> 1 OR max(r.number)::bigint <> s.last_number))""")

TOTALS = query_check(f"""
    SELECT format('receipt %%s %%s: total %%s, lines %%s', s.code, r.number, r.amount, coalesce(sum(l.amount), 0))
      FROM receipts_receipt r JOIN receipts_series s ON s.id = r.series_id
      LEFT JOIN receipts_receiptline l ON l.receipt_id = r.id
     WHERE r.union_id IN {_UNIONS}
     GROUP BY s.code, r.id HAVING r.amount IS DISTINCT FROM sum(l.amount)""")

# Each posted dues payment has one valid receipt of its amount and each receipt its payment, in the same union; a red
# receipt stands beside the reversing transaction.
PAYMENTS = query_check("""
    SELECT format('transaction %%s of %%s: dues posted %%s, receipts %%s', t.external_key, t.date, posted.amount,
                  coalesce(given.amount, 0))
      FROM books_transaction t
      JOIN (SELECT p.transaction_id, sum(p.amount) AS amount
              FROM books_posting p JOIN books_account a ON a.id = p.account_id
             WHERE p.side = 'C' AND a.code LIKE '401%%' AND p.book_id = ANY(%(books)s)
             GROUP BY 1) posted ON posted.transaction_id = t.id
      LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM receipts_receipt
                  WHERE status <> 'void' GROUP BY 1) given ON given.transaction_id = t.id
     WHERE t.kind LIKE 'dues.%%' AND posted.amount IS DISTINCT FROM given.amount
    UNION ALL
    SELECT format('receipt %%s %%s: %%s, but its transaction posted %%s to dues', s.code, r.number, r.amount,
                  coalesce(posted.amount, 0))
      FROM receipts_receipt r JOIN receipts_series s ON s.id = r.series_id
      JOIN books_transaction t ON t.id = r.transaction_id
      LEFT JOIN (SELECT p.transaction_id, sum(p.amount) AS amount
                   FROM books_posting p JOIN books_account a ON a.id = p.account_id
                  WHERE p.side = 'C' AND a.code LIKE '401%%' GROUP BY 1) posted ON posted.transaction_id = t.id
      JOIN books_book b ON b.id = t.book_id
     WHERE t.book_id = ANY(%(books)s) AND r.status <> 'void'
       AND (r.amount IS DISTINCT FROM posted.amount OR b.union_id <> r.union_id)""")

# The same month by month, from the two ledgers' own sums: catches what a wrong link between them would hide.
MONTHS = query_check("""
    SELECT format('union %%s month %%s: receipts %%s, dues posted %%s', union_id, month, coalesce(receipts.amount, 0),
                  coalesce(dues.amount, 0))
      FROM (SELECT r.union_id, t.month, sum(r.amount) AS amount
              FROM receipts_receipt r JOIN books_transaction t ON t.id = r.transaction_id
             WHERE r.status <> 'void' AND t.book_id = ANY(%(books)s) GROUP BY 1, 2) receipts
      FULL JOIN (SELECT b.union_id, p.month, sum(p.amount) AS amount
                   FROM books_posting p JOIN books_account a ON a.id = p.account_id
                   JOIN books_transaction t ON t.id = p.transaction_id JOIN books_book b ON b.id = p.book_id
                  WHERE p.side = 'C' AND a.code LIKE '401%%' AND t.kind LIKE 'dues.%%' AND p.book_id = ANY(%(books)s)
                  GROUP BY 1, 2) dues USING (union_id, month)
     WHERE receipts.amount IS DISTINCT FROM dues.amount""")
