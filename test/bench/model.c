/* ISC license. */

/*
   usage: model [hosts [seed]]
   Random hosts on a virtual clock: how long until one is connected, and how many SYNs leave. The connector is the library's; what it is built on is
   replaced here, and so are the kernel's answers about round-trip times. The peers' schedules that it cannot follow are simulated: one chain of attempts for
   each family, or one for all. Every schedule meets the same hosts and the same luck.
*/

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <linux/genetlink.h>
#include <linux/tcp_metrics.h>

#include "socket_connector.h"
#include "../primitives.h"
#include "../race.h"

REPLACE(send) REPLACE(recvfrom)

#define MAX 8
#define ROOM 32
#define DEADLINE (30 * 1000 * MS)
#define LOSS 0.01           /* of each SYN, and of each answer */
#define DEAD 0.03           /* of each address */
#define DEADFAMILY 0.01     /* of each family of a host */
#define KNOWN 0.5           /* of the hosts: connected to before */

struct place
{
  int is6, dead ;
  int64_t rtt ;
} ;

static struct host
{
  unsigned int n, number ;
  int known ;
  struct place place[MAX] ;
} *host ;

static unsigned int hosts ;
static uint64_t seed ;


 /* Chance: a number from 0 to 1 for each thing that may happen, the same whenever it is asked */

static double chance (uint64_t what, uint64_t a, uint64_t b, uint64_t c)
{
  uint64_t z = seed ;
  uint64_t const x[4] = { what, a, b, c } ;
  for (unsigned int i = 0 ; i < 4 ; i++)
  {
    z = (z ^ x[i]) * 0xbf58476d1ce4e5b9ULL + 0x9e3779b97f4a7c15ULL ;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL ;
    z ^= z >> 31 ;
  }
  return ((double)(z >> 11) + 0.5) / 9007199254740992.0 ;
}

/* log-normal: of 20, 19 would be between 5 and 400 ms, and the others are drawn again */

static int64_t roundtrip (unsigned int h, unsigned int i)
{
  for (unsigned int k = 0 ;; k += 2)
  {
    double normal = sqrt(-2 * log(chance(1, h, i, k))) * cos(2 * acos(-1) * chance(1, h, i, k + 1)) ;
    if (fabs(normal) < 2) return (int64_t)(exp((log(5) + log(400)) / 2 + normal * log(400.0 / 5) / 4) * 1e6) ;
  }
}

/* IPv6 first, as getaddrinfo sorts them */

static void make (struct host *x, unsigned int h, int together)
{
  unsigned int six ;
  x->number = h ;
  x->n = 1 + (unsigned int)(chance(2, h, 0, 0) * MAX) ;
  x->known = chance(3, h, 0, 0) < KNOWN ;
  six = (unsigned int)(chance(4, h, 0, 0) * (x->n + 1)) ;
  for (unsigned int i = 0 ; i < x->n ; i++)
  {
    struct place *p = x->place + i ;
    p->is6 = i < six ;
    p->rtt = roundtrip(h, together ? 0 : i) ;
    p->dead = chance(5, h, i, 0) < DEAD || chance(6, h, (uint64_t)p->is6, 0) < DEADFAMILY ;
  }
}

/* The kernel sends its k-th SYN so long after the first: 1 s, then twice as long each time. */

static int64_t again (unsigned int k)
{
  return ((INT64_C(1) << k) - 1) * 1000 * MS ;
}

/* So long after its first SYN an attempt is connected; try distinguishes attempts at the same address. */

static int64_t answer (struct host const *x, unsigned int i, unsigned int try)
{
  if (x->place[i].dead) return FOREVER ;
  for (unsigned int k = 0 ; k < 6 ; k++)
    if (chance(7, x->number, i, try * 16 + k) >= LOSS && chance(8, x->number, i, try * 16 + k) >= LOSS) return again(k) + x->place[i].rtt ;
  return FOREVER ;
}

/* SYNs of an attempt that is at work for so long */

static unsigned int syns (int64_t t)
{
  unsigned int k = 1 ;
  while (k < 6 && again(k) < t) k++ ;
  return k ;
}


 /* What the connector is built on */

static struct host const *now_host ;
static int64_t now ;
static struct { unsigned int i ; int64_t start, due ; } attempt[ROOM * 2] ;
static unsigned int attempts, tries[MAX] ;

