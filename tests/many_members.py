"""Members by the hundred thousand, made by the database; their ID and card numbers are no real ones and never read."""

from __future__ import annotations

from django.db import connection

from portal.unions.models import Union
from tests.factories import TODAY

_MEMBERS = """
INSERT INTO members_member (name, id_number, id_number_index, id_number_last4, born_on, phone, job_group,
                            is_migrant_worker, is_nonlocal_worker, is_casual_worker, created_at, is_demo)
SELECT '示例', '', 'many:' || n, '0000', '1990-01-01', '', 'other', true, false, false, now(), true
  FROM generate_series(%(first)s::int, %(last)s::int) AS n"""
_MEMBERSHIPS = """
INSERT INTO members_membership (member_id, union_id, number, started_on, end_reason)
SELECT id, %(union)s, 'M' || id, %(since)s, '' FROM members_member
 WHERE id_number_index IN (SELECT 'many:' || n FROM generate_series(%(first)s::int, %(last)s::int) AS n)"""
_CARDS = """
INSERT INTO members_servicecard (member_id, bank, number, number_index, last4, holder, status, since, is_demo)
SELECT id, '示例银行', '', 'many:' || id, '0000', name, 'active', now(), true FROM members_member
 WHERE id_number_index IN (SELECT 'many:' || n FROM generate_series(%(first)s::int, %(last)s::int) AS n)"""


def many_migrants(union: Union, count: int, *, first: int = 1) -> None:
    """So many migrant workers of the union with a card, numbered from ``first``."""
    numbers = {"first": first, "last": first + count - 1, "union": union.pk, "since": TODAY}
    with connection.cursor() as cursor:
        for statement in (_MEMBERS, _MEMBERSHIPS, _CARDS):
            cursor.execute(statement, numbers)
        cursor.execute("ANALYZE members_member, members_membership, members_servicecard")
