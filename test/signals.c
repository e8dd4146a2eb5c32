/* ISC license. */

/* What blocks in a connect, with or without fast open, under signals */

#include "test.h"

#include <time.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "socket.h"

/* A handshake that takes a second, or as long as the test wants: the queue of the listener is full
   and SYNs fall, until the filler is taken from it, or it is closed and refuses. A second socket
   keeps the port from others when the listener is gone. */

typedef struct variant_s variant ;
struct variant_s
{
  int v6 ;
  int flags ;     /* of sigaction */
  int refused ;
  int sndtimeo ;  /* seconds: with it Linux says EINTR where it would go on by itself */
  int posix ;     /* a connect after the one that was interrupted says EISCONN, where Linux says 0 */
} ;

static int keeper, listener, filler, taken, posix, interrupted ;
static uint16_t port ;

int connects (int, struct sockaddr const *, socklen_t) __asm__ ("connect") ;

int connects (int s, struct sockaddr const *sa, socklen_t len)
{
  int r = (int)syscall(SYS_connect, s, sa, len) ;
  if (r == -1 && errno == EINTR) interrupted = 1 ;
  if (!r && interrupted && posix) return (errno = EISCONN, -1) ;
  return r ;
}

static int conn (int s, int v6)
{
  return v6 ? socket_connect6(s, LOOPBACK6, port, 0) : socket_connect4(s, LOOPBACK4, port) ;
}

static int create (variant const *v)
{
  struct timeval tv = { .tv_sec = v->sndtimeo } ;
  int s = v->v6 ? socket_tcp6b() : socket_tcp4b() ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  return s ;
}

static int bindto (int v6)
{
  int s = v6 ? socket_tcp6b() : socket_tcp4b() ;
  check(!(v6 ? socket_bind6_reuse(s, LOOPBACK6, port, 0) : socket_bind4_reuse(s, LOOPBACK4, port))) ;
  check(!(v6 ? socket_local6(s, 0, &port, 0) : socket_local4(s, 0, &port))) ;
  return s ;
}

static void silence (variant const *v)
{
  port = 0 ;
  keeper = bindto(v->v6) ;
  listener = bindto(v->v6) ;
  check(!socket_listen(listener, 0)) ;
  filler = v->v6 ? socket_tcp6b() : socket_tcp4b() ;
  check(!conn(filler, v->v6)) ;
  check(test_ready(listener, POLLIN)) ;
  taken = -1 ;
}

static void answer (int refused)
{
  if (!refused) taken = accept(listener, 0, 0) ;
  else close(listener) ;
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
    check(fails(conn(s, v->v6), EISCONN)) ;
    check(test_ready(listener, POLLIN)) ;
    fd = socket_accept6(listener, 0, &peer, 0) ;
    check(fd >= 0) ;
    check(!socket_local6(s, 0, &here, 0) && here == peer) ;
    close(fd) ;
    close(taken) ;
    close(listener) ;
  }
  close(filler) ;
  close(keeper) ;
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
  struct sigaction sa = { .sa_handler = &hit, .sa_flags = v->flags } ;
  struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 } ;
  struct itimerspec its = { .it_interval = { .tv_nsec = 3000000 }, .it_value = { .tv_nsec = 3000000 } } ;
  timer_t t ;
  int s, r, e ;
  silence(v) ;
  s = create(v) ;
  refuse = v->refused ;
  posix = v->posix ;
  signals = 0 ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  check(!timer_create(CLOCK_MONOTONIC, &ev, &t)) ;
  check(!timer_settime(t, 0, &its, 0)) ;
  errno = 4242 ;
  r = conn(s, v->v6) ;
  e = errno ;
  timer_delete(t) ;
  signal(SIGUSR1, SIG_IGN) ;
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
  int p[2], status = -1 ;
  pid_t pid ;
  char c ;
  silence(v) ;
  check(!pipe(p)) ;
  fflush(stdout) ;
  pid = fork() ;
  if (!pid)
  {
    int s = create(v), r ;
    if (v->refused) close(listener) ;
    if (write(p[1], "x", 1) != 1) _exit(1) ;
    errno = 4242 ;
    r = conn(s, v->v6) ;
    if (v->refused ? r == 0 || errno != ECONNREFUSED : r || errno != 4242)
    {
      printf("# stopped: %d, errno %d, %s\n", r, errno, strerror(errno)) ;
      fflush(stdout) ;
      _exit(1) ;
    }
    if (!v->refused) check(read(s, &c, 1) == 0) ;
    _exit(!!test_failures) ;
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
    check(test_ready(listener, POLLIN)) ;
    close(accept(listener, 0, 0)) ;
    close(taken) ;
    close(listener) ;
  }
  check(waitpid(pid, &status, 0) == pid && status == 0) ;
  close(p[0]) ;
  close(p[1]) ;
  close(filler) ;
  close(keeper) ;
}


