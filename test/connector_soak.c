/* ISC license. */

/*
   Random races across test/wan, many at a time over poll, some by the calls that wait in children, and blocking
   connects there: while signals come, calls fail by chance, descriptors run out, lists of candidates
   grow and races are stopped. After each step the books are compared: who has opened which descriptor, what the race
   says of itself, what the addresses of the table are like. Each winner echoes bytes of its own.
   The first violation ends the run. What a race is like depends on the seed and its number; when things happen does not.

   usage: connector_soak                  three seconds, as a test
          connector_soak seconds [seed]
*/

#include "test.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "tun.h"
#include "socket_connector.h"
#include "race.h"
#include "syscalls.h"

#define PORT 80
#define CLOSED 81            /* nobody listens there */
#define SLOTS 32             /* races at a time, */
#define CHILDREN 4           /* of them in children */
#define FDS 40               /* RLIMIT_NOFILE: not enough for all */
#define MAX 8                /* candidates of a race */
#define PLACES 100
#define ERRNOS 134
#define STUCK 6000           /* ms that suffice for the answer of an address that is not silent, and for an echo */
#define STEPS 1000           /* more is a loop without a wait */
#define GROWTH 512           /* kB of memory that is not growth */
#define SIGNAL 3             /* ms between signals */
#define PATIENCE 100         /* signals from the stop by cancelfd on */
#define CLEAN 2              /* exit code */

enum { RACES, CHILD, BLOCKING, EXECUTED, WON, LOST, STOPPED, STEPPED, SOCKETS, REFUSED, FAULTS, FULL, SIGNALS, BYTES, HEDGES, PASSED, READIES, REJECTED, ERRORS } ;

static char const *const names[ERRORS] = { "races", "in children", "blocking connects", "programs executed", "won", "lost", "stopped", "steps",
  "sockets", "refused by setup", "calls failed by chance", "EMFILE by the limit", "signals", "bytes echoed", "hedges started", "passed over", "asked if ready", "rejected" } ;

static struct place { char name[INET6_ADDRSTRLEN], behaviour[64], ip[16] ; int six, answers, resets, greets, error ; } place[PLACES] ;

static struct race
{
  enum { IDLE, RACING, TALKING, AWAY } phase ;
  unsigned int number ;
  uint64_t random ;
  struct place const *place[MAX], *peer ;
  socket_candidate candidate[MAX] ;
  unsigned int total ;       /* candidates, with those still to come */
  socket_connector c ;
  tain deadline, arrive, stop, due, last ;
  unsigned int steps, made ; /* made: sockets in this step */
  int stopped, looked ;
  char may[ERRNOS] ;         /* errnos of chance, of setup, of the limit */
  char const *data ;
  size_t size, told, heard ; /* bytes to echo */
  int fd, shut ;             /* the winner's */
  pid_t pid ;
  struct pollfd *x ;
  unsigned int n ;
} slot[SLOTS], *me ;         /* me: whose turn it is */

static unsigned int places, count[ERRORS + ERRNOS], seed ;
static struct race *owner[1024] ;  /* of a descriptor that the library opened */
static int inside, error ;   /* the library is at work; its errno */
static char pattern[16384] ;
static char const *self ;
static pid_t parent ;
static int base, report[2], statm, cancel[2] ;
static int volatile signals, cancelin ;
static double late ;         /* ms */

#define past(t) (!tain_less(&STAMP, (t)))
#define library(e) do { inside = 1 ; errno = 0 ; e ; error = errno ; inside = 0 ; } while (0)
#define must(e) do { if (!(e)) violation(__LINE__, #e) ; } while (0)

static unsigned int roll (struct race *r, unsigned int n)
{
  r->random = r->random * 6364136223846793005ULL + 1442695040888963407ULL ;
  return (unsigned int)(r->random >> 33) % n ;
}

static void after (tain *t, unsigned int ms)
{
  tain_from_millisecs(t, (int)ms) ;
  tain_add_g(t, t) ;
}

static double since (tain const *t)
{
  return (double)(int64_t)(STAMP.sec.x - t->sec.x) * 1e3 + ((double)STAMP.nano - (double)t->nano) / 1e6 ;
}

