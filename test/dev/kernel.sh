#!/bin/sh
# ISC license.
# kernel.sh VERSION [CHECKOUT [COMMAND]]
#
# Runs COMMAND (`make test' unless given) in a copy of CHECKOUT (.) on another Linux, and exits as it does.
# Needs apt and dpkg with Debian's archive on amd64, git, and what COMMAND needs; no root, no KVM; installs nothing.
# The other Linux has this machine's / as its own, read-only, and memory for /tmp and /run; no network but its loopback.
#
#   VERSION  5.10, 6.1, 6.12, 7.2, or a suite (trixie): its user-mode-linux, a kernel that runs as a process
#            6.1.0-56-amd64, 7.3.4+deb13-amd64: Debian's linux-image-VERSION, in qemu without KVM
#   CACHE    where packages are kept, unpacked: ~/.cache/kernels
#   APPEND   more for its command line, as ipv6.disable=1
#   LIMIT    seconds until it is ended: 3600

test $# -ge 1 || { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" ; exit 2 ; }
version=$1 command=${3:-make test}
checkout=$(cd "${2:-.}" && pwd) || exit 2
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kernels}
mkdir -p "$cache" && cache=$(cd "$cache" && pwd) || exit 2
work=$(mktemp -d "$cache/run.XXXXXX") || exit 2
guest=
trap 'test -z "$guest" || kill "$guest" 2>/dev/null ; rm -rf "$work"' EXIT
trap 'exit 2' HUP INT QUIT PIPE TERM
say () { echo "kernel.sh: $*" >&2 ; }
die () { say "$*" ; exit 2 ; }


# Packages: where this machine has Debian from, with lists of our own

private="Dir::State::Lists \"$work/lists\" ; Dir::Cache \"$work/cache\" ; Dir::Etc::SourceList \"/dev/null\" ; Dir::Etc::SourceParts \"$work/parts\" ;
APT::Sandbox::User \"root\" ; Debug::NoLocking \"1\" ; Acquire::Languages \"none\" ;"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts"
apt-get -o Dir::State::Lists="$work/lists" update --print-uris 2>/dev/null |
  sed -n "s|^'\(.*\)/dists/\([^/]*\)/InRelease' .*|\1 \2|p" > "$work/repositories"
here=$(awk '$2 !~ /-/ { print $2 ; exit }' "$work/repositories")
main=$(awk '$2 !~ /-/ { print $1 ; exit }' "$work/repositories")
security=$(awk '$2 ~ /-security$/ { print $1 ; exit }' "$work/repositories")
test -n "$here" || die "apt has no sources here"

