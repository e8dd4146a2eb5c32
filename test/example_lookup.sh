#!/bin/sh
# ISC license.
# examples/tcpconnect and examples/race look up names of a name server, test/dns.c, and of files, in namespaces of their own.
# test/example_lookup.c has what needs no name server.

. test/cases.sh

if test "$1" != inside
then
  compile examples/echod examples/race examples/tcpconnect test/dns
  apart 'names'
  end
fi
rmdir "$dir"
dir=$2
texts EAI_AGAIN EAI_NODATA EAI_NONAME ECONNREFUSED ENETUNREACH

# musl's resolver asks over UDP alone, in answers of 512 bytes
many=70 first=32
echo '#include <features.h>
__GLIBC__' | $COMPILE -E -P - | grep -q __GLIBC__ && many=14 first=14

# run CODE PROGRAM ARGUMENT...: exits with that code; took is how many ms it ran, or 10 more or less
run ()
{
  code=$1 program=$2
  shift 2
  read -r began _ < /proc/uptime
  timeout 60 "$dir/$program" "$@" > "$dir/out" 2> "$dir/log" < /dev/null
  got=$?
  read -r ended _ < /proc/uptime
  took=$(echo "$ended $began" | awk '{ printf "%d", ($1 - $2) * 1000 }')
  echo "exit $got after $took ms" >> "$dir/log"
  test $got -eq "$code"
}

# within MIN MAX: it ran so long
within ()
{
  test "$took" -ge "$1" && test "$took" -le "$2"
}

remote='echo "$TCPREMOTEIP"'

# to IP NAME [OPTION]...: tcpconnect -v connects to IP
to ()
{
  ip=$1 name=$2
  shift 2
  run 0 tcpconnect -v "$@" "$name" "$port" sh -c "$remote" && test "$(cat "$dir/out")" = "$ip"
}

# said TEXT: the log has this line
said ()
{
  grep -q -x -e "tcpconnect: $1" "$dir/log"
}

# a name for each kind of answer; d0 has addresses that are silent
cat > "$dir/zone" << END
both A 0 127.0.0.1
both AAAA 0 ::1
only4 A 0 127.0.0.1
only6 AAAA 0 ::1
dropped6 A 2 127.0.0.1
dropped6 AAAA 0 drop
dropped4 A 0 drop
dropped4 AAAA 2 ::1
late A 0 127.0.0.1
late AAAA 25 ::1
later A 0 127.0.0.1
later AAAA 3000 ::1
servfail6 A 0 127.0.0.1
servfail6 AAAA 0 servfail
servfail4 A 0 servfail
servfail4 AAAA 0 ::1
servfail A 0 servfail
servfail AAAA 0 servfail
refused6 A 0 127.0.0.1
refused6 AAAA 200 2001:db8:1::1
silent A 0 drop
silent AAAA 0 drop
nodata A 0 nodata
nodata AAAA 0 drop
nxdomain A 0 nxdomain
nxdomain AAAA 0 drop
many A 0 127.0.0.1
many AAAA 0 2001:db8::10*$many
many4 A 0 192.0.2.10*$((many - 1)) 127.0.0.1
many4 AAAA 0 2001:db8::10 ::1
alias A 0 cname both
alias AAAA 0 cname both
mapped A 0 nodata
mapped AAAA 0 ::ffff:127.0.0.1
scattered A 0 192.0.2.1 127.0.0.1
scattered AAAA 0 2001:db8::20
END
printf '%s\n' '127.0.0.1 localhost infile' '::1 localhost infile' '127.0.0.2 infile4' > "$dir/hosts"
printf 'nameserver 127.0.0.1\n' > "$dir/resolv.conf"
printf 'hosts: files dns\n' > "$dir/nsswitch.conf"
: > "$dir/none"
for file in hosts resolv.conf nsswitch.conf
do test ! -e /etc/$file || mount --bind "$dir/$file" /etc/$file || exit 1
done
test ! -e /etc/gai.conf || mount --bind "$dir/none" /etc/gai.conf || exit 1
ip link set lo up && ip link add d0 type veth peer name d1 && ip link set d0 arp off up && ip link set d1 arp off up &&
  ip addr add 192.0.2.200/24 dev d0 && ip addr add 2001:db8::ff/64 dev d0 nodad && test/settle.sh || exit 1

