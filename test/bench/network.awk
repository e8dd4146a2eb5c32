# ISC license.
# Makes the tables of test/bench/network.sh from its peers, its rows, wan's logs, the peers' results, and notes.

BEGIN { FS = "\t" }

FILENAME ~ /peers$/ { label[peers = $1] = $2 ; column[$2] = $1 ; foreign[$1] = $3 !~ /_(raw|ours)\./ && $2 != "tcpconnect" ; next }
FILENAME ~ /tsv$/ { if ($0 != "" && !/^#/) read_row() ; next }
FILENAME ~ /notes$/ { print ; next }

function read_row (    i, n, x)
{
  row[++rows] = $1 ; options[rows] = " " $2 " " ; best[rows] = $4 ; shown[rows] = " " $5 " "
  addresses[rows] = $3 == "-" ? 0 : split($3, x, " ")
  orders[rows] = $3 ~ /4:/ && $3 ~ /6:/ && $3 !~ /lo[46]:/ && $2 !~ /A=/ ? 2 : 1
  named[rows] = options[rows] ~ / ours=/ ? substr(options[rows], index(options[rows], "ours=") + 5) : "ours"
  sub(/ .*/, "", named[rows])
  answers[rows] = best[rows] ~ /^[0-9]+(,[0-9]+)*$/
}

# of an address: its race, and which it is

function place (ip,    x, n)
{
  n = split(ip, x, /[.:]+/)
  which = ip == "127.0.0.1" ? 1 : ip == "::1" ? 0 : substr(x[n], 2) - 1
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
  s = y[2] ; p = y[3] ; o = int((y[4] - 1) / runs) + 1
  text = x[4]
  for (i = 5 ; i <= n ; i++) text = text " " x[i]
  gsub(x[1], "name", text)
  gsub(/\('[^)]*\)/, "(...)", text)
  ms[s, p, o, ++ended[s, p, o]] = x[3]
  if (x[2] == "-") told[s, p] = text
  else
  {
    won[s, p]++
    if (text != "") packets[race] = text
    place(x[2])
    if (answers[s] && index("," best[s] ",", "," which ",")) right[s, p]++
  }
  if (!answers[s] && x[2] == "-" && tolower(text) ~ best[s] && syns[race] + 0 >= addresses[s]) right[s, p]++
}

function sort (x, n,    i, j, t)
{
  for (i = 2 ; i <= n ; i++)
    for (j = i ; j > 1 && x[j] + 0 < x[j - 1] + 0 ; j--) { t = x[j] ; x[j] = x[j - 1] ; x[j - 1] = t }
}

# A peer is correct if it connected each time, where a server has to speak to one that does, or failed as it should.

function measure (s, p,    x, i, o, all, n)
{
  for (o = 1 ; o <= orders[s] ; o++)
  {
    n = ended[s, p, o]
    for (i = 1 ; i <= n ; i++) x[i] = ms[s, p, o, i]
    sort(x, n)
    all += n
    low[s, p] += x[1] / orders[s] ; high[s, p] += x[n] / orders[s]
    middle[s, p, o] = x[int((n + 1) / 2)]
    median[s, p] += middle[s, p, o] / orders[s]
  }
  n = runs * orders[s]
  sent[s, p] = 0
  for (i = 1 ; i <= n ; i++)
  {
    x[i] = ((s, p, i) in packets) ? packets[s, p, i] : syns[s, p, i] + 0
    sent[s, p] += x[i] / n
  }
  sort(x, n)
  if (x[1] ~ /\+/) sent[s, p] = x[int((n + 1) / 2)]
  complete[s, p] = all == n
  takes[s, p] = all > 0
  ok[s, p] = all == n && (answers[s] && options[s] !~ / greet / ? won[s, p] == n : right[s, p] == n)
  mark[s, p] = all < n ? "+" : answers[s] && won[s, p] < n ? "-" : right[s, p] == n ? " " : answers[s] ? "*" : "!"
}

function limit (s)
{
  if (options[s] ~ / limit=/) return substr(options[s], index(options[s], "limit=") + 6) + 0
  return complete[s, 1] ? median[s, 1] : 0
}

function head (what,    p)
{
  printf "\n%s\n\n%-36s", what, ""
  for (p = 1 ; p <= peers ; p++) printf "%11s", label[p] " "
  print ""
}

function cell (kind, s, p)
{
  if (!takes[s, p]) return ""
  if (kind == "packets") return (sent[s, p] ~ /\+/ ? sent[s, p] : sprintf("%.4g", sent[s, p])) " "
  if (!complete[s, p]) return kind == "ratio" ? "+" : " "
  if (kind == "ms") return number(median[s, p]) mark[s, p]
  if (kind == "spread") return sprintf("%.1f ", high[s, p] - low[s, p])
  if (kind == 1 || kind == 2) return sprintf("%.1f ", middle[s, p, kind])
  return limit(s) ? sprintf("%.2f%s", median[s, p] / limit(s), mark[s, p]) : " "
}

function matrix (kind, what,    s, p)
{
  head(what)
  for (s = 1 ; s <= rows ; s++)
  {
    if (kind == 2 && orders[s] < 2) continue
    printf "%-36s", row[s]
    for (p = 1 ; p <= peers ; p++) printf "%11s", cell(kind, s, p)
    print ""
  }
}

function count (s, p,    x, n)
{
  n = split(sent[s, p], x, "+")
  return n == 2 ? x[1] + x[2] : sent[s, p] + 0
}

# A peer is ahead where its runs were faster than ours, by two in a hundred in the median, or where it sent less and was not slower.

function better (kind, s, p, ours)
{
  if (kind == "ms") return high[s, p] < low[s, ours] && median[s, p] < 0.98 * median[s, ours]
  return count(s, p) < count(s, ours) && low[s, p] <= high[s, ours]
}

function number (x)
{
  return sprintf(x < 10 ? "%.2f" : "%.1f", x)
}

function shows (kind, s)
{
  return shown[s] ~ (kind == "ms" ? " ms " : " (syns|packets) ")
}

function value (kind, s, p)
{
  return kind == "ms" ? number(median[s, p]) : sprintf("%.4g", count(s, p))
}

function summary (kind, s,    p, ours, first, line, what)
{
  ours = column[named[s]]
  what = (kind == "ms" ? "" : counted ": ") row[s]
  for (p = 1 ; p <= peers ; p++) if (foreign[p] && ok[s, p])
  {
    if (!first || (kind == "ms" ? median[s, p] < median[s, first] : count(s, p) < count(s, first))) first = p
    if (better(kind, s, p, ours)) line = line (line ? ", " : "") label[p] " " value(kind, s, p)
  }
  if (shows(kind, s))
    printf "summary: %s\tless\t%s\t%s\t%s\t%s\n", what, kind == "ms" ? number(limit(s)) : value(kind, s, 1), ok[s, ours] ? value(kind, s, ours) : "failed",
      first ? label[first] : "none", first ? value(kind, s, first) : ""
  if (line && (kind == "ms" ? answers[s] : shows(kind, s))) printf "ahead: %s\t%s\n", what, line
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
      printf "%-36s%s (%s)\n", row[s], told[s, p], who
    }
}

END {
  title = table == "connect" ? "time to connect" : "time to the answer"
  counted = table == "connect" ? "SYNs" : "packets"
  for (s = 1 ; s <= rows ; s++) for (p = 1 ; p <= peers ; p++) measure(s, p)
  sort(late, lates)
  printf "The wire was late by %.2f ms in the median, by %.2f at most.\n", late[int((lates + 1) / 2)], latest
  print "Marks: * another address than the best, - failed though one answers, ! wrong, or not all were tried, + no end in 10 s."
  matrix("ratio", "Ratio to raw, " title (table == "connect" ? ", mean of both orders" : ""))
  matrix("ms", "ms, " (table == "connect" ? "mean of both orders, median of " runs " in each" : "median of " runs))
  if (table == "connect")
  {
    matrix(1, "ms, as in connect.tsv")
    matrix(2, "ms, families exchanged")
  }
  matrix("spread", "ms, from the least to the most")
  matrix("packets", table == "connect" ? "SYNs sent, mean" : "Packets sent+received by then, median")
  tell()
  print ""
  print "section: " (table == "connect" ? "ms to connect, mean of both orders of families (connect.tsv)" : "fast open, ms to the answer (fastopen.tsv)")
  for (s = 1 ; s <= rows ; s++) summary("ms", s)
  for (s = 1 ; s <= rows ; s++) summary("syns", s)
}
