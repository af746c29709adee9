#!/bin/sh
# Starts Redis as the user redis, open to other hosts as the official image's build is.
set -eu

case ${1:-} in
-* | *.conf) set -- redis-server "$@" ;;
esac
[ "$1" = redis-server ] || exec "$@"
shift

if [ "$(id -u)" = 0 ]; then
  chown -R redis: .
  as_redis="setpriv --reuid=redis --regid=redis --init-groups"
fi
case $#${1:-} in
# Redis knows these only on their own.
1-v | 1--version | 1-h | 1--help | 1--check-system) exec redis-server "$1" ;;
esac
config=
case ${1:-} in
- | [!-]*) config=$1 && shift ;;
esac
# What follows may say otherwise: of an option that is given twice the last counts.
exec ${as_redis:-} redis-server ${config:+"$config"} --protected-mode no "$@"
