"""Prints the body that a URL answers with, or nothing where there is none to be had: fetch.py URL."""

import os
import sys
import urllib.request

MOST = 10_000_000

request = urllib.request.Request(sys.argv[1], headers={"User-Agent": "slipway"})
if os.environ.get("LOAD_AUTHORIZATION"):
    # Not sent on to where a redirect leads.
    request.add_unredirected_header("Authorization", os.environ["LOAD_AUTHORIZATION"])
try:
    with urllib.request.urlopen(request, timeout=20) as response:
        sys.stdout.buffer.write(response.read(MOST))
except (OSError, ValueError) as error:
    print(f"{sys.argv[1]}: {error}", file=sys.stderr)
