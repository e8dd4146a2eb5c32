#!/bin/sh
# ISC license.
# examples/tcpconnect and examples/tcpserve with real programs: those of ucspi-tcp, nginx, redis. Each conversation is held
# twice, by tcpclient and tcpconnect, or with tcpserver and tcpserve, and has to come out the same. In a network namespace, so
# that every port is free.

test -n "$COUNTED" || COUNTED=1 exec test/run.sh "$0"

PATH=$PATH:/usr/sbin
for program in tcpclient tcpserver ucspi-proxy nginx redis-server
do command -v $program > /dev/null || { echo "fail no $program here: make deps-interop installs it" ; exit 1 ; }
done
test "$1" = inside || exec unshare -Urn "$0" inside
ip link set lo up && echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 1

. test/cases.sh

tcpconnect=$PWD/examples/tcpconnect

# serve PORT PROG...: tcpserver, which says its port when it listens
serve ()
{
  rm -f "$dir/fifo"
  mkfifo "$dir/fifo"
  tcpserver -1 -RHl0 127.0.0.1 "$@" > "$dir/fifo" 2>/dev/null &
  pids="$pids $!"
  read -r _ < "$dir/fifo"
}

# both NAME ARGUMENT...: the client's output and exit code are the same; the local port differs by nature
both ()
{
  name=$1
  shift
  for client in tcpclient "$tcpconnect"
  do
    timeout 60 "$client" -RHl0 "$@" > "$dir/${client##*/}" 2> "$dir/errors" < "$dir/input"
    echo "exit $?" >> "$dir/${client##*/}"
    sed -i 's/^TCPLOCALPORT=[1-9][0-9]*$/TCPLOCALPORT=a number/' "$dir/${client##*/}"
  done
  compare "$name"
}

compare ()
{
  test -s "$dir/tcpclient" && diff "$dir/tcpclient" "$dir/tcpconnect" > "$dir/log" 2>&1 ; report $? "the same: $1"
}

# heard NAME TEXT: the last conversation has this line
heard ()
{
  tr -d '\r' < "$dir/tcpconnect" > "$dir/log"
  grep -q -x -e "$2" "$dir/log" ; report $? "$1"
}


# the servers

mkdir "$dir/www"
echo 'It works.' > "$dir/www/index.html"
seq 200000 > "$dir/www/numbers"
cat > "$dir/nginx.conf" <<END
user root ;
pid $dir/nginx.pid ;
error_log $dir/nginx.log ;
events { }
http
{
  access_log off ;
  client_body_temp_path $dir/body ; proxy_temp_path $dir/proxy ; fastcgi_temp_path $dir/fastcgi ;
  uwsgi_temp_path $dir/uwsgi ; scgi_temp_path $dir/scgi ;
  server { listen 127.0.0.1:80 fastopen=16 ; listen [::1]:8080 ; root $dir/www ; }
}
END
nginx -e "$dir/nginx.log" -c "$dir/nginx.conf" 2> "$dir/log" && pids="$pids $(cat "$dir/nginx.pid")"
report $? "nginx runs"

mkfifo "$dir/redis"
redis-server --bind 127.0.0.1 --port 6379 --save '' --dir "$dir" > "$dir/redis" 2>&1 &
pids="$pids $!"
exec 4< "$dir/redis"
while read -r line <&4 ; do case $line in *Ready\ to\ accept*) break ;; esac ; done
case $line in *Ready*) true ;; *) false ;; esac ; report $? "redis runs"

serve 11 echo 'root console'
serve 13 date -u +%Y
serve 17 echo 'A quote.'
serve 25 env RBLSMTPD='no mail today' rblsmtpd false
serve 79 sh -c 'read -r who ; echo "Login: $who"'
serve 8000 tcpclient -RHl0 127.0.0.1 80 ucspi-proxy
serve 8001 "$tcpconnect" 127.0.0.1 80 ucspi-proxy
serve 8002 tcpclient -RHl0 127.0.0.1 80 sh -c 'env | grep -e TCP -e PROTO | sort'
serve 8003 "$tcpconnect" -l0 127.0.0.1 80 sh -c 'env | grep -e TCP -e PROTO | sort'


# side by side

