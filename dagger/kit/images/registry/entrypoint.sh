#!/bin/sh
# Serves a configuration file, opens a shell, or passes everything on to the registry, as the official image's does.
set -eu

if [ -f "${1:-}" ]; then exec /bin/registry serve "$@"; fi
if [ "${1:-}" = sh ]; then exec /bin/"$@"; fi
exec /bin/registry "$@"
