#!/bin/sh
# sh tests/failover/run.sh KILLS [PROGRAM]: etcd and three PostgreSQL nodes under Patroni, on
# loopback and in a folder of their own. PROGRAM (writers.cpp, built by this where none is named)
# writes to whichever is the primary, while this kills the primary KILLS times with SIGKILL, its
# Patroni too. Each time another node takes over, and the dead one is started again and joins. In
# the end PROGRAM counts what it was told and what is there (writers.cpp says what it refuses).
#
# The long run, of some ten minutes: sh tests/failover/run.sh 20
# Ends with 77 where PostgreSQL, Patroni or etcd is missing. GRAPNEL_FAILOVER_KEEP=1 keeps the
# folder with the logs.

fail() {
  echo "failover: $*" >&2
  exit 1
}

# ---- What is needed -----------------------------------------------------------------------------

if [ -z "${failover_home:-}" ]; then
  kills=${1:?usage: sh tests/failover/run.sh KILLS [PROGRAM]}
  tests=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5nr | head -n 1)
  for program in etcd patroni "$bin/initdb" /usr/bin/python3 setpriv; do
    if ! command -v "$program" >/dev/null 2>&1; then
      echo "skipped: there is no $program" \
        "(Debian: apt-get install postgresql patroni etcd-server python3-etcd)"
      exit 77
    fi
  done
  program=${2:-}
  if [ -z "$program" ]; then
    build=$tests/../../build/failover
    command -v ninja >/dev/null 2>&1 && export CMAKE_GENERATOR=Ninja
    cmake -S "$tests/../.." -B "$build" -DCMAKE_BUILD_TYPE=Debug -DGRAPNEL_BUILD_EXAMPLES=OFF &&
      cmake --build "$build" --target failover_writers -j 2 || exit 1
    program=$build/tests/failover_writers
  fi

  # The servers refuse to be root, and their user may not see the folders of who calls this.
  home=$(mktemp -d /tmp/grapnel-failover.XXXXXX) || exit 1
  cp "$tests/run.sh" "$program" "$home" || exit 1
  mv "$home/$(basename "$program")" "$home/writers"
  export failover_home="$home" failover_bin="$bin"
  trap : INT TERM  # what runs below ends the cluster, and this removes the folder
  if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres"
    chown -R postgres "$home"
    setpriv --reuid postgres --regid "$(id -g postgres)" --init-groups \
      env HOME="$home" sh "$home/run.sh" "$kills"
  else
    sh "$home/run.sh" "$kills"
  fi
  status=$?
  if [ -n "${GRAPNEL_FAILOVER_KEEP:-}" ]; then
    echo "the logs: $home"
  else
    rm -rf "$home"
  fi
  exit "$status"
fi

# ---- The cluster --------------------------------------------------------------------------------

kills=$1
home=$failover_home
bin=$failover_bin
cd "$home" || exit 1
umask 077
unset PGDATA PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS PGSERVICE PGSSLMODE PGTARGETSESSIONATTRS
PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export PGPASSWORD

# Below the ports that the system hands out by itself: a node has to find its own when it returns.
set -- $(/usr/bin/python3 -c '
import random, socket
taken = []
while len(taken) < 8:
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", random.randint(10000, 30000)))
        taken.append(s)
    except OSError:
        pass
print(*(s.getsockname()[1] for s in taken))')
etcd_port=$1
peer_port=$2
port_1=$3
port_2=$4
port_3=$5
rest_1=$6
rest_2=$7
rest_3=$8
etcd=
patroni_1=
patroni_2=
patroni_3=
writers=

postmaster() { head -n 1 "data_$1/postmaster.pid" 2>/dev/null; }

# shellcheck disable=SC2046,SC2086
end_all() {
  trap '' INT TERM
  kill -9 $writers $patroni_1 $patroni_2 $patroni_3 2>/dev/null
  for node in 1 2 3; do
    [ -f "data_$node/postmaster.pid" ] && "$bin/pg_ctl" -D "data_$node" -m immediate -s stop
  done
  kill -9 $etcd 2>/dev/null
  wait
}
trap end_all EXIT
trap 'exit 1' INT TERM

# Asks PATH of Patroni on node N: whether it answers 200.
asks() {
  eval "rest=\$rest_$1"
  /usr/bin/python3 -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=1)' "http://127.0.0.1:$rest/$2" >/dev/null 2>&1
}

