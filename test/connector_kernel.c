/* ISC license. */

/* socket_connectany socket_connector_init socket_connector_prepare socket_connector_nextdeadline socket_connector_step
   socket_connector_stop socket_connector_wait: on the real kernel */

#include "loopback.h"
#include <sys/epoll.h>
#include <sys/time.h>
#include <skalibs/tai.h>
#include "race.h"
#include "socket_connector.h"
#include "syscalls.h"


 /* The system calls below the library: written down, counted, and failing where a case says so */

static char trace[512] ;
static int tracing ;
static unsigned int sockets, polls ;
static struct
{
  int socket4, socket6 ;        /* errno of each socket() */
  int connect, so_error ;       /* errno for this port, from the call and from later on */
  uint16_t port ;
  int poll ;                    /* errno of each poll() */
  int close ;                   /* errno of each close(), which closes all the same */
  int synchronous ;             /* connect() comes back connected */
  int patient ;                 /* no wait is too short */
} fault ;

static int port_is (long const *a)
{
  struct sockaddr_in6 sa = { .sin6_port = 0 } ;  /* the port is at one place in both families */
  memcpy(&sa, (void *)a[1], a[2] < (long)sizeof sa ? (size_t)a[2] : sizeof sa) ;
  return ntohs(sa.sin6_port) == fault.port ;
}

static long hook (int call, long *a)
{
  struct timespec long_enough = { .tv_sec = 30 } ;
  struct pollfd x = { .fd = (int)a[0], .events = POLLOUT } ;
  int e = 0, before = errno ;
  long r ;
  if (tracing && strlen(trace) + 16 < sizeof trace) strcat(strcat(trace, " "), call_name(call)) ;
  if (call == CALL_socket) sockets++, e = a[0] == AF_INET6 ? fault.socket6 : a[0] == AF_INET ? fault.socket4 : 0 ;
  if (call == CALL_connect && fault.connect && port_is(a)) e = fault.connect ;
  if (call == CALL_poll) polls++, e = fault.poll ;
  /* without events it is a look at the error queue */
  if (call == CALL_poll && a[2] && fault.patient && !(a[1] && !((struct pollfd *)a[0])->events)) a[2] = (long)&long_enough ;
  if (e) return (errno = e, -1) ;
  r = kernel(call, a) ;
  if (call == CALL_close && fault.close) return (errno = fault.close, -1) ;
  if (call == CALL_getsockopt && !r && fault.so_error && a[1] == SOL_SOCKET && a[2] == SO_ERROR && *(int *)a[3]) *(int *)a[3] = fault.so_error ;
  if (call == CALL_connect && fault.synchronous && r == -1 && errno == EINPROGRESS
    && kernel(CALL_poll, (long [6]){ (long)&x, 1, (long)&long_enough, 0, 8 }) == 1) r = 0, errno = before ;
  return r ;
}

REPLACE(close) REPLACE(connect) REPLACE(fcntl) REPLACE(getpeername) REPLACE(getsockopt) REPLACE(poll) REPLACE(recvmsg)
REPLACE(sendto) REPLACE(setsockopt) REPLACE(socket)

static void tracing_on (void)
{
  trace[0] = 0 ;
  tracing = 1 ;
}

static int traced (char const *calls)
{
  tracing = 0 ;
  if (!strcmp(trace, calls)) return 1 ;
  printf("# called:%s\n", trace) ;
  return 0 ;
}


 /* The race of a case: where candidate x[i] goes to, is t[i] */

static struct silence t[4] ;
static unsigned int targets ;
static socket_candidate x[1001] ;
static socket_connector c ;
static tain deadline, start, stamp ;

static void to (socket_candidate *p, int v6, uint16_t port)
{
  if (v6) socket_candidate_ip6(p, LOOPBACK6, port, 0) ;
  else socket_candidate_ip4(p, LOOPBACK4, port) ;
}

static void again (unsigned int n, int ms)
{
  tain d ;
  tain_now(&stamp) ;
  start = stamp ;
  tain_from_millisecs(&d, ms) ;
  tain_add(&deadline, &start, &d) ;
  socket_connector_init(&c, x, n, &deadline) ;
}

/* Each letter a target: o answers, r refuses, s is silent; O R are IPv6. */

static void begin (char const *kinds)
{
  targets = 0 ;
  for (; *kinds ; kinds++)
  {
    int v6 = *kinds < 'a' ;
    struct silence *p = t + targets ;
    if (*kinds == 's') *p = silence(0) ;
    else
    {
      p->keeper = p->filler = p->listener = -1 ;
      if (*kinds == 'o' || *kinds == 'O') p->listener = listener(v6, &p->port) ;
      else p->keeper = bound(v6, &p->port) ;
    }
    to(x + targets++, v6, p->port) ;
  }
  again(targets, 30000) ;
}

static void end (void)
{
  while (targets) silence_ends(t + --targets) ;
}

static int any (unsigned int n)
{
  return socket_connectany(x, n, &deadline, &stamp) ;
}

static int wait_for_it (void)
{
  return socket_connector_wait(&c, &stamp) ;
}

static int step (void)
{
  return socket_connector_step(&c, &stamp) ;
}

/* what the library forgets to set is not 0 by luck */

static void dirty (void)
{
  char volatile stack[16384] ;
  for (unsigned int i = 0 ; i < sizeof stack ; i++) stack[i] = (char)0xaa ;
}

static void later (int ms)
{
  tain d ;
  tain_from_millisecs(&d, ms) ;
  tain_add(&stamp, &stamp, &d) ;
}

