/* ISC license. */

/*
   The connector on a virtual clock, in every way that it can go within bounds. What it is built on is
   replaced here, and answers each call in every way; each step comes at every time that matters: at
   the same stamp again, just before, at and just after the end of the 10 ms, the next start and the
   deadline, and long after. So every outcome, time and order of up to four attempts is seen, and
   everything that may have come between two steps. A state is gone on from once: its times are taken relative to the clock.

   This is no model: nothing here foresees what the connector does. What it did is written down, and
   the rules are asserted one by one over that after each step; a message begins with the rule's number.
   Arguments: full, for larger bounds; the name of a row, for that one alone.
*/

#include "test.h"
#include <setjmp.h>
#include <stddef.h>
#include "socket_connector.h"
#include "primitives.h"
#include "race.h"

#define MAX 4
#define ERRNO EMFILE        /* errno before each call: not what a call says */
#define TABLE (1U << 21)
#define STOPS (-1)          /* in place of an errno: setup, or ready, stops the race */

static struct profile { unsigned int delay ; int backoff ; unsigned int own[MAX] ; } const profiles[] =
{
  { 20, 0, { 0 } }, { 20, 1, { 0 } }, { 20, -1, { 0 } }, { 40, -1, { 0 } },
  { 0, 0, { 0 } }, { 9, 1, { 0 } }, { 11, 0, { 0 } }, { 500, -1, { 0 } }, { 900, 1, { 0 } }, { 3000, 1, { 0 } },
  { 20, 64, { 0 } }, { 20, 0, { 5, 30, 0, 12 } }, { 15, 1, { 0, 2500, 7, 0 } }, { 250, -2, { 35, 0, 0, 90 } }
} ;

static int64_t const deadlines[] = { FOREVER, -5, 0, 5, 10, 20, 45, 700 } ;

/* what comes of a start: where it is said, and what; what an attempt in flight says */

enum where { CREATE, SETUP, CONNECT } ;

static struct call { enum where where ; int error ; } const calls[] =
{
  { CONNECT, EINPROGRESS }, { CONNECT, 0 }, { CREATE, EMFILE }, { CONNECT, ENETUNREACH }, { CONNECT, ECONNREFUSED },
  { CREATE, EAFNOSUPPORT }, { CONNECT, EACCES }, { CONNECT, ENOBUFS }, { SETUP, EADDRNOTAVAIL }, { SETUP, ENOMEM },
  { CREATE, ENFILE }, { CONNECT, EHOSTUNREACH }, { CONNECT, ECONNRESET }, { SETUP, STOPS }, { CONNECT, EADDRNOTAVAIL }, { CONNECT, EINVAL },
  { CONNECT, EPIPE }
} ;

static int const answers[] = { EINPROGRESS, 0, ECONNREFUSED, EHOSTUNREACH, ENOBUFS, ECONNRESET, ETIMEDOUT, EPIPE, EINVAL } ;
static int const verdicts[] = { EINPROGRESS, 0, ECONNRESET, ENETUNREACH, STOPS, EPIPE } ;

/* Bounds: bits choose from the lists above and from settings, the lowest the first; no bits, the first alone. All that a row has are combined. */

enum data { NODATA, FIRST, EVERYWHERE, EMPTY } ;

struct row
{
  char const *name, *varies ;
  unsigned int least, most ;    /* candidates */
  unsigned int families ;       /* 0: all IPv4, 1: every pattern */
  unsigned int order ;          /* alternating, inorder */
  unsigned int profiles, deadlines, calls, answers, data ;
  unsigned int verdicts ;       /* of ready: 0 without */
  unsigned int addresses ;      /* 1: each its own, 2: every pattern of others' addresses and hedges */
  unsigned int itself ;          /* 2: a connection may be one to itself */
  unsigned int setup, expecting ;   /* without, with */
  unsigned int grain ;          /* just before and just after are 1 ns, 1 ms */
  unsigned int waits ;          /* by socket_connector_wait */
} ;

static struct row const quick[] =
{
  { .name = "order", .varies = "the families and their order", .most = 4, .families = 1, .order = 3, .deadlines = 0x41, .calls = 0x9, .answers = 0x5 },
  { .name = "times", .varies = "delays, backoff and the deadline", .least = 1, .most = 4, .profiles = 0x3fff, .deadlines = 0xff, .answers = 0x7 },
  { .name = "errors", .varies = "what fails, and where", .most = 3, .deadlines = 0x21, .calls = 0x1dfff, .answers = 0x1ff, .setup = 2 },
  { .name = "hedges", .varies = "which addresses are the same", .least = 2, .most = 3, .families = 1, .deadlines = 0x1, .calls = 0x9, .answers = 0x7, .addresses = 2 },
  { .name = "late hedges", .varies = "which addresses are the same, and when they come", .least = 2, .most = 2, .families = 1, .deadlines = 0x41, .calls = 0xd, .answers = 0x7, .addresses = 2, .expecting = 2 },
  { .name = "more hedges", .varies = "which of four addresses are the same", .least = 4, .most = 4, .deadlines = 0x1, .calls = 0x9, .answers = 0x5, .addresses = 2 },
  { .name = "ready", .varies = "what ready makes of an attempt", .least = 1, .most = 3, .deadlines = 0x65, .calls = 0xb, .answers = 0x7, .verdicts = 0xf, .itself = 2, .expecting = 3 },
  { .name = "ranks", .varies = "how ready rejects, and what has failed before", .least = 2, .most = 2, .families = 1, .calls = 0x1d829, .answers = 0x183, .verdicts = 0x2f, .itself = 2 },
  { .name = "stops", .varies = "who stops the race from inside", .least = 1, .most = 3, .deadlines = 0x41, .calls = 0x2003, .answers = 0x7, .verdicts = 0x15, .setup = 2, .expecting = 1 },
  { .name = "scarce", .varies = "when descriptors run out", .least = 1, .most = 4, .profiles = 0x3, .deadlines = 0x41, .calls = 0x85, .answers = 0x5 },
  { .name = "data", .varies = "what fast open sends, and where", .most = 3, .families = 1, .calls = 0x27, .answers = 0x7, .data = 15 },
  { .name = "expecting", .varies = "when candidates come", .most = 3, .families = 1, .deadlines = 0x41, .calls = 0xd, .answers = 0x7, .expecting = 2 },
  { .name = "wait", .varies = "how socket_connector_wait ends", .most = 3, .deadlines = 0x65, .calls = 0xf, .answers = 0x7, .waits = 1 },
  { .name = "wait ready", .varies = "how socket_connector_wait ends with ready", .least = 1, .most = 2, .deadlines = 0x41, .calls = 0x3, .answers = 0x7, .verdicts = 0x1f, .waits = 1 }
} ;

