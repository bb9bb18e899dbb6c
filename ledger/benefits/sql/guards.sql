-- What the database itself refuses about benefits: rules in force and money paid stay as they are.
-- SQLSTATE PH051 version final, PH052 shares, PH053 commitment final (ledger.benefits.errors).

CREATE FUNCTION benefits_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (TG_OP = 'DELETE'
        OR to_jsonb(NEW) - 'state' - 'effective_to' IS DISTINCT FROM to_jsonb(OLD) - 'state' - 'effective_to'
        OR NEW.state = 'draft' OR (OLD.state = 'replaced' AND NEW.state <> 'replaced')) THEN
        RAISE EXCEPTION 'rules in force are never changed' USING ERRCODE = 'PH051';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'draft' AND NEW.state <> 'draft'
        AND (SELECT sum(basis_points) FROM benefits_fundingshare WHERE version_id = NEW.id) IS DISTINCT FROM 10000 THEN
        RAISE EXCEPTION 'shares do not add up to 10000 basis points' USING ERRCODE = 'PH052';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER version_is_guarded BEFORE UPDATE OR DELETE ON benefits_programmeversion
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_version();

CREATE FUNCTION benefits_guard_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM benefits_programmeversion
                WHERE state <> 'draft'
                  AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
                             CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END)) THEN
        RAISE EXCEPTION 'shares of rules in force are never changed' USING ERRCODE = 'PH051';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER share_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_fundingshare
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_share();

CREATE FUNCTION benefits_guard_commitment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state IN ('paid', 'cancelled')
        OR (NEW.member_id, NEW.programme_id, NEW.version_id, NEW.year_key, NEW.payer_id, NEW.amount, NEW.run_id,
            NEW.claim_id)
           IS DISTINCT FROM (OLD.member_id, OLD.programme_id, OLD.version_id, OLD.year_key, OLD.payer_id, OLD.amount,
                             OLD.run_id, OLD.claim_id) THEN
        RAISE EXCEPTION 'a commitment keeps person, programme, year and amount' USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER commitment_is_guarded BEFORE UPDATE OR DELETE ON benefits_commitment
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_commitment();
