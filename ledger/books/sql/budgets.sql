-- Budgets are for level-1 accounts of income and expenditure of their own book (books 0010).
CREATE FUNCTION books_check_budget() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM books_account WHERE id = NEW.account_id AND book_id = NEW.book_id AND length(code) = 3
                      AND account_class IN ('income', 'expense')) THEN
        RAISE EXCEPTION 'a budget is for a level-1 account of income or expenditure of its book' USING ERRCODE = 'PH003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_is_checked BEFORE INSERT OR UPDATE ON books_accountbudget
    FOR EACH ROW EXECUTE FUNCTION books_check_budget();
CREATE TRIGGER budgets_are_not_emptied BEFORE TRUNCATE ON books_accountbudget
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
