#!/bin/sh
# ISC license.
# examples/tcpserve, with tcpconnect as its client; what hostile clients do is in test/hostile.c.

. test/cases.sh

tcpserve="$dir/tcpserve"
texts EADDRINUSE EADDRNOTAVAIL EAGAIN EMFILE ENOENT
both='exec 5<&0 ; cat <&5 >&7 & exec cat <&6'

# refuses CODE TEXT NAME ARGUMENT...: that exit code, nothing on standard output, one line on standard error, with TEXT
refuses ()
{
  code=$1 text=$2 name=$3
  shift 3
  timeout 30 "$tcpserve" "$@" > "$dir/out" 2> "$dir/log"
  test $? -eq "$code" && ! test -s "$dir/out" && test "$(wc -l < "$dir/log")" -eq 1 && grep -q -F -e "tcpserve: $text" "$dir/log"
  report $? "$name"
}

# serve [OPTION...] HOST PORT PROG...: sets port, and pid; its log is in $dir/served. END ends its log and its case.
serve ()
{
  rm -f "$dir/fifo"
  mkfifo "$dir/fifo"
  "$tcpserve" -1 "$@" > "$dir/fifo" 2> "${log:-$dir/served}" < /dev/null &
  pid=$!
  pids="$pids $pid"
  port=
  read -r port < "$dir/fifo"
}

# stop NAME: SIGTERM, exit 0
stop ()
{
  kill "$pid"
  wait "$pid" ; report $? "$1: exit 0 on SIGTERM"
}

# client TEXT [IP]: says TEXT, and what it hears up to the end is in $dir/out
client ()
{
  timeout 30 "$dir/tcpconnect" "${2-127.0.0.1}" "$port" sh -c 'printf "$1" >&7 ; exec cat <&6' sh "$1" > "$dir/out" 2> "$dir/log"
}

# hears NAME TEXT [IP]: that is what a client hears
hears ()
{
  client '' "${3-127.0.0.1}"
  test "$(cat "$dir/out")" = "$2" ; report $? "$1"
}

# logged PATTERN: the log has such a line, or will have it
logged ()
{
  timeout 30 tail -n +1 -f "$dir/served" | grep -q -x -e "tcpserve: $1"
}

# asleep: at ten looks in a row; one that spins would be so at none
asleep ()
{
  looks=0
  for i in 0 1 2 3 4 5 6 7 8 9
  do
    case $(cat "/proc/$pid/stat") in *') S '*) looks=$((looks + 1)) ;; esac
    sleep .1
  done
  test $looks -ge 9
}


