-- A transfer may say other things on its credit side than on its debit side; vouchers keep the lines as typed; holds end
-- in the statement that posts them; what hashes prove, in a form that outsiders can read (books 0011).

ALTER TABLE books_transfer ADD CONSTRAINT credit_details_all_or_none
    CHECK (num_nulls(credit_project, credit_fund_source, credit_party, credit_nature, credit_economic_class,
                     credit_line_summary) IN (0, 6));

CREATE OR REPLACE VIEW books_posting AS
SELECT id || 'D' AS id, id AS transfer_id, transaction_id, book_id, debit_id AS account_id, month, line, 'D' AS side,
       CASE WHEN is_red THEN -amount ELSE amount END AS amount, amount_currency, project, fund_source, party, nature,
       economic_class, line_summary
  FROM books_transfer
UNION ALL
SELECT id || 'C', id, transaction_id, book_id, credit_id, month, line, 'C',
       CASE WHEN is_red THEN -amount ELSE amount END, amount_currency, coalesce(credit_project, project)::varchar(60),
       coalesce(credit_fund_source, fund_source)::varchar(20), coalesce(credit_party, party)::varchar(60),
       coalesce(credit_nature, nature)::varchar(10), coalesce(credit_economic_class, economic_class)::varchar(5),
       coalesce(credit_line_summary, line_summary)::varchar(200)
  FROM books_transfer;

