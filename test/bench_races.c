/* ISC license. */

/*
   What a race costs: the memory of its state, the processor time of a step, and ten thousand races
   in flight in one process under epoll.
*/

#include "test.h"

#include <time.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "socket.h"

#define RACES 10000
#define BATCH 256         /* second attempts started between two looks at the events */
#define DESCRIPTORS (RACES + 8 * BATCH)
#define STEPS 20000
#define MOST 16000

static socket_candidate many[MOST] ;
static uint16_t silent, open4 ;

static void die (char const *what)
{
  fprintf(stderr, "bench_races: %s: %s\n", what, strerror(errno)) ;
  exit(111) ;
}

static int listener (unsigned int backlog, uint16_t *port)
{
  int s = socket_tcp4() ;
  if (s == -1 || socket_bind4(s, LOOPBACK4, 0) == -1) die("bind") ;
  if (socket_listen(s, backlog) == -1 || socket_local4(s, 0, port) == -1) die("listen") ;
  return s ;
}

static double cpu (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) ;
  return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec ;
}


/* A step that finds nothing new, with so many attempts in flight, of so many candidates. The stamps are made up. */

static double idle (unsigned int flying, unsigned int n)
{
  socket_connector c ;
  tain stamp = TAIN_EPOCH ;
  double start, end ;
  for (unsigned int i = 0 ; i < n ; i++) socket_candidate_ip4(many + i, LOOPBACK4, silent) ;
  socket_connector_init(&c, many, n, &tain_infinite) ;
  for (unsigned int i = 0 ; i < flying ; i++)
  {
    if (socket_connector_step(&c, &stamp)) die("step") ;
    tain_addsec(&stamp, &stamp, i + 1 < flying) ;
  }
  start = cpu() ;
  for (unsigned int i = 0 ; i < STEPS ; i++) if (socket_connector_step(&c, &stamp)) die("step") ;
  end = cpu() ;
  socket_connector_stop(&c) ;
  return (end - start) / STEPS ;
}


/* Each race has a silent address and, a second later, one that answers. All have the same delay: the timers are a queue. */

static socket_candidate candidates[RACES][2] ;
static socket_connector races[RACES] ;

static int turn (int ep, unsigned int i)
{
  iopause_fd x[2] ;
  struct epoll_event e = { .events = EPOLLOUT, .data.u32 = i } ;
  int r = socket_connector_step_g(races + i) ;
  if (r == -1) die("a race") ;
  if (r == 1) close(races[i].fd) ;
  else for (unsigned int n = socket_connector_prepare(races + i, x) ; n-- ;)
    if (epoll_ctl(ep, EPOLL_CTL_ADD, x[n].fd, &e) == -1 && errno != EEXIST) die("epoll_ctl") ;
  return r ;
}

static void crowd (int s)
{
  struct epoll_event e[BATCH] = { { .events = EPOLLIN, .data.u32 = RACES } } ;
  unsigned int won = 0, due = 0, steps = 0 ;
  int ep = epoll_create1(0) ;
  double start, begun, end ;
  if (ep == -1 || epoll_ctl(ep, EPOLL_CTL_ADD, s, e) == -1) die("epoll") ;

  tain_now_g() ;
  start = cpu() ;
  for (unsigned int i = 0 ; i < RACES ; i++)
  {
    socket_candidate_ip4(candidates[i], LOOPBACK4, silent) ;
    socket_candidate_ip4(candidates[i] + 1, LOOPBACK4, open4) ;
    socket_connector_init(races + i, candidates[i], 2, &tain_infinite) ;
    races[i].delay = 1000 ;
    tain_now_g() ;
    turn(ep, i) ;
  }
  begun = cpu() ;
  while (won < RACES)
  {
    tain t ;
    int n, ms = -1 ;
    if (due < RACES)
    {
      socket_connector_nextdeadline(races + due, &t) ;
      ms = 0 ;
      if (tain_future(&t))
      {
        tain_sub(&t, &t, &STAMP) ;
        ms = tain_to_millisecs(&t) ;
      }
    }
    n = epoll_wait(ep, e, BATCH, ms) ;
    if (n == -1) die("epoll_wait") ;
    tain_now_g() ;
    for (int i = 0 ; i < n ; i++)
    {
      if (e[i].data.u32 < RACES) { won += turn(ep, e[i].data.u32) == 1 ; steps++ ; }
      else for (int fd ; (fd = socket_accept4_nbcoe(s, 0, 0)) >= 0 ;) close(fd) ;
    }
    for (unsigned int batch = 0 ; due < RACES && batch < BATCH ; due++, batch++)
    {
      socket_connector_nextdeadline(races + due, &t) ;
      if (!races[due].result && tain_future(&t)) break ;
      if (races[due].result) continue ;
      won += turn(ep, due) == 1 ;
      steps++ ;
    }
  }
  end = cpu() ;
  close(ep) ;
  printf("%d races at once: %.1f us of processor to start one, %.1f us for each of %u steps\n"
    "  (kernel, epoll and the server's side of the same process included)\n",
    RACES, (begun - start) / RACES / 1e3, (end - begun) / steps / 1e3, steps) ;
}

int main (void)
{
  struct rlimit limit ;
  int s[3] ;
  getrlimit(RLIMIT_NOFILE, &limit) ;
  limit.rlim_cur = limit.rlim_max ;
  if (limit.rlim_max < DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &limit) == -1)
  {
    fprintf(stderr, "bench_races: needs %d descriptors\n", DESCRIPTORS) ;
    return 111 ;
  }
  tain_now_set_stopwatch_g() ;
  s[0] = listener(0, &silent) ;
  s[1] = socket_tcp4b() ;
  if (socket_connect4(s[1], LOOPBACK4, silent) == -1) die("connect") ;  /* its queue is full: it is silent */
  s[2] = listener(4096, &open4) ;

  printf("state of a race: %zu bytes, and %zu for each candidate\n\n", sizeof(socket_connector), sizeof(socket_candidate)) ;
  printf("a step that finds nothing new\n  in flight  candidates        ns\n") ;
  for (unsigned int flying = 1 ; flying <= 16 ; flying *= 2) printf("  %9u  %10u  %8.0f\n", flying, 16U, idle(flying, 16)) ;
  for (unsigned int n = 160 ; n <= MOST ; n *= 10) printf("  %9u  %10u  %8.0f\n", 1U, n, idle(1, n)) ;
  printf("\n") ;
  crowd(s[2]) ;
  for (int i = 0 ; i < 3 ; i++) close(s[i]) ;
  return 0 ;
}
