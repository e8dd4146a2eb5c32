# ISC license.
# For the scripts beside it, which read it in: makes $dir for them, builds fill and each peer's operations in it, and names those peers in $peers.
# A peer that cannot be built here is left out, with a line that says so.

LC_ALL=C
export LC_ALL
: "${COMPILE=cc -std=c11 -O2}" "${LINK=libsocket.a -lskarnet}"

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM

peers=

peer ()
{
  name=$1 source=$2
  shift 2
  if $COMPILE -o "$dir/$name" "test/bench/$source" "$@" > "$dir/log" 2>&1
  then peers="$peers $name"
  else echo "left out: $name: $(grep -m 1 -i -e error -e 'not ' "$dir/log")" >> "$dir/notes"
  fi
}

# Lines of tab-separated cells become columns: text at the left, numbers at the right.

table ()
{
  awk -F '\t' '
    { for (i = 1 ; i <= NF ; i++) { cell[NR, i] = $i ; if (length($i) > width[i]) width[i] = length($i) ; if (NR > 1 && $i !~ /^[-0-9. +]*$/) text[i] = 1 } if (NF > n) n = NF }
    END {
      for (r = 1 ; r <= NR ; r++)
      {
        line = ""
        for (i = 1 ; i <= n ; i++) line = line sprintf(text[i] ? "%-" width[i] "s  " : "%" width[i] "s  ", cell[r, i])
        sub(/ +$/, "", line)
        print line
      }
    }'
}

touch "$dir/notes"
