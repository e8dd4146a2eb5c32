/* ISC license. */

/* examples/logline.c, when another process fills the log between its poll and its write: it does not wait. */

#include "test.h"

static int filler, filler_is_socket ;

static int poll_and_fill (struct pollfd *x, nfds_t n, int ms)
{
  static char const much[4096] ;
  int r = poll(x, n, ms) ;
  while (filler >= 0 && (filler_is_socket ? send(filler, much, sizeof much, MSG_DONTWAIT) : write(filler, much, sizeof much)) > 0) ;
  return r ;
}

#define poll poll_and_fill
#include "../examples/logline.c"
#undef poll

static void empty (int fd)
{
  char buf[65536] ;
  while (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 0) == 1 && read(fd, buf, sizeof buf) > 0) ;
}

/* p[1] is the log, fill the same */

static void filled (int const *p, int fill)
{
  static char const want[] = "program: warning: lines lost: 1\nprogram: seen\n" ;
  char buf[256] ;
  int old = dup(2) ;
  check(old >= 0 && dup2(p[1], 2) == 2) ;
  PROG = "program" ;
  logline_init() ;
  filler = fill ;
  logline("not seen") ;
  filler = -1 ;
  empty(p[0]) ;
  logline("seen") ;
  check(read(p[0], buf, sizeof buf) == sizeof want - 1 && !memcmp(buf, want, sizeof want - 1)) ;
  check(dup2(old, 2) == 2) ;
  if (out != 2) close(out) ;
  out = 2 ;
  close(old) ;
  close(fill) ;
  close(p[0]) ;
  close(p[1]) ;
}

static void a_pipe_that_fills_up_at_the_last_moment_is_not_awaited (void)
{
  char path[64] ;
  int p[2] ;
  filler_is_socket = 0 ;
  check(!pipe(p)) ;
  snprintf(path, sizeof path, "/proc/self/fd/%d", p[1]) ;
  filled(p, open(path, O_WRONLY | O_NONBLOCK)) ;
}

static void nor_is_a_socket (void)
{
  int p[2] ;
  check(!socketpair(AF_UNIX, SOCK_STREAM, 0, p)) ;
  filler_is_socket = 1 ;
  filled(p, dup(p[1])) ;
}

int main (void)
{
  RUN(a_pipe_that_fills_up_at_the_last_moment_is_not_awaited) ;
  RUN(nor_is_a_socket) ;
  return test_end() ;
}
