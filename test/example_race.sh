#!/bin/sh
# ISC license.
# examples/race: its options, its arguments, what it draws of real races. test/example_draw.c has races with given times, and
# test/example_lookup.sh names.

# a network namespace of its own, where the kernel allows that: with fast open, and without routes
if test "$1" = inside
then ip link set lo up && echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 1
else
  for options in -Urn -n ; do unshare $options true 2> /dev/null && exec unshare $options "$0" inside ; done
fi

. test/cases.sh

# refuses CODE TEXT ARGUMENT...: that exit code, nothing on standard output, the one line TEXT on standard error
refuses ()
{
  code=$1 text=$2
  shift 2
  timeout 30 "$dir/race" "$@" > "$dir/out" 2> "$dir/log"
  got=$?
  test $got -eq "$code" && ! test -s "$dir/out" && test "$(wc -l < "$dir/log")" -eq 1 && grep -q -F -x -e "$text" "$dir/log"
  report $? "exit $code: $text"
}

# race CODE ARGUMENT...: runs it, and is true if it exits with CODE, in silence
race ()
{
  code=$1
  shift
  timeout 30 "$dir/race" "$@" > "$dir/out" 2> "$dir/log"
  test $? -eq "$code" && ! test -s "$dir/log"
}

# true if each line of the picture matches its pattern, no other is there, and none is too wide
lines ()
{
  n=0
  for pattern in "$@"
  do
    n=$((n + 1))
    sed -n ${n}p "$dir/out" | grep -q -E -x -e "$pattern" || { echo "line $n: not $pattern" >> "$dir/log" ; return 1 ; }
  done
  test "$(wc -l < "$dir/out")" -eq $n && ! sed "s/$escape\[[0-9]*m//g" "$dir/out" | grep -q '.\{81\}'
}

# Of the attempt in line N of the picture: it started no earlier than MIN ms, and before MAX
started ()
{
  awk -v n="$1" -v min="$2" -v max="$3" 'NR == n + 1 { for (i = 2 ; i < NF ; i++) if ($i ~ /^[0-9]+[.][0-9]+$/) { found = $i >= min && $i < max ; exit } } END { exit !found }' "$dir/out" ||
    { echo "line $1: not from $2 to $3" >> "$dir/log" ; return 1 ; }
}

: > "$dir/out"
compile examples/race examples/echod test/deadends test/manners test/onpty

usage='usage: race [-f] [-g] [-a ms] [-b n] [-4] [-6] [-t ms] host port ...'
race 0 -h && test "$(cat "$dir/out")" = "$usage" ; report $? "-h"
refuses 100 "race: $usage"
refuses 100 "race: $usage" -x 127.0.0.1 9
refuses 100 "race: $usage" -a
refuses 100 "race: $usage" -gf
refuses 100 "race: $usage" -j 127.0.0.1 9
for n in '' x 1x -1 4294967296
do
  refuses 100 "race: fatal: not a number of ms: $n" -a "$n" 127.0.0.1 9
  refuses 100 "race: fatal: not a number of ms: $n" -t "$n" 127.0.0.1 9
done
for n in '' x 1x -- 4294967296 ; do refuses 100 "race: fatal: not a backoff: $n" -b "$n" 127.0.0.1 9 ; done
for port in +1 -1 1x 0x50 65536 4294967377 nosuch
do
  refuses 100 "race: fatal: not a port: $port" 127.0.0.1 "$port"
  refuses 100 "race: fatal: not a port: $port" "[::1]:$port"
done
refuses 100 'race: fatal: no port for 127.0.0.1' 127.0.0.1
refuses 100 'race: fatal: no port for 127.0.0.1' 127.0.0.1:
refuses 100 'race: fatal: no port for ::1' localhost:9 ::1
refuses 100 'race: fatal: no host for port 9' :9
refuses 100 'race: fatal: no host for port 9' '[]:9'
refuses 100 'race: fatal: no host for port 9' '' 9
refuses 100 'race: fatal: not [host]:port: [::1' '[::1' 9
refuses 100 'race: fatal: not [host]:port: [::1]9' '[::1]9'
long=$(printf '%02000d' 0)
refuses 100 "race: fatal: too long a name: $long" "$long" 9
many=$(printf '127.0.0.1:1 %.0s' $(seq 64))
refuses 100 'race: fatal: too many hosts: no room for [::1]:1' $many '[::1]:1'
race 111 -t 0 $many && test "$(grep -c '^127.0.0.1 1 ' "$dir/out")" -ge 64 ; report $? "64 hosts"

# none of these asks a name server
for name in fe80::1%nosuch ::1::2 a:b:c
do
  race 111 "$name" 9 && grep -q "^no address after [0-9.]* ms: ." "$dir/out" && test "$(grep -c "^IPv[46] $name" "$dir/out")" -ge 1
  report $? "no address: $name"
