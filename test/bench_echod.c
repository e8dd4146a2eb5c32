/* ISC license. */

/*
   echod beside a plain epoll echo, and socat and ncat where they are installed: echoes a second over many connections,
   throughput over a few, memory. The servers take turns; each figure is a median.
   usage: bench_echod [program ...]: further programs that are called as echod is
*/

#include "test.h"

#include <time.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "socket.h"

#define ROUNDS 5
#define CONNECTIONS 5000
#define ECHOES 20000
#define STREAMS 8
#define STREAM 33554432
#define WINDOW 65536
#define SERVERS 16
#define PERIOD 1000003

typedef struct server_s server ;
struct server_s
{
  char const *name ;
  pid_t pid ;
  uint16_t port ;
  int forks ;     /* a process a connection: not for thousands */
  double result[ROUNDS] ;
} ;

static server servers[SERVERS] ;
static unsigned int n = 0 ;
static int s[CONNECTIONS] ;
static unsigned int connections = CONNECTIONS ;
static char pattern[2 * PERIOD] ;

static void die (char const *what, char const *name)
{
  fprintf(stderr, "bench_echod: %s: %s: %s\n", name, what, strerror(errno)) ;
  exit(111) ;
}

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 ;
}


 /* Servers */

/* Has one buffer, and waits for whoever does not read. */

static void plain (int l)
{
  static char buf[65536] ;
  struct epoll_event x[64] = { { .events = EPOLLIN, .data.fd = l } } ;
  int ep = epoll_create1(EPOLL_CLOEXEC) ;
  if (epoll_ctl(ep, EPOLL_CTL_ADD, l, x) == -1) _exit(111) ;
  for (;;)
  {
    int m = epoll_wait(ep, x, 64, -1) ;
    for (int i = 0 ; i < m ; i++)
    {
      int fd = x[i].data.fd ;
      ssize_t r, w ;
      if (fd == l)
      {
        struct epoll_event y = { .events = EPOLLIN } ;
        y.data.fd = socket_accept4_nbcoe(l, 0, 0) ;
        if (y.data.fd >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, y.data.fd, &y) == -1) _exit(111) ;
        continue ;
      }
      r = read(fd, buf, sizeof buf) ;
      for (ssize_t done = 0 ; done < r ; done += w)
      {
        w = write(fd, buf + done, (size_t)(r - done)) ;
        if (w == -1 && errno != EAGAIN) { r = 0 ; break ; }
        if (w == -1) { w = 0 ; test_ready(fd, POLLOUT) ; }
      }
      if (r == 0 || (r == -1 && errno != EAGAIN)) close(fd) ;
    }
  }
}

static void begins (server *x, char const *name)
{
  x->name = name ;
  x->pid = fork() ;
  if (x->pid == -1) die("fork", name) ;
  if (x->pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL) ;
}

static void start_plain (void)
{
  server *x = servers + n++ ;
  int l = socket_tcp4() ;
  if (socket_bind4(l, LOOPBACK4, 0) == -1 || socket_local4(l, 0, &x->port) == -1 || socket_listen(l, 4096) == -1) die("listen", "plain epoll") ;
  begins(x, "plain epoll") ;
  if (x->pid == 0) plain(l) ;
  close(l) ;
}

static void start_echod (char const *program)
{
  server *x = servers + n++ ;
  unsigned int port = 0 ;
  FILE *f ;
  int p[2] ;
  if (pipe2(p, O_CLOEXEC) == -1) die("pipe", program) ;
  begins(x, program) ;
  if (x->pid == 0)
  {
    dup2(p[1], 1) ;
    execl(program, program, "127.0.0.1", "0", (char *)0) ;
    _exit(127) ;
  }
  close(p[1]) ;
  f = fdopen(p[0], "r") ;
  if (fscanf(f, "%*s %u", &port) != 1) die("does not say its port", program) ;
  fclose(f) ;
  x->port = (uint16_t)port ;
}

/* A program that wants its port given: one that is free now */

