#!/bin/sh
# ISC license.
# usage: network connect|fastopen
# Runs each row of that table across test/wan, some rows at the same time, each in namespaces of its own; in a row all peers at the same time, mostly
# waiting. A row with addresses of both families is run once more with the families exchanged: the resolver sorts IPv6 first, so that is the other order.
# make says what COMPILE and LINK are.

: "${COMPILE=cc -std=c11 -O2}" "${LINK=libsocket.a -lskarnet}" "${TOGETHER=4}"
table=$1
tab='	'

# await CONDITION...: for a minute at most

await ()
{
  for _ in $(seq 600)
  do
    "$@" && return
    sleep 0.1
  done
  return 1
}

# race DIR, inside wan and a mount namespace: all peers of the row get ready

race ()
{
  dir=$2
  for file in hosts resolv.conf nsswitch.conf
  do test ! -e "$dir/$file" || mount --bind "$dir/$file" /etc/$file || exit
  done
  while read -r name command
  do
    $command "$name" 80 > "$dir/out/$name" 2>&1 <&3 &
    echo $! >> "$dir/pids"
  done < "$dir/races"
  wait 2>/dev/null
  exit 0
}

all_ready ()
{
  test "$(grep -l . "$dir"/out/* 2>/dev/null | wc -l)" -eq "$races"
}

# row DIR GO OPTION..., inside wan: when all have got ready and there is a file GO, one goes every 50 ms; those that never end are ended

row ()
{
  dir=$2 go=$3 helpers=''
  races=$(wc -l < "$dir/races")
  shift 3
  mkfifo "$dir/gun" "$dir/started" && exec 3<> "$dir/gun" || exit
  for option
  do
    case $option in
      history) "$dir/../place" history < "$dir/table" || echo 'no history' >&2 ;;
      greet) GREET=1 ; export GREET ;;
      deadline=*) DEADLINE=${option#*=} ; export DEADLINE ;;
      lo) helper="$dir/../place listen" ;;
      names) helper="$dir/../dns $dir/zone" ;;
    esac
    case $option in lo|names)
      $helper > "$dir/started" 2>/dev/null &
      helpers="$helpers $!"
      read -r _ < "$dir/started" ;;
    esac
  done
  unshare -m "$0" race "$dir" &
  shell=$!
  await all_ready || echo 'not all peers got ready' >&2
  touch "$dir/ready"
  await test -e "$go"
  for _ in $(seq "$races")
  do
    printf . >&3
    sleep 0.05
  done
  { sleep 11 ; kill -9 $(cat "$dir/pids") ; } 2>/dev/null &
  watch=$!
  wait $shell 2>/dev/null
  kill $watch $helpers 2>/dev/null
  exit 0
}

case $table in race|row) "$table" "$@" ;; esac

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
tsv=test/bench/$table.tsv
peers=0

leave_out ()
{
  case $2 in *_raw.c|*_ours.c) cat "$dir/why" >&2 ; exit 1 ;; esac
  echo "left out: $1: $(grep -m 1 -i -e error -e 'not ' "$dir/why")" >> "$dir/notes"
}

# peer label source flags-to-build-with-or-module [options]

peer ()
{
  program=$dir/${2%%.*}
  case $2 in
    *.c) test -e "$program" || $COMPILE -o "$program" "test/bench/$2" $3 ;;
    *.go) GOCACHE=$dir/go GO111MODULE=off go build -o "$program" "test/bench/$2" ;;
    *.js) program=test/bench/$2 && node --version ;;
    *.py) program=test/bench/$2 && /usr/bin/python3 -c "import $3" ;;
  esac > "$dir/why" 2>&1 || { leave_out "$@" ; return ; }
  peers=$((peers + 1))
  echo "$peers$tab$1$tab$2" >> "$dir/peers"
  case $2 in
    *.c) echo "$program $4" ;;
    *.go) echo "env GODEBUG=netdns=cgo $program" ;;
    *.js) echo "node $program" ;;
    *.py) echo "/usr/bin/python3 $program $3" ;;
  esac > "$dir/peer$peers"
}

touch "$dir/notes"
ours="-I. $LINK"
case $table in
  connect)
    runs=3
    $COMPILE -I. -o "$dir/place" test/bench/place.c $LINK && $COMPILE -I. -o "$dir/dns" test/dns.c $LINK || exit
    peer raw peer_raw.c
    peer ours peer_ours.c "$ours"
    peer bare peer_ours.c "$ours" -b
    peer tcpconnect peer_exec.c '' tcpconnect
    peer libowfat peer_owfat.c -lowfat
    peer skalibs peer_skalibs.c -lskarnet
    peer libcurl peer_curl.c -lcurl
    peer libevent peer_event.c -levent
    peer GLib peer_glib.c "$(pkg-config --cflags --libs gio-2.0 2>&1)"
    peer asyncio peer_python.py asyncio
    peer trio peer_python.py trio
    peer Node peer_node.js
    peer Go peer_go.go
    for program in curl ncat tcpclient
    do
      if command -v $program > /dev/null ; then peer $program peer_exec.c '' $program ; else echo "left out: $program: not here" >> "$dir/notes" ; fi
    done
    cat << 'EOF'
## Time to connect

From a name to a connected socket, across test/wan: test/bench/connect.tsv has the addresses of each row.
raw        bare system calls, to the address that answers first, which it is told; to all at once where none answers
ours       as README's program has it: getaddrinfo, then the connector with socket_candidate_metrics and socket_candidate_hedge
bare       the same without these two
tcpconnect examples/tcpconnect, which looks up both families while it races; from its start, as all programs here
libowfat, skalibs    a loop over the addresses, 2 s for each
libcurl    CURLOPT_CONNECT_ONLY
libevent   bufferevent_socket_connect_hostname
GLib       g_socket_client_connect_to_host_async, which races where the other does not
asyncio    open_connection, happy_eyeballs_delay 0.25
trio       open_tcp_stream
Node       net.connect, autoSelectFamily
Go         net.Dialer; names by the C library, as for all the others
curl, ncat, tcpclient    the programs; ucspi-tcp's tcpclient asks the name server itself and no file, and for IPv4 addresses alone
Everyone has 10 s for all of it, where that can be told. What is shown is the mean of both orders of families, the median of 3 in each.

