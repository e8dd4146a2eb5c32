/* ISC license. */

/*
   usage: scale_real step|list|races
   What a step costs with attempts in flight, in a long list of candidates, and with many races in flight in one process under epoll.
   The targets are listeners on loopback: one with a full queue, so that what comes is dropped, and one that accepts.
*/

#include "../test.h"

#include <time.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "socket_connector.h"

#define RACES 50000
#define CANDIDATES 4
#define SPARE 1024

static uint16_t silent_port, ok_port ;
static int listener ;

static void die (char const *what)
{
  fprintf(stderr, "scale_real: %s: %s\n", what, strerror(errno)) ;
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

/* one address has not enough ports for all races */

static void candidates (socket_candidate *x, unsigned int n, unsigned int race)
{
  char const ip[4] = { 127, 0, (char)(race >> 12), 1 } ;
  for (unsigned int i = 0 ; i < n ; i++) socket_candidate_ip4(x + i, ip, silent_port) ;
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
  candidates(x, n, 0) ;
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
  if (c.inflight != flying) die("flying") ;
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
  int s ;
  while ((s = socket_accept4(listener, 0, 0)) >= 0) close(s) ;
}

static void many (unsigned int n)
{
  struct linger now = { .l_onoff = 1 } ;
  struct epoll_event e[256] ;
  int ep = epoll_create1(EPOLL_CLOEXEC) ;
  unsigned int won = 0, begun = 0 ;
  tain stamp ;
  double first, idle, second ;
  if (ep == -1) die("epoll_create1") ;

  tain_now(&stamp) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    candidates(candidate[i], CANDIDATES, i) ;
    socket_candidate_ip4(candidate[i] + 1, LOOPBACK4, ok_port) ;
    socket_connector_init(race + i, candidate[i], CANDIDATES, &tain_infinite) ;
  }
  first = cpu() ;
  for (unsigned int i = 0 ; i < n ; i++) if (socket_connector_step(race + i, &stamp)) die("step") ;
  first = cpu() - first ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    watch(ep, i) ;
    if (race[i].inflight != 1) die("flying") ;
  }

  idle = cpu() ;
  for (unsigned int k = 0 ; k < 10 ; k++)
    for (unsigned int i = 0 ; i < n ; i++) if (socket_connector_step(race + i, &stamp)) die("step") ;
  idle = cpu() - idle ;

  /* the second attempts win, some hundred at a time: they need descriptors too */
  later(&stamp, 250) ;
  second = cpu() ;
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
      setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) ;  /* leaves no TIME_WAIT behind */
      close(c->fd) ;
      c->fd = -1 ;
      won++ ;
    }
  }
  second = cpu() - second ;
  close(ep) ;
  printf("%u\t%.2f\t%.2f\t%.2f\n", n, first / n / 1e3, idle / n / 1e4, second / n / 1e3) ;
}

static void steps (void)
{
  printf("in flight, of 16\tus a step\tus an attempt\n") ;
  for (unsigned int i = 1 ; i <= 16 ; i *= 2)
  {
    double us = step_cost(i, 16) / 1e3 ;
    printf("%u\t%.2f\t%.2f\n", i, us, us / i) ;
  }
}

static void lists (void)
{
  printf("candidates\tus a step, one in flight\tus a start that is refused here\n") ;
  for (unsigned int i = 16 ; i <= 16000 ; i *= 10) printf("%u\t%.2f\t%.2f\n", i, step_cost(1, i) / 1e3, start_cost(i) / 1e3) ;
}

static void races (unsigned int descriptors)
{
  static unsigned int const n[] = { 1, 100, 10000, RACES } ;
  printf("races in flight\tus to start\tus a step, nothing happens\tus to start the second, win and close, and the server\047s part\n") ;
  for (unsigned int i = 0 ; i < sizeof n / sizeof *n ; i++)
  {
    unsigned int most = n[i] + SPARE <= descriptors ? n[i] : descriptors - SPARE ;
    if (i && most <= n[i - 1]) break ;
    many(most) ;
  }
}

int main (int argc, char **argv)
{
  struct rlimit r = { .rlim_cur = RACES + SPARE, .rlim_max = RACES + SPARE } ;
  if (argc != 2) return 100 ;
  alarm(120) ;
  if (setrlimit(RLIMIT_NOFILE, &r) == -1)  /* who may not raise the limit makes do with it */
  {
    if (getrlimit(RLIMIT_NOFILE, &r) == -1) die("getrlimit") ;
    r.rlim_cur = r.rlim_max ;
    if (setrlimit(RLIMIT_NOFILE, &r) == -1) die("setrlimit") ;
  }
  if (r.rlim_cur < 2 * SPARE) die("too few descriptors") ;
  test_namespace() ;  /* not needed, but there the ports are all ours */
  targets() ;
  if (!strcmp(argv[1], "step")) steps() ;
  else if (!strcmp(argv[1], "list")) lists() ;
  else races(r.rlim_cur < RACES + SPARE ? (unsigned int)r.rlim_cur : RACES + SPARE) ;
  return 0 ;
}
