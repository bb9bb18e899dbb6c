"""The audit trail and the roles are never emptied at once, not even by TRUNCATE."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION accounts_refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'PH020';
END $$;
CREATE TRIGGER audit_trail_is_not_emptied BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_emptying();
CREATE TRIGGER roles_are_not_emptied BEFORE TRUNCATE ON accounts_roleassignment
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_emptying();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_initial_passwords_are_replaced")]

    operations = [migrations.RunSQL(REFUSE, migrations.RunSQL.noop)]
