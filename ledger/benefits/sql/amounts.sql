-- What a list pays, as the database counts it: so many people get so much. Funders bear these rows, not the lines.

INSERT INTO benefits_runamount (run_id, amount, amount_currency, people)
SELECT run_id, amount, 'CNY', count(*) FROM benefits_commitment WHERE run_id IS NOT NULL GROUP BY run_id, amount;

-- A commitment keeps its list and its amount and is never deleted (benefits_guard_commitment): counting new ones is enough.
CREATE FUNCTION benefits_count_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO benefits_runamount AS counted (run_id, amount, amount_currency, people)
    SELECT run_id, amount, 'CNY', count(*) FROM listed WHERE run_id IS NOT NULL GROUP BY run_id, amount
        ON CONFLICT (run_id, amount) DO UPDATE SET people = counted.people + EXCLUDED.people;
    RETURN NULL;
END $$;
CREATE TRIGGER listed_people_are_counted AFTER INSERT ON benefits_commitment
    REFERENCING NEW TABLE AS listed FOR EACH STATEMENT EXECUTE FUNCTION benefits_count_listed();

CREATE FUNCTION benefits_guard_run_amount() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a list pays is counted from its people and never written' USING ERRCODE = 'PH053';
END $$;
CREATE TRIGGER run_amount_is_counted BEFORE INSERT OR UPDATE OR DELETE ON benefits_runamount
    FOR EACH ROW WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION benefits_guard_run_amount();
CREATE TRIGGER runamount_is_not_emptied BEFORE TRUNCATE ON benefits_runamount
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_refuse_truncate();

-- What a union has promised of a programme in a year (ledger.benefits.sharing in SQL): its part of every payment of an
-- approved list and of every place of a campaign, rounded down to the fen; the bearer of the remainder takes what is left.
CREATE OR REPLACE FUNCTION benefits_promised(bearer bigint, of_programme bigint, in_year integer) RETURNS numeric
LANGUAGE sql STABLE AS $$
    WITH promise AS (
        SELECT r.version_id, r.union_id, a.amount, a.people AS pieces
          FROM benefits_run r JOIN benefits_runamount a ON a.run_id = r.id
          JOIN benefits_programmeversion v ON v.id = r.version_id
         WHERE v.programme_id = of_programme AND r.state = 'approved' AND r.year_key = in_year
         UNION ALL
        SELECT c.version_id, c.union_id, v.amount, c.places
          FROM benefits_campaign c JOIN benefits_programmeversion v ON v.id = c.version_id
         WHERE v.programme_id = of_programme AND c.year_key = in_year
    ), payment AS (
        SELECT DISTINCT version_id, amount FROM promise
    ), part AS (
        SELECT p.version_id, p.amount, s.level, p.amount * 100 AS fen,
               div(p.amount * 100 * s.basis_points, 10000) AS share_fen,
               row_number() OVER (PARTITION BY p.version_id, p.amount
                                  ORDER BY NOT s.takes_remainder, s.basis_points DESC, s.id) AS nth
          FROM payment p JOIN benefits_fundingshare s ON s.version_id = p.version_id
    ), whole AS (
        SELECT version_id, amount, level,
               share_fen + CASE WHEN nth = 1 THEN fen - sum(share_fen) OVER (PARTITION BY version_id, amount) ELSE 0 END AS fen
          FROM part
    )
    SELECT coalesce(sum(p.pieces * w.fen), 0) / 100
      FROM promise p JOIN whole w ON (w.version_id, w.amount) = (p.version_id, p.amount)
      JOIN unions_union payer ON payer.id = p.union_id
      JOIN unions_union b ON b.id = bearer AND b.kind = w.level AND starts_with(payer.path, b.path)
     WHERE length(b.path) = (SELECT max(length(a.path)) FROM unions_union a
                              WHERE a.kind = w.level AND starts_with(payer.path, a.path))
$$;

-- Who gets how much on a list, as one digest. Digests of a thousand members each keep the memory flat at any length.
CREATE FUNCTION benefits_list_digest(of_run bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(coalesce(string_agg(digest, '' ORDER BY block), '')), 'hex')
      FROM (SELECT member_id / 1000 AS block,
                   sha256(string_agg(id || ' ' || member_id || ' ' || amount, E'\n' ORDER BY member_id, id)::bytea) AS digest
              FROM benefits_commitment WHERE run_id = of_run GROUP BY 1) AS blocks
$$;
