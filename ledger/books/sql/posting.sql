-- Posting, as quick as the rules allow (books 0008): replaces books_check_periods and books_apply_transfers.
-- Whatever the way a row came, the database checks it once: in the one trigger that moves the balances.

-- Foreign keys lock the row they point at. On the accounts that every payment uses, these locks cost more than the whole
-- rest of a post, and the trigger below reads the same rows anyway. What nobody can delete cannot go missing.
ALTER TABLE books_transfer
    DROP CONSTRAINT transfer_of_its_transaction, DROP CONSTRAINT debit_in_the_same_book,
    DROP CONSTRAINT credit_in_the_same_book;
ALTER TABLE books_transaction DROP CONSTRAINT transaction_in_a_period;
CREATE TRIGGER account_is_never_deleted BEFORE DELETE ON books_account
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER accounts_are_not_emptied BEFORE TRUNCATE ON books_account
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER periods_are_not_emptied BEFORE TRUNCATE ON books_period
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();

-- A transaction comes with its transfers in one statement, and every transfer asks for its open period. Plans are kept as
-- long as the connection: one made while the tables were small, or for a large statement, must not scan tables later on.
-- Therefore no sequential scans here and below, and look-ups by key for each row.
DROP TRIGGER transaction_in_open_period ON books_transaction;
DROP FUNCTION books_check_periods();
DROP TRIGGER transaction_has_transfers ON books_transaction;
CREATE OR REPLACE FUNCTION books_check_complete() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM new_rows n WHERE (SELECT f.id FROM books_transfer f WHERE f.transaction_id = n.id LIMIT 1) IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a transaction comes with its transfers' USING ERRCODE = 'PH005';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transaction_has_transfers AFTER INSERT ON books_transaction
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION books_check_complete();

-- Totals are kept by triggers; asked in WHEN, the question costs no call.
DROP TRIGGER balance_is_kept_by_ledger ON books_balance;
DROP TRIGGER turnover_is_kept_by_ledger ON books_turnover;
CREATE TRIGGER balance_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_balance
    FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION books_refuse_by_hand();
CREATE TRIGGER turnover_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_turnover
    FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION books_refuse_by_hand();
-- Room on each page, so that a busy total is written again in place and no index has to follow it.
ALTER TABLE books_balance SET (fillfactor = 50);
ALTER TABLE books_turnover SET (fillfactor = 50);

-- An account begins with one row of totals. Busy accounts get further ones as connections need them, so that many may be
-- allowed and books without much traffic have none to carry.
CREATE OR REPLACE FUNCTION books_prepare_account() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    parent_id bigint;
BEGIN
    SELECT id INTO parent_id FROM books_account
     WHERE book_id = NEW.book_id AND NEW.code LIKE code || '_%' ORDER BY length(code) DESC LIMIT 1;
    IF parent_id IS NOT NULL THEN
        -- No post may be in flight that still takes the account above for a lowest one.
        PERFORM pg_advisory_xact_lock(7001, NEW.book_id::int);
        UPDATE books_account SET is_leaf = false WHERE id = parent_id AND is_leaf;
        IF EXISTS (SELECT FROM books_transfer WHERE debit_id = parent_id)
           OR EXISTS (SELECT FROM books_transfer WHERE credit_id = parent_id)
           OR EXISTS (SELECT FROM books_hold WHERE parent_id IN (debit_id, credit_id) AND state = 'pending') THEN
            RAISE EXCEPTION 'account above % already has postings', NEW.code USING ERRCODE = 'PH003';
        END IF;
    END IF;
    INSERT INTO books_balance (account_id, shard, debit, credit, guard) VALUES (NEW.id, 0, 0, 0, NEW.guard);
    RETURN NULL;
END $$;