outside ()
{
  compile examples/echod examples/tcpconnect examples/tcpserve test/hostile
  usage='usage: tcpserve [-v] [-f] [-1] [-4] [-6] [-c limit] [-C perclient] [-b backlog] [-B banner] [-u uid] [-g gid] [-U] [-l localname] host port prog...'
  refuses 100 "$usage" "no arguments"
  refuses 100 "$usage" "no port" 127.0.0.1
  refuses 100 "$usage" "no prog" 127.0.0.1 0
  refuses 100 "$usage" "an unknown option" -z 127.0.0.1 0 true
  refuses 100 "$usage" "an option without its argument" -c
  refuses 100 "fatal: -x is not supported" "-x" -x rules.cdb 127.0.0.1 0 true
  for option in c C b u g
  do
    for bad in '' x -1 1x 4294967296
    do refuses 100 "fatal: not a number: $bad" "-$option '$bad'" -$option "$bad" 127.0.0.1 0 true
    done
  done
  refuses 100 "$usage" "-c 0" -c 0 127.0.0.1 0 true
  for bad in '' x -1 65536 4294967376
  do refuses 100 "fatal: not a port: $bad" "not a port: '$bad'" 127.0.0.1 "$bad" true
  done
  for bad in '-4 ::1' '-6 127.0.0.1' 'fe80::1%nothing' nothing.invalid
  do refuses 111 "fatal: unable to look up ${bad#-* }: " "no address: $bad" $bad 0 true
  done
  refuses 111 "fatal: unable to bind to 192.0.2.1 0: $EADDRNOTAVAIL" "not this host's address" 192.0.2.1 0 true
  ( unset UID GID ; refuses 100 'fatal: -U without $UID or $GID' "-U, nothing set" -U 127.0.0.1 0 true ; exit $status ) || status=1
  if test -c /dev/full
  then
    "$tcpserve" -1 127.0.0.1 0 true > /dev/full 2> "$dir/log"
    test $? -eq 111 && grep -q '^tcpserve: fatal: unable to write to stdout: ' "$dir/log" ; report $? "standard output is full"
  fi

  serve -v -l here 127.0.0.1 0 sh -c 'echo hello ; read -r x ; echo "$x" ; exit 3'
  client 'good\n'
  test "$(cat "$dir/out")" = 'hello
good' ; report $? "a conversation"
  logged 'end [0-9]* status 768' && logged 'status: 0/40' && sed -e 's/[0-9]\{5,\}/N/g' -e 's/\(pid\|ok\|end\) [0-9N]*/\1 N/' "$dir/served" > "$dir/log" &&
    test "$(sed -e "s/:[0-9N]* :127/:PORT :127/" -e 's/::[0-9N]*$/::PORT/' "$dir/log")" = 'tcpserve: status: 0/40
tcpserve: status: 1/40
tcpserve: pid N from 127.0.0.1
tcpserve: ok N here:127.0.0.1:PORT :127.0.0.1::PORT
tcpserve: end N status 768
tcpserve: status: 0/40'
  report $? "the log"
  grep -q "^tcpserve: ok [0-9]* here:127.0.0.1:$port :127.0.0.1::" "$dir/served" ; report $? "the log has the port"
  refuses 111 "fatal: unable to bind to 127.0.0.1 $port: $EADDRINUSE" "port in use" 127.0.0.1 "$port" true
  stop "-v"

  (
    export PROTO=SSL TCPREMOTEIP=x TCPREMOTEPORT=x TCPLOCALIP=x TCPLOCALPORT=x TCPREMOTEHOST=x TCPREMOTEINFO=x TCPLOCALHOST=x TCPCONNNUM=x KEEP='a b'
    serve 127.0.0.1 0 env
    client ''
    grep -v '^_=' "$dir/out" | sort > "$dir/env"
    mine=$(sed -n 's/^TCPREMOTEPORT=//p' "$dir/env")
    unset TCPREMOTEHOST TCPREMOTEINFO TCPLOCALHOST
    PROTO=TCP TCPREMOTEIP=127.0.0.1 TCPREMOTEPORT=$mine TCPLOCALIP=127.0.0.1 TCPLOCALPORT=$port TCPCONNNUM=1 \
      sh -c 'exec env' | grep -v '^_=' | sort | diff - "$dir/env" > "$dir/log" && test "$mine" -gt 0
    report $? "the environment, nothing stale in it"
    stop "the environment"
    exit $status
  ) || status=1
  serve -l 0 '' 0 sh -c 'echo "$TCPLOCALHOST $TCPREMOTEIP $TCPLOCALIP $PROTO"'
  hears "-l, host is nothing, a mapped address" "0 127.0.0.1 127.0.0.1 TCP"
  hears "127.0.0.2" "0 127.0.0.1 127.0.0.2 TCP" 127.0.0.2
  stop "-l"
  serve -qQdDoOpPhHrRX -t 26 0 0 echo hello
  hears "tcpserver's options that have no meaning" hello
  stop "they"
  serve -B 'welcome ' 0 0 echo "and hello"
  hears "-B" "welcome and hello"
  stop "-B"
  serve -c2 -Bbanner -vo -D -1 -X -Rt5 -hp -lLocal -b2 127.0.0.1 0 sh -c 'echo " $TCPLOCALHOST"'
  hears "options in tcpserver's other form" "banner Local"
  stop "options"

  # only 0, 1, 2, which block, and the signals that tcpserve was called with
  serve 127.0.0.1 0 sh -c 'ls /proc/$$/fd ; sed -n "s/^flags:[^0]*//p" /proc/$$/fdinfo/[01]' 5< /dev/null 9< /dev/null
  hears "descriptors" '0
1
2
02
02'
  test "$(find /proc/$pid/fd -type l | wc -l)" -le 7 ; report $? "tcpserve's own descriptors"
  stop "descriptors"
  # both in the background, where the shell ignores SIGINT and SIGQUIT
  for ignored in ABRT PIPE INT,HUP,CHLD,TERM
  do
    env --ignore-signal=$ignored env --default-signal=PIPE,CHLD grep '^Sig[BI]' /proc/self/status > "$dir/direct" &
    wait $!
    called_with : "env --ignore-signal=$ignored"
  done
  env --default-signal=PIPE,CHLD grep '^Sig[BI]' /proc/self/status > "$dir/direct" &
  wait $!
  called_with "true &"
  with 'exec <&- 2>&-'
  serve 127.0.0.1 0 echo hello
  tcpserve="$dir/tcpserve"
  hears "called without descriptors 0 and 2" hello
  stop "called without descriptors"

  serve -v 127.0.0.1 0 "$dir/nothing"
  hears "no such prog" ''
  logged "warning: unable to run $dir/nothing: $ENOENT" ; report $? "no such prog, logged"
  hears "no such prog, again" ''
  stop "no such prog"

  # connections that are reset in the queue, with a byte to read
  serve -v 127.0.0.1 0 echo hello
  kill -STOP "$pid"
  "$dir/resets" "$port" ; code=$?
  kill -CONT "$pid"
  hears "resets" hello
  logged 'end [0-9]* status 0'
  test $code -eq 0 && test "$(grep -c 'deny 127.0.0.1' "$dir/served")" -eq 10 && test "$(grep -c ': pid ' "$dir/served")" -eq 1 ; report $? "a reset does not start a process"
  stop "resets"

  # no one reads the log
  mkfifo "$dir/full"
  exec 4<> "$dir/full"
  dd if=/dev/zero of="$dir/full" bs=4096 oflag=nonblock 2> /dev/null
  log=$dir/full
  serve -v 127.0.0.1 0 echo hello
  log=
  for i in 1 2 3 ; do hears "a full log, client $i" hello ; done
  dd if="$dir/full" of=/dev/null bs=4096 iflag=nonblock 2> /dev/null
  exec 4>&-
  for i in 1 2 ; do hears "a log that is gone, client $i" hello ; done
  stop "a log that is gone"

  # two places, and the third waits
  serve -v -c 2 127.0.0.1 0 sh -c 'echo in ; read -r x ; echo "$x"'
  clients=
  for i in 1 2 3
  do
    rm -f "$dir/to$i"
    mkfifo "$dir/to$i"
    timeout 60 "$dir/tcpconnect" 127.0.0.1 "$port" sh -c "$both" < "$dir/to$i" > "$dir/from$i" &
    pids="$pids $!" clients="$clients $!"
  done
  exec 4> "$dir/to1" 5> "$dir/to2" 6> "$dir/to3"
  logged 'status: 2/2' ; report $? "-c: two are served"
  asleep ; report $? "-c: it does not spin"
  test "$(cat "$dir/from1" "$dir/from2" "$dir/from3" | wc -l)" -eq 2 && ! grep -q ' 3/2' "$dir/served" ; report $? "-c: the third waits"
  for i in 4 5 6 ; do echo bye >&$i ; done
  exec 4>&- 5>&- 6>&-
  wait $clients
  test "$(cat "$dir/from1" "$dir/from2" "$dir/from3" | grep -c bye)" -eq 3 ; report $? "-c: it is served when a place is free"
  stop "-c"

  # children live on after SIGTERM
  serve 127.0.0.1 0 sh -c 'echo in ; read -r x ; echo "still $x"'
  mkfifo "$dir/to" "$dir/from"
  timeout 60 "$dir/tcpconnect" 127.0.0.1 "$port" sh -c "$both" < "$dir/to" > "$dir/from" &
  pids="$pids $!"
  exec 4> "$dir/to" 5< "$dir/from"
  read -r x <&5
  stop "with a child"
  echo here >&4
  read -r x <&5
  test "$x" = "still here" ; report $? "the child lives on"
  exec 4>&- 5<&-

  # no descriptors: said once, and over when they are back
  serve 127.0.0.1 0 echo hello
  hears "descriptors, before" hello
  prlimit --pid "$pid" --nofile=3:1024
  ( client '' ; cp "$dir/out" "$dir/late" ) &
  logged "warning: newcomers wait, unable to accept: $EMFILE" ; report $? "no descriptors, logged"
  asleep ; report $? "no descriptors, and it does not spin"
  sleep 1.5
  prlimit --pid "$pid" --nofile=1024:1024
  wait $!
  test "$(cat "$dir/late")" = hello ; report $? "no descriptors, served afterwards"
  logged 'info: newcomers wait no longer' && test "$(wc -l < "$dir/served")" -eq 2 ; report $? "no descriptors, two lines"
  stop "no descriptors"

  if test "$(id -u)" -eq 0
  then
    with : 'setpriv --groups 4141'
    serve -u 4242 -g 4343 127.0.0.1 0 id
    tcpserve="$dir/tcpserve"
    hears "-u -g" "uid=4242 gid=4343 groups=4343"
    stop "-u -g"

    # one child at a time: each next one as soon as it ends, not a second later
    with 'prlimit --pid $$ --nproc=2'
    serve -u $((100000 + $$)) 127.0.0.1 0 echo hello
    clients=
    begin=$(date +%s)
    for i in 0 1 2 3 4 5 6 7 8 9
    do
      timeout 60 "$dir/tcpconnect" 127.0.0.1 "$port" sh -c 'exec cat <&6' > "$dir/from$i" &
      clients="$clients $!"
    done
    wait $clients
    test $(($(date +%s) - begin)) -lt 5 ; report $? "no processes: the next starts when one ends"
    test "$(cat "$dir"/from[0-9] | grep -c hello)" -eq 10 ; report $? "no processes: nothing is lost"
    logged 'warning: newcomers wait, unable to fork: '"$EAGAIN" ; report $? "no processes, logged"
    tcpserve="$dir/tcpserve"
    stop "no processes"

    with 'export UID=4242 GID=4343'
    serve -U 127.0.0.1 0 id
    tcpserve="$dir/tcpserve"
    hears "-U" "uid=4242 gid=4343 groups=4343"
    stop "-U"
  else
    refuses 111 "fatal: unable to set group ID: Operation not permitted" "-g" -g 4343 127.0.0.1 0 true
    refuses 111 "fatal: unable to set user ID: Operation not permitted" "-u" -u 4242 127.0.0.1 0 true
  fi

  "$dir/hostile" 10000 "$tcpserve" -1 -c 200 -C 20 127.0.0.1 0 cat > "$dir/said" 2>&1
  grep -q '^end$' "$dir/said" ; report $? "hostile comes to its end"
  if grep -q '^fail ' "$dir/said" ; then status=1 ; fi
  grep -v '^end$' "$dir/said"
}

