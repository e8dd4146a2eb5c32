/* ISC license. */

/* socket_bind4 socket_bind4_reuse socket_bind4_noport socket_bind6 socket_bind6_reuse socket_bind6_noport */

#include "test.h"

#include <sys/syscall.h>
#include <netinet/tcp.h>

#include "socket.h"

#define MAPPED_ANY6 "\0\0\0\0\0\0\0\0\0\0\377\377\0\0\0\0"
#define FOREIGN4 "\300\0\2\1"  /* 192.0.2.1 */
#define FOREIGN6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"  /* 2001:db8::1 */
#define MAPPED_FOREIGN6 "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1"
#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

typedef int binder (int, char const *, uint16_t, uint32_t) ;

static int bind4 (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  (void)scope_id ;
  return socket_bind4(s, ip, port) ;
}

static int bind4_reuse (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  (void)scope_id ;
  return socket_bind4_reuse(s, ip, port) ;
}

static int bind4_noport (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  (void)port ; (void)scope_id ;
  return socket_bind4_noport(s, ip) ;
}

static int bind6_noport (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  (void)port ;
  return socket_bind6_noport(s, ip, scope_id) ;
}

/* The port of s if the kernel says that it is bound to ip, of len bytes; else 0. */

static uint16_t at (int s, char const *ip, size_t len)
{
  union { struct sockaddr any ; struct sockaddr_in in4 ; struct sockaddr_in6 in6 ; } sa ;
  socklen_t n = sizeof sa ;
  memset(&sa, 0, sizeof sa) ;
  if (getsockname(s, &sa.any, &n) == -1) return 0 ;
  if (len == 4) return sa.any.sa_family == AF_INET && !memcmp(&sa.in4.sin_addr, ip, 4) ? ntohs(sa.in4.sin_port) : 0 ;
  return sa.any.sa_family == AF_INET6 && !memcmp(&sa.in6.sin6_addr, ip, 16) ? ntohs(sa.in6.sin6_port) : 0 ;
}

static void binds (binder *f, int s, char const *ip, char const *where, size_t len)
{
  check(keeps(!(*f)(s, ip, 0, 0))) ;
  check(at(s, where, len)) ;
  check(fails((*f)(s, ip, 0, 0), EINVAL)) ;  /* bound already */
  check(at(s, where, len)) ;
  close(s) ;
}

/*
   A port that is free on one address is on another too, but for sockets bound to just that: so these are addresses
   of our own, or in a namespace of our own.
*/

#define OWN4 "\177\102\0\1"
#define OTHER4 "\177\102\0\2"
#define OWN6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\102\0\1"
#define OTHER6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\102\0\2"

static void port_is_heeded (binder *f, binder *g, int (*create) (void), char const *ip, char const *ip2, size_t len)
{
  int a = (*create)(), b = (*create)() ;
  uint16_t port ;
  check(!(*g)(a, ip, 0, 0)) ;
  port = at(a, ip, len) ;
  check(port) ;
  check(keeps(!(*f)(b, ip2, port, 0))) ;
  check(at(b, ip2, len) == port) ;
  close(a) ; close(b) ;
}

static void in_use (binder *f, int (*create) (void), char const *ip, size_t len)
{
  int a = (*create)(), b = (*create)() ;
  uint16_t port ;
  check(!(*f)(a, ip, 0, 0)) ;
  port = at(a, ip, len) ;
  check(!listen(a, 1)) ;
  check(fails((*f)(b, ip, port, 0), EADDRINUSE)) ;
  check(!at(b, ip, len)) ;
  close(a) ; close(b) ;
}

/* Port in TIME_WAIT or about to be: reuse is what makes the difference. */