mkfifo "$dir/fifo"
"$dir/dns" "$dir/zone" > "$dir/fifo" 2> "$dir/queries" &
pids="$pids $!"
read -r ready < "$dir/fifo"
rm "$dir/fifo"
test "$ready" = ready ; report $? "the name server serves"
start_echod :: 0

to ::1 both && said 'info: IPv6 lookup: [0-9]* ms, addresses: 1' && said 'info: IPv4 lookup: .*' ; report $? "both families: IPv6"
to 127.0.0.1 only4 && within 0 2000 ; report $? "IPv4 alone"
to ::1 only6 && within 0 2000 ; report $? "IPv6 alone"
to ::1 alias && within 0 2000 ; report $? "an alias"
to 127.0.0.1 mapped ; report $? "a mapped address"

# without a race of the two lookups: 10 to 30 seconds
to 127.0.0.1 dropped6 && within 40 2000 && said 'info: IPv6 lookup: no answer' ; report $? "AAAA dropped"
to ::1 dropped4 && within 0 2000 && said 'info: IPv4 lookup: no answer' ; report $? "A dropped"
to 127.0.0.1 later && within 40 2000 && said 'info: IPv6 lookup: no answer' ; report $? "AAAA 3 s after A"
to 127.0.0.1 servfail6 && within 0 2000 ; report $? "AAAA fails"
to ::1 servfail4 && within 0 2000 ; report $? "A fails"

# on a busy machine the server's 25 ms may be more than 50 here, and then IPv4 has won, rightly
run 0 tcpconnect -v late "$port" sh -c "$remote"
late=$(awk '$3 == "IPv4" { a = $5 } $3 == "IPv6" && $5 ~ /^[0-9]+$/ { b = $5 ; some = 1 } END { print some && b - a < 50 ? "::1" : "127.0.0.1" }' "$dir/log")
test "$(cat "$dir/out")" = "$late" ; report $? "AAAA 25 ms after A: IPv6 wins"

run 111 tcpconnect -T 1 silent "$port" true && within 990 4000 && said 'fatal: unable to look up silent: no answer' ; report $? "no answer, -T 1"
run 111 tcpconnect -T 1 nxdomain "$port" true && said "fatal: unable to look up nxdomain: $EAI_NONAME" ; report $? "no such name, and AAAA dropped"
run 111 tcpconnect absent "$port" true && within 0 4000 && said "fatal: unable to look up absent: $EAI_NONAME" ; report $? "no such name"
run 111 tcpconnect servfail "$port" true && said "fatal: unable to look up servfail: $EAI_AGAIN" ; report $? "both fail"
# what the C library says of a name that has other records only: some do not tell it from a name that does not exist
run 111 tcpconnect -4 only6 "$port" true && within 0 4000 && said "fatal: unable to look up only6: \($EAI_NODATA\|$EAI_NONAME\)" ; report $? "no address of the family"
unanswered='no answer'
if test "$EAI_NODATA" != "$EAI_NONAME" && grep -q "$EAI_NONAME" "$dir/log" ; then unanswered=$EAI_NONAME ; fi
run 111 tcpconnect -T 1 nodata "$port" true && within 990 4000 && said "fatal: unable to look up nodata: $unanswered" ; report $? "no A, and AAAA dropped"

