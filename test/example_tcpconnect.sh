#!/bin/sh
# ISC license.
# examples/tcpconnect, with echod, deadends and manners at the other end. example_tcpconnect.tsv has command lines of tcpclient and
# s6-tcpclient. What wants names, addresses and sysctls of its own runs in namespaces of its own.

. test/cases.sh

if test "$1" = inside ; then rmdir "$dir" && dir=$2 ; fi
tcpconnect=$dir/tcpconnect
texts EADDRINUSE EADDRNOTAVAIL ECONNREFUSED ENOENT ETIMEDOUT

# run CODE ARGUMENT...: tcpconnect exits with that code, its outputs are in out and log
run ()
{
  code=$1
  shift
  timeout 60 "$tcpconnect" "$@" > "$dir/out" 2> "$dir/log" < /dev/null
  got=$?
  test $got -eq "$code" || { echo "exit $got" >> "$dir/log" ; return 1 ; }
}

# refuses CODE TEXT NAME ARGUMENT...: that exit code, no output, one line of exactly this TEXT on standard error
refuses ()
{
  code=$1 text=$2 name=$3
  shift 3
  run "$code" "$@" && ! test -s "$dir/out" && test "$(cat "$dir/log")" = "tcpconnect: $text" ; report $? "$name"
}

# says TEXT NAME ARGUMENT...: exit 0, exactly this TEXT on standard output
says ()
{
  text=$1 name=$2
  shift 2
  run 0 "$@" && test "$(cat "$dir/out")" = "$text" ; report $? "$name"
}

# took AT_LEAST IP PORT END: the log has a line about that attempt, and it took so many ms, and less than below
below=8000
took ()
{
  ms=$(sed -n "s/^tcpconnect: info: $2 $3: \([0-9]*\) ms, $4\$/\1/p" "$dir/log" | head -n 1)
  test -n "$ms" && test "$ms" -ge "$1" && test "$ms" -lt $below
}

# attempts N: the log has so many lines about attempts
attempts ()
{
  test "$(grep '^tcpconnect: info: ' "$dir/log" | grep -v -c ' lookup: ')" -eq "$1"
}

# the client's and the server's count of data in SYNs
rode ()
{
  awk '$1 == "TcpExt:" && !n { n = split($0, name) ; next }
       $1 == "TcpExt:" { for (i = 1 ; i <= n ; i++) if (name[i] == "TCPFastOpenActive" || name[i] == "TCPFastOpenPassive") printf "%s ", $i }' \
    /proc/net/netstat
}

echoes='echo hello >&7 && read -r line <&6 && echo "$line"'
remote='echo "$TCPREMOTEIP $TCPREMOTEPORT"'
local='echo "$TCPLOCALIP"'


