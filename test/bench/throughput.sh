#!/bin/sh
# ISC license.
# Connections a second on loopback, one after another: made by a client, accepted by a server. Each peer takes turns with raw system calls:
# a pair of runs, the next pair the other way round, and the ratio within each pair. The other end is the kernel: a listener's queue.

. test/bench/operations.sh

n=1000 pairs=${PAIRS:-41}

for operation in connect accept
do
  for peer in $peers
  do
    test "$peer" = raw && continue
    i=0
    while test $i -lt "$pairs"
    do
      i=$((i + 1))
      test $((i % 2)) -eq 0 || raw=$(run raw $operation $n)
      took=$(run "$peer" $operation $n) || break
      test $((i % 2)) -eq 1 || raw=$(run raw $operation $n)
      echo "$operation $peer $raw $took"
    done
  done
done > "$dir/pairs" 2> "$dir/log"

for peer in $peers
do
  for i in 1 2 3
  do
    took=$(run "$peer" race4 1) && echo "$i $peer $took"
  done
done > "$dir/races" 2>> "$dir/log"

echo '## Connections a second'
echo
awk -v OFS='\t' -v ahead="$dir/ahead" -f test/bench/throughput.awk "$dir/pairs" | table
echo
echo "$pairs pairs of runs of $n; the ratio is the peer's to raw system calls' beside it: the median of all pairs, and its quartiles. 1 is as fast, less is slower; goal: 0.98."
echo
echo '## A race past three refusals'
echo
awk -v OFS='\t' '
  BEGIN { print "peer", "ms", "ms of CPU time" }
  !($2 in wall) || $3 < wall[$2] { wall[$2] = $3 ; cpu[$2] = $4 }
  !seen[$2]++ { order[++n] = $2 }
  END { for (i = 1 ; i <= n ; i++) printf "%s\t%.1f\t%.2f\n", order[i], wall[order[i]] / 1e6, cpu[order[i]] / 1e6 }' "$dir/races" | table
echo
awk -v OFS='\t' '
  !($2 in wall) || $3 < wall[$2] { wall[$2] = $3 }
  !seen[$2]++ { order[++n] = $2 }
  END {
    for (i = 1 ; i <= n ; i++)
    {
      p = order[i]
      if (p == "raw" || p == "libsocket") continue
      if (wall[p] < 0.9 * wall["libsocket"]) list = list (list == "" ? "" : ", ") sprintf("%s %.2f", p, wall[p] / 1e6)
    }
    what = "ms to race past three refusals"
    if (list != "") printf "ahead: %s\t%s\n", what, list
  }' "$dir/races" >> "$dir/ahead"
echo 'The best of three, first race of a process.'
cat "$dir/notes"
cat "$dir/ahead"
