"""Reads the SQL of migrations with PostgreSQL's own parser, and prints what its statements do, as JSON.

    python slipway_sql.py FILE...

A line for each file: {"revisions": […], "operations": [{"line", "revision"?, "text", "kind", …}]}. An operation is what
a statement does to one table or object; statements that change nothing that matters have none. "kind" and its fields
are those of src/lib/migration/operations.ts, which judges them; a statement that can't be parsed is an operation of the
kind "unparsed".

pglast is under the GPL, version 3 or later: it is installed into an environment of its own, beside no service's
packages, only this program imports it, and no image that is built has it.
"""

import json
import re
import sys

from pglast.parser import Error, parse_plpgsql_json, parse_sql_json, scan

# What Alembic prints before a revision's statements.
RUNNING = re.compile(r"^--[ \t]*Running upgrade [^\n]*?-> ([^\s,]+)", re.MULTILINE)
# A tree that is too deep is as unreadable as one with an error.
UNREADABLE = (Error, RecursionError)
# For a finding's text, of which people read less.
LONGEST = 1000
STRINGS = {"SCONST", "USCONST", "BCONST", "XCONST"}
COMMENTS = {"SQL_COMMENT", "C_COMMENT"}
# Stands for what is only known when it runs, in SQL that PL/pgSQL puts together.
COMPUTED = '"…"'


def read(sql):
    sql = sql.replace("\0", "\N{REPLACEMENT CHARACTER}")  # the parser would take it for the end
    marks = marks_of(sql)
    starts = [0, *(start for start, _ in marks)]
    ends = [*starts[1:], len(sql)]
    operations = []
    for start, end, revision in zip(starts, ends, [None, *(name for _, name in marks)]):
        line = 1 + sql.count("\n", 0, start)
        for operation in operations_of(sql[start:end], line):
            if revision is None and marks and operation["kind"] == "unparsed":
                continue  # not a migration's: what the service prints before the first
            operations.append({**({"revision": revision} if revision else {}), **operation})
    return {"revisions": [name for _, name in marks], "operations": operations}


def marks_of(sql):
    """Where each revision begins. Strings may hold what looks alike, so comments are asked for."""
    try:
        comments = [token.start for token in tokens_of(sql) if token.name == "SQL_COMMENT"]
        found = [RUNNING.match(sql, start) for start in comments]
    except UNREADABLE:  # a string without its end, say: the parts before it are good all the same
        found = RUNNING.finditer(sql)
    return [(mark.start(), mark[1]) for mark in found if mark]


def tokens_of(sql):
    """A letter is as good as another to the scanner, and without those of several bytes it counts as Python does."""
    return scan(re.sub(r"[^\0-\x7f]", "x", sql))


def operations_of(sql, line):
    """What the statements of a text do that begins on this line."""
    counted = 0
    for start, text, tree in statements_of(sql):
        line += sql.count("\n", counted, start)
        counted = start
        try:
            operations = [unparsed(tree)] if isinstance(tree, str) else list(operations_in(text, tree))
        except UNREADABLE as error:
            operations = [unparsed(why(error))]
        for operation in operations:
            inner = operation.pop("inner", None)  # a block's statements have lines and texts of their own
            yield {"line": line + inner[0], "text": inner[1], **operation} if inner else {
                "line": line, "text": shown(text), **operation
            }


def operations_in(text, tree):
    (kind, fields), = tree.items()
    if kind == "DoStmt":
        yield from in_block(text, fields)
    yield from READERS.get(kind, lambda _: [])(fields)
    if kind in CHANGE_ROWS:
        yield from rows_changed(tree)


def unparsed(reason):
    return {"kind": "unparsed", "reason": reason}


def why(error):
    """The parser's message, without what it quotes of strings."""
    message = str(error.args[0]) if error.args else type(error).__name__
    return re.sub(r' at or near "(?!\w{1,63}"|[^\w\'"]").*', "", message, flags=re.DOTALL)


def statements_of(sql):
    """Where each statement begins, its text and its tree, which for one that can't be parsed is the error."""
    try:
        parsed = parsed_slices(sql)
    except UNREADABLE as error:
        parts = pieces(sql)
        if len(parts) < 2:
            start = first_token(sql)
            yield start, sql[start:].rstrip().rstrip(";"), why(error)
            return
        for start, end in parts:
            for inner, text, tree in statements_of(sql[start:end]):
                yield start + inner, text, tree
        return
    for start, end, tree in parsed:
        first = start + first_token(sql[start:end])
        yield first, sql[first:end], tree


