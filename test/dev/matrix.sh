#!/bin/sh
# ISC license.
# Builds the library in a fresh copy for each compiler, libc, machine and checker, and runs the tests that say something there.
# TESTS are the programs of the Makefile. Arguments: the configurations to run, all without.

here=$(pwd)
skalibs=$here/.ci/skalibs.d
strict='-Wall -Wextra -pedantic -Wconversion -Wshadow -Werror'

# without PROGRAM...: the other programs
without ()
{
  for program in $TESTS
  do
    case " $* " in *" $program "*) ;; *) echo "$program" ;; esac
  done | tr '\n' ' '
}

# those left out wait for the clock, or think for long: where only the code's translation differs, the others will do
quick=$(without test/connector_rules test/connect test/connected test/connector_kernel test/fastopen test/fastopen_listener test/fastopen_signals test/connector_network test/signals)

unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
jobs=$(nproc)  # they build; the tests run one after the other
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
passed=0 failed=0 skipped=0
chosen=" $* "

# try NAME TOOL COMMAND...: the command, in a copy of its own; TOOL is a program or a file that it needs
try ()
{
  name=$1 tool=$2
  shift 2
  case $chosen in '  ' | *" $name "*) ;; *) return ;; esac
  if ! test -e "$tool" && ! command -v "$tool" > /dev/null
  then
    echo "$name: skip, no $tool"
    skipped=$((skipped + 1))
    return
  fi
  rm -rf "$dir/copy" && mkdir "$dir/copy" && git ls-files | tar -c -T - | tar -x -C "$dir/copy"
  start=$(date +%s)
  (cd "$dir/copy" && "$@") > "$dir/log" 2>&1
  status=$?
  totals=$(grep '^[0-9]* passed, [0-9]* failed, [0-9]* skipped$' "$dir/log" | tail -n 1)
  if test $status -eq 0
  then
    result=pass
    passed=$((passed + 1))
  else
    result=fail
    failed=$((failed + 1))
  fi
  echo "$name: $result, $(($(date +%s) - start)) s, ${totals:-no tests}"
  if test $result = fail ; then sed 's/^/  /' "$dir/log" ; fi
}

# all NAME=VALUE...: make test
all ()
{
  make -s -j "$jobs" "$@" test
}

# some NAME=VALUE...: the programs that are quick
some ()
{
  make -s -j "$jobs" SCRIPTS= TESTS="$quick" "$@" test
}

# programs NAME=VALUE...: the programs without the scripts
programs ()
{
  make -s -j "$jobs" SCRIPTS= "$@" test
}

# under "COMMAND" "PROGRAMS" NAME=VALUE...: the programs, each run by the command
under ()
{
  command=$1 list=$2
  shift 2
  make -s -j "$jobs" "$@" $list || return
  for program in $list
  do
    arguments=
    test "$program" != test/connector_model || arguments='20260801 20000'  # a tenth of its races
    mv "$program" "$program.run" && echo "exec $command ./$program.run $arguments" > "$program" && chmod +x "$program" || return
  done
  test/run.sh $list
}

# header COMPILER: a program in each C++ that the header serves
header ()
{
  make -s -j "$jobs" || return
  printf '#include "socket_connector.h"\nint main () { return socket_listen(-1, 1) != -1 ; }\n' > main.cc
  for std in 98 11 20
  do "$1" -std=c++$std $strict -I. -o main main.cc libsocket.a -lskarnet && ./main || return
  done
}

# descriptors that are open at the end, and not the shell's, are leaks
with_valgrind ()
{
  under "valgrind -q --error-exitcode=99 --leak-check=full --child-silent-after-fork=yes --track-fds=yes --log-file=valgrind.%p" "$1" CFLAGS='-O1 -g' || return
  cat valgrind.* | awk '/ Open / { what = $0 ; getline ; if (!/<inherited from parent>/) { print what ; print ; bad = 1 } } END { exit bad }'
}