# Sets `primary` to the node that is one, or to nothing.
find_primary() {
  for primary in 1 2 3; do
    [ "$primary" != "${dead:-}" ] && asks "$primary" primary && return
  done
  primary=
  return 1
}

# Every node is up, and one stands by that may take over: all that is acknowledged is there too.
all_well() {
  find_primary || return 1
  standbys=0
  synchronous=0
  for node in 1 2 3; do
    asks "$node" "replica?lag=1MB" && standbys=$((standbys + 1))
    asks "$node" synchronous && synchronous=$((synchronous + 1))
  done
  [ "$standbys" -eq 2 ] && [ "$synchronous" -ge 1 ]
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  until=$(($(date +%s) + $1))
  what=$2
  shift 2
  until "$@"; do
    [ "$(date +%s)" -lt "$until" ] || fail "waited in vain for $what; see $home"
    sleep 0.2
  done
}

start_node() {
  eval "port=\$port_$1 rest=\$rest_$1"
  cat >"node_$1.yml" <<END
scope: grapnel
name: node_$1
restapi: {listen: '127.0.0.1:$rest', connect_address: '127.0.0.1:$rest'}
etcd3: {host: '127.0.0.1:$etcd_port'}
bootstrap:
  dcs:
    ttl: 8
    loop_wait: 1
    retry_timeout: 3
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql: {use_pg_rewind: true, use_slots: true}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
  pg_hba:
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication all 127.0.0.1/32 scram-sha-256
postgresql:
  listen: '127.0.0.1:$port'
  connect_address: '127.0.0.1:$port'
  bin_dir: $bin
  data_dir: $home/data_$1
  pgpass: $home/pgpass_$1
  authentication:
    superuser: {username: app, password: $PGPASSWORD}
    replication: {username: copy, password: $PGPASSWORD}
  basebackup: {checkpoint: fast}
  parameters: {unix_socket_directories: $home, password_encryption: scram-sha-256}
END
  patroni "node_$1.yml" >>"node_$1.log" 2>&1 &
  eval "patroni_$1=$!"
}

etcd --data-dir etcd --listen-client-urls "http://127.0.0.1:$etcd_port" \
  --advertise-client-urls "http://127.0.0.1:$etcd_port" \
  --listen-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-cluster "default=http://127.0.0.1:$peer_port" >etcd.log 2>&1 &
etcd=$!
for node in 1 2 3; do start_node "$node"; done
wait_for 60 "the cluster to come up" all_well
echo "failover: node $primary is the primary, two follow it"

# ---- The kills ----------------------------------------------------------------------------------

# How many writes are acknowledged: what the program says several times a second.
acknowledged() { cat acknowledged 2>/dev/null || echo 0; }
go_on() {
  kill -0 "$writers" 2>/dev/null || fail "the program has ended: $(tail -n 5 writers.log)"
  [ "$(acknowledged)" -gt "$1" ]
}

conninfo="host=127.0.0.1,127.0.0.1,127.0.0.1 port=$port_1,$port_2,$port_3 user=app"
conninfo="$conninfo dbname=postgres target_session_attrs=read-write connect_timeout=2"
./writers "$conninfo" >writers.log 2>&1 &
writers=$!
wait_for 30 "the first rows" go_on 100
killed=0
while [ "$killed" -lt "$kills" ]; do
  wait_for 60 "a primary" find_primary
  dead=$primary
  before=$(acknowledged)
  start=$(date +%s)
  eval "kill -9 \$patroni_$dead $(postmaster "$dead")" || fail "node $dead is not there"
  killed=$((killed + 1))
  wait_for 60 "another primary after kill $killed" find_primary
  wait_for 30 "the writers after kill $killed" go_on $(($(acknowledged) + 100))
  echo "failover: kill $killed: node $dead at $before rows," \
    "node $primary took over, rows came $(($(date +%s) - start)) s later"
  start_node "$dead"
  dead=
  wait_for 60 "the return of the dead node after kill $killed" all_well
done

: >stop
wait "$writers"
status=$?
writers=
cat writers.log
exit "$status"
