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
