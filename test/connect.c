/* ISC license. */

/* socket_connect4 socket_connect6 */

#include "test.h"

#include <time.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <sys/un.h>

#include "socket.h"
#include "loopback.h"

#define NATIVE6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"
#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\12"

#define ip(command) check(!system("ip " command))

static int listener (int v6, uint16_t *port)
{
  int s = bound(v6, port) ;
  check(!socket_listen(s, 16)) ;
  return s ;
}

/* a listener that lets SYNs fall: the one place in its queue is taken */

static int silent (int v6, uint16_t *port, int *filler)
{
  int s = bindto(v6, port) ;
  check(!socket_listen(s, 0)) ;
  *filler = tcp(v6, 1) ;
  check(!conn(*filler, v6, *port)) ;
  check(test_ready(s, POLLIN)) ;
  return s ;
}

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

static void blocks (int v6)
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

static void refuses (int v6)
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

static void blocking4 (void) { blocks(0) ; }
static void blocking6 (void) { blocks(1) ; }
static void refused4 (void) { refuses(0) ; }
static void refused6 (void) { refuses(1) ; }


/* non-blocking */

static void pending_up (void)
{
  uint16_t port[2] = { 0, 0 } ;
  int filler[2], l[2], s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    l[i] = silent(i, port + i, filler + i) ;
    s[i] = tcp(i, 0) ;
    check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;
    for (int j = 0 ; j < 3 ; j++) check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;
    check(pending(s[i])) ;
    check(joined(filler[i], l[i], port[i])) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    check(joined(s[i], l[i], port[i])) ;
    check(keeps(!conn(s[i], i, port[i]))) ;  /* Linux tells the success once */
    check(fails(conn(s[i], i, port[i]), EISCONN)) ;
    check(fails(conn(s[i], i, port[i]), EISCONN)) ;
    close(s[i]) ;
    close(filler[i]) ;
    close(l[i]) ;
  }
}

static void pending_refused (void)
{
  uint16_t port[2] ;
  int filler[2], keep[2], s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    int l ;
    keep[i] = bound(i, port + i) ;  /* from others, when the listener is gone */
    l = silent(i, port + i, filler + i) ;
    s[i] = tcp(i, 0) ;
    check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;
    check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;
    close(l) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    check(fails(conn(s[i], i, port[i]), ECONNREFUSED)) ;
    check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;  /* a new attempt */
    close(s[i]) ;
    close(filler[i]) ;
    close(keep[i]) ;
  }
}

static void atonce (int v6)
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

static void nonblocking4 (void) { atonce(0) ; }
static void nonblocking6 (void) { atonce(1) ; }


/* families */

static void six_on_four (void)
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

static void mapped_on_six (void)
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

static void any (void)
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

static void wrong_family (void)
{
  uint16_t port ;
  int l = listener(0, &port), s = socket_tcp6b(), u = socket(AF_UNIX, SOCK_STREAM, 0) ;
  check(fails(socket_connect4(s, LOOPBACK4, port), EINVAL)) ;
  check(fails(socket_connect4(u, LOOPBACK4, port), EINVAL)) ;
  check(fails(socket_connect6(u, LOOPBACK6, port, 0), EINVAL)) ;
  check(fails(socket_connect6(u, MAPPED6, port, 0), EINVAL)) ;
  close(u) ;
  close(s) ;
  close(l) ;
}

static void datagram (void)
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


/* what is no socket to connect, no port to connect to */

static void descriptors (void)
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

static void port0 (void)
{
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    int s = tcp(v6, 1) ;
    check(fails(conn(s, v6, 0), ECONNREFUSED)) ;
    close(s) ;
  }
}

static void listening (void)
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

/* a signal every 3 ms; not from setitimer, which is the test's own alarm */

static timer_t storm (int flags)
{
  timer_t t ;
  struct sigaction sa = { .sa_handler = &count, .sa_flags = flags } ;
  struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 } ;
  struct itimerspec its = { .it_interval = { .tv_nsec = 3000000 }, .it_value = { .tv_nsec = 3000000 } } ;
  signals = 0 ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  check(!timer_create(CLOCK_MONOTONIC, &ev, &t)) ;
  check(!timer_settime(t, 0, &its, 0)) ;
  return t ;
}

