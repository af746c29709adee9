"""Prints every comment that silences Bandit or Trivy in its place, as lines of JSON: file, line, comment."""

import json
import re
import sys
import tokenize
from pathlib import Path

SKIPPED = {".venv", "venv", "node_modules", "build", "dist"}
IGNORE = re.compile(r"\b(?:trivy|tfsec|cfsec):ignore:\S+")


def found(path, line, comment):
    print(json.dumps({"file": str(path), "line": line, "comment": comment[:1000]}))


def python_comments(path):
    with tokenize.open(path) as file:
        if "nosec" not in file.read():
            return
        file.seek(0)
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT and "nosec" in token.string:
                found(path, token.start[0], token.string)


def other_comments(path):
    for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
        comment = IGNORE.search(line)
        if comment:
            found(path, number, comment.group())


for path in sorted(Path().rglob("*")):
    if SKIPPED.intersection(path.parts) or not path.is_file():
        continue
    try:
        (python_comments if path.suffix == ".py" else other_comments)(path)
    except (SyntaxError, UnicodeDecodeError, OSError, tokenize.TokenError) as error:
        print(f"{path}: {error}", file=sys.stderr)  # Bandit's gate fails for it
