-- What the database itself refuses about dues, continued: months belong to a payment that covers them, a payment is
-- taken back only as an approved reversal says, and nothing here is ever emptied. SQLSTATE PH061 final, PH062 not covered.

CREATE OR REPLACE FUNCTION dues_guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('pending', 'cancelled') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a paid payment keeps its facts' USING ERRCODE = 'PH061';
    END IF;
    -- Cash goes back once, when the reversal that two persons made is posted.
    IF OLD.state = 'paid' AND NEW.state = 'reversed' AND OLD.channel = 'cash'
       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state'
       AND EXISTS (SELECT FROM dues_duesreversal r JOIN books_transaction t ON t.id = r.transaction_id
                    WHERE r.payment_id = OLD.id AND t.reverses_id = OLD.transaction_id
                      AND r.approved_by_id IS DISTINCT FROM OLD.recorded_by_id) THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - 'payout_id' IS DISTINCT FROM to_jsonb(OLD) - 'payout_id'
       OR (OLD.payout_id <> '' AND NEW.payout_id <> OLD.payout_id) THEN
        RAISE EXCEPTION 'a paid payment keeps its facts' USING ERRCODE = 'PH061';
    END IF;
    RETURN NEW;
END $$;

-- Months: written while their payment is being paid, within its months; gone only with a payment taken back.
CREATE FUNCTION dues_guard_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH061';
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM dues_duespayment WHERE id = OLD.payment_id AND state = 'reversed') THEN
            RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH061';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.month % 100 NOT BETWEEN 1 AND 12
       OR NOT EXISTS (SELECT FROM dues_duespayment p
                       WHERE p.id = NEW.payment_id AND p.member_id = NEW.member_id
                         AND NEW.month BETWEEN p.first_month AND p.last_month
                         AND p.state IN ('pending', 'cancelled')) THEN
        RAISE EXCEPTION 'payment % does not cover month %', NEW.payment_id, NEW.month USING ERRCODE = 'PH062';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER paid_month_is_kept ON dues_duesmonth;
CREATE TRIGGER month_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON dues_duesmonth
    FOR EACH ROW EXECUTE FUNCTION dues_guard_month();

-- At commit a paid payment covers as many months as were paid for, and any other none.
CREATE FUNCTION dues_check_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint;
BEGIN
    -- One function for two tables: the row is read as JSON, because each has other columns.
    checked := CASE TG_TABLE_NAME WHEN 'dues_duesmonth' THEN (to_jsonb(NEW)->>'payment_id')::bigint ELSE NEW.id END;
    IF EXISTS (SELECT FROM dues_duespayment p
                WHERE p.id = checked
                  AND (SELECT count(*) FROM dues_duesmonth m WHERE m.payment_id = p.id)
                      <> CASE p.state WHEN 'paid' THEN p.months ELSE 0 END) THEN
        RAISE EXCEPTION 'payment % does not cover the months paid for', checked USING ERRCODE = 'PH062';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER months_are_those_paid_for AFTER INSERT ON dues_duesmonth
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dues_check_months();
CREATE CONSTRAINT TRIGGER payment_covers_its_months AFTER INSERT OR UPDATE ON dues_duespayment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dues_check_months();

-- Reversals: asked, then approved once.
CREATE FUNCTION dues_guard_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approval text[] := ARRAY['approved_by_id', 'approved_at', 'transaction_id', 'receipt_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.approved_by_id IS NOT NULL
       OR to_jsonb(NEW) - approval IS DISTINCT FROM to_jsonb(OLD) - approval THEN
        RAISE EXCEPTION 'a reversal is approved once and stays on record' USING ERRCODE = 'PH061';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversal_is_guarded BEFORE UPDATE OR DELETE ON dues_duesreversal
    FOR EACH ROW EXECUTE FUNCTION dues_guard_reversal();

-- Messages of the platform: what it said stays; only what became of it is written down.
CREATE FUNCTION dues_guard_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    outcome text[] := ARRAY['handled_at', 'problem'];
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - outcome IS DISTINCT FROM to_jsonb(OLD) - outcome
       OR OLD.handled_at IS NOT NULL AND NEW.handled_at IS NULL THEN
        RAISE EXCEPTION 'messages of the platform stay as they came' USING ERRCODE = 'PH061';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER event_is_guarded BEFORE UPDATE OR DELETE ON dues_stripeevent
    FOR EACH ROW EXECUTE FUNCTION dues_guard_event();

CREATE FUNCTION dues_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'PH061';
END $$;
CREATE TRIGGER rule_is_not_emptied BEFORE TRUNCATE ON dues_duesrule
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
CREATE TRIGGER account_is_not_emptied BEFORE TRUNCATE ON dues_stripeaccount
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
CREATE TRIGGER payment_is_not_emptied BEFORE TRUNCATE ON dues_duespayment
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
CREATE TRIGGER month_is_not_emptied BEFORE TRUNCATE ON dues_duesmonth
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
CREATE TRIGGER reversal_is_not_emptied BEFORE TRUNCATE ON dues_duesreversal
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
CREATE TRIGGER event_is_not_emptied BEFORE TRUNCATE ON dues_stripeevent
    FOR EACH STATEMENT EXECUTE FUNCTION dues_refuse_truncate();
