#!/bin/sh
# ISC license.
# What costs are made of: the instructions of an operation, function by function; the bytes of a static program, symbol by symbol; and what a program
# that uses one function of a library carries of it.

. test/bench/operations.sh

QUIET=1
export QUIET

# self peer operation n: function, object or -, and instructions of a run

self ()
{
  run "$@" valgrind --tool=callgrind --callgrind-out-file="$dir/cg" > "$dir/log" 2>&1 || return
  callgrind_annotate --threshold=100 "$dir/cg" | awk '
    $1 ~ /^[0-9,]+$/ && $2 ~ /^\(/ && /:/ {
      n = $1
      gsub(",", "", n)
      line = $0
      sub(/^[^)]*\) */, "", line)
      object = "-"
      if (match(line, / \[[^]]*\]$/)) { object = substr(line, RSTART + 2, RLENGTH - 3) ; line = substr(line, 1, RSTART - 1) }
      sub(/^.*:/, "", line)
      sub(/ .*/, "", line)
      if (!(line in sum) || object != "-") where[line] = object
      sum[line] += n
    }
    END { for (f in sum) print f, where[f], sum[f] }'
}

# names archive: what it defines

names ()
{
  nm "$1" 2>/dev/null | awk 'NF == 3 && tolower($2) ~ /[tdbr]/ { print $3 }' | sort -u
}

names libsocket.a > "$dir/names"

if command -v callgrind_annotate > /dev/null
then
  for operation in connect accept race1 race4
  do
    for peer in raw libsocket libowfat skalibs
    do
      case $peers in *" $peer"*) ;; *) continue ;; esac
      n=20
      test $operation = race4 && n=5
      self $peer $operation $n > "$dir/one"
      self $peer $operation $((2 * n)) > "$dir/two"
      awk -v n=$n -v operation=$operation -v peer=$peer '
        FILENAME ~ /names$/ { ours[$1] = 1 ; next }
        FILENAME ~ /one$/ { one[$1] = $3 ; next }
        {
          x = ($3 - one[$1]) / n
          if (x < 0.5) next
          part = peer == "libsocket" && $1 in ours ? "libsocket" : $2 ~ /libskarnet/ ? "skalibs" : $2 ~ /owfat/ ? "libowfat" : $2 ~ /\/libc[.-]|\/ld-|^-$/ ? "libc" : "program"
          print operation, peer, part, $1, x
        }' "$dir/names" "$dir/one" "$dir/two"
    done
  done > "$dir/items"
else echo 'left out: instructions: no callgrind_annotate' >> "$dir/notes"
fi

echo '## What the instructions of one operation are'
echo
awk -v OFS='\t' '
  function k () { return $1 SUBSEP $2 }
  { if (!(k() in all)) order[++n] = k() ; all[k()] += $5 ; sum[k(), $3] += $5 }
  END {
    print "operation", "peer", "all", "libsocket", "libowfat", "skalibs", "libc", "program"
    for (i = 1 ; i <= n ; i++)
    {
      split(order[i], x, SUBSEP)
      print x[1], x[2], sprintf("%.0f", all[order[i]]), part("libsocket"), part("libowfat"), part("skalibs"), part("libc"), part("program")
    }
  }
  function part (p) { return sprintf("%.0f", sum[order[i], p]) }' "$dir/items" | table
echo
for operation in connect accept race1 race4
do
  for peer in libsocket libowfat skalibs
  do
    awk -v operation=$operation -v peer=$peer '$1 == operation && $2 == peer' "$dir/items" | sort -k 5,5nr -k 4,4 |
      awk -v what="$operation, $peer:" '{ line = line sprintf("%s %s %.0f", line == "" ? "" : ",", $4, $5) } END { if (line != "") print what line }' | fold -s -w 150
  done
done
echo
echo 'Of one operation, the difference between n and 2n of them in a process. libc: its stubs of system calls, errno, memset and memcpy.'
cat "$dir/notes"
: > "$dir/notes"

# programs, static: the symbols that raw has not, or has smaller

headers="-idirafter /usr/include/$($COMPILE -dumpmachine) -idirafter /usr/include"
owfat=
for place in "$(dirname "$($COMPILE -print-file-name=libowfat.a)")" /usr/lib
do
  test -e "$place/libowfat.a" && owfat=$place/libowfat.a