static void totals (int violations)
{
  count[SIGNALS] += (unsigned int)signals ;
  for (int i = 0 ; i < ERRORS ; i++) printf("%s%u %s", i ? ", " : "", count[i], names[i]) ;
  printf("\nerrors:") ;
  for (int i = 0 ; i < ERRNOS ; i++) if (count[ERRORS + i]) printf(" %u %s;", count[ERRORS + i], strerror(i)) ;
  printf("\nsteps late by %.1f ms at most\nviolations: %d\n", late, violations) ;
}

static void violation (int line, char const *what)
{
  printf("violation: line %d: %s (errno %d, %d)\n", line, what, errno, error) ;
  if (me)
  {
    socket_connector const *c = &me->c ;
    printf("seed %u, race %u%s: deadline %.1f ms ago, step %u, delay %u, backoff %d, data %d, %zu, inorder %d, everywhere %d, expecting %d, "
      "result %d, fd %d, winner %u, sent %zu; told %zu of %zu, heard %zu, peer %s %s\n",
      seed, me->number, getpid() == parent ? "" : " in a child", since(&me->deadline), me->steps, c->delay, c->backoff, !!c->data, c->len, c->inorder,
      c->everywhere, c->expecting, c->result, c->fd, c->winner, c->sent, me->told, me->size, me->heard, me->peer ? me->peer->name : "-",
      me->peer ? me->peer->behaviour : "") ;
    for (socket_candidate const *x = me->candidate ; x < me->candidate + me->total ; x++)
      printf("  %s:%u %s: fd %d, error %d, sent %zu, started %.1f ms ago\n", me->place[x - me->candidate]->name, x->port,
        me->place[x - me->candidate]->behaviour, x->fd, x->error, x->sent, x->start.sec.x ? since(&x->start) : -1) ;
  }
  if (getpid() == parent) totals(1) ;
  fflush(stdout) ;
  _exit(1) ;
}


 /* System calls that fail by chance, and who has opened what */

enum { SETUP = CALLS } ;  /* fails by chance like a call */

static struct { int odds, error[8] ; } const faults[CALLS + 1] =
{
  [CALL_socket] = { 100, { EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT } },
  [CALL_setsockopt] = { 100, { ENOBUFS, ENOMEM, EPERM } },
  [CALL_getsockopt] = { 100, { ENOBUFS, ENOMEM, EPERM } },
  [CALL_getpeername] = { 200, { ENOBUFS, ENOMEM, ENOTCONN } },
  [CALL_connect] = { 50, { EACCES, EADDRNOTAVAIL, EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOBUFS, ENOMEM } },
  [CALL_sendto] = { 50, { EACCES, ENETUNREACH, ENOBUFS, ENOMEM, EOPNOTSUPP, EPERM, EPIPE } },
  [CALL_poll] = { 50, { EINTR } },        /* no one may hear of it */
  [CALL_getsockname] = { 50, { ENOBUFS, ENOMEM } },
  [CALL_recvmsg] = { 2, { EINTR, ENOMEM } },
  [CALL_close] = { 50, { EINTR, EIO } },  /* nor of these: it has closed */
  [SETUP] = { 10, { EADDRINUSE, EADDRNOTAVAIL, EPERM, ENOMEM } }
} ;

static int fault (int call)
{
  unsigned int n = 0 ;
  if (!inside || roll(me, (unsigned int)faults[call].odds)) return 0 ;
  if (cancelin && cancelin <= PATIENCE) return 0 ;  /* chance would end a loop without a wait */
  while (n < 8 && faults[call].error[n]) n++ ;
  errno = faults[call].error[roll(me, n)] ;
  if (call != CALL_poll && call != CALL_close && call != CALL_getsockname && call != CALL_recvmsg) me->may[errno] = 1 ;
  return (int)++count[call == SETUP ? REFUSED : FAULTS] ;
}

static int closing (int fd)
{
  int r ;
  if (inside) must(fd >= 0 && owner[fd] == me) ;
  if (fd >= 0 && fd < 1024) owner[fd] = 0 ;
  r = (int)syscall(SYS_close, fd) ;
  return fault(CALL_close) ? -1 : r ;
}

