"""Prints digests of lines of files, as JSON by file and number: which ones, a JSON file says in the same way.

White space doesn't count, so that a line that is moved or indented has the same. An empty line has that of the nearest
one above that isn't.
"""

import hashlib
import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    wanted = json.load(file)

digests = {}
for name, numbers in wanted.items():
    try:
        with open(name, "rb") as file:
            lines = re.split(rb"\r\n|\r|\n", file.read())
    except OSError:
        continue
    digests[name] = {}
    for number in numbers:
        at = min(number, len(lines)) - 1
        while at > 0 and not lines[at].strip():
            at -= 1
        text = b" ".join(lines[at].split())
        digests[name][str(number)] = hashlib.sha256(text).hexdigest()[:12]
print(json.dumps(digests))