static int ms (tain const *from, tain const *to)
{
  tain d ;
  tain_sub(&d, to, from) ;
  return tain_to_millisecs(&d) ;
}

static int same_time (tain const *a, tain const *b)
{
  return !tain_less(a, b) && !tain_less(b, a) ;
}

static int next_is (tain const *at)
{
  tain next ;
  socket_connector_nextdeadline(&c, &next) ;
  return same_time(&next, at) ;
}

/* what a won race must look like; closed then */

static int is_up (int fd)
{
  int r = fd >= 0 && fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC && socket_connected(fd) ;
  if (fd >= 0) close(fd) ;
  return r ;
}

static int wins (unsigned int i)
{
  return c.winner == i && is_up(c.fd) ;
}

static int failed (unsigned int i, int error)
{
  return x[i].error == error && x[i].fd == -1 ;
}

/* waits until an attempt in flight has something to tell */

static void await_one (void)
{
  iopause_fd f[4] ;
  unsigned int n = socket_connector_prepare(&c, f) ;
  int r ;
  check(n && n <= 4) ;
  do r = poll(f, n, 30000) ; while (r == -1 && errno == EINTR) ;
  check(r > 0) ;
}

/* an address that a namespace has no route to */

static void unroutable (socket_candidate *p)
{
  socket_candidate_ip4(p, "\300\0\2\1", 9) ;
}


 /* Races */

static void one_that_answers_wins (int v6)
{
  uint16_t port = 0, mine = 0 ;
  char buf[8] ;
  int s, peer = -1 ;
  begin(v6 ? "O" : "o") ;
  check(keeps((s = any(1)) >= 0)) ;
  check(x[0].fd == -1 && !x[0].error && !x[0].sent && !tain_less(&x[0].end, &x[0].start) && !tain_less(&stamp, &x[0].end)) ;
  check(test_ready(t[0].listener, POLLIN)) ;
  peer = v6 ? socket_accept6(t[0].listener, 0, &port, 0) : socket_accept4(t[0].listener, 0, &port) ;
  check(!(v6 ? socket_local6(s, 0, &mine, 0) : socket_local4(s, 0, &mine)) && port == mine) ;
  check(write(s, "abc", 3) == 3 && test_ready(peer, POLLIN) && read(peer, buf, sizeof buf) == 3) ;
  close(peer) ;
  check(is_up(s)) ;
  end() ;
}

static int makes_calls (int v6, char const *calls)
{
  int r, s ;
  begin(v6 ? "O" : "o") ;
  tracing_on() ;
  s = any(1) ;
  r = traced(calls) & is_up(s) ;
  end() ;
  return r ;
}

/* the last is a look at the error queue */

#ifdef LIBSOCKET_PORTABLE
#define CREATES " socket fcntl fcntl"
#define QUEUE
#else
#define CREATES " socket"
#define QUEUE " poll"
#endif

static void a_race_that_wins_at_once_makes_no_other_call (int v6)
{
  check(makes_calls(v6, v6 ? CREATES " setsockopt connect poll getpeername" QUEUE : CREATES " connect poll getpeername" QUEUE)) ;
}

/* some kernels connect to themselves inside the call */

static void what_connects_inside_the_call_is_not_asked (void)
{
  fault.synchronous = 1 ;
  check(makes_calls(0, CREATES " connect" QUEUE QUEUE)) ;
  fault.synchronous = 0 ;
}

static void the_race_goes_past_a_silence_and_a_refusal (void)
{
  begin("sro") ;
  c.delay = 50 ;
  dirty() ;
  check(keeps(wait_for_it() == c.fd)) ;
  check(!c.sent && x[0].error == ECANCELED && x[1].error == ECONNREFUSED && !x[2].error) ;
  for (int i = 0 ; i < 3 ; i++) check(x[i].fd == -1 && !tain_less(&x[i].end, &x[i].start)) ;
  check(ms(&x[0].start, &x[1].start) >= 50 && ms(&x[0].start, &x[1].start) < 5000) ;
  check(same_time(&x[1].end, &x[2].start)) ;
  check(same_time(&x[0].end, &x[2].end)) ;
  check(wins(2)) ;
  end() ;
}

static void all_refused_is_a_refusal (void)
{
  begin("r") ;
  x[1] = x[2] = x[0] ;
  check(fails(any(3), ECONNREFUSED)) ;
  for (unsigned int i = 0 ; i < 3 ; i++) check(failed(i, ECONNREFUSED)) ;
  end() ;
}

static void families_alternate (void)
{
  begin("rrRR") ;
  check(fails(any(4), ECONNREFUSED)) ;
  check(tain_less(&x[0].start, &x[2].start) && tain_less(&x[2].start, &x[1].start) && tain_less(&x[1].start, &x[3].start)) ;
  end() ;
}

static void no_candidates_gives_EDESTADDRREQ (void)
{
  begin("") ;
  check(fails(socket_connectany(0, 0, &deadline, &stamp), EDESTADDRREQ)) ;
  check(fails(socket_connectany(0, 0, &tain_infinite, &stamp), EDESTADDRREQ)) ;
  socket_connector_init(&c, 0, 0, &deadline) ;
  check(fails(step(), EDESTADDRREQ) && c.fd == -1) ;
  check(fails(step(), EDESTADDRREQ)) ;
}

