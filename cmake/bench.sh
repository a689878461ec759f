#!/bin/sh
# sh cmake/bench.sh [peers]: installs what is missing, builds the benchmark and runs it; its last
# lines are "figure NAME VALUE". With `peers` it also installs the libraries that Grapnel is
# compared with (Debian only).
. "$(dirname -- "$0")/setup.sh"

case $#-${1:-} in
  0-) what="build tests" ;;
  1-peers) what="build tests peers" ;;
  *) fail "usage: sh cmake/bench.sh [peers]" ;;
esac

steps=3
install_step "$what"
check_tools 3.25  # for the presets
run_step "configuring" bench-configure cmake --preset bench -DGRAPNEL_FETCH_DEPENDENCIES="$fetch"
run_step "building" bench-build \
  cmake --build --preset bench --target grapnel_benchmark -j "$jobs"
exec cmake --build --preset bench
