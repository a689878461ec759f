#!/bin/sh
# sh cmake/postgres.sh start DIR [NAME=VALUE...]: a private PostgreSQL server, with settings of its
# own (fsync=off for tests). Prints its conninfo, and writes it into DIR/conninfo; one that runs
# already is left as it is.
# sh cmake/postgres.sh stop DIR: ends it, and removes all that it had.
#
# The superuser app, with the database app and a second one, other, enters by the socket without a
# password; the user guarded, whose password is open-sesame, by 127.0.0.1 with it, also over TLS
# where openssl could make a certificate, server.crt in the data folder. Nobody else comes in.
# Called by root the server runs as the user postgres, or nobody, for it refuses to be root.
# Ends with 77 where there is no PostgreSQL. GRAPNEL_POSTGRES_BIN names another one's programs.

usage="usage: sh cmake/postgres.sh start|stop DIR [NAME=VALUE...]"
action=${1:?$usage}
mkdir -p "${2:?$usage}" || exit 1
dir=$(CDPATH='' cd -- "$2" && pwd) || exit 1
shift 2
cd / || exit 1  # the server's user may not see the caller's folder
unset PGDATA PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGOPTIONS PGSERVICE \
  PGSSLMODE PGTARGETSESSIONATTRS

bin=
for at in "${GRAPNEL_POSTGRES_BIN:-}" "$(pg_config --bindir 2>/dev/null)" \
  $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5nr); do
  [ -z "$bin" ] && [ -n "$at" ] && [ -x "$at/initdb" ] && [ -x "$at/postgres" ] && bin=$at
done
if [ -z "$bin" ]; then
  echo "skipped: there is no PostgreSQL server here (Debian: apt-get install postgresql)"
  exit 77
fi

user=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
fi

# as_server COMMAND...: runs it as the user whose server it is.
as_server() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  elif command -v runuser >/dev/null 2>&1; then
    runuser -u "$user" -- "$@"
  else
    su -s /bin/sh "$user" -c 'exec "$@"' -- sh "$@"
  fi
}

runs() { [ -n "$home" ] && as_server "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1; }

stop() {
  if runs && ! as_server "$bin/pg_ctl" -D "$home/data" -m fast -t 20 -s stop; then
    as_server "$bin/pg_ctl" -D "$home/data" -m immediate -s stop || exit 1
  fi
  case $home in
    "$dir/server" | /tmp/grapnel-postgres.*) rm -rf "$home" ;;
  esac
  rm -f "$dir/home" "$dir/conninfo" "$dir/conninfo.new"
}

home=$(cat "$dir/home" 2>/dev/null)
case $action in
  stop)
    stop
    rmdir "$dir" 2>/dev/null
    exit 0
    ;;
  start)
    if [ -s "$dir/conninfo" ] && runs; then
      cat "$dir/conninfo"
      exit 0
    fi
    stop  # what one that was killed has left
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac

# A socket's path has 107 bytes at most, and the server's user has to reach it.
home="$dir/server"
if [ "${#home}" -gt 85 ] || ! as_server test -x "$dir"; then
  home=$(mktemp -d /tmp/grapnel-postgres.XXXXXX) || exit 1
fi
echo "$home" >"$dir/home"
mkdir -p "$home/socket" && chmod 700 "$home" && : >"$home/log" || exit 1
[ "$(id -u)" -ne 0 ] || chown -R "$user" "$home" || exit 1

fail() {
  echo "$1" >&2
  tail -n 20 "$home/log" >&2
  stop
  exit 1
}

as_server "$bin/initdb" -D "$home/data" -U app -E UTF8 --locale=C -A trust -N >>"$home/log" 2>&1 ||
  fail "initdb failed:"
cat >"$home/data/pg_hba.conf" <<END
local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
END
if as_server openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
  -subj /CN=grapnel -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$home/data/server.key" -out "$home/data/server.crt" >>"$home/log" 2>&1; then
  set -- ssl=on "$@"
fi
{
  cat <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home/socket'
unix_socket_permissions = 0700
max_connections = 200
password_encryption = 'scram-sha-256'
END
  for setting in "$@"; do echo "${setting%%=*} = '${setting#*=}'"; done
} >>"$home/data/postgresql.conf"

# Below the ports that the system hands out; the next one where somebody has it.
port=$((10000 + $$ * 13 % 20000))
last=$((port + 20))
until as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -o "-p $port" -t 60 -s start \
  >/dev/null 2>&1; do
  grep -q 'could not create any TCP/IP sockets' "$home/log" && [ "$port" -lt "$last" ] ||
    fail "PostgreSQL does not start:"
  port=$((port + 1))
done
as_server "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$home/socket" -p "$port" -U app -d postgres \
  >>"$home/log" 2>&1 <<END || fail "The databases cannot be made:"
CREATE DATABASE app;
CREATE DATABASE other;
CREATE ROLE guarded LOGIN PASSWORD 'open-sesame';
GRANT ALL ON DATABASE app TO guarded;
END
echo "host=$home/socket port=$port user=app dbname=app" >"$dir/conninfo.new"
mv "$dir/conninfo.new" "$dir/conninfo"
cat "$dir/conninfo"