static void a_thousand_without_a_route_cost_no_time (void)
{
  tain const long_ago = TAIN_ZERO ;
  int s ;
  begin("ro") ;
  for (int i = 0 ; i < 1000 ; i++) unroutable(x + i) ;
  to(x + 1000, 0, t[1].port) ;
  check(keeps((s = any(1001)) >= 0)) ;
  check(is_up(s)) ;
  for (unsigned int i = 0 ; i < 1000 ; i++) check(failed(i, ENETUNREACH) && same_time(&x[i].start, &x[1000].start) && same_time(&x[i].start, &x[i].end)) ;

  check(fails(any(3), ENETUNREACH)) ;
  to(x + 2, 0, t[0].port) ;
  check(fails(any(4), ECONNREFUSED)) ;
  check(x[0].error == ENETUNREACH && x[2].error == ECONNREFUSED && x[3].error == ENETUNREACH) ;
  check(same_time(&x[0].start, &x[2].start)) ;

  /* before a passed deadline too, the first that leaves the host is the one that counts */
  to(x + 3, 0, t[1].port) ;
  fault.patient = 1 ;
  check(fails(socket_connectany(x, 2, &long_ago, &stamp), ENETUNREACH)) ;
  unroutable(x + 2) ;
  s = socket_connectany(x, 4, &long_ago, &stamp) ;
  fault.patient = 0 ;
  check(is_up(s)) ;
  end() ;
}

static void a_family_that_the_host_lacks_costs_no_time (void)
{
  char const doc[] = "\40\1\r\270\0\0\0\0\0\0\0\0\0\0\0\1" ;
  int s ;
  begin("o") ;
  x[2] = x[0] ;
  socket_candidate_ip6(x, doc, t[0].port, 0) ;
  x[1] = x[0] ;
  fault.socket6 = EAFNOSUPPORT ;
  check(fails(any(2), EAFNOSUPPORT)) ;
  check(keeps((s = any(3)) >= 0)) ;
  check(is_up(s)) ;
  check(x[0].error == EAFNOSUPPORT && same_time(&x[0].start, &x[2].start)) ;
  to(x, 1, t[0].port) ;
  check(keeps((s = any(1)) >= 0)) ;
  check(is_up(s)) ;
  fault.socket6 = 0 ;
  end() ;
}


 /* The errnos */

static void fails_with (int *which, int error, int from_call)
{
  int s ;
  begin("ro") ;
  fault.port = t[0].port ;
  *which = error ;
  check(fails(any(1), error)) ;
  check(failed(0, error)) ;
  errno = 4242 ;
  s = any(2) ;
  *which = 0 ;
  if (is_scarce(error) && from_call) check(s == -1 && errno == error && failed(1, 0)) ;
  else if (is_scarce(error)) check(is_up(s)) ;
  else
  {
    check(s >= 0 && errno == 4242) ;
    check(is_up(s) && x[0].error == error) ;
    check(same_time(&x[0].start, &x[1].start) == from_call) ;
  }
  end() ;
}

static void each_errno_of_connect_is_told (void)
{
  static int const errors[] =
  {
    ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EINVAL, ETIMEDOUT, EACCES, EPERM, EADDRNOTAVAIL,
    EMFILE, ENFILE, ENOMEM, ENOBUFS
  } ;
  for (unsigned int i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    fails_with(&fault.connect, errors[i], 1) ;
    if (i < 8) fails_with(&fault.so_error, errors[i], 0) ;
  }
}

static void each_errno_of_socket_is_told (void)
{
  static int const errors[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES } ;
  begin("oo") ;
  for (unsigned int i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    fault.socket4 = errors[i] ;
    check(fails(any(2), errors[i])) ;
    fault.socket4 = 0 ;
    check(failed(0, errors[i])) ;
    check(x[1].error == (errors[i] == EACCES ? EACCES : 0)) ;
  }
  end() ;
}

static void a_link_local_address_without_its_link_gives_EINVAL (void)
{
  NEED_IP6 ;
  begin("") ;
  socket_candidate_ip6(x, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 9, 0) ;
  check(fails(any(1), EINVAL)) ;
  check(x[0].error == EINVAL) ;
}

static void a_failing_poll_ends_the_wait (void)
{
  begin("so") ;
  fault.poll = ENOMEM ;
  check(fails(wait_for_it(), ENOMEM)) ;
  fault.poll = 0 ;
  check(c.fd == -1 && failed(0, ECANCELED) && !x[1].error) ;
  end() ;
}


 /* Descriptors */

