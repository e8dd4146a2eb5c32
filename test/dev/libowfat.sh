#!/bin/sh
# ISC license.
# Beside libowfat: its other headers, its prototypes, and programs that were written for it, those
# of its own source package unchanged, with our socket.h and libsocket.a and the rest of libowfat.
# No libskarnet: it has other functions of the names of libowfat's.

test -n "$COUNTED" || COUNTED=1 exec test/run.sh "$0"

. test/cases.sh

here=$PWD

dpkg -s libowfat-dev dpkg-dev > "$dir/log" 2>&1 || { echo 'fail no libowfat-dev and dpkg-dev here: make deps-libowfat installs them' ; exit 1 ; }
theirs=$(dpkg -L libowfat-dev | grep '/include/.*\.h$')
socket_h=$(echo "$theirs" | grep '/socket\.h$')
include=${socket_h%/socket.h}


# headers: each of theirs in one file with ours; ip4.h needs stddef.h

together ()  # compiler, suffix, name of the language
{
  for header in $theirs
  do
    name=${header#"$include/"}
    test "$name" = socket.h && continue
    printf '#include <stddef.h>\n#include <%s>\n' "$name" > "$dir/alone.$2"
    printf '#include <stddef.h>\n#include "socket.h"\n#include <%s>\n' "$name" > "$dir/first.$2"
    printf '#include <stddef.h>\n#include <%s>\n#include "socket.h"\n' "$name" > "$dir/last.$2"
    $1 -Werror -c -o "$dir/alone.o" "$dir/alone.$2" > "$dir/log" 2>&1 || continue

    $1 -Werror -I. -c -o "$dir/first.o" "$dir/first.$2" > "$dir/log" 2>&1
    report $? "$3: before $name"
    $1 -Werror -I. -c -o "$dir/last.o" "$dir/last.$2" > "$dir/log" 2>&1
    report $? "$3: after $name"
  done
}

together "$COMPILE -std=gnu11 -idirafter $include" c C
if command -v g++ > /dev/null ; then together "g++ -idirafter $include" cc C++ ; fi


# prototypes: a pointer of the type of theirs for each of theirs, set to ours

echo "#include <$socket_h>" | $COMPILE -E -P - > "$dir/theirs"
{
  echo '#include "socket.h"'
  sed -n -e 's/^\(.*[ *]\)\(socket_[a-z0-9_]*\)(\(.*\));$/\1(*is_\2) (\3) = \&\2 ;/p' \
         -e 's/^extern int noipv6;$/int *is_noipv6 = \&noipv6 ;/p' "$dir/theirs"
} > "$dir/prototypes.c"
cp "$dir/prototypes.c" "$dir/prototypes.cc"

# the one difference: socket_deferaccept returns an int here
for language in C C++
do
  case $language in
    C) compile=$COMPILE suffix=c ;;
    C++) compile=g++ suffix=cc ; command -v g++ > /dev/null || continue ;;
  esac
  ! $compile -Werror -I. -c -o "$dir/prototypes.o" "$dir/prototypes.$suffix" > "$dir/log" 2>&1 &&
  test "$(grep -c error: "$dir/log")" -eq 1 && grep -q is_socket_deferaccept "$dir/log"
  report $? "$language: socket_deferaccept has another type"
  sed 's/^void (\*is_socket_deferaccept)/int (*is_socket_deferaccept)/' "$dir/prototypes.$suffix" > "$dir/same.$suffix"
  $compile -Werror -I. -c -o "$dir/same.o" "$dir/same.$suffix" > "$dir/log" 2>&1
  report $? "$language: the other $(($(grep -c '(\*is_' "$dir/same.c") - 1)) functions and noipv6 have the same"
done
grep -o 'socket_[a-z0-9_]* *(' "$dir/theirs" | sort -u | wc -l > "$dir/log"
test "$(cat "$dir/log")" -eq "$(grep -c '(\*is_' "$dir/same.c")" && grep -q is_noipv6 "$dir/same.c"
report $? 'none of theirs was left out'