done
race 111 -4 ::1 9 && grep -q '^no address after ' "$dir/out" && ! grep -q IPv6 "$dir/out" ; report $? "-4 ::1"
race 111 -6 127.0.0.1 9 && grep -q '^no address after ' "$dir/out" && ! grep -q IPv4 "$dir/out" ; report $? "-6 127.0.0.1"


start_echod 127.0.0.1 0
plain=$port
start_echod -f :: 0
start_deadends

escape=$(printf '\033') t='[0-9]+\.[0-9]+' ruler=' +0(\.000)?( +[0-9.]+)* +start +end  ms'

race 0 127.0.0.1 "$refused" "127.0.0.1:$silent" "127.0.0.1:$port" 127.0.0.1 "$port" &&
  lines "$ruler" \
    "127\.0\.0\.1 $refused +\|?-*x +$t +$t  ECONNREFUSED" \
    "127\.0\.0\.1 $silent +\|-+/ +$t +$t  closed" \
    "127\.0\.0\.1 $port +\|?-*\* +$t +$t  connected" \
    "127\.0\.0\.1 $port +not tried" \
    "127\.0\.0\.1 $port connected after $t ms"
report $? "a race past a refused and a silent address"

race 111 127.0.0.1 "$refused" 127.0.0.1 "$refused" &&
  lines "$ruler" "127.* \|?-*x +$t +$t  ECONNREFUSED" "127.* +\|?-*x +$t +$t  ECONNREFUSED" "no connection after $t ms: ECONNREFUSED"
report $? "all refuse"

race 111 -a 200 -t 300 127.0.0.1:"$refused" 127.0.0.1:"$silent" 127.0.0.1:"$silent" &&
  lines "$ruler" "127.* \|?x .*" "127.* +\|-+/ +$t +$t  ETIMEDOUT" "127.* +\|?-*/ +$t +$t  ETIMEDOUT" "no connection after 3[0-9][0-9]\.[0-9] ms: ETIMEDOUT"
report $? "the deadline"

race 111 -t 0 127.0.0.1:"$silent" 127.0.0.1:"$port" &&
  lines "$ruler" "127.* +\|?-*/ +$t +$t  ETIMEDOUT" "127.* +not tried" "no connection after $t ms: ETIMEDOUT"
report $? "no time at all"

sh -c 'ulimit -n 4 && exec "$0" "$@"' "$dir/race" -a 20 -t 200 127.0.0.1 "$silent" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" 3>&-
test $? -eq 111 && lines "$ruler" "127.* \|-+/ .* ETIMEDOUT" "127.* $port +not tried" "no connection after $t ms: ETIMEDOUT"
report $? "no descriptor for a second attempt"

for host in "127.0.0.1 $port" "127.0.0.1:$port" "localhost $port" "localhost:$port" "[127.0.0.1]:$port" "[localhost] $port"
do race 0 $host ; report $? "arguments: ${host%"$port"}PORT"
done

if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null
then
  for host in "::1 $port" "[::1]:$port" "[::1] $port" "0:0::1 $port"
  do race 0 $host && grep -q "^::1 $port connected" "$dir/out" ; report $? "arguments: ${host%"$port"}PORT"
  done
  race 0 "[::1]:$refused" ::1 "$refused" "127.0.0.1:$silent" ::1 "$port" &&
    lines "$ruler" "::1 $refused +\|?-*x .* ECONNREFUSED" "127\.0\.0\.1 $silent +\|-+/ .* closed" "::1 $refused +\|?-*x .* ECONNREFUSED" \
      "127\.0\.0\.1 $silent +\|-+/ .* closed, again" "::1 $port +\|?-*\* .* connected" "::1 $port connected after $t ms"
  report $? "both families, in the order of their starts"
else echo "skip both families: no IPv6"
fi


# three silent ones, with the next start later than the deadline
starts ()
{
  race 111 "$@" 127.0.0.1 "$silent" 127.0.0.1 "$silent" 127.0.0.1 "$silent" 127.0.0.1 "$silent"
}
starts -a 251 -t 700 && started 2 251 600 && started 3 502 700 && grep -q '  not tried$' "$dir/out" ; report $? "-a"
starts -a 100 -t 350 && started 2 100 240 && started 3 200 300 ; report $? "-a less"
starts -a 60 -b 1 -t 400 && started 2 60 170 && started 3 180 400 && grep -q '  not tried$' "$dir/out" ; report $? "-b 1"
starts -a 400 -b -1 -t 800 && started 2 400 590 && started 3 600 800 ; report $? "-b -1"
race 111 -a 100 -t 250 127.0.0.1 "$silent" && started 2 100 250 && grep -q '  ETIMEDOUT, again$' "$dir/out" ; report $? "a silent address is asked again"

