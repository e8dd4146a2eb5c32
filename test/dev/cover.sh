#!/bin/sh
# ISC license.
# Lines and branches of the library that its test programs reach, as gcov counts them in the normal and the portable build together.
# Exit 0 if that is all of them. A line with "never: " in a comment says there why one of its branches, or the line, is not reached.

here=$(pwd)
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

sources=$(git ls-files -- 'libsocket_*.c' 'socket_*.c')  # noipv6.c has no code

# run DIRECTORY CPPFLAGS
run ()
{
  mkdir "$dir/$1" && git ls-files | tar -c -T - | tar -x -C "$dir/$1" && cd "$dir/$1" || exit 1
  { make -s CC=gcc CPPFLAGS="$2" CFLAGS='-O0 --coverage -fprofile-update=atomic' libsocket.a &&
    make -s CC=gcc CPPFLAGS="$2" LDLIBS='-lskarnet -lgcov' SCRIPTS= test ; } > log 2>&1 || { cat log ; exit 1 ; }
  gcov -b -c $sources > log 2>&1 || { cat log ; exit 1 ; }
  cd "$here" || exit 1
}

run normal ''
run portable -DLIBSOCKET_PORTABLE

cat > "$dir/awk" << 'EOF2'
function done () { if (file != "") printf "%s: %d of %d lines, %d of %d branches\n", file, l, lines, b, branches }
{ key = $1 SUBSEP $2 SUBSEP $3 }
NR == FNR { n[key] += $4 ; next }
!(key in seen) {
  seen[key] = 1
  if ($1 != file) { done() ; l = lines = b = branches = 0 ; file = $1 }
  excused = $5
  hit = n[key] > 0 || excused
  if ($3 == "line") { lines++ ; l += hit } else { branches++ ; b += hit }
  if (!hit) { printf "%s:%d: %s\n", $1, $2, $3 == "line" ? "not reached" : $3 " not taken" ; bad = 1 }
  all++
  never += n[key] == 0
}
END { done() ; printf "%d lines and branches, %d of them never reached\n", all, never ; exit bad }
EOF2

# FILE LINE WHAT COUNT EXCUSED: what is a line or the number of a branch
for source in $sources
do
  for build in normal portable
  do
    awk -v file="$source" '
      /^ *[^:]*: *[0-9]+:/ {
        split($0, part, ":")
        count = part[1]
        gsub(/[ *]/, "", count)
        line = part[2] + 0
        excused = /\/\* never: / ? 1 : 0
        if (line && count != "-") print file, line, "line", count ~ /^[0-9]+$/ ? count : 0, excused
      }
      /^branch / { print file, line, "branch" $2, $3 == "taken" ? $4 : 0, excused }
    ' "$dir/$build/$source.gcov"
  done
done | sort -k 1,1 -k 2,2n -k 3,3 > "$dir/counts"
awk -f "$dir/awk" "$dir/counts" "$dir/counts"
