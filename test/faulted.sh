#!/bin/sh
# ISC license.
# What test/faults and test/connector_faults leave out: each function of the headers needs rows in which each system call that
# the linker gives it fails, and in which it says each errno that its page lists.

. test/cases.sh

ip6 || { echo 'skip every function and errno: no IPv6' ; end ; }

{ test/faults list && test/connector_faults list ; } | sed -n 's/^# \(socket_[^ ]* [^ ]* [0-9]* [0-9]*\)$/row \1/p' > "$dir/rows"

# what the objects need and define
nm -P -g libsocket.a | awk '
  /:$/ { object = $1 ; next }
  $2 == "U" { print "needs", object, $1 ; next }
  { print "defines", object, $1 }
' > "$dir/objects"

sed -n 's/^extern [^(]*[ *]\(socket_[a-z0-9_]*\) (.*/function \1/p' socket.h socket_connector.h > "$dir/functions"

# the errnos of a page, and their numbers
for page in man/socket_*.3
do
  awk -v name="$(basename "$page" .3)" '/^\.It Bq Er / { gsub(/,/, "") ; for (i = 4 ; i <= NF ; i++) print "page", name, $i }' "$page"
done > "$dir/pages"
{ echo '#include <errno.h>' ; awk '{ print "\"number " $3 "\"", $3 }' "$dir/pages" | sort -u ; } > "$dir/numbers.c"
$COMPILE -E -P "$dir/numbers.c" | sed -n 's/^ *"\(number [A-Z0-9]*\)" *\([0-9][0-9]*\) *$/\1 \2/p' > "$dir/numbers"

# What does not happen: a flag set on a socket that is to have none; F_GETFL failing on an open socket; send by a
# connector, whose sockets do not block; data of connectany, which has none.
cat > "$dir/never" << END
never socket_accept4 fcntl
never socket_accept6 fcntl
never socket_sctp4b close
never socket_sctp4b fcntl
never socket_sctp6b close
never socket_sctp6b fcntl
never socket_tcp4b close
never socket_tcp4b fcntl
never socket_tcp6b close
never socket_tcp6b fcntl
never socket_udp4b close
never socket_udp4b fcntl
never socket_udp6b close
never socket_udp6b fcntl
never socket_fastopen_connect4 fcntl
never socket_fastopen_connect6 fcntl
never socket_connector_step send
never socket_connector_wait send
never socket_connectany send
never socket_connectany sendto
END

# without the options of Linux
case $COMPILE in *-DLIBSOCKET_PORTABLE*)
  cat >> "$dir/never" << END
never socket_bind4_noport setsockopt
never socket_bind6_noport setsockopt
never socket_deferaccept setsockopt
never socket_fastopen setsockopt
never socket_fastopen_defer setsockopt
never socket_fastopen_queue setsockopt
never socket_quickack setsockopt
unsaid socket_send6 ENODEV
END
esac

cat "$dir/objects" "$dir/functions" "$dir/pages" "$dir/numbers" "$dir/never" "$dir/rows" | awk '
  BEGIN {
    # these do not fail, or not by errno
    split("clock_gettime htonl htons inet_ntop inet_pton memcmp memcpy memset ntohs strchr strlen strspn tain_add tain_less", x)
    for (i in x) plain[x[i]]
  }
  $1 == "needs" { needs[$2] = needs[$2] " " $3 }
  $1 == "defines" { object[$3] = $2 }
  $1 == "function" { functions[$2] }
  $1 == "page" { page[$2] = page[$2] " " $3 }
  $1 == "number" { number[$2] = $3 }
  $1 == "never" { never[$2, $3] }
  $1 == "unsaid" { unsaid[$2, $3] }
  $1 == "row" { row[$2] ; fails[$2, $3] ; says[$2, $5] }

  # all calls of an object and of those that it needs
  function closure (o,  x, n, i) {
    if (o in seen) return
    seen[o]
    n = split(needs[o], x)
    for (i = 1 ; i <= n ; i++)
      if (x[i] in object) closure(object[x[i]])
      else if (x[i] == "iopause_stamp") calls["poll"]
      else if (x[i] !~ /^_/ && !(x[i] in plain)) calls[x[i]]
  }

  END {
    for (f in functions)
    {
      split("", seen) ; split("", calls)
      wrong = "" ; some = 0
      if (!("lib" f in object)) wrong = " is not in the library"
      else closure(object["lib" f])
      for (c in calls)
      {
        if (!((f, c) in never)) some = 1
        if (((f, c) in fails) == ((f, c) in never)) wrong = wrong " " c
      }
      if (!some && (f in row)) wrong = wrong " has rows and makes no call"
      n = split(page[f], e)
      if (some) for (i = 1 ; i <= n ; i++) if (!(e[i] in number) || ((f, number[e[i]]) in says) == ((f, e[i]) in unsaid)) wrong = wrong " " e[i]
      if (wrong == "") print "pass " f (some ? ": each call and each errno of its page" : ": no system call")
      else print "fail " f ": no row in which fails or is said:" wrong
    }
  }
' | sort > "$dir/result"
cat "$dir/result"
! grep -q '^fail' "$dir/result" && grep -q '^pass .* each call' "$dir/result" || status=1
end
