/* ISC license. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

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

/* where the error came from: the peer, the path, this host in the call; or this host has no route, or none for the whole family */

enum { PEER, PATH, HERE, NOROUTE, NOFAMILY } ;

static unsigned int rank_of (int error, int here, int is6)
{
  switch (error)
  {
    case ECONNREFUSED :
    case ECONNRESET : return PEER ;
    case EPIPE : return here ? HERE : PEER ;
    case EHOSTUNREACH :
    case ENETUNREACH : return here ? NOROUTE : PATH ;
    case EAFNOSUPPORT : return here ? NOFAMILY : PATH ;
    case EADDRNOTAVAIL :
    case EINVAL : return !here ? PATH : is6 ? NOFAMILY : HERE ;
    default : return here ? HERE : PATH ;
  }
}

static void fail (socket_connector *c, unsigned int i, int error, int here, tain const *stamp)
{
  socket_candidate *x = c->candidate + i ;
  unsigned int r = rank_of(error, here, x->is6) ;
  x->error = error ;
  x->end = *stamp ;
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

/* TCP connects a socket to itself if the kernel picks the destination, an unused local port, as its source port. */

static int is_self (socket_candidate const *x)
{
  int e = errno ;
  struct sockaddr_in6 local = { .sin6_port = 0 }, remote = { .sin6_port = 0 } ;  /* or an IPv4 one: its port is at the same place */
  socklen_t l = sizeof local, r = sizeof remote ;
  int self = !getsockname(x->fd, (struct sockaddr *)&local, &l) && local.sin6_port == htons(x->port)
    && !getpeername(x->fd, (struct sockaddr *)&remote, &r) && !memcmp(&local, &remote, sizeof local) ;
  errno = e ;
  return self ;
}

/* x is connected: 1 if usable, else 0 and errno */

static int will_do (socket_connector const *c, socket_candidate *x)
{
  if (!x->up)
  {
    if (is_self(x)) return (errno = ECONNREFUSED, 0) ;
    libsocket_clearerrors(x->fd) ;
    x->up = 1 ;
    x->events = IOPAUSE_READ ;
  }
  return !c->ready || (*c->ready)(x, c->readydata) > 0 ;
}

/* Checks the attempt *p, and removes it from the list if it has failed: 1 if it wins. */

static int ask (socket_connector *c, unsigned int *p, int connected, tain const *stamp)
{
  unsigned int i = *p ;
  socket_candidate *x = c->candidate + i ;
  int yes = (connected || x->up || socket_connected(x->fd)) && will_do(c, x) ;
  if (c->result) return 0 ;  /* ready has stopped the race */
  if (yes || errno == EINPROGRESS) return yes ;
  fail(c, i, errno, 0, stamp) ;
  close(x->fd) ;
  x->fd = -1 ;
  *p = x->older ;
  c->inflight-- ;
  if (i == c->newest) c->nextstart = *stamp ;
  return 0 ;
}

/* Checks each attempt in flight once: the lowest that wins, or none. */

static unsigned int ask_all (socket_connector *c, tain const *stamp)
{
  unsigned int winner = LIBSOCKET_NONE ;
  unsigned int *p = &c->head ;
  while (*p != LIBSOCKET_NONE)
  {
    unsigned int i = *p ;
    if (ask(c, p, 0, stamp) && i < winner) winner = i ;
    if (c->result) return LIBSOCKET_NONE ;
    if (*p == i) p = &c->candidate[i].older ;
  }
  return winner ;
}

/* A hedge is passed over once its address has answered. */

static int pointless (socket_connector const *c, unsigned int i)
{
  socket_candidate const *x = c->candidate + i ;
  if (x->hedge)
    while (i--) if (c->candidate[i].error && libsocket_same(c->candidate + i, x)) return 1 ;
  return 0 ;
}

/* Finds the lowest untried candidate of each family. */

static void find_untried (socket_connector *c)
{
  for (unsigned int is6 = 0 ; is6 < 2 ; is6++)
    for (unsigned int *u = c->lowest + is6 ; *u < c->n ; ++*u)
    {
      if (c->candidate[*u].is6 != is6) continue ;
      if (!pointless(c, *u)) break ;
      c->started++ ;
    }
}

/* Families take turns. There is an untried candidate. */

static unsigned int choose (socket_connector const *c)
{
  unsigned int const *u = c->lowest ;
  if (c->laststarted != LIBSOCKET_NONE && !c->inorder)
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

  if (scarce && c->inflight)  /* postponed: it stays untried */
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
  if (r && ask(c, &c->head, 1, stamp)) win(c, i, stamp) ;
}

int socket_connector_step (socket_connector *c, tain const *stamp)
{
  int e = errno ;
  int late = !tain_less(stamp, &c->deadline) ;
  unsigned int newest = c->newest ;
  unsigned int i = ask_all(c, stamp) ;

  if (i != LIBSOCKET_NONE) win(c, i, stamp) ;

  /* At most one attempt may leave the host. Even after the deadline the first is started, and checked. */
  while (!c->result)
  {
    find_untried(c) ;
    if (c->started == c->n || c->newest != newest || (late && newest != LIBSOCKET_NONE) || tain_less(stamp, &c->nextstart)) break ;
    start_next(c, stamp) ;
  }

  if (!c->result && !c->inflight && c->started == c->n && !c->expecting)
    libsocket_finish(c, -1, c->n ? c->candidate[c->bestfailed].error : EDESTADDRREQ, 0, stamp) ;
  if (!c->result && late && c->newest == newest) libsocket_finish(c, -1, ETIMEDOUT, ETIMEDOUT, stamp) ;

  errno = c->result == -1 ? c->error : e ;
  return c->result ;
}
