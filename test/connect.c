/* ISC license. */

/* socket_connect4 socket_connect6 */

#include "test.h"

#include <sys/time.h>

#include "socket.h"
#include "loopback.h"

#define NATIVE6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"
#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\12"

static int pending (int s)
{
  errno = 0 ;
  return !socket_connected(s) && errno == EINPROGRESS ;
}

/* true if s is connected to port and l gives the other end */

static int joined (int s, int l, uint16_t port)
{
  uint16_t here = 0, there = 0, peer = 1 ;
  int fd, r ;
  if (socket_remote6(s, 0, &there, 0) == -1 || !test_ready(l, POLLIN)) return 0 ;
  fd = socket_accept6(l, 0, &peer, 0) ;
  r = fd >= 0 && !socket_local6(s, 0, &here, 0) && here == peer && there == port ;
  if (fd >= 0) close(fd) ;
  return r ;
}


/* blocking */

static void a_blocking_socket_comes_back_connected (int v6)
{
  uint16_t port ;
  int l = listener(v6, &port), s = tcp(v6, 1) ;
  check(keeps(!conn(s, v6, port))) ;
  check(joined(s, l, port)) ;
  check(fails(conn(s, v6, port), EISCONN)) ;
  check(fails(conn(s, v6, port), EISCONN)) ;
  close(s) ;
  close(l) ;
}

static void a_refused_blocking_socket_may_try_again (int v6)
{
  uint16_t port ;
  int l = bound(v6, &port), s = tcp(v6, 1) ;
  check(fails(conn(s, v6, port), ECONNREFUSED)) ;
  check(fails(conn(s, v6, port), ECONNREFUSED)) ;
  check(!socket_listen(l, 1)) ;
  check(keeps(!conn(s, v6, port))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  close(l) ;
}


/* non-blocking */

static void a_pending_attempt_comes_up (void)
{
  struct silence x[2] ;
  int s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    x[i] = silence(i) ;
    s[i] = tcp(i, 0) ;
    for (int j = 0 ; j < 4 ; j++) check(fails(conn(s[i], i, x[i].port), EINPROGRESS)) ;
    check(pending(s[i])) ;
    check(joined(x[i].filler, x[i].listener, x[i].port)) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    check(joined(s[i], x[i].listener, x[i].port)) ;
    check(keeps(!conn(s[i], i, x[i].port))) ;  /* Linux tells the success once */
    check(fails(conn(s[i], i, x[i].port), EISCONN)) ;
    check(fails(conn(s[i], i, x[i].port), EISCONN)) ;
    close(s[i]) ;
    silence_ends(x + i) ;
  }
}

static void a_pending_attempt_is_refused (void)
{
  struct silence x[2] ;
  int s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    x[i] = silence(i) ;
    s[i] = tcp(i, 0) ;
    check(fails(conn(s[i], i, x[i].port), EINPROGRESS)) ;
    check(fails(conn(s[i], i, x[i].port), EINPROGRESS)) ;
    silence_refuses(x + i) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    check(fails(conn(s[i], i, x[i].port), ECONNREFUSED)) ;
    check(fails(conn(s[i], i, x[i].port), EINPROGRESS)) ;  /* a new attempt */
    close(s[i]) ;
    silence_ends(x + i) ;
  }
}

static void a_nonblocking_attempt_is_always_pending_first (int v6)
{
  uint16_t port ;
  int l = listener(v6, &port), s = tcp(v6, 0) ;
  check(fails(conn(s, v6, port), EINPROGRESS)) ;
  check(test_ready(s, POLLOUT)) ;
  check(joined(s, l, port)) ;
  close(s) ;
  close(l) ;
  l = bound(v6, &port) ;
  s = tcp(v6, 0) ;
  check(fails(conn(s, v6, port), EINPROGRESS)) ;
  check(test_ready(s, POLLOUT)) ;
  errno = 0 ;
  check(!socket_connected(s) && errno == ECONNREFUSED) ;
  close(s) ;
  close(l) ;
}


/* families */

