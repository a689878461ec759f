#!/bin/sh
# sh cmake/demo.sh [-- ARGUMENTS...]: installs what is missing, builds examples/avatar_sync, and
# runs it with the arguments (for example: -- --db avatars.db --bucket file://avatars).
. "$(dirname -- "$0")/setup.sh"

case ${1:-} in
  '') ;;
  --) shift ;;
  *) fail "usage: sh cmake/demo.sh [-- ARGUMENTS...]" ;;
esac

steps=4
install_step build
check_tools 3.24
generator=$(has ninja && echo Ninja || echo "Unix Makefiles")
run_step "configuring" demo-configure \
  cmake -S . -B build/demo -G "$generator" -DCMAKE_BUILD_TYPE=Release -DGRAPNEL_BUILD_TESTS=OFF \
  -DGRAPNEL_BUILD_EXAMPLES=ON -DGRAPNEL_FETCH_DEPENDENCIES="$fetch"
run_step "building the avatar sync" demo-build \
  cmake --build build/demo --target avatar_sync -j "$jobs"
echo "[4/4] build/demo/examples/avatar_sync $*"
exec build/demo/examples/avatar_sync "$@"
