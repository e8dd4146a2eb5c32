/* ISC license. */

/*
   The connector with real sockets on loopback: each call that it makes fails once with each errno, see faults.h.
   A row is a call of one function at one point of a race.
*/

#include "faults.h"

#include "socket_connector.h"
#include "race.h"

/* A race of up to two candidates: x[0], x[1]. l listens, or refuses; the silent address is that of s, whose queue c has filled. */

static socket_connector r ;
static socket_candidate x[2] ;
static tain origin, t ;
static uint16_t silence ;
static int server ;          /* for the next race, when this one is over */
static uint16_t lasting ;

static void in (unsigned int ms)
{
  origin = stamp_of(0) ;
  t = stamp_of(ms * MS) ;
}

static uint16_t on4 (int fd, int listening)
{
  uint16_t p = 0 ;
  check(!socket_bind4(fd, LOOPBACK4, 0) && (!listening || !socket_listen(fd, 4)) && !socket_local4(fd, 0, &p)) ;
  return p ;
}

static void make_silent (void)
{
  s = socket_tcp4b() ;
  c = socket_tcp4b() ;
  check(!socket_bind4(s, LOOPBACK4, 0) && !socket_listen(s, 0) && !socket_local4(s, 0, &silence) && !socket_connect4(c, LOOPBACK4, silence)) ;
}

static void ready (unsigned int n)
{
  in(0) ;
  socket_connector_init(&r, x, n, &tain_infinite) ;
}

static void step (unsigned int ms, int i)
{
  in(ms) ;
  check(!socket_connector_step(&r, &t)) ;
  if (i >= 0) check(test_ready(x[i].fd, POLLOUT)) ;
}

static void one4 (void)
{
  l = socket_tcp4() ;
  socket_candidate_ip4(x, LOOPBACK4, on4(l, 1)) ;
  ready(1) ;
}

static void one6 (void)
{
  char const *here6 = no6 ? MAPPED6 : LOOPBACK6 ;
  l = socket_tcp6() ;
  check(!socket_bind6(l, here6, 0, 0) && !socket_listen(l, 4) && !socket_local6(l, 0, &lport, 0)) ;
  socket_candidate_ip6(x, LOOPBACK6, lport, 0) ;
  ready(1) ;
}

static void refused (void)
{
  l = socket_tcp4() ;
  socket_candidate_ip4(x, LOOPBACK4, on4(l, 0)) ;
  ready(1) ;
}

static void silent (void)
{
  make_silent() ;
  socket_candidate_ip4(x, LOOPBACK4, silence) ;
  ready(1) ;
}

/* the second is there */

static void two (uint16_t first)
{
  l = socket_tcp4() ;
  socket_candidate_ip4(x, LOOPBACK4, first) ;
  socket_candidate_ip4(x + 1, LOOPBACK4, on4(l, 1)) ;
  ready(2) ;
}

static void fast4 (void) { one4() ; r.data = "hello" ; r.len = 5 ; }
static void fast6 (void) { one6() ; r.data = "hello" ; r.len = 5 ; }
static void up4 (void) { one4() ; step(0, 0) ; in(10) ; }
static void up6 (void) { one6() ; step(0, 0) ; in(10) ; }
static void down (void) { refused() ; step(0, 0) ; in(10) ; }
static void second (void) { make_silent() ; two(silence) ; step(0, -1) ; in(250) ; }
static void both (void) { make_silent() ; two(silence) ; step(0, -1) ; step(250, 1) ; in(260) ; }
static int thinks (socket_candidate *y, void *p) { (void)y ; return (*(int *)p)-- ? (errno = EINPROGRESS, 0) : 1 ; }
static int rejects (socket_candidate *y, void *p) { (void)y ; (void)p ; errno = EPROTO ; return 0 ; }

static int thoughts ;
static void asked (int (*f) (socket_candidate *, void *), int n) { r.ready = f ; r.readydata = &thoughts ; thoughts = n ; }
static void ready4 (void) { up4() ; asked(&thinks, 0) ; }
static void thinking4 (void) { one4() ; asked(&thinks, 1) ; step(0, 0) ; in(10) ; }
static void thought4 (void) { thinking4() ; check(!socket_connector_step(&r, &t)) ; in(20) ; }
static void rejected4 (void) { up4() ; asked(&rejects, 0) ; }
static void thinking (void) { one4() ; asked(&thinks, 0) ; }

/* the second is a hedge: it may be started where the first is silent, and never where that fails */

static void hedged (void)
{
  silent() ;
  check(socket_candidate_hedge(x, 1, 2) == 2) ;
  r.n = 2 ;
}