static int create (int is6)
{
  (void)is6 ;
  return (int)attempts ;
}

static ssize_t connects (int s, struct start const *t)
{
  unsigned int i = (unsigned char)t->ip[0] ;
  int64_t due = answer(now_host, i, tries[i]++) ;
  attempt[s].i = i ;
  attempt[s].start = now ;
  attempt[s].due = due == FOREVER ? FOREVER : now + due ;
  attempts++ ;
  return (errno = EINPROGRESS, -1) ;
}

static int connected (int s)
{
  if (now >= attempt[s].due) return 1 ;
  return (errno = EINPROGRESS, 0) ;
}

/* generic netlink: the family's number, and then the round-trip time to an address */

static char reply[256] ;
static size_t replied ;

static void attribute (unsigned int type, void const *p, size_t len)
{
  struct nlattr a = { .nla_len = (uint16_t)(sizeof a + len), .nla_type = (uint16_t)type } ;
  memcpy(reply + replied, &a, sizeof a) ;
  if (p) memcpy(reply + replied + sizeof a, p, len) ;
  replied += sizeof a + (p ? (len + 3) / 4 * 4 : 0) ;
}

static void ask_kernel (char const *message)
{
  struct nlmsghdr head ;
  uint16_t family = 77 ;
  unsigned int i = (unsigned char)message[sizeof head + sizeof(struct genlmsghdr) + sizeof(struct nlattr)] ;
  memcpy(&head, message, sizeof head) ;
  replied = sizeof head + sizeof(struct genlmsghdr) ;
  if (head.nlmsg_type == GENL_ID_CTRL) attribute(CTRL_ATTR_FAMILY_ID, &family, sizeof family) ;
  else if (now_host->known)
  {
    uint32_t us8 = (uint32_t)(now_host->place[i].rtt / 125) ;
    attribute(TCP_METRICS_ATTR_VALS, 0, sizeof(struct nlattr) + sizeof us8) ;
    attribute(TCP_METRIC_RTT_US + 1, &us8, sizeof us8) ;
  }
  head.nlmsg_len = (uint32_t)replied ;
  memcpy(reply, &head, sizeof head) ;
}

static long hook (int call, long *a)
{
  switch (call)
  {
    case CALL_close : return 0 ;
    case CALL_socket : if (a[0] == AF_NETLINK) return ROOM * 2 ; break ;
    case CALL_send : ask_kernel((char const *)a[1]) ; return a[2] ;
    case CALL_recvfrom :
      memcpy((void *)a[1], reply, replied) ;
      memset((void *)a[4], 0, sizeof(struct sockaddr_storage) < *(socklen_t *)a[5] ? 0 : *(socklen_t *)a[5]) ;
      return (long)replied ;
    default : break ;
  }
  return (errno = ENOTSOCK, -1) ;
}


 /* The schedules */

static struct schedule
{
  char const *name ;
  int kind ;                /* 0 the connector's, 1 one chain for each family, 2 one for all, 3 the limit */
  unsigned int delay ;      /* of the connector; or of the second chain */
  int backoff ;
  int hedges, metrics ;
  int patience ;            /* of a chain with each address: 0 the kernel's, 1 half of what is left, 2 its part of that, 3 2 s and then 58 s */
  char const *of ;
  double mean[3], p50[3], p99[3], p999[3], sent[3], failed[3] ;
}
const schedules[] =
{
  { "limit", 3, 0, 0, 0, 0, 0, "the nearest address that answers, no loss", .mean = { 0 } },
  { "ours, bare", 0, 250, 0, 0, 0, 0, "250 ms", .mean = { 0 } },
  { "ours, hedges", 0, 250, 0, 1, 0, 0, "socket_candidate_hedge", .mean = { 0 } },
  { "ours, metrics", 0, 250, 0, 0, 1, 0, "socket_candidate_metrics", .mean = { 0 } },
  { "ours, both", 0, 250, 0, 1, 1, 0, "as README's program", .mean = { 0 } },
  { "200 ms", 0, 200, 0, 0, 0, 0, "address after address", .mean = { 0 } },
  { "300 ms", 0, 300, 0, 0, 0, 0, "address after address", .mean = { 0 } },
  { "ISC", 0, 500, -1, 0, 0, 0, "500/2^k ms", .mean = { 0 } },
  { "v3 draft", 0, 50, 1, 0, 0, 0, "50*2^k ms", .mean = { 0 } },
  { "curl", 1, 200, 0, 0, 0, 1, "a chain a family, 200 ms", .mean = { 0 } },
  { "Chromium", 1, 300, 0, 0, 0, 0, "a chain a family, 300 ms", .mean = { 0 } },
  { "Go", 1, 300, 0, 0, 0, 2, "a chain a family, 300 ms", .mean = { 0 } },
  { "loop", 2, 0, 0, 0, 0, 3, "2 s, then 58 s, an address", .mean = { 0 } },
  { "ours, both, 200 ms", 0, 200, 0, 1, 1, 0, "", .mean = { 0 } },
  { "ours, both, 150 ms", 0, 150, 0, 1, 1, 0, "", .mean = { 0 } },
  { "ours, both, 100 ms", 0, 100, 0, 1, 1, 0, "", .mean = { 0 } },
  { "ours, both, 50 ms", 0, 50, 0, 1, 1, 0, "", .mean = { 0 } },
  { "ours, both, 50*2^k", 0, 50, 1, 1, 1, 0, "", .mean = { 0 } },
} ;

