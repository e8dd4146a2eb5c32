#!/bin/sh
# ISC license.
# examples/race: its options, its arguments, what it draws of real races, its JSON. test/example_draw.c has races with given times.

# a network namespace of its own, where the kernel allows that: with fast open, and without routes
if test "$1" = inside
then ip link set lo up && echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 1
elif unshare -Urn true 2>/dev/null
then exec unshare -Urn "$0" inside
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

# json CODE ARGUMENT...: as race, with -j; what it says is JSON, and its values are in $dir/json
json ()
{
  code=$1
  shift
  race "$code" -j "$@" && test "$(wc -l < "$dir/out")" -eq 1 && "$dir/json" < "$dir/out" > "$dir/values" 2>> "$dir/log"
}

# has PATH VALUE: it is there; within PATH MIN MAX: a number so large; ms PATH: it
has ()
{
  grep -q -F -x -e "$1 $2" "$dir/values" || { echo "not there: $1 $2" >> "$dir/log" ; return 1 ; }
}

within ()
{
  awk -v path="$1" -v min="$2" -v max="$3" '$1 == path && $2 >= min && $2 <= max { found = 1 } END { exit !found }' "$dir/values" ||
    { echo "not from $2 to $3: $1" >> "$dir/log" ; return 1 ; }
}

: > "$dir/out"
compile examples/race examples/echod test/deadends test/json test/onpty

usage='usage: race [-h] [-f] [-j] [-d ms] [-b n] [-t ms] host port ...'
race 0 -h && test "$(cat "$dir/out")" = "$usage" ; report $? "-h"
refuses 100 "race: $usage"
refuses 100 "race: $usage" -x 127.0.0.1 9
refuses 100 "race: $usage" -d
refuses 100 "race: $usage" -jf
for n in '' x 1x -1 4294967296
do
  refuses 100 "race: fatal: not a number of ms: $n" -d "$n" 127.0.0.1 9
  refuses 100 "race: fatal: not a number of ms: $n" -t "$n" 127.0.0.1 9
done
for n in '' x 1x -- 4294967296 ; do refuses 100 "race: fatal: not a backoff: $n" -b "$n" 127.0.0.1 9 ; done
for port in +1 -1 1x 0x50 65536 4294967377
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
many=$(printf '127.0.0.1:1 %.0s' $(seq 99))
refuses 100 'race: fatal: too many addresses: no room for ::1' $many '[::1]:1'
json 111 -t 0 $many && has attempts.98.port 1 ; report $? "99 addresses"

# none of these asks a name server
for name in a..b fe80::1%nosuch 1.2.3.4.5. ::1::2
do
  timeout 30 "$dir/race" -t 0 127.0.0.1:1 "$name" 9 > "$dir/out" 2> "$dir/log"
  test $? -eq 111 && ! test -s "$dir/out" && test "$(wc -l < "$dir/log")" -eq 1 &&
    grep -q -F "race: fatal: unable to resolve $name port 9: " "$dir/log"
  report $? "a name that cannot be resolved: $name"
done
timeout 30 "$dir/race" 127.0.0.1:nosuch > "$dir/out" 2> "$dir/log"
test $? -eq 111 && grep -q '^race: fatal: unable to resolve 127\.0\.0\.1 port nosuch: ' "$dir/log" ; report $? "an unknown service"


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

race 111 -t 300 127.0.0.1:"$refused" 127.0.0.1:"$silent" 127.0.0.1:"$silent" &&
  lines "$ruler" "127.* x .*" "127.* +\|-+/ +$t +$t  ETIMEDOUT" "127.* +\|?-*/ +$t +$t  ETIMEDOUT" "no connection after 3[0-9][0-9]\.[0-9] ms: ETIMEDOUT"
report $? "the deadline"

race 111 -t 0 127.0.0.1:"$silent" 127.0.0.1:"$port" &&
  lines "$ruler" "127.* +\|?-*/ +$t +$t  ETIMEDOUT" "127.* +not tried" "no connection after $t ms: ETIMEDOUT"
report $? "no time at all"

sh -c 'ulimit -n 4 && exec "$0" "$@"' "$dir/race" -d 20 -t 200 127.0.0.1 "$silent" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" 3>&-
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
      "::1 $port +\|?-*\* .* connected" "::1 $port connected after $t ms"
  report $? "both families, in the order of their starts"
else echo "skip both families: no ::1"
fi


json 0 127.0.0.1 "$refused" 127.0.0.1 "$silent" 127.0.0.1 "$port" 127.0.0.1 1 &&
  has address '"127.0.0.1"' && has port "$port" && has error null && within ms 250 10000 &&
  has attempts.0.address '"127.0.0.1"' && has attempts.0.port "$refused" && has attempts.0.error '"ECONNREFUSED"' &&
  has attempts.0.start 0.000 && within attempts.0.end 0.001 5000 && has attempts.0.sent 0 &&
  has attempts.1.port "$silent" && has attempts.1.error '"ECANCELED"' && within attempts.1.start 0.001 5000 &&
  has attempts.2.port "$port" && has attempts.2.error null && within attempts.2.start 250 10000 &&
  has attempts.3.port 1 && has attempts.3.error null && has attempts.3.start null && has attempts.3.end null &&
  test "$(wc -l < "$dir/values")" -eq 28