EOF
    ;;
  fastopen)
    runs=5
    peer raw fast_raw.c
    peer plain fast_raw.c '' -p
    peer ours fast_ours.c "$ours"
    peer twice fast_ours.c "$ours" -t
    peer libowfat fast_owfat.c -lowfat
    peer libcurl fast_curl.c -lcurl
    cat << 'EOF'
## Fast open: time to the first byte of the answer

From a name to the first byte, the request included, across test/wan: test/bench/fastopen.tsv has the address of each row.
raw        sendto with MSG_FASTOPEN on a blocking socket
plain      connect and write
ours       socket_fastopen_connect6 or 4 on a blocking socket
twice      socket_connector_wait with data, the address listed twice
libowfat   its socket_fastopen_connect6 or 4
libcurl    CURLOPT_TCP_FASTOPEN, its request a GET

EOF
    ;;
  *) echo "usage: network connect|fastopen" >&2 ; exit 100 ;;
esac

# option NAME: the value of a row's option NAME=VALUE, which is there

option ()
{
  for word in $options
  do
    case $word in "$1="*) value=${word#*=} ; return 0 ;; esac
  done
  return 1
}

# zone FAMILY A|AAAA: for the name server, what it answers to that question about a race's name

zone ()
{
  when=0
  option "$2" && when=$value
  test "$p" -ne 1 || test "$addresses" = - || when=0
  if test "$when" = drop ; then echo "$name $2 0 drop"
  elif test "$1" ; then echo "$name $2 $when$1"
  else echo "$name $2 $when nodata"
  fi >> "$at/zone"
}

# The addresses of row s, peer p, run r: 10.s.p.ri and fd01::s:p:ri, i from 1. raw is told which is the best.

places ()
{
  i=0 four='' six=''
  name=s${s}p${p}r$r
  for place in $addresses
  do
    i=$((i + 1))
    test "$place" = - && continue
    IFS=:
    # shellcheck disable=SC2086 # split at colons
    set -- $place
    unset IFS
    case $1$((r > runs)) in
      40|61) ip=10.$s.$p.$r$i ;;
      60|41) ip=fd01::$s:$p:$r$i ;;
      lo4?) ip=127.0.0.1 ;;
      lo6?) ip=::1 ;;
    esac
    case $1 in lo*) ;; *) echo "$ip $2 $3" >> "$at/table" ;; esac
    case $p:$best in 1:[0-9]*) test "$i" -eq $((${best%%,*} + 1)) || continue ;; esac
    case $ip in *:*) six="$six $ip" ;; *) four="$four $ip" ;; esac
    test "$names" || echo "$ip $name" >> "$at/hosts"
  done
  test "$names" || return 0
  zone "$four" A
  zone "$six" AAAA
}

# finish: those rows that are under way

finish ()
{
  for at in $batch ; do await test -e "$at/ready" -o -e "$at/over" ; done
  touch "$dir/go$s"
  wait
  for at in $batch
  do
    test ! -s "$at/errors" || cat "$at/errors" >&2
    cat "$at"/out/* | grep -v ' ready$' >> "$dir/results"
    cat "$at/log" >> "$dir/logs"
    rm -rf "$at"
  done
  batch=''
}

batch='' s=0
rows=$(grep -c -v -e '^#' -e '^$' "$tsv")
while IFS=$tab read -r name options addresses best _
do
  case $name in ''|\#*) continue ;; esac
  test "$options" = - && options=
  s=$((s + 1))
  at=$dir/row$s
  mkdir "$at" "$at/out"
  : > "$at/table"
  echo '127.0.0.1 localhost' > "$at/hosts"
  names='' orders=1 arguments='' words=''
  for word in $options
  do
    case $word in
      -*) arguments="$arguments $word" ;;
      A=*|AAAA=*) names=names ;;
      *) words="$words $word" ;;
    esac
  done
  case $addresses in
    lo*) words="$words lo" ;;
    *4:*6:*|*6:*4:*) test "$names" || orders=2 ;;
  esac
  if test "$names"
  then
    echo 'nameserver 127.0.0.1' > "$at/resolv.conf"
    echo 'hosts: files dns' > "$at/nsswitch.conf"
    : > "$at/zone"
  fi
  # peers take turns: some are heavy
  for r in $(seq $((orders * runs)))
  do
    for p in $(seq $peers)
    do
      test "$names" || ! grep -q ' tcpclient$' "$dir/peer$p" || continue
      places
      echo "s${s}p${p}r$r $(cat "$dir/peer$p")$arguments" >> "$at/races"
    done
  done
  batch="$batch $at"
  last=$(((s + TOGETHER - 1) / TOGETHER * TOGETHER))
  test $last -lt "$rows" || last=$rows
  # shellcheck disable=SC2086 # words
  { test/wan -l "$at/log" "$at/table" unshare -m "$0" row "$at" "$dir/go$last" $words $names < /dev/null 2> "$at/errors" || echo "wan: exit $?" >> "$at/errors"
    touch "$at/over" ; } &
  test "$s" -ne "$last" || finish
done < "$tsv"

awk -f test/bench/network.awk -v table="$table" -v runs=$runs "$dir/peers" "$tsv" "$dir/logs" "$dir/results" "$dir/notes"