done
if command -v musl-gcc > /dev/null
then
  mkdir "$dir/musl" && cp Makefile ./*.[ch] "$dir/musl" && env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES ${MAKE:-make} -s -C "$dir/musl" CC=musl-gcc CPPFLAGS="$headers" libsocket.a \
    > "$dir/log" 2>&1 || echo 'left out: musl: it does not build' >> "$dir/notes"
else echo 'left out: musl: no musl-gcc' >> "$dir/notes"
fi

# symbols operation source flags...: name and bytes of each, once if it has several names

# shellcheck disable=SC2086 # $compiler is words
symbols ()
{
  only=$1 source=$2
  shift 2
  $compiler -w -static -DONLY="$only" -o "$dir/program" "test/bench/$source" "$@" > "$dir/log" 2>&1 || return
  nm -S "$dir/program" | awk '
    function hex (x,    i, n) { for (i = 1 ; i <= length(x) ; i++) n = n * 16 + index("123456789abcdef", substr(x, i, 1)) ; return n }
    NF == 4 && tolower($3) ~ /[tdbrvw]/ && !seen[$1]++ { sub(/\.[0-9]+$/, "", $4) ; sum[$4] += hex($2) }
    END { for (name in sum) print name, sum[name] }'
}

skarnet=$($COMPILE -print-file-name=libskarnet.a)
names "$skarnet" > "$dir/skarnet"
: > "$dir/owfat"
test "$owfat" && names "$owfat" > "$dir/owfat"

echo
echo '## What the bytes of a static program are'
echo
for kind in musl glibc
do
  if test $kind = musl
  then
    test -e "$dir/musl/libsocket.a" || continue
    compiler='musl-gcc -std=c11 -O2' extra=$headers library=$dir/musl/libsocket.a
  else
    compiler=$COMPILE extra='' library=libsocket.a
  fi
  for operation in connects accepts race4
  do
    # shellcheck disable=SC2086 # words
    {
      symbols $operation op_raw.c $extra > "$dir/raw"
      symbols $operation op_ours.c $extra -I. "$library" "$skarnet" > "$dir/libsocket"
      symbols $operation op_owfat.c $extra "$owfat" > "$dir/libowfat"
    }
    for peer in libsocket libowfat
    do
      test -s "$dir/$peer" || continue
      awk '
        FILENAME ~ /names$/ { part[$1] = "libsocket" ; next }
        FILENAME ~ /skarnet$/ { part[$1] = "skalibs" ; next }
        FILENAME ~ /owfat$/ && FILENAME !~ /libowfat$/ { part[$1] = "libowfat" ; next }
        FILENAME ~ /raw$/ { raw[$1] = $2 ; next }
        $2 - raw[$1] > 3 || $2 - raw[$1] < -3 { print $1 in part ? part[$1] : "libc", $1, $2 - raw[$1] }' \
        "$dir/names" "$dir/skarnet" "$dir/owfat" "$dir/raw" "$dir/$peer" | sort -k 3,3nr -k 2,2 |
        awk -v what="$operation, $kind, $peer" '
          { all += $3 ; sum[$1] += $3 ; line = line (line == "" ? ": " : ", ") $2 " " $3 }
          END {
            n = split("libsocket libowfat skalibs libc", x, " ")
            for (i = 1 ; i <= n ; i++) if (sum[x[i]]) text = text (text == "" ? "" : ", ") x[i] " " sum[x[i]]
            print what ": " all " bytes more than raw (" text ")" line
          }' | fold -s -w 150
    done
  done
done
cat "$dir/notes"

# Of an archive: each function with a prefix, and the bytes and number of all objects that it brings in.

# carries archive prefix

carries ()
{
  { size "$1" | awk 'NR > 1 { print "size", $6, $1 + $2 + $3 }'
    nm -A "$1" 2>/dev/null | awk -v prefix="$2" '{
      n = split($1, x, ":")
      object = x[n - 1]
      if ($2 == "U") print "needs", object, $3
      else if ($2 ~ /^[TDRBVW]$/) print "has", object, $3
      else if ($3 ~ /^[TDRBVW]$/) print "has", object, $4 }' ; } | awk -v prefix="$2" '
    $1 == "size" { bytes[$2] = $3 }
    $1 == "needs" { needs[$2] = needs[$2] " " $3 }
    $1 == "has" { home[$3] = $2 ; if ($2 == substr($3, length(prefix) + 1) ".o") name[++n] = $3 }
    function walk (object,    x, i, k)
    {
      if (seen[object] == round) return
      seen[object] = round
      sum += bytes[object]
      count++
      k = split(needs[object], x, " ")
      for (i = 1 ; i <= k ; i++) if (x[i] in home) walk(home[x[i]])
    }
    END {
      for (i = 1 ; i <= n ; i++)
      {
        round = i ; sum = count = 0
        walk(home[name[i]])
        print substr(name[i], length(prefix) + 1), sum, count
      }
    }' | sort
}

carries libsocket.a lib > "$dir/ours"
: > "$dir/theirs"
test "$owfat" && carries "$owfat" '' > "$dir/theirs"
echo
echo '## What a program that uses one function carries'
echo
awk -v OFS='\t' '
  BEGIN { print "function", "bytes", "objects", "libowfat", "objects" }
  FILENAME ~ /theirs$/ { bytes[$1] = $2 ; count[$1] = $3 ; next }
  $1 ~ /^socket_/ { print $1, $2, $3, $1 in bytes ? bytes[$1] : "-", $1 in bytes ? count[$1] : "-" }' "$dir/theirs" "$dir/ours" | table
echo
echo 'Text and data of the objects that come from the archive with it; what it needs of skalibs and libc is not counted.'
