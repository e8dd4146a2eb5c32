/* ISC license. */

/*
   The connector on a virtual clock: test/connector_scenarios.tsv row by row, then random races, all of them step
   by step beside the model of connector_model.h. What the connector is built on is replaced here: sockets
   are entries of a table, and time goes by when the driver says so.
   Arguments: the seed and the number of random races. A race that fails prints its seed: race SEED 1.
*/

#include "test.h"
#include <setjmp.h>
#include <stddef.h>
#include "socket_connector.h"
#include "connector_model.h"
#include "primitives.h"

#define SEED 20260801
#define RACES 200000
#define ERRNO 4242          /* errno before each call */
#define FDS 1024

struct race
{
  char const *name ;
  uint64_t seed ;           /* 0: no chance in this race */
  int64_t arrival[MODEL_MAX] ;  /* PAST: there from the beginning; ascending */
  unsigned int total ;
  int64_t done ;            /* expecting is cleared */
  int64_t stop ;
  int64_t step[8] ;         /* spurious steps */
  unsigned int steps ;
  int64_t asleep, awake ;   /* no step after asleep and before awake */
  unsigned int early, late ;    /* in 64: chance of a step too early, too late */
  int64_t unit ;
  int again ;               /* the array has been raced before */
  int basefd ;              /* the lowest descriptor */
} ;

static struct race race ;
static struct model m ;
static socket_connector s ;
static socket_candidate cand[MODEL_MAX], before[MODEL_MAX] ;
static int64_t now ;
static char const data[64] = "first bytes" ;
static char setupdata, readydata ;

static struct model_candidate was[MODEL_MAX] ;  /* before this step, */
static int said[MODEL_MAX] ;    /* and the errno of each that has failed in it */
static unsigned int queued[MODEL_MAX] ;  /* ICMP errors on its socket */
static int owner[FDS] ;     /* index + 1 */
static unsigned int opened ;
static unsigned int cursor ;    /* in m.call */
static int incall, verbose, looksagain ;
static int64_t lastleft ;   /* when one left the host */
static unsigned int leftnow, leftlast ;
static jmp_buf lost ;
static uint64_t state ;


 /* Chance */

static uint64_t chance (void)
{
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL) ;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL ;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL ;
  return z ^ (z >> 31) ;
}

static unsigned int below (unsigned int n)
{
  return (unsigned int)((chance() >> 32) % n) ;
}

static int in64 (unsigned int n)
{
  return below(64) < n ;
}


 /* Time */

static double ms_of (int64_t t)
{
  return (double)t / 1e6 ;
}


 /* What a person wants to see when a race fails */

#define NAMES 28

static struct { char const *name ; int error ; } const names[NAMES] =
{
  { "0", 0 }, { "EINPROGRESS", EINPROGRESS }, { "ECONNREFUSED", ECONNREFUSED }, { "ECONNRESET", ECONNRESET },
  { "ETIMEDOUT", ETIMEDOUT }, { "EHOSTUNREACH", EHOSTUNREACH }, { "ENETUNREACH", ENETUNREACH },
  { "EAFNOSUPPORT", EAFNOSUPPORT }, { "EACCES", EACCES }, { "EPERM", EPERM }, { "EADDRNOTAVAIL", EADDRNOTAVAIL },
  { "EADDRINUSE", EADDRINUSE }, { "EINVAL", EINVAL }, { "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "ENOBUFS", ENOBUFS },
  { "ENOMEM", ENOMEM }, { "ECANCELED", ECANCELED }, { "EDESTADDRREQ", EDESTADDRREQ }, { "EPROTONOSUPPORT", EPROTONOSUPPORT },
  { "ENETDOWN", ENETDOWN }, { "EHOSTDOWN", EHOSTDOWN }, { "EPROTO", EPROTO }, { "ENOTCONN", ENOTCONN },
  { "EPIPE", EPIPE }, { "ENOPROTOOPT", ENOPROTOOPT }, { "EIO", EIO }, { "stop", STOPS }
} ;

static char const *name_of (int e)
{
  for (unsigned int i = 0 ; i < NAMES ; i++) if (names[i].error == e) return names[i].name ;
  return strerror(e) ;
}

static void draw (void)
{
  int64_t whole = now > 0 ? now : 1 ;
  printf("# %-5s%-62sms\n", "", "|0") ;
  for (unsigned int i = 0 ; i < race.total ; i++)
  {
    struct model_candidate const *c = m.c + i ;
    char line[62] ;
    int64_t to = c->state == FLYING || !c->ended ? now : c->end ;
    memset(line, ' ', sizeof line) ;
    line[61] = 0 ;
    if (c->start != PAST)
    {
      int64_t a = c->start / (whole / 60 + 1), b = to / (whole / 60 + 1) ;
      for (int64_t k = a ; k <= b && k < 61 ; k++) if (k >= 0) line[k] = '=' ;
      if (b >= 0 && b < 61) line[b] = c->state == WON ? '*' : c->state == FAILED ? 'x' : '>' ;
    }
    printf("# %c%-4u%s ", c->is6 ? '6' : '4', i, line) ;
    if (c->start == PAST) printf("untried\n") ;
    else printf("%g to %g %s\n", ms_of(c->start), ms_of(to), c->state == WON ? "won" : c->state == FLYING ? "in flight" : name_of(c->error)) ;
  }
}

static void say (char const *format, ...)
{
  va_list list ;
  if (!verbose) return ;
  printf("# %10.3f  ", ms_of(now)) ;
  va_start(list, format) ;
  vprintf(format, list) ;
  va_end(list) ;
  printf("\n") ;
}

/* The library is wrong and the race is over. It is run once more, verbosely, to show what happened. */

static void die (char const *format, ...)
{
  va_list list ;
  incall = 0 ;
  if (verbose)
  {
    printf("# %10.3f  WRONG: ", ms_of(now)) ;
    va_start(list, format) ;
    vprintf(format, list) ;
    va_end(list) ;
    printf("\n") ;
    draw() ;
  }
  longjmp(lost, 1) ;
}

#define must(e, ...) do { if (!(e)) die(__VA_ARGS__) ; } while (0)


