-- What the database itself refuses (docs/decisions/0006): tested by SQL that goes around the application.
-- Errors raised here carry SQLSTATE 'PH' + three digits, which ledger.books.errors turns into domain exceptions.

-- A transaction remembers the database transaction that wrote it, so that no line can be added later.
ALTER TABLE books_transaction ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE books_transaction
    ADD CONSTRAINT transaction_month_is_its_date
        CHECK (month = extract(year FROM date)::int * 100 + extract(month FROM date)::int),
    ADD CONSTRAINT transaction_in_a_period FOREIGN KEY (book_id, month) REFERENCES books_period (book_id, month);
ALTER TABLE books_transfer
    ADD CONSTRAINT transfer_of_its_transaction FOREIGN KEY (transaction_id, book_id, month)
        REFERENCES books_transaction (id, book_id, month),
    ADD CONSTRAINT debit_in_the_same_book FOREIGN KEY (debit_id, book_id) REFERENCES books_account (id, book_id),
    ADD CONSTRAINT credit_in_the_same_book FOREIGN KEY (credit_id, book_id) REFERENCES books_account (id, book_id);
ALTER TABLE books_period ADD CONSTRAINT period_is_a_month CHECK (month % 100 BETWEEN 1 AND 12);
CREATE INDEX transfer_by_book_month ON books_transfer (book_id, month);

CREATE VIEW books_posting AS
SELECT id || 'D' AS id, id AS transfer_id, transaction_id, book_id, debit_id AS account_id, month, line, 'D' AS side,
       CASE WHEN is_red THEN -amount ELSE amount END AS amount, amount_currency, project, fund_source, party
  FROM books_transfer
UNION ALL
SELECT id || 'C', id, transaction_id, book_id, credit_id, month, line, 'C',
       CASE WHEN is_red THEN -amount ELSE amount END, amount_currency, project, fund_source, party
  FROM books_transfer;

-- Refusals ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION books_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'posted rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH001';
END $$;

CREATE TRIGGER transaction_is_immutable BEFORE UPDATE OR DELETE ON books_transaction
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER transfer_is_immutable BEFORE UPDATE OR DELETE ON books_transfer
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER transaction_is_not_emptied BEFORE TRUNCATE ON books_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER transfer_is_not_emptied BEFORE TRUNCATE ON books_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER voucher_is_not_emptied BEFORE TRUNCATE ON books_voucher
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER chart_account_is_official BEFORE UPDATE OR DELETE ON books_chartaccount
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();

CREATE FUNCTION books_refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% is kept by the ledger only', TG_TABLE_NAME USING ERRCODE = 'PH002';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER balance_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_balance
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_by_hand();
CREATE TRIGGER turnover_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_turnover
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_by_hand();

-- Accounts: level 1 comes from the chart of the book, in its table (总说明 一) -----------------------------------------

CREATE FUNCTION books_check_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    official books_chartaccount;
    level_1 books_chartaccount;
    owner books_book;
BEGIN
    SELECT * INTO STRICT owner FROM books_book WHERE id = NEW.book_id;
    SELECT * INTO level_1 FROM books_chartaccount WHERE chart_id = owner.chart_id AND code = left(NEW.code, 3);
    -- Grassroots unions may also use county-level accounts; county books never use grassroots-only ones.
    IF level_1.id IS NULL OR NOT (level_1.in_county OR (owner.kind = 'grassroots' AND level_1.in_grassroots)) THEN
        RAISE EXCEPTION 'account % is not in the chart of book %', NEW.code, owner.code USING ERRCODE = 'PH003';
    END IF;
    SELECT * INTO official FROM books_chartaccount WHERE chart_id = owner.chart_id AND code = NEW.code;
    IF official.id IS NOT NULL THEN
        IF (NEW.name, NEW.account_class, NEW.normal_side, NEW.is_official)
           IS DISTINCT FROM (official.name, official.account_class, official.normal_side, true) THEN
            RAISE EXCEPTION 'official account % may not be renamed', NEW.code USING ERRCODE = 'PH003';
        END IF;
    ELSIF NEW.is_official OR NEW.authorised_by = '' OR NEW.account_class <> level_1.account_class THEN
        RAISE EXCEPTION 'detail account % needs an authorisation and the class of %', NEW.code, level_1.code
            USING ERRCODE = 'PH003';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.book_id, NEW.code, NEW.normal_side, NEW.shards, NEW.guard)
        IS DISTINCT FROM (OLD.book_id, OLD.code, OLD.normal_side, OLD.shards, OLD.guard) THEN
        RAISE EXCEPTION 'account % keeps its code, side and rules', OLD.code USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_is_in_the_chart BEFORE INSERT OR UPDATE ON books_account
    FOR EACH ROW EXECUTE FUNCTION books_check_account();

