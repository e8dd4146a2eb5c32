/* ISC license. */

/*
   Ten thousand races in flight in one process under epoll, and what a step costs.
   The targets are listeners on loopback: one with a full queue, so that what comes is dropped, and one that accepts.
*/

#include "test.h"

#include <time.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "socket.h"

#define RACES 10000
#define CANDIDATES 16

static uint16_t silent_port, ok_port ;
static int listener ;

static void die (char const *what)
{
  printf("bench_races: %s: %s\n", what, strerror(errno)) ;
  exit(111) ;
}

/* ns of processor time so far */

static double cpu (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) ;
  return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec ;
}

static void later (tain *t, int ms)
{
  tain d ;
  tain_from_millisecs(&d, ms) ;
  tain_add(t, t, &d) ;
}

static int open_listener (unsigned int backlog, uint16_t *port)
{
  int s = socket_tcp4() ;
  if (s == -1 || socket_bind4(s, ANY4, 0) == -1 || socket_listen(s, backlog) == -1 || socket_local4(s, 0, port) == -1) die("listen") ;
  return s ;
}

static void targets (void)
{
  int filler ;
  open_listener(0, &silent_port) ;
  filler = socket_tcp4b() ;
  if (filler == -1 || socket_connect4(filler, LOOPBACK4, silent_port) == -1) die("connect") ;
  listener = open_listener(4096, &ok_port) ;
}

static void candidates (socket_candidate *x, unsigned int n)
{
  for (unsigned int i = 0 ; i < n ; i++) socket_candidate_ip4(x + i, LOOPBACK4, silent_port) ;
}

/* ns a step with so many in flight of so many, when nothing has happened */

static double step_cost (unsigned int flying, unsigned int n)
{
  socket_candidate *x = malloc(n * sizeof *x) ;
  socket_connector c ;
  tain stamp ;
  double start ;
  unsigned long steps = 0 ;
  if (!x) die("malloc") ;
  candidates(x, n) ;
  tain_now(&stamp) ;
  socket_connector_init(&c, x, n, &tain_infinite) ;
  for (unsigned int i = 0 ; i < flying ; i++)
  {
    later(&stamp, 250) ;
    if (socket_connector_step(&c, &stamp)) die("step") ;
  }
  start = cpu() ;
  while (cpu() - start < 2e8)
    for (unsigned int i = 0 ; i < 1000 ; i++, steps++)
      if (socket_connector_step(&c, &stamp)) die("step") ;
  start = (cpu() - start) / (double)steps ;
  if (c.flying != flying) die("flying") ;
  socket_connector_stop(&c) ;
  free(x) ;
  return start ;
}

/* ns a start in a race of n that are all refused inside the call: what choosing the next one costs */

static double start_cost (unsigned int n)
{
  socket_candidate *x = malloc(n * sizeof *x) ;
  socket_connector c ;
  tain stamp ;
  double start ;
  if (!x) die("malloc") ;
  for (unsigned int i = 0 ; i < n ; i++)  /* a link-local address without its link */
    socket_candidate_ip6(x + i, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 9, 0) ;
  tain_now(&stamp) ;
  socket_connector_init(&c, x, n, &tain_infinite) ;
  start = cpu() ;
  if (socket_connector_step(&c, &stamp) != -1) die("step") ;
  start = (cpu() - start) / n ;
  free(x) ;
  return start ;
}

static socket_connector race[RACES] ;
static socket_candidate candidate[RACES][CANDIDATES] ;

static void watch (int ep, unsigned int i)
{
  iopause_fd x[CANDIDATES] ;
  unsigned int n = socket_connector_prepare(race + i, x) ;
  while (n--)
  {
    struct epoll_event e = { .events = EPOLLOUT | EPOLLONESHOT, .data = { .u32 = i } } ;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, x[n].fd, &e) == -1 && errno != EEXIST) die("epoll_ctl") ;
  }
}

static void accept_all (void)
{
  struct linger now = { .l_onoff = 1 } ;
  for (;;)
  {
    int s = socket_accept4(listener, 0, 0) ;
    if (s == -1) return ;
    setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now) ;  /* leaves no TIME_WAIT behind */
    close(s) ;
  }
}

