-- What the rest of the kernel's tables refuse (books 0009): tested by SQL that goes around the application.

-- Nothing of the books is emptied.
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['chart', 'chartaccount', 'book', 'bankaccount', 'balance', 'turnover', 'voucherentry',
                                'voucherline', 'vouchertemplate', 'periodreopening', 'voucher_counter',
                                'voucher_chain'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change()',
                       kept || '_is_not_emptied', 'books_' || kept);
    END LOOP;
END $$;

-- A chart in use takes no further accounts: level 1 is the ministry's, details belong to a book (总说明 一).
CREATE FUNCTION books_guard_chart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM books_book WHERE chart_id = NEW.chart_id) THEN
        RAISE EXCEPTION 'a chart in use takes no further accounts' USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chart_in_use_is_complete BEFORE INSERT ON books_chartaccount
    FOR EACH ROW EXECUTE FUNCTION books_guard_chart();

-- A book stays what it is: its accounts were checked against its chart and its kind.
CREATE FUNCTION books_guard_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.union_id, OLD.code, OLD.kind, OLD.chart_id, OLD.opened_on)
       IS DISTINCT FROM (NEW.union_id, NEW.code, NEW.kind, NEW.chart_id, NEW.opened_on) THEN
        RAISE EXCEPTION 'book % keeps its union, code, kind and chart', OLD.code USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER book_is_guarded BEFORE UPDATE ON books_book FOR EACH ROW EXECUTE FUNCTION books_guard_book();

-- An account keeps what its lines were checked by; whether it is a lowest one follows from the accounts below it.
CREATE FUNCTION books_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.is_official, OLD.account_class, OLD.needs_project, OLD.needs_nature, OLD.needs_economic_class, OLD.kept_by)
       IS DISTINCT FROM (NEW.is_official, NEW.account_class, NEW.needs_project, NEW.needs_nature,
                         NEW.needs_economic_class, NEW.kept_by)
       OR OLD.is_leaf <> NEW.is_leaf AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'account % keeps its code, side and rules', OLD.code USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_is_guarded BEFORE UPDATE ON books_account FOR EACH ROW EXECUTE FUNCTION books_guard_account();

-- Months begin open, and requests to open one again begin unanswered.
CREATE FUNCTION books_refuse_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % starts at its beginning', TG_TABLE_NAME USING ERRCODE = 'PH004';
END $$;
CREATE TRIGGER period_starts_open BEFORE INSERT ON books_period
    FOR EACH ROW WHEN (NEW.state <> 'open' OR NEW.closed_at IS NOT NULL) EXECUTE FUNCTION books_refuse_finished();
CREATE TRIGGER reopening_starts_unanswered BEFORE INSERT ON books_periodreopening
    FOR EACH ROW WHEN (NEW.allowed_by_id IS NOT NULL) EXECUTE FUNCTION books_refuse_finished();

-- Closing and opening again lock the book, in a fresh snapshot, and keep the time of the database.
CREATE OR REPLACE FUNCTION books_guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.book_id, OLD.month) IS DISTINCT FROM (NEW.book_id, NEW.month) THEN
        RAISE EXCEPTION 'periods are not removed or moved' USING ERRCODE = 'PH004';
    END IF;
    IF OLD.state = NEW.state AND OLD.closed_at IS NOT DISTINCT FROM NEW.closed_at THEN
        RETURN NEW;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the books are written in READ COMMITTED' USING ERRCODE = 'PH011';
    END IF;
    PERFORM pg_advisory_xact_lock(7001, NEW.book_id::int);
    IF OLD.state = 'closed' THEN
        IF NEW.state <> 'open'
           OR NOT EXISTS (SELECT FROM books_periodreopening r
                           WHERE r.period_id = OLD.id AND r.allowed_by_id IS NOT NULL
                             AND r.allowed_by_id <> r.asked_by_id AND r.allowed_at > OLD.closed_at)
           OR EXISTS (SELECT FROM books_period
                       WHERE book_id = OLD.book_id AND month > OLD.month AND state = 'closed') THEN
            RAISE EXCEPTION 'a closed period stays closed' USING ERRCODE = 'PH004';
        END IF;
        NEW.closed_at := NULL;
        RETURN NEW;
    END IF;
    IF NEW.state = 'closed' THEN
        NEW.closed_at := clock_timestamp();
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
CREATE OR REPLACE FUNCTION books_guard_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.allowed_by_id IS NOT NULL
       OR (OLD.period_id, OLD.reason, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM (NEW.period_id, NEW.reason, NEW.asked_by_id, NEW.asked_at) THEN
        RAISE EXCEPTION 'a reopening stays on the record' USING ERRCODE = 'PH001';
    END IF;
    IF NEW.allowed_by_id IS NOT NULL THEN
        NEW.allowed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

-- A voucher stands in the month of its date; NaN is above every number and no amount.
ALTER TABLE books_voucher ADD CONSTRAINT voucher_month_is_its_date
    CHECK (month = extract(year FROM date)::int * 100 + extract(month FROM date)::int);
ALTER TABLE books_transfer ADD CONSTRAINT transfer_amount_is_a_number CHECK (amount < 'NaN');
ALTER TABLE books_hold ADD CONSTRAINT hold_amount_is_a_number CHECK (amount < 'NaN');

-- What a hold is posted as moves money of its own book.
CREATE FUNCTION books_check_posted_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM books_transfer WHERE transaction_id = NEW.posted_as_id AND book_id = NEW.book_id
                      AND (debit_id = NEW.debit_id OR credit_id = NEW.credit_id)) THEN
        RAISE EXCEPTION 'a hold is posted as a transaction of its accounts' USING ERRCODE = 'PH010';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posted_hold_is_checked BEFORE UPDATE ON books_hold
    FOR EACH ROW WHEN (NEW.posted_as_id IS NOT NULL) EXECUTE FUNCTION books_check_posted_hold();

-- A temporary table of the same name must not stand in for a table of the books.
DO $$
DECLARE
    known regprocedure;
BEGIN
    FOR known IN SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
                  WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'books\_%' AND l.lanname = 'plpgsql' LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', known);
    END LOOP;
END $$;