def parsed_slices(sql):
    """The parser counts bytes."""
    data, slices, read_to, at = sql.encode(), [], 0, 0
    for statement in json.loads(parse_sql_json(sql))["stmts"]:
        start = statement.get("stmt_location", 0)
        end = start + statement["stmt_len"] if statement.get("stmt_len") else len(data)
        at += len(data[read_to:start].decode())
        length, read_to = len(data[start:end].decode()), start
        slices.append((at, at + length, statement["stmt"]))
    return slices


def pieces(sql):
    """The parts between semicolons; none where not even the tokens can be told."""
    try:
        tokens = tokens_of(sql)
    except UNREADABLE:
        return []
    parts, start = [], None
    for token in tokens:
        if token.name == "ASCII_59":
            if start is not None:
                parts.append((start, token.start))
            start = None
        elif start is None and token.name not in COMMENTS:
            start = token.start
    return parts if start is None else [*parts, (start, len(sql))]


def first_token(sql):
    try:
        return next((token.start for token in tokens_of(sql) if token.name not in COMMENTS), 0)
    except UNREADABLE:
        return len(sql) - len(sql.lstrip())


def shown(sql):
    """A statement on one line, without comments and without what its strings hold."""
    try:
        tokens = [token for token in tokens_of(sql) if token.name not in COMMENTS]
    except UNREADABLE:
        known = re.split(r"'|\$\w*\$|/\*", re.sub(r"--[^\n]*", "", sql))[0]
        return " ".join(known.split())[:LONGEST]
    parts, end = [], None
    for token in tokens:
        gap = "" if end is None or token.start == end + 1 else " "
        parts.append(gap + ("'…'" if token.name in STRINGS else sql[token.start : token.end + 1]))
        end = token.end
    return "".join(parts)[:LONGEST]


def in_block(text, fields):
    """What the statements in a DO block do, and those that it executes."""
    arguments = {each["DefElem"]["defname"]: each["DefElem"]["arg"] for each in fields["args"]}
    if string(arguments.get("language", {"String": {"sval": "plpgsql"}})) != "plpgsql":
        return
    body = next(token for token in tokens_of(text) if token.name in STRINGS)
    for operation in in_code(json.loads(parse_plpgsql_json(text)), 1):
        # PL/pgSQL's first line is the one on which its text begins.
        line = text.count("\n", 0, body.start) + operation.pop("line") - 1
        yield {**operation, "inner": (line, operation.pop("text"))}


def in_code(node, line):
    for key, value in pairs(node):
        here = value.get("lineno", line) if isinstance(value, dict) else line
        expression = value.get("PLpgSQL_expr") if isinstance(value, dict) else None
        if expression is None:
            yield from in_code(value, here)
        elif executes(key, node):
            sql = computed(expression["query"])
            known = COMPUTED not in sql
            yield from (each for each in operations_of(sql, line) if known or each["kind"] != "unparsed")
        elif expression.get("parseMode", 0) == 0:  # a statement, not the expression that a condition is
            yield from operations_of(expression["query"], line)


def pairs(node):
    if isinstance(node, dict):
        return node.items()
    return ((None, each) for each in node) if isinstance(node, list) else ()


def executes(key, node):
    """EXECUTE, and its like in loops and cursors, rather than a statement."""
    return key == "dynquery" or (key == "query" and node["query"]["PLpgSQL_expr"].get("parseMode", 0) != 0)


def computed(expression):
    """The SQL that an expression results in, as far as its strings tell."""
    try:
        (statement,) = json.loads(parse_sql_json(f"SELECT {expression}"))["stmts"]
        return folded(statement["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"])
    except (*UNREADABLE, ValueError, KeyError):
        return COMPUTED


def folded(value):
    if "sval" in value.get("A_Const", {}):
        return value["A_Const"]["sval"].get("sval", "")
    operator = value.get("A_Expr", {})
    if names(operator.get("name", [])) == "||":
        return folded(operator["lexpr"]) + folded(operator["rexpr"])
    call = value.get("FuncCall", {})
    if names(call.get("funcname", [])) in ("format", "pg_catalog.format"):
        template = folded(call["args"][0])
        return re.sub(r"%(?:\d+\$)?-?\d*([sIL%])", lambda mark: FORMATS[mark[1]], template)
    return COMPUTED


FORMATS = {"s": COMPUTED, "I": COMPUTED, "L": "NULL", "%": "%"}


# What each kind of statement does.


def string(node):
    return node["String"].get("sval", "")


def names(nodes):
    """A name of several parts; the schema `public` goes without saying."""
    parts = [string(each) for each in nodes if "String" in each]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "public" else parts)


def relation(node):
    schema = node.get("schemaname", "public")
    return node["relname"] if schema == "public" else f"{schema}.{node['relname']}"


def relations(nodes):
    return [relation(each["RangeVar"]) for each in nodes]


