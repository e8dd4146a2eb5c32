#!/bin/sh
# ISC license.
# suites.sh SUITE...: make test with the compilers, the C library and the skalibs of other Debian suites, on this kernel.
# Needs apt and dpkg with Debian's archive, and namespaces; no root; installs nothing. DEPS are the packages that make test needs.
# A suite's root is made once, of its packages, in CACHE (~/.cache/suites): remove it there to have it made anew.

strict='-Wall -Wextra -pedantic -Wconversion -Wshadow -Werror'
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/suites}
mkdir -p "$cache" && cache=$(cd "$cache" && pwd) || exit 2
work=$(mktemp -d "$cache/run.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT QUIT PIPE TERM
passed=0 failed=0 skipped=0

# what apt would unpack for its install, on a machine that has nothing
base='base-files bash coreutils dash debianutils diffutils findutils grep gzip libc-bin mawk mount procps sed tar util-linux'
tools='clang gcc g++ libc6-dev make manpages manpages-dev netbase'  # mandoc looks for the pages that ours name

mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts"
APT_CONFIG="$work/conf"
export APT_CONFIG
echo "Dir::State::Lists \"$work/lists\" ; Dir::Cache \"$work/cache\" ; APT::Sandbox::User \"root\" ; Debug::NoLocking \"1\" ; Acquire::Languages \"none\" ;" > "$work/conf"
uri=$(apt-get update --print-uris 2> /dev/null | sed -n "s|^'\(.*\)/dists/[^/-]*/InRelease' .*|\1|p" | head -n 1)
: > "$work/status"
echo "Dir::Etc::SourceList \"/dev/null\" ; Dir::Etc::SourceParts \"$work/parts\" ; Dir::State::status \"$work/status\" ;" >> "$work/conf"

# root SUITE: makes it
root ()
{
  test ! -d "$cache/$1" || return 0
  rm -rf "$work"/parts/* "$work/cache/archives" "$work/root"
  mkdir -p "$work/cache/archives/partial" "$work/root"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $1 main" > "$work/parts/suite.list"
  { apt-get update -o APT::Update::Error-Mode=any && apt-get install -d -y --no-install-recommends $base $tools $DEPS ; } > "$work/log" 2>&1 || return
  for deb in "$work"/cache/archives/base-files_*.deb "$work"/cache/archives/*.deb
  do dpkg -x "$deb" "$work/root" 2>> "$work/log" || return
  done
  mkdir "$work/root/versions" && (cd "$work/cache/archives" && for deb in *.deb ; do : > "$work/root/versions/$deb" ; done)
  # what their scripts would do
  ln -s mawk "$work/root/usr/bin/awk" && ln -s gcc "$work/root/usr/bin/cc" || return
  test -e "$work/root/bin/sh" || ln -s dash "$work/root/bin/sh" || return
  echo 'root:x:0:0:root:/root:/bin/sh' > "$work/root/etc/passwd"
  echo 'root:x:0:' > "$work/root/etc/group"
  printf '127.0.0.1 localhost\n::1 localhost\n' > "$work/root/etc/hosts"
  printf 'hosts: files dns\n' > "$work/root/etc/nsswitch.conf"
  : > "$work/root/etc/resolv.conf"
  mv "$work/root" "$cache/$1"
}

# inside SUITE COMMAND...: in the sources there
cat > "$work/inside" << 'END'
root=$1 sources=$2
shift 2
mount --rbind "$root" "$root" && mount --rbind /proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" &&
  mount -t tmpfs -o mode=1777 tmp "$root/tmp" && mkdir "$root/tmp/sources" && tar -x -C "$root/tmp/sources" -f "$sources" &&
  cd "$root" && pivot_root . . && umount -l . && cd /tmp/sources || exit 2
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export PATH HOME
exec "$@"
END
inside ()
{
  suite=$1
  shift
  options=-Urm
  test "$(id -u)" -ne 0 || options=-m
  unshare "$options" sh "$work/inside" "$cache/$suite" "$work/sources" "$@"
}

# try SUITE COMPILER NAME=VALUE...: make test
try ()
{
  suite=$1 cc=$2
  shift 2
  what="$suite, $(inside "$suite" "$cc" --version | head -n 1), glibc $(version libc6), skalibs $(version skalibs-dev)"
  start=$(date +%s)
  if inside "$suite" make -s -j "$(nproc)" CC="$cc" "$@" test > "$work/log" 2>&1
  then
    result=pass
    passed=$((passed + 1))
  else
    result=fail
    failed=$((failed + 1))
  fi
  totals=$(grep '^[0-9]* passed, [0-9]* failed, [0-9]* skipped$' "$work/log" | tail -n 1)
  echo "$what: $result, $(($(date +%s) - start)) s, ${totals:-no tests}"
  if test $result = fail ; then sed 's/^/  /' "$work/log" ; fi
}

# version PACKAGE: the suite's
version ()
{
  basename "$(ls "$cache/$suite/versions/$1"_*)" | cut -d _ -f 2
}

git ls-files | tar -c -T - -f "$work/sources" || exit 2
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

for suite
do
  if root "$suite"
  then
    try "$suite" gcc CFLAGS="-O2 $strict"
    try "$suite" clang CFLAGS="-O2 $strict" SCRIPTS=
  else
    echo "$suite: skip, its packages are not served: $(grep '^[EW]:' "$work/log" | head -n 1)"
    skipped=$((skipped + 1))
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
test $failed -eq 0