-- What the rows must be: lines of a transaction of this database transaction, in its book and month, between two lowest
-- accounts of that book, with the dimensions that these require, in an open month. Locks are taken in one order by every
-- post: the advisory lock of the book that closing takes alone (ledger.books.locks.PERIOD_LOCK), balances by account,
-- turnovers by account. A snapshot from before that lock would not see the closing: only READ COMMITTED may post.
CREATE OR REPLACE FUNCTION books_apply_transfers() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    is_one constant boolean := (SELECT count(*) FROM new_rows) = 1;
    line books_transfer;
    facts record;
    change numeric;
    -- The two sides of one line, the account with the lower number first.
    accounts bigint[];
    parts int[];
    debits numeric[];
    credits numeric[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the books are written in READ COMMITTED' USING ERRCODE = 'PH011';
    END IF;
    IF is_one THEN
        -- Nearly every payment is one line: each row by its key, no sorting, no grouping.
        SELECT * INTO line FROM new_rows;
        PERFORM pg_advisory_xact_lock_shared(7001, line.book_id::int);
        SELECT (t.book_id, t.month, d.book_id, c.book_id)
               = (line.book_id, line.month, line.book_id, line.book_id) AS is_whole,
               t.xid <> pg_current_xact_id() AS is_late,
               d.is_leaf AND c.is_leaf AS is_leaf,
               (d.needs_project OR c.needs_project) AND line.project = ''
               OR (d.needs_nature OR c.needs_nature) AND line.nature = ''
               OR (d.needs_economic_class OR c.needs_economic_class) AND line.economic_class = '' AS lacks_dimension,
               (SELECT state FROM books_period WHERE book_id = line.book_id AND month = line.month) AS period_state,
               pg_backend_pid() % d.shards AS debit_part, pg_backend_pid() % c.shards AS credit_part
          INTO facts
          FROM books_transaction t, books_account d, books_account c
         WHERE t.id = line.transaction_id AND d.id = line.debit_id AND c.id = line.credit_id;
    ELSE
        -- Each pair of accounts is looked up once; OFFSET 0 keeps it a look-up for each row.
        SELECT bool_and(g.is_whole AND (d.book_id, c.book_id) IS NOT DISTINCT FROM (g.book_id, g.book_id))
                   IS NOT FALSE AS is_whole,
               bool_or(g.is_late) AS is_late,
               bool_and(d.is_leaf AND c.is_leaf) AS is_leaf,
               bool_or((d.needs_project OR c.needs_project) AND g.no_project
                       OR (d.needs_nature OR c.needs_nature) AND g.no_nature
                       OR (d.needs_economic_class OR c.needs_economic_class) AND g.no_economic_class)
                   AS lacks_dimension
          INTO facts
          FROM (SELECT n.book_id, n.debit_id, n.credit_id,
                       bool_or(n.project = '') AS no_project, bool_or(n.nature = '') AS no_nature,
                       bool_or(n.economic_class = '') AS no_economic_class,
                       bool_and(coalesce((t.book_id, t.month) = (n.book_id, n.month), false)) AS is_whole,
                       bool_or(t.xid <> pg_current_xact_id()) AS is_late
                  FROM new_rows n
                  LEFT JOIN LATERAL (SELECT * FROM books_transaction WHERE id = n.transaction_id OFFSET 0) t ON true
                 GROUP BY 1, 2, 3) g
          LEFT JOIN LATERAL (SELECT * FROM books_account WHERE id = g.debit_id OFFSET 0) d ON true
          LEFT JOIN LATERAL (SELECT * FROM books_account WHERE id = g.credit_id OFFSET 0) c ON true;
    END IF;
    IF facts.is_whole IS NOT TRUE THEN
        RAISE EXCEPTION 'a line has the book and month of its transaction, and two accounts of that book'
            USING ERRCODE = 'PH005';
    ELSIF facts.is_late THEN
        RAISE EXCEPTION 'a posted transaction takes no further lines' USING ERRCODE = 'PH001';
    ELSIF NOT facts.is_leaf THEN
        RAISE EXCEPTION 'only the lowest accounts take postings' USING ERRCODE = 'PH003';
    ELSIF facts.lacks_dimension THEN
        RAISE EXCEPTION 'a line lacks a dimension that its account requires' USING ERRCODE = 'PH009';
    END IF;

    IF NOT is_one THEN
        FOR facts IN SELECT DISTINCT book_id, month FROM new_rows ORDER BY 1, 2 LOOP
            PERFORM pg_advisory_xact_lock_shared(7001, facts.book_id::int);
            PERFORM FROM books_period WHERE book_id = facts.book_id AND month = facts.month AND state = 'open';
            IF NOT FOUND THEN
                RAISE EXCEPTION 'period % is closed', facts.month USING ERRCODE = 'PH004';
            END IF;
        END LOOP;
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

    IF facts.period_state IS DISTINCT FROM 'open' THEN
        RAISE EXCEPTION 'period % is closed', line.month USING ERRCODE = 'PH004';
    END IF;
    change := CASE WHEN line.is_red THEN -line.amount ELSE line.amount END;
    IF line.debit_id < line.credit_id THEN
        accounts := ARRAY[line.debit_id, line.credit_id];
        parts := ARRAY[facts.debit_part, facts.credit_part];
        debits := ARRAY[change, 0.00];
        credits := ARRAY[0.00, change];
    ELSE
        accounts := ARRAY[line.credit_id, line.debit_id];
        parts := ARRAY[facts.credit_part, facts.debit_part];
        debits := ARRAY[0.00, change];
        credits := ARRAY[change, 0.00];
    END IF;
    -- A part of a statement that nobody reads runs after it: balances first, as holds take them alone.
    WITH turnovers AS (
        INSERT INTO books_turnover AS t (account_id, month, shard, debit, credit)
        VALUES (accounts[1], line.month, parts[1], debits[1], credits[1]),
               (accounts[2], line.month, parts[2], debits[2], credits[2])
        ON CONFLICT (account_id, month, shard)
        DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
    )
    INSERT INTO books_balance AS b (account_id, shard, debit, credit, guard)
    VALUES (accounts[1], parts[1], debits[1], credits[1], 0), (accounts[2], parts[2], debits[2], credits[2], 0)
    ON CONFLICT (account_id, shard)
    DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit;
    RETURN NULL;
END $$;
