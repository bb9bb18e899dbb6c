-- What was decided stays as it was decided, places and claims agree, budgets hold what was promised, no table is emptied.
-- SQLSTATE PH053 decided, PH054 places, PH055 budgets (ledger.benefits.errors).

CREATE FUNCTION benefits_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'PH053';
END $$;
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['programme', 'programmeversion', 'fundingshare', 'budgetline', 'run', 'commitment',
                                'campaign', 'place', 'claim'] LOOP
        EXECUTE format('CREATE TRIGGER %s_is_not_emptied BEFORE TRUNCATE ON benefits_%s
                        FOR EACH STATEMENT EXECUTE FUNCTION benefits_refuse_truncate()', kept, kept);
    END LOOP;
END $$;

CREATE FUNCTION benefits_guard_new_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rules start as a draft' USING ERRCODE = 'PH051';
END $$;
CREATE TRIGGER version_starts_as_a_draft BEFORE INSERT ON benefits_programmeversion
    FOR EACH ROW WHEN (NEW.state <> 'draft') EXECUTE FUNCTION benefits_guard_new_version();

-- A list is fixed when it is prepared; approved or sent back is the end of it.
CREATE FUNCTION benefits_guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'INSERT' AND NEW.state <> 'prepared')
        OR (TG_OP = 'UPDATE' AND (
            OLD.state <> 'prepared' AND NEW IS DISTINCT FROM OLD
            OR (NEW.id, NEW.code, NEW.version_id, NEW.union_id, NEW.year_key, NEW.list_date, NEW.count, NEW.total,
                NEW.total_currency, NEW.without_card, NEW.prepared_by_id, NEW.prepared_at)
               IS DISTINCT FROM
               (OLD.id, OLD.code, OLD.version_id, OLD.union_id, OLD.year_key, OLD.list_date, OLD.count, OLD.total,
                OLD.total_currency, OLD.without_card, OLD.prepared_by_id, OLD.prepared_at))) THEN
        RAISE EXCEPTION 'a list keeps what it says and what was decided about it' USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER run_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_run
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_run();

-- A claim keeps person, place and campaign, its money once the evidence is checked, and everything once decided.
CREATE FUNCTION benefits_guard_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'rejected', 'withdrawn') AND (TG_OP = 'DELETE' OR NEW IS DISTINCT FROM OLD)
        OR TG_OP = 'UPDATE' AND (
            (NEW.id, NEW.campaign_id, NEW.programme_id, NEW.year_key, NEW.member_id, NEW.place_id, NEW.place_number,
             NEW.claimed_at, NEW.entered_by_id)
            IS DISTINCT FROM
            (OLD.id, OLD.campaign_id, OLD.programme_id, OLD.year_key, OLD.member_id, OLD.place_id, OLD.place_number,
             OLD.claimed_at, OLD.entered_by_id)
            OR OLD.state = 'verified' AND (NEW.fare, NEW.fare_currency, NEW.amount, NEW.amount_currency, NEW.verified_by_id)
               IS DISTINCT FROM (OLD.fare, OLD.fare_currency, OLD.amount, OLD.amount_currency, OLD.verified_by_id)
            OR OLD.state = 'verified' AND NEW.state = 'submitted'
            OR OLD.state = 'submitted' AND NEW.state = 'approved') THEN
        RAISE EXCEPTION 'a claim keeps its person and place, and what was decided about it' USING ERRCODE = 'PH053';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER claim_is_guarded BEFORE UPDATE OR DELETE ON benefits_claim
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_claim();

-- A place is taken exactly as long as a live claim holds it: claims keep this, nobody else (PH054).
CREATE FUNCTION benefits_keep_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE benefits_place SET is_free = false WHERE id = NEW.place_id;
    ELSE
        UPDATE benefits_place SET is_free = true WHERE id = OLD.place_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER claim_takes_its_place AFTER INSERT ON benefits_claim
    FOR EACH ROW WHEN (NOT (NEW.state IN ('rejected', 'withdrawn'))) EXECUTE FUNCTION benefits_keep_place();
