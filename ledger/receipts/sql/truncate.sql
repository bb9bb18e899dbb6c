-- No table of receipts is ever emptied (receipts and their lines refuse it already).
CREATE TRIGGER series_is_not_emptied BEFORE TRUNCATE ON receipts_series
    FOR EACH STATEMENT EXECUTE FUNCTION receipts_refuse_change();
CREATE TRIGGER look_up_count_is_not_emptied BEFORE TRUNCATE ON receipts_lookupcount
    FOR EACH STATEMENT EXECUTE FUNCTION receipts_refuse_change();
CREATE TRIGGER look_up_window_is_not_emptied BEFORE TRUNCATE ON receipts_lookupwindow
    FOR EACH STATEMENT EXECUTE FUNCTION receipts_refuse_change();