# what accepts may be of no use
mkfifo "$dir/hold2"
"$dir/manners" < "$dir/hold2" > "$dir/counts" &
pids="$pids $!"
exec 4> "$dir/hold2"
until test -s "$dir/counts" || ! kill -0 $! ; do : ; done
polite=$(cat "$dir/counts")
race 0 -g -a 100 127.0.0.2:"$polite" 127.0.0.3:"$polite" 127.0.0.8:"$polite" &&
  lines "$ruler" "127\.0\.0\.2 .* \|?-*[+]=+/ .*  up, closed" "127\.0\.0\.3 .* \|?-*[+]?=*x .*  (up, |accepted, )ECONNRESET" "127\.0\.0\.8 .* \|?-*[+]?=*\* .*  up, ready" "127\.0\.0\.8 $polite connected after $t ms"
report $? "-g past a mute and a reset"
race 111 -g 127.0.0.4:"$polite" && grep -q '  up, EPIPE$' "$dir/out" && grep -q '^connection lost after .* ms: EPIPE$' "$dir/out" ; report $? "-g, closed"
race 111 -g 127.0.0.3:"$polite" && grep -q '^connection lost after .* ms: ECONNRESET$' "$dir/out" ; report $? "-g, reset"
race 111 -g -t 300 127.0.0.2:"$polite" && grep -q '^no greeting after 3.* ms: ETIMEDOUT$' "$dir/out" ; report $? "-g, mute"
race 0 127.0.0.2:"$polite" && grep -q '  connected$' "$dir/out" ; report $? "without -g it connects"


"$dir/onpty" "$dir/race" 127.0.0.1 "$refused" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" &&
  lines "$ruler" "127.* $escape\[31m\|?-*x .* ECONNREFUSED$escape\[m" "127.* $escape\[32m *\|?-*\* .* connected$escape\[m" "127.* connected after .*"
report $? "colours on a terminal"
for colour in '' 0 1
do
  NO_COLOR=$colour "$dir/onpty" "$dir/race" 127.0.0.1 "$refused" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" && ! grep -q "$escape" "$dir/out"
  report $? "no colours with NO_COLOR='$colour'"
done

if test -c /dev/full
then
  for options in -h "127.0.0.1 $port"
  do
    timeout 30 "$dir/race" $options > /dev/full 2> "$dir/log"
    test $? -eq 111 && grep -q '^race: fatal: unable to write to stdout: ' "$dir/log"
    report $? "standard output is full: ${options%"$port"}"
  done
else echo "skip standard output is full: no /dev/full"
fi

timeout 30 "$dir/race" -a 10 127.0.0.1 "$silent" 127.0.0.1 "$port" >&- 2> "$dir/log"
test $? -eq 0 && ! test -s "$dir/log" ; report $? "standard output is closed"


if test "$1" = inside
then
  race 0 -f 127.0.0.1 "$port" && grep -q '  connected$' "$dir/out" ; report $? "-f, without a cookie"
  if grep -q 'unable to enable fast open' "$dir/echod.log"
  then echo "skip -f, with a cookie: the library has been built without"
  else
    race 0 -f 127.0.0.1 "$port" && lines "$ruler" "127.* +\|?-*\* +$t +$t  connected, SYN data" "127.* connected after $t ms"
    report $? "-f, with a cookie"
    race 111 -f 127.0.0.1 "$refused" && grep -q '  ECONNREFUSED, SYN data$' "$dir/out" ; report $? "-f, refused"
    race 0 -f 127.0.0.1 "$plain" && ! grep -q SYN "$dir/out" ; report $? "-f, a peer that leaves the data"
    race 0 127.0.0.1 "$port" && ! grep -q SYN "$dir/out" ; report $? "no fast open without -f"
  fi

  race 0 192.0.2.1 9 127.0.0.1 "$port" &&
    lines "$ruler" "192\.0\.2\.1 9 +! +$t +$t  ENETUNREACH" "127.* \|?-*\* .* connected" "127.* connected after $t ms"
  report $? "a failure within the call"

  if ! ip6
  then
    echo "skip the longest names: no IPv6"
    end
  fi

  # the longest name there can be
  long=febf:1111:2222:3333:4444:5555:6666:7777
  name=if0123456789abc
  ip link set lo down && ip link set lo name "$name" && ip link set "$name" up &&
    ip addr add 127.0.0.1/8 dev "$name" 2>/dev/null
  ip addr add $long/64 dev "$name" nodad
  test/settle.sh
  race 0 "$long%$name" "$refused" "[$long%$name]:$port" 127.0.0.1 "$silent" &&
    grep -q -F -x -e "$long%$name $refused" "$dir/out" && grep -q -F -x -e "$long%$name $port" "$dir/out" &&
    lines "$ruler" "$long.*" "  +\|?-*x .* ECONNREFUSED" "127.* \|-+/ .* closed" "$long.*" "  +\|?-*\* .* connected" "$long.* $port" "  connected after $t ms"
  report $? "the longest names"
else echo "skip fast open, no route, the longest names: no network namespaces"
fi

end