outside ()
{
  compile test/deadends test/manners examples/echod examples/tcpconnect
  start_echod 127.0.0.1 0
  start_deadends
  usage='tcpconnect [-v] [-f request] [-g] [-a ms] [-4] [-6] [-T x+y] [-i localip] [-p localport] [-l localname] [-d] [-D] host port prog...'

  says "usage: $usage" "-h" -h
  refuses 100 "usage: $usage" "no arguments"
  refuses 100 "usage: $usage" "no port" 127.0.0.1
  refuses 100 "usage: $usage" "no prog" 127.0.0.1 "$port"
  refuses 100 "usage: $usage" "an unknown option" -x 127.0.0.1 "$port" true
  refuses 100 "usage: $usage" "an option without its argument" -t
  refuses 100 "usage: $usage" "-h with another" -h -v
  for bad in '' x -1 +1 ' 1' 1x 0x50 65536 4294967376 18446744073709551696
  do
    refuses 100 "fatal: not a port: $bad" "not a port: '$bad'" 127.0.0.1 "$bad" true
    refuses 100 "fatal: not a port: $bad" "not a local port: '$bad'" -p "$bad" 127.0.0.1 "$port" true
  done
  for bad in '' x -1 ' 1' 1s 1.5 4294967296
  do
    refuses 100 "fatal: not a number of milliseconds: $bad" "-a '$bad'" -a "$bad" 127.0.0.1 "$port" true
    refuses 100 "fatal: not a number of seconds: $bad" "-T '$bad'" -T "$bad" 127.0.0.1 "$port" true
  done
  for bad in 1+ +1 1+x 1+2+3 '1 +2' 1-2
  do refuses 100 "fatal: not a number of seconds: $bad" "-T '$bad'" -T "$bad" 127.0.0.1 "$port" true
  done
  for bad in '' x 1.2.3.256 ::12345 localhost 127.0.0.1x ::1%nothing
  do refuses 100 "fatal: not a local IP address: $bad" "-i '$bad'" -i "$bad" 127.0.0.1 "$port" true
  done
  refuses 100 "fatal: not a local IP address of that family: ::1" "-4 and -i ::1" -4 -i ::1 127.0.0.1 "$port" true
  refuses 100 "fatal: not a local IP address of that family: 127.0.0.1" "-6 and -i 127.0.0.1" -6 -i 127.0.0.1 ::1 "$port" true

  refuses 111 "fatal: unable to connect to 127.0.0.1 $refused: $ECONNREFUSED" "refused" 127.0.0.1 "$refused" true
  refuses 111 "fatal: unable to connect to 127.0.0.1 $port: $EADDRNOTAVAIL" "-i that is not here" -i 192.0.2.1 127.0.0.1 "$port" true
  refuses 111 "fatal: unable to connect to 127.0.0.1 $port: $EADDRINUSE" "-p that is taken" -p "$port" 127.0.0.1 "$port" true
  run 111 -q 127.0.0.1 "$refused" true && ! test -s "$dir/log" ; report $? "-q, refused"
  run 111 -q ::2:: "$refused" true && ! test -s "$dir/log" ; report $? "-q, no address"
  for host in '-4 ::1' '-6 127.0.0.1' 'fe80::1%nothing'
  do
    run 111 $host "$port" true && ! test -s "$dir/out" && test "$(wc -l < "$dir/log")" -eq 1 &&
      grep -q "^tcpconnect: fatal: unable to look up ${host#-* }: ." "$dir/log"
    report $? "no address: $host"
  done
  refuses 127 "fatal: unable to exec $dir/nothing: $ENOENT" "no prog of that name" 127.0.0.1 "$port" "$dir/nothing"
  refuses 126 "fatal: unable to exec $dir: Permission denied" "prog cannot be executed" 127.0.0.1 "$port" "$dir"
  prlimit --nofile=6 "$tcpconnect" 127.0.0.1 "$port" true > "$dir/out" 2> "$dir/log"
  test $? -eq 111 && test "$(cat "$dir/log")" = 'tcpconnect: fatal: unable to set up descriptors 6 and 7: Bad file descriptor' ; report $? "no descriptor 6"
  if test -c /dev/full
  then
    "$tcpconnect" -h > /dev/full 2> "$dir/log"
    test $? -eq 111 ; report $? "standard output is full"
  else echo "skip standard output is full: no /dev/full"
  fi

  run 42 127.0.0.1 "$port" sh -c 'exit 42' ; report $? "prog's exit code"
  run 137 127.0.0.1 "$port" sh -c 'kill -KILL $$' ; report $? "prog's signal"
  says hello "6 reads and 7 writes" 127.0.0.1 "$port" sh -c "$echoes"
  says '-v --' "prog's options are its own" 127.0.0.1 "$port" echo -v --
  sh -c 'echo $$ ; exec "$@"' sh "$tcpconnect" 127.0.0.1 "$port" sh -c 'echo $$' > "$dir/out" 2> "$dir/log"
  test "$(uniq -d < "$dir/out" | wc -l)" -eq 1 ; report $? "prog is the same process"

  (
    export PROTO=SSL TCPREMOTEIP=x TCPREMOTEPORT=x TCPLOCALIP=x TCPLOCALPORT=x TCPREMOTEHOST=x TCPREMOTEINFO=x TCPLOCALHOST=x KEEP='a b'
    run 0 127.0.0.1 "$port" sh -c "{ $echoes ; } > /dev/null ; exec env"
  )
  mv "$dir/out" "$dir/env"
  sed -n 's/^TCPLOCALPORT=//p' "$dir/env" > "$dir/localport"
  KEEP='a b' PROTO=TCP TCPREMOTEIP=127.0.0.1 TCPREMOTEPORT=$port TCPLOCALIP=127.0.0.1 TCPLOCALPORT=$(cat "$dir/localport") \
    sh -c 'exec env' > "$dir/direct"
  grep -v '^_=' "$dir/env" | sort > "$dir/out"
  grep -v '^_=' "$dir/direct" | sort | diff - "$dir/out" > "$dir/log" && grep -q "^echod: info: 127.0.0.1 $(cat "$dir/localport") connected$" "$dir/echod.log"
  report $? "the environment, nothing stale in it"

  says 02 "6 and 7 block" 127.0.0.1 "$port" sh -c 'cat /proc/$$/fdinfo/6 /proc/$$/fdinfo/7 | sed -n "s/^flags:[^0]*//p" | uniq'
  for given in '' '<&-' '2>&-' '<&- >&- 2>&-' '3<&0 9<&0' '3<&0 4<&0' '3<&0 4<&0 5<&0' '3<&0 4<&0 5<&0 6<&0' '6<&0 7<&0'
  do
    eval 'sh -c "ls /proc/\$\$/fd > $dir/direct" < /dev/null 2> /dev/null '"$given 6</dev/null 7</dev/null"
    eval 'timeout 60 "$tcpconnect" -v 127.0.0.1 "$port" sh -c "ls /proc/\$\$/fd > $dir/got ; { $echoes ; } > $dir/out" < /dev/null 2> /dev/null '"$given"
    { diff "$dir/direct" "$dir/got" && test "$(cat "$dir/out")" = hello ; } > "$dir/log" 2>&1
    report $? "descriptors, called with ${given:-the usual ones}"
  done
  for given in : "trap '' PIPE" "trap '' INT HUP ; trap : USR1"
  do
    sh -c "$given ; exec grep '^Sig[BIC]' /proc/self/status" > "$dir/direct"
    sh -c "$given"' ; exec "$@"' sh "$tcpconnect" 127.0.0.1 "$port" grep '^Sig[BIC]' /proc/self/status > "$dir/out"
    diff "$dir/direct" "$dir/out" > "$dir/log" ; report $? "signals, called with $given"
  done

  run 111 -v -T 1 127.0.0.1 "$silent" true && took 1000 127.0.0.1 "$silent" "$ETIMEDOUT" &&
    grep -q -x "tcpconnect: fatal: unable to connect to 127.0.0.1 $silent: $ETIMEDOUT" "$dir/log" ; report $? "-T x"
  attempts 2 ; report $? "a silent address is asked again"
  run 111 -v -T 0+1 127.0.0.1 "$silent" true && took 1000 127.0.0.1 "$silent" "$ETIMEDOUT" ; report $? "-T x+y"
  says "127.0.0.1 $port" "no time at all" -T 0 127.0.0.1 "$port" sh -c "$remote"
  run 0 -v 127.0.0.1 "$port" true && took 0 127.0.0.1 "$port" connected && attempts 1 ; report $? "-v"
  says 127.0.0.2 "-i" -i 127.0.0.2 127.0.0.1 "$port" sh -c "$local"
  says 127.0.0.2 "-i, mapped" -i ::ffff:127.0.0.2 127.0.0.1 "$port" sh -c "$local"
  says "127.0.0.1 $port" "the peer's address, not the one that was asked for" 0.0.0.0 "$port" sh -c "$remote"
  says "127.0.0.1 $port" "an empty host" '' "$port" sh -c "$remote"
  says "127.0.0.1 $port" "host 0" 0 "$port" sh -c "$remote"
}