static void start_other (char const *name, char const *format, char const *a, char const *b)
{
  server *x = servers + n ;
  char arg[128], port[16] ;
  int status, c = -1 ;
  int l = socket_tcp4b() ;
  if (socket_bind4_reuse(l, LOOPBACK4, 0) == -1 || socket_local4(l, 0, &x->port) == -1) die("bind", name) ;
  close(l) ;
  snprintf(port, sizeof port, "%u", x->port) ;
  snprintf(arg, sizeof arg, format, x->port) ;
  begins(x, name) ;
  if (x->pid == 0)
  {
    execlp(name, name, arg, a, b, (char *)0) ;
    _exit(127) ;
  }
  for (unsigned int i = 0 ; i < 500 ; i++)
  {
    c = socket_tcp4b() ;
    if (socket_connect4(c, LOOPBACK4, x->port) == 0) break ;
    close(c) ;
    c = -1 ;
    if (waitpid(x->pid, &status, WNOHANG) == x->pid)
    {
      printf("%s: not here\n", name) ;
      return ;
    }
    poll(0, 0, 10) ;
  }
  if (c == -1) die("does not listen", name) ;
  close(c) ;
  x->forks = 1 ;
  n++ ;
}

static unsigned long peak (pid_t pid)
{
  char line[256] ;
  unsigned long kb = 0 ;
  FILE *f ;
  snprintf(line, sizeof line, "/proc/%d/status", (int)pid) ;
  f = fopen(line, "r") ;
  while (f && fgets(line, sizeof line, f)) if (sscanf(line, "VmHWM: %lu", &kb) == 1) break ;
  if (f) fclose(f) ;
  return kb ;
}


 /* Clients */

static void dial (server const *x, unsigned int m)
{
  for (unsigned int i = 0 ; i < m ; i++)
  {
    s[i] = socket_tcp4b() ;
    if (s[i] == -1 || socket_connect4(s[i], LOOPBACK4, x->port) == -1 || fcntl(s[i], F_SETFL, O_NONBLOCK) == -1) die("connect", x->name) ;
  }
}

/* By a reset: TIME_WAIT would use up the ports. */

static void hang_up (unsigned int m)
{
  struct linger l = { .l_onoff = 1, .l_linger = 0 } ;
  for (unsigned int i = 0 ; i < m ; i++)
  {
    setsockopt(s[i], SOL_SOCKET, SO_LINGER, &l, sizeof l) ;
    close(s[i]) ;
  }
}

static int watched (unsigned int m, uint32_t events)
{
  int ep = epoll_create1(EPOLL_CLOEXEC) ;
  for (unsigned int i = 0 ; i < m ; i++)
  {
    struct epoll_event x = { .events = events, .data.u32 = i } ;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, s[i], &x) == -1) die("epoll", "client") ;
  }
  return ep ;
}

/* Each of the first m says 64 bytes and waits for them, total times in all: echoes a second. */

static double echoes (server const *x, unsigned int m, unsigned int total)
{
  int ep = watched(m, EPOLLIN) ;
  unsigned int sent = 0 ;
  double start = now() ;
  for (unsigned int i = 0 ; i < m && sent < total ; i++, sent++) if (write(s[i], pattern, 64) != 64) die("write", x->name) ;
  for (unsigned int got = 0 ; got < total ;)
  {
    struct epoll_event e[64] ;
    int k = epoll_wait(ep, e, 64, 30000) ;
    if (k <= 0) die("epoll_wait", x->name) ;
    for (int i = 0 ; i < k ; i++)
    {
      char buf[65] ;
      int fd = s[e[i].data.u32] ;
      if (read(fd, buf, sizeof buf) != 64 || memcmp(buf, pattern, 64)) die("wrong echo", x->name) ;
      got++ ;
      if (sent < total && write(fd, pattern, 64) != 64) die("write", x->name) ;
      sent++ ;
    }
  }
  close(ep) ;
  return total / (now() - start) ;
}

static void send_more (server const *x, unsigned int i, size_t *sent, size_t end)
{
  ssize_t w = write(s[i], pattern + *sent % PERIOD, end - *sent) ;
  if (w == -1 && errno != EAGAIN) die("write", x->name) ;
  if (w > 0) *sent += (size_t)w ;
}

/* Each of STREAMS sends STREAM bytes, WINDOW at most under way, and reads them back: MiB a second in all. ncat hangs with a larger window. */