static long hook (int call, long *a)
{
  long r ;
  if (call == CALL_close) return closing((int)a[0]) ;
  if (fault(call)) return -1 ;
  r = kernel(call, a) ;
  if (call != CALL_socket || !inside) return r ;
  must(me->phase != RACING || ++me->made <= 2 * MAX) ;
  if (r >= 0) count[SOCKETS]++, owner[r] = me ;
  else if (errno == EMFILE) count[FULL]++, me->may[EMFILE] = 1 ;
  return r ;
}

REPLACE(close) REPLACE(connect) REPLACE(getpeername) REPLACE(getsockname) REPLACE(getsockopt) REPLACE(poll) REPLACE(recvmsg)
REPLACE(sendto) REPLACE(setsockopt) REPLACE(socket)

static int owned (struct race const *r)
{
  int n = 0 ;
  for (int i = 0 ; i < FDS ; i++) if (owner[i] && (!r || owner[i] == r)) n++ ;
  return n ;
}


 /* What must hold */

static int same_address (socket_candidate const *a, socket_candidate const *b)
{
  return a->is6 == b->is6 && a->port == b->port && !memcmp(a->ip, b->ip, a->is6 ? 16 : 4) ;
}

/* A hedge is not started once its address has answered. */

static void hedged (struct race const *r, socket_candidate const *x)
{
  for (socket_candidate const *y = r->candidate ; y < x ; y++) if (y->error && same_address(x, y))
  {
    if (!x->start.sec.x) { count[PASSED] += (unsigned int)!!r->c.result ; return ; }
    must(y->error == ECANCELED || tain_less(&x->start, &y->end)) ;
  }
  if (r->c.result && x->start.sec.x) count[HEDGES]++ ;
}

/* end: what ended the attempts in flight, 0: nothing has */

static void plausible (struct race const *r, int end)
{
  for (unsigned int i = 0 ; i < r->total ; i++)
  {
    socket_candidate const *x = r->candidate + i ;
    struct place const *p = r->place[i] ;
    int e = x->error ;
    if (x->hedge) hedged(r, x) ;
    must(e >= 0 && e < ERRNOS && (!e || x->fd == -1)) ;
    must(!e || r->may[e] || e == end || e == (p->answers && x->port == CLOSED ? ECONNREFUSED : p->error)) ;
    if (x->fd >= 0) must(!end && i < r->c.n && owner[x->fd] == r && ((!p->answers && !p->error) || since(&x->start) < STUCK)) ;
  }
}

static void going (struct race *r)
{
  iopause_fd x[MAX] ;
  int n = (int)socket_connector_prepare(&r->c, x), started = 0 ;
  plausible(r, 0) ;
  must(n == owned(r)) ;
  for (unsigned int i = 0 ; i < r->c.n ; i++) if (r->candidate[i].fd >= 0)
  {
    n-- ;
    if (!tain_less(&r->candidate[i].start, &STAMP)) started++ ;
  }
  must(!n && started <= 1) ;
  if (past(&r->deadline)) must(started && !r->looked++) ;  /* even then one attempt is made, and looked at */
}

static void ended (struct race *r, int result)
{
  socket_connector *c = &r->c ;
  int end = result == 1 || r->stopped ? ECANCELED : error == ETIMEDOUT && past(&r->deadline) ? ETIMEDOUT : -1 ;
  int found = 0, scarce = 0 ;
  plausible(r, end) ;
  must(owned(r) == (result == 1)) ;
  must(getpid() != parent || test_descriptors() == base + owned(0)) ;
  if (result == 1)
  {
    struct place const *p = r->peer = r->place[c->winner] ;
    char ip[16] ;
    uint16_t port ;
    must(owner[c->fd] == r && fcntl(c->fd, F_GETFD) == FD_CLOEXEC && fcntl(c->fd, F_GETFL) & O_NONBLOCK) ;
    must(c->winner < c->n && !r->candidate[c->winner].error && p->answers) ;
    must(c->sent <= c->len && c->sent == r->candidate[c->winner].sent) ;
    if ((p->six ? socket_remote6(c->fd, ip, &port, 0) : socket_remote4(c->fd, ip, &port)) == -1) must(p->resets) ;
    else must(port == PORT && !memcmp(ip, p->ip, p->six ? 16 : 4)) ;
    r->fd = c->fd ;
    r->told = c->sent ;
    r->phase = TALKING ;
    after(&r->stop, STUCK) ;
    count[WON]++ ;
    return ;
  }
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    int e = r->candidate[i].error ;
    found |= e == error ;
    scarce += e == EMFILE || e == ENFILE ;
  }
  must(c->fd == -1 && scarce <= 1) ;  /* the second would have been put off, or the first has ended it */
  must(end == error || (found && error != ECANCELED) || (!c->n && error == EDESTADDRREQ)) ;
  must(end == error || !c->expecting || is_scarce(error)) ;
  r->phase = IDLE ;
  count[r->stopped ? STOPPED : LOST]++ ;
  count[ERRORS + error]++ ;
}

