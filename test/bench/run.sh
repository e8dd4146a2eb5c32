#!/bin/sh
# ISC license.
# usage: run [command...]; without commands, BENCH.md is made from what is in results
# Runs each command and writes what it prints to a file of test/bench/results, and what matters most to BENCH.md (summary.awk).
# Fields are separated by tabs. Of the lines of a command
#   section: title                                        begins a group of
#   summary: quantity less|more limit ours peer figure    rows; less is better, or more; the best of the peers that are correct
#   ahead: quantity peers                                 names peers that are ahead there
# go to BENCH.md. reasons.tsv has the reason for each such quantity. PACKAGES are those whose versions matter.

LC_ALL=C
export LC_ALL

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
here=test/bench

machine ()
{
  printf '%s, %s CPUs%s, %s, source %s\n' "$(date -u '+%Y-%m-%d %H:%M UTC')" "$(nproc)" "$(sed -n '/^model name/{s/.*://p;q;}' /proc/cpuinfo)" \
    "$(uname -srm)" "$(git describe --always --dirty 2>/dev/null)"
  printf 'load %s before; %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)" "$(${CC:-cc} --version | sed q)"
}

mkdir -p $here/results
if test $# -gt 0
then
  {
    machine
    # shellcheck disable=SC2086 # a list of names
    dpkg-query -W -f '${Package} ${Version}\n' $PACKAGES 2>/dev/null
  } > $here/results/machine.txt
  : > $here/results/lines.txt
fi

status=0
began=$(date +%s)
for command
do
  name=${command##*[/ ]}
  name=${name%.sh}
  case $name in -*) name=${command%% *} name=${name##*/} ;; esac
  echo "$command" >&2
  $command > "$dir/table" 2> "$dir/errors" || { status=$? ; echo "note: exit $status" >> "$dir/table" ; }
  sed 's/^/note: /' "$dir/errors" >> "$dir/table"
  grep -E '^(section|summary|ahead): ' "$dir/table" >> $here/results/lines.txt
  { echo "\$ $command" ; echo ; grep -v -E '^(section|summary): ' "$dir/table" | sed 's/ *$//' ; } > "$here/results/$name.txt"
done
test $# -eq 0 || echo "took: $((($(date +%s) - began + 59) / 60)) minutes" >> $here/results/lines.txt

{
  echo '# Benchmarks'
  echo
  sed -n -e '1s/^/    /p' -e "2s/.*/    &; make deps-bench bench, $(sed -n 's/^took: //p' $here/results/lines.txt)/p" $here/results/machine.txt
  echo
  awk -f $here/summary.awk $here/reasons.tsv $here/results/lines.txt
} > BENCH.md
cat BENCH.md
test "$(wc -l < BENCH.md)" -le 60 || echo 'BENCH.md is longer than a screen' >&2
exit $status