static struct row const full[] =
{
  { .name = "order", .varies = "the families and their order", .most = 4, .families = 1, .order = 3, .profiles = 0x801, .deadlines = 0x41, .calls = 0x2d, .answers = 0x7 },
  { .name = "times", .varies = "delays, backoff and the deadline", .least = 1, .most = 4, .profiles = 0x3fff, .deadlines = 0xff, .calls = 0x9, .answers = 0x7, .grain = 3 },
  { .name = "errors", .varies = "what fails, and where", .most = 4, .deadlines = 0x21, .calls = 0x1dfff, .answers = 0x1ff, .setup = 2 },
  { .name = "hedges", .varies = "which addresses are the same", .least = 2, .most = 3, .families = 1, .deadlines = 0x41, .calls = 0xd, .answers = 0x7, .addresses = 2, .expecting = 3 },
  { .name = "more hedges", .varies = "which of four addresses are the same", .least = 4, .most = 4, .families = 1, .deadlines = 0x41, .calls = 0x9, .answers = 0x5, .addresses = 2 },
  { .name = "ready", .varies = "what ready makes of an attempt", .least = 1, .most = 3, .deadlines = 0x65, .calls = 0xb, .answers = 0x7, .verdicts = 0xf, .addresses = 3, .itself = 2, .expecting = 3 },
  { .name = "stops", .varies = "who stops the race from inside", .least = 1, .most = 3, .families = 1, .deadlines = 0x41, .calls = 0x2007, .answers = 0x7, .verdicts = 0x17, .setup = 2, .expecting = 1 },
  { .name = "scarce", .varies = "when descriptors run out", .least = 1, .most = 4, .families = 1, .order = 3, .profiles = 0x7, .deadlines = 0x41, .calls = 0x8d, .answers = 0x7, .grain = 3 },
  { .name = "data", .varies = "what fast open sends, and where", .most = 4, .families = 1, .deadlines = 0x45, .calls = 0x2f, .answers = 0x7, .data = 15 },
  { .name = "expecting", .varies = "when candidates come", .most = 3, .families = 1, .order = 3, .profiles = 0x803, .deadlines = 0x75, .calls = 0xd, .answers = 0x7, .expecting = 2, .grain = 3 },
  { .name = "late", .varies = "when the last of four candidates comes", .least = 4, .most = 4, .families = 1, .deadlines = 0x41, .calls = 0xd, .answers = 0x7, .expecting = 2 },
  { .name = "wait", .varies = "how socket_connector_wait ends", .most = 3, .families = 1, .profiles = 0x3, .deadlines = 0x7d, .calls = 0xf, .answers = 0x7, .data = 3, .grain = 3, .waits = 1 }
} ;

/* What has been seen of the race: this goes from state to state. */

struct seen
{
  enum { UNTRIED, FLYING, FAILED, WON } state ;
  int error, inside ;
  unsigned int up, events ; /* up: ready is asked */
  size_t sent ;
  int64_t start, end ;
} ;

static struct world
{
  socket_connector c ;
  socket_candidate x[MAX] ;
  struct seen s[MAX] ;
  int64_t now, left, due ;  /* left: when the newest left the host; due: its delay, or that of one put off, is over */
  unsigned int last, newest ;
  unsigned int failed ;     /* the newest has, since it left and since one was put off */
  unsigned int open ;       /* descriptor i is candidate i's */
  int over, error ;
} w, old ;                  /* old: before this step */

static struct row const *row ;
static unsigned int total, grain, outcomes ;
static int64_t deadline ;
static char const data[] = "data" ;
static char setupdata, readydata ;

static enum { OUTSIDE, STEP, STOP, AFTER } in ;
/* of this step */
static unsigned int flown, asked ;  /* bits: in flight before it, asked in it, */
static unsigned int came, named, judged ;   /* come up in it, asked for its names in it, for which ready was asked in it */
static unsigned int won ;   /* bits: those that will do */
static unsigned int tries, trying ;
static int stopped ;        /* from inside */
static int scarce ;         /* out of descriptors or memory, with none in flight */
static struct call call ;   /* what comes of this try */

static double races ;
static unsigned long settings, states, steps, ends, violations ;


 /* What must have been seen in the end */

#define SIGHTS(X) X(tie) X(two_at_once) X(win_and_failure_at_once) X(connected_in_the_call) X(at_once) X(put_off) \
  X(out_of_descriptors) X(failed_in_the_call) X(data) X(deadline) X(look_past_the_deadline) \
  X(failed_at_the_deadline) X(all_failed) X(late_candidate) X(ran_out_and_went_on) X(capped) X(floored) X(old_one_wins) X(canceled) \
  X(passed_over) X(started_hedge) X(late_hedge) X(to_itself) X(not_ready_yet) X(rejected) X(ready_later) X(started_meanwhile) \
  X(stopped_in_setup) X(stopped_in_ready) X(rejected_in_the_call) X(lacks_the_family)

#define X(name) saw_##name,
enum sight { SIGHTS(X) SAW } ;
#undef X
#define X(name) #name,
static char const *const sights[] = { SIGHTS(X) } ;
static unsigned long saw[SAW] ;


 /* Choice: all are taken in turn */

struct script
{
  struct script *up ;
  unsigned int n, pos, fixed ;
  unsigned char pick[512], of[512] ;
} ;