# The rows of the table, each run: prog says what it sees, with 6 and Nagle's algorithm
lines ()
{
  cat > "$dir/nagle.c" << 'END'
#include <stdio.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
int main (void)
{
  int on ;
  socklen_t len = sizeof on ;
  if (getsockopt(6, IPPROTO_TCP, TCP_NODELAY, &on, &len)) return 1 ;
  puts(on ? "off" : "on") ;
  return 0 ;
}
END
  $COMPILE -o "$dir/nagle" "$dir/nagle.c" > "$dir/log" 2>&1 ; report $? "nagle compiles"
  sees='echo "$PROTO $TCPREMOTEIP $TCPLOCALIP ${TCPLOCALHOST--} ${TCPREMOTEHOST--} ${TCPREMOTEINFO--} $("$0")"'
  grep -v -e '^#' -e '^$' test/example_tcpconnect.tsv | tr '\t' '|' > "$dir/lines"
  while IFS='|' read -r options host wanted
  do
    TCPREMOTEHOST=x TCPREMOTEINFO=x TCPLOCALHOST=x timeout 60 "$tcpconnect" $options "$host" "$port" sh -c "$sees" "$dir/nagle" > "$dir/out" 2> "$dir/log" < /dev/null
    got=$?
    test $got -eq 0 || echo "exit $got" > "$dir/out"
    case $wanted in *ANY*) sed -i -e 's/ ::1 ::1 / ANY ANY /' -e 's/ 127.0.0.1 127.0.0.1 / ANY ANY /' "$dir/out" ;; esac
    test "$(cat "$dir/out")" = "$wanted" ; report $? "tcpclient $options $host"
  done < "$dir/lines"
}

