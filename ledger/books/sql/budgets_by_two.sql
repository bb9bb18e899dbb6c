-- A budget is proposed by one person and confirmed by another; then it stays as it is (books 0013).
CREATE OR REPLACE FUNCTION books_check_budget() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- The rows are locked, so that nothing slips in while somebody else confirms.
    PERFORM FROM books_budget WHERE id IN (OLD.budget_id, NEW.budget_id) FOR SHARE;
    IF EXISTS (SELECT FROM books_budget WHERE id IN (OLD.budget_id, NEW.budget_id) AND confirmed_by_id IS NOT NULL) THEN
        RAISE EXCEPTION 'a confirmed budget keeps its lines' USING ERRCODE = 'PH001';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NOT EXISTS (SELECT FROM books_account a JOIN books_budget b ON b.book_id = a.book_id
                    WHERE a.id = NEW.account_id AND b.id = NEW.budget_id AND length(a.code) = 3
                      AND a.account_class IN ('income', 'expense')) THEN
        RAISE EXCEPTION 'a budget is for a level-1 account of income or expenditure of its book' USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_is_checked BEFORE INSERT OR UPDATE OR DELETE ON books_accountbudget
    FOR EACH ROW EXECUTE FUNCTION books_check_budget();

CREATE FUNCTION books_guard_budget() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.confirmed_by_id IS NOT NULL
       OR TG_OP = 'UPDATE' AND (OLD.id, OLD.book_id, OLD.year, OLD.approval, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.book_id, NEW.year, NEW.approval, NEW.proposed_by_id, NEW.proposed_at) THEN
        RAISE EXCEPTION 'a budget is confirmed as it was proposed and stays so' USING ERRCODE = 'PH001';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.confirmed_by_id IS NOT NULL THEN
        NEW.confirmed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_is_guarded BEFORE UPDATE OR DELETE ON books_budget
    FOR EACH ROW EXECUTE FUNCTION books_guard_budget();
CREATE TRIGGER budget_starts_unconfirmed BEFORE INSERT ON books_budget
    FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL) EXECUTE FUNCTION books_refuse_finished();
CREATE TRIGGER budget_is_not_emptied BEFORE TRUNCATE ON books_budget
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
