"""The catalog of a PostgreSQL ledger is read into texts that can be compared."""

from __future__ import annotations

__all__ = ["CATALOG", "RIGHTS"]

_HERE = "(SELECT oid FROM pg_namespace WHERE nspname = 'flopledger')"

CATALOG = f"""
SELECT CASE c.relkind WHEN 'r' THEN 'table ' WHEN 'i' THEN 'index ' ELSE 'relation ' END
       || c.relname,
       CASE c.relkind
       WHEN 'i' THEN pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
       WHEN 'r' THEN (
           SELECT string_agg(
               a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
               || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
               || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ' DEFAULT' ELSE '' END,
               ', ' ORDER BY a.attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
           || CASE WHEN c.relpersistence = 'p' THEN '' ELSE ' UNLOGGED' END
           || CASE WHEN c.relrowsecurity THEN ' ROW SECURITY' ELSE '' END
           || CASE WHEN EXISTS (SELECT FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent))
              THEN ' INHERITS' ELSE '' END
       ELSE 'kind ' || c.relkind::text END
FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relnamespace = {_HERE}
UNION ALL
SELECT 'constraint ' || o.conname || ' on ' || coalesce(c.relname, 'no table'),
       pg_get_constraintdef(o.oid)
FROM pg_constraint o LEFT JOIN pg_class c ON c.oid = o.conrelid
WHERE o.connamespace = {_HERE} AND o.contype NOT IN ('n', 't')
UNION ALL
SELECT 'trigger ' || t.tgname || ' on ' || c.relname, pg_get_triggerdef(t.oid) || CASE t.tgenabled
    WHEN 'A' THEN ' ENABLE ALWAYS' WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLE REPLICA'
    ELSE '' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = {_HERE} AND NOT t.tgisinternal
UNION ALL
SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    l.lanname
    || CASE p.provolatile WHEN 'v' THEN ' ' WHEN 's' THEN ' STABLE ' ELSE ' IMMUTABLE ' END
    || coalesce(array_to_string(p.proconfig, ' ') || ' ', '')
    || CASE WHEN p.prosecdef THEN 'SECURITY DEFINER ' ELSE '' END || p.prosrc
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = {_HERE}
UNION ALL
SELECT 'rule ' || r.rulename || ' on ' || c.relname, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = {_HERE} AND c.relkind = 'r'
UNION ALL
SELECT 'policy ' || y.polname || ' on ' || c.relname, pg_get_expr(y.polqual, y.polrelid)
FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid WHERE c.relnamespace = {_HERE}
"""  # noqa: S608 - no text of a user stands in it
"""Gives (name, text) of everything in the schema; the texts are those of PUBLISHED_CATALOG."""

RIGHTS = f"""
WITH granted AS (
    SELECT 'schema' AS what, 'schema flopledger' AS name, n.nspowner AS owner, x.*
    FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'flopledger'
    UNION ALL
    SELECT c.relname, c.relname, c.relowner, x.*
    FROM pg_class c, aclexplode(c.relacl) x WHERE c.relnamespace = {_HERE}
    UNION ALL
    SELECT 'column', c.relname || '.' || a.attname, c.relowner, x.*
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
    WHERE c.relnamespace = {_HERE})
SELECT 'right of ' || coalesce(r.rolname::text, 'everybody') || ' on ' || g.name,
       string_agg(g.privilege_type
                  || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END,
                  ', ' ORDER BY g.privilege_type)
FROM granted g LEFT JOIN pg_roles r ON r.oid = g.grantee
WHERE g.grantee <> g.owner AND (g.grantee = 0 OR g.is_grantable OR NOT (
    (g.what = 'schema' AND g.privilege_type = 'USAGE')
    OR (g.what IN ('entries', 'openings', 'keys', 'heads', 'meta') AND g.privilege_type = 'SELECT')
    OR (g.what IN ('entries', 'openings', 'keys', 'heads') AND g.privilege_type = 'INSERT')))
GROUP BY 1
UNION ALL
SELECT 'owner of ' || c.relname, pg_get_userbyid(c.relowner)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'flopledger' AND c.relowner <> n.nspowner
"""  # noqa: S608 - no text of a user stands in it
"""Gives every right beyond the published ones: who writes may SELECT and INSERT, and no more."""
