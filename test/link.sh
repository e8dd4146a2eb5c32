#!/bin/sh
# ISC license.
# How the library meets the linker, the C++ compiler, skalibs and the file system.

. test/cases.sh

strict='-Wall -Wextra -pedantic -Wconversion -Wshadow -Werror'

# global symbols that are defined, one a line, without those of the compiler
symbols ()
{
  nm -P -g "$1" | awk 'NF > 1 && $2 ~ /^[A-TV-Z]$/ && $1 !~ /^__/ { print $1 }' | sort -u
}


# names

symbols libsocket.a > "$dir/symbols"
grep -v '^libsocket_' "$dir/symbols" > "$dir/log"
grep -q '^libsocket_connect6$' "$dir/symbols" && ! test -s "$dir/log"
report $? 'only libsocket_ names'

# libsocket_accept beside libsocket_accept4 would mislead in nm and gdb
for file in libsocket_*.c
do
  private=${file%.c}
  grep "^$private." "$dir/symbols" | while read -r name ; do test -f "libsocket_${name#libsocket_}.c" || echo "$private: $name" ; done
done > "$dir/log"
! test -s "$dir/log"
report $? 'no private name is the beginning of a public one'

cat > "$dir/listen.c" << EOF
#include <socket.h>
int main (void) { return socket_listen(-1, 1) != -1 ; }
EOF
{ $COMPILE -I. -o "$dir/listen" "$dir/listen.c" $LINK && "$dir/listen" && symbols "$dir/listen" | grep '^libsocket_' ; } > "$dir/log" 2>&1
test "$(cat "$dir/log")" = libsocket_listen
report $? 'what is not used is not linked'


# the headers

# with each skalibs that is here: an undef stands where one of them has a macro
for version in '' .ci/skalibs.d/newer
do
  test -z "$version" || test -d "$version" || continue
  before="$COMPILE ${version:+-I$version/include}"
  for header in socket.h socket_connector.h
  do
    name="$header${version:+, newer skalibs}"

    echo "#include \"$header\"" > "$dir/header.c"
    $before $strict -I. -c -o "$dir/header.o" "$dir/header.c" > "$dir/log" 2>&1 && ! test -s "$dir/log"
    report $? "$name: alone"

    printf '#include <skalibs/socket.h>\n#include "%s"\n' $header > "$dir/right.c"
    $before -Wall -Wextra -Werror -I. -c -o "$dir/right.o" "$dir/right.c" > "$dir/log" 2>&1 && ! test -s "$dir/log"
    report $? "$name: after skalibs"

    printf '#include "%s"\n#include <skalibs/socket.h>\n' $header > "$dir/wrong.c"
    ! $before -w -I. -c -o "$dir/wrong.o" "$dir/wrong.c" > "$dir/log" 2>&1 && grep -q error "$dir/log" && ! test -f "$dir/wrong.o"
    report $? "$name: not before skalibs"
  done
done

echo '#include "socket.h"' > "$dir/header.c"
$COMPILE -I. -M "$dir/header.c" > "$dir/log" 2>&1 && ! grep -q skalibs "$dir/log"
report $? 'socket.h includes nothing of skalibs'

cat > "$dir/recvnb6.c" << EOF
#include <skalibs/socket.h>
#include "socket.h"
int main (void) { return socket_recvnb6(-1, 0, 0, 0, 0, 0, 0) != -1 ; }
EOF
! $COMPILE -w -I. -o "$dir/recvnb6" "$dir/recvnb6.c" $LINK > "$dir/log" 2>&1 && grep -q socket_recvnb6 "$dir/log"
report $? "skalibs' socket_recvnb6 does not get our socket_recv6"

if command -v g++ > /dev/null
then
  cat > "$dir/header.cc" << EOF
#include "socket_connector.h"
int f () { return socket_connect6(socket_tcp6_nbcoe(), 0, 1, 0) ; }
EOF
  for std in c++98 c++11 c++20
  do
    { g++ -std=$std $strict -I. -c -o "$dir/cc.o" "$dir/header.cc" && nm -P -u "$dir/cc.o" ; } > "$dir/log" 2>&1
    grep -q '^libsocket_connect6 ' "$dir/log" && grep -q '^libsocket_tcp6_nbcoe ' "$dir/log"
    report $? "$std"
  done
fi


# primitives, without skalibs

