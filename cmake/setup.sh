# Shared by demo.sh, test.sh and bench.sh, which source it: POSIX sh, for a bare Debian 12 and its
# relatives. Installs what is missing, runs each step quietly with a log, and explains a failure.
#
# Environment: CXX chooses the compiler; GRAPNEL_NO_INSTALL=1 never installs anything;
# GRAPNEL_JOBS=n.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit 1
logs=build/log
step=0
steps=1
fetch=OFF  # becomes ON where the distribution has no package for a dependency
# Another clone of the same sources, in another folder, profits from this one's cache.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
# What ccache needs to be told to take part where there are precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
jobs=${GRAPNEL_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

has() { command -v "$1" >/dev/null 2>&1; }

# fail MESSAGE...: says what went wrong, a line each, and ends.
fail() {
  printf '\n' >&2
  for line in "$@"; do printf '%s\n' "$line" >&2; done
  exit 1
}

# newer_or_same VERSION MINIMUM
newer_or_same() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$2" ]
}

# ---- Steps --------------------------------------------------------------------------------------

# Where a running build or test run is, as its log says: " [12/40]", " [42%]", or nothing yet.
progress_of() {
  seen=$(sed -n -e 's/^\[ *\([0-9][0-9]*\/[0-9][0-9]*\)\].*/\1/p' \
    -e 's/^\[ *\([0-9][0-9]*%\)\].*/\1/p' \
    -e 's/^ *\([0-9][0-9]*\/[0-9][0-9]*\) Test .*/\1/p' "$1" 2>/dev/null | tail -n 1)
  [ -z "$seen" ] || printf ' [%s]' "$seen"
}

# Shows the progress of a log until killed: on a terminal in place, elsewhere a line every 20
# seconds.
watch_log() {
  seconds=0
  while sleep 1; do
    seconds=$((seconds + 1))
    if [ -t 1 ]; then
      printf '\r[%s/%s] %s%s %ss ' "$step" "$steps" "$2" "$(progress_of "$1")" "$seconds"
    elif [ $((seconds % 20)) -eq 0 ]; then
      printf '      ...%s %ss\n' "$(progress_of "$1")" "$seconds"
    fi
  done
}

# The part of a log that says what failed.
show_failure() {
  first=$(grep -n -m 1 -e '^FAILED: ' -e '^CMake Error' -e 'error: ' -e '^E: ' -e '[*][*][*]' "$1" |
    cut -d: -f1)
  lines=$(wc -l <"$1")
  if [ -n "$first" ] && [ $((lines - first)) -gt 40 ]; then
    sed -n "${first},$((first + 29))p" "$1" >&2
    printf '[... the rest is in %s; its end:]\n' "$1" >&2
    tail -n 10 "$1" >&2
  else
    tail -n 40 "$1" >&2
  fi
  grep -E '^[0-9]+% tests passed' "$1"
}

# What a log's words mean to the person who reads them.
explain() {
  if grep -qi -e 'temporary failure resolving' -e 'could not resolve' -e 'unable to connect' \
    -e 'failed to fetch' -e 'could not connect' -e 'network is unreachable' \
    -e 'name resolution' "$1"; then
    echo "There seems to be no network, or a proxy is missing (http_proxy). Connect, and try again."
  elif grep -qi -e 'no space left' "$1"; then
    echo "The disk is full. Make room, and run this again."
  elif grep -qi -e 'unable to locate package' -e 'has no installation candidate' "$1"; then
    echo "This release of the distribution lacks a package named above. Debian 12 has them all."
  elif grep -qi -e 'could not get lock' "$1"; then
    echo "Another package manager is at work. Wait until it is done, and run this again."
  elif grep -qi -e 'internal compiler error: Killed' \
    -e 'signal terminated program cc1plus' "$1"; then
    echo "The compiler ran out of memory. Run this again with GRAPNEL_JOBS=1."
  elif grep -q -e 'unexpected memory mapping' "$1"; then
    echo "ThreadSanitizer cannot live with this kernel's address randomisation:" \
      "sysctl -w vm.mmap_rnd_bits=28"
  else
    echo "Mend what is named above and run this again; what is built stays built."
  fi
}