 /* What the connector is built on */

static struct model_call const *called (enum what what)
{
  static char const *const verb[3] = { "create", "setup", "connect" } ;
  must(incall, "%s outside of step", verb[what]) ;
  must(cursor < m.calls, "%s, and nothing more was to be done in this step", verb[what]) ;
  must(m.call[cursor].what == what, "%s instead of %s of %u", verb[what], verb[m.call[cursor].what], m.call[cursor].i) ;
  return m.call + cursor++ ;
}

static struct model_candidate *owned (char const *what, int fd)
{
  must(fd >= 0 && fd < FDS && owner[fd], "%s of descriptor %d that is not open", what, fd) ;
  return m.c + owner[fd] - 1 ;
}

/* setup and ready may stop the race, whatever they then return. */

static int stops (int64_t luck)
{
  socket_connector_stop(&s) ;
  must(s.fd == -1, "stop inside leaves fd %d", s.fd) ;
  errno = EACCES ;
  return (int)(luck % 3) - 1 ;
}

static int answer (struct model_call const *call)
{
  if (!call->error) return 0 ;
  errno = call->error ;
  return -1 ;
}

static int create (int is6)
{
  struct model_call const *call = called(CREATE) ;
  struct model_candidate *c = m.c + call->i ;
  int fd = race.basefd ;
  say("%u: socket_tcp%c_nbcoe: %s", call->i, is6 ? '6' : '4', name_of(call->error)) ;
  must(c->is6 == is6, "socket_tcp%c_nbcoe for candidate %u", is6 ? '6' : '4', call->i) ;
  if (answer(call)) return -1 ;
  while (owner[fd]) fd++ ;
  owner[fd] = (int)call->i + 1 ;
  opened++ ;
  c->fd = fd ;
  return fd ;
}

static int setup (int fd, socket_candidate const *p, void *x)
{
  struct model_call const *call = called(SETUP) ;
  say("%u: setup: %s", call->i, name_of(call->error)) ;
  must(fd == m.c[call->i].fd && p == cand + call->i && x == &setupdata, "setup(%d, %d, %p)", fd, (int)(p - cand), x) ;
  return call->error == STOPS ? stops(now / MS + call->i) : answer(call) ;
}

/* It changes what it waits for, now and then. */

static int ready (socket_candidate *p, void *x)
{
  unsigned int i = (unsigned int)(p - cand), luck = i + m.c[i].tries + (unsigned int)(now / MS) ;
  struct model_candidate *c = m.c + i ;
  must(incall && x == &readydata, "ready(%u, %p)", i, x) ;
  must(c->readies == 1 && !c->asks && c->names != 1, "ready of %u out of turn", i) ;
  must(p->fd == c->fd && p->fd >= 0 && owner[p->fd] == (int)i + 1, "ready of %u: fd %d", i, p->fd) ;
  must(p->events == c->events, "ready of %u: events %u, not %u", i, (unsigned int)p->events, c->events) ;
  must(!queued[i], "ready of %u: an ICMP error is on the socket", i) ;
  c->readies = 0 ;
  say("%u: ready: %s", i, name_of(c->judge)) ;
  if (luck % 4 == 1) p->events = (c->events = luck / 4 % 64) & 63 ;
  if (c->judge == STOPS)
  {
    int r = stops(luck) ;
    model_stopped(&m, was[i].state == UNTRIED ? 0 : was, said, now) ;
    m.calls = cursor ;
    return r ;
  }
  if (!c->judge) return 1 ;
  if (c->judge != EINPROGRESS) said[i] = c->judge ;
  errno = c->judge ;
  return 0 ;
}

static ssize_t connects (int fd, struct start const *t)
{
  struct model_call const *call = called(CONNECT) ;
  socket_candidate const *p = cand + call->i ;
  struct model_candidate const *c = m.c + call->i ;
  say("%u: socket_%sconnect%c: %s, %d", call->i, t->fast ? "fastopen_" : "", t->is6 ? '6' : '4', name_of(call->error), (int)call->result) ;
  must(fd == c->fd, "connect of descriptor %d, not %d", fd, c->fd) ;
  must(t->is6 == c->is6, "connect%c of %u", t->is6 ? '6' : '4', call->i) ;
  must(!memcmp(t->ip, p->ip, t->is6 ? 16 : 4) && t->port == p->port && t->scope_id == (t->is6 ? p->scope_id : 0), "address of %u", call->i) ;
  must(t->fast == call->fast, "%s for %u", t->fast ? "fast open" : "no fast open", call->i) ;
  if (t->fast) must(t->data == data && t->len == m.len, "data of %u", call->i) ;
  if (!call->error || call->error == EINPROGRESS)
  {
    must(!leftnow++, "two leave the host in one step") ;
    must(lastleft == PAST || now - lastleft >= 10 * MS || cand[leftlast].error, "%u leaves %g ms after the previous one", call->i, ms_of(now - lastleft)) ;
    lastleft = now ;
    leftlast = call->i ;
#ifdef LIBSOCKET_PORTABLE
    queued[call->i] = 0 ;  /* such systems have none */
#else
    queued[call->i] = (call->i + (unsigned int)(now / MS)) % 4 ;
#endif
  }
  return answer(call) ? -1 : call->result ;
}

static int connected (int fd)
{
  struct model_candidate *c = owned("socket_connected", fd) ;
  unsigned int i = (unsigned int)(c - m.c) ;
  must(incall, "socket_connected outside of step") ;
  must(c->asks, "%u is asked out of turn", i) ;
  c->asks-- ;
  if (c->say != EINPROGRESS) say("%u: socket_connected: %s", i, name_of(c->say)) ;
  if (!c->say && c->self) said[i] = ECONNREFUSED ;
  if (!c->say) return 1 ;
  if (c->say != EINPROGRESS) said[i] = c->say ;
  errno = c->say ;
  return 0 ;
}

/* The names of a connection: both, if it is one to itself; else they differ in the port, in the address, or are unavailable. */

static long names_of (int call, long *a)
{
  struct model_candidate *c = owned(call_name(call), (int)a[0]) ;
  unsigned int i = (unsigned int)(c - m.c), bit = call == CALL_getsockname ? 2 : 4, luck = c->self ? 5 : (i + c->tries + (unsigned int)(now / MS)) % 6 ;
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(cand[i].port), .sin6_scope_id = cand[i].scope_id } ;
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = in6.sin6_port } ;
  char *ip = c->is6 ? (char *)&in6.sin6_addr : (char *)&in.sin_addr ;
  must(c->names && !c->asks && !(c->names & bit), "%s of %u out of turn", call_name(call), i) ;
  c->names |= bit ;
  memcpy(ip, cand[i].ip, c->is6 ? 16 : 4) ;
  if (bit == 2 && luck < 2) in6.sin6_port = in.sin_port = htons((uint16_t)(cand[i].port + 1)) ;
  if (bit == 2 && (luck == 1 || luck == 2)) ip[c->is6 ? 15 : 3] ^= 1 ;
  if (luck == 3 || (bit == 4 && luck == 4)) return (errno = ENOTCONN, -1) ;
  if (bit == 2 && !c->self && luck == 5) ip[0] ^= 1 ;
  *(socklen_t *)a[2] = c->is6 ? sizeof in6 : sizeof in ;
  memcpy((void *)a[1], c->is6 ? (void *)&in6 : (void *)&in, *(socklen_t *)a[2]) ;
  return 0 ;
}