cat > "$dir/serve.c" << EOF
#include <unistd.h>
#include <socket.h>
int main (void)
{
  char buf[2] ;
  uint16_t port ;
  int listener = socket_tcp6b(), s = socket_tcp4b(), fd ;
  if (socket_bind6(listener, 0, 0, 0) == -1 || socket_listen(listener, 1) == -1) return 1 ;
  if (socket_local6(listener, 0, &port, 0) == -1 || socket_connect4(s, 0, port) == -1) return 2 ;
  fd = socket_accept6_nbcoe(listener, 0, 0, 0) ;
  return !(socket_connected(s) && write(fd, "x", 1) == 1 && read(s, buf, 2) == 1 && *buf == 'x') ;
}
EOF
for kind in dynamic static
do
  flag=
  test $kind = static && flag=-static
  { $COMPILE -I. $flag -o "$dir/serve" "$dir/serve.c" -L. -lsocket && "$dir/serve" ; } > "$dir/log" 2>&1
  report $? "-lsocket alone: $kind"
done
if command -v musl-gcc > /dev/null
then
  mkdir "$dir/musl"
  for file in libsocket_*.c socket_*.c noipv6.c
  do
    grep -q socket_connector.h "$file" ||
    musl-gcc -std=c11 -idirafter /usr/include -idirafter "/usr/include/$(cc -dumpmachine)" -I. -c -o "$dir/musl/$file.o" "$file" || break
  done > "$dir/log" 2>&1
  { ar rc "$dir/musl/libsocket.a" "$dir"/musl/*.o && musl-gcc -std=c11 -static -I. -o "$dir/serve" "$dir/serve.c" -L"$dir/musl" -lsocket && "$dir/serve" ; } >> "$dir/log" 2>&1
  report $? '-lsocket alone: static, musl'
fi

mkdir "$dir/pic"
for file in libsocket_*.c socket_*.c noipv6.c
do $COMPILE -fPIC -I. -c -o "$dir/pic/$file.o" "$file" || break
done > "$dir/log" 2>&1
{ echo 'char const *name (void) ;' ; sed 's/main/serve/' "$dir/serve.c" ; echo 'char const *name (void) { return socket_getifname(1) ; }' ; } > "$dir/plugin.c"
echo 'extern int serve (void) ; extern char const *name (void) ; int main (void) { return serve() || !name() ; }' > "$dir/plug.c"
{ ar rc "$dir/pic/libsocket.a" "$dir"/pic/*.o && $COMPILE -fPIC -shared -I. -o "$dir/plugin.so" "$dir/plugin.c" "$dir/pic/libsocket.a" &&
  $COMPILE -o "$dir/plug" "$dir/plug.c" "$dir/plugin.so" && "$dir/plug" ; } >> "$dir/log" 2>&1
report $? 'a shared object, with -fPIC'

# ucspi-tcp has a tai.h of its own
mkdir "$dir/own"
printf '#ifndef TAI_H\n#define TAI_H\nstruct tai { unsigned long long x ; } ;\nextern void tai_now (struct tai *) ;\n#endif\n' > "$dir/own/tai.h"
for order in 'socket.h tai.h' 'tai.h socket.h'
do
  { for header in $order ; do echo "#include \"$header\"" ; done
    echo 'int f (void) ;'
    echo 'int f (void) { struct tai t ; tai_now(&t) ; return socket_tcp() + (int)t.x ; }' ; } > "$dir/own/f.c"
  $COMPILE $strict -I. -c -o "$dir/own/f.o" "$dir/own/f.c" > "$dir/log" 2>&1
  report $? "a tai.h of the program's own: $order"
done


# what libowfat's sources expect

prototypes ()
{
  { "$@" $strict -I. -c -o "$dir/prototypes.o" test/prototypes.c && $COMPILE -o "$dir/prototypes" "$dir/prototypes.o" $LINK &&
    "$dir/prototypes" ; } > "$dir/log" 2>&1
  report $? "prototypes: $*"
}

prototypes $COMPILE
if command -v g++ > /dev/null
then
  prototypes g++ -x c++ -std=c++98
  prototypes g++ -x c++ -std=c++20
fi


# beside skalibs

for kind in shared static
do
  with=$LINK
  test $kind = static && with=$(echo "$LINK" | sed 's/-lskarnet/-l:libskarnet.a/')
  $COMPILE -I. -o "$dir/$kind" test/sidebyside.c $with > "$dir/log" 2>&1
  report $? "$kind libskarnet: links"
  "$dir/$kind" > "$dir/log" 2>&1
  ended=$?
  sed -n -e "s/^pass /&$kind libskarnet, /p" -e "s/^fail /&$kind libskarnet, /p" -e "s/^skip /&$kind libskarnet, /p" -e '/^#/p' "$dir/log"
  grep -q '^end$' "$dir/log"
  report $? "$kind libskarnet: comes to its end"
  test $ended -eq 0 || status=1
done
symbols "$dir/static" > "$dir/log"
grep -q '^socket_connect6$' "$dir/log" && grep -q '^libsocket_connect6$' "$dir/log"
report $? 'static libskarnet: has both'


# make

make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
mkdir -p "$dir/copy/.ci" && cp Makefile ./*.c ./*.h "$dir/copy" || exit 1
one=OBJECTS=socket_connect6.o

(cd "$dir/copy" && $make $one) > "$dir/log" 2>&1
printf '%s\n' 'CC socket_connect6.o' 'AR libsocket.a' | diff - "$dir/log" > "$dir/out" 2>&1
report $? 'a line for each file that is made'

(cd "$dir/copy" && $make $one clean && $make V=1 $one) > "$dir/log" 2>&1
grep -q '^cc .* -c -o socket_connect6\.o socket_connect6\.c$' "$dir/log" && grep -q '^ar rcD libsocket\.a socket_connect6\.o' "$dir/log" &&
! grep -q -e '^CC ' -e '^AR ' "$dir/log"
report $? 'V=1: the commands'

printf '%s\n' '#!/bin/sh' 'case $1 in *D*) echo "no D" >&2 ; exit 1 ;; esac' 'exec ar "$@"' > "$dir/copy/old"
chmod +x "$dir/copy/old"
(cd "$dir/copy" && $make $one clean && $make AR=./old $one) > "$dir/log" 2>&1 && ! grep -q 'no D' "$dir/log" &&
symbols "$dir/copy/libsocket.a" | grep -q '^libsocket_connect6$'
report $? 'an ar without D'

# a compiler that comes with a package, and says if it was asked for anything before
cat > "$dir/copy/.ci/install" << 'EOF'
#!/bin/sh
sleep .5
touch installed
EOF
cat > "$dir/copy/later" << 'EOF'
#!/bin/sh
test -e installed || { echo "too early: $*" >> early ; exit 1 ; }
exec cc "$@"
EOF
chmod +x "$dir/copy/.ci/install" "$dir/copy/later"
(cd "$dir/copy" && $make $one clean && $make -j 8 $one CC=./later deps libsocket.a && cat early) > "$dir/log" 2>&1
test -e "$dir/copy/libsocket.a" && ! test -e "$dir/copy/early"
report $? 'make -j deps: nothing is used before'
rm -f "$dir/out"


# run.sh: counts, one line a reason, and a program that fails before its end

ran ()
{
  { echo '#!/bin/sh' ; sed 's/.*/echo "&"/' ; echo "exit $1" ; } > "$dir/program"
  chmod +x "$dir/program"
  INSIDE=1 test/run.sh "$dir/program" > "$dir/log" 2>&1
}