static int same (struct race const *a, struct race const *b)
{
  int r = a->c.fd == b->c.fd && a->c.winner == b->c.winner && a->c.sent == b->c.sent ;
  for (unsigned int i = 0 ; i < a->total ; i++)
  {
    socket_candidate const *x = a->candidate + i, *y = b->candidate + i ;
    r &= x->fd == y->fd && x->error == y->error && x->sent == y->sent && !tain_less(&x->start, &y->start) && !tain_less(&x->end, &y->end) ;
  }
  return r ;
}

/* after the end nothing changes, by stop neither */

static void repeats (struct race *r, int result)
{
  struct race const before = *r ;
  int e = error, again ;
  for (int i = 0 ; i < 2 ; i++)
  {
    library(again = socket_connector_step_g(&r->c)) ;
    must(again == result && error == e) ;
    library(socket_connector_stop(&r->c)) ;
    must(same(&before, r)) ;
  }
  error = e ;
}

/* Sends what is not sent yet, and reads all of it, each byte once: 1 at the end. */

static int talk (struct race *r)
{
  char const *greeting = r->peer->greets ? "welcome\n" : "" ;
  size_t first = strlen(greeting), all = first + r->size ;
  char buf[2048] ;
  ssize_t n = 0 ;
  must(!past(&r->stop)) ;
  if (r->told < r->size) n = send(r->fd, r->data + r->told, r->size - r->told, MSG_NOSIGNAL) ;
  if (n > 0) r->told += (size_t)n ;
  else must(!n || errno == EAGAIN || errno == EINTR || r->peer->resets) ;
  /* SO_SNDTIMEO may have left it pending: shutdown would end that */
  if (r->told == r->size && !r->shut && socket_connected(r->fd)) r->shut = 1 + shutdown(r->fd, SHUT_WR) ;
  while ((n = recv(r->fd, buf, sizeof buf, 0)) > 0)
    for (ssize_t i = 0 ; i < n ; i++, r->heard++) must(r->heard < all && buf[i] == (r->heard < first ? greeting : r->data - first)[r->heard]) ;
  if (n == -1 && (errno == EAGAIN || errno == EINTR)) return 0 ;
  must(r->peer->resets || (!n && r->heard == all)) ;
  close(r->fd) ;
  r->phase = IDLE ;
  count[BYTES] += (unsigned int)r->heard ;
  return 1 ;
}


 /* A race */

static void stop_inside (struct race *r)
{
  socket_connector_stop(&r->c) ;
  must(r->c.fd == -1) ;
  r->stopped = 1 ;
}

static int setup (int fd, socket_candidate const *x, void *r)
{
  must(r == me && x >= me->candidate && x < me->candidate + me->c.n && x->fd == -1) ;
  must(owner[fd] == me && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFL) & O_NONBLOCK) ;
  if (!roll(me, 400)) stop_inside(me) ;
  return fault(SETUP) ? -1 : 0 ;
}

/* It thinks now and then; then it waits for what comes at once, or for a greeting. */

