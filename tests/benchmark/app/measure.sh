#!/bin/sh
# sh measure.sh CXX INCLUDE_DIR WORK_DIR: what an application of 20 entity types in 20 headers and
# 40 sources, written by generate.sh, costs to build, and to build again after one entity header was
# touched: user time of all its compilations and of linking, one after the other, in three ways:
# with the engine compiled once (grapnel::compiled), the same with <grapnel/grapnel.hpp> precompiled
# (grapnel_precompile), and header-only. Prints a table and, last of all, lines "figure NAME VALUE".
#
# $CXXFLAGS: further flags of every compilation; $LEVEL: -O2 by default; $TYPES: 20 by default;
# $WAYS: "compiled precompiled headers" by default; $LIBS: what is linked.

options() { echo "CXXFLAGS, LEVEL, TYPES, WAYS, LIBS"; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
benchmark=$(dirname -- "$here")
. "$benchmark/measuring.sh"
level=${LEVEL:--O2}
types=${TYPES:-20}
ways=${WAYS:-compiled precompiled headers}
libs=${LIBS:--lSQLiteCpp -lsqlite3 -lfmt -pthread}
touched=part1.hpp
rm -rf objects
mkdir objects || exit 1
sh "$here/generate.sh" sources "$types" || exit 1

# run NAME COMMAND...: notes the command's user seconds and kilobytes under NAME.
run() {
  name=$1
  shift
  ./usage "$@" >>"times/$name" || fail "This fails: $*"
}

# compile NAME WAY FILE...
compile() {
  note=$1
  way=$2
  shift 2
  flags="-std=c++20 $CXXFLAGS -I$include $level"
  [ "$way" = headers ] || flags="$flags -DGRAPNEL_SEPARATE_COMPILATION"
  header=objects/precompiled.hpp
  if [ "$way" = precompiled ] && [ "$note" = "precompiled" ]; then
    echo '#include <grapnel/grapnel.hpp>' >$header
    # shellcheck disable=SC2086 # flags are words
    run "$note" "$cxx" $flags -x c++-header $header -o $header.gch
  fi
  for file; do
    use=
    # The engine's own file includes more; clang looks for a .gch as well when it is told to.
    case $way-$file in precompiled-source* | precompiled-main*) use="-include $header" ;; esac
    case $file in /*) path=$file ;; *) path=sources/$file ;; esac
    # shellcheck disable=SC2086 # flags are words
    run "$note" "$cxx" $flags $use -c "$path" -o "objects/$way.$(basename "$file" .cpp).o"
  done
}

# link NAME WAY
link() {
  # shellcheck disable=SC2086 # flags are words
  run "$1" "$cxx" objects/"$2".*.o -o "$2" $CXXFLAGS $libs
}

seconds() { awk '{ sum += $1 } END { printf "%.2f", sum }' "times/$1"; }
megabytes() { awk '$2 > most { most = $2 } END { printf "%.0f", most * 1024 / 1e6 }' "times/$1"; }

every=$(cd sources && echo main.cpp source*.cpp)
affected=$(cd sources && grep -l "\"$touched\"" ./*.cpp | sed 's|^\./||')
for way in $ways; do
  echo "building: $way" >&2
  engine=
  [ "$way" = headers ] || engine=$include/grapnel/separate.cpp
  # shellcheck disable=SC2086 # names are words
  compile "$way" "$way" $engine $every
  link "$way" "$way"
  said=$("./$way") || fail "./$way ends with an error"
  echo "touched: $way" >&2
  # shellcheck disable=SC2086 # names are words
  compile "${way}_touched" "$way" $affected
  link "${way}_touched" "$way"
done

"$cxx" --version | head -n 1
echo "$said; built with $level"
echo "$touched is included by $(echo "$affected" | wc -l) of $(echo "$every" | wc -w) sources"
printf '%-40s %9s %7s\n' figure value target
for way in $ways; do
  target=-
  [ "$way" = headers ] || target=30
  row "app_build_${way}_s" "$(seconds "$way")" - "s, $(megabytes "$way") MB at the peak"
  row "app_touch_${way}_s" "$(seconds "${way}_touched")" $target "s"
done
cat rows