# with COMMAND [PREFIX]: tcpserve is called after that, by PREFIX
with ()
{
  { echo '#!/bin/sh' ; echo "$1" ; echo "exec $2 '$dir/tcpserve' \"\$@\"" ; } > "$dir/with"
  chmod +x "$dir/with"
  tcpserve="$dir/with"
}

# called_with COMMAND [PREFIX]: it counts its children, and they have the signals of $dir/direct
called_with ()
{
  with "$1" "$2"
  serve -c 1 127.0.0.1 0 grep "^Sig[BI]" /proc/self/status
  tcpserve="$dir/tcpserve"
  for i in 1 2 3
  do hears "called with $1 $2, client $i" "$(cat "$dir/direct")"
  done
  stop "called with $1 $2"
}

# in namespaces
inside ()
{
  ip link set lo up && ip addr add fe80::1/64 dev lo nodad && ip addr add fd00::1/64 dev lo nodad && ip addr add fd00::2/64 dev lo nodad && test/settle.sh &&
    echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 1
  remote='echo "$TCPREMOTEIP $TCPLOCALIP $TCPCONNNUM"'
  serve 0 0 sh -c "$remote"
  hears "both families: IPv4" "127.0.0.1 127.0.0.1 1"
  hears "both families: IPv6" "::1 ::1 1" ::1
  hears "a link-local address" "fe80::1%lo fe80::1%lo 1" fe80::1%lo
  stop "both families"
  serve fe80::1%lo 0 sh -c "$remote"
  hears "at a link-local address" "fe80::1%lo fe80::1%lo 1" fe80::1%lo
  stop "at a link-local address"
  for family in '-4 127.0.0.1 ::1' '-6 ::1 127.0.0.1'
  do
    set -- $family
    serve "$1" 0 0 echo hello
    hears "$1" hello "$2"
    hears "not $1" '' "$3"
    stop "$1"
  done
  serve -4 -6 0 0 echo hello
  hears "-4 -6: IPv4" hello
  hears "-4 -6: IPv6" hello ::1
  stop "-4 -6"
  serve localhost 0 echo hello
  first=$(ss -H -ltn "sport = $port" | awk '{ sub(/:[0-9]*$/, "", $4) ; gsub(/[][]|::ffff:/, "", $4) ; print $4 }')
  case $first in 127.0.0.1 | ::1) hears "a host by name" hello "$first" ;; *) report 1 "a host by name: $first" ;; esac
  stop "a host by name"
  echo "tcpserve-test 4242/tcp" > "$dir/services"
  mount --bind "$dir/services" /etc/services
  serve -b 42 127.0.0.1 tcpserve-test echo hello
  test "$port" = 4242 ; report $? "a port by name"
  test "$(ss -H -ltn 'sport = 4242' | awk '{ print $3 }')" = 42 ; report $? "-b"
  stop "a port by name"
  serve 127.0.0.1 0 echo hello
  backlog "$port" ; report $? "the queue, without -b"
  stop "without -b"

  # two of one /64, whichever addresses, and one more
  serve -v -C 2 :: 0 sh -c 'echo "$TCPCONNNUM" ; read -r x'
  for i in 1 2
  do
    rm -f "$dir/to$i" "$dir/from$i"
    mkfifo "$dir/to$i" "$dir/from$i"
    timeout 60 "$dir/tcpconnect" -i fd00::$i fd00::1 "$port" sh -c "$both" < "$dir/to$i" > "$dir/from$i" &
    pids="$pids $!"
  done
  exec 4> "$dir/to1" 6< "$dir/from1" 5> "$dir/to2" 7< "$dir/from2"
  read -r x <&6
  read -r y <&7
  case $x$y in 12 | 21) true ;; *) false ;; esac ; report $? "TCPCONNNUM"
  hears "-C: one more of the /64" '' fd00::1
  logged 'deny fd00::1' ; report $? "-C, logged"
  client '\n'
  test "$(cat "$dir/out")" = 1 ; report $? "-C: another one"
  exec 4>&- 5>&- 6<&- 7<&-
  stop "-C"

  case $COMPILE in *-DLIBSOCKET_PORTABLE*) return ;; esac
  serve -f 127.0.0.1 0 cat
  for i in 0 1
  do
    "$dir/early" "$port" > "$dir/out" 2> "$dir/log"
    test "$(cat "$dir/out")" = "hello $i" ; report $? "-f, contact $i: as many connections had data in the SYN"
  done
  stop "-f"
}

cat > "$dir/resets.c" << END
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include "socket.h"

int main (int argc, char **argv)
{
  struct linger l = { .l_onoff = 1, .l_linger = 0 } ;
  if (argc != 2) return 100 ;
  for (int i = 0 ; i < 10 ; i++)
  {
    int fd = socket_tcp4b() ;
    if (socket_connect4(fd, "\177\0\0\1", (uint16_t)atoi(argv[1])) == -1 || write(fd, "a", 1) != 1
     || setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l) == -1 || close(fd) == -1) return 111 ;
  }
  return 0 ;
}
END

cat > "$dir/early.c" << END
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "socket.h"

int main (int argc, char **argv)
{
  char s[5] ;
  int fd = socket_tcp4b() ;
  if (argc != 2 || socket_fastopen_connect4(fd, "\177\0\0\1", (uint16_t)atoi(argv[1]), "hello", 5) != 5 || read(fd, s, 5) != 5) return 111 ;
  printf("%.5s %d\n", s, socket_fastopen_used(fd)) ;
  return 0 ;
}
END

if test "$1" = inside
then
  dir=$2 tcpserve=$2/tcpserve
  inside
  exit $status
fi
compile "$dir/early" "$dir/resets"
outside
apart 'families and fast open'
end
