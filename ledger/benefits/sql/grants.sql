-- Grants to unions: within the rules and the year's limit, decided by three people as it was checked, paid as posted.
-- SQLSTATE PH053 decided, PH055 budgets, PH056 the limit of a year (ledger.benefits.errors).

CREATE FUNCTION benefits_guard_new_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rules benefits_programmeversion;
    granted numeric;
BEGIN
    -- One after another: what the others have given in the year is seen here, or they wait for this.
    PERFORM FROM benefits_programme WHERE id = NEW.programme_id FOR UPDATE;
    SELECT * INTO rules FROM benefits_programmeversion WHERE id = NEW.version_id;
    IF NEW.state <> 'proposed' OR rules.programme_id <> NEW.programme_id OR rules.state <> 'active'
        OR rules.payee <> 'receiving_union'
        OR NOT EXISTS (SELECT FROM unions_union p JOIN unions_union r ON starts_with(r.path, p.path)
                         JOIN benefits_receiverkind k ON k.version_id = NEW.version_id AND k.kind = r.kind
                        WHERE p.id = NEW.payer_id AND r.id = NEW.receiver_id) THEN
        RAISE EXCEPTION 'these rules give no grant to union %', NEW.receiver_id USING ERRCODE = 'PH053';
    END IF;
    IF NOT (CASE rules.amount_rule
               WHEN 'fixed' THEN NEW.amount = rules.amount AND NEW.people IS NULL
               WHEN 'range' THEN NEW.amount BETWEEN rules.amount AND rules.amount_max AND NEW.people IS NULL
               WHEN 'per_head' THEN coalesce(NEW.amount <= rules.amount * NEW.people, false)
               ELSE false END) THEN
        RAISE EXCEPTION 'the rules do not give % yuan', NEW.amount USING ERRCODE = 'PH056';
    END IF;
    SELECT coalesce(sum(amount), 0) INTO granted FROM benefits_uniongrant
     WHERE programme_id = NEW.programme_id AND receiver_id = NEW.receiver_id AND year_key = NEW.year_key
       AND state <> 'returned';
    IF granted + NEW.amount > coalesce(rules.cap, rules.amount_max, rules.amount) THEN
        RAISE EXCEPTION 'union % has % yuan of year %', NEW.receiver_id, granted, NEW.year_key USING ERRCODE = 'PH056';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER new_grant_is_guarded BEFORE INSERT ON benefits_uniongrant
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_new_grant();

CREATE FUNCTION benefits_guard_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changing text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        changing := CASE
            WHEN OLD.state = 'proposed' AND NEW.state = 'checked'
                THEN ARRAY['state', 'checked_by_id', 'checked_at', 'checked_digest']
            WHEN OLD.state = 'checked' AND NEW.state = 'approved'
                THEN ARRAY['state', 'approved_by_id', 'approved_at', 'approved_digest']
            WHEN OLD.state IN ('proposed', 'checked', 'approved') AND NEW.state = 'returned'
                THEN ARRAY['state', 'returned_reason']
            WHEN OLD.state = 'approved' AND NEW.state = 'paid' THEN ARRAY['state', 'paid_id']
            WHEN OLD.state = 'paid' AND NEW.state = 'paid' AND OLD.received_id IS NULL THEN ARRAY['received_id'] END;
    END IF;
    IF changing IS NULL OR to_jsonb(NEW) - changing IS DISTINCT FROM to_jsonb(OLD) - changing THEN
        RAISE EXCEPTION 'a grant keeps what it says and what was decided about it' USING ERRCODE = 'PH053';
    END IF;
    IF NEW.state = 'checked'
        AND (SELECT count(*) FROM benefits_grantedmember WHERE grant_id = NEW.id) <> coalesce(NEW.people, 0) THEN
        RAISE EXCEPTION 'grant % does not name the people that it counts', NEW.code USING ERRCODE = 'PH053';
    END IF;
    IF NEW.paid_id IS DISTINCT FROM OLD.paid_id AND NOT EXISTS (
            SELECT FROM books_transaction t JOIN books_book b ON b.id = t.book_id
             WHERE t.id = NEW.paid_id AND t.external_key = 'grant-paid:' || NEW.code AND b.union_id = NEW.payer_id)
        OR NEW.received_id IS DISTINCT FROM OLD.received_id AND NOT EXISTS (
            SELECT FROM books_transaction t JOIN books_book b ON b.id = t.book_id
             WHERE t.id = NEW.received_id AND t.external_key = 'grant-received:' || NEW.code
               AND b.union_id = NEW.receiver_id) THEN
        RAISE EXCEPTION 'grant % is not what the transaction moves', NEW.code USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER grant_is_guarded BEFORE UPDATE OR DELETE ON benefits_uniongrant
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_grant();