-- As in posting.sql, with two more questions: each side has the dimensions that its own account requires, and lines come
-- in the statement of their transaction. The second keeps a posted voucher whole even in the database transaction that
-- posted it: rows of one statement have the same cmin.
CREATE OR REPLACE FUNCTION books_apply_transfers() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    line books_transfer;
    is_one boolean;
    facts record;
    is_whole boolean;
    is_late boolean;
    is_leaf boolean;
    lacks_dimension boolean;
    period_state text;
    -- The two sides of one line, the account with the lower number first: what one gains, the other gains opposite.
    first_id bigint;
    second_id bigint;
    first_part int;
    second_part int;
    first_debit numeric;
    first_credit numeric;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the books are written in READ COMMITTED' USING ERRCODE = 'PH011';
    END IF;
    SELECT * INTO line FROM new_rows;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    is_one := line.debit_id <> line.credit_id AND NOT EXISTS (SELECT FROM new_rows OFFSET 1);
    IF is_one THEN
        -- Nearly every payment is one line: each row by its key, no sorting, no grouping.
        PERFORM pg_advisory_xact_lock_shared(7001, line.book_id::int);
        SELECT (t.book_id, t.month, d.book_id, c.book_id) = (line.book_id, line.month, line.book_id, line.book_id),
               t.xid <> pg_current_xact_id() OR NOT t.cmin = f.cmin,
               d.is_leaf AND c.is_leaf,
               d.needs_project AND line.project = ''
               OR d.needs_nature AND line.nature = ''
               OR d.needs_economic_class AND line.economic_class = ''
               OR c.needs_project AND coalesce(line.credit_project, line.project) = ''
               OR c.needs_nature AND coalesce(line.credit_nature, line.nature) = ''
               OR c.needs_economic_class AND coalesce(line.credit_economic_class, line.economic_class) = '',
               (SELECT state FROM books_period WHERE book_id = line.book_id AND month = line.month),
               least(d.id, c.id), greatest(d.id, c.id),
               pg_backend_pid() % CASE WHEN d.id < c.id THEN d.shards ELSE c.shards END,
               pg_backend_pid() % CASE WHEN d.id < c.id THEN c.shards ELSE d.shards END,
               CASE WHEN d.id > c.id THEN 0.00 WHEN line.is_red THEN -line.amount ELSE line.amount END,
               CASE WHEN d.id < c.id THEN 0.00 WHEN line.is_red THEN -line.amount ELSE line.amount END
          INTO is_whole, is_late, is_leaf, lacks_dimension, period_state,
               first_id, second_id, first_part, second_part, first_debit, first_credit
          FROM books_transaction t, books_transfer f, books_account d, books_account c
         WHERE t.id = line.transaction_id AND f.id = line.id AND d.id = line.debit_id AND c.id = line.credit_id;
    ELSE
        -- Before anything is asked: what is read here must still hold when it is counted.
        FOR facts IN SELECT DISTINCT book_id, month FROM new_rows ORDER BY 1, 2 LOOP
            PERFORM pg_advisory_xact_lock_shared(7001, facts.book_id::int);
            PERFORM FROM books_period WHERE book_id = facts.book_id AND month = facts.month AND state = 'open';
            IF NOT FOUND THEN
                RAISE EXCEPTION 'period % is closed', facts.month USING ERRCODE = 'PH004';
            END IF;
        END LOOP;
        -- Each pair of accounts is looked up once; OFFSET 0 keeps it a look-up for each row.
        SELECT bool_and(g.is_whole AND (d.book_id, c.book_id) IS NOT DISTINCT FROM (g.book_id, g.book_id))
                   IS NOT FALSE,
               bool_or(g.is_late),
               bool_and(d.is_leaf AND c.is_leaf),
               bool_or(d.needs_project AND g.debit_project OR d.needs_nature AND g.debit_nature
                       OR d.needs_economic_class AND g.debit_economic_class
                       OR c.needs_project AND g.credit_project OR c.needs_nature AND g.credit_nature
                       OR c.needs_economic_class AND g.credit_economic_class)
          INTO is_whole, is_late, is_leaf, lacks_dimension
          FROM (SELECT n.book_id, n.debit_id, n.credit_id,
                       -- Whether any line lacks it.
                       bool_or(n.project = '') AS debit_project, bool_or(n.nature = '') AS debit_nature,
                       bool_or(n.economic_class = '') AS debit_economic_class,
                       bool_or(coalesce(n.credit_project, n.project) = '') AS credit_project,
                       bool_or(coalesce(n.credit_nature, n.nature) = '') AS credit_nature,
                       bool_or(coalesce(n.credit_economic_class, n.economic_class) = '') AS credit_economic_class,
                       bool_and(coalesce((t.book_id, t.month) = (n.book_id, n.month), false)) AS is_whole,
                       bool_or(t.xid <> pg_current_xact_id() OR NOT t.cmin = now.cmin) AS is_late
                  FROM new_rows n
                  CROSS JOIN (SELECT cmin FROM books_transfer WHERE id = (SELECT id FROM new_rows LIMIT 1)) now
                  LEFT JOIN LATERAL (SELECT cmin, * FROM books_transaction WHERE id = n.transaction_id OFFSET 0) t
                         ON true
                 GROUP BY 1, 2, 3) g
          LEFT JOIN LATERAL (SELECT * FROM books_account WHERE id = g.debit_id OFFSET 0) d ON true
          LEFT JOIN LATERAL (SELECT * FROM books_account WHERE id = g.credit_id OFFSET 0) c ON true;
    END IF;
    IF is_whole IS NOT TRUE THEN
        RAISE EXCEPTION 'a line has the book and month of its transaction, and two accounts of that book'
            USING ERRCODE = 'PH005';
    ELSIF is_late THEN
        RAISE EXCEPTION 'a posted transaction takes no further lines' USING ERRCODE = 'PH001';
    ELSIF NOT is_leaf THEN
        RAISE EXCEPTION 'only the lowest accounts take postings' USING ERRCODE = 'PH003';
    ELSIF lacks_dimension THEN
        RAISE EXCEPTION 'a line lacks a dimension that its account requires' USING ERRCODE = 'PH009';
    END IF;

    IF NOT is_one THEN
        WITH pairs AS (
            SELECT debit_id, credit_id, month, sum(CASE WHEN is_red THEN -amount ELSE amount END) AS amount
              FROM new_rows GROUP BY 1, 2, 3
        ), sums AS MATERIALIZED (
            SELECT account_id, month, sum(debit) AS debit, sum(credit) AS credit,
                   pg_backend_pid() % (SELECT shards FROM books_account WHERE id = account_id) AS shard
              FROM pairs CROSS JOIN LATERAL (VALUES (debit_id, amount, 0.00), (credit_id, 0.00, amount))
                                            AS side (account_id, debit, credit)
             GROUP BY account_id, month
        ), turnovers AS (
            INSERT INTO books_turnover AS t (account_id, month, shard, debit, credit)
            SELECT account_id, month, shard, debit, credit FROM sums ORDER BY account_id, month
            ON CONFLICT (account_id, month, shard)
            DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
        )
        INSERT INTO books_balance AS b (account_id, shard, debit, credit, guard)
        SELECT account_id, shard, sum(debit), sum(credit), 0 FROM sums GROUP BY 1, 2 ORDER BY 1
        ON CONFLICT (account_id, shard)
        DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit;
        RETURN NULL;
    END IF;

    IF period_state IS DISTINCT FROM 'open' THEN
        RAISE EXCEPTION 'period % is closed', line.month USING ERRCODE = 'PH004';
    END IF;
    -- A part of a statement that nobody reads runs after it: balances first, as holds take them alone.
    WITH turnovers AS (
        INSERT INTO books_turnover AS t (account_id, month, shard, debit, credit)
        VALUES (first_id, line.month, first_part, first_debit, first_credit),
               (second_id, line.month, second_part, first_credit, first_debit)
        ON CONFLICT (account_id, month, shard)
        DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
    )
    INSERT INTO books_balance AS b (account_id, shard, debit, credit, guard)
    VALUES (first_id, first_part, first_debit, first_credit, 0), (second_id, second_part, first_credit, first_debit, 0)
    ON CONFLICT (account_id, shard)
    DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit;
    RETURN NULL;