def options(nodes):
    """The options that are switched on."""
    elements = [each["DefElem"] for each in nodes or []]
    off = ("false", "off", "0")
    return {each["defname"] for each in elements if str(plain(each.get("arg", {}))).lower() not in off}


def plain(node):
    """A simple node's value; the parser leaves out what is zero."""
    for fields in node.values():
        return next(iter(fields.values()), 0 if "Integer" in node else "")
    return ""


def create_table(fields):
    return [{"kind": "create-table", "table": relation(fields["relation"])}]


def create_as(fields):
    return [{"kind": "create-table", "table": relation(fields["into"]["rel"])}]


def select(fields):
    return create_as({"into": fields["intoClause"]}) if "intoClause" in fields else []


def create_index(fields):
    concurrently = fields.get("concurrent", False)
    return [{"kind": "create-index", "table": relation(fields["relation"]), "concurrently": concurrently}]


def drop(fields):
    kind, concurrently = object_kind(fields["removeType"]), fields.get("concurrent", False)
    return [
        {"kind": "drop", "object": kind, "table": object_name(each), "concurrently": concurrently}
        for each in fields["objects"]
    ]


def object_kind(value):
    return value.removeprefix("OBJECT_").lower()


def object_name(node):
    """What a statement calls any kind of object."""
    (kind, fields), = node.items()
    if kind == "String":
        return string(node)
    parts = {"List": "items", "TypeName": "names", "ObjectWithArgs": "objname"}
    return relation(fields) if kind == "RangeVar" else names(fields.get(parts.get(kind, ""), []))


def drop_database(fields):
    return [{"kind": "drop", "object": "database", "table": fields["dbname"], "concurrently": False}]


def drop_owned(fields):
    roles = [each["RoleSpec"].get("rolename", "") for each in fields["roles"]]
    return [{"kind": "drop", "object": "owned", "table": role, "concurrently": False} for role in roles]


def truncate(fields):
    return [{"kind": "truncate", "table": table} for table in relations(fields["relations"])]


def lock(fields):
    return [{"kind": "lock", "table": table} for table in relations(fields["relations"])]


def reindex(fields):
    table = relation(fields["relation"]) if "relation" in fields else fields.get("name", "")
    return [{"kind": "reindex", "table": table, "concurrently": "concurrently" in options(fields.get("params"))}]


def vacuum(fields):
    if not fields.get("is_vacuumcmd") or "full" not in options(fields.get("options")):
        return []
    tables = [relation(each["VacuumRelation"]["relation"]) for each in fields.get("rels", [])]
    return [{"kind": "vacuum-full", "table": table} for table in tables or [""]]


def cluster(fields):
    return [{"kind": "cluster", "table": relation(fields["relation"]) if "relation" in fields else ""}]


def refresh(fields):
    concurrently = fields.get("concurrent", False)
    return [{"kind": "refresh", "table": relation(fields["relation"]), "concurrently": concurrently}]


def rename(fields):
    kind = object_kind(fields["renameType"])
    named = relation(fields["relation"]) if "relation" in fields else object_name(fields.get("object", {"List": {}}))
    table = named or fields.get("subname", "")  # a schema's, say
    column = {"column": fields["subname"]} if kind in ("column", "attribute") else {}
    return [{"kind": "rename", "object": kind, "table": table, **column, "to": fields["newname"]}]


def rename_value(fields):
    if "oldVal" not in fields:
        return []
    return [{"kind": "rename", "object": "value", "table": names(fields["typeName"]), "to": fields["newVal"]}]


def move_to_schema(fields):
    table = relation(fields["relation"]) if "relation" in fields else object_name(fields["object"])
    schema, name = fields["newschema"], table.rpartition(".")[2]
    to = name if schema == "public" else f"{schema}.{name}"
    return [{"kind": "rename", "object": object_kind(fields["objectType"]), "table": table, "to": to}]


def alter_table(fields):
    if fields["objtype"] not in ("OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"):
        return []
    table = relation(fields["relation"])
    commands = [each["AlterTableCmd"] for each in fields["cmds"]]
    return [{**action, "table": table} for command in commands for action in action_of(command)]


REWRITES = {"AT_SetTableSpace", "AT_SetLogged", "AT_SetUnLogged", "AT_SetAccessMethod"}
PARTITIONS = {"AT_AttachPartition", "AT_DetachPartition", "AT_DetachPartitionFinalize"}


