-- What vouchers say, written so that many can be verified at once; files attached to them; daily anchors (books 0007).

-- The lines of vouchers, each as the text that its hash proves. The text is the same as before, so that older vouchers
-- keep their hashes; a view and no function of rows, because PostgreSQL plans views as part of the query.
CREATE VIEW books_voucher_line AS
SELECT e.voucher_id, f.book_id, t.id AS transaction_id, f.line,
       concat_ws('|', t.id, t.external_key, to_char(t.date, 'YYYY-MM-DD'), t.kind, quote_literal(t.summary), t.document,
                 f.line, f.debit_id, f.credit_id, f.amount, f.amount_currency, f.is_red, f.project, f.fund_source,
                 f.party, 'nature=' || nullif(f.nature, ''), 'economic=' || nullif(f.economic_class, ''),
                 'rule=' || nullif(t.rule, '')) AS text
  FROM books_voucherentry e
  JOIN books_transaction t ON t.id = e.transaction_id
  JOIN books_transfer f ON f.transaction_id = t.id;

-- The head of a voucher, with the digests of its files when it has any.
CREATE FUNCTION books_head_text(v books_voucher) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', v.book_id, v.word, v.month, v.number, v.sequence, to_char(v.date, 'YYYY-MM-DD'),
                     quote_literal(v.summary), v.attachments, v.prepared_by_id, v.checked_by_id,
                     (SELECT 'files=' || string_agg(encode(sha256, 'hex'), ',' ORDER BY id)
                        FROM books_voucherfile WHERE voucher_id = v.id))
$$;

CREATE OR REPLACE FUNCTION books_voucher_content(v books_voucher) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT books_head_text(v) || E'\n' || coalesce(string_agg(text, E'\n' ORDER BY transaction_id, line), '')
      FROM books_voucher_line WHERE voucher_id = v.id
$$;

-- Files and entries belong to the voucher they prove: they come and go while it is a draft, and stay as they are
-- afterwards. The row is locked, so that nothing slips in while somebody else posts the voucher.
CREATE FUNCTION books_refuse_posted_voucher(voucher bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM books_voucher WHERE id = voucher FOR SHARE) = 'posted' THEN
        RAISE EXCEPTION 'posted vouchers are never changed' USING ERRCODE = 'PH001';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION books_guard_voucher_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'what a voucher proves is not moved to another' USING ERRCODE = 'PH001';
    END IF;
    PERFORM books_refuse_posted_voucher(CASE WHEN TG_OP = 'DELETE' THEN OLD.voucher_id ELSE NEW.voucher_id END);
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER voucher_file_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON books_voucherfile
    FOR EACH ROW EXECUTE FUNCTION books_guard_voucher_entry();
CREATE TRIGGER voucher_files_are_not_emptied BEFORE TRUNCATE ON books_voucherfile
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();

-- Anchors: one a day over the chains that have grown since the one before, chained among themselves. A copy kept outside
-- shows whether somebody with every right on this database has rewritten a chain from the start.
ALTER TABLE books_voucher_chain ADD COLUMN anchored_sequence int NOT NULL DEFAULT 0;

CREATE FUNCTION books_anchor_hash(a books_anchor) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(a.previous_hash || convert_to(to_char(a.day, 'YYYY-MM-DD') || E'\n' || a.heads, 'UTF8'))
$$;

CREATE FUNCTION books_fill_anchor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7003, 0);
    IF NEW.day > (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'a day that has not come has no anchor' USING ERRCODE = 'PH001';
    ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the books are written in READ COMMITTED' USING ERRCODE = 'PH011';
    ELSIF EXISTS (SELECT FROM books_anchor WHERE day >= NEW.day) THEN
        RAISE EXCEPTION 'an anchor of this day or a later one exists' USING ERRCODE = 'PH001';
    END IF;
    NEW.taken_at := clock_timestamp();
    NEW.previous_hash := coalesce((SELECT hash FROM books_anchor ORDER BY day DESC LIMIT 1), sha256(''));
    WITH grown AS (
        UPDATE books_voucher_chain SET anchored_sequence = last_sequence WHERE last_sequence > anchored_sequence
        RETURNING book_id, last_sequence, last_hash
    )
    SELECT coalesce(string_agg(concat_ws('|', b.code, g.last_sequence, encode(g.last_hash, 'hex')), E'\n' ORDER BY b.code), '')
      INTO NEW.heads FROM grown g JOIN books_book b ON b.id = g.book_id;
    NEW.hash := books_anchor_hash(NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER anchor_is_filled BEFORE INSERT ON books_anchor FOR EACH ROW EXECUTE FUNCTION books_fill_anchor();
CREATE TRIGGER anchor_is_immutable BEFORE UPDATE OR DELETE ON books_anchor
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER anchors_are_not_emptied BEFORE TRUNCATE ON books_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