static void without_descriptors_the_first_fails_and_others_are_put_off (void)
{
  struct rlimit old ;
  tain first ;
  begin("soo") ;

  /* none in flight */
  test_spare(0, &old) ;
  check(fails(any(3), EMFILE)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  check(x[0].error == EMFILE && !x[1].error && !x[2].error) ;

  /* one in flight: put off, and tried again when its delay is over */
  again(3, 30000) ;
  c.delay = 100 ;
  test_spare(1, &old) ;
  check(keeps(step() == 0)) ;
  check(x[0].fd >= 0) ;
  first = stamp ;
  for (int i = 1 ; i <= 3 ; i++)
  {
    tain next ;
    later(100) ;
    check(keeps(step() == 0)) ;
    check(x[0].fd >= 0 && failed(1, 0) && failed(2, 0)) ;
    socket_connector_nextdeadline(&c, &next) ;
    check(ms(&first, &next) == 100 * (i + 1)) ;
  }
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  later(99) ;
  check(keeps(step() == 0)) ;
  check(x[1].fd == -1) ;
  later(1) ;
  check(keeps(step() == 0)) ;
  check(x[1].fd >= 0 && x[2].fd == -1 && same_time(&x[1].start, &stamp)) ;
  await_one() ;
  check(keeps(step() == 1)) ;
  check(wins(1)) ;

  /* and it does not spin in between */
  again(3, 200) ;
  c.delay = 50 ;
  test_spare(1, &old) ;
  sockets = 0 ;
  check(fails(wait_for_it(), ETIMEDOUT)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  check(sockets >= 2 && sockets <= 5) ;
  check(x[0].error == ETIMEDOUT && failed(1, 0) && !x[2].error) ;
  end() ;
}

static void descriptor_0_is_a_socket_like_any_other (void)
{
  int p[2], saved = dup(0) ;
  begin("sro") ;
  check(saved >= 0) ;
  close(0) ;

  check(keeps(socket_connectany(x + 2, 1, &deadline, &stamp) == 0)) ;
  check(is_up(0)) ;

  check(keeps(socket_connectany(x + 1, 2, &deadline, &stamp) == 0)) ;
  check(is_up(0) && x[1].error == ECONNREFUSED) ;

  x[1] = x[2] ;
  again(2, 30000) ;
  c.delay = 10 ;
  check(keeps(wait_for_it() > 0)) ;
  check(is_up(c.fd) && failed(0, ECANCELED)) ;
  check(fcntl(0, F_GETFD) == -1) ;

  again(1, 30000) ;
  check(!step() && x[0].fd == 0) ;
  socket_connector_stop(&c) ;
  check(fcntl(0, F_GETFD) == -1) ;

  check(!pipe(p) && p[0] == 0) ;
  check(write(p[1], "", 1) == 1) ;
  again(1, 30000) ;
  c.cancelfd = 0 ;
  check(fails(wait_for_it(), ECANCELED)) ;
  close(p[0]) ;
  close(p[1]) ;

  check(dup2(saved, 0) == 0) ;
  close(saved) ;
  end() ;
}


 /* Signals */

static volatile sig_atomic_t signalled ;

static void count (int sig) { (void)sig ; signalled++ ; }

static void waits_under_signals (int flags)
{
  timer_t storm ;
  begin("s") ;
  x[1] = x[2] = x[3] = x[0] ;
  signalled = 0 ;
  storm = test_storm(&count, flags) ;
  again(4, 300) ;
  c.delay = 60 ;
  check(fails(wait_for_it(), ETIMEDOUT)) ;
  test_calm(storm) ;
  check(signalled > 10) ;
  check(same_time(&x[0].start, &start)) ;
  for (int i = 1 ; i < 4 ; i++)
  {
    check(ms(&x[i - 1].start, &x[i].start) >= 59) ;
    check(ms(&start, &x[i].start) < 60 * i + 100) ;
  }
  for (int i = 0 ; i < 4 ; i++) check(x[i].error == ETIMEDOUT) ;
  check(ms(&start, &stamp) >= 299 && ms(&start, &stamp) < 3000) ;
  end() ;
}

static void signals_change_no_time (void) { waits_under_signals(0) ; }
static void signals_that_restart_change_no_time (void) { waits_under_signals(SA_RESTART) ; }


 /* Many candidates: the kernel is real, the clock is ours */

static void a_thousand_refusals_take_ten_ms_each (int v6)
{
  int r ;
  begin(v6 ? "rRO" : "rro") ;
  /* first all of one family, then all of the other */
  for (int i = 0 ; i < 1000 ; i++) to(x + i, v6 && i >= 500, t[i < 500 ? 0 : i < 999 ? 1 : 2].port) ;
  again(1000, 30000) ;
  while (!(r = step()))
  {
    check(c.inflight <= 1) ;
    if (c.inflight) await_one() ;
    later(10) ;
  }
  check(r == 1 && wins(999)) ;
  for (unsigned int i = 0 ; i < 999 ; i++) check(failed(i, ECONNREFUSED)) ;
  for (int i = 0 ; i < 1000 ; i++)
  {
    int place = !v6 ? i : i < 500 ? 2 * i : 2 * (i - 500) + 1 ;
    check(ms(&start, &x[i].start) == 10 * place) ;
  }
  end() ;
}


 /* The end that the caller sets */

static void a_passed_deadline_leaves_one_attempt (void)
{
  tain past[3] = { TAIN_ZERO } ;
  int s ;
  begin("osr") ;
  tain_now(past + 1) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    fault.patient = 1 ;
    to(x, 0, t[0].port) ;
    to(x + 1, 0, t[0].port) ;
    tain_now(&stamp) ;
    if (i == 2) past[i] = stamp ;
    check(keeps((s = socket_connectany(x, 2, past + i, &stamp)) >= 0)) ;
    check(is_up(s) && failed(1, 0)) ;
    to(x, 0, t[2].port) ;
    check(fails(socket_connectany(x, 1, past + i, &stamp), ECONNREFUSED)) ;
    fault.patient = 0 ;
    to(x, 0, t[1].port) ;
    check(fails(socket_connectany(x, 2, past + i, &stamp), ETIMEDOUT)) ;
    check(failed(0, ETIMEDOUT) && failed(1, 0)) ;
  }
  end() ;
}

static void a_deadline_ends_the_race (void)
{
  begin("ss") ;
  again(2, 60) ;
  check(fails(any(2), ETIMEDOUT)) ;
  check(!tain_less(&stamp, &deadline) && ms(&start, &stamp) < 3000) ;
  check(x[0].error == ETIMEDOUT && same_time(&x[0].end, &stamp) && !x[1].error) ;
  end() ;
}

static void without_a_deadline_a_late_winner_wins (void)
{
  int s ;
  begin("so") ;
  check(keeps((s = socket_connectany(x, 2, &tain_infinite, &stamp)) >= 0)) ;
  check(is_up(s) && ms(&x[0].start, &x[1].start) >= 250) ;

  /* nothing ends the wait but the attempt itself */
  socket_connector_init(&c, x, 1, &tain_infinite) ;
  check(!step()) ;
  check(next_is(&tain_infinite)) ;
  s = socket_accept4(t[0].listener, 0, 0) ;
  check(s >= 0) ;
  close(s) ;
  check(keeps(wait_for_it() >= 0)) ;
  check(wins(0)) ;
  end() ;
}

static void stop_ends_what_is_in_flight (void)
{
  iopause_fd f[3] ;
  begin("sso") ;

  /* before the first step, once and twice, then after one, two and three attempts */
  for (int attempts = 0 ; attempts < 3 ; attempts++)
  {
    int before = test_descriptors() ;
    socket_connector_init(&c, x, 3, &deadline) ;
    for (int i = 0 ; i < attempts ; i++)
    {
      check(!step()) ;
      later(250) ;
    }
    check(socket_connector_prepare(&c, f) == (unsigned int)attempts && test_descriptors() == before + attempts) ;
    fault.close = EIO ;
    errno = 4242 ;
    socket_connector_stop(&c) ;
    socket_connector_stop(&c) ;
    check(errno == 4242) ;
    fault.close = 0 ;
    check(test_descriptors() == before && !socket_connector_prepare(&c, f) && c.fd == -1) ;
    for (int i = 0 ; i < 3 ; i++) check(failed((unsigned int)i, i < attempts ? ECANCELED : 0)) ;
    check(fails(step(), ECANCELED)) ;
    check(fails(wait_for_it(), ECANCELED)) ;
    check(next_is(&deadline)) ;
  }

  /* with one put off */
  socket_connector_init(&c, x, 3, &deadline) ;
  check(!step()) ;
  later(250) ;
  fault.socket4 = EMFILE ;
  check(!step()) ;
  fault.socket4 = 0 ;
  socket_connector_stop(&c) ;
  check(failed(0, ECANCELED) && !x[1].error) ;
  end() ;
}

static void stop_after_the_end_changes_nothing (void)
{
  begin("or") ;
  c.n = 1 ;
  check(wait_for_it() >= 0) ;
  socket_connector_stop(&c) ;
  check(step() == 1 && !x[0].error) ;
  check(wait_for_it() == c.fd) ;
  check(wins(0)) ;  /* its descriptor is the caller's */

  x[0] = x[1] ;
  again(1, 30000) ;
  check(fails(wait_for_it(), ECONNREFUSED)) ;
  socket_connector_stop(&c) ;
  check(x[0].error == ECONNREFUSED && fails(step(), ECONNREFUSED)) ;
  end() ;
}

static int tell (int fd, socket_candidate const *p, void *to_child)
{
  (void)fd ;
  (void)p ;
  return write(*(int *)to_child, "", 1) == 1 ? 0 : -1 ;
}

/* A child writes to the pipe, or closes it, when the race has begun. */

static void cancel_by_child (int writes)
{
  int begun[2], cancel[2] ;
  pid_t pid ;
  begin("ss") ;
  check(!pipe(begun) && !pipe(cancel)) ;
  pid = test_fork() ;
  if (!pid)
  {
    char b ;
    close(begun[1]) ;
    check(read(begun[0], &b, 1) == 1) ;
    if (writes) check(write(cancel[1], "", 1) == 1 && !read(begun[0], &b, 1)) ;  /* until the parent closes it: no hangup helps */
    test_exit() ;
  }
  close(begun[0]) ;
  close(cancel[1]) ;
  socket_connector_init(&c, x, 2, &tain_infinite) ;
  c.setup = &tell ;
  c.setupdata = begun + 1 ;
  c.delay = 20000 ;
  c.cancelfd = cancel[0] ;
  check(fails(wait_for_it(), ECANCELED)) ;
  check(ms(&start, &stamp) < 10000) ;
  check(c.fd == -1 && failed(0, ECANCELED) && !x[1].error) ;
  check(fails(step(), ECANCELED)) ;
  close(begun[1]) ;
  close(cancel[0]) ;
  check(test_fine(pid)) ;
  end() ;
}

static void a_byte_on_cancelfd_ends_the_wait (void) { cancel_by_child(1) ; }
static void the_end_of_cancelfd_ends_the_wait (void) { cancel_by_child(0) ; }

static void what_is_on_cancelfd_before_the_wait_ends_it (void)
{
  int p[2] ;
  begin("so") ;
  for (int writes = 0 ; writes < 2 ; writes++)
  {
    check(!pipe(p)) ;
    if (writes) check(write(p[1], "", 1) == 1) ;
    else close(p[1]) ;
    again(2, 30000) ;
    c.cancelfd = p[0] ;
    check(fails(wait_for_it(), ECANCELED)) ;
    check(failed(0, ECANCELED) && !x[1].error) ;
    close(p[0]) ;
    if (writes) close(p[1]) ;
  }

  /* one that stays quiet changes nothing */
  check(!pipe(p)) ;
  again(2, 30000) ;
  c.delay = 10 ;
  c.cancelfd = p[0] ;
  polls = 0 ;
  check(keeps(wait_for_it() >= 0)) ;
  check(polls < 20 && wins(1)) ;
  close(p[0]) ;
  close(p[1]) ;
  end() ;
}


 /* setup */

typedef struct seen_s seen ;
struct seen_s
{
  int calls, refuse, error, fd ;
  socket_candidate const *x ;
} ;

static int look_at (int fd, socket_candidate const *p, void *q)
{
  seen *d = q ;
  check(!socket_connected(fd) && errno == ENOTCONN) ;
  check(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC) ;
  d->x = p ;
  d->fd = fd ;
  if (d->calls++ < d->refuse) return (errno = d->error, -1) ;
  return socket_bind4(fd, "\177\0\0\2", 0) ;
}

static void setup_prepares_or_refuses_a_socket (void)
{
  seen d = { .refuse = 2, .error = EPERM } ;
  char ip4[4] = "" ;
  int s = -1 ;
  begin("o") ;
  x[1] = x[2] = x[0] ;
  again(3, 30000) ;
  c.setup = &look_at ;
  c.setupdata = &d ;
  check(keeps(wait_for_it() >= 0)) ;
  check(d.calls == 3 && d.x == x + 2 && d.fd == c.fd) ;
  for (unsigned int i = 0 ; i < 2 ; i++) check(failed(i, EPERM) && same_time(&x[i].start, &x[2].start)) ;
  check(test_ready(t[0].listener, POLLIN) && (s = socket_accept4(t[0].listener, ip4, 0)) >= 0) ;
  check(!memcmp(ip4, "\177\0\0\2", 4)) ;
  close(s) ;
  check(wins(2)) ;

  d.calls = 0 ;
  d.refuse = 4 ;
  d.error = EADDRINUSE ;
  again(3, 30000) ;
  c.setup = &look_at ;
  c.setupdata = &d ;
  sockets = 0 ;
  check(fails(wait_for_it(), EADDRINUSE)) ;
  check(sockets == 3 && d.calls == 3 && c.fd == -1) ;
  for (unsigned int i = 0 ; i < 3 ; i++) check(failed(i, EADDRINUSE)) ;
  end() ;
}


 /* Loops of one's own */

/* what is left until the next step, in ms, rounded up */

static int timeout (void)
{
  tain next ;
  int left ;
  socket_connector_nextdeadline(&c, &next) ;
  if (!tain_less(&stamp, &next)) return 0 ;
  left = ms(&stamp, &next) ;
  return left < 30000 ? left + 1 : 30000 ;
}

static int by_poll (void)
{
  for (;;)
  {
    struct pollfd p[8] ;
    unsigned int n ;
    int r ;
    tain_now(&stamp) ;
    r = step() ;
    if (r) return r ;
    memset(p, 0xaa, sizeof p) ;
    n = socket_connector_prepare(&c, p) ;
    check(n <= 4 && p[n].fd == (int)0xaaaaaaaa) ;
    for (unsigned int i = 0 ; i < n ; i++) check(p[i].fd >= 0 && p[i].events == POLLOUT && !p[i].revents) ;
    check(poll(p, n, timeout()) >= 0) ;
  }
}

static int by_epoll (void)
{
  int ep = epoll_create1(EPOLL_CLOEXEC), r ;
  for (;;)
  {
    iopause_fd f[8] ;
    unsigned int n ;
    struct epoll_event e ;
    tain_now(&stamp) ;
    r = step() ;
    if (r) break ;
    n = socket_connector_prepare(&c, f) ;
    for (unsigned int i = 0 ; i < n ; i++)
    {
      e.events = EPOLLOUT ;
      e.data.fd = f[i].fd ;
      check(!epoll_ctl(ep, EPOLL_CTL_ADD, f[i].fd, &e) || errno == EEXIST) ;
    }
    check(epoll_wait(ep, &e, 1, timeout()) >= 0) ;
  }
  close(ep) ;
  return r ;
}

static void races_by (int (*loop) (void))
{
  begin("rsro") ;
  c.delay = 50 ;
  polls = 0 ;
  check((*loop)() == 1) ;
  check(polls < 100) ;
  check(wins(3) && x[1].error == ECANCELED && x[2].error == ECONNREFUSED) ;
  check(same_time(&x[0].end, &x[1].start) && ms(&x[1].start, &x[2].start) >= 50 && same_time(&x[2].end, &x[3].start)) ;
  again(1, 30000) ;
  check((*loop)() == -1 && errno == ECONNREFUSED) ;
  x[0] = x[1] ;
  again(1, 50) ;
  check((*loop)() == -1 && errno == ETIMEDOUT) ;
  end() ;
}

static void a_loop_over_poll_races (void) { races_by(&by_poll) ; }
static void a_loop_over_epoll_races (void) { races_by(&by_epoll) ; }

static void candidates_may_come_while_the_race_runs (void)
{
  iopause_fd f[1] ;
  begin("ro") ;
  c.n = 0 ;
  c.expecting = 1 ;
  check(keeps(step() == 0)) ;
  check(next_is(&deadline)) ;

  c.n = 1 ;
  check(keeps(step() == 0)) ;
  check(x[0].fd >= 0) ;
  await_one() ;
  later(5) ;
  check(keeps(step() == 0)) ;
  check(failed(0, ECONNREFUSED) && !socket_connector_prepare(&c, f)) ;
  check(next_is(&deadline)) ;

  later(5) ;
  c.n = 2 ;
  check(keeps(step() == 0)) ;
  check(x[1].fd >= 0 && same_time(&x[1].start, &stamp)) ;
  await_one() ;
  check(keeps(step() == 1)) ;
  check(wins(1)) ;

  /* no more comes */
  socket_connector_init(&c, x, 1, &deadline) ;
  c.expecting = 1 ;
  check(!step()) ;
  await_one() ;
  check(!step()) ;
  c.expecting = 0 ;
  check(fails(step(), ECONNREFUSED)) ;

  /* none came in time */
  again(1, 30) ;
  c.expecting = 1 ;
  check(fails(wait_for_it(), ETIMEDOUT)) ;
  check(x[0].error == ECONNREFUSED) ;
  end() ;
}

static void an_array_can_be_raced_again (void)
{
  begin("so") ;
  for (int i = 0 ; i < 3 ; i++)
  {
    memset(&c, 0xaa, sizeof c) ;
    x[0].sent = x[1].sent = 7 ;
    again(2, 30000) ;
    check(failed(0, 0) && !x[0].sent && failed(1, 0) && !x[1].sent) ;
    check(c.fd == -1 && c.cancelfd == -1 && c.delay == 250 && !c.backoff && !c.data && !c.len && !c.setup) ;
    check(!c.inorder && !c.everywhere && !c.expecting && c.n == 2 && c.candidate == x && !c.sent) ;
    c.delay = 10 ;
    check(wait_for_it() == c.fd && is_up(c.fd) && x[0].error == ECANCELED) ;
  }
  end() ;
}


 /* Fast open */

static int race_with (unsigned int n, char const *data, size_t len, int everywhere)
{
  again(n, 30000) ;
  c.delay = 50 ;
  c.data = data ;
  c.len = len ;
  c.everywhere = !!everywhere ;
  return wait_for_it() ;
}

/* what the server's next connection reads until the end is this */

static int reads (unsigned int i, char const *want, int fast)
{
  char buf[64] ;
  size_t n = 0 ;
  ssize_t r ;
  int s ;
  check(test_ready(t[i].listener, POLLIN)) ;
  s = socket_accept6(t[i].listener, 0, 0, 0) ;
  if (s == -1) return 0 ;
  if (fast >= 0) check(socket_fastopen_used(s) == fast) ;
  while (test_ready(s, POLLIN) && (r = read(s, buf + n, sizeof buf - n)) > 0) n += (size_t)r ;
  close(s) ;
  return n == strlen(want) && !memcmp(buf, want, n) ;
}

/* With or without a cookie, whatever the kernel says: sent says what is left to write. */

static void sent_is_what_need_not_be_written (void)
{
  int s ;
  begin("oo") ;
  t[1].port = t[0].port ;
  to(x + 1, 0, t[0].port) ;
  check(keeps((s = race_with(2, "hello", 5, 0)) >= 0)) ;
  check(c.sent == x[0].sent && c.sent <= 5) ;
  check(write(s, &"hello"[c.sent], 5 - c.sent) == (ssize_t)(5 - c.sent)) ;
  check(wins(0)) ;
  check(reads(0, "hello", -1)) ;
  end() ;
}

#ifndef LIBSOCKET_PORTABLE

static void data_rides_on_the_first_SYN_or_on_each (void)
{
  int s, peer = -1 ;
  begin("os") ;
  if (test_write("/proc/sys/net/ipv4/tcp_fastopen", "3") == -1 || socket_fastopen(t[0].listener) == -1)
  {
    end() ;
    SKIP(NO_FASTOPEN) ;
  }
  to(x + 1, 0, t[0].port) ;

  /* no cookie yet: nothing is sent early */
  check(keeps((s = race_with(2, "hello", 5, 0)) >= 0)) ;
  check(!c.sent && !x[0].sent && !x[1].sent) ;
  check(write(s, "late", 4) == 4) ;
  check(wins(0)) ;
  check(reads(0, "late", 0)) ;

  /* with the cookie: all of it is, once */
  check(keeps((s = race_with(2, "hello", 5, 0)) >= 0)) ;
  check(c.sent == 5 && x[0].sent == 5 && !x[1].sent) ;
  check(write(s, " world", 6) == 6) ;
  check(wins(0)) ;
  check(reads(0, "hello world", 1)) ;

  /* no data: fast open all the same, for a server that speaks first */
  tracing_on() ;
  s = race_with(1, "", 0, 0) ;
  tracing = 0 ;
  check(strstr(trace, "sendto") && !strstr(trace, "connect")) ;
  check(s >= 0 && !c.sent) ;
  check(test_ready(t[0].listener, POLLIN) && (peer = socket_accept4(t[0].listener, 0, 0)) >= 0) ;
  check(write(peer, "220", 3) == 3) ;
  close(peer) ;
  check(test_ready(s, POLLIN)) ;
  close(s) ;

  /* the second attempt is a plain one */
  to(x, 0, t[1].port) ;
  check(keeps(race_with(2, "hello", 5, 0) >= 0)) ;
  check(wins(1) && !c.sent && x[0].sent == 5 && !x[1].sent && x[0].error == ECANCELED) ;
  check(reads(0, "", 0)) ;

  /* unless the data may ride everywhere */
  check(keeps(race_with(2, "hello", 5, 1) >= 0)) ;
  check(wins(1) && c.sent == 5 && x[0].sent == 5 && x[1].sent == 5) ;
  check(reads(0, "hello", 1)) ;

  /* no data to a silent one: under way is not connected */
  check(keeps(race_with(2, "", 0, 0) >= 0)) ;
  check(wins(1) && x[0].error == ECANCELED) ;
  check(reads(0, "", 0)) ;

  /* one without a route does not use it up */
  unroutable(x) ;
  check(keeps(race_with(2, "hello", 5, 0) >= 0)) ;
  check(wins(1) && c.sent == 5 && x[0].error == ENETUNREACH) ;
  check(reads(0, "hello", 1)) ;

  /* no data: off */
  to(x, 0, t[0].port) ;
  tracing_on() ;
  race_with(1, 0, 0, 1) ;
  check(traced(" socket connect poll getpeername poll")) ;
  check(wins(0) && !c.sent) ;
  end() ;

  NEED_IP6 ;
  begin("O") ;
  check(!socket_fastopen(t[0].listener)) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    check(keeps(race_with(1, "hello", 5, 0) >= 0)) ;
    check(wins(0) && c.sent == (i ? 5 : 0)) ;
    check(reads(0, i ? "hello" : "", i)) ;
  }
  end() ;
}


 /* Two namespaces: the answer to the SYN is an ICMP error, which as a rule arrives while connect() is at work */

