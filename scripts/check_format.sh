#!/usr/bin/env bash
# Every C++ file is as clang-format has it, and no file is longer than one can keep in mind.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.cpp' '*.h')
clang-format --dry-run -Werror "${sources[@]}"

long=0
for file in "${sources[@]}"; do
  case $file in
    tests/*) limit=600 ;;
    *.h) limit=150 ;;
    *) limit=400 ;;
  esac
  lines=$(wc -l <"$file")
  if [ "$lines" -gt "$limit" ]; then
    echo "$file: $lines lines, at most $limit: what in it wants a file and a name of its own?" >&2
    long=1
  fi
done
exit $long