static int ready (socket_candidate *x, void *r)
{
  static int const errors[] = { ECONNRESET, EPIPE, EPROTO, ENOMEM } ;
  struct place const *p = me->place[x - me->candidate] ;
  must(r == me && x >= me->candidate && x < me->candidate + me->c.n && x->fd >= 0 && owner[x->fd] == me && !x->error && p->answers) ;
  count[READIES]++ ;
  if (!roll(me, 200)) stop_inside(me) ;
  if (roll(me, 3)) return 1 ;
  errno = EINPROGRESS ;
  if (roll(me, 3)) x->events = p->greets && !p->resets && roll(me, 2) ? IOPAUSE_READ : IOPAUSE_WRITE ;
  else
  {
    count[REJECTED]++ ;
    errno = errors[roll(me, 4)] ;
    me->may[errno] = 1 ;
  }
  return 0 ;
}

static void begin (struct race *r)
{
  socket_connector *c = &r->c ;
  memset(r, 0, sizeof *r) ;
  r->number = count[RACES]++ ;
  r->random = ((uint64_t)seed << 32 | r->number) * 0x9e3779b97f4a7c15ULL ;
  r->phase = RACING ;
  r->last = STAMP ;
  r->total = roll(r, MAX + 1) ;
  for (unsigned int i = 0 ; i < r->total ; i++)
  {
    struct place const *p = r->place[i] = place + roll(r, places) ;
    uint16_t port = roll(r, 12) ? PORT : CLOSED ;
    if (p->six) socket_candidate_ip6(r->candidate + i, p->ip, port, 0) ;
    else socket_candidate_ip4(r->candidate + i, p->ip, port) ;
    if (!roll(r, 8)) r->candidate[i].delay = roll(r, 300) ;
  }
  if (!roll(r, 3))
  {
    unsigned int n = r->total ;
    r->total = socket_candidate_hedge(r->candidate, n, roll(r, MAX + 1)) ;
    for (unsigned int i = n ; i < r->total ; i++) r->place[i] = r->place[i - n] ;
  }
  r->arrive = r->stop = r->deadline = tain_infinite ;
  if (roll(r, 12)) after(&r->deadline, roll(r, roll(r, 2) ? 300 : 8000)) ;
  else after(&r->stop, roll(r, 3000)) ;
  if (!roll(r, 6)) after(&r->stop, roll(r, 500)) ;
  socket_connector_init(c, r->candidate, r->total, &r->deadline) ;
  if (!roll(r, 3))
  {
    c->expecting = 1 ;
    c->n = roll(r, r->total + 1) ;
    after(&r->arrive, roll(r, 100)) ;
  }
  if (roll(r, 3)) c->delay = roll(r, roll(r, 3) ? 30 : 400) ;
  c->backoff = (int)roll(r, 5) - 2 ;
  c->inorder = roll(r, 4) & 1 ;
  c->everywhere = roll(r, 2) & 1 ;
  r->data = pattern + 8 + roll(r, sizeof pattern / 2) ;
  if (roll(r, 2)) c->data = r->data, c->len = roll(r, 3) ? roll(r, 3000) : 0 ;
  r->size = c->len + roll(r, 3000) ;
  if (roll(r, 2)) c->setup = &setup, c->setupdata = r ;
  if (!roll(r, 3)) c->ready = &ready, c->readydata = r ;
}

static void more (struct race *r)
{
  if (r->c.n < r->total) r->c.n++ ;
  else r->c.expecting = 0 ;
  if (r->c.expecting) after(&r->arrive, roll(r, 100)) ;
  else r->arrive = tain_infinite ;
}

static void step (struct race *r)
{
  int result ;
  if (past(&r->arrive)) more(r) ;
  r->stopped = past(&r->stop) ;
  if (r->stopped) library(socket_connector_stop(&r->c)) ;
  r->made = 0 ;
  library(result = socket_connector_step_g(&r->c)) ;
  count[STEPPED]++ ;
  must(r->steps++ < STEPS && (result == -1 || !error)) ;
  if (!result) { going(r) ; return ; }
  repeats(r, result) ;
  ended(r, result) ;
}


 /* Children: the functions that wait */

static void onsignal (int sig)
{
  int e = errno ;
  (void)sig ;
  signals++ ;
  if (cancelin && --cancelin == PATIENCE && write(cancel[1], "", 1) != 1) _exit(111) ;
  if (cancelin == 1) _exit(111) ;  /* nobody has listened */
  errno = e ;
}

