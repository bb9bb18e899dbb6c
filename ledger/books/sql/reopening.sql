-- A closed month opens again only when somebody else has allowed it, and only while no later month is closed.
CREATE OR REPLACE FUNCTION books_guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.book_id, OLD.month) IS DISTINCT FROM (NEW.book_id, NEW.month) THEN
        RAISE EXCEPTION 'periods are not removed or moved' USING ERRCODE = 'PH004';
    END IF;
    IF OLD.state = 'closed' THEN
        IF NEW.state <> 'open'
           OR NOT EXISTS (SELECT FROM books_periodreopening r
                           WHERE r.period_id = OLD.id AND r.allowed_by_id IS NOT NULL
                             AND r.allowed_by_id <> r.asked_by_id AND r.allowed_at > OLD.closed_at)
           OR EXISTS (SELECT FROM books_period
                       WHERE book_id = OLD.book_id AND month > OLD.month AND state = 'closed') THEN
            RAISE EXCEPTION 'a closed period stays closed' USING ERRCODE = 'PH004';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'closed' THEN
        PERFORM pg_advisory_xact_lock(7001, NEW.book_id::int);
        IF NEW.closed_at IS NULL THEN
            NEW.closed_at := clock_timestamp();
        END IF;
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

-- A request is written once and allowed once; neither is taken back.
CREATE FUNCTION books_guard_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.allowed_by_id IS NOT NULL
       OR (OLD.period_id, OLD.reason, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM (NEW.period_id, NEW.reason, NEW.asked_by_id, NEW.asked_at) THEN
        RAISE EXCEPTION 'a reopening stays on the record' USING ERRCODE = 'PH001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reopening_is_guarded BEFORE UPDATE OR DELETE ON books_periodreopening
    FOR EACH ROW EXECUTE FUNCTION books_guard_reopening();
