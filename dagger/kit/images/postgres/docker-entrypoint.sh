#!/bin/bash
# Makes the database where there is none yet, from the variables and scripts that the official image's documentation
# names, and hands over to the server.
set -euo pipefail
scripts=/docker-entrypoint-initdb.d

# Each variable may also be given as NAME_FILE, the file that holds its value.
read_files() {
  local name file
  for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS; do
    file=${name}_FILE
    [ -n "${!file:-}" ] || continue
    [ -z "${!name:-}" ] || fail "both $name and $file are set"
    export "$name=$(< "${!file}")"
    unset "$file"
  done
}

fail() {
  echo "docker-entrypoint.sh: $*" >&2
  exit 1
}

make_cluster() {
  local args=()
  eval "args=(${POSTGRES_INITDB_ARGS:-})"
  [ -z "${POSTGRES_INITDB_WALDIR:-}" ] || args+=(--waldir="$POSTGRES_INITDB_WALDIR")
  if [ -n "${POSTGRES_PASSWORD:-}" ]; then
    args+=(--pwfile=/dev/stdin)
  elif [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    fail "set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in without one"
  fi
  # The first start writes everything again anyway, and a container that dies here starts from nothing.
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --no-sync --no-instructions "${args[@]}" \
    <<< "${POSTGRES_PASSWORD:-}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  printf "\nlisten_addresses = '*'\n" >> "$PGDATA/postgresql.conf"
}

# Runs what is to be done once, in a server that nobody reaches from outside, with the options of the one to come.
fill_cluster() {
  local options script
  shopt -s nullglob
  options=$(printf '%q ' "${@:2}" -c "listen_addresses=" -c fsync=off)
  PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --options="$options" --wait --silent start
  export PGPASSWORD=${PGPASSWORD:-${POSTGRES_PASSWORD:-}}
  if [ "$POSTGRES_DB" != postgres ]; then
    POSTGRES_DB=postgres sql --set=name="$POSTGRES_DB" <<< 'CREATE DATABASE :"name"'
  fi
  for script in "$scripts"/*; do run_script "$script"; done
  unset PGPASSWORD
  PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --mode=fast --wait --silent stop
}

sql() {
  PGHOST='' PGHOSTADDR='' psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --no-password --no-psqlrc "$@"
}

run_script() {
  echo "docker-entrypoint.sh: running $1" >&2
  case $1 in
  *.sh) if [ -x "$1" ]; then "$1"; else . "$1"; fi ;;
  *.sql) sql --file="$1" ;;
  *.sql.gz) gunzip --stdout "$1" | sql ;;
  *) echo "docker-entrypoint.sh: ignoring $1" >&2 ;;
  esac
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"
for option in "$@"; do
  case $option in
  --help | -\? | --version | -V | --describe-config) exec "$@" ;;
  esac
done

if [ "$(id -u)" = 0 ]; then
  folders=("$PGDATA" /var/run/postgresql ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"})
  mkdir -p "${folders[@]}"
  chmod 700 "$PGDATA"
  find "${folders[@]}" ! -user postgres -exec chown postgres: {} +
  export HOME=/var/lib/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  read_files
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  make_cluster
  if [ "$POSTGRES_DB" != postgres ] || [ -n "$(ls -A "$scripts")" ]; then fill_cluster "$@"; fi
fi
# PostgreSQL waits on TERM until every client has gone, and on INT for none: who stops a container wants the latter.
exec dumb-init --single-child --rewrite 15:2 "$@"