/* The error queue of one that has come up */

static long queue_of (int call, long *a)
{
  struct pollfd *x = call == CALL_poll ? (struct pollfd *)a[0] : 0 ;
  struct timespec const *t = (struct timespec *)a[2] ;
  struct model_candidate *c = owned(call_name(call), x ? x->fd : (int)a[0]) ;
  unsigned int i = (unsigned int)(c - m.c) ;
  must(c->names > 1 && !c->self, "%s of %u, which has not come up in this step", call_name(call), i) ;
  switch (call)
  {
    case CALL_poll :
      must(a[1] == 1 && t && !t->tv_sec && !t->tv_nsec, "poll waits") ;
      if (i % 5 == 4) return (queued[i] = 0, errno = EINTR, -1) ;
      x->revents = queued[i] ? POLLERR | POLLOUT : x->events & POLLOUT ;
      return !!x->revents ;
    case CALL_getsockopt :
      must(a[1] == SOL_SOCKET && a[2] == SO_TYPE, "getsockopt %ld %ld", a[1], a[2]) ;
      return (*(int *)a[3] = SOCK_STREAM, 0) ;
    default :
      must(a[2] == (MSG_ERRQUEUE | MSG_DONTWAIT), "recvmsg, flags %lx", (unsigned long)a[2]) ;
      if (!queued[i]) return (errno = EAGAIN, -1) ;
      return (queued[i]--, 0) ;
  }
}

static long hook (int call, long *a)
{
  int fd = (int)a[0] ;
  if (!incall) return kernel(call, a) ;
  if (call == CALL_getsockname || call == CALL_getpeername) return names_of(call, a) ;
  if (call == CALL_poll || call == CALL_getsockopt || call == CALL_recvmsg) return queue_of(call, a) ;
  must(call == CALL_close, "%s of its own", call_name(call)) ;
  say("%d: close", (int)(owned("close", fd) - m.c)) ;
  owner[fd] = 0 ;
  opened-- ;
  errno = EIO ;
  return fd & 1 ? -1 : 0 ;
}


 /* The race */

/* Structures are compared as a whole: the padding of a stamp has to have a value. */

static tain const *padded (int64_t t)
{
  static tain a ;
  tain b = stamp_of(t) ;
  a.sec = b.sec ;
  a.nano = b.nano ;
  return &a ;
}

static void fill (unsigned int i)
{
  char ip[16] ;
  unsigned int k = m.c[i].address ;
  uint16_t port = (uint16_t)(1000 + k / 4 + k % 2) ;
  uint32_t scope_id = m.c[i].is6 ? k / 4 + k / 2 % 2 + 77 : 0 ;
  for (unsigned int j = 0 ; j < 16 ; j++) ip[j] = (char)(j * 7 + 1) ;
  for (unsigned int j = 0 ; j < 16 ; j += 3) ip[j] = (char)(k / 4 * 31 + j) ;
  if (!m.c[i].is6) ip[3] = (char)(ip[3] + (char)(k / 2 % 2)) ;
  memset(cand + i, 0x5a, sizeof(socket_candidate)) ;
  if (m.c[i].is6) socket_candidate_ip6(cand + i, ip, port, scope_id) ;
  else socket_candidate_ip4(cand + i, ip, port) ;
  must(cand[i].fd == -1 && !cand[i].error && !cand[i].sent && !cand[i].delay && cand[i].port == port && !cand[i].hedge
    && cand[i].events == IOPAUSE_WRITE && cand[i].is6 == (unsigned int)m.c[i].is6 && cand[i].scope_id == scope_id
    && !memcmp(cand[i].ip, ip, m.c[i].is6 ? 16 : 4), "socket_candidate_ip%c", m.c[i].is6 ? '6' : '4') ;
  if (!m.c[i].is6) cand[i].ip[4 + i % 12] = (char)i ;  /* four bytes are an address */
  cand[i].delay = m.c[i].delay ;
  cand[i].hedge = !!m.c[i].hedge ;
}

static void check_candidate (unsigned int i)
{
  struct model_candidate const *c = m.c + i ;
  socket_candidate const *p = cand + i, *q = before + i ;
  if (c->state == UNTRIED)
  {
    must(p->fd == -1 && !p->error, "%u is untried: fd %d, error %s", i, p->fd, name_of(p->error)) ;
    must(!memcmp(p, q, sizeof(socket_candidate)), "%u is untried and was touched", i) ;
    return ;
  }
  must(!memcmp(p->ip, q->ip, 16) && p->scope_id == q->scope_id && p->port == q->port && p->is6 == q->is6
    && p->delay == q->delay && p->hedge == q->hedge, "%u: the caller's fields were touched", i) ;
  must(p->fd == (c->state == FLYING ? c->fd : -1), "%u: fd %d", i, p->fd) ;
  must(p->error == c->error, "%u: error %s, not %s", i, name_of(p->error), name_of(c->error)) ;
  must(p->sent == c->sent, "%u: sent %d, not %d", i, (int)p->sent, (int)c->sent) ;
  must(time_of(&p->start) == c->start, "%u: start %g, not %g", i, ms_of(time_of(&p->start)), ms_of(c->start)) ;
  if (c->ended) must(time_of(&p->end) == c->end, "%u: end %g, not %g", i, ms_of(time_of(&p->end)), ms_of(c->end)) ;
  else must(!memcmp(&p->end, &q->end, sizeof p->end), "%u: end was touched", i) ;
}

