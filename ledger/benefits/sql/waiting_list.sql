-- The waiting list: whoever gives up a place hands it to the first in line, whatever statement gave it up. SQLSTATE PH058.
-- Joiners and releasers of a campaign take turns under its queue lock (ledger.books.locks.QUEUE_LOCK), so that nobody
-- joins a line while a place is given up to nobody. Whoever takes a free place never touches that lock.

CREATE FUNCTION benefits_lock_queue(of_campaign bigint) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(7005, of_campaign::integer)
$$;

-- The next number in line, given under the lock. While a place is free no row is written: take that place instead.
CREATE FUNCTION benefits_join_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT waitlist FROM benefits_campaign WHERE id = NEW.campaign_id) THEN
        RAISE EXCEPTION 'campaign % has no waiting list', NEW.campaign_id USING ERRCODE = 'PH058';
    END IF;
    PERFORM benefits_lock_queue(NEW.campaign_id);
    IF EXISTS (SELECT FROM benefits_place WHERE campaign_id = NEW.campaign_id AND is_free) THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(waiting_number), 0) + 1 INTO NEW.waiting_number
      FROM benefits_claim WHERE campaign_id = NEW.campaign_id;
    RETURN NEW;
END $$;
CREATE TRIGGER claim_joins_the_line BEFORE INSERT ON benefits_claim
    FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION benefits_join_line();

-- A claim keeps person, campaign and its place or number in line, its money once the evidence is checked, and everything
-- once decided. Only a place that is given up, below, moves a claim from the line to that place.
CREATE OR REPLACE FUNCTION benefits_guard_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'rejected', 'withdrawn') AND (TG_OP = 'DELETE' OR NEW IS DISTINCT FROM OLD)
        OR TG_OP = 'UPDATE' AND (
            (NEW.id, NEW.campaign_id, NEW.programme_id, NEW.year_key, NEW.member_id, NEW.waiting_number, NEW.claimed_at,
             NEW.entered_by_id)
            IS DISTINCT FROM
            (OLD.id, OLD.campaign_id, OLD.programme_id, OLD.year_key, OLD.member_id, OLD.waiting_number, OLD.claimed_at,
             OLD.entered_by_id)
            OR (NEW.place_id, NEW.place_number, NEW.promoted_at)
               IS DISTINCT FROM (OLD.place_id, OLD.place_number, OLD.promoted_at)
               AND NOT (OLD.state = 'waiting' AND NEW.state = 'submitted' AND pg_trigger_depth() > 1)
            OR OLD.state = 'waiting' AND NEW.state IN ('verified', 'approved')
            OR OLD.state <> 'waiting' AND NEW.state = 'waiting'
            OR OLD.state = 'verified' AND (NEW.fare, NEW.fare_currency, NEW.amount, NEW.amount_currency, NEW.verified_by_id)
               IS DISTINCT FROM (OLD.fare, OLD.fare_currency, OLD.amount, OLD.amount_currency, OLD.verified_by_id)
            OR OLD.state = 'verified' AND NEW.state = 'submitted'
            OR OLD.state = 'submitted' AND NEW.state = 'approved') THEN
        RAISE EXCEPTION 'a claim keeps its person and place, and what was decided about it' USING ERRCODE = 'PH053';
    END IF;
    IF TG_OP = 'DELETE' OR NEW.state IN ('rejected', 'withdrawn') AND OLD.state <> NEW.state THEN
        PERFORM benefits_lock_queue(OLD.campaign_id);
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- A place is taken exactly as long as a live claim holds it; given up, it goes to the first in line until the close.
CREATE OR REPLACE FUNCTION benefits_keep_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE benefits_place SET is_free = false WHERE id = NEW.place_id;
        RETURN NULL;
    END IF;
    UPDATE benefits_claim
       SET state = 'submitted', place_id = OLD.place_id, place_number = OLD.place_number, promoted_at = clock_timestamp()
     WHERE id = (SELECT w.id FROM benefits_claim w JOIN benefits_campaign c ON c.id = w.campaign_id
                  WHERE w.campaign_id = OLD.campaign_id AND w.state = 'waiting' AND c.closes_at > clock_timestamp()
                  ORDER BY w.waiting_number LIMIT 1 FOR UPDATE OF w);
    IF NOT FOUND THEN
        UPDATE benefits_place SET is_free = true WHERE id = OLD.place_id;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER claim_takes_its_place ON benefits_claim;
DROP TRIGGER claim_gives_its_place_back ON benefits_claim;
DROP TRIGGER claim_leaves_its_place ON benefits_claim;
CREATE TRIGGER claim_takes_its_place AFTER INSERT ON benefits_claim
    FOR EACH ROW WHEN (NEW.place_id IS NOT NULL AND NOT (NEW.state IN ('rejected', 'withdrawn')))
    EXECUTE FUNCTION benefits_keep_place();
CREATE TRIGGER claim_gives_its_place_back AFTER UPDATE OF state ON benefits_claim
    FOR EACH ROW WHEN (OLD.place_id IS NOT NULL AND NEW.state IN ('rejected', 'withdrawn')
                       AND NOT (OLD.state IN ('rejected', 'withdrawn')))
    EXECUTE FUNCTION benefits_keep_place();
CREATE TRIGGER claim_leaves_its_place AFTER DELETE ON benefits_claim
    FOR EACH ROW WHEN (OLD.place_id IS NOT NULL AND NOT (OLD.state IN ('rejected', 'withdrawn')))
    EXECUTE FUNCTION benefits_keep_place();