static void hedging (void) { hedged() ; step(0, -1) ; in(250) ; }
static void next (void) { s = socket_tcp4() ; two(on4(s, 0)) ; step(0, 0) ; in(10) ; }
static void over (void) { silent() ; in(100) ; r.deadline = t ; step(0, -1) ; in(100) ; }
static void none (void) { ready(0) ; }
static void stopped (void) { up4() ; socket_connector_stop(&r) ; }
static void cancelled (void) { silent() ; r.cancelfd = l = opened(open("/dev/null", O_RDONLY)) ; }

/* its first candidate has no interface: it fails here */

static void here (void)
{
  two(0) ;
  socket_candidate_ip6(x, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 1, 0) ;
  r.inorder = 1 ;
}

#define CALL(name, expression) static int name (void) { return expression ; }

CALL(stepping, socket_connector_step(&r, &t))
CALL(waiting, socket_connector_wait(&r, &t))
CALL(any1, socket_connectany(x, 1, &tain_infinite, &t))
CALL(any2, socket_connectany(x, 2, &tain_infinite, &t))
CALL(any0, socket_connectany(x, 0, &tain_infinite, &t))
CALL(anylate, socket_connectany(x, 1, &origin, &t))
CALL(stopping, (socket_connector_stop(&r), 0))

/* The answer if candidate 0 or 1 fails, and if there is a shortage on making it: these are 0, 1, NEWFD or -1. */

typedef struct row row ;
struct row
{
  situation f ;
  int failed[2] ;
  int scarce[2] ;
} ;

#define ENDS .failed = { -1 }, .scarce = { -1 }  /* alone, it ends the race */

