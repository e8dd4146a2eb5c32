#!/bin/sh
# ISC license.
# What one operation costs: system calls (strace), instructions in user space and heap allocations (valgrind).
# Each is the difference between n operations and 2n in one process, so that start and end do not count.

. test/bench/operations.sh

have ()
{
  command -v "$1" > /dev/null || { echo "left out: $2: no $1" >> "$dir/notes" ; return 1 ; }
}
QUIET=1
export QUIET
have strace 'system calls' && calls=1
have valgrind 'instructions and the heap' && valgrind=1

# measure peer operation n: system calls, instructions, allocations, their bytes

measure ()
{
  if test "$calls"
  then
    run "$@" strace -f -c -U name,calls -o "$at/out" > "$at/log" 2>&1 || return
    awk '$1 == "total" { print $2 }' "$at/out"
  else echo -
  fi
  if test "$valgrind"
  then
    run "$@" valgrind --tool=callgrind --callgrind-out-file="$at/out" > "$at/log" 2>&1 || return
    awk '$2 == "Collected" { print $4 }' "$at/log"
    run "$@" valgrind --tool=memcheck --leak-check=no > "$at/log" 2>&1 || return
    awk '/total heap usage/ { gsub(",", "") ; print $5 ; print $9 }' "$at/log"
  else printf '%s\n' - - -
  fi
}

# costs operation: of all peers

costs ()
{
  operation=$1 at=$dir/at.$1
  mkdir "$at" || exit
  n=20
  test $operation = race4 && n=3  # some wait for a second after each refusal
  for peer in $peers
  do
    measure "$peer" $operation $n > "$at/one"
    test -s "$at/one" || continue
    measure "$peer" $operation $((2 * n)) > "$at/two"
    paste "$at/one" "$at/two" | awk -v n=$n -v OFS='\t' -v operation=$operation -v peer="$peer" '
      { cost[NR] = $1 == "-" ? "-" : ($2 - $1) / n }
      END { print operation, peer, cost[1], cost[2], cost[3], cost[4] }' >> "$at/costs"
  done
}

# counts do not depend on what else runs
for operation in connect accept race1 race4 ; do costs $operation & done
wait
for operation in connect accept race1 race4 ; do cat "$dir/at.$operation/costs" ; done > "$dir/costs"

echo '## What one operation costs'
echo
awk -F '\t' -v OFS='\t' '
  function shown (x) { return x == "-" ? x : sprintf(x == int(x) || x >= 100 ? "%.0f" : "%.1f", x) }
  BEGIN { print "operation", "peer", "system calls", "instructions", "of libsocket\047s", "allocations", "bytes" }
  NR == FNR { if ($2 == "libsocket") ours[$1] = $4 ; next }
  $1 != last && last != "" { print "" }
  { last = $1 ; print $1, $2, shown($3), shown($4), $4 == "-" ? "-" : sprintf("%.2f", $4 / ours[$1]), shown($5), shown($6) }' "$dir/costs" "$dir/costs" | table
echo
echo 'connect: a socket, connected without blocking, waited for, checked, closed. accept: with the address of the other end, closed.'
echo 'race1: to the one address of a host. race4: to its fourth address, after three that refuse. libsocket and GLib race by themselves, libcurl'
echo 'takes one address of a family after another, and the others are told to. Instructions and allocations: those of the process, its libraries included.'
cat "$dir/notes"

# the best of the peers, raw apart, and who is ahead

awk -F '\t' -v OFS='\t' '
  function look (what, x,    k)
  {
    if (x == "-") return
    k = $1 "\t" what
    if (!(k in limit) && !(k in best)) order[++n] = k
    if ($2 == "raw") limit[k] = x
    else if ($2 == "libsocket") ours[k] = x
    else
    {
      if (!(k in best) || x + 0 < best[k] + 0) { best[k] = x ; peer[k] = $2 }
      if (x + 0 < ours[k] + 0) ahead[k] = ahead[k] (ahead[k] == "" ? "" : ", ") $2 " " sprintf("%.0f", x)
    }
  }
  { look("system calls", $3) ; look("instructions", $4) }
  END {
    print "section: system calls and instructions of one operation (cost.sh)"
    for (i = 1 ; i <= n ; i++)
    {
      k = order[i]
      split(k, x, "\t")
      if (x[2] == "instructions" || x[1] == "race4") printf "summary: %s: %s\tless\t%.0f\t%.0f\t%s\t%.0f\n", x[1], x[2], limit[k], ours[k], peer[k], best[k]
      if (k in ahead) printf "ahead: %s: %s\t%s\n", x[1], x[2], ahead[k]
    }
  }' "$dir/costs"