-- Whom a grant sent back had counted can be counted by another.
CREATE FUNCTION benefits_free_granted_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE benefits_grantedmember SET is_counted = false WHERE grant_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER returned_grant_counts_nobody AFTER UPDATE OF state ON benefits_uniongrant
    FOR EACH ROW WHEN (NEW.state = 'returned') EXECUTE FUNCTION benefits_free_granted_members();

CREATE FUNCTION benefits_guard_granted_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (pg_trigger_depth() < 2
            OR (NEW.grant_id, NEW.membership_id) IS DISTINCT FROM (OLD.grant_id, OLD.membership_id)))
        OR (TG_OP = 'INSERT' AND (NOT NEW.is_counted OR NOT EXISTS (
            SELECT FROM benefits_uniongrant g JOIN unions_union r ON r.id = g.receiver_id
              JOIN members_membership m ON m.id = NEW.membership_id
               AND m.started_on BETWEEN g.admitted_from AND g.admitted_to
              JOIN unions_union u ON u.id = m.union_id AND starts_with(u.path, r.path)
             WHERE g.id = NEW.grant_id AND g.state = 'proposed'))) THEN
        RAISE EXCEPTION 'whom a grant counts is fixed when it is proposed' USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER granted_member_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_grantedmember
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_granted_member();

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['uniongrant', 'grantedmember', 'receiverkind'] LOOP
        EXECUTE format('CREATE TRIGGER %s_is_not_emptied BEFORE TRUNCATE ON benefits_%s
                        FOR EACH STATEMENT EXECUTE FUNCTION benefits_refuse_truncate()', kept, kept);
    END LOOP;
END $$;
CREATE TRIGGER receiverkind_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_receiverkind
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_share();

CREATE FUNCTION benefits_promised_to_unions(bearer bigint, of_programme bigint, in_year integer) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(amount), 0) FROM benefits_uniongrant
     WHERE payer_id = bearer AND programme_id = of_programme AND year_key = in_year AND state IN ('approved', 'paid')
$$;
-- Whatever a budget has to hold: what was promised to people, and to unions.
CREATE FUNCTION benefits_promised_in_all(bearer bigint, of_programme bigint, in_year integer) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT benefits_promised(bearer, of_programme, in_year) + benefits_promised_to_unions(bearer, of_programme, in_year)
$$;
CREATE OR REPLACE FUNCTION benefits_guard_budget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (NEW.id, NEW.union_id, NEW.programme_id, NEW.year_key) IS DISTINCT FROM
            (OLD.id, OLD.union_id, OLD.programme_id, OLD.year_key) THEN
        RAISE EXCEPTION 'a budget keeps its union, programme and year' USING ERRCODE = 'PH055';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.committed <> 0 THEN
            RAISE EXCEPTION 'a budget with promises is never deleted' USING ERRCODE = 'PH055';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.committed <> benefits_promised_in_all(NEW.union_id, NEW.programme_id, NEW.year_key) THEN
        RAISE EXCEPTION 'the budget would say % committed, promised is %', NEW.committed,
            benefits_promised_in_all(NEW.union_id, NEW.programme_id, NEW.year_key) USING ERRCODE = 'PH055';
    END IF;
    RETURN NEW;
END $$;
