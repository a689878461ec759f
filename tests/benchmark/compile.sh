#!/bin/sh
# sh compile.sh CXX INCLUDE_DIR WORK_DIR: what including Grapnel costs the compiler, as ratios of user time.
# Prints a table and, last of all, lines "figure NAME VALUE". INCLUDE_DIR is the folder that holds grapnel/;
# WORK_DIR is made and filled. SQLiteCpp, fmt and SQLite must be where the compiler looks.
#
# $CXXFLAGS: further flags of every compilation, such as -isystem for dependencies that are elsewhere.
# $RUNS: how many rounds, 5 by default, of the longest comparison; the others go by it. In each round the
# sides are compiled one after the other, the other way round in every second round; a ratio is the median of
# the rounds' ratios. An MB is a million bytes.

usage() {
  echo "sh compile.sh: $1" >&2
  echo "usage: sh compile.sh CXX INCLUDE_DIR WORK_DIR (environment: CXXFLAGS, RUNS)" >&2
  exit 2
}
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

[ $# -eq 3 ] || usage "three arguments, not $#"
command -v "$1" >/dev/null 2>&1 || usage "no compiler $1"
[ -f "$2/grapnel/grapnel.hpp" ] || usage "no grapnel/grapnel.hpp in $2"
runs=${RUNS:-5}
case $runs in '' | *[!0-9]* | 0*) usage "RUNS is a number from 1 up, not $runs" ;; esac
mkdir -p "$3" || exit 1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
cxx=$1
include=$(CDPATH='' cd -- "$2" && pwd -P) || exit 1
work=$(CDPATH='' cd -- "$3" && pwd -P) || exit 1
contract=$here/../contract/program.cpp
[ -f "$contract" ] || fail "no program to compile: $contract"

export LC_ALL=C CCACHE_DISABLE=1
separate=-DGRAPNEL_SEPARATE_COMPILATION
grep -rqs GRAPNEL_SEPARATE_COMPILATION "$include/grapnel" || separate=
rm -rf "$work/times" "$work/rows"
mkdir "$work/times" && : >"$work/rows" || exit 1
cd "$work" || exit 1
"$cxx" -O1 "$here/compile/usage.cpp" -o usage || fail "compile/usage.cpp does not compile"

# ---- Measuring -------------------------------------------------------------------------------------------

# compile SIDE: compiles one side and notes its user seconds and its kilobytes.
compile() {
  flags=-O2
  case $1 in *_o0*) flags=-O0 ;; esac
  case $1 in *_separate | engine) flags="$flags $separate" ;; esac
  case $1 in
    contract*) file=$contract ;;
    handwritten) file=$here/compile/handwritten.cpp ;;
    engine) file=$include/grapnel/separate.cpp ;;
    *) file=${1%%_*}.cpp ;;
  esac
  # shellcheck disable=SC2086 # flags are words
  ./usage "$cxx" -std=c++20 $CXXFLAGS "-I$include" $flags -c "$file" -o "$1.o" >>"times/$1" ||
    fail "This does not compile: $cxx -std=c++20 $CXXFLAGS -I$include $flags -c $file"
}

# rounds COUNT SIDE...
rounds() {
  count=$1
  shift
  there=$*
  back=
  for each in $there; do back="$each $back"; done
  round=0
  while [ "$round" -lt "$count" ]; do
    round=$((round + 1))
    echo "round $round of $count: $*" >&2
    [ $((round % 2)) -eq 1 ] && order=$there || order=$back
    for each in $order; do compile "$each"; done
  done
}

median() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
seconds() { awk '{ print $1 }' "times/$1" | median; }
megabytes() { awk '{ print $2 * 1024 / 1e6 }' "times/$1" | median; }
ratio() { paste -d ' ' "times/$1" "times/$2" | awk '{ print $1 / $3 }' | median; }
each_of_8() { paste -d ' ' "times/$1" "times/$2" | awk '{ print ($1 - $3) / 8 }' | median; }

# row NAME VALUE TARGET TEXT: TARGET is what to reach at most, or - for information.
row() {
  printf '%s\n' "$*" | awk '{
    verdict = $3 == "-" ? "" : $2 <= $3 ? "reached" : "not reached"
    text = ""
    for (i = 4; i <= NF; i++) text = text " " $i
    printf "%-36s %9.3f %7s  %-11s %s\n", $1, $2, $3, verdict, text
  }'
  printf 'figure %s %.4f\n' "$1" "$2" >>rows
}
sides() { printf '%.2f s / %.2f s' "$(seconds "$1")" "$(seconds "$2")"; }

# ---- The files -------------------------------------------------------------------------------------------

echo '#include <SQLiteCpp/SQLiteCpp.h>' >base.cpp
echo '#include <grapnel/core.hpp>' >core.cpp
printf '#include <%s>\n' string vector functional >std.cpp
types() {
  numbers=$(awk -v count="$1" 'BEGIN { for (i = 1; i <= count; i++) print i }')
  printf '#include <%s>\n' grapnel/grapnel.hpp cstdint optional string string_view vector
  for number in $numbers; do sed "s/@/$number/g" "$here/compile/type.cpp.in"; done
  printf '\nint main() {\n  auto client = grapnel::Open<'
  # shellcheck disable=SC2086 # numbers are words
  printf 'Account%s\n' $numbers | paste -s -d , - | tr -d '\n'
  printf '>("file:types?mode=memory");\n  client.Migrate();\n  std::int64_t count = 0;\n'
  for number in $numbers; do echo "  count += Use$number(client);"; done
  printf '  return count == 0 ? 1 : 0;\n}\n'
}
types 1 >types1.cpp
types 9 >types9.cpp

# ---- The figures -----------------------------------------------------------------------------------------

rounds "$runs" base handwritten contract ${separate:+contract_separate}
rounds $((2 * runs - 1)) std core
for level in 2 0; do
  rounds $((runs / 2 + 1)) "types1_o$level" "types9_o$level"
  [ -z "$separate" ] ||
    rounds $((runs / 2 + 1)) "types1_o${level}_separate" "types9_o${level}_separate"
done
if [ -n "$separate" ] && [ -f "$include/grapnel/separate.cpp" ]; then rounds 1 engine; fi

"$cxx" --version | head -n 1
printf '%-36s %9s %7s\n' figure value target
for suffix in '' ${separate:+_separate}; do
  row "compile_contract$suffix" "$(ratio "contract$suffix" base)" 4.5 \
    "times SQLiteCpp.h: $(sides "contract$suffix" base)"
  row "compile_contract${suffix}_mb" "$(megabytes "contract$suffix")" 320 "MB at the peak"
  row "compile_contract${suffix}_handwritten" "$(ratio "contract$suffix" handwritten)" 2 \
    "times by hand: $(sides "contract$suffix" handwritten)"
  row "compile_contract${suffix}_object_kb" "$(($(wc -c <"contract$suffix.o") / 1000))" - "kB of object file"
  for level in 2 0; do
    row "compile_type_o$level$suffix" "$(each_of_8 "types9_o$level$suffix" "types1_o$level$suffix")" \
      "$([ $level = 2 ] && echo 0.5 || echo 0.25)" \
      "s each further type; 9 types / 1 type: $(sides "types9_o$level$suffix" "types1_o$level$suffix")"
  done
done
[ ! -f times/engine ] || row compile_engine_s "$(seconds engine)" - "seconds of the engine's own file, once"
row compile_core "$(ratio core std)" 2.0 "times <string> <vector> <functional>: $(sides core std)"
[ -n "$separate" ] || echo "not measured: GRAPNEL_SEPARATE_COMPILATION, which these headers do not know"
cat rows