CREATE FUNCTION books_prepare_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent_id bigint;
BEGIN
    SELECT id INTO parent_id FROM books_account
     WHERE book_id = NEW.book_id AND NEW.code LIKE code || '_%' ORDER BY length(code) DESC LIMIT 1;
    IF parent_id IS NOT NULL THEN
        UPDATE books_account SET is_leaf = false WHERE id = parent_id AND is_leaf;
        IF EXISTS (SELECT FROM books_transfer WHERE debit_id = parent_id OR credit_id = parent_id) THEN
            RAISE EXCEPTION 'account above % already has postings', NEW.code USING ERRCODE = 'PH003';
        END IF;
    END IF;
    INSERT INTO books_balance (account_id, shard, debit, credit, guard)
    SELECT NEW.id, shard, 0, 0, NEW.guard FROM generate_series(0, NEW.shards - 1) AS shard;
    RETURN NULL;
END $$;
CREATE TRIGGER account_gets_its_balances AFTER INSERT ON books_account
    FOR EACH ROW EXECUTE FUNCTION books_prepare_account();

-- Posting: open period, complete transaction, balances ---------------------------------------------------------------

-- Every post shares an advisory lock of its book that closing takes alone (ledger.books.locks.PERIOD_LOCK).
CREATE FUNCTION books_check_periods() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    FOR touched IN SELECT DISTINCT book_id, month FROM new_rows ORDER BY 1, 2 LOOP
        PERFORM pg_advisory_xact_lock_shared(7001, touched.book_id::int);
        IF NOT EXISTS (SELECT FROM books_period
                        WHERE book_id = touched.book_id AND month = touched.month AND state = 'open') THEN
            RAISE EXCEPTION 'period % is closed', touched.month USING ERRCODE = 'PH004';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER transaction_in_open_period AFTER INSERT ON books_transaction
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION books_check_periods();

CREATE FUNCTION books_check_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM books_transfer WHERE transaction_id = NEW.id) THEN
        RAISE EXCEPTION 'transaction % has no transfers', NEW.id USING ERRCODE = 'PH005';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transaction_has_transfers AFTER INSERT ON books_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION books_check_complete();

CREATE FUNCTION books_apply_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_late boolean;
    is_not_leaf boolean;
BEGIN
    SELECT bool_or(t.xid <> pg_current_xact_id()), bool_or(NOT (d.is_leaf AND c.is_leaf)) INTO is_late, is_not_leaf
      FROM new_rows n
      JOIN books_transaction t ON t.id = n.transaction_id
      JOIN books_account d ON d.id = n.debit_id
      JOIN books_account c ON c.id = n.credit_id;
    IF is_late THEN
        RAISE EXCEPTION 'a posted transaction takes no further lines' USING ERRCODE = 'PH001';
    ELSIF is_not_leaf THEN
        RAISE EXCEPTION 'only the lowest accounts take postings' USING ERRCODE = 'PH003';
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
CREATE TRIGGER transfers_move_balances AFTER INSERT ON books_transfer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION books_apply_transfers();

-- Vouchers: numbered and chained when posted, by another person than the preparer ---------------------------------------

CREATE TABLE books_voucher_counter (
    book_id bigint NOT NULL REFERENCES books_book (id),
    word varchar(2) NOT NULL,
    month int NOT NULL,
    last_number int NOT NULL,
    PRIMARY KEY (book_id, word, month)
);
CREATE TABLE books_voucher_chain (
    book_id bigint PRIMARY KEY REFERENCES books_book (id),
    last_sequence int NOT NULL,
    last_hash bytea NOT NULL
);
CREATE TRIGGER counter_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_voucher_counter
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_by_hand();
CREATE TRIGGER chain_is_kept_by_ledger BEFORE INSERT OR UPDATE OR DELETE ON books_voucher_chain
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_by_hand();

-- Everything a voucher says, as one text: what its hash proves.
CREATE FUNCTION books_voucher_content(v books_voucher) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('|', v.book_id, v.word, v.month, v.number, v.sequence, to_char(v.date, 'YYYY-MM-DD'),
                     quote_literal(v.summary), v.attachments, v.prepared_by_id, v.checked_by_id)
        || E'\n' || coalesce(string_agg(
               concat_ws('|', t.id, t.external_key, to_char(t.date, 'YYYY-MM-DD'), t.kind, quote_literal(t.summary),
                         t.document, f.line, f.debit_id, f.credit_id, f.amount, f.amount_currency, f.is_red, f.project,
                         f.fund_source, f.party),
               E'\n' ORDER BY t.id, f.line), '')
      FROM books_voucherentry e
      JOIN books_transaction t ON t.id = e.transaction_id
      JOIN books_transfer f ON f.transaction_id = t.id
     WHERE e.voucher_id = v.id
$$;