inside ()
{
  ip link set lo up && ip addr add fe80::1/64 dev lo nodad && test/settle.sh && echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 1
  start_deadends
  start_echod 127.0.0.2 "$silent"
  printf '127.0.0.%s many\n' 3 1 2 > "$dir/hosts"
  printf '%s one localhost\n' ::1 127.0.0.1 >> "$dir/hosts"
  printf 'hosts: files\n' > "$dir/nsswitch.conf"
  mount --bind "$dir/hosts" /etc/hosts && mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf || exit 1
  RESOLV_MULTI=on
  export RESOLV_MULTI

  run 0 -v many "$silent" sh -c "$echoes" && test "$(cat "$dir/out")" = hello && attempts 3 &&
    took 0 127.0.0.3 "$silent" "$ECONNREFUSED" && took 250 127.0.0.1 "$silent" 'no answer' && took 0 127.0.0.2 "$silent" connected
  report $? "a race past a refused and a silent address"
  run 0 -v -a 1500 many "$silent" true && took 1500 127.0.0.1 "$silent" 'no answer' ; report $? "-a"
  below=1500
  took 0 127.0.0.3 "$silent" "$ECONNREFUSED" ; report $? "each time is from that attempt's start"
  below=8000
  run 0 -v -a 1 many "$silent" true && took 10 127.0.0.1 "$silent" 'no answer' ; report $? "-a under 10"
  run 111 -v -T 1 -a 10000 many "$silent" true && attempts 3 && took 0 127.0.0.1 "$silent" "$ETIMEDOUT" &&
    grep -q -x "tcpconnect: info: 127.0.0.2 $silent: not tried" "$dir/log"
  report $? "-T ends a race"
  says 4242 "-p, several addresses" -p 4242 many "$silent" sh -c 'echo "$TCPLOCALPORT"'
  says "127.0.0.4 4243" "-i and -p" -i 127.0.0.4 -p 4243 many "$silent" sh -c 'echo "$TCPLOCALIP $TCPLOCALPORT"'
  refuses 111 "fatal: unable to connect to one 1: $EADDRINUSE" "-i and -p that are taken" -i 127.0.0.2 -p "$silent" one 1 true
  run 111 nothing.invalid 1 true && grep -q '^tcpconnect: fatal: unable to look up nothing.invalid: .' "$dir/log" ; report $? "an unknown host"
  refuses 111 "fatal: unable to connect to one 1: $ECONNREFUSED" "all refuse" one 1 true

  start_echod -f :: 0
  lines
  says "::1 $port" "both families" one "$port" sh -c "$remote"
  for host in 127.0.0.1 ::1
  do says 4242 "-p, again at once, to $host" -p 4242 $host "$port" sh -c 'echo "$TCPLOCALPORT"'
  done
  says "127.0.0.1 $port" "-4" -4 one "$port" sh -c "$remote"
  says "::1 $port" "-6" -6 one "$port" sh -c "$remote"
  run 0 -v -4 -6 one "$port" sh -c "$remote" && grep -q 'IPv4 lookup' "$dir/log" && grep -q 'IPv6 lookup' "$dir/log" ; report $? "-4 -6 is both"
  run 0 -v -6 one "$port" true && attempts 1 ; report $? "-6 is IPv6 alone"
  run 0 -v -i 127.0.0.5 one "$port" sh -c "$local" && attempts 1 && test "$(cat "$dir/out")" = 127.0.0.5 ; report $? "-i leaves out the other family"
  says "::1" "-i ::1" -i ::1 one "$port" sh -c "$local"
  says "127.0.0.1 $port 127.0.0.1" "IPv4-mapped" ::ffff:127.0.0.1 "$port" sh -c 'echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP"'
  says "fe80::1 $port fe80::1" "link-local" -i fe80::1%lo fe80::1%lo "$port" sh -c 'echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP"'
  says "::1 $port" "host 0, both families" 0 "$port" sh -c "$remote"
  if test -f /etc/services
  then
    echo "tcpconnect-test $port/tcp" > "$dir/services"
    mount --bind "$dir/services" /etc/services
    says "127.0.0.1 $port" "a port by name" 127.0.0.1 tcpconnect-test sh -c "$remote"
  fi

  # a local port that is taken for one family
  both=$port
  start_echod 127.0.0.1 0
  says "::1 $port" "-p that another program has for IPv4" -p "$port" one "$both" sh -c 'echo "$TCPREMOTEIP $TCPLOCALPORT"'
  refuses 111 "fatal: unable to connect to 127.0.0.1 $both: $EADDRINUSE" "-p that is taken for IPv4" -p "$port" 127.0.0.1 "$both" true
  start_echod ::1 0
  says "127.0.0.1 $port" "-p that another program has for IPv6" -p "$port" one "$both" sh -c 'echo "$TCPREMOTEIP $TCPLOCALPORT"'
  start_echod -f :: 0

  greetings
  case $COMPILE in *-DLIBSOCKET_PORTABLE*) fast=no ;; *) fast=yes ;; esac
  requests
  signals
}

