-- What the books keep for themselves is written with the rights of their owner, so that the role of the application needs
-- none on it (ledger.books.application_role).
ALTER FUNCTION books_apply_transfers() SECURITY DEFINER;
ALTER FUNCTION books_prepare_account() SECURITY DEFINER;
ALTER FUNCTION books_guard_hold() SECURITY DEFINER;
ALTER FUNCTION books_guard_voucher() SECURITY DEFINER;
ALTER FUNCTION books_fill_anchor() SECURITY DEFINER;
