#!/bin/sh
# ISC license.
# The examples, when one of their system calls fails: test/example_faults.tsv has what is to happen, test/inject.c makes it
# fail. A call that a program makes and that has no row is a failure.

case $COMPILE in *-DLIBSOCKET_PORTABLE*)
  echo 'skip examples: the table is for the calls that Linux has'
  echo end
  exit ;;
esac

. test/cases.sh

texts EAI_FAIL
faults=0

for program in echod race tcpconnect tcpserve
do
  $COMPILE -Wall -Wextra -Werror -I. -Wl,--wrap=getaddrinfo,--wrap=fork,--wrap=execvp -o "$dir/$program" examples/$program.c $(parts examples/$program.c) test/inject.c $LINK > "$dir/log" 2>&1
  report $? "$program compiles"
done

# each errno of the table: its name, number, text
{
  printf '#include <errno.h>\n#include <stdio.h>\n#include <string.h>\nint main (void)\n{\n'
  grep -v '^#' test/example_faults.tsv | cut -f 4 | tr ' ' '\n' | sort -u | sed 's/.*/  printf("& %d %s\\n", &, strerror(&)) ;/'
  printf '  return 0 ;\n}\n'
} > "$dir/errno.c"
{ $COMPILE -o "$dir/errno" "$dir/errno.c" && "$dir/errno" > "$dir/errnos" ; } > "$dir/log" 2>&1 ; report $? "errnos"

# PROGRAM [OPTION]: runs it; got is its exit code, its outputs are in out and err

echoes='echo hello >&7 && read -r line <&6 && test "$line" = hello'
echoes_rest='echo llo >&7 && read -r line <&6 && test "$line" = hello'

# -4 is for a name, -f he is for the rest
tcpconnect ()
{
  host=127.0.0.1 prog=$echoes
  case $* in -4) host=localhost ;; *he) prog=$echoes_rest ;; esac
  timeout 20 "$dir/tcpconnect" "$@" $host "$port" /bin/sh -c "$prog" > "$dir/out" 2> "$dir/err" < /dev/null
  got=$?
}

race ()
{
  timeout 20 "$dir/race" "$@" 127.0.0.1 "$port" > "$dir/out" 2> "$dir/err" < /dev/null
  got=$?
}

# two clients, one after the other, and SIGTERM: COMMAND..., whose first line ends with the port
serve ()
{
  served=
  timeout 20 "$@" > "$dir/fifo" 2> "$dir/err" < /dev/null &
  pid=$!
  if read -r to < "$dir/fifo"
  then
    to=${to#* }
    for client in 1 2
    do ( unset FAIL FAILLOG ; exec timeout 5 "$dir/tcpconnect" 127.0.0.1 "$to" /bin/sh -c "$echoes" ) > /dev/null 2>&1 && served="$served $client"
    done
  fi
  kill "$pid" 2>/dev/null
  wait "$pid"
  got=$?
  : > "$dir/out"
}

echod () { serve "$dir/echod" -v "$@" 127.0.0.1 0 ; }
tcpserve () { serve "$dir/tcpserve" -1 "$@" 127.0.0.1 0 /bin/cat ; }


# what came of it

tcpconnect_on () { test $got -eq 0 && ! test -s "$dir/err" ; }
race_on () { tcpconnect_on && tail -n 1 "$dir/out" | grep -q ' connected after ' ; }
echod_on () { test $got -eq 0 && test "$served" = ' 1 2' && ! grep -v '^echod: info: 127.0.0.1 [0-9]* \(connected\|left after 6 bytes\)$' "$dir/err" > /dev/null ; }
tcpserve_on () { test $got -eq 0 && test "$served" = ' 1 2' && ! test -s "$dir/err" ; }
skips () { test $got -eq 0 && test "$served" = ' 2' && ! test -s "$dir/err" ; }
fails () { test $got -eq 0 && test -z "$served" && grep -q -F -x "$program: warning: $1" "$dir/err" ; }
warns () { test $got -eq 0 && test "$served" = ' 1 2' && grep -q -F -x "$program: warning: $1" "$dir/err" ; }
loses () { test $got -eq 0 && test "$served" = ' 1 2' && test "$(grep -c '^echod: info: ' "$dir/err")" -eq 3 ; }
drops () { test $got -eq 0 && test "$served" = ' 2' && grep -q "^echod: info: 127.0.0.1 [0-9]* $1" "$dir/err" ; }
breaks () { test $got -eq 0 && test "$served" = ' 1 2' && grep -q "^echod: info: 127.0.0.1 [0-9]* $1" "$dir/err" ; }
last () { test $got -eq 111 && ! test -s "$dir/err" && tail -n 1 "$dir/out" | grep -q "^no connection after .*$1\$" ; }
ends ()
{
  test $got -eq "$1" && ! test -s "$dir/out" && test "$(grep -v '^echod: info: ' "$dir/err")" = "$program: fatal: unable to $2"
}


# inject PROGRAM [OPTION]
inject ()
{
  program=$1
  rm -f "$dir/calls"
  FAILLOG="$dir/calls" "$@"
  cp "$dir/err" "$dir/log" ; "${program}_on" ; report $? "$*"

  # the calls that were made, each with its rows: call, which, errno, number, what, text
  awk -F '\t' -v name="$*" -v port="$port" -v failure="$EAI_FAIL" '
    FILENAME ~ /errnos$/ { split($0, x, " ") ; number[x[1]] = x[2] ; text[x[1]] = substr($0, length(x[1] x[2]) + 3) ; next }
    FILENAME ~ /calls$/ { made[++calls] = $1 ; nth[calls] = ++n[$1] ; next }
    /^#/ { next }
    { glob = $1 ; gsub(/\*/, ".*", glob) ; if (name ~ "^" glob "$") row[++rows] = $0 }
    END {
      for (i = 1 ; i <= calls ; i++)
      {
        for (j = 1 ; j <= rows ; j++)
        {
          split(row[j], x, "\t")
          if (x[2] != made[i] || (x[3] != "*" && nth[i] !~ "^" x[3] "$")) continue
          has[made[i]]
          m = split(x[4], e, " ")
          for (k = 1 ; k <= m ; k++)
          {
            said = x[6]
            sub(/%n/, e[k], said) ; sub(/%t/, text[e[k]], said) ; sub(/%f/, failure, said) ; sub(/%p/, port, said)
            print made[i], nth[i], e[k], number[e[k]] "\t" x[5] "\t" said
          }
        }
      }
      for (call in n) if (!(call in has)) print call "\tno row\t"
    }
  ' "$dir/errnos" "$dir/calls" test/example_faults.tsv > "$dir/runs"

  : > "$dir/log"
  n=0
  while IFS='	' read -r fault what said
  do
    FAIL=$fault "$@"
    case $what in
      on) "${program}_on" ;;
      exit*) ends "${what#exit }" "$said" ;;
      'no row') false ;;
      *) "$what" "$said" ;;
    esac || { echo "$fault, $what: exit $got" && cat "$dir/out" "$dir/err" ; } >> "$dir/log"
    n=$((n + 1))
  done < "$dir/runs"
  test $n -gt 0 && ! test -s "$dir/log" ; report $? "$*: $n faults"
  faults=$((faults + n))
}

start_echod 127.0.0.1 0
mkfifo "$dir/fifo"
inject tcpconnect -4
inject tcpconnect -f he
inject tcpconnect -g -f he
inject race
inject race -f
if ip6
then
  inject echod -f
  inject tcpserve -f
else echo 'skip echod -f, tcpserve -f: no IPv6'  # the table counts the calls for their IPv6 sockets
fi

echo "# $faults faults injected"
end
