# ISC license.
# Of lines with operation, peer, ns and ns of processor time of raw, and the two of the peer: the table, and in the file ahead who is better.

function sorted (n,    i, j, t)  # x[1] to x[n]
{
  for (i = 2 ; i <= n ; i++)
    for (j = i ; j > 1 && x[j] < x[j - 1] ; j--) { t = x[j] ; x[j] = x[j - 1] ; x[j - 1] = t }
}
function quartile (n, q) { return x[int((n - 1) * q / 4 + 0.5) + 1] }
function ratios (key, what,    i)
{
  for (i = 1 ; i <= count[key] ; i++) x[i] = value[key, what, i]
  sorted(count[key])
  return quartile(count[key], 2)
}
{
  key = $1 "\t" $2
  if (!count[key]++) order[++keys] = key
  value[key, "wall", count[key]] = $3 / $5
  value[key, "cpu", count[key]] = $4 / $6
  value[key, "raw", count[key]] = 1e9 / $3
  value[key, "peer", count[key]] = 1e9 / $5
}
END {
  print "operation", "peer", "of raw", "quartiles", "by CPU time", "quartiles", "a second", "raw"
  for (k = 1 ; k <= keys ; k++)
  {
    key = order[k]
    n = count[key]
    split(key, name, "\t")
    if (k > 1 && name[1] != last) print ""
    last = name[1]
    a = ratios(key, "wall") ; low = quartile(n, 1) ; high = quartile(n, 3)
    b = ratios(key, "cpu")
    if (name[2] == "libsocket") { ours[name[1]] = b ; most[name[1]] = quartile(n, 3) }  # before x has others
    printf "%s\t%s\t%.3f\t%.3f to %.3f\t%.3f\t%.3f to %.3f\t%.0f\t%.0f\n", name[1], name[2], a, low, high, b, quartile(n, 1), quartile(n, 3), ratios(key, "peer"), ratios(key, "raw")
    ratio[key] = b
  }
  print "section: a second on loopback, of what raw system calls do, by CPU time (throughput.sh)" > ahead
  for (k = 1 ; k <= keys ; k++)
  {
    split(order[k], name, "\t")
    o = name[1]
    if (name[2] == "libsocket") { operation[++operations] = o ; continue }
    b = ratio[order[k]]
    if (!(o in best) || b > best[o]) { best[o] = b ; peer[o] = name[2] }
    if (b > most[o]) list[o] = list[o] (list[o] == "" ? "" : ", ") sprintf("%s %.3f", name[2], b)
  }
  for (k = 1 ; k <= operations ; k++)
  {
    o = operation[k]
    printf "summary: %ss\tmore\t1\t%.3f\t%s\t%.3f\n", o, ours[o], peer[o], best[o] > ahead
    if (list[o] != "") printf "ahead: %ss\t%s\n", o, list[o] > ahead
  }
}
