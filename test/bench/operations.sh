# ISC license.
# For cost and throughput, which read it in: the programs of op.h.

. test/bench/peers.sh

$COMPILE -o "$dir/fill" test/bench/fill.c || exit
# shellcheck disable=SC2046,SC2086 # lists of flags
{
  peer raw op_raw.c
  peer libsocket op_ours.c -I. $LINK
  peer libowfat op_owfat.c -lowfat
  peer skalibs op_skalibs.c -lskarnet
  peer libevent op_event.c -levent
  peer libuv op_uv.c -luv
  peer libcurl op_curl.c -lcurl
  peer GLib op_glib.c $(pkg-config --cflags --libs gio-2.0 2>&1)
}

# run peer operation n tool...: runs it, under a tool if one is named; accept has its n connections waiting

run ()
{
  waiting=0
  test "$2" = accept && waiting=$3
  program="$dir/$1 $2 $3"
  shift 3
  # shellcheck disable=SC2086 # three words
  timeout 100 "$dir/fill" "$waiting" "$@" $program
}
