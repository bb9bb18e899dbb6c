-- Dimensions that accounts require, and money in transit (books 0003). Same rules as kernel.sql.

-- New columns of the view come last: a view can only be extended so.
CREATE OR REPLACE VIEW books_posting AS
SELECT id || 'D' AS id, id AS transfer_id, transaction_id, book_id, debit_id AS account_id, month, line, 'D' AS side,
       CASE WHEN is_red THEN -amount ELSE amount END AS amount, amount_currency, project, fund_source, party, nature,
       economic_class
  FROM books_transfer
UNION ALL
SELECT id || 'C', id, transaction_id, book_id, credit_id, month, line, 'C',
       CASE WHEN is_red THEN -amount ELSE amount END, amount_currency, project, fund_source, party, nature,
       economic_class
  FROM books_transfer;

CREATE OR REPLACE FUNCTION books_apply_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_late boolean;
    is_not_leaf boolean;
    lacks_dimension boolean;
BEGIN
    SELECT bool_or(t.xid <> pg_current_xact_id()), bool_or(NOT (d.is_leaf AND c.is_leaf)),
           bool_or((d.needs_project OR c.needs_project) AND n.project = ''
                   OR (d.needs_nature OR c.needs_nature) AND n.nature = ''
                   OR (d.needs_economic_class OR c.needs_economic_class) AND n.economic_class = '')
      INTO is_late, is_not_leaf, lacks_dimension
      FROM new_rows n
      JOIN books_transaction t ON t.id = n.transaction_id
      JOIN books_account d ON d.id = n.debit_id
      JOIN books_account c ON c.id = n.credit_id;
    IF is_late THEN
        RAISE EXCEPTION 'a posted transaction takes no further lines' USING ERRCODE = 'PH001';
    ELSIF is_not_leaf THEN
        RAISE EXCEPTION 'only the lowest accounts take postings' USING ERRCODE = 'PH003';
    ELSIF lacks_dimension THEN
        RAISE EXCEPTION 'a line lacks a dimension that its account requires' USING ERRCODE = 'PH009';
    END IF;
    -- Turnovers, then balances, each in account order: every writer takes the rows in the same order, so that two
    -- posts never wait for each other in a ring.
    WITH sides AS (
        SELECT debit_id AS account_id, month, CASE WHEN is_red THEN -amount ELSE amount END AS debit, 0.00 AS credit
          FROM new_rows
        UNION ALL
        SELECT credit_id, month, 0.00, CASE WHEN is_red THEN -amount ELSE amount END FROM new_rows
    ), sums AS MATERIALIZED (
        SELECT s.account_id, s.month, pg_backend_pid() % a.shards AS shard, sum(s.debit) AS debit, sum(s.credit) AS credit
          FROM sides s JOIN books_account a ON a.id = s.account_id
         GROUP BY s.account_id, s.month, a.shards
    ), balances AS (
        INSERT INTO books_balance AS b (account_id, shard, debit, credit, guard)
        SELECT account_id, shard, sum(debit), sum(credit), 0 FROM sums GROUP BY 1, 2 ORDER BY 1
        ON CONFLICT (account_id, shard)
        DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit
    )
    INSERT INTO books_turnover AS t (account_id, month, shard, debit, credit)
    SELECT account_id, month, shard, debit, credit FROM sums ORDER BY account_id, month
    ON CONFLICT (account_id, month, shard)
    DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit;
    RETURN NULL;
END $$;

-- What a voucher says now includes the new dimensions and the rule, written so that older vouchers keep their hashes.
CREATE OR REPLACE FUNCTION books_voucher_content(v books_voucher) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('|', v.book_id, v.word, v.month, v.number, v.sequence, to_char(v.date, 'YYYY-MM-DD'),
                     quote_literal(v.summary), v.attachments, v.prepared_by_id, v.checked_by_id)
        || E'\n' || coalesce(string_agg(
               concat_ws('|', t.id, t.external_key, to_char(t.date, 'YYYY-MM-DD'), t.kind, quote_literal(t.summary),
                         t.document, f.line, f.debit_id, f.credit_id, f.amount, f.amount_currency, f.is_red, f.project,
                         f.fund_source, f.party, 'nature=' || nullif(f.nature, ''),
                         'economic=' || nullif(f.economic_class, ''), 'rule=' || nullif(t.rule, '')),
               E'\n' ORDER BY t.id, f.line), '')
      FROM books_voucherentry e
      JOIN books_transaction t ON t.id = e.transaction_id
      JOIN books_transfer f ON f.transaction_id = t.id
     WHERE e.voucher_id = v.id
$$;

-- Holds: they count on the balance rows while they last, and end once -------------------------------------------------

CREATE FUNCTION books_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    effect numeric;
    touched record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending' OR NEW.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'a hold begins as pending' USING ERRCODE = 'PH010';
        END IF;
        IF EXISTS (SELECT FROM books_account WHERE id IN (NEW.debit_id, NEW.credit_id)
                      AND (book_id <> NEW.book_id OR NOT is_leaf)) THEN
            RAISE EXCEPTION 'a hold is between two lowest accounts of its book' USING ERRCODE = 'PH003';
        END IF;
        effect := NEW.amount;
    ELSIF TG_OP = 'DELETE' OR OLD.state <> 'pending' OR NEW.state = 'pending'
        OR (OLD.book_id, OLD.external_key, OLD.date, OLD.kind, OLD.summary, OLD.debit_id, OLD.credit_id, OLD.amount,
            OLD.amount_currency, OLD.created_at, OLD.created_by_id)
           IS DISTINCT FROM
           (NEW.book_id, NEW.external_key, NEW.date, NEW.kind, NEW.summary, NEW.debit_id, NEW.credit_id, NEW.amount,
            NEW.amount_currency, NEW.created_at, NEW.created_by_id) THEN
        RAISE EXCEPTION 'a hold ends once and is not changed' USING ERRCODE = 'PH010';
    ELSE
        effect := -OLD.amount;
        NEW.ended_at := clock_timestamp();
    END IF;
    FOR touched IN SELECT id, id = NEW.debit_id AS is_debit FROM books_account
                    WHERE id IN (NEW.debit_id, NEW.credit_id) ORDER BY id LOOP
        UPDATE books_balance
           SET held_debit = held_debit + CASE WHEN touched.is_debit THEN effect ELSE 0 END,
               held_credit = held_credit + CASE WHEN touched.is_debit THEN 0 ELSE effect END
         WHERE account_id = touched.id AND shard = 0;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON books_hold
    FOR EACH ROW EXECUTE FUNCTION books_guard_hold();
CREATE TRIGGER hold_is_not_emptied BEFORE TRUNCATE ON books_hold
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
