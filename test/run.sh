#!/bin/sh
# ISC license.
# Runs each program that is named and counts what its cases say: pass, fail or skip.
# A program that does not come to its end has failed, whatever it said. Cases that were skipped for the same reason are one line.

LC_ALL=C
export LC_ALL

# a host that has switched IPv6 off has ::1 in a network namespace of its own, where the kernel allows one; root stays root
if test -e /proc/net/if_inet6 && ! grep -q '^0\{31\}1 ' /proc/net/if_inet6 && test -z "$INSIDE"
then
  for options in -n -Urn
  do
    unshare $options true 2>/dev/null && INSIDE=1 exec unshare $options sh -c 'ip link set lo up && exec "$0" "$@"' "$0" "$@"
  done
fi

# how REASON: what would have let those cases run
how ()
{
  case $1 in
    'no network namespaces') echo ' (as root, a container with CAP_SYS_ADMIN; or sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)' ;;
    'no IPv6') echo ' (a kernel without ipv6.disable=1)' ;;
    'no veth devices') echo ' (modprobe veth)' ;;
    'no TUN device') echo ' (modprobe tun; a container needs /dev/net/tun)' ;;
    'no right to open /dev/net/tun') echo ' (chmod 666 /dev/net/tun)' ;;
    'no fast open' | 'no sysctl '*) echo ' (a container needs a /proc/sys that can be written)' ;;
  esac
}

passed=0 failed=0 skipped=0
log=$(mktemp) && skips=$(mktemp) || exit 1
trap 'rm -f "$log" "$skips"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

for program
do
  timeout 900 "$program" > "$log" 2>&1
  status=$?
  p=$(grep -c '^pass ' "$log") f=$(grep -c '^fail ' "$log") s=$(grep -c '^skip ' "$log")
  if ! grep -q '^end$' "$log" || { test $status -ne 0 && test $f -eq 0 ; }
  then
    echo "fail $program: exit $status, not the end of a program that passed" >> "$log"
    f=$((f + 1))
  fi
  echo "$program: $p passed, $f failed, $s skipped"
  if test $f -gt 0 ; then grep -v -e '^pass ' -e '^skip ' -e '^end$' "$log" ; fi
  sed -n 's/^skip [^:]*: //p' "$log" >> "$skips"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

sort "$skips" | uniq -c | while read -r n reason ; do echo "$n skipped: $reason$(how "$reason")" ; done
echo "$passed passed, $failed failed, $skipped skipped"
test $failed -eq 0 && test $((passed + skipped)) -gt 0