static void lingering (binder *plain, binder *reuse, int (*create) (void), char const *ip, size_t len)
{
  struct sockaddr_storage sa ;
  socklen_t n = sizeof sa ;
  int l = (*create)(), c, a, s ;
  uint16_t port ;
  char x ;
  check(!(*reuse)(l, ip, 0, 0)) ;
  port = at(l, ip, len) ;
  check(!listen(l, 1)) ;
  check(!getsockname(l, (struct sockaddr *)&sa, &n)) ;
  c = socket(sa.ss_family, SOCK_STREAM, 0) ;
  check(!connect(c, (struct sockaddr *)&sa, n)) ;
  a = accept(l, 0, 0) ;
  check(a >= 0) ;
  close(l) ;
  close(a) ;
  check(read(c, &x, 1) == 0) ;
  close(c) ;
  s = (*create)() ;
  check(fails((*plain)(s, ip, port, 0), EADDRINUSE)) ;
  check(keeps(!(*reuse)(s, ip, port, 0))) ;
  check(at(s, ip, len) == port) ;
  check(!listen(s, 1)) ;
  close(s) ;
}

/* Of all options only SO_REUSEADDR, and only with _reuse. */

static void options (binder *f, int (*create) (void), int reuse)
{
  static int const opt[][2] =
  {
    { SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_REUSEPORT }, { SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_OOBINLINE },
    { SOL_SOCKET, SO_DONTROUTE }, { SOL_SOCKET, SO_RCVBUF }, { SOL_SOCKET, SO_SNDBUF }, { SOL_SOCKET, SO_PRIORITY },
    { IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_TCP, TCP_DEFER_ACCEPT }, { IPPROTO_TCP, TCP_FASTOPEN },
    { IPPROTO_IP, IP_FREEBIND }, { IPPROTO_IP, IP_TRANSPARENT }, { IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT },
    { IPPROTO_IPV6, IPV6_V6ONLY }
  } ;
  int a = (*create)(), b = (*create)() ;
  check(!(*f)(b, 0, 0, 0)) ;
  for (size_t i = 0 ; i < sizeof opt / sizeof *opt ; i++)
  {
    int x = -1, y = -1 ;
    socklen_t len = sizeof x ;
    if (getsockopt(a, opt[i][0], opt[i][1], &x, &len) == -1) continue ;  /* IPV6_V6ONLY on IPv4 */
    check(!getsockopt(b, opt[i][0], opt[i][1], &y, &len)) ;
    check(y == (i ? x : reuse)) ;
  }
  check(fcntl(a, F_GETFL) == fcntl(b, F_GETFL)) ;
  close(a) ; close(b) ;
}

static void refuses (binder *f, char const *ip)
{
  int p[2] ;
  check(fails((*f)(-1, ip, 0, 0), EBADF)) ;
  check(fails((*f)(1023, ip, 0, 0), EBADF)) ;
  check(!pipe(p)) ;
  check(fails((*f)(p[0], ip, 0, 0), ENOTSOCK)) ;
  close(p[0]) ; close(p[1]) ;
}

static void fails_at (binder *f, int s, char const *ip, int error)
{
  check(fails((*f)(s, ip, 0, 0), error)) ;
  check(!at(s, ip, 4) && !at(s, ip, 16)) ;
  check(!(*f)(s, 0, 0, 0)) ;  /* a failed bind leaves it unbound */
  close(s) ;
}

/* Each case for the plain function and for its _reuse. */

#define RUN_BOTH(f) test_run2(&test_one, &f, #f, "", ", reuse")

static binder *const binders4[2] = { &bind4, &bind4_reuse } ;
static binder *const binders6[2] = { &socket_bind6, &socket_bind6_reuse } ;

static void bind4_binds_an_ip4_socket (int reuse)
{
  binder *f = binders4[reuse], *other = binders4[!reuse] ;
  binds(f, socket_tcp4(), 0, ANY4, 4) ;
  binds(f, socket_tcp4b(), ANY4, ANY4, 4) ;
  binds(f, socket_tcp4(), LOOPBACK4, LOOPBACK4, 4) ;
  binds(f, socket_tcp4b(), "\177\1\2\3", "\177\1\2\3", 4) ;
  port_is_heeded(f, f, &socket_tcp4, OWN4, OTHER4, 4) ;
  port_is_heeded(f, other, &socket_tcp4, OTHER4, OWN4, 4) ;
  in_use(f, &socket_tcp4, LOOPBACK4, 4) ;
  in_use(f, &socket_tcp4, ANY4, 4) ;
  options(f, &socket_tcp4, reuse) ;
  refuses(f, LOOPBACK4) ;
  refuses(f, 0) ;
  fails_at(f, socket_tcp4(), FOREIGN4, EADDRNOTAVAIL) ;
}

