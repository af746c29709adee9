"""Prints what a service's own code exempts from the checks, as JSON: comments that silence a tool, tests, skips.

usage: slipway_gates.py FILE…    in the service's folder; FILEs are those whose digests are wanted
"""

import ast
import collections
import hashlib
import json
import re
import sys
import tokenize
from pathlib import Path

SKIPPED = {".git", ".venv", "venv", "node_modules", "build", "dist"}
# What is longer is data; it is listed, so that nothing hides in it.
MOST_BYTES = 1_000_000
MOST_COMMENT = 500

HINT = re.compile(r"noqa|nosec|type:|pragma|mypy:|fmt:|isort:", re.IGNORECASE)
NOQA = re.compile(r"#\s?(?:(flake8)[:=]\s?)?noqa(?:\s?:\s?([A-Z0-9, ]+))?", re.IGNORECASE)
NOSEC = re.compile(r"#\s?nosec:?([^#]*)")
TYPE = re.compile(r"#\s?type:\s?ignore(?:\[([^]]*)\])?")
COVER = re.compile(r"#\s?pragma[:\s]?\s?no\s?(cover|branch)", re.IGNORECASE)
OTHER = re.compile(r"#\s?(mypy: ?[\w=, \"-]+|fmt: ?(?:off|skip)|isort: ?(?:skip_file|skip|off))")

MARKS = {"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "importorskip", "skipTest"}
OWNERS = {"mark", "pytest", "unittest", "self", "cls"}
HOOKS = {
    "collect_ignore",
    "collect_ignore_glob",
    "pytest_collection_modifyitems",
    "pytest_deselected",
    "pytest_ignore_collect",
    "pytest_pycollect_makeitem",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_sessionfinish",
}


def kinds(comment):
    comment = comment[:MOST_COMMENT]
    for whole, codes in NOQA.findall(comment):
        for code in re.findall(r"[A-Z]+[0-9]+", codes.upper()) or [""]:
            yield f"{'flake8: ' if whole else ''}noqa {code}".strip()
    for tests in NOSEC.findall(comment):
        for test in re.findall(r"\bB[0-9]{3}\b", tests) or [""]:
            yield f"nosec {test}".strip()
    for codes in TYPE.findall(comment):
        for code in codes.split(",") if codes else [""]:
            yield f"type: ignore[{code.strip()}]" if code else "type: ignore"
    for what in COVER.findall(comment):
        yield f"pragma: no {what.lower()}"
    for what in OTHER.findall(comment):
        yield re.sub(r"\s+", " ", re.sub(r":\s*", ": ", what)).strip()


def comments(path):
    with tokenize.open(path) as file:
        if not HINT.search(file.read()):
            return
        file.seek(0)
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield from kinds(token.string)


def owner(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def skips(node):
    """Marks and calls by which a test is skipped, or may fail."""
    if isinstance(node, ast.Attribute):
        return node.attr in MARKS and owner(node.value) in OWNERS
    return isinstance(node, ast.Name) and node.id in MARKS - {"skip"} or (
        isinstance(node, ast.Assign)
        and any(owner(target) == "__test__" for target in node.targets)
        and getattr(node.value, "value", None) is False
    )


def hooks(node):
    """Definitions by which a plug-in or a conftest.py takes tests out."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name] if node.name in HOOKS else []
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [name for name in map(owner, targets) if name in HOOKS]
    return []


def tests(body, prefix=""):
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from tests(node.body, f"{prefix}{node.name}::")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield prefix + node.name


def is_test(path):
    return path.suffix == ".py" and (path.name.startswith("test_") or path.stem.endswith("_test"))


def read(path, found):
    name = str(path)
    if path.stat().st_size > MOST_BYTES:
        found["markers"]["too long to be read"][name] += 1
        return
    for kind in comments(path):
        found["markers"][kind][name] += 1
    text = path.read_bytes()
    if not is_test(path) and path.name != "conftest.py" and b"pytest" not in text:
        return
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for hook in hooks(node):
            found["markers"][f"pytest {hook}"][name] += 1
        if skips(node):
            found["skips"][name] += 1
    if is_test(path):
        found["tests"][name] = list(tests(tree.body))


def digest(name):
    path = Path(name)
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def main(wanted):
    counts = collections.Counter
    found = {"markers": collections.defaultdict(counts), "skips": counts(), "tests": {}}
    for path in sorted(Path().rglob("*.py*")):
        if path.suffix not in (".py", ".pyi") or SKIPPED.intersection(path.parts) or not path.is_file():
            continue
        try:
            read(path, found)
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError, tokenize.TokenError):
            found["markers"]["not readable as Python"][str(path)] += 1
    json.dump({**found, "files": {name: digest(name) for name in wanted}}, sys.stdout)


main(sys.argv[1:])