report $? "-j"

json 111 -t 1100 127.0.0.1 "$silent" &&
  has address null && has port null && has error '"ETIMEDOUT"' && within ms 1100 6000 &&
  has attempts.0.error '"ETIMEDOUT"' && within attempts.0.end 1100 6000
report $? "-j, lost"

# three silent ones, with the next start later than the deadline
starts ()
{
  json 111 "$@" 127.0.0.1 "$silent" 127.0.0.1 "$silent" 127.0.0.1 "$silent" 127.0.0.1 "$silent"
}
starts -t 700 && within attempts.1.start 250 600 && within attempts.2.start 500 700 && has attempts.3.start null
report $? "without -d 250 ms"
starts -d 100 -t 350 && within attempts.1.start 100 240 && within attempts.2.start 200 300
report $? "-d"
starts -d 60 -b 1 -t 400 && within attempts.1.start 60 170 && within attempts.2.start 180 400 && has attempts.3.start null
report $? "-b 1"
starts -d 400 -b -1 -t 800 && within attempts.1.start 400 590 && within attempts.2.start 600 800
report $? "-b -1"


"$dir/onpty" "$dir/race" 127.0.0.1 "$refused" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" &&
  lines "$ruler" "127.* $escape\[31m\|?-*x .* ECONNREFUSED$escape\[m" "127.* $escape\[32m *\|?-*\* .* connected$escape\[m" "127.* connected after .*"
report $? "colours on a terminal"
for colour in '' 0 1
do
  NO_COLOR=$colour "$dir/onpty" "$dir/race" 127.0.0.1 "$refused" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" && ! grep -q "$escape" "$dir/out"
  report $? "no colours with NO_COLOR='$colour'"
done
"$dir/onpty" "$dir/race" -j 127.0.0.1 "$port" > "$dir/out" 2> "$dir/log" && "$dir/json" < "$dir/out" > "$dir/values" && has port "$port"
report $? "no colours in JSON"

if test -c /dev/full
then
  for options in -h "127.0.0.1 $port" "-j 127.0.0.1 $port"
  do
    timeout 30 "$dir/race" $options > /dev/full 2> "$dir/log"
    test $? -eq 111 && grep -q '^race: fatal: unable to write to stdout: ' "$dir/log"
    report $? "standard output is full: ${options%"$port"}"
  done
else echo "skip standard output is full: no /dev/full"
fi

timeout 30 "$dir/race" -d 10 127.0.0.1 "$silent" 127.0.0.1 "$port" >&- 2> "$dir/log"
test $? -eq 0 && ! test -s "$dir/log" ; report $? "standard output is closed"


if test "$1" = inside
then
  race 0 -f 127.0.0.1 "$port" && grep -q '  connected$' "$dir/out" ; report $? "-f, without a cookie"
  if grep -q 'unable to enable fast open' "$dir/echod.log"
  then echo "skip -f, with a cookie: the library has been built without"
  else
    race 0 -f 127.0.0.1 "$port" && lines "$ruler" "127.* +\|?-*\* +$t +$t  connected, SYN data" "127.* connected after $t ms"
    report $? "-f, with a cookie"
    json 0 -f 127.0.0.1 "$port" && has attempts.0.sent 1 ; report $? "-f and -j"
    race 111 -f 127.0.0.1 "$refused" && grep -q '  ECONNREFUSED, SYN data$' "$dir/out" ; report $? "-f, refused"
    json 0 -f 127.0.0.1 "$plain" && has attempts.0.sent 0 ; report $? "-f, a peer that leaves the data"
    json 0 127.0.0.1 "$port" && has attempts.0.sent 0 ; report $? "no fast open without -f"
  fi

  race 0 192.0.2.1 9 127.0.0.1 "$port" &&
    lines "$ruler" "192\.0\.2\.1 9 +! +$t +$t  ENETUNREACH" "127.* \|?-*\* .* connected" "127.* connected after $t ms"
  report $? "a failure within the call"

  # the longest name there can be, and one that JSON has to escape
  long=febf:1111:2222:3333:4444:5555:6666:7777
  name='"\&<>012345678"'
  ip link set lo down && ip link set lo name "$name" && ip link set "$name" up &&
    ip addr add 127.0.0.1/8 dev "$name" 2>/dev/null
  ip addr add $long/64 dev "$name" nodad
  race 0 "$long%$name" "$refused" "[$long%$name]:$port" 127.0.0.1 "$silent" &&
    grep -q -F -x -e "$long%$name $refused" "$dir/out" && grep -q -F -x -e "$long%$name $port" "$dir/out" &&
    lines "$ruler" "$long.*" "  +\|?-*x .* ECONNREFUSED" "127.* \|-+/ .* closed" "$long.*" "  +\|?-*\* .* connected" "$long.* $port" "  connected after $t ms"
  report $? "the longest names"
  json 0 "$long%$name" "$port" && has attempts.0.address "\"$long%$name\"" && has address "\"$long%$name\""
  report $? "-j: a name with quotes"
else echo "skip fast open, no route, the longest names: no network namespace"
fi

end
