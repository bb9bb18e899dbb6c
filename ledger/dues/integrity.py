"""What ``ledger_verify`` recomputes about dues: months, amounts, and the clearing account of the payment platform."""

from __future__ import annotations

from ledger.books.integrity import query_check

_UNIONS = "(SELECT union_id FROM books_book WHERE id = ANY(%(books)s))"

MONTHS = query_check(f"""
    SELECT format('dues payment %%s: %%s months paid for, %%s covered', p.id, p.months, count(m.id))
      FROM dues_duespayment p LEFT JOIN dues_duesmonth m ON m.payment_id = p.id AND m.member_id = p.member_id
     WHERE p.union_id IN {_UNIONS}
     GROUP BY p.id HAVING count(m.id) <> CASE WHEN p.state = 'paid' THEN p.months ELSE 0 END""")

POSTINGS = query_check(f"""
    SELECT format('dues payment %%s of %%s: posted %%s, receipt %%s', p.id, p.amount, t.amount, r.amount)
      FROM dues_duespayment p
      LEFT JOIN receipts_receipt r ON r.id = p.receipt_id
      LEFT JOIN (SELECT transaction_id, sum(amount) AS amount FROM books_transfer GROUP BY 1) t
             ON t.transaction_id = p.transaction_id
     WHERE p.state IN ('paid', 'reversed', 'unidentified') AND p.union_id IN {_UNIONS}
       AND (t.amount IS DISTINCT FROM p.amount
            OR r.amount IS DISTINCT FROM CASE WHEN p.state <> 'unidentified' THEN p.amount END)""")

# What was taken back: the reversal's red-letter entry and red receipt are of the payment and of its amount.
REVERSALS = query_check(f"""
    SELECT format('dues payment %%s is %%s: taken back by entry %%s of %%s, receipt of %%s', p.id, p.state,
                  v.transaction_id, t.amount, r.amount)
      FROM dues_duespayment p LEFT JOIN dues_duesreversal v ON v.payment_id = p.id
      LEFT JOIN books_transaction head ON head.id = v.transaction_id
      LEFT JOIN receipts_receipt r ON r.id = v.receipt_id
      LEFT JOIN (SELECT transaction_id, sum(CASE WHEN is_red THEN -amount ELSE amount END) AS amount
                   FROM books_transfer GROUP BY 1) t ON t.transaction_id = v.transaction_id
     WHERE p.union_id IN {_UNIONS}
       AND CASE WHEN p.state = 'reversed'
                THEN head.reverses_id IS DISTINCT FROM p.transaction_id OR t.amount IS DISTINCT FROM -p.amount
                     OR r.amount IS DISTINCT FROM -p.amount OR r.corrects_id IS DISTINCT FROM p.receipt_id
                ELSE v.approved_by_id IS NOT NULL END""")

# 135 支付平台待结算 holds exactly the online payments that no payout has carried yet.
CLEARING = query_check("""
    SELECT format('book %%s: clearing account stands at %%s, payments not paid out are %%s', b.code,
                  coalesce(stands.amount, 0), coalesce(waiting.amount, 0))
      FROM books_book b
      LEFT JOIN (SELECT a.book_id, sum(l.debit - l.credit) AS amount FROM books_balance l
                   JOIN books_account a ON a.id = l.account_id WHERE a.code = '13501' GROUP BY 1) stands
             ON stands.book_id = b.id
      LEFT JOIN (SELECT union_id, sum(amount) AS amount FROM dues_duespayment
                  WHERE state IN ('paid', 'unidentified') AND channel = 'stripe' AND payout_id = ''
                  GROUP BY 1) waiting
             ON waiting.union_id = b.union_id
     WHERE b.id = ANY(%(books)s) AND coalesce(stands.amount, 0) <> coalesce(waiting.amount, 0)""")