CREATE TRIGGER claim_gives_its_place_back AFTER UPDATE OF state ON benefits_claim
    FOR EACH ROW WHEN (NEW.state IN ('rejected', 'withdrawn') AND NOT (OLD.state IN ('rejected', 'withdrawn')))
    EXECUTE FUNCTION benefits_keep_place();
CREATE TRIGGER claim_leaves_its_place AFTER DELETE ON benefits_claim
    FOR EACH ROW WHEN (NOT (OLD.state IN ('rejected', 'withdrawn'))) EXECUTE FUNCTION benefits_keep_place();

CREATE FUNCTION benefits_guard_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a place keeps its number and its campaign, and claims alone take it' USING ERRCODE = 'PH054';
END $$;
CREATE TRIGGER place_is_guarded BEFORE UPDATE ON benefits_place
    FOR EACH ROW WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION benefits_guard_place();
CREATE TRIGGER new_place_is_free BEFORE INSERT ON benefits_place
    FOR EACH ROW WHEN (NOT NEW.is_free) EXECUTE FUNCTION benefits_guard_place();

-- A payment is posted by its own transaction in the payer's book.
CREATE FUNCTION benefits_guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM books_transaction t JOIN books_book b ON b.id = t.book_id
                    WHERE t.id = NEW.transaction_id AND t.external_key = 'benefit:' || NEW.id
                      AND b.union_id = NEW.payer_id AND t.date = NEW.paid_on) THEN
        RAISE EXCEPTION 'commitment % is not what transaction % pays', NEW.id, NEW.transaction_id USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_is_its_own BEFORE INSERT OR UPDATE ON benefits_commitment
    FOR EACH ROW WHEN (NEW.state = 'paid') EXECUTE FUNCTION benefits_guard_payment();

-- What a union has promised of a programme in a year (ledger.benefits.sharing in SQL): its part of every approved list
-- and of every place of a campaign, rounded down to the fen; the bearer of the remainder takes what is left.
CREATE FUNCTION benefits_promised(bearer bigint, of_programme bigint, in_year integer) RETURNS numeric
LANGUAGE sql STABLE AS $$
    WITH promise AS (
        SELECT version_id, union_id, count AS pieces FROM benefits_run WHERE state = 'approved' AND year_key = in_year
         UNION ALL
        SELECT version_id, union_id, places FROM benefits_campaign WHERE year_key = in_year
    ), part AS (
        SELECT s.version_id, s.level, v.amount * 100 AS fen, div(v.amount * 100 * s.basis_points, 10000) AS share_fen,
               row_number() OVER (PARTITION BY s.version_id ORDER BY NOT s.takes_remainder, s.basis_points DESC, s.id) AS nth
          FROM benefits_fundingshare s JOIN benefits_programmeversion v ON v.id = s.version_id
         WHERE v.programme_id = of_programme
    ), whole AS (
        SELECT version_id, level,
               share_fen + CASE WHEN nth = 1 THEN fen - sum(share_fen) OVER (PARTITION BY version_id) ELSE 0 END AS fen
          FROM part
    )
    SELECT coalesce(sum(p.pieces * w.fen), 0) / 100
      FROM promise p JOIN whole w ON w.version_id = p.version_id
      JOIN unions_union payer ON payer.id = p.union_id
      JOIN unions_union b ON b.id = bearer AND b.kind = w.level AND starts_with(payer.path, b.path)
     WHERE length(b.path) = (SELECT max(length(a.path)) FROM unions_union a
                              WHERE a.kind = w.level AND starts_with(payer.path, a.path))
$$;
CREATE FUNCTION benefits_guard_budget() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF NEW.committed <> benefits_promised(NEW.union_id, NEW.programme_id, NEW.year_key) THEN
        RAISE EXCEPTION 'the budget would say % committed, promised is %', NEW.committed,
            benefits_promised(NEW.union_id, NEW.programme_id, NEW.year_key) USING ERRCODE = 'PH055';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_budgetline
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_budget();

-- Whoever was left behind by a payout withdrawn before this can be paid again.
UPDATE benefits_commitment c SET state = 'approved', payout_line_id = NULL
  FROM payouts_batchline l WHERE l.id = c.payout_line_id AND c.state = 'in_payout' AND l.state = 'withdrawn';