static struct script *script ;
static int verbose ;
static jmp_buf lost, seenbefore ;

static void die (char const *, ...) ;
#define must(e, ...) do { if (!(e)) die(__VA_ARGS__) ; } while (0)

static unsigned int choose (unsigned int n)
{
  struct script *t = script ;
  if (t->pos == t->n)
  {
    must(t->n < sizeof t->pick, "too many choices") ;
    t->pick[t->n] = 0 ;
    t->of[t->n++] = (unsigned char)n ;
  }
  must(t->of[t->pos] == n, "the same race went another way") ;
  return t->pick[t->pos++] ;
}

static unsigned int count (unsigned int bits)
{
  unsigned int n = 0 ;
  for (; bits ; bits &= bits - 1) n++ ;
  return n ;
}

static unsigned int one_of (unsigned int bits)
{
  unsigned int i = 0, k ;
  if (!bits) bits = 1 ;
  k = choose(count(bits)) ;
  for (;; i++) if (bits & (1U << i) && !k--) return i ;
}

static int another (void)
{
  struct script *t = script ;
  for (t->pos = 0 ; t->n ; t->n--)
    if (++t->pick[t->n - 1] < t->of[t->n - 1]) return (t->fixed = t->n, 1) ;
  return 0 ;
}


 /* Facts */

static unsigned int which (unsigned int state)
{
  unsigned int bits = 0 ;
  for (unsigned int i = 0 ; i < w.c.n ; i++) if (w.s[i].state == state) bits |= 1U << i ;
  return bits ;
}

static unsigned int lowest (unsigned int bits)
{
  for (unsigned int i = 0 ; i < MAX ; i++) if (bits & (1U << i)) return i ;
  return NONE ;
}

/* Rule 15 */

static int answered (unsigned int i)
{
  socket_candidate const *x = w.x + i ;
  for (unsigned int j = 0 ; j < i ; j++)
    if (w.s[j].error && w.x[j].is6 == x->is6 && w.x[j].port == x->port && w.x[j].scope_id == x->scope_id && !memcmp(w.x[j].ip, x->ip, x->is6 ? 16 : 4)) return 1 ;
  return 0 ;
}

static unsigned int untried (void)
{
  unsigned int bits = which(UNTRIED) ;
  for (unsigned int i = 0 ; i < w.c.n ; i++) if (bits & (1U << i) && w.x[i].hedge && answered(i)) bits &= ~(1U << i) ;
  return bits ;
}

static int first_look (void)    /* the first has left the host in this very step */
{
  return old.left == PAST && w.left != PAST ;
}

/* Rules 2, 3, 8: one may be started now, and so has to be. */

static int startable (void)
{
  if (won || scarce || stopped || w.over || !untried()) return 0 ;
  if (w.left == PAST) return 1 ;
  return w.now < deadline && (w.failed || (w.now >= w.left + 10 * MS && w.now >= w.due)) ;
}

/* Rule 5 */

static unsigned int ups (void)
{
  unsigned int bits = 0 ;
  for (unsigned int i = 0 ; i < MAX ; i++) if (w.s[i].state == FLYING && w.s[i].up) bits |= 1U << i ;
  return bits ;
}

static unsigned int turn (void)
{
  unsigned int i, bits = untried() ;
  if (w.last != NONE && !w.c.inorder)
    for (i = 0 ; i < w.c.n ; i++) if (bits & (1U << i) && w.x[i].is6 != w.x[w.last].is6) return i ;
  return lowest(bits) ;
}

/* Rule 4 */

static int64_t delay (unsigned int i, unsigned int k)
{
  int64_t d = w.x[i].delay ? w.x[i].delay : w.c.delay, cap ;
  if (d < 10) d = 10 ;
  cap = d > 2000 ? d : 2000 ;
  k = (k - 1) * (unsigned int)abs(w.c.backoff) ;
  while (k-- && d > 0 && d < 100000) d = w.c.backoff < 0 ? d / 2 : d * 2 ;
  if (d < 10) { saw[saw_floored]++ ; d = 10 ; }
  if (d > cap) { saw[saw_capped]++ ; d = cap ; }
  return d * MS ;
}

/* Rule 9 */

static int rank (struct seen const *s)
{
  int e = s->error ;
  if (e == ECONNREFUSED || e == ECONNRESET || (e == EPIPE && !s->inside)) return 0 ;
  if (!s->inside) return 1 ;
  if (e == EAFNOSUPPORT || ((e == EADDRNOTAVAIL || e == EINVAL) && w.x[s - w.s].is6)) return 4 ;
  return e == ENETUNREACH || e == EHOSTUNREACH ? 3 : 2 ;
}

static unsigned int best (void)
{
  unsigned int b = NONE ;
  for (unsigned int i = 0 ; i < w.c.n ; i++)
    if (w.s[i].state == FAILED && (b == NONE || rank(w.s + i) < rank(w.s + b))) b = i ;
  return b ;
}


 /* What the connector is built on */

static char const *name (int e)
{
  return !e ? "ok" : e == STOPS ? "stop" : strerror(e) ;
}

static void say (char const *format, ...)
{
  va_list list ;
  if (!verbose) return ;
  printf("# %12.6f  ", (double)w.now / 1e6) ;
  va_start(list, format) ;
  vprintf(format, list) ;
  va_end(list) ;
  printf("\n") ;
}

/* It has failed, but not inside the call. */

static int fails_with (unsigned int i, int e)
{
  struct seen *s = w.s + i ;
  s->state = FAILED ;
  s->error = e ;
  s->end = w.now ;
  if (i == w.newest) w.failed = 1 ;
  return e ;
}

/* Rule 13: setup, or ready, stops the race, whatever it then returns. */

static int stops (void)
{
  static int const say[] = { 0, -1, 1 } ;
  stopped = 1 ;
  errno = ERRNO ;
  socket_connector_stop(&w.c) ;
  must(errno == ERRNO, "13: stop changes errno") ;
  for (unsigned int i = 0 ; i < MAX ; i++) if (w.s[i].state == FLYING)
  {
    w.s[i].state = FAILED ;
    w.s[i].error = ECANCELED ;
  }
  errno = EACCES ;
  return say[choose(3)] ;
}