static long usec (void)
{
  struct rusage u ;
  check(!getrusage(RUSAGE_SELF, &u)) ;
  return (long)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec ;
}

static void an_icmp_error_is_no_answer_and_costs_no_spin (void)
{
  int up[2], go[2], ready ;
  char b, s[512] ;
  pid_t pid ;
  long before ;
  check(!pipe(up) && !pipe(go)) ;
  pid = test_fork() ;
  if (!pid)
  {
    close(go[1]) ;
    check(!unshare(CLONE_NEWNET)) ;
    check(write(up[1], "", 1) == 1 && read(go[0], &b, 1) == 1) ;
    check(!system("ip link set dev vb up && ip addr add 192.0.2.2/30 dev vb && "
      "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev vb nud permanent && "
      "ip route add unreachable 198.51.100.0/24 && echo 1 > /proc/sys/net/ipv4/ip_forward")) ;
    carries("vb") ;
    if (!test_failures) check(write(up[1], "", 1) == 1) ;
    while (!test_failures && read(go[0], &b, 1) == 1) ;
    test_exit() ;
  }
  close(go[0]) ;
  check(pid > 0 && read(up[0], &b, 1) == 1) ;
  close(up[1]) ;
  snprintf(s, sizeof s, "ip link add name va address 02:00:00:00:00:01 type veth peer name vb address 02:00:00:00:00:02 netns %d && "
    "ip link set dev va up && ip addr add 192.0.2.1/30 dev va && "
    "ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev va nud permanent && "
    "ip route add 198.51.100.0/24 via 192.0.2.2", (int)pid) ;
  check(ready = !system(s) && write(go[1], "", 1) == 1 && read(up[0], &b, 1) == 1) ;
  if (ready)
  {
    carries("va") ;
    socket_candidate_ip4(x, "\306\63\144\1", 9) ;
    polls = 0 ;
    before = usec() ;
    again(1, 700) ;
    tracing_on() ;
    check(any(1) == -1 && (errno == ETIMEDOUT || errno == EHOSTUNREACH)) ;
    tracing = 0 ;
    check(usec() - before < 350000) ;
    if (x[0].error == ETIMEDOUT)
    {
      check(ms(&start, &stamp) >= 699) ;
      check(strstr(trace, "recvmsg")) ;  /* the error did arrive */
    }
    else check(ms(&start, &stamp) < 699) ;  /* after connect() had returned: then it ends the attempt */
    check(polls < 10) ;

    /* the answer to the next SYN, a second later, ends it */
    again(1, 30000) ;
    check(fails(any(1), EHOSTUNREACH)) ;
    check(x[0].error == EHOSTUNREACH && ms(&x[0].start, &x[0].end) < 10000) ;
  }
  close(up[0]) ;
  close(go[1]) ;
  check(test_fine(pid)) ;
}