static void bind6_binds_an_ip6_socket (int reuse)
{
  binder *f = binders6[reuse], *other = binders6[!reuse] ;
  NEED_IP6 ;
  binds(f, socket_tcp6(), 0, ANY6, 16) ;
  binds(f, socket_tcp6b(), ANY6, ANY6, 16) ;
  binds(f, socket_tcp6(), LOOPBACK6, LOOPBACK6, 16) ;
  binds(f, socket_tcp6b(), MAPPED6, MAPPED6, 16) ;
  binds(f, socket_tcp6(), MAPPED_ANY6, MAPPED_ANY6, 16) ;
  port_is_heeded(f, f, &socket_tcp6, OWN6, OTHER6, 16) ;
  port_is_heeded(f, other, &socket_tcp6, OTHER6, OWN6, 16) ;
  in_use(f, &socket_tcp6, LOOPBACK6, 16) ;
  in_use(f, &socket_tcp6, MAPPED6, 16) ;
  in_use(f, &socket_tcp6, ANY6, 16) ;
  options(f, &socket_tcp6, reuse) ;
  refuses(f, LOOPBACK6) ;
  refuses(f, MAPPED6) ;
  refuses(f, 0) ;
  fails_at(f, socket_tcp6(), FOREIGN6, EADDRNOTAVAIL) ;
  fails_at(f, socket_tcp6(), MAPPED_FOREIGN6, EADDRNOTAVAIL) ;
}

/* IPv6 functions on an IPv4 socket: what a host without IPv6 hands out */

static void bind6_binds_an_ip4_socket_to_mapped_any_and_loopback (int reuse)
{
  binder *f = binders6[reuse] ;
  binds(f, socket_tcp4(), 0, ANY4, 4) ;
  binds(f, socket_tcp4b(), ANY6, ANY4, 4) ;
  binds(f, socket_tcp4(), MAPPED_ANY6, ANY4, 4) ;
  binds(f, socket_tcp4(), LOOPBACK6, LOOPBACK4, 4) ;
  binds(f, socket_tcp4(), MAPPED6, LOOPBACK4, 4) ;
  binds(f, socket_tcp4(), "\0\0\0\0\0\0\0\0\0\0\377\377\177\1\2\3", "\177\1\2\3", 4) ;
  fails_at(f, socket_tcp4(), FOREIGN6, EAFNOSUPPORT) ;
  fails_at(f, socket_tcp4(), "\0\0\0\0\0\0\0\0\0\0\0\0\177\0\0\1", EAFNOSUPPORT) ;  /* compatible is not mapped */
  fails_at(f, socket_tcp4(), MAPPED_FOREIGN6, EADDRNOTAVAIL) ;
  for (int i = 0 ; i < 48 ; i++)  /* nor is what differs by a bit from mapped, any, loopback */
  {
    static char const *const near[3] = { MAPPED6, ANY6, LOOPBACK6 } ;
    char ip[16] ;
    memcpy(ip, near[i / 16], 16) ;
    ip[i % 16] = (char)(ip[i % 16] ^ 0x80) ;
    if (i < 12 || i >= 16) fails_at(f, socket_tcp4(), ip, EAFNOSUPPORT) ;
  }
  options(f, &socket_tcp4, reuse) ;
}

static void bind6_heeds_the_port_on_an_ip4_socket (int reuse)
{
  binder *f = binders6[reuse] ;
  int a = socket_tcp4(), b = socket_tcp4() ;
  uint16_t port ;
  check(!(*f)(a, OWN6, 0, 0)) ;
  port = at(a, OWN4, 4) ;
  check(!listen(a, 1)) ;
  check(fails((*f)(b, OWN6, port, 0), EADDRINUSE)) ;
  check(fails((*f)(b, ANY6, port, 0), EADDRINUSE)) ;
  check(fails((*f)(b, 0, port, 0), EADDRINUSE)) ;
  check(keeps(!(*f)(b, OTHER6, port, 7))) ;  /* the scope means nothing here */
  check(at(b, OTHER4, 4) == port) ;
  close(a) ; close(b) ;
}