# starts manners: its port is polite; what it counts is in the file counts
start_manners ()
{
  mkfifo "$dir/hold2"
  "$dir/manners" < "$dir/hold2" > "$dir/counts" &
  pids="$pids $!"
  exec 4> "$dir/hold2"
  rm "$dir/hold2"
  until test -s "$dir/counts" || ! kill -0 $! ; do : ; done
  polite=$(cat "$dir/counts")
}

# -g: the first address that says something
greetings ()
{
  start_manners
  for kind in '2 mute no.answer' '3 resets Connection.reset.by.peer' '4 closes closed.by.the.peer' '5 refuses Connection.refused'
  do
    set -- $kind
    printf '127.0.0.%s %s\n' "$1" "$2" 8 "$2" >> "$dir/hosts"
    run 0 -v -g "$2" "$polite" sh -c 'head -n 1 <&6' && test "$(cat "$dir/out")" = hello && took 0 "127.0.0.$1" "$polite" "$3" &&
      took 50 127.0.0.8 "$polite" connected
    report $? "-g past an address that $2"
    case $1 in 3 | 5) continue ;; esac  # a reset may be seen in time without -g too
    run 0 -v "$2" "$polite" sh -c "$remote" && test "$(cat "$dir/out")" = "127.0.0.$1 $polite" ; report $? "without -g it wins: $2"
  done
  run 111 -g -T 1 127.0.0.2 "$polite" true && grep -q -x "tcpconnect: fatal: unable to connect to 127.0.0.2 $polite: $ETIMEDOUT" "$dir/log"
  report $? "-g, mute, and -T ends it"
  refuses 111 "fatal: unable to connect to 127.0.0.3 $polite: Connection reset by peer" "-g, reset" -g 127.0.0.3 "$polite" true
  says hello "-g leaves the greeting to prog" -g 127.0.0.8 "$polite" sh -c 'head -n 1 <&6'
}

