#!/usr/bin/env bash
# check_tidy.sh BUILD: the short list in .clang-tidy, over the product's sources, with the compile
# commands of that build directory.
set -euo pipefail
build=$1
cd "$(dirname "$0")/.."
# The compiler's own flags that clang does not know are taken out of a copy.
mkdir -p build/tidy
sed -e 's/-fno-sanitize-recover=all//g' -e 's/-Wno-stringop-overflow//g' -e 's/-Wno-restrict//g' \
  -e 's/-Wno-maybe-uninitialized//g' -e 's/-Wno-mismatched-new-delete//g' -e 's/-Werror//g' "$build/compile_commands.json" \
  >build/tidy/compile_commands.json
git ls-files 'src/*.cpp' 'examples/*.cpp' |
  xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/tidy 2>build/tidy/log ||
  { grep -E '(error|warning):' build/tidy/log | head -50 >&2 || true; exit 1; }
