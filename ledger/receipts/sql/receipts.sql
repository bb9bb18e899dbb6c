-- What the database itself refuses about receipts: gaps in numbers, and changes of what was issued.
-- SQLSTATE PH021 final, PH022 number, PH023 incomplete, PH024 red more than issued (ledger.receipts.errors).

-- A receipt remembers the database transaction that wrote it, so that no line can be added later.
ALTER TABLE receipts_receipt ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE receipts_receiptline
    ADD CONSTRAINT line_months_are_months
        CHECK (period_from % 100 BETWEEN 1 AND 12 AND period_to % 100 BETWEEN 1 AND 12);

CREATE FUNCTION receipts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH021';
END $$;

-- Series: the counter moves by issuing only, one step at a time -----------------------------------------------------

CREATE FUNCTION receipts_guard_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.last_number <> 0 THEN
            RAISE EXCEPTION 'a series starts at its first number' USING ERRCODE = 'PH022';
        END IF;
    ELSIF to_jsonb(NEW) - 'last_number' IS DISTINCT FROM to_jsonb(OLD) - 'last_number' THEN
        RAISE EXCEPTION 'a series keeps its union, year and code' USING ERRCODE = 'PH021';
    ELSIF pg_trigger_depth() < 2 OR NEW.last_number <> OLD.last_number + 1 THEN
        RAISE EXCEPTION 'the counter of series % moves by issuing only', OLD.code USING ERRCODE = 'PH022';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER series_is_guarded BEFORE INSERT OR UPDATE ON receipts_series
    FOR EACH ROW EXECUTE FUNCTION receipts_guard_series();
CREATE TRIGGER series_is_kept BEFORE DELETE ON receipts_series
    FOR EACH ROW EXECUTE FUNCTION receipts_refuse_change();

-- Receipts: the next number, then nothing but the status -------------------------------------------------------------

CREATE FUNCTION receipts_guard_issue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    owner receipts_series;
BEGIN
    IF NEW.status <> 'valid' THEN
        RAISE EXCEPTION 'a receipt starts valid' USING ERRCODE = 'PH021';
    END IF;
    UPDATE receipts_series SET last_number = last_number + 1 WHERE id = NEW.series_id RETURNING last_number INTO taken;
    IF NEW.number IS DISTINCT FROM lpad(taken::text, 10, '0') THEN
        RAISE EXCEPTION 'receipt number % is not the next, which is %', NEW.number, taken USING ERRCODE = 'PH022';
    END IF;
    SELECT * INTO STRICT owner FROM receipts_series WHERE id = NEW.series_id;
    IF owner.union_id <> NEW.union_id OR owner.year <> extract(year FROM NEW.issued_on) THEN
        RAISE EXCEPTION 'series % is of another union or year', owner.code USING ERRCODE = 'PH022';
    END IF;
    IF NEW.corrects_id IS NOT NULL THEN
        -- The original is locked, so that two red receipts cannot both pass.
        PERFORM FROM receipts_receipt WHERE id = NEW.corrects_id AND union_id = NEW.union_id AND corrects_id IS NULL
            AND status <> 'void' FOR UPDATE;
        IF NOT FOUND OR (SELECT o.amount + NEW.amount + coalesce((SELECT sum(r.amount) FROM receipts_receipt r
                                                                   WHERE r.corrects_id = o.id AND r.status <> 'void'), 0)
                           FROM receipts_receipt o WHERE o.id = NEW.corrects_id) < 0 THEN
            RAISE EXCEPTION 'red receipts exceed receipt %', NEW.corrects_id USING ERRCODE = 'PH024';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_takes_the_next_number BEFORE INSERT ON receipts_receipt
    FOR EACH ROW EXECUTE FUNCTION receipts_guard_issue();

CREATE FUNCTION receipts_guard_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    status_columns text[] := ARRAY['status', 'status_reason', 'status_changed_at', 'status_changed_by_id'];
BEGIN
    IF OLD.status <> 'valid' OR NEW.status NOT IN ('void', 'reversed')
       OR to_jsonb(NEW) - status_columns IS DISTINCT FROM to_jsonb(OLD) - status_columns THEN
        RAISE EXCEPTION 'an issued receipt becomes void or reversed once, and nothing else' USING ERRCODE = 'PH021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_is_guarded BEFORE UPDATE ON receipts_receipt
    FOR EACH ROW EXECUTE FUNCTION receipts_guard_receipt();
CREATE TRIGGER receipt_is_kept BEFORE DELETE ON receipts_receipt
    FOR EACH ROW EXECUTE FUNCTION receipts_refuse_change();
CREATE TRIGGER receipt_is_not_emptied BEFORE TRUNCATE ON receipts_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION receipts_refuse_change();

-- Lines: written with their receipt, adding up to its total -----------------------------------------------------------

CREATE FUNCTION receipts_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM receipts_receipt WHERE id = NEW.receipt_id AND xid = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'an issued receipt takes no further lines' USING ERRCODE = 'PH021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER line_comes_with_its_receipt BEFORE INSERT ON receipts_receiptline
    FOR EACH ROW EXECUTE FUNCTION receipts_guard_line();
CREATE TRIGGER line_is_kept BEFORE UPDATE OR DELETE ON receipts_receiptline
    FOR EACH ROW EXECUTE FUNCTION receipts_refuse_change();
CREATE TRIGGER line_is_not_emptied BEFORE TRUNCATE ON receipts_receiptline
    FOR EACH STATEMENT EXECUTE FUNCTION receipts_refuse_change();

CREATE FUNCTION receipts_check_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM receipts_receiptline WHERE receipt_id = NEW.id) IS DISTINCT FROM NEW.amount THEN
        RAISE EXCEPTION 'the lines of receipt % do not add up to its total', NEW.number USING ERRCODE = 'PH023';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipt_total_is_its_lines AFTER INSERT ON receipts_receipt
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION receipts_check_total();
