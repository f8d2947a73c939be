# Sourced by ./run and ./check: packages and builds.

build_packages=(
  g++ cmake ninja-build ccache pkg-config
  libboost1.81-dev libboost-url1.81-dev libboost-json1.81-dev
  libhiredis-dev libssl-dev libicu-dev libspdlog-dev libfmt-dev libcli11-dev
  libtomlplusplus-dev prometheus-cpp-dev libxxhash-dev
)
run_packages=(redis-server redis-tools)
test_packages=(libgtest-dev clang-format clang-tidy python3 openssl procps)

say() { printf '\n== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

# Installs those of the packages that are not there yet. Asks dpkg only, so that nothing to do takes
# no time.
install_packages() {
  local missing
  mapfile -t missing < <(comm -23 <(printf '%s\n' "$@" | sort -u) <(installed_packages "$@" | sort -u))
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "these packages are missing and there is no sudo: apt-get install ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

installed_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# Ten sources are compiled as one: Asio's and Beast's templates are instantiated once for all of them,
# which takes half the time. So names in unnamed namespaces differ within src/, src/app/ and each
# kind of test.
unity=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10)

# configure KIND: makes build/KIND ready. `release` is what users run; `test` is the same with the
# tests; `sanitize` is Debug with AddressSanitizer and UndefinedBehaviorSanitizer and the tests; `tidy` is
# for clang-tidy, which compiles nothing.
configure() {
  local directory="$project/build/$1" options=()
  [ -f "$directory/build.ninja" ] && return
  case $1 in
    release | tidy) options=(-DCMAKE_BUILD_TYPE=Release) ;;
    test) options=(-DCMAKE_BUILD_TYPE=Release -DREDKEEP_TESTS=ON) ;;
    # Line numbers are all that a sanitizer prints, and cost a third of full debug information.
    sanitize) options=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1 -DREDKEEP_SANITIZE=ON -DREDKEEP_TESTS=ON) ;;
  esac
  cmake -S "$project" -B "$directory" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "${unity[@]}" "${options[@]}"
}

# build KIND [TARGET...]
build() {
  local kind=$1
  shift
  [ $# -gt 0 ] || set -- all
  configure "$kind"
  CCACHE_BASEDIR="$project" CCACHE_NOHASHDIR=1 cmake --build "$project/build/$kind" --target "$@"
}

# run_tests KIND [ARGUMENTS of ctest...]: in parallel, one more than there are processors, since those
# with a server wait a quarter of their time; what fails there is run once more, alone, since a test
# may also fail because the machine was too busy with the others. Both runs are shown.
run_tests() {
  local tests=(ctest --test-dir "$project/build/$1" --output-on-failure --no-tests=error)
  shift
  "${tests[@]}" --parallel "$(($(nproc) + 1))" "$@" && return
  say "those that failed, alone"
  "${tests[@]}" --rerun-failed
}
