/* ISC license. */

/* socket_local4 socket_local6 socket_remote4 socket_remote6 */

#include "test.h"

#include <sys/un.h>

#include "socket.h"

#define HERE4 "\177\0\0\2"
#define HERE6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\2"
#define MAPPED_ANY6 "\0\0\0\0\0\0\0\0\0\0\377\377\0\0\0\0"

typedef int namer (int, char *, uint16_t *, uint32_t *) ;

static int local4 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_local4(s, ip, port) ;
}

static int remote4 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_remote4(s, ip, port) ;
}

static int local6 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  return socket_local6(s, ip, port, scope_id) ;
}

static int remote6 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  return socket_remote6(s, ip, port, scope_id) ;
}

static void says_no (namer *f, int s, int error)
{
  char ip[16] ;
  uint16_t port = 54321 ;
  uint32_t scope = 7777 ;
  memset(ip, 'x', sizeof ip) ;
  check(fails((*f)(s, ip, &port, &scope), error)) ;
  for (size_t i = 0 ; i < sizeof ip ; i++) check(ip[i] == 'x') ;
  check(port == 54321) ;
  check(scope == 7777) ;
  check(fails((*f)(s, 0, 0, 0), error)) ;
}

/* len 4 is also the promise to leave the other 12 bytes and the scope alone */

static void says (namer *f, int s, char const *addr, size_t len, uint16_t p, uint32_t scope_id)
{
  for (unsigned int nulls = 0 ; nulls < 8 ; nulls++)
  {
    char ip[16] ;
    uint16_t port = 54321 ;
    uint32_t scope = 7777 ;
    memset(ip, 'x', sizeof ip) ;
    check(keeps(!(*f)(s, nulls & 1 ? 0 : ip, nulls & 2 ? 0 : &port, nulls & 4 ? 0 : &scope))) ;
    if (nulls & 1) check(ip[0] == 'x' && ip[15] == 'x') ;
    else check(!memcmp(ip, addr, len)) ;
    for (size_t i = len ; i < sizeof ip ; i++) check(ip[i] == 'x') ;
    check(port == (nulls & 2 ? 54321 : p)) ;
    check(scope == (nulls & 4 || len == 4 ? 7777 : scope_id)) ;
  }
}

/* A null addr4 is an address that IPv4 has not. */

static void local (int s, char const *addr4, char const *addr6, uint16_t port)
{
  if (addr4) says(&local4, s, addr4, 4, port, 0) ; else says_no(&local4, s, EAFNOSUPPORT) ;
  says(&local6, s, addr6, 16, port, 0) ;
}

static void remote (int s, char const *addr4, char const *addr6, uint16_t port)
{
  if (addr4) says(&remote4, s, addr4, 4, port, 0) ; else says_no(&remote4, s, EAFNOSUPPORT) ;
  says(&remote6, s, addr6, 16, port, 0) ;
}

static void no_remote (int s)
{
  says_no(&remote4, s, ENOTCONN) ;
  says_no(&remote6, s, ENOTCONN) ;
}

/* Sockets without the library's help */

typedef union address { struct sockaddr any ; struct sockaddr_in in4 ; struct sockaddr_in6 in6 ; } address ;

static socklen_t fill (address *a, int domain, char const *addr, uint16_t port, uint32_t scope_id)
{
  memset(a, 0, sizeof *a) ;
  if (domain == AF_INET)
  {
    a->in4.sin_family = AF_INET ;
    a->in4.sin_port = htons(port) ;
    memcpy(&a->in4.sin_addr, addr, 4) ;
    return sizeof a->in4 ;
  }
  a->in6.sin6_family = AF_INET6 ;
  a->in6.sin6_port = htons(port) ;
  a->in6.sin6_scope_id = scope_id ;
  memcpy(&a->in6.sin6_addr, addr, 16) ;
  return sizeof a->in6 ;
}

static uint16_t portof (int s)
{
  address a ;
  socklen_t len = sizeof a ;
  memset(&a, 0, sizeof a) ;
  check(!getsockname(s, &a.any, &len)) ;
  return ntohs(a.any.sa_family == AF_INET ? a.in4.sin_port : a.in6.sin6_port) ;
}

static int create (int domain, int type)
{
  int s = socket(domain, type, 0), off = 0 ;
  if (domain == AF_INET6) check(!setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off)) ;
  return s ;
}

static int bound (int domain, int type, char const *addr, uint32_t scope_id)
{
  address a ;
  socklen_t len = fill(&a, domain, addr, 0, scope_id) ;
  int s = create(domain, type) ;
  check(!bind(s, &a.any, len)) ;
  return s ;
}

static int reach (int s, int domain, char const *addr, uint16_t port, uint32_t scope_id)
{
  address a ;
  socklen_t len = fill(&a, domain, addr, port, scope_id) ;
  return connect(s, &a.any, len) ;
}