static void bind4_on_an_ip6_socket_gives_EINVAL (void)
{
  int s ;
  NEED_IP6 ;
  s = socket_tcp6() ;
  check(fails(socket_bind4(s, LOOPBACK4, 0), EINVAL)) ;
  check(fails(socket_bind4(s, 0, 0), EINVAL)) ;
  check(fails(socket_bind4_reuse(s, LOOPBACK4, 0), EINVAL)) ;
  check(fails(socket_bind4_reuse(s, 0, 0), EINVAL)) ;
  check(!at(s, ANY6, 16)) ;
  close(s) ;
}

static void reuse_binds_a_port_that_lingers (void)
{
  lingering(&bind4, &bind4_reuse, &socket_tcp4, LOOPBACK4, 4) ;
  NEED_IP6 ;
  lingering(&socket_bind6, &socket_bind6_reuse, &socket_tcp6, LOOPBACK6, 16) ;
  lingering(&socket_bind6, &socket_bind6_reuse, &socket_tcp6, MAPPED6, 16) ;
}

static int links (void)
{
  return system("ip link add t0 type veth peer name t1 && ip link set t0 up && ip link set t1 up"
    " && ip addr add fe80::1/64 dev t0 nodad && test/settle.sh") == 0 ;
}

static void scope (binder *f)
{
  unsigned int t0 = if_nametoindex("t0"), t1 = if_nametoindex("t1") ;
  struct sockaddr_in6 sa ;
  socklen_t len = sizeof sa ;
  int s = socket_tcp6() ;
  check(t0 && t1) ;
  check(fails((*f)(s, LINKLOCAL6, 0, 0), EINVAL)) ;
  check(fails((*f)(s, LINKLOCAL6, 0, 4242), ENODEV)) ;
  check(fails((*f)(s, LINKLOCAL6, 0, t1), EADDRNOTAVAIL)) ;
  check(fails((*f)(s, LOOPBACK6, 0, 0), EADDRNOTAVAIL)) ;  /* it is bound to t1 all the same */
  check(keeps(!(*f)(s, LINKLOCAL6, 0, t0))) ;
  check(at(s, LINKLOCAL6, 16) || f == &bind6_noport) ;
  check(!getsockname(s, (struct sockaddr *)&sa, &len) && !memcmp(&sa.sin6_addr, LINKLOCAL6, 16) && sa.sin6_scope_id == t0) ;
  close(s) ;
}

static void a_link_local_address_needs_its_scope (void)
{
  NEED_IP6 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (!links()) SKIP(NO_VETH) ;
  scope(&socket_bind6) ;
  scope(&socket_bind6_reuse) ;
  scope(&bind6_noport) ;
  port_is_heeded(&socket_bind6, &socket_bind6, &socket_tcp6, LOOPBACK6, MAPPED6, 16) ;
  port_is_heeded(&socket_bind6, &socket_bind6, &socket_tcp6, MAPPED6, LOOPBACK6, 16) ;
  port_is_heeded(&socket_bind6_reuse, &socket_bind6_reuse, &socket_tcp6, MAPPED6, LOOPBACK6, 16) ;
}

/* _noport: the address at once, the port when it connects; without the option (an old kernel, qemu, the fallback) both at once. */

static int at_once (void)
{
#ifdef LIBSOCKET_PORTABLE
  return 1 ;
#else
  int on = 1, s = socket(AF_INET, SOCK_STREAM, 0), r = setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ;
  check(!r || errno == ENOPROTOOPT) ;
  close(s) ;
  return r == -1 ;
#endif
}

