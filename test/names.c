/* ISC license. */

/* socket_local4 socket_local6 socket_remote4 socket_remote6 */

#include "address.h"

#include <sys/un.h>

#include "socket.h"

#define HERE4 "\177\0\0\2"
#define HERE6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\2"
#define MAPPED_ANY6 "\0\0\0\0\0\0\0\0\0\0\377\377\0\0\0\0"

typedef int namer (int, char *, uint16_t *, uint32_t *) ;

static int local4 (int s, char *addr, uint16_t *p, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_local4(s, addr, p) ;
}

static int remote4 (int s, char *addr, uint16_t *p, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_remote4(s, addr, p) ;
}

static void says_no (namer *f, int s, int error)
{
  preset() ;
  check(fails((*f)(s, ip, &port, &scope), error)) ;
  check(untouched()) ;
  check(fails((*f)(s, 0, 0, 0), error)) ;
}

/* len 4 is also the promise to leave the other 12 bytes and the scope alone */

static void says (namer *f, int s, char const *addr, size_t len, uint16_t p, uint32_t scope_id)
{
  for (unsigned int nulls = 0 ; nulls < 8 ; nulls++)
  {
    preset() ;
    check(keeps(!(*f)(s, nulls & 1 ? 0 : ip, nulls & 2 ? 0 : &port, nulls & 4 ? 0 : &scope))) ;
    check(stored(addr, nulls & 1 ? 0 : len, nulls & 2 ? 54321 : p)) ;
    check(scope == (nulls & 4 || len == 4 ? 7777 : scope_id)) ;
  }
}

/* A null addr4 is an address that IPv4 has not. */

static void local (int s, char const *addr4, char const *addr6, uint16_t p)
{
  if (addr4) says(&local4, s, addr4, 4, p, 0) ; else says_no(&local4, s, EAFNOSUPPORT) ;
  says(&socket_local6, s, addr6, 16, p, 0) ;
}

static void remote (int s, char const *addr4, char const *addr6, uint16_t p)
{
  if (addr4) says(&remote4, s, addr4, 4, p, 0) ; else says_no(&remote4, s, EAFNOSUPPORT) ;
  says(&socket_remote6, s, addr6, 16, p, 0) ;
}

static void no_remote (int s)
{
  says_no(&remote4, s, ENOTCONN) ;
  says_no(&socket_remote6, s, ENOTCONN) ;
}

/* Not connected */

static void an_unbound_socket_has_port_0_and_no_peer (void)
{
  static int const types[2] = { SOCK_STREAM, SOCK_DGRAM } ;
  for (int i = 0 ; i < 2 ; i++)
  {
    int s = raw(AF_INET, types[i]) ;
    local(s, ANY4, MAPPED_ANY6, 0) ;
    no_remote(s) ;
    close(s) ;
    if (test_lacks(AF_INET6)) continue ;
    s = raw(AF_INET6, types[i]) ;
    local(s, 0, ANY6, 0) ;
    no_remote(s) ;
    close(s) ;
  }
}

static void named (int domain, char const *addr, char const *addr4, char const *addr6)
{
  int s ;
  uint16_t p ;
  if (test_lacks(domain)) return ;
  s = rawbound(domain, SOCK_STREAM, addr, 0) ;
  p = portof(s) ;
  check(p) ;
  local(s, addr4, addr6, p) ;
  no_remote(s) ;
  check(!listen(s, 1)) ;
  local(s, addr4, addr6, p) ;
  no_remote(s) ;
  close(s) ;
}

static void a_socket_bound_to_any_has_its_port (void)
{
  named(AF_INET, ANY4, ANY4, MAPPED_ANY6) ;
  named(AF_INET6, ANY6, 0, ANY6) ;
  named(AF_INET6, MAPPED_ANY6, ANY4, MAPPED_ANY6) ;
}

static void a_bound_socket_has_its_address (void)
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
  int l, c, a ;
  uint16_t lport, cport ;
  char x ;
  if (test_lacks(ldomain) || test_lacks(cdomain)) return ;
  l = rawbound(ldomain, SOCK_STREAM, laddr, 0) ;
  c = rawbound(cdomain, SOCK_STREAM, from, 0) ;
  lport = portof(l) ;
  cport = portof(c) ;
  check(!listen(l, 1)) ;
  check(!rawconnect(c, cdomain, to, lport, 0)) ;
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