#define SCHEDULES (sizeof schedules / sizeof *schedules)

static struct schedule result[SCHEDULES] ;

static void die (char const *what)
{
  fprintf(stderr, "model: %s\n", what) ;
  exit(111) ;
}

/* each returns when it is connected, DEADLINE if it is not, and sets the SYNs */

static int64_t connector (struct host const *x, struct schedule const *c, unsigned int *sent)
{
  socket_candidate candidate[ROOM] ;
  socket_connector s ;
  tain stamp = stamp_of(0), deadline = stamp_of(DEADLINE) ;
  unsigned int n = x->n ;
  int r ;
  now_host = x ;
  now = 0 ;
  attempts = 0 ;
  memset(tries, 0, sizeof tries) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    char ip[16] = { (char)i } ;
    if (x->place[i].is6) socket_candidate_ip6(candidate + i, ip, 80, 0) ;
    else socket_candidate_ip4(candidate + i, ip, 80) ;
  }
  if (c->metrics && socket_candidate_metrics(candidate, n) != (x->known ? (int)n : 0)) die("metrics") ;
  if (c->hedges) n = socket_candidate_hedge(candidate, n, ROOM) ;
  socket_connector_init(&s, candidate, n, &deadline) ;
  s.delay = c->delay ;
  s.backoff = c->backoff ;
  while (!(r = socket_connector_step(&s, &stamp)))
  {
    int64_t next ;
    tain t ;
    socket_connector_nextdeadline(&s, &t) ;
    next = time_of(&t) ;
    for (unsigned int i = 0 ; i < attempts ; i++) if (attempt[i].due < next) next = attempt[i].due ;
    now = next > now ? next : now ;
    stamp = stamp_of(now) ;
  }
  *sent = 0 ;
  for (unsigned int i = 0 ; i < attempts ; i++) *sent += syns(now - attempt[i].start) ;
  return r == 1 ? now : DEADLINE ;
}

/* One after the other, of the family is6, or all (2): fills from and to of each attempt, returns when it is connected. */

static int64_t chain (struct host const *x, int is6, int64_t start, int patience, int64_t *from, int64_t *to, unsigned int *n)
{
  int64_t t = start ;
  for (unsigned int round = 0 ; round < (patience == 3 ? 2 : 1) ; round++)
  {
    unsigned int left = 0 ;
    for (unsigned int i = 0 ; i < x->n ; i++) left += is6 == 2 || x->place[i].is6 == is6 ;
    for (unsigned int i = 0 ; i < x->n && t < DEADLINE ; i++)
    {
      int64_t due, most = DEADLINE - t ;
      if (is6 != 2 && x->place[i].is6 != is6) continue ;
      if (patience == 1 && left > 1) most /= 2 ;
      if (patience == 2 && most / left > 2000 * MS) most /= left ;
      else if (patience == 2 && most > 2000 * MS) most = 2000 * MS ;
      if (patience == 3) most = (round ? 58000 : 2000) * MS ;
      left-- ;
      due = answer(x, i, round) ;
      from[*n] = t ;
      t += due < most ? due : most ;
      to[(*n)++] = t ;
      if (due <= most) return t ;
    }
  }
  return FOREVER ;
}