static void check_all (socket_connector const *t)
{
  iopause_fd x[MODEL_MAX] ;
  unsigned int flying = model_count(&m, FLYING), k ;
  for (unsigned int i = 0 ; i < m.n ; i++)
  {
    struct model_candidate const *c = m.c + i ;
    check_candidate(i) ;
    must(!c->asks && c->names != 1 && !c->readies, "%u was not asked", i) ;
    m.c[i].names = 0 ;
    if (c->state == FLYING) must(owner[c->fd] == (int)i + 1, "%u: descriptor %d was closed", i, c->fd) ;
  }
  for (unsigned int i = m.n ; i < race.total ; i++)
    must(!memcmp(cand + i, before + i, sizeof(socket_candidate)), "%u, not there yet, was touched", i) ;
  if (m.over && m.answer == 1)
  {
    must(s.winner == m.winner, "winner %u, not %u", s.winner, m.winner) ;
    must(s.fd == m.c[m.winner].fd && owner[s.fd] == (int)m.winner + 1, "the winner's descriptor %d is not %d", s.fd, m.c[m.winner].fd) ;
    must(!queued[m.winner], "an ICMP error is on the winner's socket") ;
    must(s.sent == m.c[m.winner].sent, "the winner's sent: %d, not %d", (int)s.sent, (int)m.c[m.winner].sent) ;
  }
  else must(s.fd == -1 && !s.sent, "fd %d, sent %d without a winner", s.fd, (int)s.sent) ;
  must(opened == flying + (m.over && m.answer == 1), "%u descriptors open, %u in flight", opened, flying) ;
  must(s.delay == t->delay && s.backoff == t->backoff && s.data == t->data && s.len == t->len && s.setup == t->setup
    && s.setupdata == t->setupdata && s.ready == t->ready && s.readydata == t->readydata && s.cancelfd == t->cancelfd && s.inorder == t->inorder && s.everywhere == t->everywhere
    && s.expecting == t->expecting && s.n == t->n && s.candidate == t->candidate, "the caller's fields of the connector were touched") ;

  memset(x, 0x5a, sizeof x) ;
  errno = ERRNO ;
  k = socket_connector_prepare(&s, x) ;
  must(errno == ERRNO, "prepare changes errno") ;
  must(k == flying, "prepare: %u, not %u", k, flying) ;
  for (unsigned int i = 0 ; i < k ; i++)
  {
    must(x[i].events == (short)owned("prepare", x[i].fd)->events, "prepare: events %d of %d", x[i].events, owner[x[i].fd] - 1) ;
    for (unsigned int j = 0 ; j < i ; j++) must(x[j].fd != x[i].fd, "prepare: descriptor %d twice", x[i].fd) ;
  }
}

static int64_t check_next (void)
{
  tain a ;
  int64_t t, should = model_next(&m, now, 0) ;
  errno = ERRNO ;
  socket_connector_nextdeadline(&s, &a) ;
  must(errno == ERRNO, "nextdeadline changes errno") ;
  t = time_of(&a) ;
  if (m.over) return t ;
  if (model_untried(&m) != model_count(&m, UNTRIED) && t != should) should = model_next(&m, now, 1) ;  /* one needless wake-up */
  if (should == PAST) must(t <= now, "nextdeadline %g is not in the past", ms_of(t)) ;
  else if (m.stepped || t > now) must(t == should, "nextdeadline %g, not %g", ms_of(t), ms_of(should)) ;
  return t ;
}

static int step (void)
{
  socket_connector t = s ;
  int r, e, over = m.over ;
  memcpy(before, cand, race.total * sizeof(socket_candidate)) ;
  if (m.ready) memcpy(was, m.c, m.n * sizeof *was) ;
  memset(said, 0, m.n * sizeof *said) ;
  leftnow = 0 ;
  cursor = 0 ;
  model_step(&m, now) ;
  incall = 1 ;
  errno = ERRNO ;
  r = socket_connector_step(&s, padded(now)) ;
  e = errno ;
  incall = 0 ;
  if (!over || r == 1) say("step: %d%s%s", r, r == -1 ? " " : "", r == -1 ? name_of(e) : "") ;
  must(r == m.answer, "step says %d, not %d %s", r, m.answer, name_of(m.error)) ;
  must(e == (r == -1 ? m.error : ERRNO), "step's errno is %s, not %s", name_of(e), name_of(m.error)) ;
  must(cursor == m.calls, "%u was to be started", m.call[cursor].i) ;
  if (over) must(!memcmp(&s, &t, sizeof s) && !memcmp(cand, before, race.total * sizeof(socket_candidate)), "step after the end touches something") ;
  check_all(&t) ;
  return r ;
}

static void stop (void)
{
  socket_connector t = s ;
  memcpy(before, cand, race.total * sizeof(socket_candidate)) ;
  model_stop(&m) ;
  cursor = 0 ;
  incall = 1 ;
  errno = ERRNO ;
  socket_connector_stop(&s) ;
  must(errno == ERRNO, "stop changes errno") ;
  incall = 0 ;
  say("stop") ;
  check_all(&t) ;
}

static void arrive (void)
{
  while (m.n < race.total && race.arrival[m.n] <= now)
  {
    say("%u arrives", m.n) ;
    cand[m.n].is6 = !cand[m.n].is6 ;
    m.n++ ;
  }
  if (m.expecting && race.done <= now)
  {
    say("no more candidates") ;
    m.expecting = 0 ;
  }
  s.n = m.n ;
  s.expecting = !!m.expecting ;
}