def action_of(command):
    """One of the changes of an ALTER TABLE."""
    kind, column, definition = command["subtype"], command.get("name", ""), command.get("def", {})
    if kind == "AT_AddColumn":
        return [added_column(definition["ColumnDef"])]
    if kind == "AT_AddConstraint":
        return [added_constraint(definition["Constraint"])]
    if kind == "AT_DropColumn":
        return [{"kind": "drop-column", "column": column}]
    if kind in ("AT_SetNotNull", "AT_AddIdentity"):
        return [{"kind": "set-not-null", "column": column}]
    if kind == "AT_ColumnDefault" and not definition:
        return [{"kind": "drop-default", "column": column}]
    if kind == "AT_AlterColumnType":
        return [{"kind": "change-type", "column": column, "type": type_name(definition["ColumnDef"]["typeName"])}]
    if kind in PARTITIONS:
        concurrently = definition.get("PartitionCmd", {}).get("concurrent", False)
        return [{"kind": "attach-partition", "concurrently": concurrently}]
    return [{"kind": "rewrite-table"}] if kind in REWRITES else []


GENERATED = {"s": "stored", "v": "virtual"}


def added_column(fields):
    constraints = {each["Constraint"]["contype"]: each["Constraint"] for each in fields.get("constraints", [])}
    generated = constraints.get("CONSTR_GENERATED", {}).get("generated_kind")
    default = constraints.get("CONSTR_DEFAULT")
    serial = re.fullmatch(r"(?:big|small)?serial|serial[248]", type_name(fields["typeName"]))
    kind = "serial" if serial else "identity" if "CONSTR_IDENTITY" in constraints else GENERATED.get(generated)

    def has(*kinds):
        return any(f"CONSTR_{kind}" in constraints for kind in kinds)

    return {
        "kind": "add-column",
        "column": fields["colname"],
        "value": kind or ("default" if default else "none"),
        "functions": sorted(set(functions(default.get("raw_expr", {})))) if default else [],
        "required": has("NOTNULL", "PRIMARY"),
        "unique": has("UNIQUE", "PRIMARY"),
        "check": has("CHECK"),
        "references": has("FOREIGN"),
    }


def functions(node):
    """The functions that an expression calls."""
    for key, value in pairs(node):
        if key == "FuncCall":
            yield names(value["funcname"]).removeprefix("pg_catalog.")
        yield from functions(value)


CONSTRAINTS = {
    "CONSTR_CHECK": "check",
    "CONSTR_FOREIGN": "foreign-key",
    "CONSTR_UNIQUE": "unique",
    "CONSTR_PRIMARY": "primary-key",
    "CONSTR_EXCLUSION": "exclude",
    "CONSTR_NOTNULL": "not-null",
}


def added_constraint(fields):
    # Neither reads the table: the index is there, or its rows are checked later.
    checked = "indexname" not in fields and not fields.get("skip_validation", False)
    return {"kind": "add-constraint", "constraint": CONSTRAINTS.get(fields["contype"], "other"), "checked": checked}


def type_name(fields):
    """A type as PostgreSQL calls it within, such as `numeric(6,2)` or `int4[]`."""
    name = names(fields["names"]).removeprefix("pg_catalog.")
    sizes = [each["A_Const"].get("ival", {}).get("ival", 0) for each in fields.get("typmods", []) if "A_Const" in each]
    if name == "interval" and sizes:  # the first says which fields it has
        name, sizes = "interval" if len(sizes) > 1 else "interval with fields", sizes[1:]
    return name + (f"({','.join(map(str, sizes))})" if sizes else "") + "[]" * len(fields.get("arrayBounds", []))


# A rule or a function that holds such a statement runs nothing yet.
CHANGE_ROWS = {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "ExplainStmt"}


def rows_changed(node):
    """DELETE and UPDATE, wherever in a statement they stand."""
    for key, value in pairs(node):
        if key in ("DeleteStmt", "UpdateStmt"):
            kind = "delete" if key == "DeleteStmt" else "update"
            yield {"kind": kind, "table": relation(value["relation"]), "conditional": "whereClause" in value}
        yield from rows_changed(value)


READERS = {
    "AlterEnumStmt": rename_value,
    "AlterObjectSchemaStmt": move_to_schema,
    "AlterTableStmt": alter_table,
    "ClusterStmt": cluster,
    "CreateForeignTableStmt": lambda fields: create_table(fields["base"]),
    "CreateStmt": create_table,
    "CreateTableAsStmt": create_as,
    "DropOwnedStmt": drop_owned,
    "DropStmt": drop,
    "DropdbStmt": drop_database,
    "IndexStmt": create_index,
    "LockStmt": lock,
    "RefreshMatViewStmt": refresh,
    "ReindexStmt": reindex,
    "RenameStmt": rename,
    "SelectStmt": select,
    "TruncateStmt": truncate,
    "VacuumStmt": vacuum,
}


if __name__ == "__main__":
    sys.setrecursionlimit(20_000)  # a long chain of operators is a deep tree
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            print(json.dumps(read(file.read())))