static void later (binder *f, int s, char const *ip, char const *where, char const *source, size_t len)
{
  union { struct sockaddr any ; struct sockaddr_in in4 ; struct sockaddr_in6 in6 ; } sa ;
  socklen_t n = sizeof sa ;
  uint16_t port ;
  int type, l ;
  check(keeps(!(*f)(s, ip, 0, 0))) ;
  check(!getsockname(s, &sa.any, &n)) ;
  check(!memcmp(len == 4 ? (void *)&sa.in4.sin_addr : (void *)&sa.in6.sin6_addr, where, len)) ;
  check(!(len == 4 ? sa.in4.sin_port : sa.in6.sin6_port) == !at_once()) ;

  n = sizeof type ;
  check(!getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &n)) ;
  l = socket(sa.any.sa_family, type, 0) ;
  check(!(len == 4 ? socket_bind4(l, source, 0) : socket_bind6(l, source, 0, 0)) && (port = at(l, source, len))) ;
  if (type == SOCK_STREAM) check(!listen(l, 1)) ;
  check(!(len == 4 ? socket_connect4(s, source, port) : socket_connect6(s, source, port, 0)) || errno == EINPROGRESS) ;
  check(test_ready(s, POLLOUT) && at(s, source, len)) ;
  close(l) ;
  close(s) ;
}

static void noport_leaves_the_port_to_connect (void)
{
  int x = 0, s ;
  socklen_t len = sizeof x ;
  later(&bind4_noport, socket_tcp4b(), LOOPBACK4, LOOPBACK4, LOOPBACK4, 4) ;
  later(&bind4_noport, socket_tcp4(), test_edge(OWN4, 4), OWN4, OWN4, 4) ;
  later(&bind4_noport, socket_udp4(), OWN4, OWN4, OWN4, 4) ;
  later(&bind4_noport, socket_tcp4(), 0, ANY4, LOOPBACK4, 4) ;
  later(&bind6_noport, socket_tcp4(), OWN6, OWN4, OWN4, 4) ;
  later(&bind6_noport, socket_tcp4(), LOOPBACK6, LOOPBACK4, LOOPBACK4, 4) ;
  refuses(&bind4_noport, LOOPBACK4) ;
  refuses(&bind6_noport, LOOPBACK6) ;
  fails_at(&bind4_noport, socket_tcp4(), FOREIGN4, EADDRNOTAVAIL) ;
  fails_at(&bind6_noport, socket_tcp4(), FOREIGN6, EAFNOSUPPORT) ;
  s = socket_tcp4() ;
  check(!socket_bind4_noport(s, 0) && !getsockopt(s, SOL_SOCKET, SO_REUSEADDR, &x, &len) && !x) ;
  close(s) ;
  s = socket_tcp4() ;
  check(!socket_bind4(s, LOOPBACK4, 0) && fails(socket_bind4_noport(s, LOOPBACK4), EINVAL)) ;
  close(s) ;
  NEED_IP6 ;
  later(&bind6_noport, socket_tcp6b(), LOOPBACK6, LOOPBACK6, LOOPBACK6, 16) ;
  later(&bind6_noport, socket_tcp6(), test_edge(OWN6, 16), OWN6, OWN6, 16) ;
  later(&bind6_noport, socket_udp6(), LOOPBACK6, LOOPBACK6, LOOPBACK6, 16) ;
  later(&bind6_noport, socket_udp6(), OWN6, OWN6, OWN6, 16) ;
  later(&bind6_noport, socket_tcp6(), 0, ANY6, LOOPBACK6, 16) ;
  fails_at(&bind6_noport, socket_tcp6(), FOREIGN6, EADDRNOTAVAIL) ;
  fails_at(&bind6_noport, socket_tcp6(), MAPPED_FOREIGN6, EADDRNOTAVAIL) ;
}

/* With ten ports there is a connection from each of them to each of four servers; without the option one from each. */