: > "$dir/input"
both "environment" 127.0.0.1 80 sh -c 'env | sort'
heard "the remote port" TCPREMOTEPORT=80
both "environment, host 0" 0 80 sh -c 'env | sort'
both "environment, -i" -i 127.0.0.9 127.0.0.1 80 sh -c 'env | sort'
heard "the local address" TCPLOCALIP=127.0.0.9
both "port by name" 127.0.0.1 http sh -c 'env | sort'
both "descriptors" 127.0.0.1 80 ls /proc/self/fd
both "flags of 6 and 7" 127.0.0.1 80 sh -c 'grep flags /proc/$$/fdinfo/6 /proc/$$/fdinfo/7 | sed s/.*flags//'
both "signals" 127.0.0.1 80 grep '^Sig[BIC]' /proc/self/status
both "prog's exit code" 127.0.0.1 80 sh -c 'exit 42'
both "refused" 127.0.0.1 9 true
heard "111" 'exit 111'
both "the host has no address" nothing.invalid 80 true
both "the local address is not here" -i 192.0.2.1 127.0.0.1 80 true
both "usage" 127.0.0.1 80
heard "100" 'exit 100'
for port in 8002 8003
do
  "$tcpconnect" 127.0.0.1 $port sh -c 'exec cat <&6' | sed 's/^TCPLOCALPORT=[1-9][0-9]*$/TCPLOCALPORT=a number/' > "$dir/$port"
done
mv "$dir/8002" "$dir/tcpclient"
mv "$dir/8003" "$dir/tcpconnect"
compare "environment, under tcpserver"

# the scripts of ucspi-tcp: as they are, and with tcpconnect for tcpclient
script ()
{
  command=$(command -v "$1")
  shift
  sed "s|/usr/bin/tcpclient|$tcpconnect|" "$command" > "$dir/script"
  timeout 60 "$command" "$@" > "$dir/tcpclient" 2>&1 < "$dir/input"
  timeout 60 sh "$dir/script" "$@" > "$dir/tcpconnect" 2>&1 < "$dir/input"
  grep -q -F "$tcpconnect" "$dir/script" && compare "${command##*/} $*"
}
script who@ 127.0.0.1
heard "who" 'root console'
script date@ 127.0.0.1
heard "date" '2[0-9]*'
script tcpcat 127.0.0.1
heard "tcpcat" 'A quote.'
script finger@ 127.0.0.1 djb
heard "finger" 'Login: djb'
script http@ 127.0.0.1
heard "a page of nginx" 'It works.'
script http@ 127.0.0.1 numbers
cmp "$dir/www/numbers" "$dir/tcpconnect" > "$dir/log" 2>&1 ; report $? "a large file of nginx, every byte"
for port in 8000 8001
do
  script http@ 127.0.0.1 '' $port
  heard "nginx through ucspi-proxy, port $port" 'It works.'
done
printf '%s\n' 'HELO here' 'MAIL FROM:<a@example.com>' 'RCPT TO:<b@example.com>' QUIT > "$dir/input"
script mconnect 127.0.0.1
heard "SMTP" '451 no mail today'
both "SMTP, mconnect-io" 127.0.0.1 25 mconnect-io
: > "$dir/input"

# redis
both "redis" 127.0.0.1 6379 sh -c 'printf "%s\r\n" PING "SET k v" "GET k" QUIT >&7 ; exec cat <&6'
heard "redis' answer" +PONG
heard "redis' value" v
{ printf '*3\r\n$3\r\nSET\r\n$7\r\nnumbers\r\n$%s\r\n' "$(wc -c < "$dir/www/numbers")" ; cat "$dir/www/numbers" ; printf '\r\nGET numbers\r\nQUIT\r\n' ; } > "$dir/input"
both "redis, a large value" 127.0.0.1 6379 sh -c 'exec 5<&0 ; cat <&5 >&7 & exec cat <&6'
tr -d '\r' < "$dir/tcpconnect" | sed -e 1,2d | head -n 200000 | cmp - "$dir/www/numbers" > "$dir/log" 2>&1 ; report $? "redis' large value, every byte"
: > "$dir/input"

# tcpserve in the place of tcpserver