/* Not connected */

static void unbound (void)
{
  static int const types[2] = { SOCK_STREAM, SOCK_DGRAM } ;
  for (int i = 0 ; i < 2 ; i++)
  {
    int s = create(AF_INET, types[i]), t = create(AF_INET6, types[i]) ;
    local(s, ANY4, MAPPED_ANY6, 0) ;
    local(t, 0, ANY6, 0) ;
    no_remote(s) ;
    no_remote(t) ;
    close(s) ; close(t) ;
  }
}

static void named (int domain, char const *addr, char const *addr4, char const *addr6)
{
  int s = bound(domain, SOCK_STREAM, addr, 0) ;
  uint16_t port = portof(s) ;
  check(port) ;
  local(s, addr4, addr6, port) ;
  no_remote(s) ;
  check(!listen(s, 1)) ;
  local(s, addr4, addr6, port) ;
  no_remote(s) ;
  close(s) ;
}

static void bound_any (void)
{
  named(AF_INET, ANY4, ANY4, MAPPED_ANY6) ;
  named(AF_INET6, ANY6, 0, ANY6) ;
  named(AF_INET6, MAPPED_ANY6, ANY4, MAPPED_ANY6) ;
}

static void bound_address (void)
{
  named(AF_INET, LOOPBACK4, LOOPBACK4, MAPPED6) ;
  named(AF_INET, HERE4, HERE4, HERE6) ;
  named(AF_INET6, LOOPBACK6, 0, LOOPBACK6) ;
  named(AF_INET6, MAPPED6, LOOPBACK4, MAPPED6) ;
}

/* Connected: both ends know both names. The listener may be of another family than the client. */

static void connected (int ldomain, char const *laddr, int cdomain, char const *from, char const *to, char const *addr4, char const *addr6,
  char const *peer4, char const *peer6)
{
  int l = bound(ldomain, SOCK_STREAM, laddr, 0), c = bound(cdomain, SOCK_STREAM, from, 0), a ;
  uint16_t lport = portof(l), cport = portof(c) ;
  char x ;
  check(!listen(l, 1)) ;
  check(!reach(c, cdomain, to, lport, 0)) ;
  a = accept(l, 0, 0) ;
  check(a >= 0) ;
  local(c, addr4, addr6, cport) ;
  remote(c, peer4, peer6, lport) ;
  local(a, peer4, peer6, lport) ;
  remote(a, addr4, addr6, cport) ;

  /* the names outlast the peer's farewell */
  close(c) ;
  check(read(a, &x, 1) == 0) ;
  local(a, peer4, peer6, lport) ;
  remote(a, addr4, addr6, cport) ;
  close(a) ; close(l) ;
}