CREATE FUNCTION books_guard_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain books_voucher_chain;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.number IS NOT NULL OR NEW.hash IS NOT NULL OR NEW.sequence IS NOT NULL THEN
            RAISE EXCEPTION 'a voucher starts as a draft' USING ERRCODE = 'PH006';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'posted' THEN
        RAISE EXCEPTION 'posted vouchers are never changed or deleted' USING ERRCODE = 'PH001';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.state <> 'posted' THEN
        IF NEW.number IS NOT NULL OR NEW.hash IS NOT NULL OR NEW.sequence IS NOT NULL THEN
            RAISE EXCEPTION 'a draft has no number' USING ERRCODE = 'PH006';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.checked_by_id IS NULL OR NEW.checked_by_id = NEW.prepared_by_id THEN
        RAISE EXCEPTION 'a voucher is checked by another person' USING ERRCODE = 'PH007';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(7001, NEW.book_id::int);
    IF NOT EXISTS (SELECT FROM books_period WHERE book_id = NEW.book_id AND month = NEW.month AND state = 'open') THEN
        RAISE EXCEPTION 'period % is closed', NEW.month USING ERRCODE = 'PH004';
    END IF;
    IF NOT EXISTS (SELECT FROM books_voucherentry WHERE voucher_id = NEW.id) OR EXISTS (
        SELECT FROM books_voucherentry e JOIN books_transaction t ON t.id = e.transaction_id
         WHERE e.voucher_id = NEW.id AND (t.book_id, t.date) IS DISTINCT FROM (NEW.book_id, NEW.date)) THEN
        RAISE EXCEPTION 'a voucher has transactions of its own book and day' USING ERRCODE = 'PH006';
    END IF;
    INSERT INTO books_voucher_chain (book_id, last_sequence, last_hash) VALUES (NEW.book_id, 0, sha256(''))
        ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT chain FROM books_voucher_chain WHERE book_id = NEW.book_id FOR UPDATE;
    INSERT INTO books_voucher_counter AS c (book_id, word, month, last_number)
        VALUES (NEW.book_id, NEW.word, NEW.month, 1)
        ON CONFLICT (book_id, word, month) DO UPDATE SET last_number = c.last_number + 1
        RETURNING last_number INTO NEW.number;
    NEW.sequence := chain.last_sequence + 1;
    NEW.posted_at := clock_timestamp();
    NEW.previous_hash := chain.last_hash;
    NEW.hash := sha256(chain.last_hash || convert_to(books_voucher_content(NEW), 'UTF8'));
    UPDATE books_voucher_chain SET last_sequence = NEW.sequence, last_hash = NEW.hash WHERE book_id = NEW.book_id;
    RETURN NEW;
END $$;
CREATE TRIGGER voucher_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON books_voucher
    FOR EACH ROW EXECUTE FUNCTION books_guard_voucher();

CREATE FUNCTION books_guard_voucher_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.voucher_id ELSE NEW.voucher_id END;
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM books_voucher WHERE id = touched AND state = 'posted') THEN
        RAISE EXCEPTION 'posted vouchers are never changed' USING ERRCODE = 'PH001';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER voucher_entry_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON books_voucherentry
    FOR EACH ROW EXECUTE FUNCTION books_guard_voucher_entry();

-- Closing a month: everything vouchered, earlier months first, no way back ------------------------------------------------

CREATE FUNCTION books_guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'closed' OR (OLD.book_id, OLD.month) IS DISTINCT FROM (NEW.book_id, NEW.month) THEN
        RAISE EXCEPTION 'a closed period stays closed' USING ERRCODE = 'PH004';
    END IF;
    IF NEW.state = 'closed' THEN
        PERFORM pg_advisory_xact_lock(7001, NEW.book_id::int);
        IF EXISTS (SELECT FROM books_period
                    WHERE book_id = NEW.book_id AND month < NEW.month AND state = 'open') THEN
            RAISE EXCEPTION 'an earlier period of the book is still open' USING ERRCODE = 'PH008';
        END IF;
        IF EXISTS (SELECT FROM books_transaction t
                     LEFT JOIN books_voucherentry e ON e.transaction_id = t.id
                     LEFT JOIN books_voucher v ON v.id = e.voucher_id AND v.state = 'posted'
                    WHERE t.book_id = NEW.book_id AND t.month = NEW.month AND v.id IS NULL) THEN
            RAISE EXCEPTION 'a transaction of the period has no posted voucher' USING ERRCODE = 'PH008';
        END IF;
        IF EXISTS (SELECT FROM books_turnover t JOIN books_account a ON a.id = t.account_id
                    WHERE a.book_id = NEW.book_id AND t.month = NEW.month
                      AND a.account_class IN ('income', 'expense')
                    GROUP BY a.id HAVING sum(t.debit - t.credit) <> 0) THEN
            RAISE EXCEPTION 'income or expenditure of the period is not carried forward' USING ERRCODE = 'PH008';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER period_is_guarded BEFORE UPDATE OR DELETE ON books_period
    FOR EACH ROW EXECUTE FUNCTION books_guard_period();