static int64_t least (int64_t a, int64_t b)
{
  return a < b ? a : b ;
}

/* When to step: at the time asked for, at an event, or when chance says so. */

static int64_t following (void)
{
  int64_t t = check_next() ;
  for (unsigned int i = 0 ; i < m.n ; i++) if (m.c[i].state == FLYING) t = least(t, m.c[i].up ? m.c[i].ready : m.c[i].due) ;
  if (m.n < race.total && race.arrival[m.n] > now) t = least(t, race.arrival[m.n]) ;
  if (m.expecting) t = least(t, race.done) ;
  t = least(t, race.stop) ;
  for (unsigned int i = 0 ; i < race.steps ; i++) if (race.step[i] > now) t = least(t, race.step[i]) ;
  if (t < now) t = now ;
  if (t == FOREVER) return t ;
  if (race.seed && t > now && in64(race.early)) t = now + (int64_t)(chance() >> 1) % (t - now + 1) ;
  if (race.seed && in64(race.late)) t += race.unit * below(8) + below(2) * below(1000000) ;
  if (t > race.asleep && t < race.awake) t = race.awake ;
  return t ;
}

static void begin (void)
{
  unsigned int total = race.total ;
  model_reset(&m) ;
  m.looksagain = looksagain ;
  memset(owner, 0, sizeof owner) ;
  opened = 0 ;
  lastleft = PAST ;
  now = 0 ;
  m.n = 0 ;
  for (unsigned int i = 0 ; i < total ; i++)
  {
    if (!race.again || race.arrival[i] != PAST) fill(i) ;
    if (race.arrival[i] != PAST)
    {
      cand[i].is6 = !cand[i].is6 ;  /* not there yet: the connector may not look at it */
      continue ;
    }
    cand[i].fd = race.basefd ;
    cand[i].error = EIO ;
    cand[i].sent = 7 ;
    cand[i].events = 7 ;
    cand[i].up = 1 ;
    m.n++ ;
  }
  memset(&s, 0x5a, sizeof s) ;
  errno = ERRNO ;
  socket_connector_init(&s, cand, m.n, padded(m.deadline)) ;
  must(errno == ERRNO, "init changes errno") ;
  must(s.delay == 250 && !s.backoff && !s.data && !s.len && !s.setup && !s.ready && s.cancelfd == -1 && !s.inorder && !s.everywhere
    && !s.expecting && s.n == m.n && s.candidate == cand && s.fd == -1 && !s.sent, "init's defaults") ;
  for (unsigned int i = 0 ; i < m.n ; i++) must(cand[i].fd == -1 && !cand[i].error && !cand[i].sent && cand[i].delay == m.c[i].delay
    && cand[i].is6 == (unsigned int)m.c[i].is6, "init of candidate %u", i) ;
  s.delay = m.delay ;
  s.backoff = m.backoff ;
  s.data = m.data ? data : 0 ;
  s.len = m.len ;
  s.setup = m.setup ? &setup : 0 ;
  s.setupdata = &setupdata ;
  s.ready = m.ready ? &ready : 0 ;
  s.readydata = &readydata ;
  s.inorder = !!m.inorder ;
  s.everywhere = !!m.everywhere ;
  s.expecting = !!m.expecting ;
  if (verbose)
  {
    printf("# %s, seed %llu: %u candidates, delay %u, backoff %d%s%s%s%s, len %u, deadline ", race.name, (unsigned long long)race.seed,
      race.total, m.delay, m.backoff, m.inorder ? ", inorder" : "", m.everywhere ? ", everywhere" : "", m.expecting ? ", expecting" : "",
      m.data ? ", data" : "", (unsigned int)m.len) ;
    if (m.deadline == FOREVER) printf("never\n") ; else printf("%g ms\n", ms_of(m.deadline)) ;
  }
}

static void end (void)
{
  int64_t ended = now ;
  for (unsigned int i = 0 ; i < 3 ; i++)
  {
    now += i * race.unit * 100 ;
    step() ;
    if (!race.seed || in64(32)) continue ;
    stop() ;
    stop() ;
  }
  stop() ;
  step() ;
  now = ended ;
  incall = 1 ;
  if (s.fd >= 0) { owner[s.fd] = 0 ; opened-- ; }
  incall = 0 ;
  must(!opened, "%u descriptors leaked", opened) ;
}


static void drive (void)
{
  unsigned int steps = 0, still = 0 ;
  begin() ;
  check_next() ;
  if (race.stop < 0) { stop() ; stop() ; }
  for (;;)
  {
    int64_t t ;
    must(steps++ < 10000 + 100 * race.total, "it does not end") ;
    arrive() ;
    check_next() ;
    if (race.stop >= 0 && race.stop <= now) { stop() ; stop() ; }
    if (step()) return ;
    t = following() ;
    if (t == FOREVER)
    {
      must(race.seed, "nothing is waited for") ;
      race.stop = t = now ;
    }
    still = t == now && !leftnow ? still + 1 : 0 ;
    must(still < 8, "it turns without getting on") ;
    now = t ;
  }
}

/* Runs the race to its end and judges it: 0 if the library lost it. */

static int run (void (*judge) (void))
{
  if (setjmp(lost)) return 0 ;
  drive() ;
  if (judge) (*judge)() ;
  end() ;
  return 1 ;
}


 /* The table */

struct row
{
  char *name, *connector, *candidates, *winner, *total, *attempts, *starts, *errors, *sent ;
} ;

static struct row row ;
static char line[4096] ;
static int bad ;

/* The next field of *p, which ends at one of the bytes in stops or at the end; *p is after it. */

static char *field (char **p, char const *stops)
{
  char *x = *p ;
  size_t n = strcspn(x, stops) ;
  *p = x[n] ? x + n + 1 : x + n ;
  x[n] = 0 ;
  return x ;
}

static int64_t number (char const *x)
{
  char *rest ;
  long long n = strtoll(x, &rest, 10) ;
  if (rest == x || *rest) { printf("# %s: number %s\n", row.name, x) ; bad = 1 ; }
  return n ;
}

