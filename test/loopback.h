/* ISC license. */

/* Sockets on the loopback addresses, by family */

#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "test.h"

#include "socket.h"

static inline int tcp (int v6, int blocking)
{
  if (blocking) return v6 ? socket_tcp6b() : socket_tcp4b() ;
  return v6 ? socket_tcp6() : socket_tcp4() ;
}

static inline int conn (int s, int v6, uint16_t port)
{
  return v6 ? socket_connect6(s, LOOPBACK6, port, 0) : socket_connect4(s, LOOPBACK4, port) ;
}

/* bound and not listening: a port that refuses. A *port other than 0 is taken once more. */

static inline int bindto (int v6, uint16_t *port)
{
  int s = tcp(v6, 1) ;
  check(!(v6 ? socket_bind6_reuse(s, LOOPBACK6, *port, 0) : socket_bind4_reuse(s, LOOPBACK4, *port))) ;
  check(!(v6 ? socket_local6(s, 0, port, 0) : socket_local4(s, 0, port))) ;
  return s ;
}

static inline int bound (int v6, uint16_t *port)
{
  *port = 0 ;
  return bindto(v6, port) ;
}

#endif