#endif

int main (void)
{
  RUN46(one_that_answers_wins) ;
  RUN46(a_race_that_wins_at_once_makes_no_other_call) ;
  RUN(what_connects_inside_the_call_is_not_asked) ;
  RUN(the_race_goes_past_a_silence_and_a_refusal) ;
  RUN(all_refused_is_a_refusal) ;
  RUN(families_alternate) ;
  RUN(no_candidates_gives_EDESTADDRREQ) ;
  RUN_APART(a_thousand_without_a_route_cost_no_time) ;
  RUN(a_family_that_the_host_lacks_costs_no_time) ;
  RUN(each_errno_of_connect_is_told) ;
  RUN(each_errno_of_socket_is_told) ;
  RUN(a_link_local_address_without_its_link_gives_EINVAL) ;
  RUN(a_failing_poll_ends_the_wait) ;
  RUN(without_descriptors_the_first_fails_and_others_are_put_off) ;
  RUN(descriptor_0_is_a_socket_like_any_other) ;
  RUN(signals_change_no_time) ;
  RUN(signals_that_restart_change_no_time) ;
  RUN46(a_thousand_refusals_take_ten_ms_each) ;
  RUN(a_passed_deadline_leaves_one_attempt) ;
  RUN(a_deadline_ends_the_race) ;
  RUN(without_a_deadline_a_late_winner_wins) ;
  RUN(stop_ends_what_is_in_flight) ;
  RUN(stop_after_the_end_changes_nothing) ;
  RUN(a_byte_on_cancelfd_ends_the_wait) ;
  RUN(the_end_of_cancelfd_ends_the_wait) ;
  RUN(what_is_on_cancelfd_before_the_wait_ends_it) ;
  RUN(setup_prepares_or_refuses_a_socket) ;
  RUN(a_loop_over_poll_races) ;
  RUN(a_loop_over_epoll_races) ;
  RUN(candidates_may_come_while_the_race_runs) ;
  RUN(an_array_can_be_raced_again) ;
  RUN(sent_is_what_need_not_be_written) ;
#ifndef LIBSOCKET_PORTABLE
  RUN_APART(data_rides_on_the_first_SYN_or_on_each) ;
  RUN_APART(an_icmp_error_is_no_answer_and_costs_no_spin) ;
#endif
  return test_end() ;
}
