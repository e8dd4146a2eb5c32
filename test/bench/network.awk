# ISC license.
# Makes the tables of test/bench/network.sh from its peers, its rows, wan's logs, the peers' results, and notes.

BEGIN { FS = "\t" }

FILENAME ~ /peers$/ { label[peers = $1] = $2 ; foreign[$1] = $3 !~ /_(raw|ours)\./ ; next }
FILENAME ~ /tsv$/ { if ($0 != "" && !/^#/) { row[++rows] = $1 ; best[rows] = $4 ; addresses[rows] = split($3, x, " ") } ; next }
FILENAME ~ /notes$/ { print ; next }

# of an address: its race, and which it is

function place (ip,    x, n)
{
  n = split(ip, x, /[.:]+/)
  which = substr(x[n], 2) - 1
  return x[n - 2] SUBSEP x[n - 1] SUBSEP substr(x[n], 1, 1)
}

FILENAME ~ /logs$/ {
  split($0, x, " ")
  if (x[2] == "syn") syns[place(x[3])]++
  if (x[2] == "late") { late[++lates] = x[3] ; if (x[4] > latest) latest = x[4] }
  next
}

{
  n = split($0, x, " ")
  if (!match(x[1], /^s[0-9]+p[0-9]+r[0-9]+$/)) { if (!noted[$0]++) print "note: " $0 ; next }
  split(x[1], y, /[spr]/)
  race = y[2] SUBSEP y[3] SUBSEP y[4]
  s = y[2] ; p = y[3]
  text = x[4]
  for (i = 5 ; i <= n ; i++) text = text " " x[i]
  gsub(x[1], "name", text)
  gsub(/\('[^)]*\)/, "(...)", text)
  ended[s, p]++
  ms[s, p, ended[s, p]] = x[3]
  if (x[2] == "-") told[s, p] = text
  else
  {
    won[s, p]++
    if (text != "") packets[race] = text
    place(x[2])
  }
  if (best[s] ~ /^[0-9]+$/ ? x[2] != "-" && which == best[s] : x[2] == "-" && tolower(text) ~ best[s] && syns[race] >= addresses[s]) right[s, p]++
}

function sort (x, n,    i, j, t)
{
  for (i = 2 ; i <= n ; i++)
    for (j = i ; j > 1 && x[j] + 0 < x[j - 1] + 0 ; j--) { t = x[j] ; x[j] = x[j - 1] ; x[j - 1] = t }
}

function measure (s, p,    x, i)
{
  for (i = 1 ; i <= ended[s, p] ; i++) x[i] = ms[s, p, i]
  sort(x, ended[s, p])
  low[s, p] = x[1] ; median[s, p] = x[int((runs + 1) / 2)] ; high[s, p] = x[ended[s, p]]
  for (i = 1 ; i <= runs ; i++) x[i] = ((s, p, i) in packets) ? packets[s, p, i] : syns[s, p, i] + 0
  sort(x, runs)
  sent[s, p] = x[int((runs + 1) / 2)]
  ok[s, p] = ended[s, p] == runs && right[s, p] == runs
  answers[s] = best[s] ~ /^[0-9]+$/
  mark[s, p] = ended[s, p] < runs ? "+" : answers[s] && won[s, p] < runs ? "-" : ok[s, p] ? " " : answers[s] ? "*" : "!"
}

function head (what,    p)
{
  printf "\n%s\n\n%-30s", what, ""
  for (p = 1 ; p <= peers ; p++) printf "%10s", label[p] " "
  print ""
}

function cell (kind, s, p)
{
  if (ended[s, p] < runs && kind != "packets") return kind == "ratio" ? "+" : " "
  if (kind == "packets") return sent[s, p] " "
  if (kind == "ms") return sprintf("%.1f%s", median[s, p], mark[s, p])
  if (kind == "spread") return sprintf("%.1f ", high[s, p] - low[s, p])
  return ended[s, 1] == runs ? sprintf("%.2f%s", median[s, p] / median[s, 1], mark[s, p]) : " "
}

function matrix (kind, what,    s, p)
{
  head(what)
  for (s = 1 ; s <= rows ; s++)
  {
    printf "%-30s", row[s]
    for (p = 1 ; p <= peers ; p++) printf "%10s", cell(kind, s, p)
    print ""
  }
}

# A peer is ahead where each of its runs was faster than each of ours, by one in a hundred in the median, or where it sent less and was not slower.

function count (s, p,    x, n)
{
  n = split(sent[s, p], x, "+")
  return n == 2 ? x[1] + x[2] : sent[s, p] + 0
}

function ahead (kind,    s, p, line)
{
  for (p = 1 ; p <= peers ; p++) if (foreign[p])
  {
    line = ""
    for (s = 1 ; s <= rows ; s++)
      if (ok[s, p] && best[s] !~ /^tim/)
        if (kind == "ms" ? high[s, p] < low[s, ours] && median[s, p] < 0.99 * median[s, ours] : count(s, p) < count(s, ours) && low[s, p] <= high[s, ours])
          line = line (line ? "; " : "") sprintf("%.2f ", kind == "ms" ? median[s, p] / median[s, ours] : count(s, p) / count(s, ours)) row[s]
    if (line) print "ahead: " (kind == "ms" ? title : counted) ", " label[p] " to ours: " line
  }
}

function tell (    s, p, q, who, said)
{
  for (s = 1 ; s <= rows ; s++)
    for (p = 1 ; p <= peers ; p++)
    {
      if (!((s, p) in told) || told[s, p] == "") continue
      who = label[p]
      for (q = p + 1 ; q <= peers ; q++) if (told[s, q] == told[s, p]) { who = who ", " label[q] ; told[s, q] = "" }
      if (!said++) print "\nTold\n"
      printf "%-30s%s (%s)\n", row[s], told[s, p], who
    }
}

END {
  title = table == "connect" ? "time to connect" : "time to the answer"
  counted = table == "connect" ? "SYNs" : "packets"
  for (p = 1 ; p <= peers ; p++) if (label[p] == "ours") ours = p
  for (s = 1 ; s <= rows ; s++) for (p = 1 ; p <= peers ; p++) measure(s, p)
  sort(late, lates)
  ahead("ms")
  ahead("packets")
  printf "The wire was late by %.2f ms in the median, by %.2f at most.\n", late[int((lates + 1) / 2)], latest
  print "Marks: * another address than the best, - failed though one answers, ! wrong, or not all were tried, + no end in 10 s."
  matrix("ratio", "Ratio to raw, " title)
  matrix("ms", "ms, median of " runs)
  matrix("spread", "ms, from the least to the most of " runs)
  matrix("packets", table == "connect" ? "SYNs sent, median" : "Packets sent+received by then, median")
  tell()
}