END $$;

-- Holds --------------------------------------------------------------------------------------------------------------

-- As in dimensions_and_holds.sql, after the lock that closing and new accounts take alone: no account becomes one with
-- details while a hold is being put on it, and the order of locks is that of posts.
CREATE OR REPLACE FUNCTION books_guard_hold() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    effect numeric;
    touched record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7001, coalesce(NEW.book_id, OLD.book_id)::int);
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

-- Who posts and ends a hold takes the rows of both in one order first, after the hold and the lock of the book. Shards: a
-- hold stands on the first, a post of this connection on its own.
CREATE FUNCTION books_lock_for_ending(ended bigint, codes text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held books_hold;
BEGIN
    SELECT * INTO held FROM books_hold WHERE id = ended FOR UPDATE;
    PERFORM pg_advisory_xact_lock_shared(7001, held.book_id::int);
    PERFORM FROM books_balance b JOIN books_account a ON a.id = b.account_id
      WHERE a.book_id = held.book_id AND (a.code = ANY(codes) OR a.id IN (held.debit_id, held.credit_id))
        AND b.shard IN (0, pg_backend_pid() % a.shards)
      ORDER BY b.account_id, b.shard FOR UPDATE OF b;
END $$;

-- What ends a hold moves the amount that was held, from the account that it was held on.
CREATE OR REPLACE FUNCTION books_check_posted_hold() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT sum(amount) FROM books_transfer
         WHERE transaction_id = NEW.posted_as_id AND book_id = NEW.book_id AND credit_id = NEW.credit_id AND NOT is_red)
       IS DISTINCT FROM NEW.amount THEN
        RAISE EXCEPTION 'a hold is posted as a transaction of its amount and accounts' USING ERRCODE = 'PH010';
    END IF;
    RETURN NEW;
END $$;

-- Asked when the statement is done: a hold may end in the one that posts its money.
DROP TRIGGER posted_hold_is_checked ON books_hold;
CREATE TRIGGER posted_hold_is_checked AFTER UPDATE ON books_hold
    FOR EACH ROW WHEN (NEW.posted_as_id IS NOT NULL) EXECUTE FUNCTION books_check_posted_hold();

-- Vouchers -----------------------------------------------------------------------------------------------------------

-- Each line of content is a JSON array of texts and nulls: who reads it needs no table of ours. Vouchers of form 1 keep
-- the text that they were posted with; a sub-query finds them, because a join would read all lines once for each voucher.
-- A function and no sub-query, so that several processes may write the texts.
CREATE FUNCTION books_key_of(transaction bigint) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT external_key FROM books_transaction WHERE id = transaction);
END $$;
CREATE INDEX voucher_of_the_first_form ON books_voucher (id) WHERE form = 1;
CREATE OR REPLACE VIEW books_voucher_line AS
SELECT e.voucher_id, f.book_id, t.id AS transaction_id, f.line,
       CASE WHEN e.voucher_id IN (SELECT id FROM books_voucher WHERE form = 1) THEN
           concat_ws('|', t.id, t.external_key, to_char(t.date, 'YYYY-MM-DD'), t.kind, quote_literal(t.summary),
                     t.document, f.line, f.debit_id, f.credit_id, f.amount, f.amount_currency, f.is_red, f.project,
                     f.fund_source, f.party, 'nature=' || nullif(f.nature, ''),
                     'economic=' || nullif(f.economic_class, ''), 'rule=' || nullif(t.rule, ''))
       ELSE
           to_json(ARRAY[
               't', t.external_key, to_char(t.date, 'YYYY-MM-DD'), t.kind, t.summary, t.document, t.rule, t.mirror_key,
               CASE WHEN t.reverses_id IS NOT NULL THEN books_key_of(t.reverses_id) END,
               t.id::text, t.created_by_id::text, f.line::text, d.code, c.code,
               f.amount::text, f.is_red::text, f.project, f.fund_source, f.party, f.nature, f.economic_class,
               f.line_summary,
               CASE WHEN f.credit_fund_source IS NOT NULL
                    THEN to_json(ARRAY[f.credit_project, f.credit_fund_source, f.credit_party, f.credit_nature,
                                       f.credit_economic_class, f.credit_line_summary]::text[])::text END
           ]::text[])::text
       END AS text
  FROM books_voucherentry e
  JOIN books_transaction t ON t.id = e.transaction_id
  JOIN books_transfer f ON f.transaction_id = t.id
  JOIN books_account d ON d.id = f.debit_id
  JOIN books_account c ON c.id = f.credit_id;