static int64_t chains (struct host const *x, struct schedule const *c, unsigned int *sent)
{
  int64_t from[2 * MAX], to[2 * MAX], win, other = FOREVER ;
  unsigned int n = 0 ;
  if (c->kind == 2) win = chain(x, 2, 0, c->patience, from, to, &n) ;
  else
  {
    win = chain(x, x->place[0].is6, 0, c->patience, from, to, &n) ;
    if (win > c->delay * MS) other = chain(x, !x->place[0].is6, c->delay * MS, c->patience, from, to, &n) ;
  }
  if (other < win) win = other ;
  if (win > DEADLINE) win = DEADLINE ;
  *sent = 0 ;
  for (unsigned int i = 0 ; i < n ; i++) if (from[i] < win) *sent += syns((to[i] < win ? to[i] : win) - from[i]) ;
  return win ;
}

static int64_t limit (struct host const *x)
{
  int64_t best = DEADLINE ;
  for (unsigned int i = 0 ; i < x->n ; i++) if (!x->place[i].dead && x->place[i].rtt < best) best = x->place[i].rtt ;
  return best ;
}

static int less (void const *a, void const *b)
{
  int64_t x = *(int64_t const *)a, y = *(int64_t const *)b ;
  return (x > y) - (x < y) ;
}

/* of all hosts (0, and 2: together) or of those of one address (1) */

static void measure (struct schedule *c, int group)
{
  int64_t *took = malloc(hosts * sizeof *took), sum = 0 ;
  unsigned int n = 0 ;
  unsigned long total = 0, failed = 0 ;
  if (!took) die("malloc") ;
  for (unsigned int h = 0 ; h < hosts ; h++)
  {
    struct host const *x = host + h ;
    unsigned int sent = 1 ;
    if ((group == 1 && x->n > 1) || limit(x) == DEADLINE) continue ;
    took[n] = c->kind == 3 ? limit(x) : c->kind ? chains(x, c, &sent) : connector(x, c, &sent) ;
    sum += took[n] ;
    failed += took[n++] == DEADLINE ;
    total += sent ;
  }
  qsort(took, n, sizeof *took, &less) ;
  c->mean[group] = (double)sum / n / 1e6 ;
  c->p50[group] = (double)took[n / 2] / 1e6 ;
  c->p99[group] = (double)took[(unsigned int)(n * 0.99)] / 1e6 ;
  c->p999[group] = (double)took[(unsigned int)(n * 0.999)] / 1e6 ;
  c->sent[group] = (double)total / n ;
  c->failed[group] = 100.0 * (double)failed / n ;
  free(took) ;
}

static int is_ours (struct schedule const *c)
{
  return !strncmp(c->name, "ours", 4) ;
}

/* The best of the others in one column, and a line for each that is ahead of ours as README's program has it */

static void compare (char const *what, double const *(*column) (struct schedule const *), int g)
{
  struct schedule const *ours = result + 4, *best = 0 ;
  for (unsigned int i = 1 ; i < SCHEDULES ; i++)
    if (!is_ours(result + i) && (!best || column(result + i)[g] < column(best)[g])) best = result + i ;
  printf("summary: %s\tless\t%.2f\t%.2f\t%s (%.2f SYNs)\t%.2f\n", what, column(result)[g], column(ours)[g], best->name, best->sent[g], column(best)[g]) ;
  if (column(best)[g] < 0.99 * column(ours)[g]) printf("ahead: %s\t%s %.2f\n", what, best->name, column(best)[g]) ;
}

static double const *mean_of (struct schedule const *c) { return c->mean ; }
static double const *p50_of (struct schedule const *c) { return c->p50 ; }
static double const *p99_of (struct schedule const *c) { return c->p99 ; }
static double const *p999_of (struct schedule const *c) { return c->p999 ; }
static double const *sent_of (struct schedule const *c) { return c->sent ; }

static struct { char const *name ; double const *(*of) (struct schedule const *) ; } const columns[] =
  { { "mean", &mean_of }, { "p50", &p50_of }, { "p99", &p99_of }, { "p99.9", &p999_of } } ;

static char const *const group[3] = { "all hosts", "one address", "equally far" } ;