static int error_of (char const *x)
{
  for (unsigned int i = 0 ; i < NAMES ; i++) if (!strcmp(x, names[i].name)) return names[i].error ;
  printf("# %s: error %s\n", row.name, x) ;
  bad = 1 ;
  return 0 ;
}

static void read_try (struct plan *p, char *y)
{
  char *x = field(&y, "+"), *when = field(&x, ":"), *verdict = y ;
  if (*y)
  {
    char *after = field(&verdict, ":") ;
    m.ready = 1 ;
    p->ready = strcmp(after, "silent") ? number(after) * MS : FOREVER ;
    p->verdict = !*verdict || !strcmp(verdict, "ok") ? 0 : error_of(verdict) ;
  }
  p->where = LATER ;
  p->error = 0 ;
  p->after = FOREVER ;
  p->took = -1 ;
  if (!strcmp(when, "silent")) return ;
  p->self = !strcmp(x, "self") ;
  p->error = strcmp(x, "ok") && !p->self ? error_of(x) : 0 ;
  if (!strcmp(when, "create")) p->where = IN_CREATE ;
  else if (!strcmp(when, "setup")) { p->where = IN_SETUP ; m.setup = 1 ; }
  else if (!strcmp(when, "call")) p->where = IN_CALL ;
  else p->after = number(when) * MS ;
}

/* family:try>try/delay=ms/sent=n/hedge=of/same=as@arrival */

static void read_candidate (char *x)
{
  unsigned int i = race.total++ ;
  struct model_candidate *c = m.c + i ;
  char *p = field(&x, "@"), *q = field(&p, "/") ;
  memset(c, 0, sizeof *c) ;
  race.arrival[i] = *x ? number(x) * MS : PAST ;
  c->is6 = number(field(&q, ":")) == 6 ;
  c->address = 4 * i ;
  while (*q && c->plans < MODEL_TRIES) read_try(c->plan + c->plans++, field(&q, ">")) ;
  while (*p)
  {
    char *value = field(&p, "/"), *key = field(&value, "=") ;
    if (!strcmp(key, "delay")) c->delay = (unsigned int)number(value) ;
    else if (!strcmp(key, "sent")) for (unsigned int k = 0 ; k < c->plans ; k++) c->plan[k].took = (ssize_t)number(value) ;
    else if (!strcmp(key, "hedge")) { c->hedge = 1 ; c->address = 4 * (unsigned int)number(value) ; }
    else if (!strcmp(key, "same")) c->address = 4 * (unsigned int)number(value) ;
    else { printf("# %s: key %s\n", row.name, key) ; bad = 1 ; }
  }
}

static void read_option (char *x)
{
  char *key = field(&x, "=") ;
  int64_t n = *x ? number(x) : 0 ;
  if (!strcmp(key, "delay")) m.delay = (unsigned int)n ;
  else if (!strcmp(key, "backoff")) m.backoff = (int)n ;
  else if (!strcmp(key, "data")) { m.data = 1 ; m.len = (size_t)n ; }
  else if (!strcmp(key, "inorder")) m.inorder = 1 ;
  else if (!strcmp(key, "everywhere")) m.everywhere = 1 ;
  else if (!strcmp(key, "expecting")) m.expecting = 1 ;
  else if (!strcmp(key, "deadline")) m.deadline = n * MS ;
  else if (!strcmp(key, "done")) race.done = n * MS ;
  else if (!strcmp(key, "stop")) race.stop = n * MS ;
  else if (!strcmp(key, "step") && race.steps < 8) race.step[race.steps++] = n * MS ;
  else if (!strcmp(key, "asleep")) race.asleep = n * MS ;
  else if (!strcmp(key, "awake")) race.awake = n * MS ;
  else { printf("# %s: option %s\n", row.name, key) ; bad = 1 ; }
}

static void clear (char const *name)
{
  memset(&race, 0, sizeof race) ;
  race.name = name ;
  race.done = race.stop = race.asleep = race.awake = FOREVER ;
  race.unit = MS ;
  m.delay = 250 ;
  m.backoff = m.data = m.setup = m.ready = m.inorder = m.everywhere = m.expecting = 0 ;
  m.len = 0 ;
  m.deadline = FOREVER ;
  m.n = 0 ;
}

static void read_row (char const *text)
{
  char *p = line ;
  snprintf(line, sizeof line, "%s", text) ;
  row.name = field(&p, "\t") ;
  row.connector = field(&p, "\t") ;
  row.candidates = field(&p, "\t") ;
  row.winner = field(&p, "\t") ;
  row.total = field(&p, "\t") ;
  row.attempts = field(&p, "\t") ;
  row.starts = field(&p, "\t") ;
  row.errors = field(&p, "\t") ;
  row.sent = field(&p, "\t") ;
  clear(row.name) ;
  while (*row.connector) read_option(field(&row.connector, " ")) ;
  while (*row.candidates) read_candidate(field(&row.candidates, " ")) ;
}

/* What the row demands, by the library's structures alone. */

static void judge_row (void)
{
  int wins = *row.winner >= '0' && *row.winner <= '9' ;
  char *p = row.starts, *q = row.errors, *r = row.sent ;
  unsigned int left = 0 ;
  must(s.fd >= 0 ? wins && s.winner == number(row.winner) : !wins && m.error == error_of(row.winner), "the row's winner is %s", row.winner) ;
  must(now == number(row.total) * MS, "the row's total is %s ms", row.total) ;
  for (unsigned int i = 0 ; i < race.total ; i++)
  {
    char const *start = field(&p, "/"), *error = field(&q, "/"), *sent = field(&r, "/") ;
    left += m.c[i].left != 0 ;
    if (*start == '-') must(m.c[i].start == PAST, "%u: the row does not start it", i) ;
    else must(time_of(&cand[i].start) == number(start) * MS, "%u: the row's start is %s ms", i, start) ;
    must(cand[i].error == error_of(error), "%u: the row's error is %s", i, error) ;
    must(cand[i].sent == (*sent ? (size_t)number(sent) : 0), "%u: the row's sent is %s", i, sent) ;
    if (wins && s.winner == i) must(s.sent == cand[i].sent, "%u: the winner's sent", i) ;
  }
  must(!*p && !*q && !*r, "the row has more fields than candidates") ;
  must(left == number(row.attempts), "the row's attempts: %s, not %u", row.attempts, left) ;
}