static void both_ends_know_both_names_IPv4 (void)
{
  connected(AF_INET, LOOPBACK4, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET, ANY4, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
}

static void both_ends_know_both_names_IPv6 (void)
{
  connected(AF_INET6, LOOPBACK6, AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6, 0, LOOPBACK6) ;
  connected(AF_INET6, ANY6, AF_INET6, ANY6, LOOPBACK6, 0, LOOPBACK6, 0, LOOPBACK6) ;
}

static void both_ends_know_both_names_mapped (void)
{
  connected(AF_INET6, MAPPED6, AF_INET6, HERE6, MAPPED6, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET6, ANY6, AF_INET, HERE4, LOOPBACK4, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
  connected(AF_INET, ANY4, AF_INET6, HERE6, MAPPED6, HERE4, HERE6, LOOPBACK4, MAPPED6) ;
}

static void a_reset_leaves_the_local_name (void)
{
  int l = rawbound(test_ip6() ? AF_INET6 : AF_INET, SOCK_STREAM, ANY6, 0), c = rawbound(AF_INET, SOCK_STREAM, HERE4, 0), a ;
  uint16_t p = portof(c) ;
  char x ;
  check(!listen(l, 1)) ;
  check(!rawconnect(c, AF_INET, LOOPBACK4, portof(l), 0)) ;
  a = accept(l, 0, 0) ;
  test_reset(a) ;
  check(fails(read(c, &x, 1), ECONNRESET)) ;
  local(c, HERE4, HERE6, p) ;
  no_remote(c) ;
  close(c) ; close(l) ;
}

static void datagram_sockets_have_names (void)
{
  int s = rawbound(AF_INET, SOCK_DGRAM, LOOPBACK4, 0), c = rawbound(AF_INET, SOCK_DGRAM, HERE4, 0) ;
  check(!rawconnect(c, AF_INET, LOOPBACK4, portof(s), 0)) ;
  local(c, HERE4, HERE6, portof(c)) ;
  remote(c, LOOPBACK4, MAPPED6, portof(s)) ;
  no_remote(s) ;
  if (!test_lacks(AF_INET6))
  {
    int t = rawbound(AF_INET6, SOCK_DGRAM, LOOPBACK6, 0), d = raw(AF_INET6, SOCK_DGRAM), e = raw(AF_INET6, SOCK_DGRAM) ;
    check(!rawconnect(d, AF_INET6, LOOPBACK6, portof(t), 0)) ;
    check(!rawconnect(e, AF_INET6, MAPPED6, portof(s), 0)) ;
    local(d, 0, LOOPBACK6, portof(d)) ;
    remote(d, 0, LOOPBACK6, portof(t)) ;
    local(e, LOOPBACK4, MAPPED6, portof(e)) ;
    remote(e, LOOPBACK4, MAPPED6, portof(s)) ;
    no_remote(t) ;
    close(t) ; close(d) ; close(e) ;
  }
  close(s) ; close(c) ;
}

/* Not sockets, or of another family */

static void all_say_no (int s, int error)
{
  says_no(&local4, s, error) ;
  says_no(&socket_local6, s, error) ;
  says_no(&remote4, s, error) ;
  says_no(&socket_remote6, s, error) ;
}

static void what_is_no_socket_gives_EBADF_or_ENOTSOCK (void)
{
  int p[2] ;
  all_say_no(-1, EBADF) ;
  all_say_no(1023, EBADF) ;
  check(!pipe(p)) ;
  all_say_no(p[0], ENOTSOCK) ;
  close(p[0]) ; close(p[1]) ;
}

static void a_unix_socket_gives_EAFNOSUPPORT (void)
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
  says_no(&socket_local6, s, EAFNOSUPPORT) ;
  no_remote(s) ;
  close(s) ;
}

/* An address that differs by a bit from a mapped one is none. */

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

static void an_address_that_is_nearly_mapped_is_native (void)
{
  NEED_IP6 ;
  for (int i = 0 ; i < 12 ; i++)
  {
    int s = socket(AF_INET6, SOCK_STREAM, 0), on = 1 ;
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6 } ;
    char near[16] ;
    memcpy(near, MAPPED6, 16) ;
    near[i] = (char)(near[i] ^ 0x80) ;
    memcpy(&sa.sin6_addr, near, 16) ;
    if (setsockopt(s, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) == -1)
    {
      close(s) ;
      SKIP("no addresses of others") ;
    }
    check(!bind(s, (struct sockaddr *)&sa, sizeof sa)) ;
    local(s, 0, near, portof(s)) ;
    close(s) ;
  }
}

/* Two ends of one wire: each end has its own scope. */

static void each_end_has_its_own_scope (void)
{
  unsigned int t0, t1 ;
  int l, c, a ;
  char const *why ;
  NEED_IP6 ;
  why = wire(&t0, &t1) ;
  if (why) SKIP(why) ;
  l = rawbound(AF_INET6, SOCK_STREAM, WIRE1, t1) ;
  c = rawbound(AF_INET6, SOCK_STREAM, WIRE0, t0) ;
  says(&socket_local6, l, WIRE1, 16, portof(l), t1) ;
  says_no(&local4, l, EAFNOSUPPORT) ;
  check(!listen(l, 1)) ;
  check(!rawconnect(c, AF_INET6, WIRE1, portof(l), t0)) ;
  a = accept(l, 0, 0) ;
  check(a >= 0) ;
  says(&socket_local6, c, WIRE0, 16, portof(c), t0) ;
  says(&socket_remote6, c, WIRE1, 16, portof(l), t0) ;
  says(&socket_local6, a, WIRE1, 16, portof(l), t1) ;
  says(&socket_remote6, a, WIRE0, 16, portof(c), t1) ;
  says_no(&local4, a, EAFNOSUPPORT) ;
  says_no(&remote4, a, EAFNOSUPPORT) ;
  close(a) ; close(c) ; close(l) ;
}

int main (void)
{
  RUN(an_unbound_socket_has_port_0_and_no_peer) ;
  RUN(a_socket_bound_to_any_has_its_port) ;
  RUN(a_bound_socket_has_its_address) ;
  RUN(both_ends_know_both_names_IPv4) ;
  RUN(both_ends_know_both_names_IPv6) ;
  RUN(both_ends_know_both_names_mapped) ;
  RUN(a_reset_leaves_the_local_name) ;
  RUN(datagram_sockets_have_names) ;
  RUN(what_is_no_socket_gives_EBADF_or_ENOTSOCK) ;
  RUN(a_unix_socket_gives_EAFNOSUPPORT) ;
  RUN(an_address_that_is_nearly_mapped_is_native) ;
  RUN(each_end_has_its_own_scope) ;
  return test_end() ;
}