# run_step NAME LOG COMMAND...: runs it with its output in build/log/LOG.log.
run_step() {
  label=$1
  log=$logs/$2.log
  shift 2
  step=$((step + 1))
  mkdir -p "$logs"
  : >"$log"
  printf '[%s/%s] %s' "$step" "$steps" "$label"
  [ -t 1 ] || printf '\n'
  watch_log "$log" "$label" &
  watcher=$!
  trap 'kill $watcher 2>/dev/null; exit 130' INT TERM
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  trap - INT TERM
  [ -t 1 ] && printf '\r[%s/%s] %s                              \n' "$step" "$steps" "$label"
  if [ "$status" -ne 0 ]; then
    printf '\n' >&2
    show_failure "$log"
    fail "FAILED: $label. The whole log: $log" "$(explain "$log")"
  fi
}

# ---- Installing ---------------------------------------------------------------------------------

family() {
  id=unknown
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo " ${ID:-} ${ID_LIKE:-} ")
  fi
  case $id in
    *" debian "* | *" ubuntu "*) echo debian ;;
    *" fedora "* | *" rhel "*) echo fedora ;;
    *" alpine "*) echo alpine ;;
    *" arch "*) echo arch ;;
    *suse*) echo suse ;;
    *) echo unknown ;;
  esac
}

package_installed() {
  case $family in
    debian) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    fedora | suse) rpm -q "$1" >/dev/null 2>&1 ;;
    alpine) apk info -e "$1" >/dev/null 2>&1 ;;
    arch) pacman -Q "$1" >/dev/null 2>&1 ;;
  esac
}

# need COMMAND PACKAGE, or need - PACKAGE: notes PACKAGE as missing unless the command or the
# package is there.
missing=
need() {
  if [ "$1" != - ] && has "$1"; then return; fi
  case " $missing " in *" $2 "*) return ;; esac
  if package_installed "$2"; then return; fi
  missing="$missing $2"
}

# Notes the packages for building, and for "tests", "clang" and "peers" too.
needed_packages() {
  case $family in
    debian)
      [ -n "${CXX:-}" ] || need g++ g++
      need cmake cmake
      has make || need ninja ninja-build
      need - libsqlitecpp-dev
      need - libfmt-dev
      need - libsqlite3-dev
      case $1 in
        *tests*)
          need ninja ninja-build; need ccache ccache; need - catch2; need dot graphviz
          # The tests start a server of their own; what the package itself starts is left alone.
          need - libpq-dev; need - postgresql
          need - libcurl4-openssl-dev; need - libssl-dev; need - nlohmann-json3-dev
          need - libhiredis-dev; need - redis-server; need - libnats-dev; need - nats-server
          ;;
      esac
      # The linters, ent to compare with, and what makes a cluster of servers: 750 MB, so only where
      # nothing may be skipped.
      case $1-${CI:-} in
        *tests*-true)
          need clang-format-14 clang-format-14; need clang-tidy-14 clang-tidy-14
          need go golang-go; need - golang-github-facebook-ent-dev
          need - golang-github-mattn-go-sqlite3-dev
          need - etcd-server; need - patroni; need - python3-etcd
          need - python3-swift
          need chromium chromium
          ;;
      esac
      case $1 in *clang*) need clang++-19 clang-19; need - libclang-rt-19-dev ;; esac
      case $1 in
        *peers*)
          need - libsoci-dev; need - libboost-dev; need - libpoco-dev
          need go golang-go; need - golang-github-facebook-ent-dev
          need - golang-github-mattn-go-sqlite3-dev
          ;;
      esac
      ;;
    # Not tried on any of these: the packages' names are from their indexes, and what has no package
    # there is downloaded by CMake at the pinned tag.
    fedora)
      fetch=ON
      need g++ gcc-c++; need cmake cmake; need ninja ninja-build; need git git
      need - sqlite-devel; need - fmt-devel
      case $1 in
        *tests*)
          need ccache ccache; need dot graphviz; need - libasan; need - libubsan; need - libtsan
          need - libpq-devel; need - postgresql-server
          ;;
      esac
      case $1 in *clang*) need clang++ clang; need - compiler-rt ;; esac
      ;;
    alpine)
      fetch=ON
      need g++ g++; need cmake cmake; need ninja samurai; need git git
      need - sqlite-dev; need - fmt-dev; need - linux-headers
      case $1 in
        *tests*) need ccache ccache; need dot graphviz; need - libpq-dev; need - postgresql ;;
      esac
      case $1 in *clang*) need clang++ clang; need - compiler-rt ;; esac
      ;;
    arch)
      fetch=ON
      need g++ gcc; need cmake cmake; need ninja ninja; need git git
      need - sqlite; need - fmt
      case $1 in
        *tests*) need ccache ccache; need dot graphviz; need - postgresql ;;
      esac
      case $1 in *clang*) need clang++ clang; need - compiler-rt ;; esac
      ;;
    suse)
      fetch=ON
      need g++ gcc-c++; need cmake cmake; need ninja ninja; need git git
      need - sqlite3-devel; need - fmt-devel
      case $1 in
        *tests*)
          need ccache ccache; need dot graphviz
          need - postgresql-devel; need - postgresql-server
          ;;
      esac
      case $1 in *clang*) need clang++ clang ;; esac
      ;;
    unknown)
      fetch=ON
      for tool in g++ cmake git; do
        has "$tool" || missing="$missing $tool"
      done
      ;;
  esac
}

