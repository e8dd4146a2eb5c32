#!/bin/sh
# ISC license.
# Many races in one process: what the state machine costs by itself, and what a race costs with the kernel's part.

. test/bench/peers.sh

# shellcheck disable=SC2086 # a list of flags
for program in scale_virtual scale_real
do
  $COMPILE -I. -o "$dir/$program" test/bench/$program.c $LINK || exit
done

echo '## Many races in one process, by themselves'
echo
"$dir/scale_virtual" 1 100 10000 50000 > "$dir/out" || exit
table < "$dir/out"
echo
echo 'Four candidates a race, the first silent; no kernel: the primitives are stubs, time is told. CPU time a race. There is no state beside these bytes.'
echo
echo '## Many races in one process, with the kernel'
echo
"$dir/scale_real" races > "$dir/out" || exit
table < "$dir/out"
echo
echo 'Four candidates a race, the first silent, on loopback under epoll, as many as descriptors allow. CPU time a race.'
echo
"$dir/scale_real" step > "$dir/out" || exit
table < "$dir/out"
echo
echo 'A step in which nothing happens asks each attempt in flight: two system calls.'
echo
"$dir/scale_real" list > "$dir/out" || exit
table < "$dir/out"
echo
echo 'The length of the list costs nothing. A start that is refused here is one without a route: socket, connect, close.'