printf '%s\n' 'pass one' 'skip two: no IPv6' 'skip three, four: because: so' 'skip five: no IPv6' end | ran 0 &&
sed -n -e '/^2 skipped: no IPv6 (.*)$/p' -e '/^1 skipped: because: so$/p' -e '$p' "$dir/log" > "$dir/out" &&
printf '%s\n' '1 skipped: because: so' '2 skipped: no IPv6' '1 passed, 0 failed, 3 skipped' | sed 's/IPv6/& (a kernel without ipv6.disable=1)/' | diff - "$dir/out" > /dev/null
report $? 'equal reasons of skipped cases are one line'

printf '%s\n' 'pass one' '# because' 'fail two' end | ran 1
test $? -eq 1 && grep -q '^fail two$' "$dir/log" && grep -q '^# because$' "$dir/log" && grep -q '^1 passed, 1 failed, 0 skipped$' "$dir/log"
report $? 'a case that failed'

printf '%s\n' 'pass one' | ran 0
test $? -eq 1 && grep -q "^fail .*program: exit 0, not the end" "$dir/log"
report $? 'a program without its end'

! printf '%s\n' 'pass one' end | ran 3
report $? 'a program that passed, and exits otherwise'
rm -f "$dir/out"

# one program that does not compile is one failure, with the compiler's words
printf '%s\n' '. test/cases.sh' "echo 'int main (void) { return nowhere ; }' > \$dir/wrong.c" 'compile "$dir/wrong" test/onpty' 'report 0 onward' end > "$dir/script"
{ sh "$dir/script" ; echo "exit $?" ; } > "$dir/log" 2>&1
grep -q '^# .*nowhere' "$dir/log" && test "$(grep -v '^#' "$dir/log" | tr '\n' ' ')" = 'fail wrong compiles end exit 1 '
report $? 'a script whose program does not compile'


