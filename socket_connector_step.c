/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "socket_connector.h"
#include "internal.h"

static void later (tain *t, tain const *stamp, unsigned int ms)
{
  tain d = { .sec = { .x = ms / 1000 }, .nano = ms % 1000 * 1000000 } ;
  tain_add(t, stamp, &d) ;
}

/* ms from the start of x to the next, with the attempts in flight as they are */

static unsigned int delay (socket_connector const *c, socket_candidate const *x)
{
  uint64_t ms = x->delay ? x->delay : c->delay ;
  uint64_t shift = (uint64_t)(c->backoff < 0 ? -(int64_t)c->backoff : c->backoff) * (c->flying - 1) ;
  uint64_t max ;
  if (ms < 10) ms = 10 ;
  max = ms > 2000 ? ms : 2000 ;
  if (shift > 31) shift = 31 ;
  ms = c->backoff < 0 ? ms >> shift : ms << shift ;
  return (unsigned int)(ms < 10 ? 10 : ms > max ? max : ms) ;
}

/* The peer spoke: 0, the path: 1, this host: 2, or it knows no way: 3. */

static unsigned int rank (int error, int here)
{
  switch (error)
  {
    case ECONNREFUSED :
    case ECONNRESET : return 0 ;
    case EAFNOSUPPORT :
    case EHOSTUNREACH :
    case ENETUNREACH : return here ? 3 : 1 ;
    default : return here ? 2 : 1 ;
  }
}

static void fail (socket_connector *c, unsigned int i, int error, int here, tain const *stamp)
{
  unsigned int r = rank(error, here) ;
  c->candidate[i].error = error ;
  c->candidate[i].end = *stamp ;
  if (r > c->rank || (r == c->rank && i > c->best)) return ;
  c->rank = r ;
  c->best = i ;
}

static void win (socket_connector *c, unsigned int i, tain const *stamp)
{
  socket_candidate *x = c->candidate + i ;
  c->result = 1 ;
  c->fd = x->fd ;
  c->winner = i ;
  c->sent = x->sent ;
  x->fd = -1 ;
  x->end = *stamp ;
  libsocket_closeall(c, ECANCELED, stamp) ;
}

static void lose (socket_connector *c, int error, tain const *stamp)
{
  c->result = -1 ;
  c->error = error ;
  libsocket_closeall(c, error, stamp) ;
}

/* Asks each attempt in flight, once: the lowest that is connected, or none. */

static unsigned int look (socket_connector *c, tain const *stamp)
{
  unsigned int winner = LIBSOCKET_NONE ;
  unsigned int *p = &c->first ;
  while (*p != LIBSOCKET_NONE)
  {
    unsigned int i = *p ;
    socket_candidate *x = c->candidate + i ;
    int up = socket_connected(x->fd) ;
    if (up && i < winner) winner = i ;
    if (up || errno == EINPROGRESS)
    {
      p = &x->next ;
      continue ;
    }
    fail(c, i, errno, 0, stamp) ;
    close(x->fd) ;
    x->fd = -1 ;
    *p = x->next ;
    c->flying-- ;
    if (i == c->newest) later(&c->nextstart, &x->start, 10) ;
  }
  return winner ;
}

/* Families take turns. There is an untried candidate. */

static unsigned int choose (socket_connector *c)
{
  unsigned int *u = c->untried ;
  for (unsigned int is6 = 0 ; is6 < 2 ; is6++)
    while (u[is6] < c->n && c->candidate[u[is6]].is6 != is6) u[is6]++ ;
  if (c->tried && !c->inorder)
  {
    unsigned int other = u[!c->candidate[c->last].is6] ;
    if (other < c->n) return other ;
  }
  return u[0] < u[1] ? u[0] : u[1] ;
}

static void start (socket_connector *c, tain const *stamp)
{
  unsigned int i = choose(c) ;
  socket_candidate *x = c->candidate + i ;
  int r = libsocket_attempt(c, x) ;
  int error = r == -1 ? errno : 0 ;
  int scarce = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ;

  if (scarce && c->flying)  /* put off: it stays untried */
  {
    later(&c->nextstart, stamp, delay(c, x)) ;
    return ;
  }
  x->start = *stamp ;
  c->untried[x->is6] = i + 1 ;
  c->last = i ;
  c->tried++ ;
  if (r == -1)
  {
    fail(c, i, error, 1, stamp) ;
    if (scarce) lose(c, error, stamp) ;
    return ;
  }
  x->next = c->first ;
  c->first = c->newest = i ;
  c->flying++ ;
  later(&c->nextstart, stamp, delay(c, x)) ;
  if (r) win(c, i, stamp) ;
}

int socket_connector_step (socket_connector *c, tain const *stamp)
{
  int e = errno ;
  int late = !tain_less(stamp, &c->deadline) ;
  unsigned int newest = c->newest ;
  unsigned int i = look(c, stamp) ;

  if (i != LIBSOCKET_NONE) win(c, i, stamp) ;

  /* even a passed deadline leaves time to start one attempt and to look at it */
  if (!late || newest == LIBSOCKET_NONE)
    while (!c->result && c->tried < c->n && !tain_less(stamp, &c->nextstart)) start(c, stamp) ;

  if (!c->result && !c->flying && c->tried == c->n && !c->expecting)
    lose(c, c->n ? c->candidate[c->best].error : EDESTADDRREQ, stamp) ;
  if (!c->result && late && c->newest == newest) lose(c, ETIMEDOUT, stamp) ;

  errno = c->result == -1 ? c->error : e ;
  return c->result ;
}
