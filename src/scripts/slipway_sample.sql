-- Puts a few rows into every table that is empty, as far as types, foreign keys and simple checks tell what may stand
-- there. The last row of each holds nulls wherever it may: what migrations most often forget.
CREATE TEMP TABLE slipway_sample (name text, made int, problem text);

-- What a column may hold in row number "i", as SQL; NULL where nobody knows.
CREATE FUNCTION pg_temp.sample(col pg_attribute, i int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  kind pg_type;
  width int := CASE WHEN col.atttypmod > 4 THEN col.atttypmod - 4 END;
  words text[];
BEGIN
  SELECT * INTO kind FROM pg_type WHERE oid = col.atttypid;
  IF kind.typtype = 'd' THEN
    width := CASE WHEN kind.typtypmod > 4 THEN kind.typtypmod - 4 END;
    SELECT * INTO kind FROM pg_type WHERE oid = kind.typbasetype;
  END IF;
  IF kind.typtype = 'e' THEN
    SELECT array_agg(enumlabel ORDER BY enumsortorder) INTO words FROM pg_enum WHERE enumtypid = kind.oid;
    RETURN quote_literal(words[1 + (i - 1) % cardinality(words)]);
  END IF;
  -- What a check lists: status IN ('queued', 'done').
  SELECT array_agg(word[1]) INTO words
  FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''', 'g') AS word
  WHERE c.conrelid = col.attrelid AND c.contype = 'c' AND c.conkey = ARRAY[col.attnum] AND kind.typcategory = 'S';
  IF words IS NOT NULL THEN RETURN quote_literal(words[1 + (i - 1) % cardinality(words)]); END IF;
  RETURN CASE
    WHEN kind.typcategory = 'A' THEN '''{}'''
    WHEN kind.typname = 'bool' THEN (i % 2 = 0)::text
    WHEN kind.typname IN ('int2', 'int4', 'int8', 'float4', 'float8', 'numeric') THEN i::text
    WHEN kind.typname = 'bpchar' THEN quote_literal(left(i || 'sample', coalesce(width, 1)))
    WHEN kind.typcategory = 'S' THEN quote_literal(left(i || ' sample', coalesce(width, 100)))
    WHEN kind.typname = 'uuid' THEN quote_literal(md5(col.attrelid::text || col.attname || i)::uuid)
    WHEN kind.typname IN ('date', 'timestamp', 'timestamptz') THEN format('now() - interval ''%s days''', i)
    WHEN kind.typname IN ('time', 'timetz') THEN quote_literal(format('0%s:00', i))
    WHEN kind.typname = 'interval' THEN quote_literal(format('%s hours', i))
    WHEN kind.typname IN ('json', 'jsonb') THEN quote_literal(format('{"sample": %s}', i))
    WHEN kind.typname = 'bytea' THEN format('''\x0%s''', i)
    WHEN kind.typname IN ('inet', 'cidr') THEN quote_literal(format('192.0.2.%s', i))
    WHEN kind.typname = 'macaddr' THEN quote_literal(format('02:00:00:00:00:0%s', i))
    WHEN kind.typname IN ('bit', 'varbit') THEN format('B''%s''', repeat('0', greatest(col.atttypmod, 1)))
    WHEN kind.typname = 'tsvector' THEN quote_literal('sample')
    WHEN kind.typname = 'xml' THEN quote_literal('<sample/>')
    WHEN kind.typname = 'money' THEN quote_literal(i::text)
    WHEN kind.typname = 'point' THEN quote_literal(format('(%s,%s)', i, i))
    WHEN kind.typcategory = 'R' THEN quote_literal('empty')
  END;
END $$;

-- The statement that inserts row number "i"; for a foreign key, values of the i-th row that it may point to.
CREATE FUNCTION pg_temp.insertion(tab oid, i int, sparse boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  col pg_attribute;
  key record;
  names text[] := '{}';
  vals text[] := '{}';
  val text;
BEGIN
  FOR col IN SELECT * FROM pg_attribute WHERE attrelid = tab AND attnum > 0 AND NOT attisdropped ORDER BY attnum LOOP
    CONTINUE WHEN col.attidentity <> '' OR col.attgenerated <> '' OR col.atthasdef OR (sparse AND NOT col.attnotnull);
    SELECT c.confrelid, p.attname INTO key
    FROM pg_constraint c
    CROSS JOIN unnest(c.conkey, c.confkey) AS pair(here, there)
    JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = pair.there
    WHERE c.conrelid = tab AND c.contype = 'f' AND pair.here = col.attnum LIMIT 1;
    IF NOT FOUND THEN
      val := pg_temp.sample(col, i);
    ELSIF key.confrelid = tab THEN
      val := CASE WHEN col.attnotnull THEN pg_temp.sample(col, i) END;
    ELSE
      val := format('(SELECT %I FROM %s ORDER BY ctid OFFSET %s LIMIT 1)', key.attname, key.confrelid::regclass, i - 1);
    END IF;
    names := names || quote_ident(col.attname);
    vals := vals || coalesce(val, 'NULL');
  END LOOP;
  IF names = '{}' THEN RETURN format('INSERT INTO %s DEFAULT VALUES', tab::regclass); END IF;
  RETURN format('INSERT INTO %s (%s) VALUES (%s)', tab::regclass, array_to_string(names, ', '), array_to_string(vals, ', '));
END $$;

DO $$
DECLARE
  tab record;
  row_number int;
  made int;
  problem text;
  filled boolean;
BEGIN
  -- Again for those whose foreign keys pointed to empty tables the time before.
  FOR pass IN 1..8 LOOP
    FOR tab IN
      SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_(toast|temp)' AND c.relname NOT IN ('alembic_version', 'django_migrations')
        AND NOT EXISTS (SELECT FROM slipway_sample s WHERE s.name = c.oid::regclass::text AND s.made > 0)
      ORDER BY c.relname
    LOOP
      EXECUTE format('SELECT EXISTS (SELECT FROM %s)', tab.name) INTO filled;
      CONTINUE WHEN filled;
      made := 0;
      problem := '';
      FOR row_number IN 1..3 LOOP
        BEGIN
          EXECUTE pg_temp.insertion(tab.oid, row_number, row_number = 3);
          made := made + 1;
        EXCEPTION WHEN OTHERS THEN
          problem := SQLERRM;
        END;
      END LOOP;
      DELETE FROM slipway_sample WHERE name = tab.name;
      INSERT INTO slipway_sample VALUES (tab.name, made, problem);
    END LOOP;
  END LOOP;
END $$;

SELECT concat_ws(E'\t', name, made, regexp_replace(problem, '\s+', ' ', 'g')) FROM slipway_sample ORDER BY name;
