#!/bin/sh
# sh ent.sh WORK: builds ent's side of the figure vs_ent below WORK and prints where it is, for the
# environment variable GRAPNEL_BENCHMARK_ENT of grapnel_benchmark:
#
#   GRAPNEL_BENCHMARK_ENT=$(sh ent.sh WORK) grapnel_benchmark
#
# Needs Debian's golang-go, golang-github-facebook-ent-dev and golang-github-mattn-go-sqlite3-dev,
# and a C compiler; needs no network. Ends with 77 where one is missing.

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
skip() {
  echo "skipped: $1" >&2
  exit 77
}

[ $# -eq 1 ] || fail "usage: sh ent.sh WORK"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
mkdir -p "$1" || exit 1
work=$(CDPATH='' cd -- "$1" && pwd -P)

gocode=/usr/share/gocode
unset GOROOT GOOS GOARCH GOTMPDIR
export GOENV=off GO111MODULE=off GOPROXY=off GOFLAGS=-p=2 CGO_ENABLED=1
export GOPATH="$work/gopath:$gocode" GOCACHE="$work/cache" TMPDIR="$work/tmp"

command -v go >/dev/null 2>&1 || skip "no Go (Debian's golang-go)"
[ -d "$gocode/src/github.com/facebook/ent/entc" ] ||
  skip "no ent (Debian's golang-github-facebook-ent-dev)"
[ -d "$gocode/src/github.com/mattn/go-sqlite3" ] ||
  skip "no SQLite for Go (Debian's golang-github-mattn-go-sqlite3-dev)"
compiler=$(go env CC)
command -v "${compiler%% *}" >/dev/null 2>&1 ||
  skip "no C compiler ($compiler), which Go needs for SQLite"

rm -rf "$work/tmp"
mkdir -p "$work/tmp" || exit 1
made_of=$(
  cd "$here" && go version && dpkg-query -W golang-github-facebook-ent-dev 2>/dev/null
  find ent ent.sh -type f -exec cksum {} + | sort
)
if [ ! -x "$work/ent" ] || [ "$made_of" != "$(cat "$work/made_of" 2>/dev/null)" ]; then
  project=$work/gopath/src/benchmark
  rm -rf "$work/made_of" "$work/gopath"
  mkdir -p "$project/ent" || exit 1
  cp -R "$here/ent/." "$project" || exit 1
  cd "$project" || exit 1
  go run ./generate >&2 || fail "ent's code generator failed"
  go build -o "$work/ent" . >&2 || fail "ent's program does not build"
  printf '%s\n' "$made_of" >"$work/made_of"
fi
printf '%s\n' "$work/ent"
