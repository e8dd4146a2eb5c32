/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "socket_connector.h"
#include "internal.h"

static void set_after (tain *t, tain const *stamp, unsigned int ms)
{
  tain d = { .sec = { .x = ms / 1000 }, .nano = ms % 1000 * 1000000 } ;
  tain_add(t, stamp, &d) ;
}

/* ms from the start of x to the next, with the attempts in flight as they are */

static unsigned int delay_after (socket_connector const *c, socket_candidate const *x)
{
  uint64_t ms = x->delay ? x->delay : c->delay ;
  uint64_t shift = (uint64_t)(c->backoff < 0 ? -(int64_t)c->backoff : c->backoff) * (c->inflight - 1) ;
  uint64_t max ;
  if (ms < 10) ms = 10 ;
  max = ms > 2000 ? ms : 2000 ;
  if (shift > 31) shift = 31 ;
  ms = c->backoff < 0 ? ms >> shift : ms << shift ;
  return (unsigned int)(ms < 10 ? 10 : ms > max ? max : ms) ;
}

/* who spoke: the peer, the path, this host in the call, or this host that knows no way */

enum { PEER, PATH, HERE, NOWAY } ;

static unsigned int rank_of (int error, int here)
{
  switch (error)
  {
    case ECONNREFUSED :
    case ECONNRESET : return PEER ;
    case EAFNOSUPPORT :
    case EHOSTUNREACH :
    case ENETUNREACH : return here ? NOWAY : PATH ;
    default : return here ? HERE : PATH ;
  }
}

static void fail (socket_connector *c, unsigned int i, int error, int here, tain const *stamp)
{
  unsigned int r = rank_of(error, here) ;
  c->candidate[i].error = error ;
  c->candidate[i].end = *stamp ;
  if (r > c->bestrank || (r == c->bestrank && i > c->bestfailed)) return ;
  c->bestrank = r ;
  c->bestfailed = i ;
}

static void win (socket_connector *c, unsigned int i, tain const *stamp)
{
  socket_candidate *x = c->candidate + i ;
  c->fd = x->fd ;
  c->winner = i ;
  c->sent = x->sent ;
  x->fd = -1 ;
  x->end = *stamp ;
  libsocket_finish(c, 1, 0, ECANCELED, stamp) ;
}

/* Asks each attempt in flight, once: the lowest that is connected, or none. */

static unsigned int ask_all (socket_connector *c, tain const *stamp)
{
  unsigned int winner = LIBSOCKET_NONE ;
  unsigned int *p = &c->head ;
  while (*p != LIBSOCKET_NONE)
  {
    unsigned int i = *p ;
    socket_candidate *x = c->candidate + i ;
    int up = socket_connected(x->fd) ;
    if (up && i < winner) winner = i ;
    if (up || errno == EINPROGRESS)
    {
      p = &x->older ;
      continue ;
    }
    fail(c, i, errno, 0, stamp) ;
    close(x->fd) ;
    x->fd = -1 ;
    *p = x->older ;
    c->inflight-- ;
    if (i == c->newest) set_after(&c->nextstart, &x->start, 10) ;
  }
  return winner ;
}

/* Families take turns. There is an untried candidate. */

static unsigned int choose (socket_connector *c)
{
  unsigned int *u = c->lowest ;
  for (unsigned int is6 = 0 ; is6 < 2 ; is6++)
    while (u[is6] < c->n && c->candidate[u[is6]].is6 != is6) u[is6]++ ;
  if (c->started && !c->inorder)
  {
    unsigned int other = u[!c->candidate[c->laststarted].is6] ;
    if (other < c->n) return other ;
  }
  return u[0] < u[1] ? u[0] : u[1] ;
}

static void start_next (socket_connector *c, tain const *stamp)
{
  unsigned int i = choose(c) ;
  socket_candidate *x = c->candidate + i ;
  int r = libsocket_attempt(c, x) ;
  int error = r == -1 ? errno : 0 ;
  int scarce = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ;

  if (scarce && c->inflight)  /* put off: it stays untried */
  {
    set_after(&c->nextstart, stamp, delay_after(c, x)) ;
    return ;
  }
  x->start = *stamp ;
  c->lowest[x->is6] = i + 1 ;
  c->laststarted = i ;
  c->started++ ;
  if (r == -1)
  {
    fail(c, i, error, 1, stamp) ;
    if (scarce) libsocket_finish(c, -1, error, error, stamp) ;
    return ;
  }
  x->older = c->head ;
  c->head = c->newest = i ;
  c->inflight++ ;
  set_after(&c->nextstart, stamp, delay_after(c, x)) ;
  if (r) win(c, i, stamp) ;
}

int socket_connector_step (socket_connector *c, tain const *stamp)
{
  int e = errno ;
  int late = !tain_less(stamp, &c->deadline) ;
  unsigned int newest = c->newest ;
  unsigned int i = ask_all(c, stamp) ;

  if (i != LIBSOCKET_NONE) win(c, i, stamp) ;

  /* even a passed deadline leaves time to start one attempt and to look at it */
  if (!late || newest == LIBSOCKET_NONE)
    while (!c->result && c->started < c->n && !tain_less(stamp, &c->nextstart)) start_next(c, stamp) ;

  if (!c->result && !c->inflight && c->started == c->n && !c->expecting)
    libsocket_finish(c, -1, c->n ? c->candidate[c->bestfailed].error : EDESTADDRREQ, 0, stamp) ;
  if (!c->result && late && c->newest == newest) libsocket_finish(c, -1, ETIMEDOUT, ETIMEDOUT, stamp) ;

  errno = c->result == -1 ? c->error : e ;
  return c->result ;
}