static void connect6_on_an_ip4_socket_takes_mapped_any_and_loopback (void)
{
  static char const *ip6[] = { MAPPED6, ANY6, 0, LOOPBACK6 } ;
  uint16_t port, other ;
  char peer[4] ;
  int l = listener(0, &port), refusing = bound(0, &other) ;
  for (unsigned int i = 0 ; i < sizeof ip6 / sizeof *ip6 ; i++)
  {
    int s = socket_tcp4b() ;
    check(fails(socket_connect6(s, ip6[i], other, 0), ECONNREFUSED)) ;
    check(keeps(!socket_connect6(s, ip6[i], port, 7))) ;
    check(joined(s, l, port)) ;
    check(!socket_remote4(s, peer, 0) && !memcmp(peer, LOOPBACK4, 4)) ;
    check(fails(socket_connect6(s, ip6[i], port, 0), EISCONN)) ;
    close(s) ;
    s = socket_tcp4() ;
    check(fails(socket_connect6(s, ip6[i], port, 0), EINPROGRESS)) ;
    check(test_ready(s, POLLOUT)) ;
    check(joined(s, l, port)) ;
    close(s) ;
  }
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    int s = tcp(0, blocking) ;
    check(fails(socket_connect6(s, NATIVE6, port, 0), EAFNOSUPPORT)) ;
    check(fails(socket_connect6(s, LINKLOCAL6, port, 1), EAFNOSUPPORT)) ;
    check(!socket_connected(s)) ;
    close(s) ;
  }
  close(refusing) ;
  close(l) ;
}

static void a_mapped_address_is_reached_from_an_ip6_socket (void)
{
  uint16_t port, other ;
  char peer[16] ;
  uint32_t scope = 9 ;
  int l = listener(0, &port), refusing = bound(0, &other), s = socket_tcp6b() ;
  check(fails(socket_connect6(s, MAPPED6, other, 0), ECONNREFUSED)) ;
  check(keeps(!socket_connect6(s, MAPPED6, port, 0))) ;
  check(joined(s, l, port)) ;
  check(!socket_remote6(s, peer, 0, &scope) && !memcmp(peer, MAPPED6, 16) && scope == 0) ;
  check(!socket_remote4(s, peer, 0) && !memcmp(peer, LOOPBACK4, 4)) ;
  close(s) ;
  s = socket_tcp6() ;
  check(fails(socket_connect6(s, MAPPED6, port, 0), EINPROGRESS)) ;
  check(test_ready(s, POLLOUT)) ;
  check(joined(s, l, port)) ;
  close(s) ;
  close(refusing) ;
  close(l) ;
}