install_command() {
  case $family in
    debian) echo "apt-get install$missing" ;;
    fedora) echo "dnf install$missing" ;;
    alpine) echo "apk add$missing" ;;
    arch) echo "pacman -S$missing" ;;
    suse) echo "zypper install$missing" ;;
    unknown) echo "(your package manager)$missing" ;;
  esac
}

# Installs $missing, as root or through $sudo. Unquoted on purpose: a list of words.
# shellcheck disable=SC2086
install_missing() {
  case $family in
    debian)
      # A package list that cannot be refreshed may still do; if not, the install says so.
      $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update
      $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install $missing
      ;;
    fedora) $sudo dnf -y install $missing ;;
    alpine) $sudo apk add $missing ;;
    arch) $sudo pacman -Sy --noconfirm --needed $missing ;;
    suse) $sudo zypper --non-interactive install $missing ;;
  esac
}

# install_step WHAT: WHAT is "build", "build tests" or "build tests clang".
install_step() {
  family=$(family)
  needed_packages "$1"
  if [ -z "$missing" ]; then
    step=$((step + 1))
    echo "[$step/$steps] nothing to install"
    return
  fi
  sudo=
  if [ -n "${GRAPNEL_NO_INSTALL:-}" ] || [ "$family" = unknown ]; then
    fail "Missing:$missing" "Install what is missing and run this again:" "    $(install_command)"
  elif [ "$(id -u)" -ne 0 ]; then
    if ! has sudo || ! sudo -v; then
      fail "Missing:$missing" "Installing needs root. As root, run:" "    $(install_command)" \
        "and then this again."
    fi
    sudo=sudo
  fi
  run_step "installing$missing" install install_missing
}

# ---- The tools ----------------------------------------------------------------------------------

compiler_version() { "$1" -dumpfullversion 2>/dev/null || "$1" -dumpversion 2>/dev/null; }

is_clang() { "$1" --version 2>/dev/null | head -n 1 | grep -q clang; }

new_enough() {
  has "$1" || return 1
  if is_clang "$1"; then
    newer_or_same "$("$1" -dumpversion)" 16
  else
    newer_or_same "$(compiler_version "$1")" 12
  fi
}

# check_tools CMAKE_VERSION: refuses old tools; picks a newer installed compiler when the default is
# too old.
check_tools() {
  have=$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')
  newer_or_same "${have:-0}" "$1" ||
    fail "cmake is ${have:-missing}; this needs $1 or newer." \
      "Newer ones: https://cmake.org/download, or: pip install cmake"
  if [ -n "${CXX:-}" ]; then
    new_enough "$CXX" ||
      fail "CXX=$CXX is $(compiler_version "$CXX"); Grapnel needs g++ 12 or clang 16, or newer."
    return
  fi
  for CXX in g++ c++ g++-15 g++-14 g++-13 g++-12 \
    clang++ clang++-19 clang++-18 clang++-17 clang++-16; do
    if new_enough "$CXX"; then
      export CXX
      return
    fi
  done
  unset CXX
  fail "g++ is $(compiler_version g++); Grapnel needs g++ 12 or clang 16, or newer." \
    "Install one (Debian, Ubuntu: apt-get install g++-12) and run this again; CXX=... chooses one."
}
