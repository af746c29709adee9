#!/bin/sh
# Starts ZAP, as the official image's script of this name.
cd "$(dirname "$(readlink -f "$0")")" || exit 1
exec java -XX:MaxRAMPercentage=25 -cp "$(echo zap-*.jar):lib/*" org.zaproxy.zap.ZAP "$@"