static void calm (timer_t t)
{
  timer_delete(t) ;
  signal(SIGUSR1, SIG_IGN) ;
}

static long ms (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 ;
}

/* the kernel itself goes on for two minutes, or, under signals, begins its 100 ms anew each time */

static void runsout (int v6, int storms, int flags)
{
  struct timeval tv = { .tv_usec = 100000 } ;
  uint16_t port = 0 ;
  int filler, l = silent(v6, &port, &filler), s = tcp(v6, 1) ;
  timer_t t = storms ? storm(flags) : 0 ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    long start = ms() ;
    check(fails(conn(s, v6, port), EINPROGRESS)) ;
    check(ms() - start >= 95) ;
    check(ms() - start < 20000) ;
    check(pending(s)) ;
  }
  if (storms)
  {
    calm(t) ;
    check(signals > 10) ;
  }
  close(s) ;
  close(filler) ;
  close(l) ;
}

static void sndtimeo (void)
{
  runsout(0, 0, 0) ;
  runsout(1, 0, 0) ;
}

static void sndtimeo_signals (void)
{
  runsout(0, 1, 0) ;
  runsout(1, 1, SA_RESTART) ;
}

/* a timeout that does not run out is none */

static void sndtimeo_enough (void)
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

/* A socket whose attempt is under way with an ICMP error in its error queue: the host is its own
   router, and the error comes while the call that sends the SYN still holds the socket. */

static int icmp_error (void)
{
  struct tcp_info info ;
  socklen_t len = sizeof info ;
  int const on = 1 ;
  int s = -1 ;
  ip("link add v0 type veth peer name v1") ;
  ip("link set v1 address 02:00:00:00:00:02 up") ;
  ip("link set v0 up") ;
  ip("addr add 192.0.2.1/24 dev v0") ;
  ip("neigh add 192.0.2.9 lladdr 02:00:00:00:00:02 dev v0 nud permanent") ;
  ip("rule add pref 10 iif v1 lookup 100") ;
  ip("route add unreachable default table 100") ;
  check(!test_write("/proc/sys/net/ipv4/conf/v1/forwarding", "1")) ;
  check(!test_write("/proc/sys/net/ipv4/conf/v1/accept_local", "1")) ;
  check(!test_write("/proc/sys/net/ipv4/icmp_ratelimit", "0")) ;
  for (int i = 0 ; i < 20 && s == -1 ; i++)
  {
    struct pollfd x = { .events = POLLOUT } ;
    s = socket_tcp4() ;
    check(!setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof on)) ;
    check(fails(socket_connect4(s, "\300\0\2\11", 9), EINPROGRESS)) ;
    x.fd = s ;
    if (poll(&x, 1, 0) == 1 && x.revents == POLLERR && !getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &len) && info.tcpi_state == TCP_SYN_SENT) continue ;
    close(s) ;
    s = -1 ;
  }
  check(s >= 0) ;
  ip("link set v1 down") ;  /* no second one */
  return s ;
}

static void sndtimeo_icmp (void)
{
  struct timeval tv = { .tv_usec = 100000 } ;
  int s ;
  long start ;
  timer_t t ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
  s = icmp_error() ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
  check(!fcntl(s, F_SETFL, 0)) ;
  t = storm(0) ;
  start = ms() ;
  check(fails(socket_connect4(s, "\300\0\2\11", 9), EINPROGRESS)) ;
  check(ms() - start >= 95) ;  /* the error does not end it */
  check(ms() - start < 20000) ;
  calm(t) ;
  close(s) ;
}

static void timedout (void)
{
  unsigned int limit = 100 ;
  uint16_t port = 0 ;
  int filler, l = silent(0, &port, &filler), s = socket_tcp4(), b = socket_tcp4b() ;
  check(!setsockopt(s, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit)) ;
  check(!setsockopt(b, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit)) ;
  check(fails(conn(s, 0, port), EINPROGRESS)) ;
  check(fails(conn(b, 0, port), ETIMEDOUT)) ;
  check(test_ready(s, POLLOUT)) ;
  check(fails(conn(s, 0, port), ETIMEDOUT)) ;
  close(b) ;
  close(s) ;
  close(filler) ;
  close(l) ;
}


/* what the host says */

