-- What the database itself refuses about dues: a paid payment and the months it covers stay as they are.
-- SQLSTATE PH061 final.

CREATE FUNCTION dues_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH061';
END $$;

CREATE FUNCTION dues_guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'paid' AND (TG_OP = 'DELETE'
        OR to_jsonb(NEW) - 'payout_id' IS DISTINCT FROM to_jsonb(OLD) - 'payout_id'
        OR (OLD.payout_id <> '' AND NEW.payout_id <> OLD.payout_id)) THEN
        RAISE EXCEPTION 'a paid payment keeps its facts' USING ERRCODE = 'PH061';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER paid_payment_is_kept BEFORE UPDATE OR DELETE ON dues_duespayment
    FOR EACH ROW EXECUTE FUNCTION dues_guard_payment();
CREATE TRIGGER paid_month_is_kept BEFORE UPDATE OR DELETE ON dues_duesmonth
    FOR EACH ROW EXECUTE FUNCTION dues_refuse_change();