static void tick (unsigned int ms, int flags)
{
  struct sigaction const sa = { .sa_handler = &onsignal, .sa_flags = flags } ;
  struct itimerval const t = { .it_interval = { .tv_usec = (suseconds_t)ms * 1000 }, .it_value = { .tv_usec = 1 } } ;
  sigset_t set ;
  sigaction(SIGALRM, &sa, 0) ;
  setitimer(ITIMER_REAL, &t, 0) ;
  sigemptyset(&set) ;
  sigprocmask(SIG_SETMASK, &set, 0) ;
}

static void blocking (struct race *r)
{
  struct place const *p = r->peer = place + roll(r, places) ;
  struct timeval const tv = { .tv_sec = 0, .tv_usec = 800000 } ;
  size_t len = roll(r, 3) ? r->size : 0 ;
  int limit = (!p->answers && !p->error) || roll(r, 2), s ;
  ssize_t n ;
  library(s = p->six ? socket_tcp6b() : socket_tcp4b()) ;
  must(s >= 0 || r->may[error]) ;
  if (s == -1) return ;
  if (limit) setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) ;
  if (len) library(n = p->six ? socket_fastopen_connect6(s, p->ip, PORT, 0, r->data, len) : socket_fastopen_connect4(s, p->ip, PORT, r->data, len)) ;
  else library(n = p->six ? socket_connect6(s, p->ip, PORT, 0) : socket_connect4(s, p->ip, PORT)) ;
  count[BLOCKING]++ ;
  must(owned(r) == 1) ;
  if (n >= 0)
  {
    must(p->answers && !error && (size_t)n <= len && !fcntl(s, F_SETFL, O_NONBLOCK)) ;
    r->told = (size_t)n ;
    r->fd = s ;
    r->phase = TALKING ;
    return ;
  }
  must(r->may[error] || error == p->error || (limit && error == EINPROGRESS)) ;
  count[ERRORS + error]++ ;
  close(s) ;
}

static void waiting (struct race *r)
{
  socket_connector *c = &r->c ;
  int any = tain_less(&r->deadline, &tain_infinite) && roll(r, 2) ;
  int cancelled = !any && (roll(r, 2) || tain_less(&r->stop, &tain_infinite)) ;
  c->n = r->total ;
  c->expecting = 0 ;
  if (any) socket_connector_init(c, r->candidate, r->total, &r->deadline) ;
  if (cancelled) c->cancelfd = cancel[0], cancelin = PATIENCE + 1 + (int)roll(r, 100) ;
  if (any) library(c->fd = socket_connectany_g(r->candidate, r->total, &r->deadline)) ;
  else library(r->fd = socket_connector_wait_g(c)) ;
  r->stopped |= error == ECANCELED && cancelled && cancelin <= PATIENCE ;
  cancelin = 0 ;
  must(since(&r->deadline) < STUCK) ;
  must(c->fd == -1 || (!error && (any || r->fd == c->fd))) ;
  if (any) while (c->winner + 1 < c->n && (r->candidate[c->winner].error || !r->candidate[c->winner].start.sec.x)) c->winner++ ;
  else repeats(r, c->fd >= 0 ? 1 : -1) ;
  ended(r, c->fd >= 0 ? 1 : -1) ;
}

static void child (struct race *r)
{
  memset(count, 0, sizeof count) ;
  signals = 0 ;
  for (int i = 3 ; i < FDS ; i++) if (i != report[1]) close(i) ;
  must(!pipe(cancel)) ;
  base = test_descriptors() ;
  tick(SIGNAL - 1 + roll(r, 3), roll(r, 2) ? SA_RESTART : 0) ;
  r->phase = IDLE ;
  if (roll(r, 2)) blocking(r) ; else waiting(r) ;
  tain_now_g() ;
  after(&r->stop, STUCK) ;
  while (r->phase == TALKING && !talk(r))
  {
    struct pollfd x = { .fd = r->fd, .events = r->shut ? POLLIN : POLLIN | POLLOUT } ;
    poll(&x, 1, 100) ;
    tain_now_g() ;
  }
  must(test_descriptors() == base) ;
  count[SIGNALS] = (unsigned int)signals ;
  _exit(write(report[1], count, sizeof count) != sizeof count) ;
}