static int connections (binder *f, int v6, char const *ip, int *error)
{
  int fd[4 + 41], n = 4 ;
  for (int i = 0 ; i < 4 ; i++)
  {
    uint16_t port = (uint16_t)(20001 + i) ;
    fd[i] = v6 ? socket_tcp6b() : socket_tcp4b() ;
    check(!(v6 ? socket_bind6_reuse(fd[i], ip, port, 0) : socket_bind4_reuse(fd[i], ip, port)) && !listen(fd[i], 64)) ;
  }
  for (*error = 0 ; !*error && n < 4 + 41 ; n++)
  {
    uint16_t port = (uint16_t)(20001 + n % 4) ;
    fd[n] = v6 ? socket_tcp6b() : socket_tcp4b() ;
    if ((*f)(fd[n], ip, 0, 0) == -1 || (v6 ? socket_connect6(fd[n], ip, port, 0) : socket_connect4(fd[n], ip, port)) == -1) *error = errno ;
  }
  for (int i = 0 ; i < n ; i++) close(fd[i]) ;  /* the listeners first: they reset all */
  return n - 4 - !!*error ;
}

static void noport_makes_a_connection_from_each_port_to_each_server (void)
{
  int error ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (test_write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40009") == -1) SKIP("no sysctl net.ipv4.ip_local_port_range") ;
  check(connections(&bind4, 0, LOOPBACK4, &error) == 10 && error == EADDRINUSE) ;
  check(connections(&socket_bind6, 1, LOOPBACK6, &error) == 10 && error == EADDRINUSE) ;
  if (at_once()) SKIP("no IP_BIND_ADDRESS_NO_PORT here") ;
  check(connections(&bind4_noport, 0, LOOPBACK4, &error) == 40 && error == EADDRNOTAVAIL) ;
  check(connections(&bind6_noport, 1, LOOPBACK6, &error) == 40 && error == EADDRNOTAVAIL) ;
  check(connections(&bind6_noport, 1, MAPPED6, &error) == 40 && error == EADDRNOTAVAIL) ;
}

/* Its process loses its capabilities: must be the last case. */

static void a_privileged_port_gives_EACCES (void)
{
  struct { uint32_t version ; int pid ; } const h = { 0x20080522, 0 } ;
  uint32_t const none[6] = { 0 } ;
  int s, t ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  check(!syscall(SYS_capset, &h, none)) ;
  s = socket_tcp4() ;
  t = socket_tcp6() ;
  check(fails(socket_bind4(s, LOOPBACK4, 1), EACCES)) ;
  check(fails(socket_bind4_reuse(s, LOOPBACK4, 1), EACCES)) ;
  check(fails(socket_bind6(s, MAPPED6, 1, 0), EACCES)) ;
  check(fails(socket_bind6_reuse(s, LOOPBACK6, 1, 0), EACCES)) ;
  check(fails(socket_bind6(t, LOOPBACK6, 1, 0), EACCES)) ;
  check(fails(socket_bind6_reuse(t, MAPPED6, 1, 0), EACCES)) ;
  check(!socket_bind4(s, LOOPBACK4, 0)) ;
  check(!socket_bind6(t, LOOPBACK6, 0, 0)) ;
  close(s) ; close(t) ;
}

static void no_byte_behind_the_address_is_read (void)
{
  binds(&bind4, socket_tcp4(), test_edge(LOOPBACK4, 4), LOOPBACK4, 4) ;
  binds(&socket_bind6, socket_tcp4(), test_edge(LOOPBACK6, 16), LOOPBACK4, 4) ;
  NEED_IP6 ;
  binds(&socket_bind6, socket_tcp6(), test_edge(LOOPBACK6, 16), LOOPBACK6, 16) ;
}

int main (void)
{
  RUN_BOTH(bind4_binds_an_ip4_socket) ;
  RUN_BOTH(bind6_binds_an_ip6_socket) ;
  RUN_BOTH(bind6_binds_an_ip4_socket_to_mapped_any_and_loopback) ;
  RUN_BOTH(bind6_heeds_the_port_on_an_ip4_socket) ;
  RUN(bind4_on_an_ip6_socket_gives_EINVAL) ;
  RUN(reuse_binds_a_port_that_lingers) ;
  RUN(a_link_local_address_needs_its_scope) ;
  RUN(noport_leaves_the_port_to_connect) ;
  RUN(noport_makes_a_connection_from_each_port_to_each_server) ;
  RUN(a_privileged_port_gives_EACCES) ;
  RUN(no_byte_behind_the_address_is_read) ;
  return test_end() ;
}