/* A start has come to this. True if it succeeded so far. */

static int come (enum where where)
{
  struct seen *s = w.s + trying ;
  int e = call.error ;
  unsigned int k = count(which(FLYING)) ;
  if (call.where != where) return 1 ;
  say("%u: %s: %s", trying, where == CREATE ? "create" : where == SETUP ? "setup" : "connect", name(e)) ;
  if (where == CONNECT && (!e || e == EINPROGRESS))
  {
    s->state = FLYING ;
    s->events = IOPAUSE_WRITE ;
    s->start = w.now ;
    if (w.x[trying].hedge) saw[saw_started_hedge]++ ;
    for (unsigned int i = 0 ; i < MAX ; i++) if (i != trying && w.s[i].state == FLYING && w.s[i].up) saw[saw_started_meanwhile]++ ;
    w.last = w.newest = trying ;
    w.left = w.now ;
    w.due = w.now + delay(trying, k + 1) ;
    w.failed = 0 ;
  }
  else if (k && is_scarce(e))
  {
    saw[saw_put_off]++ ;
    w.due = w.now + delay(trying, k) ;
    w.failed = 0 ;
  }
  else
  {
    saw[saw_failed_in_the_call]++ ;
    s->state = FAILED ;
    s->error = e == STOPS ? ECANCELED : e ;
    s->inside = 1 ;
    s->start = s->end = w.now ;
    w.last = trying ;
    if (is_scarce(e)) scarce = e ;
  }
  return e ? (errno = e, 0) : 1 ;
}

static int create (int is6)
{
  must(in == STEP, "1: a start outside of step, or after the end") ;
  must(asked == flown && named == came && (!w.c.ready || !(ups() & ~judged)), "1, 16: a start before all in flight were asked") ;
  must(startable(), "1, 2, 3, 8: a start that is not due") ;
  trying = turn() ;
  must((int)w.x[trying].is6 == is6, "5: a start out of turn") ;
  if (w.left != PAST && w.now < w.left + 10 * MS) saw[saw_at_once]++ ;
  if (w.now >= deadline) saw[saw_look_past_the_deadline]++ ;
  tries++ ;
  call = calls[one_of(outcomes)] ;
  if (!come(CREATE)) return -1 ;
  must(!(w.open & (1U << trying)), "13: the socket of %u is still open", trying) ;
  w.open |= 1U << trying ;
  return (int)trying ;
}

static int setup (int fd, socket_candidate const *x, void *p)
{
  must(in == STEP && fd == (int)trying && x == w.x + trying && p == &setupdata, "13: setup(%d)", fd) ;
  if (come(SETUP)) return 0 ;
  if (call.error != STOPS) return -1 ;
  saw[saw_stopped_in_setup]++ ;
  return stops() ;
}

static void comes_up (unsigned int i)
{
  came |= 1U << i ;
  if (!w.c.ready) won |= 1U << i ;
  w.s[i].up = 1 ;
  w.s[i].events = IOPAUSE_READ ;
}

static ssize_t connects (int fd, struct start const *t)
{
  int fast = w.c.data && (w.c.everywhere || w.left == PAST) ;
  socket_candidate const *x = w.x + trying ;
  must(in == STEP && fd == (int)trying && w.s[trying].state == UNTRIED && w.open & (1U << trying), "13: connect of %d", fd) ;
  must((int)x->is6 == t->is6 && x->port == t->port && t->scope_id == (x->is6 ? x->scope_id : 0) && !memcmp(x->ip, t->ip, x->is6 ? 16 : 4), "5: the address of %u", trying) ;
  must(t->data == (fast ? data : 0) && t->len == (fast ? w.c.len : 0), "10: %sdata for %u", fast ? "no " : "", trying) ;
  must(call.where == CONNECT, "7: connect after a refusal") ;
  if (!come(CONNECT)) return -1 ;
  if (!fast) return (comes_up(trying), saw[saw_connected_in_the_call]++, 0) ;
  w.s[trying].sent = choose(2) ? t->len : t->len / 2 ;
  if (w.s[trying].sent) saw[saw_data]++ ;
  return (ssize_t)w.s[trying].sent ;
}

static int connected (int fd)
{
  unsigned int i = (unsigned int)fd ;
  int e ;
  must(in == STEP && !tries, "1: asks %d after a start", fd) ;
  must(i < MAX && w.s[i].state == FLYING && !(asked & (1U << i)), "1: asks %d that is not in flight, or twice", fd) ;
  must(!w.s[i].up, "16: asks %d that has come up", fd) ;
  asked |= 1U << i ;
  e = answers[one_of(row->answers)] ;
  if (e != EINPROGRESS) say("%u: connected: %s", i, name(e)) ;
  if (!e) return (comes_up(i), 1) ;
  errno = e ;
  if (e != EINPROGRESS) fails_with(i, e) ;
  return 0 ;
}

/* Rule 14: its own name, if it is connected to itself, else none. */

static long names_of (int what, long *a)
{
  unsigned int i = (unsigned int)a[0] ;
  socket_candidate const *x = w.x + i ;
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(x->port), .sin6_scope_id = x->scope_id } ;
  struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = in6.sin6_port } ;
  must(in == STEP && i < MAX && came & (1U << i) && !(judged & (1U << i)), "14: %s of %u", call_name(what), i) ;
  if (what == CALL_getsockname)
  {
    must(!(named & (1U << i)), "14: %u is asked for its name twice", i) ;
    named |= 1U << i ;
    if (!one_of(row->itself)) return (errno = ENOBUFS, -1) ;
    say("%u: to itself", i) ;
    saw[saw_to_itself]++ ;
    won &= ~(1U << i) ;
    fails_with(i, ECONNREFUSED) ;
  }
  memcpy(&in6.sin6_addr, x->ip, 16) ;
  memcpy(&in4.sin_addr, x->ip, 4) ;
  memcpy((void *)a[1], x->is6 ? (void *)&in6 : (void *)&in4, x->is6 ? sizeof in6 : sizeof in4) ;
  return 0 ;
}