/* Schedules that beat ours in some column, with their price; and the cheapest of ours that is as good and costs no more. */

static void beaten (void)
{
  struct schedule const *ours = result + 4 ;
  int none = 1 ;
  printf("Schedules that beat ours, as README's program has it\n\n") ;
  for (int g = 0 ; g < 3 ; g++) for (unsigned int k = 0 ; k < 4 ; k++) for (unsigned int i = 1 ; i < SCHEDULES ; i++)
  {
    struct schedule const *x = result + i, *better = 0 ;
    double there = columns[k].of(x)[g], here = columns[k].of(ours)[g] ;
    if (is_ours(x) || there > 0.99 * here) continue ;
    for (unsigned int j = 1 ; j < SCHEDULES ; j++)
      if (is_ours(result + j) && result[j].sent[g] <= x->sent[g] && (!better || columns[k].of(result + j)[g] < columns[k].of(better)[g])) better = result + j ;
    none = 0 ;
    printf("%s, %s: %s %.1f ms at %.3f SYNs; ours %.1f at %.3f", group[g], columns[k].name, x->name, there, x->sent[g], here, ours->sent[g]) ;
    if (better) printf("; at that price \"%s\" has %.1f at %.3f", better->name, columns[k].of(better)[g], better->sent[g]) ;
    printf("\n") ;
  }
  if (none) printf("none\n") ;
}

int main (int argc, char **argv)
{
  unsigned int known = 0, dead = 0, used = 0 ;
  hosts = argc > 1 ? (unsigned int)strtoul(argv[1], 0, 10) : 100000 ;
  seed = argc > 2 ? strtoull(argv[2], 0, 10) : 20261126 ;
  host = malloc(hosts * sizeof *host) ;
  if (!host || !hosts) die("hosts") ;
  memcpy(result, schedules, sizeof result) ;
  for (int together = 1 ; together >= 0 ; together--)
  {
    for (unsigned int h = 0 ; h < hosts ; h++) make(host + h, h, together) ;
    for (unsigned int i = 0 ; i < SCHEDULES ; i++) for (int g = together ? 2 : 0 ; g < (together ? 3 : 2) ; g++) measure(result + i, g) ;
  }
  for (unsigned int h = 0 ; h < hosts ; h++)
  {
    used += limit(host + h) != DEADLINE ;
    known += (unsigned int)host[h].known ;
    for (unsigned int i = 0 ; i < host[h].n ; i++) dead += (unsigned int)host[h].place[i].dead ;
  }

  printf("%u hosts of 1 to %d addresses, of which %u answer; %u known, %u addresses dead; seed %llu.\n", hosts, MAX, used, known, dead, (unsigned long long)seed) ;
  printf("Round trips log-normal, 5 to 400 ms; each SYN and each answer lost with %g; an address dead with %g, a family of a host with %g.\n", LOSS, DEAD, DEADFAMILY) ;
  printf("The kernel repeats a SYN after 1, 3, 7... s. Hosts none of whose addresses answer are left out. ms; SYNs a connection; %% without one in 30 s.\n") ;
  printf("All hosts: each address is as far as it is; one address: those of one; equally far: all hosts, all addresses of a host as far as its first.\n\n") ;
  beaten() ;
  for (int g = 0 ; g < 3 ; g++)
  {
    printf("\n%-20s %8s %8s %8s %8s %8s %8s\n", group[g], "mean", "p50", "p99", "p99.9", "SYNs", "failed") ;
    for (unsigned int i = 0 ; i < SCHEDULES ; i++)
    {
      struct schedule const *c = result + i ;
      printf("%-20s %8.1f %8.1f %8.1f %8.1f %8.3f %8.2f  %s\n", c->name, c->mean[g], c->p50[g], c->p99[g], c->p999[g], c->sent[g], c->failed[g], c->of) ;
    }
  }
  printf("\n") ;
  printf("section: 100,000 random hosts, ms (model.c)\n") ;
  for (int g = 0 ; g < 2 ; g++) for (unsigned int k = 0 ; k < 4 ; k++) if (g ? k == 2 : k != 1)
  {
    char what[64] ;
    snprintf(what, sizeof what, "%s, %s", group[g], columns[k].name) ;
    compare(what, columns[k].of, g) ;
  }
  compare("SYNs a connection, all hosts", &sent_of, 0) ;
  return 0 ;
}
