-- All that a schema is made of, a line each, in an order of its own: kind, name, what it is, and what more is said of it.
-- The order of columns doesn't count: a downgrade that brings one back puts it last.
WITH relations AS (
  SELECT c.oid, c.relkind, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
)
SELECT concat_ws(E'\t', kind, name, regexp_replace(def, '\s+', ' ', 'g'), regexp_replace(more, '\s+', ' ', 'g')) FROM (
  SELECT 'table' AS kind, name, CASE relkind WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' ELSE 'plain' END AS def, '' AS more
  FROM relations WHERE relkind IN ('r', 'p', 'f')
  UNION ALL
  SELECT 'view', name, pg_get_viewdef(oid), '' FROM relations WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 'sequence', name, '', '' FROM relations WHERE relkind = 'S'
  UNION ALL
  SELECT 'column', r.name || '.' || a.attname, format_type(a.atttypid, a.atttypmod), concat_ws(' ',
    CASE WHEN a.attnotnull THEN 'not null' END,
    CASE WHEN a.attidentity <> '' THEN 'identity' WHEN a.attgenerated <> '' THEN 'generated' WHEN d.oid IS NOT NULL THEN 'default' END,
    pg_get_expr(d.adbin, d.adrelid))
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE r.relkind IN ('r', 'p', 'f')
  UNION ALL
  SELECT 'constraint', r.name || '.' || c.conname, pg_get_constraintdef(c.oid), ''
  FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid WHERE c.contype <> 'n'
  UNION ALL
  SELECT 'index', r.name, pg_get_indexdef(r.oid), ''
  FROM relations r WHERE r.relkind IN ('i', 'I') AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = r.oid)
  UNION ALL
  SELECT 'type', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder), ''
  FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.oid, t.typname
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc), ''
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  UNION ALL
  SELECT 'trigger', r.name || '.' || t.tgname, pg_get_triggerdef(t.oid), ''
  FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
  UNION ALL
  SELECT 'rows', name, (xpath('/row/rows/text()', query_to_xml(format('SELECT count(*) AS rows FROM %I.%I', nspname, relname), false, true, '')))[1]::text, ''
  FROM relations WHERE relkind IN ('r', 'p') AND relname NOT IN ('alembic_version', 'django_migrations')
) AS facts ORDER BY 1;