static void any_is_this_host (void)
{
  uint16_t port ;
  int l = listener(0, &port), s = socket_tcp4b() ;
  check(keeps(!socket_connect4(s, 0, port))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  s = socket_tcp4b() ;
  check(keeps(!socket_connect4(s, ANY4, port))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  s = socket_tcp4b() ;
  check(keeps(!socket_fastopen_connect4(s, 0, port, "", 0))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  close(l) ;
  l = listener(1, &port) ;
  s = socket_tcp6b() ;
  check(keeps(!socket_connect6(s, 0, port, 0))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  s = socket_tcp6b() ;
  check(keeps(!socket_connect6(s, ANY6, port, 0))) ;
  check(joined(s, l, port)) ;
  close(s) ;
  close(l) ;
}

static void a_wrong_family_gives_EINVAL (void)
{
  uint16_t port ;
  int l = listener(0, &port), s = socket_tcp6b(), u = socket(AF_UNIX, SOCK_STREAM, 0) ;
  if (test_ip6()) check(fails(socket_connect4(s, LOOPBACK4, port), EINVAL)) ;
  check(fails(socket_connect4(u, LOOPBACK4, port), EINVAL)) ;
  check(fails(socket_connect6(u, LOOPBACK6, port, 0), EINVAL)) ;
  check(fails(socket_connect6(u, MAPPED6, port, 0), EINVAL)) ;
  close(u) ;
  close(s) ;
  close(l) ;
  NEED_IP6 ;
}

static void a_datagram_socket_changes_its_peer (void)
{
  char peer[16] ;
  uint16_t port = 0 ;
  int s = socket(AF_INET, SOCK_DGRAM, 0) ;
  check(keeps(!socket_connect4(s, LOOPBACK4, 9))) ;
  check(!socket_remote4(s, peer, &port) && !memcmp(peer, LOOPBACK4, 4) && port == 9) ;
  check(keeps(!socket_connect6(s, MAPPED6, 10, 0))) ;
  check(!socket_remote4(s, peer, &port) && port == 10) ;
  close(s) ;
}

#ifndef LIBSOCKET_PORTABLE
static void a_datagram_socket_keeps_its_error_queue (void)
{
  struct msghdr m = { .msg_name = 0 } ;
  uint16_t port ;
  int on = 1, closed = socket_udp4(), s = socket_udp4() ;
  check(!socket_bind4(closed, LOOPBACK4, 0) && !socket_local4(closed, 0, &port)) ;
  close(closed) ;
  check(!setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof on) && socket_send4(s, "x", 1, LOOPBACK4, port) == 1) ;
  check(test_ready(s, POLLERR)) ;
  check(keeps(!socket_connect4(s, LOOPBACK4, 9))) ;
  check(recvmsg(s, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) ;
  close(s) ;
}
#endif


/* what is no socket to connect, no port to connect to */

static void what_is_no_socket_gives_EBADF_or_ENOTSOCK (void)
{
  int p[2] ;
  check(!pipe(p)) ;
  check(fails(socket_connect4(-1, LOOPBACK4, 9), EBADF)) ;
  check(fails(socket_connect6(-1, LOOPBACK6, 9, 0), EBADF)) ;
  check(fails(socket_connect6(-1, MAPPED6, 9, 0), EBADF)) ;
  check(fails(socket_connect4(p[0], LOOPBACK4, 9), ENOTSOCK)) ;
  check(fails(socket_connect6(p[0], LOOPBACK6, 9, 0), ENOTSOCK)) ;
  close(p[0]) ;
  close(p[1]) ;
  check(fails(socket_connect4(p[0], LOOPBACK4, 9), EBADF)) ;
  check(fails(socket_connect6(p[0], LOOPBACK6, 9, 0), EBADF)) ;
}

static void port_0_refuses (void)
{
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    int s = tcp(v6, 1) ;
    check(fails(conn(s, v6, 0), ECONNREFUSED)) ;
    close(s) ;
  }
}

static void a_listener_gives_EISCONN (void)
{
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    uint16_t port ;
    int l = listener(v6, &port) ;
    check(fails(conn(l, v6, port), EISCONN)) ;
    close(l) ;
  }
}


/* time runs out */

static volatile sig_atomic_t signals ;

static void count (int sig)
{
  (void)sig ;
  signals++ ;
}

/* the kernel itself goes on for two minutes, or, under signals, begins its 100 ms anew each time */

static void runsout (int v6, int storms, int flags)
{
  struct timeval tv = { .tv_usec = 100000 } ;
  struct silence x = silence(v6) ;
  int s = tcp(v6, 1) ;
  timer_t t = 0 ;
  signals = 0 ;
  if (storms) t = test_storm(&count, flags) ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    long start = test_ms() ;
    check(fails(conn(s, v6, x.port), EINPROGRESS)) ;
    check(test_ms() - start >= 95) ;
    check(test_ms() - start < 20000) ;
    check(pending(s)) ;
  }
  if (storms)
  {
    test_calm(t) ;
    check(signals > 10) ;
  }
  close(s) ;
  silence_ends(&x) ;
}

static void SO_SNDTIMEO_leaves_the_attempt_pending (void)
{
  runsout(0, 0, 0) ;
  runsout(1, 0, 0) ;
}

static void SO_SNDTIMEO_runs_out_under_signals (void)
{
  runsout(0, 1, 0) ;
  runsout(1, 1, SA_RESTART) ;
}

/* a timeout that does not run out is none */

static void a_timeout_that_does_not_run_out_changes_nothing (void)
{
  struct timeval tv = { .tv_sec = 60 } ;
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    uint16_t port, other ;
    int l = listener(v6, &port), refusing = bound(v6, &other), s = tcp(v6, 1) ;
    check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
    check(fails(conn(s, v6, other), ECONNREFUSED)) ;
    check(keeps(!conn(s, v6, port))) ;
    check(joined(s, l, port)) ;
    close(s) ;
    close(refusing) ;
    close(l) ;
  }
}

static void an_unread_icmp_error_does_not_end_the_wait (void)
{
  struct timeval tv = { .tv_usec = 100000 } ;
  int s ;
  long start ;
  timer_t t ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  s = icmp_pending() ;
  if (s == -1) SKIP(LATE_ICMP) ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  check(!fcntl(s, F_SETFL, 0)) ;
  t = test_storm(&count, 0) ;
  start = test_ms() ;
  check(fails(socket_connect4(s, ICMP_TO, 9), EINPROGRESS)) ;
  check(test_ms() - start >= 95) ;  /* the error does not end it */
  check(test_ms() - start < 20000) ;
  test_calm(t) ;
  close(s) ;
}