/* A child races, or executes a program: that has no descriptors but 0, 1, 2. */

static void leave (struct race *r)
{
  int executes = !roll(r, 4) ;
  sigset_t set ;
  sigfillset(&set) ;
  sigprocmask(SIG_SETMASK, &set, 0) ;  /* a signal makes fork begin again */
  r->pid = fork() ;
  must(r->pid >= 0) ;
  if (!r->pid && executes) _exit(111 + execl(self, "connector_soak", "closed", (char *)0)) ;
  if (!r->pid) child(r) ;
  sigemptyset(&set) ;
  sigprocmask(SIG_SETMASK, &set, 0) ;
  r->phase = AWAY ;
  after(&r->stop, 5 * STUCK) ;
  count[executes ? EXECUTED : CHILD]++ ;
}

static void back (struct race *r)
{
  unsigned int sum[ERRORS + ERRNOS] ;
  int status ;
  must(!past(&r->stop)) ;
  if (waitpid(r->pid, &status, WNOHANG) != r->pid) return ;
  must(WIFEXITED(status) && (WEXITSTATUS(status) == CLEAN || (!WEXITSTATUS(status) && read(report[0], sum, sizeof sum) == sizeof sum))) ;
  for (int i = 0 ; !WEXITSTATUS(status) && i < ERRORS + ERRNOS ; i++) count[i] += sum[i] ;
  r->phase = IDLE ;
}


 /* The run */

static void read_places (void)
{
  static struct { char const *word ; int error4, error6 ; } const words[] =
  {
    { "refused", ECONNREFUSED, ECONNREFUSED }, { "silent", 0, 0 }, { "unreachable", EHOSTUNREACH, EHOSTUNREACH },
    { "prohibited", EHOSTUNREACH, EACCES }, { "noroute", ENETUNREACH, ENETUNREACH }
  } ;
  char line[200] ;
  FILE *f = fopen("test/connector_soak.table", "r") ;
  struct place *p = place ;
  while (f && fgets(line, sizeof line, f) && p < place + PLACES)
  {
    if (*line == '#' || sscanf(line, "%45s %63[^\n]", p->name, p->behaviour) != 2) continue ;
    p->six = !!strchr(p->name, ':') ;
    p->answers = inet_pton(p->six ? AF_INET6 : AF_INET, p->name, p->ip) ;
    p->greets = !!strstr(p->behaviour, "greet") ;
    p->resets = !!strstr(p->behaviour, "reset") ;
    p->error = p->resets ? ECONNRESET : 0 ;
    for (size_t i = 0 ; i < sizeof words / sizeof *words ; i++) if (strstr(p->behaviour, words[i].word))
    {
      p->answers = 0 ;
      p->error = p->six ? words[i].error6 : words[i].error4 ;
    }
    if (!p->six || test_ip6()) p++ ;
  }
  places = (unsigned int)(p - place) ;
  must(f && places && !fclose(f)) ;
}

static long memory (void)
{
  char s[64] = "" ;
  long pages = 0 ;
  must(pread(statm, s, sizeof s - 1, 0) > 0 && sscanf(s, "%*d %ld", &pages) == 1) ;
  return pages * sysconf(_SC_PAGESIZE) / 1024 ;
}

/* Fills x with what to wait for, until r->due. */

static void ask (struct race *r, struct pollfd *x)
{
  r->x = x ;
  r->n = r->phase == TALKING ;
  r->due = r->stop ;
  if (r->phase == TALKING) *x = (struct pollfd){ .fd = r->fd, .events = r->shut ? POLLIN : POLLIN | POLLOUT } ;
  if (r->phase != RACING) return ;
  r->n = socket_connector_prepare(&r->c, x) ;
  socket_connector_nextdeadline(&r->c, &r->due) ;
  must(!tain_less(&r->deadline, &r->due)) ;
  if (tain_less(&r->arrive, &r->due)) r->due = r->arrive ;
  if (tain_less(&r->stop, &r->due)) r->due = r->stop ;
  if (tain_less(&r->due, &r->last)) r->due = r->last ;
}