static void connected4 (void)
{
  connected(AF_INET, LOOPBACK4, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET, ANY4, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
}

static void connected6 (void)
{
  connected(AF_INET6, LOOPBACK6, AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6, 0, LOOPBACK6) ;
  connected(AF_INET6, ANY6, AF_INET6, ANY6, LOOPBACK6, 0, LOOPBACK6, 0, LOOPBACK6) ;
}

static void connected_mapped (void)
{
  connected(AF_INET6, MAPPED6, AF_INET6, HERE6, MAPPED6, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET6, ANY6, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET, ANY4, AF_INET6, HERE6, MAPPED6, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
}

static void reset (void)
{
  struct linger const now = { .l_onoff = 1, .l_linger = 0 } ;
  int l = bound(AF_INET6, SOCK_STREAM, ANY6, 0), c = bound(AF_INET, SOCK_STREAM, HERE4, 0), a ;
  uint16_t port = portof(c) ;
  char x ;
  check(!listen(l, 1)) ;
  check(!reach(c, AF_INET, LOOPBACK4, portof(l), 0)) ;
  a = accept(l, 0, 0) ;
  check(!setsockopt(a, SOL_SOCKET, SO_LINGER, &now, sizeof now)) ;
  close(a) ;
  check(fails(read(c, &x, 1), ECONNRESET)) ;
  local(c, HERE4, HERE6, port) ;
  no_remote(c) ;
  close(c) ; close(l) ;
}

static void datagrams (void)
{
  int s = bound(AF_INET, SOCK_DGRAM, LOOPBACK4, 0), t = bound(AF_INET6, SOCK_DGRAM, LOOPBACK6, 0) ;
  int c = bound(AF_INET, SOCK_DGRAM, HERE4, 0), d = create(AF_INET6, SOCK_DGRAM), e = create(AF_INET6, SOCK_DGRAM) ;
  check(!reach(c, AF_INET, LOOPBACK4, portof(s), 0)) ;
  check(!reach(d, AF_INET6, LOOPBACK6, portof(t), 0)) ;
  check(!reach(e, AF_INET6, MAPPED6, portof(s), 0)) ;
  local(c, HERE4, HERE6, portof(c)) ;
  remote(c, LOOPBACK4, MAPPED6, portof(s)) ;
  local(d, 0, LOOPBACK6, portof(d)) ;
  remote(d, 0, LOOPBACK6, portof(t)) ;
  local(e, LOOPBACK4, MAPPED6, portof(e)) ;
  remote(e, LOOPBACK4, MAPPED6, portof(s)) ;
  no_remote(s) ;
  no_remote(t) ;
  close(s) ; close(t) ; close(c) ; close(d) ; close(e) ;
}

/* Not sockets, or of another family */

static void all_say_no (int s, int error)
{
  says_no(&local4, s, error) ;
  says_no(&local6, s, error) ;
  says_no(&remote4, s, error) ;
  says_no(&remote6, s, error) ;
}

static void not_sockets (void)
{
  int p[2] ;
  all_say_no(-1, EBADF) ;
  all_say_no(1023, EBADF) ;
  check(!pipe(p)) ;
  all_say_no(p[0], ENOTSOCK) ;
  close(p[0]) ; close(p[1]) ;
}

static void unix_sockets (void)
{
  struct sockaddr_un sa ;
  int p[2], s = socket(AF_UNIX, SOCK_STREAM, 0) ;
  pid_t pid = getpid() ;
  check(!socketpair(AF_UNIX, SOCK_STREAM, 0, p)) ;
  all_say_no(p[0], EAFNOSUPPORT) ;
  close(p[0]) ; close(p[1]) ;
  memset(&sa, 0, sizeof sa) ;
  sa.sun_family = AF_UNIX ;
  memcpy(sa.sun_path + 16, "\377\377\177\0\0\1", 6) ;  /* it looks like a mapped address */
  memcpy(sa.sun_path + 50, &pid, sizeof pid) ;
  check(!bind(s, (struct sockaddr *)&sa, sizeof sa)) ;
  says_no(&local4, s, EAFNOSUPPORT) ;
  says_no(&local6, s, EAFNOSUPPORT) ;
  no_remote(s) ;
  close(s) ;
}

/* An address that differs by a bit from a mapped one is none. */

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

static void nearly_mapped (void)
{
  for (int i = 0 ; i < 12 ; i++)
  {
    int s = socket(AF_INET6, SOCK_STREAM, 0), on = 1 ;
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6 } ;
    char ip[16] ;
    memcpy(ip, MAPPED6, 16) ;
    ip[i] = (char)(ip[i] ^ 0x80) ;
    memcpy(&sa.sin6_addr, ip, 16) ;
    if (setsockopt(s, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) == -1)
    {
      close(s) ;
      SKIP("no addresses of others here") ;
    }
    check(!bind(s, (struct sockaddr *)&sa, sizeof sa)) ;
    local(s, 0, ip, portof(s)) ;
    close(s) ;
  }
}

/* Two ends of one wire: each end has its own scope. */

static void linklocal (void)
{
  static char const here[16] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", there[16] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\2" ;
  unsigned int t0, t1 ;
  int l, c, a ;
  if (test_namespace() == -1) SKIP("no namespaces here") ;
  if (system("ip link add t0 type veth peer name t1 && ip link set t0 up && ip link set t1 up"
    " && ip addr add fe80::1/64 dev t0 nodad && ip addr add fe80::2/64 dev t1 nodad")) SKIP("no veth devices here") ;
  t0 = if_nametoindex("t0") ;
  t1 = if_nametoindex("t1") ;
  check(t0 && t1 && t0 != t1) ;
  l = bound(AF_INET6, SOCK_STREAM, there, t1) ;
  c = bound(AF_INET6, SOCK_STREAM, here, t0) ;
  says(&local6, l, there, 16, portof(l), t1) ;
  says_no(&local4, l, EAFNOSUPPORT) ;
  check(!listen(l, 1)) ;
  check(!reach(c, AF_INET6, there, portof(l), t0)) ;
  a = accept(l, 0, 0) ;
  check(a >= 0) ;
  says(&local6, c, here, 16, portof(c), t0) ;
  says(&remote6, c, there, 16, portof(l), t0) ;
  says(&local6, a, there, 16, portof(l), t1) ;
  says(&remote6, a, here, 16, portof(c), t1) ;
  says_no(&local4, a, EAFNOSUPPORT) ;
  says_no(&remote4, a, EAFNOSUPPORT) ;
  close(a) ; close(c) ; close(l) ;
}

int main (void)
{
  RUN(unbound) ;
  RUN(bound_any) ;
  RUN(bound_address) ;
  RUN(connected4) ;
  RUN(connected6) ;
  RUN(connected_mapped) ;
  RUN(reset) ;
  RUN(datagrams) ;
  RUN(not_sockets) ;
  RUN(unix_sockets) ;
  RUN(nearly_mapped) ;
  RUN(linklocal) ;
  return test_end() ;
}
