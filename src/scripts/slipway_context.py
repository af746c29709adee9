"""Weighs a folder: prints all of its bytes, and if they are more than a limit, its biggest entries, as JSON.

python slipway_context.py FOLDER LIMIT COUNT
"""

import json
import os
import sys

SHARE = 0.9
"""From this share on, what a folder holds is told by its biggest entry."""


def weigh(folder, name, sizes):
    """Notes the bytes of everything in a folder, and returns their sum."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{name}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                path += "/"
                size = weigh(entry.path, path, sizes)
            else:
                size = entry.stat(follow_symlinks=False).st_size
            sizes.setdefault(name, []).append((size, path))
            total += size
    return total


def biggest(sizes, count):
    """The biggest entries of the folder; one that little else but one of its own entries fills, by that one."""
    found = []
    for size, path in sorted(sizes.get("", []), reverse=True)[:count]:
        while inner := max(sizes.get(path, []), default=None):
            if inner[0] < SHARE * size:
                break
            size, path = inner
        found.append({"path": path, "bytes": size})
    return found


def main():
    folder, limit, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.setrecursionlimit(100_000)
    sizes = {}
    total = weigh(folder, "", sizes)
    json.dump({"bytes": total, "biggest": biggest(sizes, count) if total > limit else []}, sys.stdout)


if __name__ == "__main__":
    main()
