#!/bin/sh
# ISC license.
# Every checker over what it judges well. Silent on success but for one line that tells what ran.
# The tests (TESTS are those of the Makefile) are for -fanalyzer alone: the others take minutes there, and their findings were false.

sources=$(git ls-files -- '*.c' ':!test/*' test/deadends.c)
library=$(git ls-files -- '*.c' ':!test/*' ':!examples/*')
tested=$(for program in $TESTS ; do echo "$program.c" ; done)
scripts=$(git ls-files | while read -r file ; do if head -n 1 "$file" | grep -q '^#!/bin/sh' ; then echo "$file" ; fi ; done)

unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
ran='' failed=''

# lint NAME COMMAND...: has to be there, to be silent and to exit 0
lint ()
{
  name=$1
  ran="$ran $name"
  shift
  if "$@" > "$dir/log" 2>&1 && ! test -s "$dir/log" ; then return ; fi
  echo "lint: $name:"
  cat "$dir/log"
  failed=1
}

analyzer ()
{
  for file in $sources $tested
  do gcc -std=c11 -O2 -fanalyzer -I. -c -o "$dir/analyzed.o" "$file" || return
  done
}

scan ()
{
  git ls-files | tar -c -T - | tar -x -C "$dir"
  (cd "$dir" && scan-build -o "$dir/reports" --status-bugs make -s libsocket.a examples > "$dir/scan" 2>&1) && return
  cat "$dir/scan"
  return 1
}

# it counts on standard error what it does not show
tidy ()
{
  clang-tidy --quiet $sources -- -std=c11 -I. 2> "$dir/tidy" || { cat "$dir/tidy" ; return 1 ; }
}

lint gcc-fanalyzer analyzer
lint scan-build scan
lint clang-tidy tidy
# cppcheck sees no MSG_FASTOPEN, and so a test that is always true; nor, in the examples, what skalibs fills
lint cppcheck cppcheck --quiet --std=c11 --enable=warning,style,performance,portability --error-exitcode=1 -I. \
  --suppress=knownConditionTrueFalse:libsocket_fastopensa.c $library
lint shellcheck shellcheck -x $scripts
lint mandoc mandoc -T lint -W warning man/[!l]*.[13]
# .Nd of the pages, \n before "in", iif of ip-rule, lates of network.awk, the connector's inflight
files=$(git ls-files)
lint codespell codespell --ignore-words-list=inflight,nd,nin,iif,lates $files

test -n "$failed" || echo "lint:$ran: nothing found"
test -z "$failed"
