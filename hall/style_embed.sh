#!/bin/sh
# Prints the style sheet as C: one string.
set -eu
echo 'static const char HALL_STYLE[] ='
sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$1"
echo ';'
