"""Prints every comment of Python files that silences Bandit, as lines of JSON: file, line, comment."""

import json
import sys
import tokenize
from pathlib import Path

SKIPPED = {".venv", "venv", "node_modules", "build", "dist"}

for path in sorted(Path().rglob("*.py")):
    if SKIPPED.intersection(path.parts):
        continue
    try:
        with tokenize.open(path) as file:
            if "nosec" not in file.read():
                continue
            file.seek(0)
            for token in tokenize.generate_tokens(file.readline):
                if token.type == tokenize.COMMENT and "nosec" in token.string:
                    comment = token.string[:1000]
                    print(json.dumps({"file": str(path), "line": token.start[0], "comment": comment}))
    except (SyntaxError, UnicodeDecodeError, OSError, tokenize.TokenError) as error:
        print(f"{path}: {error}", file=sys.stderr)  # Bandit's gate fails for it