# fetch DIRECTORY SUITES COMMAND...: cache/DIRECTORY gets what apt-get COMMAND brings from the suites
fetch ()
{
  to=$cache/$1 from=$2 ; shift 2
  test -d "$to" && return 0
  say "fetching $(basename "$to")"
  rm -rf "$work/parts" "$work/cache" "$work/to" ; mkdir -p "$work/parts" "$work/cache/archives/partial" "$work/to"
  for of in $from
  do
    case $of in *-security) uri=$security ;; *) uri=$main ;; esac
    test -z "$uri" || echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $of main" > "$work/parts/$of.list"
  done
  echo "$private" > "$work/conf"
  ( APT_CONFIG=$work/conf ; export APT_CONFIG
    cd "$work/cache/archives" && apt-get -q update && apt-get -q "$@" ) > "$work/log" 2>&1 || { tail -n 5 "$work/log" >&2 ; return 1 ; }
  for deb in "$work"/cache/archives/*.deb ; do dpkg -x "$deb" "$work/to" || return 1 ; done
  mv "$work/to" "$to"
}

fetch busybox "$here" download busybox-static || exit 2
cp "$cache/busybox/bin/busybox" "$work/busybox"


# Modules: what is not built in, each after those that it depends on

# need NAME: copies the module to work/m, and adds it to work/m/order
need ()
{
  grep -qx "$1.ko" "$work/m/order" && return 0
  file=$(grep -E "/$(echo "$1" | sed 's/[-_]/[-_]/g')\.ko(\.xz|\.zst|\.gz)?\$" "$work/modules" | head -n 1)
  test -n "$file" || return 0
  case $file in *.xz) "$work/busybox" xz -dc "$file" ;; *.zst) zstd -qdc "$file" ;; *.gz) gzip -dc "$file" ;; *) cat "$file" ;; esac > "$work/m/$1.ko"
  for other in $(tr '\0' '\n' < "$work/m/$1.ko" | sed -n 's/^depends=//p' | tr , ' ') ; do need "$other" ; done
  echo "$1.ko" >> "$work/m/order"
}

# modules DIRECTORY NAME...
modules ()
{
  mkdir -p "$work/m" && : > "$work/m/order"
  find "$1/" -name '*.ko*' > "$work/modules"
  shift
  for name ; do need "$name" ; done
}


# The other Linux: its first process, and what that runs

mkdir "$work/out"
git clone -q "$checkout" "$work/out/checkout" || exit 2
cat > "$work/out/job" << END
exec 2>&1
cp -r /run/out/checkout /tmp/checkout && cd /tmp/checkout || exit 2
uname -srvm
$command
END

# first MOUNT: writes the first process; MOUNT is how it gets at work/out
first ()
{
  cat > "$work/init" << END
#!/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export PATH HOME
m () { $work/busybox mount "\$@" ; }
m -t proc proc /proc ; m -t sysfs sysfs /sys ; m -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
m -t devpts -o ptmxmode=666 pts /dev/pts ; m -t tmpfs shm /dev/shm ; m -t tmpfs run /run
cp $work/busybox /run/busybox ; mkdir /run/out ; m $1 /run/out
$2
/run/busybox chmod 666 /dev/net/tun
ip link set lo up
/run/busybox mount -t tmpfs -o mode=1777 tmp /tmp
sh /run/out/job > /run/out/log
echo \$? > /run/out/status
exec /run/busybox poweroff -f
END
  chmod 755 "$work/init"
}

# what modprobe would do: name.parameter=value on the command line is for the module of that name
load='while read -r module ; do /run/busybox insmod DIR/$module $(tr " " "\n" < /proc/cmdline | sed -n "s/^${module%.ko}[.]//p") ; done < DIR/order'

# run WHAT...: in the background, its output shown as it comes
run ()
{
  : > "$work/out/log"
  nice timeout "${LIMIT:-3600}" "$@" < /dev/null > "$work/console" 2>&1 &
  guest=$!
  tail -n +1 -s 1 -f --pid=$guest "$work/out/log" &
  wait $guest
  guest=
  wait
  test -s "$work/out/status" || { tail -n 60 "$work/console" >&2 ; die "it did not come to its end" ; }
  exit "$(cat "$work/out/status")"
}

wanted='ipv6 tun veth dummy tcp_diag'

case $version in
  5.10) suite=bullseye ;;
  6.1) suite=bookworm ;;
  6.12) suite=trixie ;;
  7.2) suite=sid ;;
  *-*) suite= ;;
  *) suite=$version ;;
esac

if test -n "$suite"
then
  fetch "uml-$suite" "$suite" download user-mode-linux || exit 2
  uml=$cache/uml-$suite/usr/bin/linux.uml
  if ! "$uml" --version > /dev/null 2>&1  # a newer libc's
  then
    fetch "libc-$suite" "$suite" download libc6 || exit 2
    fetch patchelf "$here" download patchelf || exit 2
    ld=$(find "$cache/libc-$suite" -name 'ld-linux-x86-64.so.2' ! -path '*/lib64/*' | head -n 1)
    cp "$uml" "$work/linux" && uml=$work/linux
    "$cache/patchelf/usr/bin/patchelf" --set-interpreter "$ld" --set-rpath "$(dirname "$ld")" "$uml" || exit 2
  fi
  tunables=
  set --
  case $("$uml" --version) in 5.* | 6.[0-9].* | 6.1[0-2].*)
    # Its buffer for a processor's extended state is smaller than a newer processor's, and then ptrace refuses all of it. Without
    # that request it asks for SSE's alone, and the other registers are lost when it switches: glibc must not use them.
    cat > "$work/xstate.c" << 'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <elf.h>
enum { GETREGSET = 0x4204 } ;
extern long ptrace (long, long, unsigned long, void *) ;
long ptrace (long request, long pid, unsigned long address, void *data)
{
  long (*next) (long, long, unsigned long, void *) ;
  if (request == GETREGSET && address == NT_X86_XSTATE) return errno = EINVAL, -1 ;
  *(void **)&next = dlsym(RTLD_NEXT, "ptrace") ;
  return next(request, pid, address, data) ;
}
END
    ${CC:-cc} -shared -fPIC -o "$work/xstate.so" "$work/xstate.c" || exit 2
    set -- env "LD_PRELOAD=$work/xstate.so"
    tunables=GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX,-AVX2,-AVX512F,-AVX512BW,-AVX512VL
  esac
  modules "$cache/uml-$suite/usr/lib/uml/modules" $wanted
  first "-t hostfs -o $work/out out" "$(echo "$load" | sed "s|DIR|$work/m|g")"
  # its memory is a file, mapped with PROT_EXEC: in /dev/shm, but not in a container's small one
  if grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts || test "$(df -kP /dev/shm | awk 'NR == 2 { print $4 }')" -lt 2097152
  then TMPDIR=$work ; export TMPDIR
  fi
  run "$@" "$uml" mem=2G "uml_dir=$work/" root=/dev/root rootfstype=hostfs rootflags=/ ro "init=$work/init" panic=1 \
    con=null con0=null,fd:1 ssl=null $tunables ${APPEND:-}
fi

case $version in
  5.10.0-*) suites='bullseye bullseye-security' ;;
  6.1.0-*) suites='bookworm bookworm-security' ;;
  *+deb12-*) suites='bookworm-backports' ;;
  6.12.*+deb13*) suites='trixie trixie-security' ;;
  *+deb13*) suites='trixie-backports' ;;
  *) suites=sid ;;
esac

# the kernel and its modules: one package, or from 6.17 or so several
fetch "linux-$version" "$suites" download "linux-image-$version-unsigned" 2>/dev/null ||
  fetch "linux-$version" "$suites" download "linux-binary-$version" "linux-modules-$version" ||
  fetch "linux-$version" "$suites" download "linux-image-$version" || exit 2
linux=$(find "$cache/linux-$version" -name 'vmlinuz*' | head -n 1)
if qemu=$(command -v qemu-system-x86_64) ; then set -- "$qemu"
else
  fetch qemu "$here" install -d -y --no-install-recommends qemu-system-x86 || exit 2
  q=$cache/qemu
  set -- env "LD_LIBRARY_PATH=$q/lib/x86_64-linux-gnu:$q/usr/lib/x86_64-linux-gnu" "$q/usr/bin/qemu-system-x86_64" \
    -L "$q/usr/share/qemu" -L "$q/usr/share/seabios"
fi
modules "$cache/linux-$version" virtio_pci 9pnet_virtio 9p $wanted
first '-t 9p -o trans=virtio,version=9p2000.L,msize=262144 out' ''
mkdir "$work/ram" "$work/ram/root" "$work/ram/proc" "$work/ram/dev"
mv "$work/m" "$work/ram/m"
cp "$work/busybox" "$work/ram/busybox"
cat > "$work/ram/init" << END
#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t devtmpfs dev /dev
while read -r m ; do /busybox insmod /m/\$m ; done < /m/order
/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro root /root || /busybox poweroff -f
/busybox umount /proc
/busybox mount --move /dev /root/dev
exec /busybox switch_root /root $work/init
END
chmod 755 "$work/ram/init"
( cd "$work/ram" && find . | ./busybox cpio -o -H newc 2>/dev/null | gzip -1 ) > "$work/initrd"
run "$@" -accel tcg,thread=single -cpu max -smp 1 -m 2048 -nodefaults -no-user-config -nographic -no-reboot -serial stdio \
  -kernel "$linux" -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1 mitigations=off ${APPEND:-}" \
  -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$work/out,mount_tag=out,security_model=none,multidevs=remap"
