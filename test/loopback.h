/* ISC license. */

/* Sockets on the loopback addresses, by family */

#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "test.h"

#include <netinet/tcp.h>

#include "socket.h"

static inline void ip (char const *command)
{
  char s[256] ;
  snprintf(s, sizeof s, "ip %s", command) ;
  check(!system(s)) ;
}

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

static inline int listener (int v6, uint16_t *port)
{
  int s = bound(v6, port) ;
  check(!socket_listen(s, 16)) ;
  return s ;
}

/*
   Where SYNs fall: the one place in the listener's queue is taken by filler. When accept takes that away, the next SYN
   connects; when the listener is closed, it is refused, for keeper has the port.
*/

struct silence
{
  int keeper, listener, filler ;
  uint16_t port ;
} ;

static inline struct silence silence (int v6)
{
  struct silence x = { .port = 0 } ;
  x.keeper = bound(v6, &x.port) ;
  x.listener = bindto(v6, &x.port) ;
  check(!socket_listen(x.listener, 0)) ;
  x.filler = tcp(v6, 1) ;
  check(!conn(x.filler, v6, x.port)) ;
  check(test_ready(x.listener, POLLIN)) ;
  return x ;
}

static inline void silence_refuses (struct silence *x)
{
  close(x->listener) ;
  x->listener = -1 ;
}

static inline void silence_ends (struct silence const *x)
{
  if (x->listener >= 0) close(x->listener) ;
  if (x->filler >= 0) close(x->filler) ;
  if (x->keeper >= 0) close(x->keeper) ;
}

/* A device that has come up has no queue for a moment, and drops what it is to send. */

static inline void carries (char const *device)
{
  char s[128] ;
  snprintf(s, sizeof s, "until ip link show dev %s | grep ' state UP' | grep -q -v ' qdisc noop ' ; do sleep .01 ; done", device) ;
  check(!system(s)) ;
}

/*
   In a namespace of its own: a socket whose attempt is under way with an ICMP error in its error queue. The host is its own
   router, and the error comes while the call that sends the SYN still holds the socket; -1 if it always comes later.
*/

#define LATE_ICMP "ICMP errors come when connect() has returned"
#define ICMP_TO "\300\0\2\11"

static inline int icmp_pending (void)
{
  static char const *const rules[] = { "link add v0 type veth peer name v1", "link set v1 address 02:00:00:00:00:02 up", "link set v0 up",
    "addr add 192.0.2.1/24 dev v0", "neigh add 192.0.2.9 lladdr 02:00:00:00:00:02 dev v0 nud permanent",
    "rule add pref 10 iif v1 lookup 100", "route add unreachable default table 100" } ;
  struct tcp_info info ;
  socklen_t len = sizeof info ;
  int const on = 1 ;
  for (size_t i = 0 ; i < sizeof rules / sizeof *rules ; i++) ip(rules[i]) ;
  carries("v0") ;
  carries("v1") ;
  check(!test_write("/proc/sys/net/ipv4/conf/v1/forwarding", "1")) ;
  check(!test_write("/proc/sys/net/ipv4/conf/v1/accept_local", "1")) ;
  check(!test_write("/proc/sys/net/ipv4/icmp_ratelimit", "0")) ;
  for (int i = 0 ; i < 20 ; i++)
  {
    struct pollfd x = { .fd = socket_tcp4(), .events = POLLOUT } ;
    check(!setsockopt(x.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on)) ;
    check(fails(socket_connect4(x.fd, ICMP_TO, 9), EINPROGRESS)) ;
    if (poll(&x, 1, 0) == 1 && x.revents == POLLERR && !getsockopt(x.fd, IPPROTO_TCP, TCP_INFO, &info, &len)
      && info.tcpi_state == TCP_SYN_SENT)
    {
      ip("link set v1 down") ;  /* no second one */
      return x.fd ;
    }
    close(x.fd) ;
  }
  return -1 ;
}

#endif
