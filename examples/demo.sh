#!/bin/sh
# ISC license.
# Starts echod on a port of the kernel's choice, races to it past two addresses that lead nowhere, and sends
# it a line with fast open. Needs no root, no network, no fixed port, and stops what it starts.
# Exit 0 means that everything was as it should be.

here=$(dirname "$0")
switch=/proc/sys/net/ipv4/tcp_fastopen

# a network namespace of its own, where the kernel allows that: fast open can be switched on there
if test "$1" = inside
then ip link set lo up && echo 3 > $switch
elif command -v ip > /dev/null
then
  for options in -Urn -n ; do unshare $options true 2>/dev/null && exec unshare $options "$0" inside ; done
fi

dir=$(mktemp -d) || exit 111
echod=
deadends=
tcpserve=

finish ()
{
  for pid in $echod $deadends $tcpserve ; do kill "$pid" 2>/dev/null ; done
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

die ()
{
  echo "demo: $1" >&2
  sed 's/^/  /' "$dir/log" >&2
  exit 1
}

# shows a command and what it prints
run ()
{
  echo
  echo "\$ $*"
  program=$1
  shift
  "$here/$program" "$@" > "$dir/said" || die "$program has failed"
  cat "$dir/said"
}

# sends a line through echod, by this script and with these options of tcpconnect
line ()
{
  script=$1
  shift
  echo
  echo "\$ tcpconnect $* 127.0.0.1 $port sh -c '$script'"
  "$here/tcpconnect" "$@" 127.0.0.1 "$port" sh -c "$script" > "$dir/said" || die "tcpconnect has failed"
  cat "$dir/said"
  said '^hello$'
}

# which has to have a line that matches each of these
said ()
{
  for pattern in "$@"
  do grep -q "$pattern" "$dir/said" || die "not said: $pattern"
  done
}


: > "$dir/log"
mkfifo "$dir/echod" "$dir/deadends" "$dir/hold" || exit 111
"$here/echod" -v -f :: 0 > "$dir/echod" 2> "$dir/log" &
echod=$!
read -r ip port < "$dir/echod" || die "echod did not start"
"$here/../test/deadends" < "$dir/hold" > "$dir/deadends" &
deadends=$!
exec 3> "$dir/hold"  # deadends goes when this does
read -r refused silent < "$dir/deadends" || die "deadends did not start"

# a host without IPv6 gave echod an IPv4 socket, and one that switched it off has no ::1
if test "$ip" = :: && grep -q '^0\{31\}1 ' /proc/net/if_inet6
then ip=::1
else ip=127.0.0.1
fi

echo "A race to $ip port $refused, which refuses, 127.0.0.1 port $silent, which is silent, and echod:"
run race $ip "$refused" 127.0.0.1 "$silent" $ip "$port"
said "^$ip $refused  .*x .* ECONNREFUSED\$" "^127.0.0.1 $silent .*|-*/ .* closed\$" "^$ip $port .*\* .* connected\$" \
  "^$ip $port connected after [0-9.]* ms\$"

echo
value=$(cat $switch 2>/dev/null)
if test $((value & 3)) -eq 3 && ! grep -q 'unable to enable fast open' "$dir/log"
then
  echo 'Fast open: the first contact brings a cookie, and then data rides in the SYN:'
  run race -f 127.0.0.1 "$port"
  said '  connected$'
  run race -f 127.0.0.1 "$port"
  said '  connected, SYN data$'
  line 'echo >&7 ; head -n 1 <&6' -f hello
  test "$(grep -c ', its first bytes in the SYN$' "$dir/log")" -eq 2 || die 'the line did not ride in the SYN'
else
  if grep -q 'unable to enable fast open' "$dir/log" && test $((value & 3)) -eq 3
  then echo 'No fast open: the library has been built without.'
  else echo "No fast open on this host: net.ipv4.tcp_fastopen is ${value:-absent}, not 3. As root: sysctl net.ipv4.tcp_fastopen=3"
  fi
  line 'echo hello >&7 ; head -n 1 <&6'
fi

answer='read -r line ; echo "$TCPREMOTEIP said $line"'
mkfifo "$dir/tcpserve"
"$here/tcpserve" -1 -f 127.0.0.1 0 sh -c "$answer" > "$dir/tcpserve" 2>> "$dir/log" &
tcpserve=$!
read -r port < "$dir/tcpserve" || die "tcpserve did not start"
echo
echo "\$ tcpserve -1 -f 127.0.0.1 0 sh -c '$answer'"
echo "$port"
echo
echo "\$ tcpconnect -f hello 127.0.0.1 $port sh -c 'echo >&7 ; cat <&6'"
"$here/tcpconnect" -f hello 127.0.0.1 "$port" sh -c 'echo >&7 ; cat <&6' > "$dir/said" || die "tcpconnect has failed"
cat "$dir/said"
said '^127.0.0.1 said hello$'

kill -TERM $echod
wait $echod
status=$?
echod=
test $status -eq 0 || die "echod ended with $status on SIGTERM"
echo
echo "echod's log, up to its end on SIGTERM:"
sed 's/^/  /' "$dir/log"
