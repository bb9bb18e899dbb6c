-- Levels, prizes, evidence and exclusions of rules in force stay as they are, like the shares (PH051).
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['amounttier', 'rankprize', 'evidencekind', 'exclusiveprogramme'] LOOP
        EXECUTE format('CREATE TRIGGER %s_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON benefits_%s
                        FOR EACH ROW EXECUTE FUNCTION benefits_guard_share()', kept, kept);
        EXECUTE format('CREATE TRIGGER %s_is_not_emptied BEFORE TRUNCATE ON benefits_%s
                        FOR EACH STATEMENT EXECUTE FUNCTION benefits_refuse_truncate()', kept, kept);
    END LOOP;
END $$;
