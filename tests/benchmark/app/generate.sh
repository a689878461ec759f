#!/bin/sh
# sh generate.sh DIR TYPES: writes the sources of an application of TYPES entity types to DIR: a
# header for each, twice as many sources that each include four of the headers, so that eight
# sources include each header, and a main.cpp that opens all types, registers all hooks and runs all
# sources. A file that is there already and would not change keeps its time.
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

number=0
while [ $number -lt "$types" ]; do
  next=$(((number + 1) % types))
  sed -e "s/@NEXT@/$next/g" -e "s/@N@/$number/g" "$here/entity.hpp.in" | keep "part$number.hpp"
  number=$((number + 1))
done
number=0
while [ $number -lt $sources ]; do
  sed -e "s/@S@/$number/g" -e "s/@A@/$((number % types))/g" -e "s/@B@/$(((number + 1) % types))/g" \
    -e "s/@C@/$(((number + 2) % types))/g" -e "s/@D@/$(((number + 3) % types))/g" \
    "$here/source.cpp.in" | keep "source$number.cpp"
  number=$((number + 1))
done
{
  printf '#include <cstdint>\n#include <cstdio>\n\n'
  each '#include "part%d.hpp"' "$types"
  echo
  awk -v count="$sources" -v types="$types" 'BEGIN {
    for (i = 0; i < count; i++) {
      part = "Part" i % types
      printf "grapnel::Value<%s> Hook%d(", part, i
      printf "grapnel::Mutation<%s>&, grapnel::Next<%s>);\n", part, part
      printf "std::int64_t Source%d(const grapnel::Client&);\n", i
    }
  }'
  printf '\nint main() {\n  auto client = grapnel::Open<'
  each 'Part%d' "$types" | paste -s -d , - | tr -d '\n'
  printf '>("file:app?mode=memory");\n  client.Migrate();\n'
  awk -v count="$sources" -v types="$types" 'BEGIN {
    for (i = 0; i < count; i++) printf "  client.Of<Part%d>().Use(Hook%d);\n", i % types, i
  }'
  echo '  std::int64_t rows = 0;'
  each '  rows += Source%d(client);' "$sources"
  printf '  std::printf("%d types, %d sources: %%d rows\\n", static_cast<int>(rows));\n}\n' \
    "$types" "$sources"
} | keep main.cpp
