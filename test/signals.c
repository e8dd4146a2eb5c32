/* ISC license. */

/* What blocks in a connect, with or without fast open, under signals */

#include "loopback.h"

#include <sys/time.h>

#include "syscalls.h"

/* A handshake that takes a second, or as long as the test wants: SYNs fall until it is answered. */

typedef struct variant_s variant ;
struct variant_s
{
  int v6 ;
  int flags ;     /* of sigaction */
  int refused ;
  int sndtimeo ;  /* seconds: with it Linux says EINTR where it would go on by itself */
  int posix ;     /* a connect after the one that was interrupted says EISCONN, where Linux says 0 */
} ;

static struct silence x ;
static int taken, posix, interrupted ;

static long hook (int call, long *a)
{
  long r = kernel(call, a) ;
  if (r == -1 && errno == EINTR) interrupted = 1 ;
  if (!r && interrupted && posix) return (errno = EISCONN, -1) ;
  return r ;
}

REPLACE(connect)

static int create (variant const *v)
{
  struct timeval tv = { .tv_sec = v->sndtimeo } ;
  int s = tcp(v->v6, 1) ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  return s ;
}

static void answer (int refused)
{
  if (!refused) taken = accept(x.listener, 0, 0) ;
  else silence_refuses(&x) ;
}

/* s came to the true end */

static void ended (variant const *v, int s, int r, int error)
{
  if (v->refused) check(r == -1 && error == ECONNREFUSED) ;
  else
  {
    uint16_t here = 0, peer = 1 ;
    int fd ;
    check(r == 0 && error == 4242) ;
    check(taken >= 0) ;
    check(fails(conn(s, v->v6, x.port), EISCONN)) ;
    check(test_ready(x.listener, POLLIN)) ;
    fd = socket_accept6(x.listener, 0, &peer, 0) ;
    check(fd >= 0) ;
    check(!socket_local6(s, 0, &here, 0) && here == peer) ;
    close(fd) ;
    close(taken) ;
  }
  silence_ends(&x) ;
  close(s) ;
}


/* a signal every 3 ms; the hundredth lets the handshake go on */

static volatile sig_atomic_t signals ;
static int refuse ;

static void hit (int sig)
{
  int e = errno ;
  (void)sig ;
  if (++signals == 100) answer(refuse) ;
  errno = e ;
}

static void storm (variant const *v)
{
  timer_t t ;
  int s, r, e ;
  x = silence(v->v6) ;
  s = create(v) ;
  refuse = v->refused ;
  posix = v->posix ;
  signals = 0 ;
  t = test_storm(&hit, v->flags) ;
  errno = 4242 ;
  r = conn(s, v->v6, x.port) ;
  e = errno ;
  test_calm(t) ;
  check(signals >= 100) ;
  check(interrupted || (v->flags && !v->sndtimeo)) ;
  ended(v, s, r, e) ;
}


/* stopped and continued, without a handler */

static void state (pid_t pid, int options, int stopped)
{
  int status = 0 ;
  check(waitpid(pid, &status, options) == pid) ;
  check(stopped ? WIFSTOPPED(status) : WIFCONTINUED(status)) ;
}

static void stop (variant const *v)
{
  int p[2] ;
  pid_t pid ;
  char c ;
  x = silence(v->v6) ;
  check(!pipe(p)) ;
  pid = test_fork() ;
  if (!pid)
  {
    int s = create(v) ;
    if (v->refused) close(x.listener) ;
    check(write(p[1], "x", 1) == 1) ;
    if (v->refused) check(fails(conn(s, v->v6, x.port), ECONNREFUSED)) ;
    else check(keeps(!conn(s, v->v6, x.port)) && read(s, &c, 1) == 0) ;
    test_exit() ;
  }
  check(read(p[0], &c, 1) == 1) ;
  for (int i = 0 ; i < 100 ; i++)
  {
    poll(0, 0, 2) ;  /* some of the stops are to find it waiting */
    check(!kill(pid, SIGSTOP)) ;
    state(pid, WUNTRACED, 1) ;
    check(!kill(pid, SIGCONT)) ;
    state(pid, WCONTINUED, 0) ;
  }
  answer(v->refused) ;
  if (!v->refused)
  {
    check(test_ready(x.listener, POLLIN)) ;
    close(accept(x.listener, 0, 0)) ;
    close(taken) ;
  }
  check(test_fine(pid)) ;
  close(p[0]) ;
  close(p[1]) ;
  silence_ends(&x) ;
}