/* Rule 16 */

static int ready (socket_candidate *x, void *p)
{
  unsigned int i = (unsigned int)(x - w.x) ;
  struct seen *s = w.s + i ;
  int e ;
  must(in == STEP && i < MAX && p == &readydata, "16: ready of %u", i) ;
  must(s->state == FLYING && s->up && x->fd == (int)i && w.open & (1U << i), "16: ready of %u, which is not up", i) ;
  must(!(judged & (1U << i)), "16: ready of %u twice", i) ;
  must(!(came & (1U << i)) || named & (1U << i), "14: ready of %u before its names", i) ;
  must(x->events == s->events, "16: %u waits for %u", i, (unsigned int)x->events) ;
  asked |= flown & (1U << i) ;
  judged |= 1U << i ;
  e = verdicts[one_of(row->verdicts)] ;
  say("%u: ready: %s", i, name(e)) ;
  if (e == STOPS) return (saw[saw_stopped_in_ready]++, stops()) ;
  if (!e)
  {
    if (!(came & (1U << i))) saw[saw_ready_later]++ ;
    won |= 1U << i ;
    return 1 ;
  }
  errno = e ;
  if (e == EINPROGRESS)
  {
    saw[saw_not_ready_yet]++ ;
    if (!(came & (1U << i))) s->events = x->events = IOPAUSE_READ | IOPAUSE_WRITE ;
    return 0 ;
  }
  saw[tries ? saw_rejected_in_the_call : saw_rejected]++ ;
  fails_with(i, e) ;
  return 0 ;
}

static long hook (int what, long *a)
{
  unsigned int i = (unsigned int)(what == CALL_poll ? ((struct pollfd *)a[0])->fd : (int)a[0]) ;
  if (in == OUTSIDE) return kernel(what, a) ;
  if (what == CALL_getsockname || what == CALL_getpeername) return names_of(what, a) ;
  if (what == CALL_poll) must(named & (1U << i) && w.s[i].state == FLYING, "14: looks at the errors of %u", i) ;
  if (what == CALL_poll) return 0 ;
  must(what == CALL_close, "11: %s", call_name(what)) ;
  must(in != AFTER, "12: close after the end") ;
  must(i < MAX && w.open & (1U << i), "13: close of %u, which is not open", i) ;
  must(w.s[i].state != FLYING || in == STOP || stopped || (won && i != lowest(won)) || (w.now >= deadline && !first_look()), "6: %u is given up", i) ;
  say("%u: close", i) ;
  w.open &= ~(1U << i) ;
  return i & 1 ? (errno = EIO, -1) : 0 ;
}


 /* Assertions over a step */

static void check_candidates (void)
{
  for (unsigned int i = 0 ; i < MAX ; i++)
  {
    struct seen const *s = w.s + i ;
    socket_candidate const *x = w.x + i, *y = old.x + i ;
    if (s->state == UNTRIED) { must(!memcmp(x, y, sizeof *x), "7, 9: %u is untried and was touched", i) ; continue ; }
    must(!memcmp(x->ip, y->ip, 16) && x->scope_id == y->scope_id && x->port == y->port && x->is6 == y->is6 && x->hedge == y->hedge
      && x->delay == y->delay, "13: %u: the caller's fields were touched", i) ;
    must(x->fd == (s->state == FLYING ? (int)i : -1), "13: %u: fd %d", i, x->fd) ;
    must(x->error == s->error, "9: %u: error %s, not %s", i, strerror(x->error), strerror(s->error)) ;
    must(x->sent == s->sent, "10: %u: sent %u", i, (unsigned int)x->sent) ;
    must(time_of(&x->start) == s->start, "9: %u: start", i) ;
    must(s->end == PAST ? !memcmp(&x->end, &y->end, sizeof x->end) : time_of(&x->end) == s->end, "9: %u: end", i) ;
  }
  must(!memcmp(&w.c, &old.c, offsetof(socket_connector, fd)), "13: the caller's fields were touched") ;
}

/* The next start or the deadline. all: of those, too, that will be passed over. */

static int64_t next_is (int all)
{
  int64_t t = deadline ;
  if (all ? which(UNTRIED) : untried())
  {
    int64_t start = w.left == PAST || w.failed ? PAST : w.due ;
    return start < t ? start : t ;
  }
  return which(FLYING) || w.c.expecting ? t : PAST ;
}

/* nextdeadline is that, exactly, unless it is past. A hedge that has come and has no point may cost a wake-up. */

static int64_t check_next (int needless)
{
  tain a ;
  int64_t t = next_is(0), next ;
  errno = ERRNO ;
  socket_connector_nextdeadline(&w.c, &a) ;
  must(errno == ERRNO, "13: nextdeadline changes errno") ;
  next = time_of(&a) ;
  if (needless && next != t) t = next_is(1) ;
  must(t <= w.now ? next <= w.now : next == t, "13: nextdeadline %g, not %g", (double)next / 1e6, (double)t / 1e6) ;
  return next ;
}

static void check_flying (iopause_fd const *x, unsigned int n)
{
  unsigned int bits = 0 ;
  must(n == count(which(FLYING)), "13: %u to wait for", n) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    must(x[i].fd >= 0 && x[i].fd < MAX && x[i].events == (short)w.s[x[i].fd].events, "13, 16: waits for %d of %d", x[i].events, x[i].fd) ;
    bits |= 1U << x[i].fd ;
  }
  must(bits == which(FLYING), "13: waits for one twice") ;
}

/* stop knows no time, wait does */

static void after_stop (int64_t end)
{
  for (unsigned int i = 0 ; i < w.c.n ; i++) if (w.s[i].state == FLYING)
  {
    w.s[i].state = FAILED ;
    w.s[i].error = ECANCELED ;
    w.s[i].end = end ;
  }
  w.over = -1 ;
  w.error = ECANCELED ;
  must(!w.open, "13: stop leaves a socket open") ;
  must(w.c.fd == -1, "13: stop finds a winner") ;
  check_candidates() ;
}

