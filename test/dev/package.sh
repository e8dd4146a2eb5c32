#!/bin/sh
# ISC license.
# A Debian package of what make dist makes: built twice with debhelper in a root of its own, installed in another, which has
# nothing but a compiler beside it, where the programs of README.md are built against it and run.
# Needs root, debootstrap and apt's sources; the system itself gets nothing.

. test/cases.sh

test "$(id -u)" -eq 0 || { echo 'package.sh: it needs root, for chroot' >&2 ; exit 2 ; }
command -v debootstrap > /dev/null || { echo 'package.sh: no debootstrap: make deps-package' >&2 ; exit 2 ; }

version=$(sed -n 's/^VERSION = //p' Makefile)
when=$(git log -1 --format=%aD) || exit 2

# a step without which there is no next one: NAME COMMAND...
need ()
{
  name=$1
  shift
  "$@" > "$dir/log" 2>&1 < /dev/null
  did=$?
  tail -n 30 "$dir/log" > "$dir/out" && mv "$dir/out" "$dir/log"
  report $did "$name"
  test $did -eq 0 || end
}

# in ROOT COMMAND...: by its shell
in_root ()
{
  root=$1
  shift
  chroot "$dir/$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -c "$*"
}

install_in () { root=$1 ; shift ; in_root "$root" "apt-get update && apt-get install -y --no-install-recommends $*" ; }


# the roots, from where this system has its packages

mkdir -p "$dir/lists/partial"
from=$(apt-get -o Dir::State::Lists="$dir/lists" update --print-uris 2> /dev/null | sed -n "s|^'\(.*\)/dists/\([^/-]*\)/InRelease' .*|\2 \1|p" | head -n 1)
need 'a root' debootstrap --variant=minbase "${from% *}" "$dir/build" "${from#* }"
cp -a "$dir/build" "$dir/fresh" || exit 1
need 'debhelper' install_in build build-essential debhelper skalibs-dev
lib=usr/lib/$(in_root build 'dpkg-architecture -q DEB_HOST_MULTIARCH')


# the package, twice

need 'make dist' make dist
files ()
{
  mkdir -p debian/source
  echo '3.0 (quilt)' > debian/source/format
  cp COPYING debian/copyright
  cat > debian/control << END
Source: libsocket
Section: libs
Priority: optional
Maintainer: Nobody <nobody@localhost>
Build-Depends: debhelper-compat (= 13), skalibs-dev
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: libsocket-dev
Section: libdevel
Architecture: any
Depends: skalibs-dev, \${misc:Depends}
Description: minimalist TCP sockets
 The library, its headers and pages.

Package: libsocket-progs
Section: net
Architecture: any
Depends: \${misc:Depends}, \${shlibs:Depends}
Description: minimalist TCP programs
 echod, tcpserve, tcpconnect and race.
END
  printf '%s\n' usr/include usr/lib usr/share/man/man3 > debian/libsocket-dev.install
  printf '%s\n' usr/bin usr/share/man/man1 > debian/libsocket-progs.install
  printf 'libsocket (%s-1) unstable; urgency=medium\n\n  * A test.\n\n -- Nobody <nobody@localhost>  %s\n' "$version" "$when" > debian/changelog
  # make test is not for a package's build: it has run
  sed 's/^  /	/' > debian/rules << 'END'
#!/usr/bin/make -f
export DEB_BUILD_MAINT_OPTIONS = hardening=+all
include /usr/share/dpkg/architecture.mk
include /usr/share/dpkg/buildflags.mk
%:
  dh $@
override_dh_auto_build:
  dh_auto_build -- all examples CFLAGS='$(CFLAGS)' CPPFLAGS='$(CPPFLAGS)' LDFLAGS='$(LDFLAGS)'
override_dh_auto_test:
override_dh_auto_install:
  $(MAKE) install install-examples DESTDIR=debian/tmp prefix=/usr libdir=/usr/lib/$(DEB_HOST_MULTIARCH) URL=https://example.org/
END
  chmod +x debian/rules
}
for build in one two
do
  mkdir -p "$dir/build/$build" && cp "libsocket-$version.tar.gz" "$dir/build/$build/libsocket_$version.orig.tar.gz" &&
  tar -xzf "libsocket-$version.tar.gz" -C "$dir/build/$build" && (cd "$dir/build/$build/libsocket-$version" && files) || exit 1
  need "build $build" in_root build "cd /$build/libsocket-$version && dpkg-buildpackage -us -uc -b"
done
rm "libsocket-$version.tar.gz"

for deb in "$dir"/build/one/*.deb
do
  cmp "$deb" "$dir/build/two/${deb##*/}" > "$dir/log" 2>&1
  report $? "the same bytes: ${deb##*/}"
done


# what is in it

mkdir "$dir/fresh/debs"
cp "$dir"/build/one/libsocket-dev_*.deb "$dir"/build/one/libsocket-progs_*.deb "$dir/fresh/debs" || exit 1
need 'installs' install_in fresh gcc libc6-dev pkgconf '/debs/*.deb'

nm -P -g "$dir/fresh/$lib/libsocket.a" 2> "$dir/log" | sed -n 's/^\(libsocket_[^ ]*\) T .*/\1/p' | sort > "$dir/installed"
nm -P -g libsocket.a | sed -n 's/^\(libsocket_[^ ]*\) T .*/\1/p' | sort | diff - "$dir/installed" >> "$dir/log" && test -s "$dir/installed"
report $? 'dh_strip leaves every function'
! readelf -S "$dir/fresh/$lib/libsocket.a" | grep '\.debug_' > "$dir/log"
report $? 'dh_strip leaves no debug information'
for page in man3/socket.3 man3/libsocket.3 man1/echod.1
do test -s "$dir/fresh/usr/share/man/$page.gz" || echo "no $page"
done > "$dir/log"
! test -s "$dir/log"
report $? 'its pages'

in_root fresh 'echo $(pkg-config --cflags --libs libsocket) ; pkg-config --modversion libsocket' > "$dir/flags" 2>&1
printf '%s\n' '-I/usr/include/libsocket -lsocket -lskarnet' "$version" | diff - "$dir/flags" > "$dir/log" 2>&1
report $? 'pkg-config'

for n in 1 2
do
  awk -v which="$n" '/^```c/ { code = (++n == which) ; next } /^```/ { code = 0 } code' README.md > "$dir/fresh/readme$n.c"
  test -s "$dir/fresh/readme$n.c" && in_root fresh "gcc -Wall -Wextra -Werror -o readme$n readme$n.c \$(pkg-config --cflags --libs libsocket)" > "$dir/log" 2>&1
  report $? "README.md: program $n compiles"
done

# in a network where the port is free
cat > "$dir/both" << 'EOF'
ip link set lo up
chroot "$1" /readme2 > "$1/served" &
until ss -H -l -t -n 'sport = :7007' | grep -q . ; do kill -0 $! || exit ; done
chroot "$1" /readme1 127.0.0.1 7007 || exit
until grep -q -x hello "$1/served" ; do kill -0 $! || exit ; done
kill $!
EOF
timeout 30 unshare -n sh "$dir/both" "$dir/fresh" > "$dir/log" 2>&1
report $? 'README.md: one sends to the other'

in_root fresh 'echod -h && race -h && tcpconnect -h && { tcpserve ; test $? -eq 100 ; }' > "$dir/log" 2>&1
report $? 'the programs run'

in_root fresh 'dpkg -r libsocket-dev libsocket-progs' > "$dir/log" 2>&1 && ! find "$dir/fresh/usr" -name '*libsocket*' -o -name echod | grep . >> "$dir/log"
report $? 'is removed'

end