# -f: first bytes
requests ()
{
  ask='head -n 1 <&6'
  line='hello
'
  says hello "-f, the first contact" -f "$line" ::1 "$port" sh -c "$ask"
  test $fast = no || { says hello "-f, with a cookie" -f "$line" ::1 "$port" sh -c "$ask" && test "$(rode)" = '1 1 ' ; report $? "-f, data in the SYN" ; }
  rode > "$dir/before"
  says hello "-f, several addresses" -f "$line" one "$port" sh -c "$ask"
  says hello "-f, a refused address" -f "$line" many "$silent" sh -c "$ask"
  says hello "-f and -g" -g -f "$line" 127.0.0.9 "$polite" sh -c "$ask"
  printf '127.0.0.2 notalk\n127.0.0.9 notalk\n' >> "$dir/hosts"
  says "127.0.0.9 $polite" "-f and -g: the first address that answers the request" -g -f "$line" notalk "$polite" sh -c "$remote"
  says 02 "-f, 6 blocks" -f "$line" ::1 "$port" sh -c 'sed -n "s/^flags:[^0]*//p" /proc/$$/fdinfo/6'
  says '' "-f, an empty request" -f '' ::1 "$port" true
  long=$(printf '%0100000d' 0)
  for options in '' -g
  do says 100000 "-f $options, a long request" $options -f "$long" 127.0.0.9 "$polite" sh -c 'head -c 100000 <&6 | wc -c'
  done
  rode > "$dir/before"
  says hello "without -f no data in the SYN" ::1 "$port" sh -c "$echoes"
  rode | diff "$dir/before" - > "$dir/log" ; report $? "none was"
  refuses 111 "fatal: unable to connect to ::1 1: $ECONNREFUSED" "-f, refused" -f "$line" ::1 1 true
  echo 0 > /proc/sys/net/ipv4/tcp_fastopen
  says hello "-f, switched off" -f "$line" ::1 "$port" sh -c "$ask"
  echo 3 > /proc/sys/net/ipv4/tcp_fastopen
}

# stopped, continued and signalled while the attempt is under way, with a cookie: the server reads each byte once
signals ()
{
  "$tcpconnect" -f "$line" 127.0.0.10 "$port" true > "$dir/out" 2> "$dir/log"
  "$tcpconnect" -v -f 0123456789 127.0.0.10 "$polite" sh -c 'echo "$TCPREMOTEIP"' > "$dir/out" 2> "$dir/log" &
  pid=$!
  pids="$pids $pid"
  n=0
  while kill -STOP $pid 2> /dev/null
  do
    kill -CONT $pid 2> /dev/null
    kill -WINCH $pid 2> /dev/null
    sleep 0.003
    n=$((n + 1))
    test $n -ne 20 || echo >&4
  done
  wait $pid
  test $n -ge 20 && test "$(cat "$dir/out")" = 127.0.0.10 && { until test "$(wc -l < "$dir/counts")" -ge 2 ; do : ; done ; } && test "$(sed -n 2p "$dir/counts")" = 10
  report $? "-f, stopped, continued and signalled: each byte once"
}

if test "$1" = inside
then inside ; exit $status
fi
outside
apart 'names, families and fast open'
end
