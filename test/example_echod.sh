#!/bin/sh
# ISC license.
# examples/echod: wrong arguments here, everything that moves in test/echoclient.c.

. test/cases.sh

# refuses CODE TEXT NAME ARGUMENT...: that exit code, nothing on standard output, one line with TEXT on standard error
refuses ()
{
  code=$1 text=$2 name=$3
  shift 3
  timeout 30 "$dir/echod" "$@" > "$dir/out" 2> "$dir/log"
  got=$?
  test $got -eq "$code" && ! test -s "$dir/out" && test "$(wc -l < "$dir/log")" -eq 1 && grep -q -F -e "$text" "$dir/log"
  report $? "$name"
}

sed 's/^#define CLIENTS .*/#define CLIENTS 32/' examples/echod.c > "$dir/few.c"
compile examples/echod test/echoclient test/hostile "$dir/few"

timeout 30 "$dir/echod" -h > "$dir/out" 2> "$dir/log"
test $? -eq 0 && ! test -s "$dir/log" && test "$(cat "$dir/out")" = 'usage: echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port' ; report $? "-h"

usage='echod: usage: echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port'
refuses 100 "$usage" "no arguments"
refuses 100 "$usage" "no port" ::1
refuses 100 "$usage" "an extra argument" ::1 0 0
refuses 100 "$usage" "an unknown option" -x ::1 0
refuses 100 "$usage" "an option too late" ::1 0 -v

for ip in '' x 1.2.3 1.2.3.4.5 1.2.3.256 1.2.3.4x ::1::2 ::12345 ::1x '[::1]' localhost fe80::1%nothing ::1%
do refuses 100 "echod: fatal: not an IP address: $ip" "not an address: '$ip'" "$ip" 0
done

for port in '' x -1 +1 ' 1' 1x 0x50 65536 131152 4294967376 18446744073709551696
do refuses 100 "echod: fatal: not a port: $port" "not a port: '$port'" -- 127.0.0.1 "$port"
done

for limit in '' x 0 -1 1x 4294967296
do
  refuses 100 "echod: fatal: not a limit: $limit" "-c '$limit'" -c "$limit" 127.0.0.1 0
  refuses 100 "echod: fatal: not a limit: $limit" "-C '$limit'" -C "$limit" 127.0.0.1 0
done

if test -c /dev/full
then
  for arguments in '127.0.0.1 0' -h
  do
    timeout 30 "$dir/echod" $arguments > /dev/full 2> "$dir/log"
    test $? -eq 111 && grep -q '^echod: fatal: unable to write to stdout: ' "$dir/log" ; report $? "standard output is full: $arguments"
  done
else echo "skip standard output is full: no /dev/full"
fi

client ()
{
  name=${1##*/}
  "$@" > "$dir/said" 2>&1
  grep -q '^end$' "$dir/said" ; report $? "$name comes to its end"
  if grep -q '^fail ' "$dir/said" ; then status=1 ; fi
  grep -v '^end$' "$dir/said"
}

start_echod 127.0.0.1 0
backlog "$port" ; report $? "the queue"

client "$dir/echoclient" "$dir/echod" "$dir/few"
client "$dir/hostile" 10000 "$dir/echod" -c 200 -C 20 127.0.0.1 0

end
