# shellcheck shell=sh disable=SC2034
# ISC license.
# For scripts that are tests: a directory, the processes that end with the script, cases and the result.
# COMPILE is the compiler with its options, LINK what programs are linked with.

: "${COMPILE=cc -std=c11}" "${LINK=libsocket.a -lskarnet}"

dir=$(mktemp -d) || exit 1
pids=
status=0

finish ()
{
  for pid in $pids ; do kill "$pid" 2> /dev/null ; done
  for pid in $pids ; do wait "$pid" 2> /dev/null ; done
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

# report CODE NAME: the case has passed if CODE is 0, else out and log show why not
report ()
{
  if test "$1" -eq 0
  then echo "pass $2"
  else
    cat "$dir/out" "$dir/log" 2> /dev/null | sed 's/^/# /'
    echo "fail $2"
    status=1
  fi
}

# namespaces KINDS: the options of unshare that give us namespaces here, of our own or of root's; none: the kernel gives none
namespaces ()
{
  for options in "-Ur$1" "-$1" ; do unshare "$options" true 2> /dev/null && echo "$options" && break ; done
}

# ip6: the kernel has IPv6
ip6 ()
{
  test -e /proc/net/if_inet6
}

# apart WHAT: runs the script once more, as "inside DIRECTORY", with networks of both families and mounts of its own
apart ()
{
  options=$(namespaces nm)
  if ! ip6
  then echo "skip $1: no IPv6"
  elif test "$options"
  then unshare "$options" "$0" inside "$dir" || status=1
  else echo "skip $1: no network namespaces"
  fi
}

# parts FILE: the sources of examples/ whose headers it includes
parts ()
{
  sed -n 's|^#include "\([a-z]*\)\.h"$|examples/\1.c|p' "$1" | while read -r part ; do if test -f "$part" ; then echo "$part" ; fi ; done
}

# compile NAME...: each NAME.c is a program, which goes to $dir; a script without one of its programs ends
compile ()
{
  for program
  do
    $COMPILE -Wall -Wextra -Werror -I. -Iexamples -o "$dir/${program##*/}" "$program.c" $(parts "$program.c") $LINK > "$dir/log" 2>&1
    compiled=$?
    report $compiled "${program##*/} compiles"
    test $compiled -eq 0 || end
  done
}

# texts NAME...: sets the variable of each of these errnos and EAI_ codes to the C library's text of it
texts ()
{
  {
    printf '#define _GNU_SOURCE\n#include <errno.h>\n#include <netdb.h>\n#include <stdio.h>\n#include <string.h>\nint main (void)\n{\n'
    for name
    do
      case $name in EAI_*) text=gai_strerror ;; *) text=strerror ;; esac
      echo "  printf(\"%s='%s' \", \"$name\", $text($name)) ;"
    done
    printf '  return 0 ;\n}\n'
  } > "$dir/texts.c"
  $COMPILE -o "$dir/texts" "$dir/texts.c" > "$dir/log" 2>&1 && eval "$("$dir/texts")"
  report $? "texts of errnos"
}

# start_echod OPTION... IP PORT: sets port to the one it got; what it logs is in echod.log
start_echod ()
{
  mkfifo "$dir/fifo"
  "$dir/echod" -v "$@" > "$dir/fifo" 2> "$dir/echod.log" &
  pids="$pids $!"
  read -r _ port < "$dir/fifo"
  rm "$dir/fifo"
}

# backlog PORT: true if 4096 clients may wait for the listener there, or as many as the kernel allows, which some hide from a namespace
backlog ()
{
  allowed=$(cat /proc/sys/net/core/somaxconn 2> /dev/null) || allowed=4096
  test "$allowed" -le 4096 || allowed=4096
  test "$(ss -H -ltn "sport = $1" | awk '{ print $3 }')" = "$allowed"
}

# start_deadends: sets refused and silent, two ports of 127.0.0.1; it ends when descriptor 3 is closed
start_deadends ()
{
  mkfifo "$dir/fifo" "$dir/hold"
  "$dir/deadends" < "$dir/hold" > "$dir/fifo" &
  pids="$pids $!"
  exec 3> "$dir/hold"
  read -r refused silent < "$dir/fifo"
  rm "$dir/fifo" "$dir/hold"
}

# the last line of a script
end ()
{
  echo end
  exit $status
}
