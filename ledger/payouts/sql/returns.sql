-- A paid line may come back (退汇), days after its batch is settled; it keeps the day on which it was paid.

CREATE OR REPLACE FUNCTION payouts_guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
    summed numeric;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'batch % is never deleted', OLD.code USING ERRCODE = 'PH031';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'prepared' THEN
            RAISE EXCEPTION 'a batch starts as prepared' USING ERRCODE = 'PH032';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.code, NEW.bank_account_id, NEW.purpose, NEW.source, NEW.format_code, NEW.value_date, NEW.line_count,
        NEW.total, NEW.total_currency, NEW.prepared_by_id, NEW.prepared_at, NEW.file_name, NEW.file_sha256)
       IS DISTINCT FROM
       (OLD.id, OLD.code, OLD.bank_account_id, OLD.purpose, OLD.source, OLD.format_code, OLD.value_date, OLD.line_count,
        OLD.total, OLD.total_currency, OLD.prepared_by_id, OLD.prepared_at, OLD.file_name, OLD.file_sha256)
       OR OLD.released_by_id IS NOT NULL
          AND (NEW.released_by_id, NEW.released_at) IS DISTINCT FROM (OLD.released_by_id, OLD.released_at) THEN
        RAISE EXCEPTION 'batch % keeps what it pays', OLD.code USING ERRCODE = 'PH031';
    END IF;
    IF OLD.state IN ('settled', 'withdrawn', 'refused') AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'batch % is %, which is final', OLD.code, OLD.state USING ERRCODE = 'PH032';
    END IF;
    IF NEW.state <> OLD.state
       AND (OLD.state, NEW.state) NOT IN (('prepared', 'released'), ('prepared', 'withdrawn'), ('released', 'sent'),
                                          ('sent', 'settled'), ('released', 'refused'), ('sent', 'refused')) THEN
        RAISE EXCEPTION 'batch % is % and cannot become %', OLD.code, OLD.state, NEW.state USING ERRCODE = 'PH032';
    END IF;
    IF OLD.state = 'prepared' AND NEW.state = 'released' THEN
        SELECT count(*), sum(amount) INTO counted, summed FROM payouts_batchline WHERE batch_id = NEW.id;
        IF (counted, summed) IS DISTINCT FROM (NEW.line_count::bigint, NEW.total) THEN
            RAISE EXCEPTION 'batch % says % lines and %, has % and %', NEW.code, NEW.line_count, NEW.total, counted,
                summed USING ERRCODE = 'PH033';
        END IF;
    ELSIF OLD.state = 'sent' AND NEW.state = 'settled' AND EXISTS (
        SELECT FROM payouts_batchline WHERE batch_id = NEW.id AND state NOT IN ('paid', 'failed', 'returned')) THEN
        RAISE EXCEPTION 'batch % has lines without a result', NEW.code USING ERRCODE = 'PH032';
    ELSIF OLD.state <> 'refused' AND NEW.state = 'refused' AND EXISTS (
        SELECT FROM payouts_batchline WHERE batch_id = NEW.id AND state NOT IN ('waiting', 'sent')) THEN
        RAISE EXCEPTION 'the bank has answered for lines of batch %', NEW.code USING ERRCODE = 'PH032';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION payouts_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    batch_state text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'line % is never deleted', OLD.reference USING ERRCODE = 'PH031';
    END IF;
    IF (NEW.id, NEW.batch_id, NEW.seq, NEW.reference, NEW.payee_name, NEW.card_number, NEW.card_last4, NEW.bank, NEW.party,
        NEW.amount, NEW.amount_currency)
       IS DISTINCT FROM
       (OLD.id, OLD.batch_id, OLD.seq, OLD.reference, OLD.payee_name, OLD.card_number, OLD.card_last4, OLD.bank, OLD.party,
        OLD.amount, OLD.amount_currency)
       OR OLD.state IN ('failed', 'withdrawn', 'refused', 'returned')
       OR OLD.state = 'paid'
          AND (NEW.state <> 'returned'
               OR to_jsonb(NEW) - 'state' - 'reason' - 'returned_on'
                  IS DISTINCT FROM to_jsonb(OLD) - 'state' - 'reason' - 'returned_on') THEN
        RAISE EXCEPTION 'line % keeps what it pays and its final result', OLD.reference USING ERRCODE = 'PH031';
    END IF;
    SELECT state INTO batch_state FROM payouts_batch WHERE id = NEW.batch_id;
    IF (OLD.state, NEW.state, batch_state) NOT IN (
        ('waiting', 'sent', 'sent'), ('waiting', 'withdrawn', 'withdrawn'),
        ('waiting', 'refused', 'refused'), ('sent', 'refused', 'refused'),
        ('paid', 'returned', 'sent'), ('paid', 'returned', 'settled'),
        ('sent', 'paid', 'sent'), ('sent', 'failed', 'sent'), ('sent', 'unknown', 'sent'),
        ('unknown', 'paid', 'sent'), ('unknown', 'failed', 'sent'), ('unknown', 'unknown', 'sent')) THEN
        RAISE EXCEPTION 'line % is % and cannot become % while its batch is %', OLD.reference, OLD.state, NEW.state,
            batch_state USING ERRCODE = 'PH032';
    END IF;
    RETURN NEW;
END $$;