to 127.0.0.1 many && within 240 4000 ; report $? "$many addresses, and the first family is silent"
test "$(grep -c '^tcpconnect: info: 2001:' "$dir/log")" -ge $first && said "info: IPv6 lookup: [0-9]* ms, addresses: $first" ; report $? "the first $first of them"
to ::1 many4 -a 20 && within 0 4000 ; report $? "$many addresses of the other family"
to 127.0.0.1 scattered && within 240 4000 ; report $? "silent addresses of both"
run 111 tcpconnect -v refused6 1 true && said "info: 127.0.0.1 1: [0-9]* ms, $ECONNREFUSED" && said "info: 2001:db8:1::1 1: 0 ms, $ENETUNREACH" &&
  said "fatal: unable to connect to refused6 1: $ECONNREFUSED" ; report $? "an address that comes after the refusal is tried"

# no query for an address, none for the other family with -4
: > "$dir/queries"
to 127.0.0.1 127.0.0.1 && to ::1 ::1 && ! to ::1 ::1 -4 && ! run 0 tcpconnect fe80::1%nothing "$port" true && ! test -s "$dir/queries" ; report $? "addresses are not asked for"
to 127.0.0.1 both -4 && grep -q '^both A$' "$dir/queries" && ! grep -q AAAA "$dir/queries" ; report $? "-4 asks for A alone"
: > "$dir/queries"
to ::1 both -6 && grep -q '^both AAAA$' "$dir/queries" && ! grep -q '^both A$' "$dir/queries" ; report $? "-6 asks for AAAA alone"

to ::1 infile && within 0 2000 ; report $? "a name of a file"
to 127.0.0.2 infile4 && within 0 2000 ; report $? "a name of a file, IPv4 alone"

# the child that looks up AAAA has gone before prog runs
run 0 tcpconnect dropped6 "$port" sh -c 'read -r children < /proc/$$/task/$$/children ; test -z "$children"' ; report $? "no child of the lookup is prog's"

# no child outlives tcpconnect when a signal ends it
for signal in TERM KILL
do
  "$dir/tcpconnect" silent "$port" true 2> "$dir/log" &
  pid=$!
  until test "$(cat /proc/$pid/task/$pid/children 2> /dev/null | wc -w)" -eq 2 || ! kill -0 $pid ; do : ; done
  read -r children < /proc/$pid/task/$pid/children
  kill -$signal $pid
  wait $pid 2> /dev/null
  gone=1
  for child in $children
  do
    # killed with its parent: it is there, if at all, for a moment
    i=0
    while test -d /proc/$child && ! grep -q '^State:.Z' /proc/$child/status 2> /dev/null && test $i -lt 20000 ; do i=$((i + 1)) ; done
    test $i -lt 20000 || gone=0
  done
  test $gone -eq 1 ; report $? "SIG$signal ends the lookup"
done

run 0 race both:"$port" && grep -q "^::1 $port connected after" "$dir/out" ; report $? "race: both"
run 0 race dropped6 "$port" && within 40 2000 && grep -q "^127.0.0.1 $port connected after" "$dir/out" ; report $? "race: AAAA dropped"
run 111 race -t 500 silent "$port" && within 490 4000 ; report $? "race: no answer"
run 111 race absent "$port" ; report $? "race: no such name"
run 0 race silent "$port" dropped6 "$port" && within 40 2000 ; report $? "race: one of two hosts has an answer"
run 0 race absent "$port" only6 "$port" && within 0 2000 ; report $? "race: one of two hosts is not known"

# localhost on hosts of one family, and with loopback alone
ip link del d0
to ::1 localhost && within 0 2000 ; report $? "localhost, loopback alone"
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
start_echod 127.0.0.1 0
to 127.0.0.1 localhost && within 0 2000 ; report $? "localhost, IPv6 off"
to 127.0.0.1 both && within 0 2000 ; report $? "both families, IPv6 off"
run 111 tcpconnect only6 "$port" true && within 0 4000 && said "fatal: unable to connect to only6 $port: .*" ; report $? "IPv6 alone, IPv6 off"
echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6
ip addr del 127.0.0.1/8 dev lo
ip addr replace ::1/128 dev lo
start_echod ::1 0
to ::1 localhost && within 0 2000 ; report $? "localhost, IPv4 off"

for pid in $pids ; do kill "$pid" ; done
exit $status