static row const rows[] =
{
  { .f = { .name = "connector_step IPv4", .open = &one4, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step IPv6", .open = &one6, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step fast IPv4", .open = &fast4, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step fast IPv6", .open = &fast6, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step up IPv4", .open = &up4, .call = &stepping, .yes = 1 }, ENDS },
  { .f = { .name = "connector_step up IPv6", .open = &up6, .call = &stepping, .yes = 1 }, ENDS },
  { .f = { .name = "connector_step late", .open = &up4, .call = &stepping, .yes = 1, .first = ENOTCONN }, ENDS },
  { .f = { .name = "connector_step ready", .open = &ready4, .call = &stepping, .yes = 1 }, ENDS },
  { .f = { .name = "connector_step thinking", .open = &thinking4, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step rejected", .open = &rejected4, .call = &stepping, .yes = -1, .error = EPROTO }, ENDS },
  { .f = { .name = "connector_step hedged", .open = &hedged, .call = &stepping }, ENDS },
  { .f = { .name = "connector_step hedging", .open = &hedging, .call = &stepping }, .failed = { -1, 0 }, .scarce = { -1, 0 } },
  { .f = { .name = "connector_step refused", .open = &down, .call = &stepping, .yes = -1, .error = ECONNREFUSED }, ENDS },
  { .f = { .name = "connector_step second", .open = &second, .call = &stepping } },
  { .f = { .name = "connector_step both", .open = &both, .call = &stepping, .yes = 1 }, .failed = { 1 }, .scarce = { 1 } },
  { .f = { .name = "connector_step next", .open = &next, .call = &stepping }, .failed = { 0, -1 }, .scarce = { 0, -1 } },
  { .f = { .name = "connector_step inside", .open = &here, .call = &stepping }, .failed = { 0, -1 }, .scarce = { -1, -1 } },
  { .f = { .name = "connector_step over", .open = &over, .call = &stepping, .yes = -1, .error = ETIMEDOUT }, ENDS },
  { .f = { .name = "connector_wait IPv4", .open = &one4, .call = &waiting, .yes = NEWFD }, ENDS },
  { .f = { .name = "connector_wait IPv6", .open = &one6, .call = &waiting, .yes = NEWFD }, ENDS },
  { .f = { .name = "connector_wait fast", .open = &fast4, .call = &waiting, .yes = NEWFD }, ENDS },
  { .f = { .name = "connector_wait ready", .open = &thinking, .call = &waiting, .yes = NEWFD }, ENDS },
  { .f = { .name = "connector_wait refused", .open = &refused, .call = &waiting, .yes = -1, .error = ECONNREFUSED }, ENDS },
  { .f = { .name = "connector_wait cancelled", .open = &cancelled, .call = &waiting, .yes = -1, .error = ECANCELED }, ENDS },
  { .f = { .name = "connectany IPv4", .open = &one4, .call = &any1, .yes = NEWFD }, ENDS },
  { .f = { .name = "connectany IPv6", .open = &one6, .call = &any1, .yes = NEWFD }, ENDS },
  { .f = { .name = "connectany refused", .open = &refused, .call = &any1, .yes = -1, .error = ECONNREFUSED }, ENDS },
  { .f = { .name = "connectany two", .open = &here, .call = &any2, .yes = NEWFD }, .failed = { NEWFD, -1 }, .scarce = { -1, -1 } },
  { .f = { .name = "connectany too late", .open = &silent, .call = &anylate, .yes = -1, .error = ETIMEDOUT }, ENDS }
} ;

/* No row fails here: there is no call, or none but close. */

static situation const others[] =
{
  { .name = "connector_step thought", .open = &thought4, .call = &stepping, .yes = 1 },
  { .name = "connector_step nothing", .open = &none, .call = &stepping, .yes = -1, .error = EDESTADDRREQ },
  { .name = "connector_step stopped", .open = &stopped, .call = &stepping, .yes = -1, .error = ECANCELED },
  { .name = "connector_wait nothing", .open = &none, .call = &waiting, .yes = -1, .error = EDESTADDRREQ },
  { .name = "connector_wait stopped", .open = &stopped, .call = &waiting, .yes = -1, .error = ECANCELED },
  { .name = "connectany nothing", .open = &none, .call = &any0, .yes = -1, .error = EDESTADDRREQ },
  { .name = "connector_stop", .open = &both, .call = &stopping },
  { .name = "connector_stop nothing", .open = &none, .call = &stopping }
} ;

static int flying (void)
{
  return (x[0].fd >= 0) + (x[1].fd >= 0) ;
}

/* The fault is about candidate who, in flight or being started, with others in flight or not; or about the wait as a whole. */

static int who, starting, alone ;

static void blame (int call, int fd)
{
  who = -1 ;
  if (call == CALL_poll && (k.n < 2 || k.calls[k.n-2] != CALL_getpeername)) return ;  /* iopause's, not socket_connected's */
  starting = fd < 0 || (fd != x[0].fd && fd != x[1].fd) ;
  who = starting ? x[0].fd >= 0 || x[0].error : fd == x[1].fd ;
  alone = flying() == !starting ;
}

/* Faults that change nothing: 1, or that may: 2, as far as the function can know, 3 for the address too. */

static int harmless (situation const *f, unsigned int i, int e)
{
  int call = k.calls[i] ;
  if (call == CALL_v6only || call == CALL_getsockname || call == CALL_look || call == CALL_type || call == CALL_recvmsg) return 1 ;
  if (call == CALL_socket6 && (e == EPROTONOSUPPORT || e == EPFNOSUPPORT)) return 3 ;  /* an IPv4 socket, which may do */
  if (call == CALL_connect && e == EINTR) return 2 ;  /* it has waited, and may have won */
  if (call == CALL_connect && (e == EINPROGRESS || e == EALREADY)) return 1 ;
  if (call == CALL_poll && e == EINTR) return who == -1 ? 1 : 2 ;  /* not known yet */
  if (call == CALL_getpeername && e == ENOTCONN) return !i || k.calls[i-1] != CALL_getsockopt ;
  return goeson(f, call, e) ;
}

static int same (tain const *a, tain const *b)
{
  return !tain_less(a, b) && !tain_less(b, a) ;
}

/* There is no cookie. But the fallback writes when an interrupted connect has waited to its end. */

#ifdef LIBSOCKET_PORTABLE
#define SENT r.len
#else
#define SENT 0
#endif

/* The winner, if there is one, is as promised, and as many descriptors are open as there should be. Only stop knows no time. */

static int orderly (situation const *f, int answer, int before)
{
  int won = f->yes == NEWFD ? answer >= 0 : answer == 1 ;
  int fd = f->yes == NEWFD ? answer : r.fd ;
  if (k.all - before != (s >= 0) + (l >= 0) + (c >= 0) + flying() + won) return 0 ;
  for (int i = 0 ; i < 2 ; i++) if (x[i].error && f->open != &stopped && f->call != &stopping && tain_less(&x[i].end, &x[i].start)) return 0 ;
  if ((x[0].sent && x[0].sent != SENT) || x[1].sent) return 0 ;
  if (answer == -1) return !flying() ;
  return !won || (!flying() && socket_connected(fd) == 1 && fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC) ;
}

/* The candidate's own fields after a fault. */

static int told (int e)
{
  socket_candidate const *y = x + (who == -1 ? x[0].error != ECANCELED : who) ;
  if (who == -1) return y->error == ECANCELED && same(&y->end, &t) ;
  if (starting && !alone && is_scarce(e)) return !y->error && y->fd == -1 && !y->start.sec.x ;  /* put off */
  return y->error == e && y->fd == -1 && same(&y->end, starting ? &y->start : &t) ;
}

/* What answer and errno have to be; the errors of the candidates without a fault are in clean. */

static int clean[2] ;

static int as_is_due (row const *w, unsigned int i, int e, int answer, int error)
{
  situation const *f = &w->f ;
  int well = answer == f->yes && error == (f->error ? f->error : SAME) ;
  int h = e ? harmless(f, i, e) : 1 ;
  int due ;
  if (h && well && x[0].error == clean[0] && x[1].error == clean[1]) return 1 ;
  if (h == 3 && answer == -1 && error == ECONNREFUSED) return 1 ;
  if (h) return h > 1 && (answer == 0 || answer == 1 || answer == f->yes) && error == SAME ;
  if (!told(e)) return 0 ;
  due = who == -1 ? -1 : starting && is_scarce(e) ? w->scarce[who] : w->failed[who] ;
  if (due != -1) return answer == due && error == SAME ;
  return answer == -1 && (error == e || (who >= 0 && !is_scarce(e) && error == x[!who].error)) ;
}

/* Nothing of it stays for the next race. */

static void again (void)
{
  socket_candidate y ;
  tain u = origin ;
  int fd, a ;
  socket_candidate_ip4(&y, LOOPBACK4, lasting) ;
  check(keeps((fd = socket_connectany(&y, 1, &tain_infinite, &u)) >= 0)) ;
  check(test_ready(server, POLLIN)) ;
  check((a = socket_accept4(server, 0, 0)) >= 0 && y.error == 0 && y.fd == -1) ;
  close(a) ;
  close(fd) ;
}

static void race (row const *w, unsigned int i, int e)
{
  situation const *f = &w->f ;
  int before = k.all ;
  int got, answer, error, ok ;
  socket_candidate_ip4(x, ANY4, 0) ;
  x[1] = x[0] ;
  got = run(f, i, e, &error) ;
  answer = f->yes == NEWFD && got >= 0 ? NEWFD : got ;
  if (!e) for (int j = 0 ; j < 2 ; j++) clean[j] = x[j].error ;
  ok = orderly(f, got, before) && as_is_due(w, i, e, answer, error) ;
  if (!ok) complain(f, i, e, got, error) ;
  if (!ok) printf("# candidate %d, starting %d, alone %d; fd %d %d, error %d %d\n", who, starting, alone, x[0].fd, x[1].fd, x[0].error, x[1].error) ;
  check(ok) ;
  tell(f->name, k.calls[i], e, error) ;
  if (f->yes == NEWFD && got >= 0) close(got) ;
  else if (r.fd >= 0) close(r.fd) ;
  socket_connector_stop(&r) ;
  shut() ;
  check(k.all == before) ;
  if (e) again() ;
}

/* What does not wait is not interrupted (but if connect is, the library waits: not for a silent peer); what has no way is not under way. */

static int impossible (situation const *f, int call, int e)
{
  if (e == EINTR) return call == CALL_sendto || (call == CALL_connect && (f->error == ECANCELED || f->error == ETIMEDOUT || f->open == &hedged || f->open == &hedging)) ;
  return call == CALL_connect && (e == EINPROGRESS || e == EALREADY) && (no6 || f->open == &here) ;
}

static void each_call_may_fail (void)
{
  for (size_t j = 0 ; j < sizeof rows / sizeof *rows ; j++)
  {
    row const *w = rows + j ;
    int calls[32] ;
    unsigned int n ;
    race(w, 0, 0) ;
    n = k.n ;
    memcpy(calls, k.calls, sizeof calls) ;
    check(n > 0 && n <= 32) ;
    for (unsigned int i = w->f.first ? 1 : 0 ; i < n && n <= 32 ; i++) for (unsigned int m = 0 ; errors[calls[i]][m] ; m++)
    {
      if (impossible(&w->f, calls[i], errors[calls[i]][m])) continue ;
      race(w, i, errors[calls[i]][m]) ;
    }
  }
}

static void each_call_may_fail_on_a_host_without_ip6 (void)
{
  host(1, 0, 0) ;
  each_call_may_fail() ;
  host(0, 0, 0) ;
}

static void each_call_may_fail_on_a_kernel_without_flags (void)
{
  host(0, 0, 1) ;
  queued = 1 ;  /* and an ICMP error is on each winner's socket */
  each_call_may_fail() ;
  queued = 0 ;
  host(0, 0, 0) ;
}

/* An ICMP error is on the socket, and the attempt goes on, whether that error can be read or not. */

#ifndef LIBSOCKET_PORTABLE
static void late (void) { silent() ; r.deadline = origin ; }

static void an_icmp_error_ends_no_attempt (void)
{
  static row const w = { .f = { .name = "connector_step ICMP", .open = &up4, .call = &stepping, .first = ENOTCONN } } ;
  static row const v = { .f = { .name = "connectany ICMP", .open = &silent, .call = &anylate, .yes = -1, .error = ETIMEDOUT } } ;
  static row const u = { .f = { .name = "connector_wait ICMP", .open = &late, .call = &waiting, .yes = -1, .error = ETIMEDOUT } } ;
  seen = POLLERR ;
  race(&w, 0, 0) ;
  for (unsigned int i = 2 ; i < 5 ; i++) for (unsigned int j = 0 ; errors[k.calls[i]][j] ; j++) race(&w, i, errors[k.calls[i]][j]) ;
  for (unsigned int j = 0 ; errors[CALL_recvmsg][j] ; j++)
  {
    race(&v, 0, 0) ;
    race(&v, k.n - 1, errors[CALL_recvmsg][j]) ;
    race(&u, 0, 0) ;
    race(&u, k.n - 1, errors[CALL_recvmsg][j]) ;
  }
  seen = 0 ;
}
#endif

static void a_race_that_is_over_makes_no_call (void)
{
  for (size_t j = 0 ; j < sizeof others / sizeof *others ; j++)
  {
    row const w = { .f = others[j] } ;
    race(&w, 0, 0) ;
    check(!k.n) ;
  }
}

/* What cannot be known is not: as far as the kernel has answered, and nothing but a delay is touched. */

static unsigned int first_answer ;  /* calls until the kernel has said that it can be asked */

static int metrics (unsigned int i, int e)
{
  socket_candidate y[2] ;
  int n ;
  socket_candidate_ip4(x, LOOPBACK4, 80) ;
  socket_candidate_ip6(x + 1, LOOPBACK6, 80, 0) ;
  memcpy(y, x, sizeof y) ;
  k.n = k.closed = 0 ;
  k.opened = 0 ;
  k.at[0] = i ;
  k.error[0] = e ;
  errno = SAME ;
  k.on = 1 ;
  n = socket_candidate_metrics(x, 2) ;
  k.on = 0 ;
  k.error[0] = 0 ;
  if (k.n) tell("candidate_metrics", e ? k.calls[i] : 0, e, errno) ;
  y[0].delay = x[0].delay ;
  y[1].delay = x[1].delay ;
  check(!memcmp(y, x, sizeof y) && !k.opened) ;
  check(n == -1 ? errno != SAME && !y[0].delay && !y[1].delay : errno == SAME && n >= 0 && n <= 2) ;
  return n ;
}

static void each_call_of_metrics_may_fail (void)
{
  for (int h = 0 ; h < 2 ; h++)
  {
    int calls[32], known ;
    unsigned int n ;
    host(0, 0, h) ;
    known = metrics(0, 0) ;
    if (known == -1)  /* no such thing in this kernel, or in this build */
    {
      check(errno == ENOSYS) ;
      break ;
    }
    n = k.n ;
    memcpy(calls, k.calls, sizeof calls) ;
    for (first_answer = 0 ; calls[first_answer] != CALL_recvfrom ; first_answer++) ;
    check(n == first_answer + 5) ;
    for (unsigned int i = 0 ; i < n ; i++) for (unsigned int j = 0 ; errors[calls[i]][j] ; j++)
    {
      int e = errors[calls[i]][j], got = metrics(i, e) ;
      if (i > first_answer) check(got >= 0 && got <= known) ;
      else check(got == -1 && errno == (calls[i] == CALL_send || calls[i] == CALL_recvfrom ? ENOSYS : e)) ;
    }
    check(metrics(0, 0) == known) ;
  }
  host(0, 0, 0) ;
}

int main (int argc, char **argv)
{
  (void)argv ;
  listing = argc > 1 ;
  faulting = &blame ;
  host(0, 0, 0) ;
  server = socket_tcp4() ;
  lasting = on4(server, 1) ;
  RUN(each_call_may_fail) ;
  RUN(each_call_may_fail_on_a_host_without_ip6) ;
  RUN(each_call_may_fail_on_a_kernel_without_flags) ;
  RUN(a_race_that_is_over_makes_no_call) ;
  RUN(each_call_of_metrics_may_fail) ;
#ifndef LIBSOCKET_PORTABLE
  RUN(an_icmp_error_ends_no_attempt) ;
#endif
  close(server) ;
  return all_told() ;
}
