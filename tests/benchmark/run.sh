#!/bin/sh
# sh run.sh PROGRAM CXX INCLUDE_DIR WORK: all figures. The run-time ones by PROGRAM
# (grapnel_benchmark), those against ent where Debian's Go and ent are installed, those of
# PostgreSQL where that is, what it costs the compiler by compile.sh. Prints their tables one after
# the other and, last of all, every line "figure NAME VALUE". WORK is made and filled.

[ $# -eq 4 ] || {
  echo "usage: sh run.sh PROGRAM CXX INCLUDE_DIR WORK" >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
mkdir -p "$4" || exit 1
work=$(CDPATH='' cd -- "$4" && pwd -P) || exit 1
figures=$work/figures
: >"$figures" || exit 1
status=0

# part COMMAND...: runs it, keeps its figures for the end, and shows the rest.
part() {
  "$@" >"$work/said" || status=1
  grep '^figure [a-z]' "$work/said" >>"$figures"
  grep -v '^figure [a-z]' "$work/said"
}

# Files are made here: its file system is a real one more often than that of the temporary folder.
export TMPDIR="$work"
part "$1"
GRAPNEL_BENCHMARK_ENT=$(sh "$here/peers/ent.sh" "$work/ent") && export GRAPNEL_BENCHMARK_ENT ||
  unset GRAPNEL_BENCHMARK_ENT
part "$1" --group peers
if "$1" --list | grep -q ' postgres$' &&
  GRAPNEL_TEST_POSTGRES=$(sh "$here/../../cmake/postgres.sh" start "$work/postgres"); then
  export GRAPNEL_TEST_POSTGRES
  part "$1" --group postgres
  sh "$here/../../cmake/postgres.sh" stop "$work/postgres"
fi
part sh "$here/compile.sh" "$2" "$3" "$work/compile"
cat "$figures"
exit "$status"