static char const *text ;

static void one_row (void)
{
  bad = 0 ;
  for (race.basefd = 0 ; race.basefd < 4 && !bad ; race.basefd += 3)
    for (verbose = 0 ; verbose < 2 ; verbose++)
    {
      int fd = race.basefd ;
      read_row(text) ;
      race.basefd = fd ;
      if (run(&judge_row)) break ;
      bad = 1 ;
    }
  verbose = 0 ;
  check(!bad) ;
}

static void table (void)
{
  static char file[4096], name[128] ;
  FILE *f = fopen("test/connector_scenarios.tsv", "r") ;
  unsigned int rows = 0 ;
  if (f)
  {
    while (fgets(file, sizeof file, f))
    {
      size_t n = strcspn(file, "\n") ;
      file[n] = 0 ;
      if (!n || file[0] == '#') continue ;
      snprintf(name, sizeof name, "row: %.*s", (int)strcspn(file, "\t"), file) ;
      text = file ;
      test_run(&one_row, name) ;
      rows++ ;
    }
    fclose(f) ;
  }
  text = 0 ;
  printf("# %u rows\n", rows) ;
  if (rows < 340) { printf("fail table\n") ; test_status = 1 ; }
}


 /* Random races */

static int const later_errors[] = { ECONNREFUSED, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EACCES, ENETDOWN, EPROTO, ENOTCONN, ENOBUFS, EMFILE, EAFNOSUPPORT } ;
static int const create_errors[] = { EAFNOSUPPORT, EAFNOSUPPORT, EACCES, EPROTONOSUPPORT, EINVAL } ;
static int const setup_errors[] = { EADDRNOTAVAIL, EADDRINUSE, EACCES, EINVAL, ECONNREFUSED, ENETUNREACH, EINPROGRESS, ENOPROTOOPT } ;
static int const call_errors[] = { ENETUNREACH, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EACCES, EPERM, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EAFNOSUPPORT, EINVAL } ;
static int const scarce_errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM } ;
static unsigned int const delays[] = { 0, 1, 9, 10, 11, 25, 50, 100, 250, 500, 1999, 2001, 3000, 3600000, 4294967295U } ;
static unsigned int const units[] = { 1, 1, 2, 5, 10, 10, 25, 50, 50, 250 } ;

#define COUNT(a) (unsigned int)(sizeof(a) / sizeof(a)[0])
#define ONE(a) (a)[below(COUNT(a))]

static int64_t moment (void)
{
  int64_t t = race.unit * below(in64(48) ? 12 : 60) ;
  return in64(4) ? t + below(1000000) : t ;
}

static void random_try (struct plan *p, unsigned int scarce, unsigned int inside, unsigned int ok, unsigned int silent)
{
  unsigned int k = below(3) ;
  p->where = LATER ;
  p->error = 0 ;
  p->after = moment() ;
  p->took = in64(32) ? -1 : (ssize_t)below(70) ;
  p->self = in64(inside / 4) ;
  p->ready = in64(silent) ? FOREVER : in64(32) ? 0 : moment() ;
  p->verdict = in64(ok) || in64(16) ? 0 : in64(2) ? STOPS : ONE(later_errors) ;
  if (in64(scarce))
  {
    p->where = k == 0 ? IN_CREATE : k == 1 ? IN_SETUP : IN_CALL ;
    p->error = ONE(scarce_errors) ;
  }
  else if (in64(inside))
  {
    if (k == 1 && !m.setup) k = 2 ;
    p->where = k == 0 ? IN_CREATE : k == 1 ? IN_SETUP : IN_CALL ;
    p->error = k == 0 ? ONE(create_errors) : k == 1 ? in64(4) ? STOPS : ONE(setup_errors) : in64(6) ? 0 : ONE(call_errors) ;
  }
  else if (in64(silent)) p->after = FOREVER ;
  else if (!in64(ok)) p->error = ONE(later_errors) ;
}

static void random_race (uint64_t x)
{
  static unsigned int const few[] = { 0, 0, 0, 2, 4, 8, 20, 40 } ;
  unsigned int scarce, inside, ok, silent, mix, n, there, hedges ;
  int ends ;
  clear("random race") ;
  state = ~x ;
  race.seed = x ? x : 1 ;
  race.unit = ONE(units) * MS ;
  n = in64(40) ? 1 + below(5) : below(13) ;
  if (!below(1000)) n = 13 + below(MODEL_MAX - 13) ;
  race.basefd = in64(24) ? 0 : 3 + (int)below(60) ;
  race.early = ONE(few) ;
  race.late = ONE(few) ;
  m.delay = in64(32) ? 250 : ONE(delays) ;
  m.backoff = (int)below(3) - 1 ;
  m.inorder = in64(16) ;
  m.setup = in64(32) ;
  m.ready = in64(24) ;
  hedges = in64(24) ? ONE(few) : 0 ;
  m.data = in64(24) ;
  m.len = m.data && in64(48) ? 1 + below(60) : 0 ;
  m.everywhere = in64(24) ;
  m.expecting = in64(20) ;
  if (in64(40)) m.deadline = in64(4) ? -moment() : in64(32) ? moment() + 10 * race.unit : moment() ;
  if (in64(8)) race.stop = in64(4) ? -1 : moment() ;
  race.total = n ;
  scarce = ONE(few) / 2 ;
  inside = ONE(few) ;
  ok = ONE(few) ;
  silent = ONE(few) ;
  mix = in64(32) ? 32 : in64(32) ? 0 : 64 ;
  ends = race.stop != FOREVER || m.deadline != FOREVER ;
  there = m.expecting ? below(n + 1) : n ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    struct model_candidate *c = m.c + i ;
    memset(c, 0, sizeof *c) ;
    c->is6 = in64(mix) ;
    c->address = 4 * i ;
    if (in64(hedges))  /* of another, or all but one of it: before it, after it, of the other family, of itself */
    {
      c->address = 4 * below(n) + (in64(8) ? below(4) : 0) ;
      c->hedge = in64(48) ;
      if (c->address / 4 < i && in64(48)) c->is6 = m.c[c->address / 4].is6 ;
    }
    c->delay = in64(12) ? ONE(delays) : 0 ;
    c->plans = 1 + below(MODEL_TRIES) ;
    for (unsigned int k = 0 ; k < c->plans ; k++) random_try(c->plan + k, k + 1 < c->plans || ends ? scarce : 0, inside, ok, silent) ;
    race.arrival[i] = i < there ? PAST : i == there ? moment() : race.arrival[i - 1] + (in64(24) ? 0 : moment()) ;
  }
  if (m.expecting && in64(48)) race.done = (there < n ? race.arrival[n - 1] : 0) + (in64(32) ? 0 : moment()) ;
}

