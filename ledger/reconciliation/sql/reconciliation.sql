-- What the database itself refuses about statements and matches; SQLSTATE PH04x become exceptions in
-- ledger.reconciliation.errors.

CREATE FUNCTION reconciliation_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'PH041';
END $$;
CREATE TRIGGER statement_is_not_emptied BEFORE TRUNCATE ON reconciliation_statement
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_refuse_truncate();
CREATE TRIGGER statement_line_is_not_emptied BEFORE TRUNCATE ON reconciliation_statementline
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_refuse_truncate();
CREATE TRIGGER match_is_not_emptied BEFORE TRUNCATE ON reconciliation_match
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_refuse_truncate();
CREATE TRIGGER match_line_is_not_emptied BEFORE TRUNCATE ON reconciliation_matchline
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_refuse_truncate();
CREATE TRIGGER match_posting_is_not_emptied BEFORE TRUNCATE ON reconciliation_matchposting
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_refuse_truncate();

-- Statements: what the bank said stays ------------------------------------------------------------------------------

CREATE FUNCTION reconciliation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'PH041';
END $$;
CREATE TRIGGER statement_is_final BEFORE UPDATE OR DELETE ON reconciliation_statement
    FOR EACH ROW EXECUTE FUNCTION reconciliation_refuse_change();
CREATE TRIGGER statement_line_stays BEFORE DELETE ON reconciliation_statementline
    FOR EACH ROW EXECUTE FUNCTION reconciliation_refuse_change();

-- Only the state of a line moves, and only as its match does.
CREATE FUNCTION reconciliation_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'line % is as the bank said', OLD.id USING ERRCODE = 'PH041';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER statement_line_is_final BEFORE UPDATE ON reconciliation_statementline
    FOR EACH ROW EXECUTE FUNCTION reconciliation_guard_line();

-- New lines continue the chain of their account: next place, a day not before, balance = balance before + amount.
CREATE FUNCTION reconciliation_check_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_rows n
          JOIN reconciliation_statement s ON s.id = n.statement_id
          LEFT JOIN reconciliation_statementline p
                 ON p.bank_account_id = n.bank_account_id AND p.sequence = n.sequence - 1
         WHERE n.state <> 'open' OR s.bank_account_id <> n.bank_account_id
            OR n.balance_after <> coalesce(p.balance_after, 0) + n.amount
            OR p.booked_on > n.booked_on
            OR p.id IS NULL AND (n.sequence > 1 OR EXISTS (
                SELECT FROM reconciliation_statementline o
                 WHERE o.bank_account_id = n.bank_account_id AND o.sequence < n.sequence))) THEN
        RAISE EXCEPTION 'the lines do not follow from the balances before them' USING ERRCODE = 'PH042';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER statement_lines_chain AFTER INSERT ON reconciliation_statementline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_check_chain();

-- Matches: made whole in one database transaction, undone once, never changed -----------------------------------------

ALTER TABLE reconciliation_match ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION reconciliation_guard_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'match % stays on record', OLD.id USING ERRCODE = 'PH041';
    END IF;
    IF OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
       OR to_jsonb(NEW) - ARRAY['undone_at', 'undone_by_id', 'undone_reason']
          IS DISTINCT FROM to_jsonb(OLD) - ARRAY['undone_at', 'undone_by_id', 'undone_reason'] THEN
        RAISE EXCEPTION 'match % can only be undone, once', OLD.id USING ERRCODE = 'PH041';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER match_is_guarded BEFORE UPDATE OR DELETE ON reconciliation_match
    FOR EACH ROW EXECUTE FUNCTION reconciliation_guard_match();

CREATE FUNCTION reconciliation_release_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconciliation_matchline SET live = false WHERE match_id = NEW.id AND live;
    UPDATE reconciliation_matchposting SET live = false WHERE match_id = NEW.id AND live;
    RETURN NULL;
END $$;
CREATE TRIGGER undone_match_lets_go AFTER UPDATE ON reconciliation_match
    FOR EACH ROW EXECUTE FUNCTION reconciliation_release_match();

CREATE FUNCTION reconciliation_guard_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR pg_trigger_depth() < 2
       OR to_jsonb(NEW) - 'live' IS DISTINCT FROM to_jsonb(OLD) - 'live' OR NEW.live THEN
        RAISE EXCEPTION 'what match % joined stays on record', OLD.match_id USING ERRCODE = 'PH041';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER match_line_is_guarded BEFORE UPDATE OR DELETE ON reconciliation_matchline
    FOR EACH ROW EXECUTE FUNCTION reconciliation_guard_member();
CREATE TRIGGER match_posting_is_guarded BEFORE UPDATE OR DELETE ON reconciliation_matchposting
    FOR EACH ROW EXECUTE FUNCTION reconciliation_guard_member();

CREATE FUNCTION reconciliation_check_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows n JOIN reconciliation_match m ON m.id = n.match_id
                WHERE NOT n.live OR m.undone_at IS NOT NULL OR m.xid <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'nothing is added to a match later' USING ERRCODE = 'PH041';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER match_lines_come_with_the_match AFTER INSERT ON reconciliation_matchline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_check_members();
CREATE TRIGGER match_postings_come_with_the_match AFTER INSERT ON reconciliation_matchposting
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_check_members();

CREATE FUNCTION reconciliation_mark_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconciliation_statementline l SET state = CASE WHEN n.live THEN 'matched' ELSE 'open' END
      FROM new_rows n WHERE l.id = n.line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER matched_lines_are_marked AFTER INSERT ON reconciliation_matchline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_mark_lines();
CREATE TRIGGER released_lines_are_marked AFTER UPDATE ON reconciliation_matchline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_mark_lines();

-- A posting as the bank account sees it: debit in, credit out, red the other way round.
CREATE VIEW reconciliation_bankposting AS
SELECT k.id AS bank_account_id, p.id, p.transfer_id, p.side, p.transaction_id,
       CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END AS amount
  FROM books_bankaccount k JOIN books_posting p ON p.account_id = k.account_id;

-- At commit the two sides of a match are the same money of the same bank account.
CREATE FUNCTION reconciliation_check_match() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    members bigint;
    ours bigint;
    difference numeric;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE bank_account_id = NEW.bank_account_id), coalesce(sum(amount), 0)
      INTO members, ours, difference
      FROM (SELECT l.bank_account_id, l.amount
              FROM reconciliation_matchline m JOIN reconciliation_statementline l ON l.id = m.line_id
             WHERE m.match_id = NEW.id
            UNION ALL
            SELECT k.id, CASE WHEN (m.side = 'D') = t.is_red THEN t.amount ELSE -t.amount END
              FROM reconciliation_matchposting m JOIN books_transfer t ON t.id = m.transfer_id
              LEFT JOIN books_bankaccount k
                     ON k.account_id = CASE m.side WHEN 'D' THEN t.debit_id ELSE t.credit_id END
             WHERE m.match_id = NEW.id) AS joined;
    IF members < 2 OR ours <> members OR difference <> 0 THEN
        RAISE EXCEPTION 'match % has % members, % of its account, and differs by %', NEW.id, members, ours, difference
            USING ERRCODE = 'PH043';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER match_adds_up AFTER INSERT ON reconciliation_match
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reconciliation_check_match();