/* Rule 12: the end stays as it is. */

static void check_over (void)
{
  socket_connector c ;
  socket_candidate x[MAX] ;
  in = AFTER ;
  memcpy(&c, &w.c, sizeof c) ;
  memcpy(x, w.x, sizeof x) ;
  for (int i = 0 ; i < 4 ; i++)
  {
    tain a = stamp_of(w.now + i / 2 * 100000 * MS) ;
    int r ;
    errno = ERRNO ;
    if (i == 2) socket_connector_stop(&w.c) ;
    must(errno == ERRNO, "13: stop changes errno") ;
    r = socket_connector_step(&w.c, &a) ;
    must(r == w.over && errno == (r == -1 ? w.error : ERRNO), "12: after the end, step says %d %s", r, strerror(errno)) ;
    must(!memcmp(&c, &w.c, sizeof c) && !memcmp(x, w.x, sizeof x), "12: touched after the end") ;
  }
  in = OUTSIDE ;
}

static void check_stop (void)
{
  struct world keep ;
  memcpy(&keep, &w, sizeof w) ;
  memcpy(&old, &w, sizeof w) ;
  say("stop") ;
  in = STOP ;
  errno = ERRNO ;
  socket_connector_stop(&w.c) ;
  must(errno == ERRNO, "13: stop changes errno") ;
  in = OUTSIDE ;
  after_stop(PAST) ;
  check_over() ;
  memcpy(&w, &keep, sizeof w) ;
}

static void before (void)
{
  memcpy(&old, &w, sizeof w) ;
  flown = which(FLYING) ;
  asked = came = named = judged = won = tries = 0 ;
  scarce = stopped = 0 ;
  trying = NONE ;
  in = STEP ;
  errno = ERRNO ;
}

/* The step has said r and errno e: is that what the rules make of what was seen? */

static void judge (int r, int e)
{
  unsigned int flying = which(FLYING), left = untried(), failures = count(flown & which(FAILED)), up = lowest(won), i ;
  int rejected = tries && w.newest != NONE && w.newest == trying && w.failed ;  /* connected in the call, and that was all */
  int late = w.now >= deadline && !first_look() ;
  char const *why = "12: going on" ;
  iopause_fd x[MAX] ;
  in = OUTSIDE ;
  say("step: %d %s", r, r == -1 ? strerror(e) : "") ;
  must(stopped || asked == flown, "1: one was not asked") ;
  must(stopped || came == named, "14: one was not asked for its names") ;
  must(stopped || !w.c.ready || !(ups() & ~judged), "16: ready was not asked") ;
  must(rejected || !startable(), "2, 8: no start, though one is due") ;
  if (stopped) w.over = -1, w.error = ECANCELED, why = "13: stopped" ;
  else if (up != NONE) w.over = 1, why = "1: a success" ;
  else if (scarce) w.over = -1, w.error = scarce, why = "7: out of descriptors" ;
  else if (!flying && !left && !w.c.expecting) w.over = -1, w.error = w.c.n ? w.s[best()].error : EDESTADDRREQ, why = "9: all failed" ;
  else if (late) w.over = -1, w.error = ETIMEDOUT, why = "8: the deadline" ;
  must(r == w.over && e == (r == -1 ? w.error : ERRNO), "%s: step says %d %s, not %d %s", why, r, strerror(e), w.over, strerror(w.error)) ;
  if (failures > 1) saw[saw_two_at_once]++ ;
  if (won && failures) saw[saw_win_and_failure_at_once]++ ;
  if (scarce) saw[saw_out_of_descriptors]++ ;
  if (*why == '9') saw[late ? saw_failed_at_the_deadline : saw_all_failed]++ ;
  if (*why == '8') saw[saw_deadline]++ ;
  if (count(won) > 1) saw[saw_tie]++ ;
  if (won && up != w.newest) saw[saw_old_one_wins]++ ;
  if (left != which(UNTRIED)) saw[saw_passed_over]++ ;
  if (*why == '9' && w.c.n && rank(w.s + best()) == 3) for (i = 0 ; i < w.c.n ; i++) if (w.s[i].state == FAILED && rank(w.s + i) == 4) saw[saw_lacks_the_family]++ ;
  if (!flying && !left && !w.over) saw[saw_ran_out_and_went_on]++ ;

  for (i = 0 ; w.over && i < w.c.n ; i++) if (w.s[i].state == FLYING)
  {
    w.s[i].state = i == up ? WON : FAILED ;
    w.s[i].error = i == up ? 0 : w.over == 1 ? ECANCELED : ETIMEDOUT ;
    w.s[i].end = w.now ;
  }
  must(w.open == (which(FLYING) | which(WON)), "13: descriptors %x are open", w.open) ;
  if (w.over == 1) must(w.c.fd == (int)up && w.c.winner == up && w.c.sent == w.s[up].sent, "1: fd %d, winner %u", w.c.fd, w.c.winner) ;
  else must(w.c.fd == -1 && !w.c.sent, "13: fd %d without a winner", w.c.fd) ;
  check_candidates() ;
  if (w.over) { check_over() ; return ; }
  errno = ERRNO ;
  check_flying(x, socket_connector_prepare(&w.c, x)) ;
  must(errno == ERRNO, "13: prepare changes errno") ;
  must(check_next(0) > w.now || rejected || (first_look() && w.now >= deadline), "13: nothing to wait for") ;
}


 /* The race */

