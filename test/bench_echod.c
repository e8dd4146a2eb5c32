/* ISC license. */

/*
   echod and tcpserve beside what else one would take: a plain epoll echo, socat, ncat; a plain loop that spawns, tcpserver. Echoes, connections and bytes a
   second, and memory. The servers take turns; each figure is a median. One that is not installed is left out.
*/

#include "test.h"

#include <spawn.h>
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
#define FEW 100             /* connections that a server with a process for each has too */
#define PERIOD 1000003

enum group { ECHO = 1, SPAWN = 2 } ;

typedef struct server_s server ;
struct server_s
{
  char const *name ;
  int groups ;
  enum { OURS, LIMIT, PEER } role ;
  int forks ;               /* a process a connection: not for thousands */
  void (*run) (int) ;       /* in a process of its own, on a listener; or */
  char const *argv[12] ;    /* a program; PORT: one that is free */
  pid_t pid ;
  uint16_t port ;
  double result[ROUNDS] ;
} ;

static void plain (int) ;
static void spawns (int) ;

static server servers[] =
{
  { "examples/echod", ECHO, OURS, 0, 0, { "examples/echod", "127.0.0.1", "PORT", 0 }, 0, 0, { 0 } },
  { "plain epoll", ECHO, LIMIT, 0, &plain, { 0 }, 0, 0, { 0 } },
  { "examples/tcpserve", SPAWN, OURS, 1, 0, { "examples/tcpserve", "-c", "1000", "127.0.0.1", "PORT", "cat", 0 }, 0, 0, { 0 } },
  { "plain spawn", SPAWN, LIMIT, 1, &spawns, { 0 }, 0, 0, { 0 } },
  { "tcpserver", SPAWN, PEER, 1, 0, { "tcpserver", "-RHl0", "-c", "1000", "127.0.0.1", "PORT", "cat", 0 }, 0, 0, { 0 } },
  { "socat", ECHO, PEER, 1, 0, { "socat", "TCP4-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork,backlog=1000", "PIPE", 0 }, 0, 0, { 0 } },
  { "socat exec", SPAWN, PEER, 1, 0, { "socat", "TCP4-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork,backlog=1000", "EXEC:cat", 0 }, 0, 0, { 0 } },
  { "ncat", ECHO | SPAWN, PEER, 1, 0, { "ncat", "-lk4", "-m", "1000", "127.0.0.1", "PORT", "--exec", "/bin/cat", 0 }, 0, 0, { 0 } },
} ;

#define N (sizeof servers / sizeof *servers)

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

/* Has one buffer, and waits for a client that does not read. */

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

/* A process a connection, by the one call for it; as many as come */

static void spawns (int l)
{
  static char *const argv[] = { "cat", 0 } ;
  posix_spawn_file_actions_t actions ;
  signal(SIGCHLD, SIG_IGN) ;
  for (;;)
  {
    pid_t pid ;
    int fd = accept4(l, 0, 0, SOCK_CLOEXEC) ;
    if (fd == -1) continue ;
    posix_spawn_file_actions_init(&actions) ;
    posix_spawn_file_actions_adddup2(&actions, fd, 0) ;
    posix_spawn_file_actions_adddup2(&actions, fd, 1) ;
    if (posix_spawnp(&pid, "cat", &actions, 0, argv, environ)) _exit(111) ;
    posix_spawn_file_actions_destroy(&actions) ;
    close(fd) ;
  }
}

/* with its port in the place of PORT */

static char const *filled (char const *arg, uint16_t port, char *to, size_t size)
{
  char const *p = strstr(arg, "PORT") ;
  if (!p || p[4] == '4') return arg ;
  snprintf(to, size, "%.*s%u%s", (int)(p - arg), arg, port, p + 4) ;
  return to ;
}

static void run (server *x, int l)
{
  char const *args[12] = { 0 } ;
  char text[12][128] ;
  prctl(PR_SET_PDEATHSIG, SIGKILL) ;
  dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 1) ;
  dup2(1, 2) ;
  if (x->run) (*x->run)(l) ;
  close(l) ;
  for (unsigned int i = 0 ; x->argv[i] ; i++) args[i] = filled(x->argv[i], x->port, text[i], sizeof text[i]) ;
  execvp(args[0], (char *const *)args) ;
  _exit(127) ;
}

