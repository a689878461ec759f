#!/bin/sh
# sh compile.sh CXX INCLUDE_DIR WORK_DIR: what including Grapnel costs the compiler, as ratios of
# user time. Prints a table and, last of all, lines "figure NAME VALUE". INCLUDE_DIR is the folder
# that holds grapnel/; WORK_DIR is made and filled. SQLiteCpp, fmt and SQLite must be where the
# compiler looks.
#
# $CXXFLAGS: further flags of every compilation, such as -isystem for dependencies that are
# elsewhere. $RUNS: how many rounds, 5 by default, of the longest comparison; the others go by it.
# In each round the sides are compiled one after the other, the other way round in every second
# round; a ratio is the median of the rounds' ratios. An MB is a million bytes.

options() { echo "CXXFLAGS, RUNS"; }
benchmark=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
. "$benchmark/measuring.sh"
runs=${RUNS:-5}
case $runs in '' | *[!0-9]* | 0*) usage "RUNS is a number from 1 up, not $runs" ;; esac
contract=$benchmark/../../examples/12_whole_program.cpp
[ -f "$contract" ] || fail "no program to compile: $contract"
separate=-DGRAPNEL_SEPARATE_COMPILATION

# ---- Measuring ---------------------------------------------------------------------------------

# compile SIDE: compiles one side and notes its user seconds and its kilobytes. A side is a file,
# with -O2, or -O0 as FILE_o0, and with the engine compiled once as FILE_separate, FILE_o0_separate.
compile() {
  flags=-O2
  case $1 in *_o0*) flags=-O0 ;; esac
  case $1 in *_separate) flags="$flags $separate" ;; esac
  case $1 in
    contract*) file=$contract ;;
    handwritten*) file=$benchmark/compile/handwritten.cpp ;;
    engine*) file=$include/grapnel/separate.cpp ;;
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

median() {
  sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
seconds() { awk '{ print $1 }' "times/$1" | median; }
megabytes() { awk '{ print $2 * 1024 / 1e6 }' "times/$1" | median; }
ratio() { paste -d ' ' "times/$1" "times/$2" | awk '{ print $1 / $3 }' | median; }
each_of_8() { paste -d ' ' "times/$1" "times/$2" | awk '{ print ($1 - $3) / 8 }' | median; }
sides() { printf '%.2f s / %.2f s' "$(seconds "$1")" "$(seconds "$2")"; }

# The three kinds of rows: a ratio of two sides; a side's memory; what each type more takes.
times_row() { row "$1" "$(ratio "$2" "$3")" "$4" "times $5: $(sides "$2" "$3")"; }
memory_row() { row "$1" "$(megabytes "$2")" "$3" "MB at the peak"; }
# What the mixin adds to each further type, as a ratio.
soft_row() {
  with=$(each_of_8 "soft9$2" "soft1$2")
  without=$(each_of_8 "types9$2" "types1$2")
  row "$1" "$(echo "$with $without" | awk '{ print $1 / $2 }')" "$3" \
    "times each further type: $with s / $without s"
}
types_row() {
  row "$1" "$(each_of_8 "types9$2" "types1$2")" "$3" \
    "s each further type; 9 types / 1 type: $(sides "types9$2" "types1$2")"
}

# ---- The files ---------------------------------------------------------------------------------

echo '#include <SQLiteCpp/SQLiteCpp.h>' >base.cpp
echo '#include <grapnel/core.hpp>' >core.cpp
echo '#include <grapnel/grapnel.hpp>' >umbrella.cpp
printf '#include <%s>\n' string vector functional >std.cpp
cp "$benchmark/compile/query.cpp" query.cpp
types() {
  numbers=$(awk -v count="$1" 'BEGIN { for (i = 1; i <= count; i++) print i }')
  printf '#include <%s>\n' grapnel/grapnel.hpp cstdint optional string string_view vector
  for number in $numbers; do sed "s/@/$number/g" "$benchmark/compile/type.cpp.in"; done
  printf '\nint main() {\n  auto client = grapnel::Open<'
  # shellcheck disable=SC2086 # numbers are words
  printf 'Account%s\n' $numbers | paste -s -d , - | tr -d '\n'
  printf '>("file:types?mode=memory");\n  client.Migrate();\n  std::int64_t count = 0;\n'
  for number in $numbers; do echo "  count += Use$number(client);"; done
  printf '  return count == 0 ? 1 : 0;\n}\n'
}
types 1 >types1.cpp
types 9 >types9.cpp
# The same types with a soft delete.
soft() {
  mixin='  using Mixins = grapnel::Mixins<extras::SoftDelete>;'
  echo '#include <grapnel/extras/soft_delete.hpp>'
  types "$1" | sed -e 's/^struct Account[0-9]*/& : grapnel::extras::SoftDelete/' \
    -e "s/^  static constexpr std::string_view Type = .*/&\\n$mixin/"
}
soft 1 >soft1.cpp
soft 9 >soft9.cpp

# ---- The figures -------------------------------------------------------------------------------

# Each line of these is one comparison, and each of its sides is compiled in each of its rounds.
rounds "$runs" base handwritten contract contract_separate query_separate
rounds "$runs" base_o0 handwritten_o0 contract_o0 contract_o0_separate query_o0_separate
rounds $((2 * runs - 1)) std core umbrella_separate
for level in '' _o0; do
  rounds $((runs / 2 + 1)) "types1$level" "types9$level"
  rounds $((runs / 2 + 1)) "types1${level}_separate" "types9${level}_separate" \
    "soft1${level}_separate" "soft9${level}_separate"
done
rounds 1 engine_separate

"$cxx" --version | head -n 1
printf '%-40s %9s %7s\n' figure value target
floor='<string> <vector> <functional>'
echo "-- the engine compiled once (grapnel::compiled), -O2, then -O0"
times_row compile_contract_separate_handwritten contract_separate handwritten 0.70 'by hand'
times_row compile_contract_separate contract_separate base 2.5 SQLiteCpp.h
memory_row compile_contract_separate_mb contract_separate 215
row compile_contract_separate_object_kb "$(($(wc -c <contract_separate.o) / 1000))" - \
  "kB of object file"
types_row compile_type_o2_separate _separate 0.5
soft_row compile_soft_delete_separate _separate 1.1
times_row compile_query_separate query_separate base 2.0 SQLiteCpp.h
times_row compile_contract_o0_separate contract_o0_separate base_o0 2.5 SQLiteCpp.h
times_row compile_contract_o0_separate_handwritten contract_o0_separate handwritten_o0 - 'by hand'
types_row compile_type_o0_separate _o0_separate 0.32
soft_row compile_soft_delete_o0_separate _o0_separate 1.1
times_row compile_query_o0_separate query_o0_separate base_o0 2.0 SQLiteCpp.h
row compile_engine_s "$(seconds engine_separate)" - "s for the engine's own file, once"
echo "-- including alone"
times_row compile_umbrella_separate umbrella_separate std 1.6 "$floor"
times_row compile_core core std 1.5 "$floor"
echo "-- header-only, -O2, then -O0"
times_row compile_contract_handwritten contract handwritten 4.0 'by hand'
times_row compile_contract contract base - SQLiteCpp.h
memory_row compile_contract_mb contract 550
row compile_contract_object_kb "$(($(wc -c <contract.o) / 1000))" - "kB of object file"
types_row compile_type_o2 '' -
times_row compile_contract_o0 contract_o0 base_o0 - SQLiteCpp.h
types_row compile_type_o0 _o0 -
cat rows
