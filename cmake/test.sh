#!/bin/sh
# sh cmake/test.sh [dev|release|asan|tsan|clang...]: installs what is missing, then configures,
# builds and tests each preset named (dev if none is). With CI=true a skipped test fails the run.
. "$(dirname -- "$0")/setup.sh"

[ $# -gt 0 ] || set -- dev
what="build tests"
for preset in "$@"; do
  case $preset in
    dev | release | asan | tsan) ;;
    clang) what="build tests clang" ;;
    *) fail "usage: sh cmake/test.sh [dev|release|asan|tsan|clang...]" ;;
  esac
done

# ThreadSanitizer's runtime of older compilers cannot live with much address randomisation.
run_tests() {
  if [ "$1" = tsan ] && setarch -R true 2>/dev/null; then
    setarch -R ctest --preset "$1" --no-tests=error -j "$jobs"
  else
    ctest --preset "$1" --no-tests=error -j "$jobs"
  fi
}

steps=$((1 + 3 * $#))
install_step "$what"
check_tools 3.25  # for the presets
has ninja || fail "ninja is missing; the presets build with it."
for preset in "$@"; do
  run_step "$preset: configuring" "$preset-configure" \
    cmake --preset "$preset" -DGRAPNEL_FETCH_DEPENDENCIES="$fetch"
  run_step "$preset: building" "$preset-build" cmake --build --preset "$preset" -j "$jobs"
  run_step "$preset: testing" "$preset-test" run_tests "$preset"
  grep -E '^[0-9]+% tests passed' "$log" || fail "No closing line from ctest in $log: did it run?"
  if [ "${CI:-}" = true ] && grep -q -e 'did not run:' -e 'tests skipped' "$log"; then
    sed -n '/did not run:/,$p' "$log" >&2
    fail "FAILED: a test was skipped. The whole log: $log"
  fi
done
