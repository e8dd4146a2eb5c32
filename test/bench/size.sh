#!/bin/sh
# ISC license.
# How large the library is, object by object, and programs that connect, race and accept; how long these take to link, to start and to end.

. test/bench/peers.sh

make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

# library directory make's arguments: builds it there

library ()
{
  mkdir "$dir/$1" && cp Makefile ./*.[ch] "$dir/$1" || exit
  to=$1
  shift
  $make -s -C "$dir/$to" "$@" libsocket.a > "$dir/log" 2>&1
}

# name and text of each object of an archive

texts ()
{
  size "$1" | awk 'NR > 1 { sub(/\.o$/, "", $6) ; print $6, $1 }' | sort
}

plain=-fno-asynchronous-unwind-tables
library O2 CFLAGS="-O2 $plain" || exit
library Os CFLAGS="-Os $plain" || exit
library default || exit
owfat=
for place in "$(dirname "$($COMPILE -print-file-name=libowfat.a)")" /usr/lib
do
  test -e "$place/libowfat.a" && owfat=$place/libowfat.a
done
texts "$dir/O2/libsocket.a" > "$dir/a"
texts "$dir/Os/libsocket.a" > "$dir/b"
if test "$owfat" ; then texts "$owfat" ; else echo 'left out: libowfat: not installed' >> "$dir/notes" ; fi > "$dir/c"

echo '## Size of the library'
echo
awk -v OFS='\t' '
  FNR == 1 { file++ }
  file == 1 { name[++n] = $1 ; o2[$1] = $2 ; next }
  file == 2 { os[$1] = $2 ; next }
  { owfat[$1] = $2 }
  END {
    print "bytes of text", "-O2", "-Os", "libowfat"
    for (i = 1 ; i <= n ; i++)
    {
      x = name[i]
      a += o2[x] ; b += os[x]
      if (x in owfat) { both++ ; c += o2[x] ; d += os[x] ; e += owfat[x] }
      print x, o2[x], os[x], x in owfat ? owfat[x] : "-"
    }
    print "all " n, a, b, "-"
    if (both) print "the " both " that libowfat has too", c, d, e
  }' "$dir/a" "$dir/b" "$dir/c" | table
echo
echo "libsocket with CFLAGS='-O2 $plain', and -Os; libowfat as it is installed, with other options, and with unwind tables."
cat "$dir/notes"
: > "$dir/notes"

# programs: from the operations of op.h, one each

$COMPILE -o "$dir/spawn" test/bench/spawn.c || exit
headers="-idirafter /usr/include/$($COMPILE -dumpmachine) -idirafter /usr/include"
library musl CC=musl-gcc CPPFLAGS="$headers" > /dev/null || echo "left out: musl: $(command -v musl-gcc > /dev/null && echo "it does not build" || echo "no musl-gcc")" >> "$dir/notes"
only ()
{
  case $1 in
    connect) echo -DONLY=connects ;;
    accept) echo -DONLY=accepts ;;
    race) echo -DONLY=race4 ;;
  esac
}

# bytes program: what it loads: text and data

bytes ()
{
  size "$1" | awk 'NR == 2 { print $1 + $2 }'
}

# program kind operation compiler...: builds it, kind.operation, and prints its bytes, or -

# shellcheck disable=SC2086 # $libraries are words
program ()
{
  kind=$1 operation=$2
  shift 2
  if "$@" -w "$(only "$operation")" -o "$dir/$kind.$operation" "test/bench/$source" $libraries > "$dir/log" 2>&1 && "$dir/$kind.$operation"
  then bytes "$dir/$kind.$operation"
  else echo -
  fi
}

# sizes peer source shared-libraries static-libraries musl-libraries

sizes ()
{
  peer=$1 source=$2
  rm -f "$dir"/shared.* "$dir"/static.*
  libraries=$3
  # shellcheck disable=SC2086 # words
  for operation in connect race accept ; do program shared $operation $COMPILE ; done > "$dir/shared"
  if ! test -e "$dir/shared.connect"
  then
    echo "left out: $peer: $(grep -m 1 -i -e error -e 'not ' "$dir/log")" >> "$dir/notes"
    return
  fi
  libraries=$4
  # shellcheck disable=SC2086
  for operation in connect race accept ; do program static $operation $COMPILE -static ; done > "$dir/static"
  libraries=$5
  for operation in connect race accept
  do
    if test "$5" && test -e "$dir/musl/libsocket.a" ; then program musl $operation musl-gcc -std=c11 -O2 -static ; else echo - ; fi
  done > "$dir/musl.sizes"
  { echo "$peer" ; cat "$dir/static" "$dir/musl.sizes" ; } | paste -s >> "$dir/programs"

  loads=$(ldd "$dir/shared.connect" | awk '$2 == "=>" && $1 !~ /^libc\./ { print $3 }')
  count=$(echo "$loads" | grep -c .)
  total=$(for file in $loads ; do bytes "$file" ; done | awk '{ n += $1 } END { print n + 0 }')
  for kind in shared static
  do
    test -e "$dir/$kind.connect" || { echo - ; echo - ; continue ; }
    libraries=$3
    flag=
    test $kind = static && libraries=$4 flag=-static
    # shellcheck disable=SC2086
    "$dir/spawn" 11 $COMPILE -w -c -DONLY=connects -o "$dir/part.o" "test/bench/$source" $3 > "$dir/took" 2> "$dir/log"
    # shellcheck disable=SC2086
    "$dir/spawn" 11 $COMPILE -w $flag -o "$dir/part" "$dir/part.o" $libraries 2> "$dir/log" | awk '{ printf "%.0f\n", $1 / 1000 }'
    "$dir/spawn" 201 "$dir/$kind.connect"
  done > "$dir/times"
  { echo "$peer" ; sed 1q "$dir/shared" ; echo "$count" ; echo "$total" ; cat "$dir/times" ; } | paste -s >> "$dir/starts"
}

glib=$(pkg-config --cflags --libs gio-2.0 2>&1)
skarnet=$($COMPILE -print-file-name=libskarnet.a)
curl=$(pkg-config --static --libs libcurl 2>&1)
sizes raw op_raw.c '' '' ' '
sizes libsocket op_ours.c "-I. $dir/default/libsocket.a -lskarnet" "-I. $dir/default/libsocket.a -l:libskarnet.a" "$headers -I. $dir/musl/libsocket.a $skarnet"
sizes libowfat op_owfat.c -lowfat "$owfat" "$headers $owfat"
sizes skalibs op_skalibs.c -lskarnet -l:libskarnet.a "$headers $skarnet"
sizes libevent op_event.c -levent_core -levent_core "$headers $($COMPILE -print-file-name=libevent_core.a)"
sizes libuv op_uv.c -luv '-l:libuv_a.a -lpthread -ldl' ''
sizes libcurl op_curl.c -lcurl "$curl" ''
sizes GLib op_glib.c "$glib" "$glib" ''

echo
echo '## Size of programs'
echo
{ printf 'bytes, static\tconnect\trace\taccept\twith musl: connect\trace\taccept\n' ; cat "$dir/programs" ; } | table
echo
echo 'Text and data of programs that connect, race or accept and do nothing else, linked with glibc and with musl. -: does not link so.'
echo
echo '## To link, to start and to end'
echo
{ printf 'shared\tbytes\tlibraries beside libc\ttheir bytes\tms to link\tus to run\tstatic: ms to link\tus to run\n' ; cat "$dir/starts" ; } | table
echo
echo 'The program that connects: medians of 11 links and of 201 runs, from fork to the end, that do nothing.'
cat "$dir/notes"
awk -F '\t' '
  { for (i = 2 ; i <= 7 ; i++) look(i, $i) }
  function look (i, x)
  {
    if (x == "-") return
    if ($1 == "raw") limit[i] = x
    else if ($1 == "libsocket") ours[i] = x
    else
    {
      if (!(i in best) || x < best[i]) { best[i] = x ; peer[i] = $1 }
      if (x < ours[i]) list[i] = list[i] (list[i] == "" ? "" : ", ") $1 " " x
    }
  }
  END {
    print "section: bytes of a static program that does nothing else (size.sh)"
    split("connects races accepts", name, " ")
    for (i = 7 ; i >= 2 ; i--) if (i in ours)
    {
      what = name[(i - 2) % 3 + 1] ", " (i < 5 ? "glibc" : "musl")
      if (i >= 5 && i != 6) printf "summary: %s\tless\t%s\t%s\t%s\t%s\n", what, limit[i], ours[i], peer[i], best[i]
      if (i in list) printf "ahead: %s\t%s\n", what, list[i]
    }
  }' "$dir/programs"
