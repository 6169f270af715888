#!/bin/sh
# Prints each migration file as a row of C: {number, "name", "sql"}. Number and name come from the file's name.
set -eu
for file in "$@"; do
  name=$(basename "$file" .sql)
  printf '{%d, "%s",\n' "$(echo "${name%%_*}" | sed 's/^0*//')" "${name#*_}"
  sed -e 's/--.*$//' -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
  echo '},'
done
