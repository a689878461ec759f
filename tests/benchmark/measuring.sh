# What compile.sh and app/measure.sh share. They source it with their arguments, CXX INCLUDE_DIR
# WORK_DIR, with $benchmark, this folder, and with a function options, which prints what may stand
# in the environment. It checks these, makes WORK_DIR, goes there, and compiles the program usage.

usage() {
  echo "sh $0: $1" >&2
  echo "usage: sh $0 CXX INCLUDE_DIR WORK_DIR (environment: $(options))" >&2
  exit 2
}
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

[ $# -eq 3 ] || usage "three arguments, not $#"
command -v "$1" >/dev/null 2>&1 || usage "no compiler $1"
[ -f "$2/grapnel/grapnel.hpp" ] || usage "no grapnel/grapnel.hpp in $2"
mkdir -p "$3" || exit 1
cxx=$1
include=$(CDPATH='' cd -- "$2" && pwd -P) || exit 1
work=$(CDPATH='' cd -- "$3" && pwd -P) || exit 1
export LC_ALL=C CCACHE_DISABLE=1
rm -rf "$work/times" "$work/rows"
mkdir "$work/times" && : >"$work/rows" || exit 1
cd "$work" || exit 1
"$cxx" -O1 "$benchmark/compile/usage.cpp" -o usage || fail "compile/usage.cpp does not compile"

# row NAME VALUE TARGET TEXT: TARGET is what to reach at most, or - for information.
row() {
  printf '%s\n' "$*" | awk '{
    verdict = $3 == "-" ? "" : $2 <= $3 ? "reached" : "not reached"
    text = ""
    for (i = 4; i <= NF; i++) text = text " " $i
    printf "%-40s %9.3f %7s  %-11s %s\n", $1, $2, $3, verdict, text
  }'
  printf 'figure %s %.4f\n' "$1" "$2" >>rows
}