static void begin (void)
{
  unsigned int families, n, expecting, addresses, d ;
  struct profile const *p ;
  tain a ;
  memset(&w, 0, sizeof w) ;
  total = row->least + choose(row->most - row->least + 1) ;
  families = row->families ? choose(1U << total) : 0 ;
  p = profiles + one_of(row->profiles) ;
  d = one_of(row->deadlines) ;
  expecting = one_of(row->expecting) ;
  addresses = one_of(row->addresses) ;
  n = expecting ? choose(total + 1) : total ;
  deadline = deadlines[d] == FOREVER ? FOREVER : deadlines[d] * MS ;
  a = stamp_of(deadline) ;
  for (unsigned int i = 0 ; i < MAX ; i++)
  {
    char const ip[16] = { (char)(i + 1), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, (char)(i + 1) } ;
    if (families & (1U << i)) socket_candidate_ip6(w.x + i, ip, (uint16_t)(i + 1), i + 7) ;
    else socket_candidate_ip4(w.x + i, ip, (uint16_t)(i + 1)) ;
    if (addresses)  /* its own, or that of one before it, as a hedge or not */
    {
      unsigned int k = i && i < total ? choose(2 * i + 1) : 0 ;
      if (k--)
      {
        memcpy(w.x[i].ip, w.x[k / 2].ip, families & (1U << i) ? 16 : 4) ;
        w.x[i].port = w.x[k / 2].port ;
        w.x[i].scope_id = families & (1U << i) ? w.x[k / 2].scope_id : 0 ;
        w.x[i].hedge = k & 1 ;
      }
    }
    w.x[i].delay = p->own[i] ;
    if (i < n) w.x[i].fd = w.x[i].error = 1, w.x[i].sent = 1 ;  /* raced before */
    w.s[i].start = w.s[i].end = PAST ;
  }
  socket_connector_init(&w.c, w.x, n, &a) ;
  w.c.cancelfd = row->waits && choose(2) ? MAX : -1 ;
  w.c.delay = p->delay ;
  w.c.backoff = p->backoff ;
  w.c.inorder = one_of(row->order) & 1 ;
  w.c.expecting = expecting & 1 ;
  d = one_of(row->data) ;
  w.c.data = d == NODATA ? 0 : data ;
  w.c.len = d == NODATA || d == EMPTY ? 0 : sizeof data ;
  w.c.everywhere = d == EVERYWHERE ;
  if (row->verdicts) { w.c.ready = &ready ; w.c.readydata = &readydata ; }
  outcomes = row->calls ;
  if (one_of(row->setup)) { w.c.setup = &setup ; w.c.setupdata = &setupdata ; }
  else for (unsigned int i = 0 ; i < sizeof calls / sizeof *calls ; i++) if (calls[i].where == SETUP) outcomes &= ~(1U << i) ;
  grain = one_of(row->grain) ? 1000000 : 1 ;
  w.left = w.due = PAST ;
  w.last = w.newest = NONE ;
}

/* The next step comes at any time that may make a difference. */

static int64_t following (void)
{
  int64_t const from[] = { w.left == PAST ? FOREVER : w.left + 10 * MS, w.left == PAST ? FOREVER : w.due, deadline } ;
  int64_t t[11] ;
  unsigned int n = 0 ;
  t[n++] = w.now ;
  t[n++] = w.now + 10000 * MS ;
  for (unsigned int i = 0 ; i < 9 ; i++)
  {
    int64_t x = from[i / 3] ;
    unsigned int k = 0 ;
    if (x == FOREVER) continue ;
    x += (int64_t)grain * (i % 3) - grain ;
    while (k < n && t[k] != x) k++ ;
    if (k == n && x > w.now) t[n++] = x ;
  }
  return t[choose(n)] ;
}

static void move (void)
{
  int64_t next ;
  unsigned int left ;
  int r, needless = 0 ;
  tain a ;
  if (w.c.expecting)
  {
    unsigned int k = choose(total - w.c.n + 1) ;
    w.c.n += k ;
    w.c.expecting = choose(2) & 1 ;
    if (k && w.left != PAST) saw[saw_late_candidate]++ ;
    needless = k && untried() != which(UNTRIED) ;
    if (needless) saw[saw_late_hedge]++ ;
  }
  next = check_next(needless) ;
  w.now = following() ;
  a = stamp_of(w.now) ;
  left = untried() ;
  before() ;
  r = socket_connector_step(&w.c, &a) ;
  judge(r, errno) ;
  must(w.now < next || tries || w.over || needless || left != untried(), "13: nothing done at nextdeadline") ;
}


 /* States */

static struct { uint64_t key ; double races ; unsigned long setting ; } table[TABLE] ;

static uint64_t key ;
static unsigned int held ;

static void mix (uint64_t x)
{
  key = (key ^ x) * UINT64_C(0x9e3779b97f4a7c15) ;
  key ^= key >> 29 ;
}

static void mix_time (int64_t t, int64_t past)
{
  mix((uint64_t)(t == FOREVER ? FOREVER : t == PAST || t - w.now < past ? past : t - w.now)) ;
}

/* The connector's state, and what has been seen, as far as the rest of a race may depend on it: an end that was
   checked is not touched again, a time long past is past. Returns the place of the state in the table. */

static unsigned int slot (void)
{
  socket_connector const *c = &w.c ;
  unsigned int i, b = best() ;
  key = 1 ;
  mix_time(time_of(&c->nextstart), -2 * MS) ; mix_time(time_of(&c->deadline), -2 * MS) ;
  mix_time(w.left, -12 * MS) ; mix_time(w.due, -2 * MS) ;
  mix(c->n << 1 | c->expecting) ; mix(c->started) ; mix(c->lowest[0]) ; mix(c->lowest[1]) ; mix(c->laststarted) ; mix(c->newest) ;
  mix(c->inflight) ; mix(c->head) ; mix(c->bestfailed) ; mix(c->bestrank) ; mix((uint64_t)c->result << 32 | (unsigned int)c->error) ;
  mix(w.last) ; mix(w.newest) ; mix(w.failed) ; mix(w.open) ; mix(b) ;
  if (b != NONE) { mix((uint64_t)w.s[b].error) ; mix((uint64_t)w.s[b].inside) ; }
  for (i = 0 ; i < MAX ; i++)
  {
    mix(w.s[i].state) ;
    mix(i < total && w.x[i].hedge && answered(i)) ;
    if (w.s[i].state != FLYING) continue ;
    mix(w.s[i].up) ; mix(w.s[i].events) ; mix(w.x[i].up) ;
    mix(w.x[i].older) ; mix(w.x[i].sent) ; mix((uint64_t)w.x[i].fd) ;
    mix_time(w.s[i].start, -12 * MS) ;
  }
  for (i = (unsigned int)key & (TABLE - 1) ; table[i].setting == settings && table[i].key != key ; i = (i + 1) & (TABLE - 1)) ;
  return i ;
}