static void no_route (void)
{
  if (test_namespace() == -1) SKIP("no namespaces") ;
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    int s = tcp(0, blocking), t = tcp(1, blocking) ;
    check(fails(socket_connect4(s, "\300\0\2\1", 9), ENETUNREACH)) ;
    check(fails(socket_connect4(s, "\377\377\377\377", 9), ENETUNREACH)) ;
    check(fails(socket_connect4(s, "\340\0\0\1", 9), ENETUNREACH)) ;
    check(fails(socket_connect6(t, NATIVE6, 9, 0), ENETUNREACH)) ;
    check(fails(socket_connect6(t, "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 9, 0), ENETUNREACH)) ;
    check(fails(socket_connect6(s, "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 9, 0), ENETUNREACH)) ;
    close(t) ;
    close(s) ;
  }
}

static void routes_that_refuse (void)
{
  if (test_namespace() == -1) SKIP("no namespaces") ;
  ip("route add prohibit 192.0.2.1") ;
  ip("route add unreachable 192.0.2.2") ;
  ip("-6 route add prohibit 2001:db8::1") ;
  ip("-6 route add unreachable 2001:db8::2") ;
  for (int blocking = 0 ; blocking < 2 ; blocking++)
  {
    int s = tcp(0, blocking), t = tcp(1, blocking) ;
    check(fails(socket_connect4(s, "\300\0\2\1", 9), EACCES)) ;
    check(fails(socket_connect4(s, "\300\0\2\2", 9), EHOSTUNREACH)) ;
    check(fails(socket_connect6(t, NATIVE6, 9, 0), EACCES)) ;
    check(fails(socket_connect6(t, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\2", 9, 0), EHOSTUNREACH)) ;
    close(t) ;
    close(s) ;
  }
}

static void no_port_left (void)
{
  uint16_t port ;
  int l, s, t ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
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

static void no_neighbour (void)
{
  int s[2], b[2] ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
  ip("link add v0 type veth peer name v1") ;
  ip("link set v1 up") ;
  ip("link set v0 up") ;
  ip("addr add 192.0.2.1/24 dev v0") ;
  ip("addr add 2001:db8::2/64 dev v0 nodad") ;
  test_write("/proc/sys/net/ipv4/neigh/v0/mcast_solicit", "1") ;
  test_write("/proc/sys/net/ipv6/neigh/v0/mcast_solicit", "1") ;
  for (int i = 0 ; i < 2 ; i++)
  {
    s[i] = tcp(i, 0) ;
    b[i] = tcp(i, 1) ;
  }
  check(fails(socket_connect4(s[0], "\300\0\2\11", 9), EINPROGRESS)) ;
  check(fails(socket_connect6(s[1], NATIVE6, 9, 0), EINPROGRESS)) ;
  check(fails(socket_connect4(b[0], "\300\0\2\11", 9), EHOSTUNREACH)) ;
  check(fails(socket_connect6(b[1], NATIVE6, 9, 0), EHOSTUNREACH)) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    errno = 0 ;
    check(!socket_connected(s[i]) && errno == EHOSTUNREACH) ;
    close(b[i]) ;
    close(s[i]) ;
  }
}

static void link_local (void)
{
  uint32_t scope, lo, got ;
  uint16_t port ;
  char peer[16] ;
  int l, s, fd ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
  ip("link add v0 type veth peer name v1") ;
  ip("link set v1 up") ;
  ip("link set v0 up") ;
  ip("addr add fe80::a/64 dev v0 nodad") ;
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
  RUN(blocking4) ;
  RUN(blocking6) ;
  RUN(refused4) ;
  RUN(refused6) ;
  RUN(pending_up) ;
  RUN(pending_refused) ;
  RUN(nonblocking4) ;
  RUN(nonblocking6) ;
  RUN(six_on_four) ;
  RUN(mapped_on_six) ;
  RUN(any) ;
  RUN(wrong_family) ;
  RUN(datagram) ;
  RUN(descriptors) ;
  RUN(port0) ;
  RUN(listening) ;
  RUN(sndtimeo) ;
  RUN(sndtimeo_signals) ;
  RUN(sndtimeo_enough) ;
  RUN(sndtimeo_icmp) ;
  RUN(timedout) ;
  RUN(no_route) ;
  RUN(routes_that_refuse) ;
  RUN(no_port_left) ;
  RUN(no_neighbour) ;
  RUN(link_local) ;
  return test_end() ;
}
