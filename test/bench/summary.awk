# ISC license.
# Makes the table of BENCH.md, and its footnotes, from reasons.tsv and the lines that run.sh describes.
# A row in which a peer is ahead has the letter of the reason; those that are no rows are listed there too.

BEGIN { FS = "\t" }

FILENAME ~ /reasons\.tsv$/ { if (NF == 2 && !/^#/) { pattern[++reasons] = $1 ; why[reasons] = $2 } ; next }
sub(/^section: /, "") { section[rows + 1] = $1 ; next }
sub(/^summary: /, "") {
  quantity[++rows] = $1 ; better[rows] = $2 ; limit[rows] = $3 ; ours[rows] = $4 ; peer[rows] = $5 ; figure[rows] = $6
  if (length($1) > width) width = length($1)
  next
}
sub(/^ahead: /, "") { note($1, $2) }

function note (q, peers)
{
  if (!(q in who)) order[++n] = q
  who[q] = peers
}

# the number of the reason of a quantity: a row's own before the pattern of many

function reason (q,    i)
{
  for (i = 1 ; i <= reasons ; i++) if (pattern[i] == q) return i
  for (i = 1 ; i <= reasons ; i++) if (q ~ "^(" pattern[i] ")$") return i
  return 0
}

function letter (i)
{
  if (!(i in letters)) { letters[i] = substr("abcdefghijklmnopqrstuvwxyz", ++used, 1) ; at[used] = i }
  return letters[i]
}

function ratio (r)
{
  if (figure[r] !~ /^[0-9.]+$/ || ours[r] !~ /^[0-9.]+$/) return "-"
  if (figure[r] + 0 == ours[r] + 0) return 1
  if (better[r] == "less") return ours[r] + 0 ? figure[r] / ours[r] : "-"
  return figure[r] + 0 ? ours[r] / figure[r] : "-"
}

# words, in lines of at most 160 columns, all but the first indented

function fill (text,    x, k, i, line)
{
  k = split(text, x, " ")
  for (i = 1 ; i <= k ; i++)
    if (length(line) + length(x[i]) > 155) { print "    " line ; line = "   " x[i] }
    else line = line (line == "" ? "" : i == 2 ? "  " : " ") x[i]
  print "    " line
}

END {
  for (r = 1 ; r <= rows ; r++)
  {
    row[quantity[r]] = 1
    mark[r] = quantity[r] in who ? letter(reason(quantity[r])) : " "
  }
  shown = used
  for (i = 1 ; i <= n ; i++)
  {
    k = reason(order[i])
    letter(k)
    if (order[i] in row) continue
    gsub(/ [0-9.]+/, "", who[order[i]])
    where[k] = where[k] (where[k] == "" ? "" : "; ") order[i] " (" who[order[i]] ")"
  }
  printf "    %-7s %-" width "s %9s %9s  %s\n", "ratio", "", "limit", "ours", "the best peer that is correct"
  for (r = 1 ; r <= rows ; r++)
  {
    if (r in section) printf "    %s\n", section[r]
    x = ratio(r)
    printf "    %5s %s %-" width "s %9s %9s  %s\n", x == "-" ? x : sprintf("%.2f", x), mark[r], quantity[r], limit[r], ours[r], peer[r] (figure[r] == "" ? "" : " ") figure[r]
  }
  print "\nratio: how many times better ours is; under 1 without a letter: within the spread of the runs. Where a peer is ahead, and why (whole tables: test/bench/results):\n"
  for (i = 1 ; i <= used ; i++)
    fill(letters[at[i]] " " (at[i] ? why[at[i]] : "NO REASON GIVEN") (where[at[i]] == "" ? "" : (i > shown ? " Only: " : " Also: ") where[at[i]]))
  if (!used) print "    nowhere"
}
