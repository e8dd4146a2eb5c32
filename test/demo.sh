#!/bin/sh
# ISC license.
# examples/demo.sh runs to its end, and the picture in README.md has the shape of the one it prints.

. test/cases.sh

# addresses and numbers are N, bars and spaces one, whatever the times were
shape ()
{
  sed -e 's/[0-9a-f.:]*[0-9][0-9a-f.:]*/N/g' -e 's/  */ /g' -e 's/N\( N\)* start/N start/' -e 's/|-*\([x*]\)/\1/' -e 's/--*/-/g' "$1"
}

timeout 60 examples/demo.sh > "$dir/log" 2>&1
report $? "the demo"

shape "$dir/log" > "$dir/demo"
awk '/^```$/ && inside { exit } inside ; /^```$/ { getline ; if (/^\$ race /) { inside = 1 ; print } }' README.md > "$dir/picture"
shape "$dir/picture" > "$dir/log"
cat "$dir/demo" >> "$dir/log"
test "$(wc -l < "$dir/picture")" -ge 6
report $? "README.md has a picture"
case $(cat "$dir/demo") in
  *"$(shape "$dir/picture")"*) true ;;
  *) false ;;
esac
report $? "the picture in README.md is the demo's"

end
