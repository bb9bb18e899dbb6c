-- A list that is being put together takes people, counts them and moves its cursor forward; whatever else it says is fixed
-- from the start, and it leaves this state only when its head says what its people get. After that it is decided upon
-- (benefits_guard_run), and nobody is put on it any more.
DROP TRIGGER run_is_guarded ON benefits_run;
CREATE FUNCTION benefits_guard_preparing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'count', 'total', 'without_card', 'reached', 'moved_at', 'returned_reason'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'preparing' OR NEW.count <> 0 OR NEW.total <> 0 THEN
            RAISE EXCEPTION 'a list begins empty' USING ERRCODE = 'PH053';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
        OR NEW.reached < OLD.reached OR NEW.state NOT IN ('preparing', 'prepared', 'returned')
        OR NOT (SELECT coalesce(sum(people), 0) = NEW.count AND coalesce(sum(people * amount), 0) = NEW.total
                  FROM benefits_runamount WHERE run_id = NEW.id)
        OR NEW.state = 'prepared' AND (NEW.count = 0 OR NEW.reached < NEW.last_member) THEN
        RAISE EXCEPTION 'a list being put together only grows, by the people who are on it' USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER run_begins_empty BEFORE INSERT ON benefits_run
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_preparing();
CREATE TRIGGER run_only_grows BEFORE UPDATE ON benefits_run
    FOR EACH ROW WHEN (OLD.state = 'preparing') EXECUTE FUNCTION benefits_guard_preparing();
CREATE TRIGGER run_is_guarded BEFORE UPDATE ON benefits_run
    FOR EACH ROW WHEN (OLD.state <> 'preparing') EXECUTE FUNCTION benefits_guard_run();
CREATE TRIGGER run_is_kept BEFORE DELETE ON benefits_run
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_run();

CREATE OR REPLACE FUNCTION benefits_count_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM listed l JOIN benefits_run r ON r.id = l.run_id WHERE r.state <> 'preparing') THEN
        RAISE EXCEPTION 'nobody is put on a list that is complete' USING ERRCODE = 'PH053';
    END IF;
    INSERT INTO benefits_runamount AS counted (run_id, amount, amount_currency, people)
    SELECT run_id, amount, 'CNY', count(*) FROM listed WHERE run_id IS NOT NULL GROUP BY run_id, amount
        ON CONFLICT (run_id, amount) DO UPDATE SET people = counted.people + EXCLUDED.people;
    RETURN NULL;
END $$;
