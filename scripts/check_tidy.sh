#!/usr/bin/env bash
# The short list in .clang-tidy, over the product's sources and examples, several sources as one (see
# scripts/build.sh).
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
source "$project/scripts/build.sh"
cd "$project"
rm -f build/tidy/build.ninja  # new sources are found by configuring
configure tidy >/dev/null
# Without the compiler's own flags, which clang does not know.
mkdir -p build/tidy/commands
sed -E 's/ (-fno-sanitize-recover=all|-Werror|-Wno-(stringop-overflow|restrict|maybe-uninitialized|mismatched-new-delete|subobject-linkage))//g' \
  build/tidy/compile_commands.json >build/tidy/commands/compile_commands.json
sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/tidy/compile_commands.json | grep -v '/bench/' |
  xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/tidy/commands 2>build/tidy/log ||
  { grep -E '(error|warning):' build/tidy/log | head -50 >&2 || true; exit 1; }