static void act (struct race *r)
{
  int ready = past(&r->due) || !roll(r, 50) ;  /* now and then for nothing */
  for (unsigned int i = 0 ; i < r->n ; i++) ready |= r->x[i].revents ;
  if (r->phase == AWAY) back(r) ;
  else if (r->phase == TALKING && ready) talk(r) ;
  else if (r->phase == RACING && ready)
  {
    if (since(&r->due) > late) late = since(&r->due) ;
    r->last = STAMP ;
    step(r) ;
  }
}

static void turn (tain const *end, int *busy)
{
  struct pollfd x[SLOTS * MAX] ;
  tain next = tain_infinite ;
  unsigned int n = 0, away = 0 ;
  *busy = 0 ;
  for (me = slot ; me < slot + SLOTS ; me++) away += me->phase == AWAY ;
  for (me = slot ; me < slot + SLOTS ; me++)
  {
    if (me->phase == IDLE && past(end)) continue ;
    if (me->phase == IDLE)
    {
      begin(me) ;
      if (away < CHILDREN && !roll(me, 10)) leave(me), away++ ;
    }
    if (me->phase == RACING && past(end)) me->stop = STAMP ;
    ask(me, x + n) ;
    n += me->n ;
    if (tain_less(&me->due, &next)) next = me->due ;
    *busy = 1 ;
  }
  tain_sub(&next, &next, &STAMP) ;
  if (*busy) poll(x, n, tain_to_millisecs(&next) + 1) ;
  tain_now_g() ;
  for (me = slot ; me < slot + SLOTS ; me++) if (me->phase != IDLE) act(me) ;
  me = 0 ;
}

static void run (unsigned int seconds)
{
  struct rlimit limit ;
  struct race any = { .random = seed } ;
  tain end, warm ;
  long kb = 0 ;
  int busy = 1 ;
  printf("%u seconds, seed %u\n", seconds, seed) ;
  fflush(stdout) ;
  for (int i = 3 ; i < 1024 ; i++) close(i) ;
  read_places() ;
  statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC) ;
  must(statm >= 0 && !pipe2(report, O_CLOEXEC | O_NONBLOCK) && !getrlimit(RLIMIT_NOFILE, &limit)) ;
  limit.rlim_cur = FDS ;
  must(!setrlimit(RLIMIT_NOFILE, &limit)) ;
  for (size_t i = 0 ; i < sizeof pattern ; i++) pattern[i] = (char)roll(&any, 256) ;
  base = test_descriptors() ;
  tain_now_set_stopwatch_g() ;
  after(&end, seconds * 1000) ;
  after(&warm, seconds * 250) ;
  tick(SIGNAL, 0) ;
  while (busy)
  {
    turn(&end, &busy) ;
    if (!kb && past(&warm)) kb = memory() ;
  }
  must(test_descriptors() == base && waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD) ;
  printf("memory: %ld kB, at the end %ld\n", kb, memory()) ;
  must(memory() <= kb + GROWTH) ;
  totals(0) ;
  fflush(stdout) ;
  _exit(0) ;  /* a leak checker cannot fork here */
}

static int wan (char const *seconds, char const *chosen)
{
  return execl("test/wan", "wan", "test/connector_soak.table", self, "run", seconds, chosen, (char *)0) ;
}

static void three_seconds_of_random_races_break_no_rule (void)
{
  int status ;
  pid_t pid = fork() ;
  if (!pid) _exit(111 + wan("3", "1")) ;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ;
  check(!WEXITSTATUS(status)) ;
}

int main (int argc, char **argv)
{
  char now[24] ;
  self = argv[0] ;
  parent = getpid() ;
  if (argc == 2 && !strcmp(argv[1], "closed")) _exit(test_descriptors() == 3 ? CLEAN : 1) ;
  if (argc == 4)
  {
    seed = (unsigned int)strtoul(argv[3], 0, 10) ;
    run((unsigned int)atoi(argv[2])) ;
  }
  if (argc > 1)
  {
    snprintf(now, sizeof now, "%ld", (long)time(0)) ;
    alarm((unsigned int)atoi(argv[1]) + 60) ;
    return 112 + wan(argv[1], argc > 2 ? argv[2] : now) ;
  }
  test_cannot = tun_wan() ;
  RUN(three_seconds_of_random_races_break_no_rule) ;
  return test_end() ;
}
