#!/bin/sh
# sh run.sh PROGRAM WORK: runs the scenarios in ent, which it generates and builds below WORK, and
# in Grapnel, whose PROGRAM is built from grapnel.cpp, and compares what the two print, line by
# line. Every difference must stand in differences.txt, and everything that stands there must occur.
#
# Needs Debian's golang-go, golang-github-facebook-ent-dev and golang-github-mattn-go-sqlite3-dev,
# and a C compiler; needs no network. Ends with 77 where one is missing.

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
skip() {
  echo "skipped: $1"
  exit 77
}

[ $# -eq 2 ] || fail "usage: sh run.sh PROGRAM WORK"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
program=$1
mkdir -p "$2" || exit 1
work=$(CDPATH='' cd -- "$2" && pwd -P)

# ---- What must be there -------------------------------------------------------------------------

gocode=/usr/share/gocode
ent=$gocode/src/github.com/facebook/ent
unset GOROOT GOOS GOARCH GOTMPDIR
export GOENV=off GO111MODULE=off GOPROXY=off GOFLAGS=-p=2 CGO_ENABLED=1
export GOPATH="$work/gopath:$gocode" GOCACHE="$work/cache" TMPDIR="$work/tmp"

command -v go >/dev/null 2>&1 || skip "no Go (Debian's golang-go)"
[ -d "$ent/entc" ] || skip "no ent (Debian's golang-github-facebook-ent-dev)"
[ -d "$gocode/src/github.com/mattn/go-sqlite3" ] ||
  skip "no SQLite for Go (Debian's golang-github-mattn-go-sqlite3-dev)"
compiler=$(go env CC)
command -v "${compiler%% *}" >/dev/null 2>&1 ||
  skip "no C compiler ($compiler), which Go needs for SQLite"

# ---- ent's program ------------------------------------------------------------------------------

rm -rf "$work/tmp"
mkdir -p "$work/tmp" || exit 1
made_of=$(
  cd "$here" && go version && dpkg-query -W golang-github-facebook-ent-dev 2>/dev/null
  find "$here/ent" "$here/run.sh" -type f -exec cksum {} + | sort
)
if [ ! -x "$work/ent" ] || [ "$made_of" != "$(cat "$work/made_of" 2>/dev/null)" ]; then
  project=$work/gopath/src/conformance
  rm -rf "$work/made_of" "$work/gopath"
  mkdir -p "$project/ent" || exit 1
  cp -R "$here/ent/." "$project" || exit 1
  cd "$project" || exit 1
  go run ./generate || fail "ent's code generator failed"
  go build -o "$work/ent" . || fail "ent's program does not build"
  printf '%s\n' "$made_of" >"$work/made_of"
fi

# ---- The traces ---------------------------------------------------------------------------------

cd "$work" || exit 1
"$work/ent" >ent.trace 2>ent.log || fail "ent's program failed:" "$(tail -n 20 ent.log)"
"$program" >grapnel.trace || fail "Grapnel's program failed"

grep '^== ' ent.trace >ent.names
grep '^== ' grapnel.trace >grapnel.names
cmp -s ent.names grapnel.names ||
  fail "The programs run different scenarios:" "$(diff ent.names grapnel.names)"
[ -z "$(sort ent.names | uniq -d)" ] || fail "Scenarios of one name:" "$(sort ent.names | uniq -d)"

# Each scenario's lines in a file of its own, named by its number.
rm -rf split
mkdir -p split/ent split/grapnel split/listed
for each in ent grapnel; do
  awk -v folder="split/$each" '
    /^== / { if (file) close(file); file = sprintf("%s/%04d", folder, ++number) }
    { print >file }' "$each.trace"
done
awk '
  function complain(what) { print "differences.txt:" FNR ": " what; bad = 1 }
  function leave() { if (reason && !lines) complain("the reason above is without lines") }
  FNR == NR { number[$0] = FNR; next }
  /^#/ || /^$/ || /^  / { next }
  /^== / {
    leave(); reason = lines = 0
    if (!($0 in number)) complain("no such scenario")
    if ($0 in seen) complain("this scenario stands here twice")
    seen[$0] = 1
    file = sprintf("split/listed/%04d", number[$0])
    next
  }
  /^B[0-9]+: ./ { leave(); reason = 1; lines = 0; reasons++; next }
  /^[-+]/ {
    if (!reason) complain("no reason, such as \"B17: ...\", stands above this line")
    lines++
    if (file) print >file
    next
  }
  { complain("neither a scenario (==), a reason (B17: ...), nor a line of a trace (- or +)") }
  END {
    leave()
    print reasons + 0 >"split/reasons"
    exit bad
  }' ent.names "$here/differences.txt" >&2 || exit 1

# ---- The comparison -----------------------------------------------------------------------------

bad=0
for file in split/ent/*; do
  number=${file##*/}
  listed=split/listed/$number
  [ -e "$listed" ] || : >"$listed"
  diff "$file" "split/grapnel/$number" | sed -n -e 's/^< /-/p' -e 's/^> /+/p' >split/found
  cmp -s "$listed" split/found && continue
  bad=$((bad + 1))
  {
    head -n 1 "$file"
    if [ -s "$listed" ]; then
      echo "differs otherwise than differences.txt says. There (- ent, + Grapnel):"
      sed 's/^/    /' "$listed"
      echo "found:"
    else
      echo "differs, and differences.txt does not say so (- ent, + Grapnel):"
    fi
    [ -s split/found ] || echo "    nothing: the two agree now"
    sed 's/^/    /' split/found
  } >&2
done
[ "$bad" -eq 0 ] ||
  fail "Scenarios that do not compare as they should: $bad." \
    "The traces: $work/ent.trace, $work/grapnel.trace"

echo "$(($(wc -l <ent.names))) scenarios, $(($(wc -l <ent.trace))) lines of ent and" \
  "$(($(wc -l <grapnel.trace))) of Grapnel, $(cat split/reasons) intended differences"
