/* ISC license. */

/*
   Both ends of fast open, across the wire of slow.h. A case is for IPv4 or IPv6, and for a blocking or a non-blocking client.
*/

#ifndef FASTOPEN_H
#define FASTOPEN_H

#include "test.h"
#include "slow.h"

#include <netinet/tcp.h>

#include "socket.h"

#ifdef LIBSOCKET_PORTABLE
#define FAST 0
#else
#define FAST 1
#endif

static int six, nb ;           /* the case is for IPv6, for a non-blocking client */
static char dst[16] ;          /* where the client goes */
static uint16_t port ;

static inline void fresh (void)
{
  static unsigned int n ;
  n++ ;
  memset(dst, 0, sizeof dst) ;
  memcpy(dst, six ? "\375\1" : "\12\1", 2) ;
  dst[six ? 14 : 2] = (char)(n >> 8) ;
  dst[six ? 15 : 3] = (char)n ;
}

static inline int client (void)
{
  int s = six ? nb ? socket_tcp6() : socket_tcp6b() : nb ? socket_tcp4() : socket_tcp4b() ;
  check(s >= 0) ;
  return s ;
}

static inline ssize_t fast (int s, char const *buf, size_t len)
{
  return six ? socket_fastopen_connect6(s, dst, port, 0, buf, len) : socket_fastopen_connect4(s, dst, port, buf, len) ;
}

static inline int plain (int s)
{
  return six ? socket_connect6(s, dst, port, 0) : socket_connect4(s, dst, port) ;
}

static inline int listens (int queue)
{
  int s ;
  tun_in(1) ;
  s = six ? socket_tcp6() : socket_tcp4() ;
  tun_in(0) ;
  check(!(six ? socket_bind6(s, 0, 0, 0) : socket_bind4(s, 0, 0))) ;
  if (queue && FAST) check(!socket_fastopen_queue(s, (unsigned int)queue)) ;
  check(!socket_listen(s, 16)) ;
  check(!(six ? socket_local6(s, 0, &port, 0) : socket_local4(s, 0, &port))) ;
  return s ;
}

/* A case that has failed already does not wait long for what may never come. */

static inline int ready (int fd, short events)
{
  struct pollfd x = { .fd = fd, .events = events } ;
  return poll(&x, 1, test_failures ? 1000 : 30000) == 1 ;
}

static inline int accepts (int l)
{
  int c ;
  check(ready(l, POLLIN)) ;
  c = six ? socket_accept6(l, 0, 0, 0) : socket_accept4(l, 0, 0) ;
  check(c >= 0) ;
  return c ;
}

static inline int reads (int c, char const *expect, size_t len)
{
  char buf[4096] ;
  while (len)
  {
    ssize_t r = ready(c, POLLIN) ? read(c, buf, len < sizeof buf ? len : sizeof buf) : -1 ;
    if (r <= 0 || memcmp(buf, expect, (size_t)r)) return 0 ;
    expect += r ;
    len -= (size_t)r ;
  }
  return 1 ;
}

static inline int ends (int c)
{
  char x ;
  return ready(c, POLLIN) && read(c, &x, 1) == 0 ;
}

static inline int connects (int s)
{
  return ready(s, POLLOUT) && socket_connected(s) ;
}

/* The client has said all: the server has read this once, and nothing else. Closes both. (Shut down while pending, an attempt is off.) */

static inline int whole (int s, int c, char const *expect, size_t len)
{
  int r = connects(s) && !shutdown(s, SHUT_WR) && reads(c, expect, len) && ends(c) ;
  close(s) ;
  close(c) ;
  return r ;
}

static inline int used (int s, int is)
{
  int r ;
  return FAST ? keeps((r = socket_fastopen_used(s)) == is) : fails(socket_fastopen_used(s), ENOSYS) ;
}

static inline int option (int s, int level, int name)
{
  int value = -1 ;
  socklen_t len = sizeof value ;
  return getsockopt(s, level, name, &value, &len) == -1 ? -1 : value ;
}

/* A fresh address, and its cookie is known. */

static inline void cookie (int l)
{
  int s = six ? socket_tcp6() : socket_tcp4(), c ;
  fresh() ;
  check(fails(fast(s, 0, 0), EINPROGRESS)) ;
  check(connects(s)) ;
  c = accepts(l) ;
  close(s) ;
  close(c) ;
  slow_clear() ;
}

/* The case f for each kind of client: RUN_ON(BLOCKING, what_holds) */

enum { NONBLOCKING4 = 1, NONBLOCKING6 = 2, BLOCKING4 = 4, BLOCKING6 = 8, NONBLOCKING = 3, BLOCKING = 12, ALL = 15 } ;

static void (*run_case) (void) ;

static inline void run_kind (void)
{
  if (six) NEED_IP6 ;
  (*run_case)() ;
}

static inline void run_on (int kinds, void (*f) (void), char const *name)
{
  run_case = f ;
  for (int i = 0 ; i < 4 ; i++) if (kinds & 1 << i)
  {
    six = i & 1 ;
    nb = i < 2 ;
    test_run(&run_kind, test_words(name, i == 0 ? ", IPv4, non-blocking" : i == 1 ? ", IPv6, non-blocking" : i == 2 ? ", IPv4" : ", IPv6")) ;
  }
}

#define RUN_ON(kinds, f) run_on(kinds, &f, #f)

#endif