# a static echod, and then all; musl's own CMSG_NXTHDR changes signs
with_musl ()
{
  set -- CC=musl-gcc CPPFLAGS="-I$skalibs/musl/include -idirafter /usr/include -idirafter /usr/include/$(cc -dumpmachine)" CFLAGS="-O2 $strict -Wno-sign-conversion"
  make -s "$@" LDFLAGS="-static -L$skalibs/musl/lib" TESTS= SCRIPTS=test/example_echod.sh test && ! readelf -l examples/echod | grep INTERP && rm examples/echod &&
    all "$@" LDFLAGS="-L$skalibs/musl/lib"
}

with_bmake ()
{
  MAKE=bmake
  export MAKE
  bmake -j "$jobs" TESTS="$quick" SCRIPTS=test/link.sh CFLAGS="$strict" test && bmake examples && bmake clean && test -z "$(find . -name '*.[oa]')"
}

# make test is gcc's -O2
try gcc-Os gcc some CC=gcc CFLAGS="-Os $strict"
try gcc-O3 gcc some CC=gcc CFLAGS="-O3 $strict"
try gcc-flto gcc-ar some CC=gcc CFLAGS="-O2 -flto $strict" AR=gcc-ar RANLIB='gcc-ar s'
try clang-O0 clang some CC=clang CFLAGS="-O0 $strict"
try clang-flto llvm-ar some CC=clang CFLAGS="-O3 -flto $strict" AR=llvm-ar RANLIB='llvm-ar s'
# glibc's regex.h has arrays that tcc cannot read
try tcc tcc some CC=tcc NOW= CFLAGS='-Wall -Werror -D__STDC_NO_VLA__'
try musl "$skalibs/musl" with_musl
try c++-g++ g++ header g++
try c++-clang++ clang++ header clang++
try bmake bmake with_bmake
try portable cc all CPPFLAGS=-DLIBSOCKET_PORTABLE CFLAGS="-O2 $strict"
try skalibs-newer "$skalibs/newer" programs CPPFLAGS="-I$skalibs/newer/include" LDFLAGS="-L$skalibs/newer/lib" CFLAGS="-O2 $strict"

# qemu has no user namespaces, not all of fast open, and no time for test/connector_rules; no address is looked at in test/faults;
# in the network namespaces that root has without them it does not translate all of netlink and of multicast
qemu='qemu-s390x'
if test "$(id -u)" -eq 0 ; then qemu="setpriv --bounding-set -sys_admin $qemu" ; fi
for machine in i386-i686 s390x-s390x
do
  name=${machine%-*} cc=${machine#*-}-linux-gnu-gcc
  # gcc for i386 believes that a longjmp clobbers what is set and used after setjmp alone
  set -- CC="$cc" CPPFLAGS="-isystem $skalibs/$name/include" LDFLAGS="-static -L$skalibs/$name/lib" CFLAGS="-O2 $strict -Wno-clobbered"
  case $name in
    s390x) try s390x qemu-s390x under "$qemu" "$(without test/connector_rules test/fastopen test/fastopen_listener test/fastopen_signals test/faults test/connector_network test/connector_faults test/connector_soak)" "$@" ;;
    *) try "$name" "$cc" programs "$@" ;;
  esac
done

# clang's UBSan sees null + offset, gcc's does not
try asan-gcc gcc some CC=gcc CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
try asan-clang clang programs TESTS="$(without test/connector_rules)" CC=clang CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
try tsan gcc some TESTS=test/connector_threads CC=gcc CFLAGS='-O1 -g -fsanitize=thread'
# MSan takes for unset what libskarnet or a raw system call of the test's own has written: valgrind looks at those programs
try msan clang programs TESTS="$(without test/connector_hosts test/connector_kernel test/connector_network test/connector_threads test/metrics test/example_draw test/example_logline test/example_lookup test/connector_rules test/faults test/connector_model test/connector_faults test/connector_soak)" CC=clang CFLAGS='-O1 -g -fsanitize=memory'
# signals by the millisecond leave valgrind no time, nor does test/connector_network; test/connector_rules would take it for minutes
try valgrind valgrind with_valgrind "$(without test/connector_rules test/fastopen_signals test/connector_network test/signals)"

echo "$passed passed, $failed failed, $skipped skipped"
test $failed -eq 0