static void many (unsigned int n)
{
  struct epoll_event e[256] ;
  int ep = epoll_create1(EPOLL_CLOEXEC) ;
  unsigned int flying = 0, won = 0, begun = 0 ;
  tain stamp ;
  double t ;
  if (ep == -1) die("epoll_create1") ;

  tain_now(&stamp) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    candidates(candidate[i], CANDIDATES) ;
    socket_candidate_ip4(candidate[i] + 1, LOOPBACK4, ok_port) ;
    socket_connector_init(race + i, candidate[i], CANDIDATES, &tain_infinite) ;
  }
  t = cpu() ;
  for (unsigned int i = 0 ; i < n ; i++) if (socket_connector_step(race + i, &stamp)) die("step") ;
  t = cpu() - t ;
  printf("first step, with its socket and its SYN: %.2f us a race\n", t / n / 1e3) ;
  for (unsigned int i = 0 ; i < n ; i++) watch(ep, i) ;
  for (unsigned int i = 0 ; i < n ; i++) flying += race[i].flying ;
  printf("in flight at once: %u races, %u attempts\n", n, flying) ;

  t = cpu() ;
  for (unsigned int k = 0 ; k < 10 ; k++)
    for (unsigned int i = 0 ; i < n ; i++) if (socket_connector_step(race + i, &stamp)) die("step") ;
  t = cpu() - t ;
  printf("step in which nothing happens: %.2f us a race\n", t / n / 1e4) ;
  t = cpu() ;
  for (unsigned int k = 0 ; k < 1000 ; k++) if (epoll_wait(ep, e, 256, 0)) die("epoll_wait") ;
  t = cpu() - t ;
  printf("epoll_wait over all of them: %.2f us\n", t / 1e6) ;

  /* the second attempts win, some hundred at a time: they need descriptors too */
  later(&stamp, 250) ;
  t = cpu() ;
  while (won < n)
  {
    int r ;
    for (; begun < n && begun < won + 256 ; begun++)
    {
      if (socket_connector_step(race + begun, &stamp)) die("step") ;
      watch(ep, begun) ;
    }
    r = epoll_wait(ep, e, 256, 10000) ;
    if (r <= 0) die("epoll_wait") ;
    for (int i = 0 ; i < r ; i++)
    {
      socket_connector *c = race + e[i].data.u32 ;
      if (c->fd >= 0) continue ;
      if (socket_connector_step(c, &stamp) != 1 || c->winner != 1) die("race") ;
    }
    accept_all() ;
    for (int i = 0 ; i < r ; i++)
    {
      socket_connector *c = race + e[i].data.u32 ;
      if (c->fd == -1) continue ;
      close(c->fd) ;
      c->fd = -1 ;
      won++ ;
    }
  }
  t = cpu() - t ;
  printf("second attempt, win, close, and the server's part: %.2f us a race\n", t / n / 1e3) ;
  printf("won: %u races\n", won) ;
  close(ep) ;
}

int main (void)
{
  static unsigned int const flying[] = { 1, 2, 4, 8, 16 } ;
  static unsigned int const total[] = { 16, 160, 1600, 16000 } ;
  struct rlimit r ;
  unsigned int n = RACES ;

  setvbuf(stdout, 0, _IOLBF, 0) ;
  alarm(60) ;
  test_namespace() ;  /* not needed, but there the ports are all ours */
  targets() ;

  printf("state: %zu bytes a race, %zu bytes a candidate: %zu bytes for a race of %u\n", sizeof(socket_connector), sizeof(socket_candidate),
    sizeof(socket_connector) + CANDIDATES * sizeof(socket_candidate), CANDIDATES) ;

  printf("\nin flight, of %u candidates: CPU a step\n", CANDIDATES) ;
  for (unsigned int i = 0 ; i < 5 ; i++)
  {
    double ns = step_cost(flying[i], CANDIDATES) ;
    printf("%5u  %7.2f us  %.2f us an attempt\n", flying[i], ns / 1e3, ns / 1e3 / flying[i]) ;
  }
  printf("\none in flight, of so many candidates: CPU a step\n") ;
  for (unsigned int i = 0 ; i < 4 ; i++) printf("%5u  %7.2f us\n", total[i], step_cost(1, total[i]) / 1e3) ;
  printf("\nso many candidates that are refused inside the call: CPU a start\n") ;
  for (unsigned int i = 0 ; i < 4 ; i++) printf("%5u  %7.2f us\n", total[i], start_cost(total[i]) / 1e3) ;

  if (getrlimit(RLIMIT_NOFILE, &r) == -1) die("getrlimit") ;
  r.rlim_cur = r.rlim_max ;
  if (setrlimit(RLIMIT_NOFILE, &r) == -1) die("setrlimit") ;
  if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < RACES + 1024)
  {
    if (r.rlim_cur < 2048) return (printf("\ntoo few descriptors for the rest: %lu\n", (unsigned long)r.rlim_cur), 0) ;
    n = (unsigned int)r.rlim_cur - 1024 ;
    printf("\nonly %lu descriptors:", (unsigned long)r.rlim_cur) ;
  }
  printf("\n%u races of %u candidates, the first silent, in one process under epoll\n", n, CANDIDATES) ;
  many(n) ;
  return 0 ;
}
