#!/bin/sh
# ISC license.
# usage: network connect|fastopen
# Runs each row of that table across test/wan: every peer five times, all at the same time, mostly waiting.
# A peer that cannot be built is left out, and why is told. make says what COMPILE and LINK are.

: "${COMPILE=cc -std=c11 -O2}" "${LINK=libsocket.a -lskarnet}"
table=$1
runs=5
tab='	'

# Inside wan: all get ready, then every 10 ms one may go; those that never end are ended.

race ()
{
  dir=$2 pids=
  mount --bind "$dir/hosts" /etc/hosts && mkfifo "$dir/gun" && exec 3<> "$dir/gun" || exit
  while read -r name command
  do
    $command "$name" 80 <&3 > "$dir/out/$name" 2>&1 &
    pids="$pids $!"
  done < "$dir/races"
  set -- $pids
  for try in $(seq 300)
  do
    test "$(grep -l . "$dir"/out/* | wc -l)" -eq $# && break
    sleep 0.1
  done
  test "$try" -lt 300 || echo 'not all peers got ready' >&2
  for _
  do
    printf . >&3
    sleep 0.01
  done
  { sleep 11 ; kill -9 $pids ; } 2>/dev/null &
  watch=$!
  wait $pids 2>/dev/null
  kill $watch 2>/dev/null
  exit 0
}

test "$table" = race && race "$@"

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
    peer raw peer_raw.c
    peer ours peer_ours.c "$ours"
    peer '500/2^k' peer_ours.c "$ours" '-d 500 -b -1'
    peer '50*2^k' peer_ours.c "$ours" '-d 50 -b 1'
    peer '1.5*rtt' peer_ours.c "$ours" "-r $dir/table"
    peer libowfat peer_owfat.c -lowfat
    peer skalibs peer_skalibs.c -lskarnet
    peer libcurl peer_curl.c -lcurl
    peer libevent peer_event.c -levent
    peer GLib peer_glib.c "$(pkg-config --cflags --libs gio-2.0 2>&1)"
    peer asyncio peer_python.py asyncio
    peer trio peer_python.py trio
    peer Node peer_node.js
    peer Go peer_go.go
    cat << 'EOF'
## Time to connect

From a name to a connected socket, across test/wan: test/bench/connect.tsv has the addresses of each row.
raw        bare system calls, to the address that answers first, which it is told; to all at once where none answers
ours       socket_connector_wait as it comes: 250 ms between attempts
500/2^k    the same, with the schedule of ISC's note: delay 500, backoff -1
50*2^k     the same, with that of the Happy Eyeballs v3 draft: delay 50, backoff 1
1.5*rtt    the same, each candidate's delay one and a half of its round-trip time, at most 250 ms
libowfat, skalibs    a loop over the addresses, 2 s for each
libcurl    CURLOPT_CONNECT_ONLY
libevent   bufferevent_socket_connect_hostname
GLib       g_socket_client_connect_to_host_async, which races where the other does not
asyncio    open_connection, happy_eyeballs_delay 0.25
trio       open_tcp_stream
Node       net.connect, autoSelectFamily
Go         net.Dialer; names by the C library, as for all the others
Everyone has 10 s for all of it, where that can be told.

EOF
    ;;
  fastopen)
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

# The addresses of row s, peer p, run r: 10.s.p.ri and fd01::s:p:ri, i from 1.

places ()
{
  i=0
  for place in $addresses
  do
    i=$((i + 1))
    IFS=:
    set -- $place
    unset IFS
    case $1 in
      4) ip=10.$s.$p.$r$i ;;
      6) ip=fd01::$s:$p:$r$i ;;
    esac
    echo "$ip $2 $3" >> "$dir/table"
    case $p$best in
      1[0-9]) test "$i" -eq $((best + 1)) || continue ;;  # raw, which is told
    esac
    echo "$ip s${s}p${p}r$r" >> "$dir/hosts"
  done
}

s=0
while IFS=$tab read -r name options addresses best
do
  case $name in ''|\#*) continue ;; esac
  test "$options" = - && options=
  s=$((s + 1))
  rm -rf "$dir/out" "$dir/gun"
  mkdir "$dir/out"
  : > "$dir/table"
  : > "$dir/hosts"
  : > "$dir/races"
  for p in $(seq $peers)
  do
    for r in $(seq $runs)
    do
      places
      echo "s${s}p${p}r$r $(cat "$dir/peer$p") $options" >> "$dir/races"
    done
  done
  test/wan -l "$dir/log" "$dir/table" unshare -m "$0" race "$dir" < /dev/null || { e=$? ; cat "$dir"/out/* 2>/dev/null ; exit $e ; }
  cat "$dir"/out/* | grep -v ' ready$' >> "$dir/results"
  cat "$dir/log" >> "$dir/logs"
done < "$tsv"

awk -f test/bench/network.awk -v table="$table" -v runs=$runs "$dir/peers" "$tsv" "$dir/logs" "$dir/results" "$dir/notes"
