#!/bin/sh
# ISC license.
# Time to connect and SYNs of random hosts, on a virtual clock: the connector's and other schedules.

. test/bench/peers.sh

# shellcheck disable=SC2086 # a list of flags
$COMPILE -I. -o "$dir/model" test/bench/model.c $LINK -lm || exit
echo '## Random hosts on a virtual clock'
echo
"$dir/model"
