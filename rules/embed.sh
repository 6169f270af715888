#!/bin/sh
# Prints each rule file as a row of C: {"orders/name.yaml", "text"}.
set -eu
for file in "$@"; do
  folder=$(basename "$(dirname "$file")")
  printf '{"%s/%s",\n' "$folder" "$(basename "$file")"
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
  echo '},'
done