# programs: the source of libowfat's own, from where this machine has its packages from

mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/apt/sources" "$dir/source"
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
do
  test -f "$list" && sed -e 's/^deb /deb-src /' -e 's/^Types:.*/Types: deb-src/' "$list" > "$dir/apt/sources/$(basename "$list")"
done
test -f "$dir/apt/sources/sources.list" || : > "$dir/apt/sources/sources.list"

apt ()
{
  apt-get -o Dir::Etc::sourcelist="$dir/apt/sources/sources.list" -o Dir::Etc::sourceparts="$dir/apt/sources" \
    -o Dir::State::lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

{ apt update && (cd "$dir/source" && apt source libowfat) ; } > "$dir/log" 2>&1
source=$(echo "$dir"/source/libowfat-*/test)
test -d "$source"
report $? 'the source of libowfat'

build ()  # name, source, order
{
  { $COMPILE -std=gnu11 -w -I. -Itest -idirafter "$include" -o "$dir/$1" "$2" libsocket.a -lowfat && nm -P "$dir/$1" ; } > "$dir/log" 2>&1
  { grep -q '^libsocket_.* T ' "$dir/log" || ! grep -q socket_ "$2" ; } && grep -q '^main T ' "$dir/log" && ! grep -q '^socket_' "$dir/log"
  report $? "$1: builds with our functions alone$3"
}

# with our header where the source has theirs, before all others, and after them
for program in server client httpd io5 proxy dnsip
do
  for order in first last
  do
    awk -v order=$order -v mine='#include "socket.h"' '
      NR == FNR { if (/^#include/) last = FNR ; next }
      FNR == 1 && order == "first" { print mine }
      { print }
      FNR == last && order == "last" { print mine }' "$source/$program.c" "$source/$program.c" > "$source/ours.c"
    build $program "$source/ours.c" ", ours $order"
  done
  build $program "$source/$program.c"
done
build owfat test/dev/owfat.c

# they have ports of their own choice: a network of our own
cat > "$dir/run" << EOF
cd $dir
ip link set lo up

await ()
{
  n=0
  until ss -Hltn "sport = :\$1" | grep -q . || test \$n -eq 100
  do
    n=\$((n + 1))
    sleep .1
  done
}

for ip in 127.0.0.1 ::1
do
  timeout 20 ./server \$ip 2342 < $here/COPYING > received & await 2342
  timeout 20 ./client \$ip 2342 < $here/README.md > answer
  wait \$!
  cmp $here/README.md received && cmp $here/COPYING answer && echo "pass server and client: \$ip" || echo "fail server and client: \$ip"
done

timeout 30 ./io5 2> io5.log & await 1234
for ip in 127.0.0.1 ::1
do
  timeout 20 ./client \$ip 1234 < $here/COPYING > answer
  cmp -s answer $here/COPYING && echo "pass io5 echoes: \$ip" || echo "fail io5 echoes: \$ip"
done
kill \$!

cp $here/README.md page
for ip in 127.0.0.1 ::1  # it serves one page and breaks down, with libowfat's functions too
do
  timeout 30 ./httpd 2> httpd.log & await 8000
  printf 'GET /page HTTP/1.0\r\n\r\n' | timeout 20 ./client \$ip 8000 | sed '1,/^.\$/d' > answer
  cmp -s answer page && echo "pass httpd serves a page: \$ip" || echo "fail httpd serves a page: \$ip"
  kill \$! 2> /dev/null
  wait
done

timeout 60 ./owfat
EOF

if unshare -Urn true 2> /dev/null
then
  unshare -Urn sh "$dir/run" > "$dir/log" 2>&1
  grep -e '^pass ' -e '^fail ' -e '^#' "$dir/log"
  ! grep -q '^fail ' "$dir/log" && grep -q '^end$' "$dir/log"
  report $? 'their programs came to their end'
else echo 'skip their programs: the kernel gives us no network of our own'
fi

end