static double streams (server const *x)
{
  static char buf[WINDOW] ;
  size_t sent[STREAMS] = { 0 }, got[STREAMS] = { 0 } ;
  unsigned int left = STREAMS ;
  double start = now() ;
  int ep = watched(STREAMS, EPOLLIN) ;
  for (unsigned int i = 0 ; i < STREAMS ; i++) send_more(x, i, sent + i, WINDOW) ;
  while (left)
  {
    struct epoll_event e[STREAMS] ;
    int k = epoll_wait(ep, e, STREAMS, 30000) ;
    if (k <= 0) die("epoll_wait", x->name) ;
    for (int j = 0 ; j < k ; j++)
    {
      unsigned int i = e[j].data.u32 ;
      ssize_t r = read(s[i], buf, sizeof buf) ;
      if (r <= 0) die("lost bytes", x->name) ;
      if (memcmp(buf, pattern + got[i] % PERIOD, (size_t)r)) die("wrong bytes", x->name) ;
      got[i] += (size_t)r ;
      send_more(x, i, sent + i, got[i] + WINDOW < STREAM ? got[i] + WINDOW : STREAM) ;
      if (got[i] < STREAM) continue ;
      if (epoll_ctl(ep, EPOLL_CTL_DEL, s[i], 0) == -1) die("epoll", x->name) ;
      left-- ;
    }
  }
  close(ep) ;
  return (double)STREAMS * STREAM / 1048576 / (now() - start) ;
}

static int less (void const *a, void const *b)
{
  double x = *(double const *)a, y = *(double const *)b ;
  return (x > y) - (x < y) ;
}

/* busy: how many of the connections; 0: the streams */

static void measure (char const *what, unsigned int busy)
{
  printf("\n%s\n", what) ;
  for (unsigned int round = 0 ; round < ROUNDS ; round++) for (unsigned int i = 0 ; i < n ; i++)
  {
    server *x = servers + i ;
    if (busy && x->forks) continue ;
    dial(x, busy ? connections : STREAMS) ;
    if (busy) echoes(x, connections, connections) ;
    x->result[round] = busy ? echoes(x, busy, ECHOES) : streams(x) ;
    hang_up(busy ? connections : STREAMS) ;
  }
  for (unsigned int i = 0 ; i < n ; i++)
  {
    server *x = servers + i ;
    if (busy && x->forks) continue ;
    qsort(x->result, ROUNDS, sizeof(double), &less) ;
    printf("  %-20s %8.0f   (%.0f to %.0f)\n", x->name, x->result[ROUNDS / 2], x->result[0], x->result[ROUNDS - 1]) ;
  }
  fflush(stdout) ;
}

int main (int argc, char **argv)
{
  struct rlimit files ;
  getrlimit(RLIMIT_NOFILE, &files) ;
  files.rlim_cur = files.rlim_max ;
  setrlimit(RLIMIT_NOFILE, &files) ;
  if (files.rlim_cur < CONNECTIONS + 100) connections = (unsigned int)files.rlim_cur - 100 ;
  signal(SIGPIPE, SIG_IGN) ;
  start_echod("examples/echod") ;
  for (int i = 1 ; i < argc && n < SERVERS - 3 ; i++) start_echod(argv[i]) ;
  start_plain() ;
  start_other("socat", "TCP4-LISTEN:%u,bind=127.0.0.1,reuseaddr,fork", "PIPE", 0) ;
  start_other("ncat", "-lk4p%u", "--exec", "/bin/cat") ;

  for (unsigned int i = 0 ; i < PERIOD ; i++) pattern[i] = (char)(i * 2654435761u >> 24) ;
  memcpy(pattern + PERIOD, pattern, PERIOD) ;

  printf("%u connections; median of %u, and their range\n", connections, ROUNDS) ;
  measure("echoes a second, 4 of the connections busy", 4) ;
  measure("echoes a second, all of them busy", connections) ;
  measure("MiB a second, 8 streams of 32 MiB", 0) ;
  printf("\npeak memory of the process that listens, in KiB\n") ;
  for (unsigned int i = 0 ; i < n ; i++) printf("  %-20s %8lu\n", servers[i].name, peak(servers[i].pid)) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    kill(servers[i].pid, SIGTERM) ;
    waitpid(servers[i].pid, 0, 0) ;
  }
  return 0 ;
}
