#!/bin/sh
# ISC license.
# usage: run command...
# Runs each command, which prints a table under a line that begins with ##, and writes them to BENCH.md. Lines that
# begin with "ahead: " tell where a peer is better: they come first. PACKAGES are those whose versions matter.

LC_ALL=C
export LC_ALL

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

about ()
{
  echo '# Benchmarks'
  echo
  echo 'Written by `make bench`; `make deps-bench` installs the peers.'
  echo
  echo "    date    $(date -u '+%Y-%m-%d %H:%M UTC')"
  echo "    kernel  $(uname -srm)"
  echo "    cpu     $(nproc) of$(sed -n '/^model name/{s/.*://p;q;}' /proc/cpuinfo)"
  echo "    load    $(cut -d ' ' -f 1-3 /proc/loadavg) before"
  echo "    source  $(git describe --always --dirty 2>/dev/null)"
  echo "    with    $(${CC:-cc} --version | sed q)"
  dpkg-query -W -f '            ${Package} ${Version}\n' $PACKAGES 2>/dev/null
}

about > "$dir/head"
status=0
for command
do
  echo "$command" >&2
  $command > "$dir/table" 2> "$dir/errors" || { status=$? ; echo "note: exit $status" >> "$dir/table" ; }
  test -s "$dir/errors" && sed 's/^/note: /' "$dir/errors" >> "$dir/table"
  grep '^ahead: ' "$dir/table" >> "$dir/ahead"
  {
    echo
    grep -q '^## ' "$dir/table" || printf '## %s\n\n' "$command"
    sed -e '/^ahead: /d' -e 's/ *$//' -e '/^## /!s/^./    &/' -e "/^## /a\\
\\
    \$ $command" "$dir/table"
  } >> "$dir/tables"
done

{
  cat "$dir/head"
  printf '\n## Where a peer is ahead\n\n'
  if test -s "$dir/ahead" ; then sed 's/^ahead: /- /' "$dir/ahead" ; else echo 'Nowhere.' ; fi
  cat "$dir/tables"
} > BENCH.md
cat BENCH.md
exit $status