static int known (unsigned int i)
{
  if (table[i].setting == settings) return 1 ;
  must(++held < TABLE / 2, "too many states") ;
  states++ ;
  table[i].key = key ;
  table[i].setting = settings ;
  table[i].races = 0 ;
  return 0 ;
}

/* Goes on from here in every way. Returns how many races that makes, idle steps left out. */

static double go (void)
{
  struct script mine = { .up = script } ;
  struct world from ;
  double n = 0 ;
  unsigned int i = slot() ;
  if (known(i)) return table[i].races ;
  check_stop() ;
  memcpy(&from, &w, sizeof w) ;
  script = &mine ;
  do
  {
    memcpy(&w, &from, sizeof w) ;
    move() ;
    steps++ ;
    if (w.over) ends++, n++ ; else n += go() ;
  } while (another()) ;
  script = mine.up ;
  return table[i].races = n ;
}


 /* The same by socket_connector_wait, which may be canceled or fail wherever it waits. Each race is run from its beginning. */

static int interrupted ;

int iopause_stamp (iopause_fd *x, unsigned int n, tain const *d, tain *a)
{
  unsigned int cancels = w.c.cancelfd != -1, k ;
  judge(0, ERRNO) ;
  steps++ ;
  check_flying(x, n - cancels) ;
  must(time_of(d) == check_next(0), "13: waits for another time") ;
  must(!cancels || (x[n - 1].fd == w.c.cancelfd && x[n - 1].events == IOPAUSE_READ), "9: does not look at cancelfd") ;
  if (!verbose && script->pos >= script->fixed && known(slot())) longjmp(seenbefore, 1) ;
  k = choose(2 + cancels) ;
  w.now = following() ;
  *a = stamp_of(w.now) ;
  before() ;
  errno = EINVAL ;
  if (!k) return 0 ;
  say(k == 1 ? "iopause fails" : "canceled") ;
  in = STOP ;
  interrupted = k == 1 ? EINVAL : ECANCELED ;
  if (k == 1) return -1 ;
  saw[saw_canceled]++ ;
  x[n - 1].revents = IOPAUSE_READ ;
  return 1 ;
}

static void waits (void)
{
  tain a = stamp_of(w.now) ;
  int r ;
  interrupted = 0 ;
  before() ;
  r = socket_connector_wait(&w.c, &a) ;
  ends++ ;
  if (!interrupted)
  {
    judge(r == -1 ? r : 1, errno) ;
    must(r == w.c.fd, "1: wait returns %d", r) ;
    return ;
  }
  must(r == -1 && errno == interrupted, "9: interrupted, wait says %d %s", r, strerror(errno)) ;
  in = OUTSIDE ;
  after_stop(w.now) ;
  check_over() ;
}

static double go_waiting (void)
{
  struct script mine = { .up = script } ;
  struct world from ;
  memcpy(&from, &w, sizeof w) ;
  script = &mine ;
  do
  {
    memcpy(&w, &from, sizeof w) ;
    if (!setjmp(seenbefore)) waits() ;
  } while (another()) ;
  return 0 ;
}


 /* A rule is broken: the race is run once more, saying what happens. */

static void again (struct script *t)
{
  if (t->up) again(t->up) ;
  script = t ;
  t->pos = 0 ;
  if (!t->up) begin() ; else if (row->waits) waits() ; else move() ;
}

static void die (char const *format, ...)
{
  va_list list ;
  in = OUTSIDE ;
  if (!verbose)
  {
    verbose = 1 ;
    again(script) ;
    if (!row->waits) check_stop() ;
  }
  printf("# %s: rule ", row->name) ;
  va_start(list, format) ;
  vprintf(format, list) ;
  va_end(list) ;
  printf("\n") ;
  longjmp(lost, 1) ;
}

static void explore (void)
{
  static unsigned int broken ;
  static struct script mine ;
  broken = 0 ;
  memset(&mine, 0, sizeof mine) ;
  alarm(3600) ;
  do
  {
    script = &mine ;
    settings++ ;
    verbose = 0 ;
    held = 0 ;
    if (setjmp(lost)) { broken++ ; violations++ ; continue ; }
    begin() ;
    races += row->waits ? go_waiting() : go() ;
  } while (broken < 3 && (script = &mine, another())) ;
  check(!broken) ;
}

static void what_is_to_be_seen_was_seen (void)
{
  for (unsigned int i = 0 ; i < SAW ; i++)
  {
    printf("# %lu %s\n", saw[i], sights[i]) ;
    check(saw[i]) ;
  }
}

int main (int argc, char **argv)
{
  int all = argc > 1 && !strcmp(argv[1], "full") ;
  unsigned int n = all ? sizeof full / sizeof *full : sizeof quick / sizeof *quick ;
  char const *only = argc > 1 + all ? argv[1 + all] : 0 ;
  for (row = all ? full : quick ; n-- ; row++)
  {
    char name[100] ;
    unsigned long before[] = { settings, states, steps, ends } ;
    if (only && strcmp(only, row->name)) continue ;
    snprintf(name, sizeof name, "all rules hold, varying %s", row->varies) ;
    test_run(&explore, name) ;
    printf("# %s: %lu settings, %lu states, %lu steps, %lu ends\n", row->name,
      settings - before[0], states - before[1], steps - before[2], ends - before[3]) ;
  }
  if (!only) RUN(what_is_to_be_seen_was_seen) ;
  printf("# %lu settings, %.3g races, %lu states, %lu steps, %lu ends, %lu violations\n", settings, races, states, steps, ends, violations) ;
  return test_end() ;
}