static void TCP_USER_TIMEOUT_gives_ETIMEDOUT (void)
{
  unsigned int limit = 100 ;
  struct silence x = silence(0) ;
  int s = socket_tcp4(), b = socket_tcp4b() ;
  check(!setsockopt(s, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit)) ;
  check(!setsockopt(b, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit)) ;
  check(fails(conn(s, 0, x.port), EINPROGRESS)) ;
  check(fails(conn(b, 0, x.port), ETIMEDOUT)) ;
  check(test_ready(s, POLLOUT)) ;
  check(fails(conn(s, 0, x.port), ETIMEDOUT)) ;
  close(b) ;
  close(s) ;
  silence_ends(&x) ;
}


/* what the host says */

static void no_route_gives_ENETUNREACH (void)
{
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    int s = tcp(0, blocking), t = tcp(1, blocking) ;
    check(fails(socket_connect4(s, "\300\0\2\1", 9), ENETUNREACH)) ;
    check(fails(socket_connect4(s, "\377\377\377\377", 9), ENETUNREACH)) ;
    check(fails(socket_connect4(s, "\340\0\0\1", 9), ENETUNREACH)) ;
    check(fails(socket_connect6(t, NATIVE6, 9, 0), test_ip6() ? ENETUNREACH : EAFNOSUPPORT)) ;
    check(fails(socket_connect6(t, "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 9, 0), ENETUNREACH)) ;
    check(fails(socket_connect6(s, "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 9, 0), ENETUNREACH)) ;
    close(t) ;
    close(s) ;
  }
  NEED_IP6 ;
}

static void routes_that_refuse_give_EACCES_and_EHOSTUNREACH (void)
{
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  ip("route add prohibit 192.0.2.1") ;
  ip("route add unreachable 192.0.2.2") ;
  if (test_ip6())
  {
    ip("-6 route add prohibit 2001:db8::1") ;
    ip("-6 route add unreachable 2001:db8::2") ;
  }
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    int s = tcp(0, blocking), t = tcp(1, blocking) ;
    check(fails(socket_connect4(s, "\300\0\2\1", 9), EACCES)) ;
    check(fails(socket_connect4(s, "\300\0\2\2", 9), EHOSTUNREACH)) ;
    check(fails(socket_connect6(t, NATIVE6, 9, 0), test_ip6() ? EACCES : EAFNOSUPPORT)) ;
    check(fails(socket_connect6(t, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\2", 9, 0), test_ip6() ? EHOSTUNREACH : EAFNOSUPPORT)) ;
    close(t) ;
    close(s) ;
  }
  NEED_IP6 ;
}

static void no_port_left_gives_EADDRNOTAVAIL (void)
{
  uint16_t port ;
  int l, s, t ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  l = listener(0, &port) ;
  s = socket_tcp4b() ;
  t = socket_tcp4b() ;
  check(!test_write("/proc/sys/net/ipv4/ip_local_port_range", port == 40000 ? "40001 40001" : "40000 40000")) ;
  check(!socket_connect4(s, LOOPBACK4, port)) ;
  check(fails(socket_connect4(t, LOOPBACK4, port), EADDRNOTAVAIL)) ;
  close(t) ;
  t = socket_tcp4() ;
  check(fails(socket_connect4(t, LOOPBACK4, port), EADDRNOTAVAIL)) ;
  close(t) ;
  close(s) ;
  close(l) ;
}

/* nobody answers for the address on the link: the attempt leaves the call and ends later */

static void no_neighbour_gives_EHOSTUNREACH_later (void)
{
  int s[2], b[2], six = test_ip6() ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  ip("link add v0 type veth peer name v1") ;
  ip("link set v1 up") ;
  ip("link set v0 up") ;
  ip("addr add 192.0.2.1/24 dev v0") ;
  if (six) ip("addr add 2001:db8::2/64 dev v0 nodad && test/settle.sh") ;
  test_write("/proc/sys/net/ipv4/neigh/v0/mcast_solicit", "1") ;
  test_write("/proc/sys/net/ipv6/neigh/v0/mcast_solicit", "1") ;
  for (int i = 0 ; i <= six ; i++)
  {
    s[i] = tcp(i, 0) ;
    b[i] = tcp(i, 1) ;
  }
  check(fails(socket_connect4(s[0], "\300\0\2\11", 9), EINPROGRESS)) ;
  if (six) check(fails(socket_connect6(s[1], NATIVE6, 9, 0), EINPROGRESS)) ;
  check(fails(socket_connect4(b[0], "\300\0\2\11", 9), EHOSTUNREACH)) ;
  if (six) check(fails(socket_connect6(b[1], NATIVE6, 9, 0), EHOSTUNREACH)) ;
  for (int i = 0 ; i <= six ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    errno = 0 ;
    check(!socket_connected(s[i]) && errno == EHOSTUNREACH) ;
    close(b[i]) ;
    close(s[i]) ;
  }
  NEED_IP6 ;
}

static void a_link_local_address_needs_its_scope (void)
{
  uint32_t scope, lo, got ;
  uint16_t port ;
  char peer[16] ;
  int l, s, fd ;
  NEED_IP6 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  ip("link add v0 type veth peer name v1") ;
  ip("link set v1 up") ;
  ip("link set v0 up") ;
  ip("addr add fe80::a/64 dev v0 nodad && test/settle.sh") ;
  scope = if_nametoindex("v0") ;
  lo = if_nametoindex("lo") ;
  l = socket_tcp6() ;
  check(!socket_bind6(l, LINKLOCAL6, 0, scope)) ;
  check(!socket_listen(l, 4)) ;
  check(!socket_local6(l, 0, &port, 0)) ;
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    s = tcp(1, blocking) ;
    check(fails(socket_connect6(s, LINKLOCAL6, port, 0), EINVAL)) ;
    if (blocking) check(keeps(!socket_connect6(s, LINKLOCAL6, port, scope))) ;
    else check(fails(socket_connect6(s, LINKLOCAL6, port, scope), EINPROGRESS)) ;
    check(test_ready(s, POLLOUT)) ;
    got = 0 ;
    check(!socket_remote6(s, peer, 0, &got) && !memcmp(peer, LINKLOCAL6, 16) && got == scope) ;
    check(test_ready(l, POLLIN)) ;
    got = 0 ;
    fd = socket_accept6(l, peer, 0, &got) ;
    check(fd >= 0 && !memcmp(peer, LINKLOCAL6, 16) && got == scope) ;
    close(fd) ;
    close(s) ;
  }
  s = socket_tcp6b() ;
  check(fails(socket_connect6(s, LINKLOCAL6, port, lo), ENETUNREACH)) ;
  close(s) ;
  s = socket_tcp6b() ;
  check(!socket_bind6(s, LINKLOCAL6, 0, scope)) ;
  check(fails(socket_connect6(s, LINKLOCAL6, port, lo), EINVAL)) ;
  check(keeps(!socket_connect6(s, LINKLOCAL6, port, 0))) ;  /* the bound interface stands in */
  close(s) ;
  close(l) ;
}

int main (void)
{
  RUN46(a_blocking_socket_comes_back_connected) ;
  RUN46(a_refused_blocking_socket_may_try_again) ;
  RUN(a_pending_attempt_comes_up) ;
  RUN(a_pending_attempt_is_refused) ;
  RUN46(a_nonblocking_attempt_is_always_pending_first) ;
  RUN(connect6_on_an_ip4_socket_takes_mapped_any_and_loopback) ;
  RUN(a_mapped_address_is_reached_from_an_ip6_socket) ;
  RUN(any_is_this_host) ;
  RUN(a_wrong_family_gives_EINVAL) ;
  RUN(a_datagram_socket_changes_its_peer) ;
#ifndef LIBSOCKET_PORTABLE
  RUN(a_datagram_socket_keeps_its_error_queue) ;
#endif
  RUN(what_is_no_socket_gives_EBADF_or_ENOTSOCK) ;
  RUN(port_0_refuses) ;
  RUN(a_listener_gives_EISCONN) ;
  RUN(SO_SNDTIMEO_leaves_the_attempt_pending) ;
  RUN(SO_SNDTIMEO_runs_out_under_signals) ;
  RUN(a_timeout_that_does_not_run_out_changes_nothing) ;
  RUN(an_unread_icmp_error_does_not_end_the_wait) ;
  RUN(TCP_USER_TIMEOUT_gives_ETIMEDOUT) ;
  RUN(no_route_gives_ENETUNREACH) ;
  RUN(routes_that_refuse_give_EACCES_and_EHOSTUNREACH) ;
  RUN(no_port_left_gives_EADDRNOTAVAIL) ;
  RUN(no_neighbour_gives_EHOSTUNREACH_later) ;
  RUN(a_link_local_address_needs_its_scope) ;
  return test_end() ;
}