-- The head of a voucher with the digests of its files, and the lines as they were typed.
CREATE OR REPLACE FUNCTION books_head_text(v books_voucher) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE v.form WHEN 1 THEN
        concat_ws('|', v.book_id, v.word, v.month, v.number, v.sequence, to_char(v.date, 'YYYY-MM-DD'),
                  quote_literal(v.summary), v.attachments, v.prepared_by_id, v.checked_by_id,
                  (SELECT 'files=' || string_agg(encode(sha256, 'hex'), ',' ORDER BY id)
                     FROM books_voucherfile WHERE voucher_id = v.id))
    ELSE
        to_json(ARRAY[
            'puhui-voucher/2', (SELECT code FROM books_book WHERE id = v.book_id), v.word, v.month::text,
            v.number::text, v.sequence::text, to_char(v.date, 'YYYY-MM-DD'), v.summary, v.attachments::text, v.kind,
            v.prepared_by_id::text, extract(epoch FROM v.prepared_at)::text,
            v.checked_by_id::text, extract(epoch FROM v.posted_at)::text,
            (SELECT sequence::text FROM books_voucher WHERE id = v.cancels_id),
            (SELECT sequence::text FROM books_voucher WHERE id = v.corrects_id),
            (SELECT string_agg(encode(sha256, 'hex'), ' ' ORDER BY id) FROM books_voucherfile WHERE voucher_id = v.id)
        ]::text[])::text
        || coalesce((
            SELECT string_agg(E'\n' || to_json(ARRAY[
                       'l', l.line::text, a.code, l.side, l.amount::text, l.summary, l.project, l.fund_source, l.party,
                       l.nature, l.economic_class]::text[])::text, '' ORDER BY l.line)
              FROM books_voucherline l JOIN books_account a ON a.id = l.account_id WHERE l.voucher_id = v.id), '')
    END
$$;
CREATE TRIGGER voucher_form_is_current BEFORE INSERT OR UPDATE OF form ON books_voucher
    FOR EACH ROW WHEN (NEW.form <> 2) EXECUTE FUNCTION books_refuse_change();

-- A voucher is posted after the statement that made its events, when they can have no more lines.
CREATE FUNCTION books_check_settled() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM books_voucherentry e JOIN books_transaction t ON t.id = e.transaction_id
                WHERE e.voucher_id = NEW.id AND t.xid = pg_current_xact_id()
                  AND e.cmin::text::bigint <= t.cmin::text::bigint) THEN
        RAISE EXCEPTION 'a voucher is posted after its events' USING ERRCODE = 'PH006';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER voucher_events_are_settled BEFORE UPDATE ON books_voucher
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted') EXECUTE FUNCTION books_check_settled();

-- A book has months from the one before its first day on, in which its opening balances stand.
CREATE FUNCTION books_check_new_period() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.month < (SELECT to_char(date_trunc('month', opened_on) - interval '1 day', 'YYYYMM')::int
                      FROM books_book WHERE id = NEW.book_id) THEN
        RAISE EXCEPTION 'a book has no months before its first day' USING ERRCODE = 'PH004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER period_is_of_its_book BEFORE INSERT ON books_period
    FOR EACH ROW EXECUTE FUNCTION books_check_new_period();
