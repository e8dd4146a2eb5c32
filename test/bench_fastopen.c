/* ISC license. */

/*
   What fast open saves: from before the connect to the first byte of the answer, over a wire that is 50 ms long each way.
   usage: bench_fastopen [ms]
*/

#include "../test/test.h"
#include "slow.h"

#include "socket.h"

#define TRIES 5

static int six ;
static int ms = 50 ;
static uint16_t port ;

static char const *address (void)
{
  static char ip[16] ;
  static unsigned char n ;
  memset(ip, 0, sizeof ip) ;
  memcpy(ip, six ? "\375\1" : "\12\1", 2) ;
  ip[six ? 15 : 3] = (char)++n ;
  return ip ;
}

static ssize_t fast (int s, char const *ip, char const *buf, size_t len)
{
  return six ? socket_fastopen_connect6(s, ip, port, 0, buf, len) : socket_fastopen_connect4(s, ip, port, buf, len) ;
}

static void server (int l, int speaks)
{
  for (;;)
  {
    char buf[64] ;
    int c = six ? socket_accept6(l, 0, 0, 0) : socket_accept4(l, 0, 0) ;
    if (c == -1 && errno != EAGAIN) _exit(1) ;
    if (c == -1)
    {
      test_ready(l, POLLIN) ;
      continue ;
    }
    if (speaks || (test_ready(c, POLLIN) && read(c, buf, sizeof buf) > 0))
    {
      if (write(c, "answer\n", 7) == -1) _exit(1) ;
      while (test_ready(c, POLLIN) && read(c, buf, sizeof buf) > 0) ;
    }
    close(c) ;
  }
}

/* without fast open: a connect and a write */

static int plain (int s, char const *ip, int speaks)
{
  if ((six ? socket_connect6(s, ip, port, 0) : socket_connect4(s, ip, port)) == -1) return 0 ;
  return speaks || write(s, "request\n", 8) == 8 ;
}

static void measure (char const *what, int isfast, int known, int speaks)
{
  double best = 1e9, worst = 0, sum = 0 ;
  int to = 0, from = 0, data = 0, l ;
  pid_t pid ;

  tun_in(1) ;
  l = six ? socket_tcp6() : socket_tcp4() ;
  tun_in(0) ;
  if ((six ? socket_bind6(l, 0, 0, 0) || socket_local6(l, 0, &port, 0) : socket_bind4(l, 0, 0) || socket_local4(l, 0, &port))
   || socket_fastopen(l) || socket_listen(l, 16)) { perror("listen") ; exit(111) ; }
  pid = slow_fork() ;
  if (!pid) server(l, speaks) ;

  for (int i = 0 ; i < TRIES ; i++)
  {
    char const *ip = address() ;
    char x ;
    long long start ;
    double took ;
    int s ;
    if (known)
    {
      slow->delay = 0 ;
      s = six ? socket_tcp6b() : socket_tcp4b() ;
      if (fast(s, ip, 0, 0) == -1) { perror("cookie") ; exit(111) ; }
      close(s) ;
      poll(0, 0, 20) ;  /* until its last packets are through */
    }
    slow->delay = ms ;
    slow_clear() ;
    s = six ? socket_tcp6b() : socket_tcp4b() ;
    start = tun_now() ;
    if (isfast ? fast(s, ip, "request\n", speaks ? 0 : 8) == -1 : !plain(s, ip, speaks)) { perror("connect") ; exit(111) ; }
    if (read(s, &x, 1) != 1) { perror("read") ; exit(111) ; }
    took = (double)(tun_now() - start) / 1e6 ;
    to = slow->packets[0] ;
    from = slow->packets[1] ;
    data = slow->syndata ;
    close(s) ;
    poll(0, 0, 3 * ms) ;
    sum += took ;
    if (took < best) best = took ;
    if (took > worst) worst = took ;
  }
  close(l) ;
  kill(pid, SIGKILL) ;
  waitpid(pid, 0, 0) ;
  printf("IPv%d  %-44s %7.1f %7.1f %7.1f %6.2f %5d %5d  %s\n",
    six ? 6 : 4, what, best, sum / TRIES, worst, sum / TRIES / (2 * ms), to, from, data ? "yes" : "no") ;
  fflush(stdout) ;
}

int main (int argc, char **argv)
{
  if (argc > 1) ms = atoi(argv[1]) ;
  if (ms < 1 || ms > 1000) { fprintf(stderr, "usage: bench_fastopen [ms]\n") ; return 100 ; }
  slow_start() ;
  if (slow_why) { fprintf(stderr, "bench_fastopen: %s\n", slow_why) ; return 111 ; }
  printf("Time to the first byte of the answer over a round trip of %d ms, %d tries; packets that had arrived by then\n\n", 2 * ms, TRIES) ;
  printf("%-50s %7s %7s %7s %6s %5s %5s  %s\n", "", "best ms", "mean ms", "worst", "trips", "sent", "back", "data in SYN") ;
  for (six = 0 ; six < 2 ; six++)
  {
    measure("connect, write", 0, 0, 0) ;
    measure("fast open, first contact", 1, 0, 0) ;
    measure("fast open, cookie", 1, 1, 0) ;
    measure("connect, server speaks first", 0, 0, 1) ;
    measure("fast open, cookie, server speaks first (len 0)", 1, 1, 1) ;
  }
  slow_end() ;
  return 0 ;
}
