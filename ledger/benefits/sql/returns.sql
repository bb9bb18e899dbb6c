-- A payment that came back is owed until it is paid again: the expenditure is booked once, and nobody is paid twice.

CREATE TRIGGER return_is_not_emptied BEFORE TRUNCATE ON benefits_return
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_refuse_truncate();

-- Whether a transaction of the payer's book moves this amount for this person on 21501 (退汇待重发), on this side.
CREATE FUNCTION benefits_moves_returned(posted bigint, key text, on_day date, side_of text, c benefits_commitment)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT count(*) > 0 AND sum(p.amount) = c.amount
      FROM books_transaction t
      JOIN books_book b ON b.id = t.book_id
      JOIN books_posting p ON p.transaction_id = t.id
      JOIN books_account a ON a.id = p.account_id
     WHERE t.id = posted AND t.external_key = key AND t.date = on_day AND b.union_id = c.payer_id
       AND a.code = '21501' AND p.side = side_of AND p.party = c.party
$$;

CREATE FUNCTION benefits_guard_return() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owed benefits_commitment;
    line payouts_batchline;
    again payouts_batchline;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.transaction_id IS NOT NULL THEN
            RAISE EXCEPTION 'a return that is booked stays' USING ERRCODE = 'PH053';
        END IF;
        RETURN OLD;
    END IF;
    SELECT * INTO owed FROM benefits_commitment WHERE id = NEW.commitment_id;
    SELECT * INTO line FROM payouts_batchline WHERE id = NEW.line_id;
    IF TG_OP = 'INSERT' OR OLD.transaction_id IS NULL THEN
        IF (owed.state, owed.payout_line_id) IS DISTINCT FROM ('paid', NEW.line_id)
            OR line.settled_on IS NULL OR NEW.came_back_on < line.settled_on OR NEW.repaid_with_id IS NOT NULL
            OR TG_OP = 'UPDATE' AND (NEW.id, NEW.commitment_id, NEW.line_id) IS DISTINCT FROM
                                    (OLD.id, OLD.commitment_id, OLD.line_id) THEN
            RAISE EXCEPTION 'only what was paid comes back, not before it was paid' USING ERRCODE = 'PH053';
        END IF;
        IF NEW.transaction_id IS NOT NULL AND NOT benefits_moves_returned(
            NEW.transaction_id, 'returned:' || line.reference, NEW.came_back_on, 'C', owed) THEN
            RAISE EXCEPTION 'transaction % does not book return %', NEW.transaction_id, NEW.id USING ERRCODE = 'PH053';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO again FROM payouts_batchline WHERE id = owed.payout_line_id;
    IF OLD.repaid_with_id IS NOT NULL OR again.id = NEW.line_id
        OR to_jsonb(NEW) - 'repaid_on' - 'repaid_with_id' IS DISTINCT FROM to_jsonb(OLD) - 'repaid_on' - 'repaid_with_id'
        OR (again.state, again.settled_on) IS DISTINCT FROM ('paid', NEW.repaid_on)
        OR NOT benefits_moves_returned(NEW.repaid_with_id, 'repaid:' || again.reference, NEW.repaid_on, 'D', owed) THEN
        RAISE EXCEPTION 'return % is paid again once, by a payment that arrived', NEW.id USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER return_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_return
    FOR EACH ROW EXECUTE FUNCTION benefits_guard_return();

-- Paid is left only by a return that is booked; what was booked stays on the commitment.
CREATE OR REPLACE FUNCTION benefits_guard_commitment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_owed boolean;
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'cancelled'
        OR (NEW.id, NEW.member_id, NEW.programme_id, NEW.version_id, NEW.year_key, NEW.payer_id, NEW.amount, NEW.run_id,
            NEW.claim_id, NEW.party)
           IS DISTINCT FROM (OLD.id, OLD.member_id, OLD.programme_id, OLD.version_id, OLD.year_key, OLD.payer_id,
                             OLD.amount, OLD.run_id, OLD.claim_id, OLD.party) THEN
        RAISE EXCEPTION 'a commitment keeps person, programme, year and amount' USING ERRCODE = 'PH053';
    END IF;
    IF OLD.transaction_id IS NULL THEN
        IF NEW.state = 'returned' THEN
            RAISE EXCEPTION 'commitment % was not paid and cannot come back', OLD.id USING ERRCODE = 'PH053';
        END IF;
        RETURN NEW;
    END IF;
    SELECT EXISTS (SELECT FROM benefits_return r
                    WHERE r.commitment_id = OLD.id AND r.transaction_id IS NOT NULL AND r.repaid_with_id IS NULL)
      INTO is_owed;
    IF (NEW.transaction_id, NEW.paid_on) IS DISTINCT FROM (OLD.transaction_id, OLD.paid_on)
        OR is_owed = (NEW.state = 'paid')
        OR OLD.state = 'paid' AND to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'commitment % is paid; it is paid again only after it came back', OLD.id USING ERRCODE = 'PH053';
    END IF;
    RETURN NEW;
END $$;