/* The next race again with another world, on the array as it was left. */

static int random_run (uint64_t x)
{
  unsigned int total ;
  random_race(x) ;
  total = race.total ;
  if (!run(0)) return 0 ;
  if (x % 8) return 1 ;
  for (unsigned int i = 0 ; i < total ; i++) if (race.arrival[i] == PAST)
    for (unsigned int k = 0 ; k < m.c[i].plans ; k++)
    {
      m.c[i].plan[k].where = LATER ;
      m.c[i].plan[k].error = k & 1 ? 0 : ECONNREFUSED ;
      m.c[i].plan[k].after = race.unit * k ;
      m.c[i].plan[k].self = m.c[i].plan[k].verdict = 0 ;
      m.c[i].plan[k].ready = race.unit ;
    }
  race.again = 1 ;
  m.deadline = FOREVER ;
  m.expecting = 0 ;
  race.stop = FOREVER ;
  for (race.total = 0 ; race.total < total && race.arrival[race.total] == PAST ; race.total++) ;
  return run(0) ;
}

static uint64_t first = SEED ;
static unsigned long races = RACES ;

static void random_races_go_as_the_model_says (void)
{
  unsigned int losses = 0 ;
  for (uint64_t i = 0 ; i < races && losses < 3 ; i++)
  {
    verbose = 0 ;
    if (random_run(first + i)) continue ;
    losses++ ;
    verbose = 1 ;
    random_run(first + i) ;
    verbose = 0 ;
    printf("# to see this race alone: %s %llu 1\n", "test/connector_model", (unsigned long long)(first + i)) ;
  }
  check(!losses) ;
}


 /* The structures, as people may rely on them */

#define IS(type, t, field) (_Generic(((t *)0)->field, type : 1, default : 0))

static void structures_are_as_the_pages_say (void)
{
  socket_candidate c ;
  socket_connector x ;
  check(IS(uint32_t, socket_candidate, scope_id)) ;
  check(IS(uint16_t, socket_candidate, port)) ;
  check(IS(unsigned int, socket_candidate, delay)) ;
  check(IS(int, socket_candidate, fd)) ;
  check(IS(int, socket_candidate, error)) ;
  check(IS(size_t, socket_candidate, sent)) ;
  check(_Generic(((socket_connector *)0)->ready, int (*) (socket_candidate *, void *) : 1, default : 0)) ;
  check(IS(void *, socket_connector, readydata)) ;
  check(IS(tain, socket_candidate, start)) ;
  check(IS(tain, socket_candidate, end)) ;
  check(IS(char *, socket_candidate, ip) && sizeof c.ip == 16) ;
  check(IS(unsigned int, socket_connector, delay)) ;
  check(IS(int, socket_connector, backoff)) ;
  check(IS(char const *, socket_connector, data)) ;
  check(IS(size_t, socket_connector, len)) ;
  check(_Generic(((socket_connector *)0)->setup, int (*) (int, socket_candidate const *, void *) : 1, default : 0)) ;
  check(IS(void *, socket_connector, setupdata)) ;
  check(IS(int, socket_connector, cancelfd)) ;
  check(IS(int, socket_connector, fd)) ;
  check(IS(unsigned int, socket_connector, winner)) ;
  check(IS(size_t, socket_connector, sent)) ;
  check(IS(unsigned int, socket_connector, n)) ;
  check(IS(socket_candidate *, socket_connector, candidate)) ;
  memset(&c, 0, sizeof c) ;
  memset(&x, 0, sizeof x) ;
  c.is6 = 1 ;
  x.inorder = x.everywhere = x.expecting = 1 ;
  check(c.is6 == 1 && x.inorder == 1 && x.everywhere == 1 && x.expecting == 1) ;
  c.hedge = 1 ;
  c.events = 63 ;
  check(c.hedge == 1 && c.events == 63 && !++c.events && c.hedge == 1) ;
  check(!--c.is6 && !--x.inorder && !--x.everywhere && !--x.expecting) ;
  check(!c.is6-- && c.is6 == 1) ;
  check(sizeof(socket_candidate) <= 96) ;
  check(sizeof(socket_connector) < 256) ;
}

/* Rule 8's look at the first attempt is made in the step that starts it, or in one of its own. */

static void a_passed_deadline_leaves_one_look_at_the_first_attempt (void)
{
  int found = 0 ;
  for (looksagain = 0 ; looksagain < 2 ; looksagain++)
  {
    clear("look") ;
    race.total = 1 ;
    race.arrival[0] = PAST ;
    m.deadline = -MS ;
    memset(m.c, 0, sizeof *m.c) ;
    m.c[0].plans = 1 ;
    m.c[0].plan[0].where = LATER ;
    m.c[0].plan[0].after = FOREVER ;
    found = run(0) ;
    if (found) break ;
  }
  check(found) ;
}

int main (int argc, char **argv)
{
  if (argc > 1) first = strtoull(argv[1], 0, 10) ;
  if (argc > 2) races = strtoul(argv[2], 0, 10) ;
  printf("# seed %llu, %lu races\n", (unsigned long long)first, races) ;
  RUN(structures_are_as_the_pages_say) ;
  RUN(a_passed_deadline_leaves_one_look_at_the_first_attempt) ;
  table() ;
  RUN(random_races_go_as_the_model_says) ;
  return test_end() ;
}