/* Those that want their port given get one that is free now. */

static void start (server *x)
{
  int status, c, l = socket_tcp4b() ;
  if (socket_bind4_reuse(l, LOOPBACK4, 0) == -1 || socket_local4(l, 0, &x->port) == -1) die("bind", x->name) ;
  if (x->run && socket_listen(l, 4096) == -1) die("listen", x->name) ;
  x->pid = fork() ;
  if (x->pid == -1) die("fork", x->name) ;
  if (x->pid == 0) run(x, l) ;
  close(l) ;
  for (unsigned int i = 0 ; i < 1000 ; i++)
  {
    int up ;
    c = socket_tcp4b() ;
    up = socket_connect4(c, LOOPBACK4, x->port) == 0 ;
    close(c) ;
    if (up) return ;
    if (waitpid(x->pid, &status, WNOHANG) == x->pid)
    {
      printf("left out: %s: exit %d\n", x->name, WEXITSTATUS(status)) ;
      x->pid = 0 ;
      return ;
    }
    poll(0, 0, 10) ;
  }
  die("does not listen", x->name) ;
}

/* KiB that a process has, its part of what it shares; and those that it started */

static unsigned long memory (pid_t pid, int children)
{
  char line[256] ;
  unsigned long kb = 0 ;
  int child ;
  FILE *f ;
  snprintf(line, sizeof line, "/proc/%d/smaps_rollup", (int)pid) ;
  f = fopen(line, "r") ;
  while (f && fgets(line, sizeof line, f)) if (sscanf(line, "Pss: %lu", &kb) == 1) break ;
  if (f) fclose(f) ;
  snprintf(line, sizeof line, "/proc/%d/task/%d/children", (int)pid, (int)pid) ;
  f = children ? fopen(line, "r") : 0 ;
  while (f && fscanf(f, "%d", &child) == 1) kb += memory(child, 1) ;
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

/* One connection after another, each echoed once and ended in order: connections a second. */

static double visits (server const *x)
{
  unsigned int m = x->forks ? 100 : 1000 ;
  double start = now() ;
  for (unsigned int i = 0 ; i < m ; i++)
  {
    char buf[65] ;
    dial(x, 1) ;
    if (write(s[0], pattern, 64) != 64 || !test_ready(s[0], POLLIN) || read(s[0], buf, sizeof buf) != 64) die("no echo", x->name) ;
    if (shutdown(s[0], SHUT_WR) == -1 || !test_ready(s[0], POLLIN) || read(s[0], buf, sizeof buf)) die("no end", x->name) ;
    close(s[0]) ;
  }
  return m / (now() - start) ;
}

/* These have a number of connections for their time. */

static double with (server const *x, unsigned int all, unsigned int busy)
{
  double r ;
  dial(x, all) ;
  echoes(x, all, all) ;
  r = echoes(x, busy, ECHOES) ;
  hang_up(all) ;
  return r ;
}

static double few_busy (server const *x) { return with(x, connections, 4) ; }
static double all_busy (server const *x) { return with(x, connections, connections) ; }
static double hundred_busy (server const *x) { return with(x, FEW, FEW) ; }

static double streamed (server const *x)
{
  double r ;
  dial(x, STREAMS) ;
  r = streams(x) ;
  hang_up(STREAMS) ;
  return r ;
}

/* KiB for each of the connections that it holds */

static double held (server const *x)
{
  unsigned int m = x->forks ? FEW : connections ;
  double kb ;
  dial(x, m) ;
  echoes(x, m, m) ;
  kb = (double)memory(x->pid, 1) / m ;
  hang_up(m) ;
  return kb ;
}

static double listener (server const *x)
{
  return (double)memory(x->pid, 0) ;
}

static void measure (char const *what, char const *brief, enum group group, double (*f) (server const *), int forkers, int more)
{
  server *ours = 0, *limit = 0, *best = 0 ;
  char const *format = more ? "  %-20s %9.0f   (%.0f to %.0f)\n" : "  %-20s %9.2f   (%.2f to %.2f)\n" ;
  printf("\n%s\n", what) ;
  for (unsigned int round = 0 ; round < ROUNDS ; round++) for (server *x = servers ; x < servers + N ; x++)
    if (x->pid && x->groups & (int)group && (forkers || !x->forks)) x->result[round] = (*f)(x) ;
  for (server *x = servers ; x < servers + N ; x++) if (x->pid && x->groups & (int)group && (forkers || !x->forks))
  {
    double y ;
    qsort(x->result, ROUNDS, sizeof(double), &less) ;
    y = x->result[ROUNDS / 2] ;
    printf(format, x->name, y, x->result[0], x->result[ROUNDS - 1]) ;
    if (x->role == OURS) ours = x ;
    else if (x->role == LIMIT) limit = x ;
    else if (!best || (more ? y > best->result[ROUNDS / 2] : y < best->result[ROUNDS / 2])) best = x ;
  }
  if (brief) printf(more ? "summary: %s\tmore\t%.0f\t%.0f\t%s\t" : "summary: %s\tless\t%.1f\t%.1f\t%s\t", brief,
    limit->result[ROUNDS / 2], ours->result[ROUNDS / 2], best ? best->name : "none") ;
  if (brief && best) printf(more ? "%.0f" : "%.1f", best->result[ROUNDS / 2]) ;
  if (brief) printf("\n") ;
  if (brief && best && (more ? best->result[ROUNDS / 2] > ours->result[ROUNDS - 1] : best->result[ROUNDS / 2] < ours->result[0]))
    printf("ahead: %s\t%s %.0f\n", brief, best->name, best->result[ROUNDS / 2]) ;
  fflush(stdout) ;
}

int main (void)
{
  struct rlimit files ;
  getrlimit(RLIMIT_NOFILE, &files) ;
  files.rlim_cur = files.rlim_max ;
  setrlimit(RLIMIT_NOFILE, &files) ;
  if (files.rlim_cur < CONNECTIONS + 100) connections = (unsigned int)files.rlim_cur - 100 ;
  signal(SIGPIPE, SIG_IGN) ;
  for (unsigned int i = 0 ; i < PERIOD ; i++) pattern[i] = (char)(i * 2654435761u >> 24) ;
  memcpy(pattern + PERIOD, pattern, PERIOD) ;
  for (server *x = servers ; x < servers + N ; x++) start(x) ;

  printf("%u connections; median of %u, and their range\n", connections, ROUNDS) ;
  printf("section: daemons on loopback: the limits are a plain epoll echo and a plain loop that spawns (bench_echod.c)\n") ;
  measure("echoes a second, 4 of the connections busy", 0, ECHO, &few_busy, 0, 1) ;
  measure("echoes a second, all of them busy", 0, ECHO, &all_busy, 0, 1) ;
  measure("echoes a second, 100 connections, all busy", "echod: echoes a second", ECHO, &hundred_busy, 1, 1) ;
  measure("MiB a second, 8 streams of 32 MiB", "echod: MiB a second, 8 streams", ECHO, &streamed, 1, 1) ;
  measure("connections a second, one after another, echoed once", 0, ECHO, &visits, 1, 1) ;
  measure("KiB a connection that is held, processes included", 0, ECHO, &held, 1, 0) ;
  measure("connections a second, one after another, each to a cat that echoes once", "tcpserve: connections a second", SPAWN, &visits, 1, 1) ;
  measure("KiB a connection that is held, the cat included", 0, SPAWN, &held, 1, 0) ;
  measure("KiB of the process that listens, at the end", 0, SPAWN, &listener, 1, 0) ;
  for (server *x = servers ; x < servers + N ; x++) if (x->pid)
  {
    kill(x->pid, SIGTERM) ;
    waitpid(x->pid, 0, 0) ;
  }
  return 0 ;
}
