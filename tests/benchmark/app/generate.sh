#!/bin/sh
# sh generate.sh DIR TYPES: writes the sources of an application of TYPES entity types to DIR: a
# header for each, twice as many sources, and a main.cpp that opens all types, registers all hooks
# and runs all sources. Four types each have edges in a ring, and eight sources include their four
# headers. A file that is there already and would not change keeps its time.
[ $# -eq 2 ] && [ "$2" -ge 2 ] || {
  echo "usage: sh generate.sh DIR TYPES (2 or more)" >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
mkdir -p "$1" && cd "$1" || exit 1
types=$2
sources=$((2 * types))

# keep FILE: takes the text for it from standard input.
keep() {
  cat >"$1.new" || exit 1
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}
# each FORMAT COUNT: prints the format with 0, 1, ... in place of %d.
each() {
  awk -v format="$1" -v count="$2" 'BEGIN {
    for (i = 0; i < count; i++) {
      text = format
      gsub(/%d/, i, text)
      print text
    }
  }'
}

# after NUMBER STEPS: the type that many steps further in the ring of this one.
after() {
  first=$(($1 / 4 * 4))
  size=$((types - first < 4 ? types - first : 4))
  echo $((first + ($1 - first + $2) % size))
}

number=0
while [ $number -lt "$types" ]; do
  next=$(after $number 1)
  sed -e "s/@NEXT@/$next/g" -e "s/@N@/$number/g" "$here/entity.hpp.in" | keep "part$number.hpp"
  number=$((number + 1))
done
number=0
while [ $number -lt $sources ]; do
  type=$((number / 2))
  sed -e "s/@S@/$number/g" -e "s/@A@/$type/g" -e "s/@B@/$(after $type 1)/g" \
    -e "s/@C@/$(after $type 2)/g" -e "s/@D@/$(after $type 3)/g" "$here/source.cpp.in" |
    keep "source$number.cpp"
  number=$((number + 1))
done
{
  printf '#include <cstdint>\n#include <cstdio>\n\n'
  each '#include "part%d.hpp"' "$types"
  echo
  awk -v count="$sources" 'BEGIN {
    for (i = 0; i < count; i++) {
      part = "Part" int(i / 2)
      printf "grapnel::Value<%s> Hook%d(", part, i
      printf "grapnel::Mutation<%s>&, grapnel::Next<%s>);\n", part, part
      printf "std::int64_t Source%d(const grapnel::Client&);\n", i
    }
  }'
  printf '\nint main() {\n  auto client = grapnel::Open<'
  each 'Part%d' "$types" | paste -s -d , - | tr -d '\n'
  printf '>("file:app?mode=memory");\n  client.Migrate();\n'
  awk -v count="$sources" 'BEGIN {
    for (i = 0; i < count; i++) printf "  client.Of<Part%d>().Use(Hook%d);\n", i / 2, i
  }'
  echo '  std::int64_t rows = 0;'
  each '  rows += Source%d(client);' "$sources"
  printf '  std::printf("%d types, %d sources: %%d rows\\n", static_cast<int>(rows));\n}\n' \
    "$types" "$sources"
} | keep main.cpp