# built and packed twice: in another directory, from older files, by a user who hides files

version=$(sed -n 's/^VERSION = //p' Makefile)
test "$(sed 1q NEWS)" = "$version" && ! grep -Fw "$version" ./*.c ./*.h README.md man/* examples/*.[ch] examples/*.sh > "$dir/log"
report $? 'the version is in the Makefile, and at the top of NEWS'

{
  mkdir "$dir/again" && cp Makefile ./*.c ./*.h "$dir/again" && touch -t 200101010000 "$dir/again"/* &&
  (cd "$dir/copy" && $make clean && $make) && (cd "$dir/again" && umask 077 && $make) && cmp "$dir/copy/libsocket.a" "$dir/again/libsocket.a"
} > "$dir/log" 2>&1
report $? 'the same library'

if command -v git > /dev/null
then
  # gzip's header has no time
  dist="libsocket-$version.tar.gz"
  {
    (cd "$dir/again" && $make clean && git init -q && git add . && git -c user.name=x -c user.email=x commit -q -m x) &&
    git clone -q "$dir/again" "$dir/cloned" && (cd "$dir/again" && umask 077 && $make dist) && (cd "$dir/cloned" && $make dist) &&
    cmp "$dir/again/$dist" "$dir/cloned/$dist" && od -A n -t x1 -j 4 -N 4 "$dir/cloned/$dist" | grep -q '00 00 00 00' &&
    (cd "$dir" && tar -xzf "cloned/$dist" && cmp again/Makefile "libsocket-$version/Makefile")
  } > "$dir/log" 2>&1
  report $? 'the same tarball, named by version'
fi


# installed: where a packager wants it, and where it can be used as it stands

# found DIRECTORY: the files there, one a line
found ()
{
  (cd "$1" && find . -type f | sed 's,^\./,,' | sort)
}

# installs INCLUDE LIB MAN PKGCONF BIN: the files of install and, with BIN, those of install-examples
installs ()
{
  {
    printf '%s\n' "$1/libsocket/socket.h" "$1/libsocket/socket_connector.h" "$2/libsocket.a" "$4/libsocket.pc"
    for page in man/*.3 ; do echo "$3/man3/${page#man/}" ; done
    test -z "$5" || for page in man/*.1
    do
      name=$(basename "$page" .1)
      printf '%s\n' "$5/$name" "$3/man1/$name.1"
    done
  } | sort
}

$make install DESTDIR="$dir/dest" prefix=/usr > "$dir/log" 2>&1
installs include lib share/man lib/pkgconfig > "$dir/wanted"
found "$dir/dest/usr" | diff "$dir/wanted" - >> "$dir/log" 2>&1 &&
cmp socket.h "$dir/dest/usr/include/libsocket/socket.h" >> "$dir/log" 2>&1 &&
cmp socket_connector.h "$dir/dest/usr/include/libsocket/socket_connector.h" >> "$dir/log" 2>&1 &&
! grep -e "$dir" -e '^URL' "$dir/dest/usr/lib/pkgconfig/libsocket.pc" >> "$dir/log" &&
grep -q "^Version: $version\$" "$dir/dest/usr/lib/pkgconfig/libsocket.pc" && grep -q '^License: ISC$' "$dir/dest/usr/lib/pkgconfig/libsocket.pc"
report $? 'install'

(cd "$dir/dest/usr/share/man" && mandoc man3/socket.3 > "$dir/socket" && mandoc man3/libsocket.3 | diff "$dir/socket" -) > "$dir/log" 2>&1 &&
grep -q 'SOCKET(3)' "$dir/socket"
report $? 'libsocket.3 is socket.3'

$make install-examples DESTDIR="$dir/dest" prefix=/usr > "$dir/log" 2>&1
installs include lib share/man lib/pkgconfig bin > "$dir/wanted.examples"
found "$dir/dest/usr" | diff "$dir/wanted.examples" - >> "$dir/log" 2>&1 && "$dir/dest/usr/bin/echod" -h >> "$dir/log" 2>&1
report $? 'install-examples'

# what others have put there stays
touch "$dir/dest/usr/include/libsocket/other.h" "$dir/dest/usr/share/man/man3/other.3" "$dir/dest/usr/bin/other"
{
  $make uninstall DESTDIR="$dir/dest" prefix=/usr && found "$dir/dest/usr" > "$dir/left" &&
  { diff "$dir/wanted" "$dir/wanted.examples" | sed -n 's/^> //p' ; printf '%s\n' bin/other include/libsocket/other.h share/man/man3/other.3 ; } |
  sort | diff - "$dir/left"
} > "$dir/log" 2>&1
report $? 'uninstall'

rm "$dir/dest/usr/include/libsocket/other.h"
{
  $make uninstall-examples DESTDIR="$dir/dest" prefix=/usr && found "$dir/dest/usr" > "$dir/left" &&
  printf '%s\n' bin/other share/man/man3/other.3 | diff - "$dir/left"
} > "$dir/log" 2>&1
report $? 'uninstall-examples'

$make uninstall DESTDIR="$dir/dest" prefix=/usr > "$dir/log" 2>&1 && ! test -d "$dir/dest/usr/include/libsocket" && ! grep -q -i error "$dir/log"
report $? 'uninstall, once more'

# flags FILE: what that libsocket.pc gives a compiler
flags ()
{
  ( prefix=$(sed -n 's/^prefix=//p' "$1")
    eval "$(sed -n 's/^\([a-z]*dir\)=\(.*\)$/\1="\2"/p' "$1")"
    eval "set -- $(sed -n 's/^Cflags: //p ; s/^Libs: //p' "$1" | tr '\n' ' ')"
    printf '%s\n' "$@" )
}

set -- DESTDIR="$dir/else where" includedir=/i libdir=/l mandir=/m pkgconfdir=/p bindir=/b URL=https://example.org/
{
  $make install install-examples "$@" && found "$dir/else where" > "$dir/left" && installs i l m p b | diff - "$dir/left" &&
  flags "$dir/else where/p/libsocket.pc" > "$dir/flags" && printf '%s\n' -I/i/libsocket -L/l -lsocket -lskarnet | diff - "$dir/flags" &&
  grep -q '^URL: https://example.org/$' "$dir/else where/p/libsocket.pc" &&
  $make uninstall uninstall-examples "$@" && test -z "$(found "$dir/else where")"
} > "$dir/log" 2>&1
report $? 'includedir libdir mandir pkgconfdir bindir'

# a program is built with the flags, as a shell reads them
flagged ()
{
  (cd "$dir" && rm -f installed && eval "$COMPILE -o installed listen.c $flags" && ./installed) >> "$dir/log" 2>&1
}

for prefix in here 'a place'
do
  $make install install-examples prefix="$dir/$prefix" > "$dir/log" 2>&1 && "$dir/$prefix/bin/echod" -h >> "$dir/log" 2>&1 &&
  flags=$(flags "$dir/$prefix/lib/pkgconfig/libsocket.pc" | sed "s/.*/'&'/" | tr '\n' ' ') && flagged
  report $? "a program with the flags of libsocket.pc: $prefix"

  if command -v pkg-config > /dev/null
  then
    flags=$(PKG_CONFIG_PATH="$dir/$prefix/lib/pkgconfig" pkg-config --cflags --libs libsocket) && flagged
    report $? "a program with the flags of pkg-config: $prefix"

    mv "$dir/$prefix" "$dir/moved" &&
    flags=$(PKG_CONFIG_PATH="$dir/moved/lib/pkgconfig" pkg-config --define-variable=prefix="$dir/moved" --cflags --libs libsocket) && flagged
    report $? "a program with the flags of pkg-config: moved from $prefix"
    mv "$dir/moved" "$dir/$prefix"
  fi

  $make uninstall uninstall-examples prefix="$dir/$prefix" > "$dir/log" 2>&1 && test -z "$(found "$dir/$prefix")"
  report $? "uninstall: $prefix"
done

end