/* all at once, each in a process of its own: a lost SYN is sent again after a second */

static void each (void (*f) (variant const *), variant const *v, unsigned int n)
{
  pid_t pid[8] ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    pid[i] = test_fork() ;
    if (!pid[i])
    {
      int before = test_descriptors() ;
      (*f)(v + i) ;
      check(test_descriptors() == before) ;
      test_exit() ;
    }
  }
  for (unsigned int i = 0 ; i < n ; i++) check(test_fine(pid[i])) ;
}

#define EACH(f, ...) do { static variant const v[] = { __VA_ARGS__ } ; each((f), v, sizeof v / sizeof *v) ; } while (0)

static void a_handler_ends_no_attempt_that_comes_up (void)
{
  EACH(&storm, { .v6 = 0 }, { .v6 = 1 }, { .flags = SA_RESTART }, { .v6 = 1, .flags = SA_RESTART }, { .sndtimeo = 60 },
    { .v6 = 1, .sndtimeo = 60, .posix = 1 }, { .flags = SA_RESTART, .sndtimeo = 60 }, { .v6 = 1, .flags = SA_RESTART, .sndtimeo = 60, .posix = 1 }) ;
}

static void a_handler_ends_no_attempt_that_is_refused (void)
{
  EACH(&storm, { .refused = 1 }, { .v6 = 1, .refused = 1 }, { .flags = SA_RESTART, .refused = 1 },
    { .v6 = 1, .flags = SA_RESTART, .refused = 1 }, { .refused = 1, .sndtimeo = 60 }, { .v6 = 1, .refused = 1, .sndtimeo = 60 },
    { .flags = SA_RESTART, .refused = 1, .sndtimeo = 60 }, { .v6 = 1, .flags = SA_RESTART, .refused = 1, .sndtimeo = 60 }) ;
}

static void stops_end_no_attempt_that_comes_up (void)
{
  EACH(&stop, { .v6 = 0 }, { .v6 = 1 }, { .sndtimeo = 60 }, { .v6 = 1, .sndtimeo = 60 }) ;
}

static void stops_end_no_attempt_that_is_refused (void)
{
  EACH(&stop, { .refused = 1 }, { .v6 = 1, .refused = 1 }, { .refused = 1, .sndtimeo = 60 }, { .v6 = 1, .refused = 1, .sndtimeo = 60 }) ;
}


/* a peer that never reads: SO_SNDTIMEO ends the writing of a fast open, although each signal comes before it runs out */

static void full (int v6)
{
  static char big[32 << 20] ;
  struct timeval tv = { .tv_usec = 200000 } ;
  struct sigaction sa = { .sa_handler = &hit } ;
  uint16_t port ;
  int l = listener(v6, &port), s = tcp(v6, 1), p[2] ;
  pid_t pid = getpid(), child ;
  ssize_t n ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  signals = 1000 ;
  check(!pipe(p)) ;
  child = test_fork() ;
  if (!child)
  {
    close(p[1]) ;
    for (struct pollfd y = { .fd = p[0], .events = POLLIN } ; !poll(&y, 1, 20) ;) kill(pid, SIGUSR1) ;
    _exit(0) ;
  }
  close(p[0]) ;
  errno = 4242 ;
  n = v6 ? socket_fastopen_connect6(s, LOOPBACK6, port, 0, big, sizeof big)
         : socket_fastopen_connect4(s, LOOPBACK4, port, big, sizeof big) ;
  check(errno == 4242) ;
  check(n > 0 && n < (ssize_t)sizeof big) ;
  check(signals > 1000) ;
  close(p[1]) ;
  check(waitpid(child, 0, 0) == child) ;
  close(s) ;
  close(l) ;
}

static void SO_SNDTIMEO_ends_the_writing_under_signals (void)
{
  full(0) ;
  full(1) ;
}

int main (void)
{
  RUN(a_handler_ends_no_attempt_that_comes_up) ;
  RUN(a_handler_ends_no_attempt_that_is_refused) ;
  RUN(stops_end_no_attempt_that_comes_up) ;
  RUN(stops_end_no_attempt_that_is_refused) ;
  RUN(SO_SNDTIMEO_ends_the_writing_under_signals) ;
  return test_end() ;
}