# talk NAME TEXT OPTION... PROG...: what a client hears that says TEXT, and what the server logs, are the same
talk ()
{
  name=$1
  printf %b "$2" > "$dir/input"
  shift 2
  for server in tcpserver examples/tcpserve
  do
    mkfifo "$dir/fifo2"
    "$server" -v -1 -RHl0 127.0.0.1 7000 "$@" > "$dir/fifo2" 2> "$dir/logged" &
    pid=$!
    read -r said < "$dir/fifo2"
    rm "$dir/fifo2"
    to=$dir/tcpclient
    test "$server" = tcpserver || to=$dir/tcpconnect
    timeout 60 tcpclient -RHl0 127.0.0.1 7000 sh -c 'exec 5<&0 ; cat <&5 >&7 & exec cat <&6' < "$dir/input" > "$to" 2>&1
    timeout 30 tail -n +1 -f "$dir/logged" | grep -q ': end '
    kill $pid
    wait $pid
    echo "port $said, exit $?" >> "$to"
    sed -e "s/^${server##*/}: /server: /" -e 's/\(pid\|ok\|end\) [0-9]*/\1 N/' -e 's/::[0-9]*$/::N/' -e 's/^[0-9]* \([<>]\)/N \1/' "$dir/logged" | sort >> "$to"  # prog writes there too
    sed -i -e '/^TCPCONNNUM=/d' -e 's/^TCPREMOTEPORT=[1-9][0-9]*$/TCPREMOTEPORT=a number/' -e '/^_=/d' "$to"
  done
  : > "$dir/input"
  compare "$name"
}

talk "tcpserve's environment" '' sh -c 'env | sort'
heard "its remote address" 'TCPREMOTEIP=127.0.0.1'
heard "its log" 'server: ok N 0:127.0.0.1:7000 :127.0.0.1::N'
talk "tcpserve's descriptors" '' sh -c 'grep flags /proc/$$/fdinfo/[01] | sed s/.*flags//'
talk "tcpserve's signals" '' grep '^Sig[BC]' /proc/self/status
talk "an exit code" '' sh -c 'exit 42'
heard "its status" 'server: end N status 10752'
talk "recordio" 'one\ntwo\n' recordio sh -c 'read -r x ; read -r y ; echo "$y $x"'
heard "recordio's answer" 'two one'
heard "recordio's log" 'N < one '
talk "fixcrio" 'HELO\nthere\n' fixcrio sh -c 'read -r x ; read -r y ; echo "$x" | od -c'
talk "addcr, delcr" 'one\r\n' sh -c 'head -n 1 | delcr | addcr | od -c'
talk "rblsmtpd" 'HELO here\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nQUIT\r\n' env RBLSMTPD='no mail today' rblsmtpd -b false
talk "argv0" '' argv0 sh name -c 'echo "$0" ; cat /proc/$$/cmdline | tr "\\0" " "'
for options in '-c' '127.0.0.1' '127.0.0.1 0' 'nothing.invalid 0 true' '192.0.2.1 0 true' '127.0.0.1 80 true'
do
  tcpserver -RHl0 $options > /dev/null 2>&1
  code=$?
  examples/tcpserve -RHl0 $options > /dev/null 2> "$dir/log"
  test $? -eq $code ; report $? "the same exit code, $code: $options"
done

# 20,000 short connections to each, which take turns: none is lost, no process is left, and the rates
cat > "$dir/hello.c" << END
#include <unistd.h>
int main (void) { return write(1, "hello\n", 6) != 6 ; }
END
compile "$dir/hello" test/shortlived
"$dir/shortlived" "tcpserver=exec tcpserver -1 -RHl0 -b 128 127.0.0.1 0 $dir/hello" "tcpserve=exec examples/tcpserve -1 127.0.0.1 0 $dir/hello" > "$dir/log" 2>&1
report $? "short connections"
sed 's/^/# /' "$dir/log"
sed 's/.* left, \([0-9]*\) a second.*/\1/' "$dir/log" | { read -r theirs ; read -r ours ; test "$((ours * 4))" -ge "$((theirs * 3))" ; } ; report $? "their rate: at least three quarters of tcpserver's, on a machine that others use too"

# what tcpclient cannot do
request='printf "GET / HTTP/1.0\r\n\r\n" >&7 ; exec cat <&6'
"$tcpconnect" ::1 8080 sh -c "$request" > "$dir/tcpconnect" ; heard "nginx over IPv6" 'It works.'
"$tcpconnect" -v 0 80 sh -c "$request" > "$dir/tcpconnect" 2> "$dir/errors" ; heard "nginx past a refusal" 'It works.'
grep -q '::1 80: .* Connection refused' "$dir/errors" ; report $? "the refusal"
get='GET / HTTP/1.0

'
for options in '' -g
do
  for contact in first second
  do "$tcpconnect" $options -f "$get" 127.0.0.1 80 sh -c 'exec cat <&6' > "$dir/tcpconnect" ; heard "nginx with fast open $options, the $contact contact" 'It works.'
  done
done
awk '$1 == "TcpExt:" && !n { n = split($0, name) ; next }
  $1 == "TcpExt:" { for (i = 1 ; i <= n ; i++) if (name[i] == "TCPFastOpenPassive") exit $i < 1 }' /proc/net/netstat
report $? "the request rode in the SYN"

end
