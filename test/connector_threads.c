/* ISC license. */

/*
   Connectors of their own in threads of their own: what one does, no other sees. STAMP, which the macros in _g share, is for
   one thread of the program; the others have stamps of their own. make matrix runs this under TSan too.
*/

#include "loopback.h"

#include "socket_connector.h"

#include <pthread.h>
#include <skalibs/tai.h>

#define THREADS 8
#define RACES 40

enum { WINS, FAILS, LATE, STOPPED } ;  /* what all races of a thread come to */

static struct race
{
  pthread_t thread ;
  int kind ;
  int l ;                 /* listens on loopback, or -1 */
  uint16_t port ;         /* where it listens */
  uint16_t refused ;      /* where nobody does */
  int global ;            /* its stamp is STAMP */
  unsigned int asked ;    /* attempts that it was asked whether they will do */
  unsigned int good ;     /* races that ended as they should */
} races[THREADS] ;

static int served (struct race *r, socket_connector const *c)
{
  char sent = (char)r->port, got = (char)~sent ;
  uint16_t port ;
  int s = socket_accept4(r->l, 0, 0) ;
  int ok = s >= 0 && !socket_remote4(c->fd, 0, &port) && port == r->port
    && write(c->fd, &sent, 1) == 1 && read(s, &got, 1) == 1 && got == sent ;
  close(s) ;
  close(c->fd) ;
  return ok ;
}

static int will_do (socket_candidate *x, void *data)
{
  struct race *r = data ;
  r->asked++ ;
  return x->port == r->port ;
}

static int race (struct race *r, int cancelfd)
{
  socket_candidate x[6] ;
  socket_connector c ;
  tain own, now, deadline ;
  tain *stamp = r->global ? &STAMP : &own ;
  int fd ;

  tain_now(&now) ;
  *stamp = now ;  /* TSan does not see what skalibs writes */
  tain_addsec(&deadline, stamp, r->kind == LATE ? 0 : 60) ;
  for (unsigned int i = 0 ; i < 3 ; i++) socket_candidate_ip4(x + i, LOOPBACK4, r->refused) ;
  if (r->kind == WINS) x[2].port = r->port ;
  socket_candidate_metrics(x, 3) ;
  socket_connector_init(&c, x, r->kind == LATE ? 0 : socket_candidate_hedge(x, 3, 6), &deadline) ;
  c.ready = &will_do ;
  c.readydata = r ;
  c.expecting = r->kind >= LATE ;
  if (r->kind == STOPPED) c.cancelfd = cancelfd ;
  errno = 0 ;
  fd = r->global ? socket_connector_wait_g(&c) : socket_connector_wait(&c, &own) ;
  switch (r->kind)
  {
    case WINS : return fd >= 0 && !errno && c.winner == 2 && x[0].error == ECONNREFUSED && served(r, &c) ;
    case FAILS : return fd == -1 && errno == ECONNREFUSED && x[2].error == ECONNREFUSED ;
    case LATE : return fd == -1 && errno == ETIMEDOUT ;
    default : return fd == -1 && errno == ECANCELED ;
  }
}

static void *run (void *arg)
{
  struct race *r = arg ;
  int p[2] ;
  if (pipe(p) == -1) return 0 ;
  close(p[1]) ;  /* p[0] reads its end: that stops a race */
  for (int i = 0 ; i < RACES ; i++) r->good += (unsigned int)race(r, p[0]) ;
  close(p[0]) ;
  return 0 ;
}

static void eight_threads (int which)  /* has STAMP; -1: none */
{
  uint16_t refused ;
  int b = bound(0, &refused) ;

  for (int i = 0 ; i < THREADS ; i++)
  {
    struct race *r = races + i ;
    *r = (struct race){ .kind = i % 4, .global = i == which, .l = bound(0, &r->port), .refused = refused } ;
    check(!socket_local4(r->l, 0, &r->port) && !socket_listen(r->l, RACES)) ;
  }
  for (int i = 0 ; i < THREADS ; i++) check(!pthread_create(&races[i].thread, 0, &run, races + i)) ;
  for (int i = 0 ; i < THREADS ; i++)
  {
    check(!pthread_join(races[i].thread, 0)) ;
    check(races[i].good == RACES && races[i].asked == (races[i].kind == WINS ? RACES : 0)) ;
    close(races[i].l) ;
  }
  close(b) ;
}

static void connectors_of_eight_threads_do_not_disturb_each_other (void)
{
  eight_threads(-1) ;
}

static void one_thread_may_use_STAMP (void)
{
  for (int i = 0 ; i < 4 ; i++) eight_threads(i) ;
}

int main (void)
{
  tain_now_set_stopwatch_g() ;
  RUN(connectors_of_eight_threads_do_not_disturb_each_other) ;
  RUN(one_thread_may_use_STAMP) ;
  return test_end() ;
}