/* all at once, each in a process of its own: a lost SYN is sent again after a second */

static void each (void (*f) (variant const *), variant const *v, unsigned int n)
{
  pid_t pid[8] ;
  fflush(stdout) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    pid[i] = fork() ;
    check(pid[i] != -1) ;
    if (!pid[i])
    {
      int before = test_descriptors() ;
      alarm(100) ;
      (*f)(v + i) ;
      check(test_descriptors() == before) ;
      fflush(stdout) ;
      _exit(!!test_failures) ;
    }
  }
  for (unsigned int i = 0 ; i < n ; i++)
  {
    int status = -1 ;
    while (waitpid(pid[i], &status, 0) == -1 && errno == EINTR) ;
    check(status == 0) ;
  }
}

#define EACH(f, ...) do { static variant const v[] = { __VA_ARGS__ } ; each((f), v, sizeof v / sizeof *v) ; } while (0)

static void handler_up (void)
{
  EACH(&storm, { 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0 }, { 0, SA_RESTART, 0, 0, 0 }, { 1, SA_RESTART, 0, 0, 0 },
    { 0, 0, 0, 60, 0 }, { 1, 0, 0, 60, 1 }, { 0, SA_RESTART, 0, 60, 0 }, { 1, SA_RESTART, 0, 60, 1 }) ;
}

static void handler_refused (void)
{
  EACH(&storm, { 0, 0, 1, 0, 0 }, { 1, 0, 1, 0, 0 }, { 0, SA_RESTART, 1, 0, 0 }, { 1, SA_RESTART, 1, 0, 0 },
    { 0, 0, 1, 60, 0 }, { 1, 0, 1, 60, 0 }, { 0, SA_RESTART, 1, 60, 0 }, { 1, SA_RESTART, 1, 60, 0 }) ;
}

static void stopped_up (void)
{
  EACH(&stop, { 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0 }, { 0, 0, 0, 60, 0 }, { 1, 0, 0, 60, 0 }) ;
}

static void stopped_refused (void)
{
  EACH(&stop, { 0, 0, 1, 0, 0 }, { 1, 0, 1, 0, 0 }, { 0, 0, 1, 60, 0 }, { 1, 0, 1, 60, 0 }) ;
}


/* a peer that never reads: SO_SNDTIMEO ends the writing of a fast open, although each signal comes before it runs out */

static void full (int v6)
{
  static char big[32 << 20] ;
  struct sigaction sa = { .sa_handler = &hit } ;
  struct timeval tv = { .tv_usec = 200000 } ;
  pid_t pid = getpid(), child ;
  int l, s, p[2] ;
  ssize_t n ;
  port = 0 ;
  l = bindto(v6) ;
  check(!socket_listen(l, 1)) ;
  s = v6 ? socket_tcp6b() : socket_tcp4b() ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  signals = 1000 ;
  check(!pipe(p)) ;
  fflush(stdout) ;
  child = fork() ;
  if (!child)
  {
    close(p[1]) ;
    for (struct pollfd x = { .fd = p[0], .events = POLLIN } ; !poll(&x, 1, 20) ;) kill(pid, SIGUSR1) ;
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

static void full_window (void)
{
  full(0) ;
  full(1) ;
}

int main (void)
{
  RUN(handler_up) ;
  RUN(handler_refused) ;
  RUN(stopped_up) ;
  RUN(stopped_refused) ;
  RUN(full_window) ;
  return test_end() ;
}
