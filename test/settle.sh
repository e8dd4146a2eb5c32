#!/bin/sh
# ISC license.
# Waits until each IPv6 address that was added with nodad has its local route, which the kernel makes a little later.

PATH=$PATH:/usr/sbin:/sbin
until { ip -6 route show table local && ip -6 -o addr show && echo end ; } |
  awk '$1 == "local" { has[$2] } / nodad / { sub(/\/.*/, "", $4) ; if (!($4 in has)) exit 1 } $1 == "end" { exit 0 }'
do : ; done
