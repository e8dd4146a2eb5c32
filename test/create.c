/* ISC license. */

/* socket_tcp4 socket_tcp4b socket_tcp4_nbcoe socket_tcp6 socket_tcp6b socket_tcp6_nbcoe */

#include "address.h"
#include "syscalls.h"

#include "socket.h"


 /* Systems that have less */

static int no6 ;        /* errno of a socket for IPv6 */
static int no_v6only ;  /* errno of IPV6_V6ONLY */
static int tries ;

static long hook (int call, long *a)
{
  if (call == CALL_socket && no6 && a[0] == AF_INET6) return (errno = no6, -1) ;
  if (call == CALL_setsockopt && no_v6only && a[1] == IPPROTO_IPV6 && a[2] == IPV6_V6ONLY) return (tries++, errno = no_v6only, -1) ;
  return kernel(call, a) ;
}

REPLACE(setsockopt)
REPLACE(socket)



static struct { int (*f) (void) ; int domain, nonblocking, cloexec ; } const all[] =
{
  { .f = &socket_tcp4, .domain = AF_INET, .nonblocking = 1 },
  { .f = &socket_tcp4b, .domain = AF_INET },
  { .f = &socket_tcp4_nbcoe, .domain = AF_INET, .nonblocking = 1, .cloexec = 1 },
  { .f = &socket_tcp6, .domain = AF_INET6, .nonblocking = 1 },
  { .f = &socket_tcp6b, .domain = AF_INET6 },
  { .f = &socket_tcp6_nbcoe, .domain = AF_INET6, .nonblocking = 1, .cloexec = 1 }
} ;

static void each_socket_is_as_its_function_is_named (void)
{
  for (int i = 0 ; i < (test_ip6() ? 6 : 3) ; i++) creates(all[i].f, all[i].domain, SOCK_STREAM, all[i].nonblocking, all[i].cloexec) ;
  NEED_IP6 ;
}

static void no_descriptor_left_gives_EMFILE (void)
{
  struct rlimit old ;
  test_spare(0, &old) ;
  for (int i = 0 ; i < 6 ; i++) check(fails((*all[i].f)(), EMFILE)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
}

/* whatever the administrator's default is */

static void an_ip6_socket_is_dual_stack (void)
{
  NEED_IP6 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (test_write("/proc/sys/net/ipv6/bindv6only", "1") == -1) SKIP("no sysctl net.ipv6.bindv6only") ;
  each_socket_is_as_its_function_is_named() ;
}

static void without_IPv6_an_ip6_socket_is_an_IPv4_one (void)
{
  static int const absent[] = { EAFNOSUPPORT, EPFNOSUPPORT, EPROTONOSUPPORT }, others[] = { EACCES, EMFILE, ENOBUFS } ;
  for (int i = 3 ; i < 6 ; i++)
    for (int k = 0 ; k < 3 ; k++)
    {
      no6 = absent[k] ;
      creates(all[i].f, AF_INET, SOCK_STREAM, all[i].nonblocking, all[i].cloexec) ;
      no6 = others[k] ;
      check(fails((*all[i].f)(), others[k])) ;
    }
  no6 = 0 ;
}

/* as on OpenBSD */

static void where_none_is_dual_stack_an_ip6_socket_is_for_IPv6_alone (void)
{
  NEED_IP6 ;
  for (int i = 3 ; i < 6 ; i++)
  {
    int s ;
    no_v6only = i & 1 ? EINVAL : ENOPROTOOPT ;
    tries = 0 ;
    check(keeps((s = (*all[i].f)()) >= 0) && tries == 1) ;
    made(s, AF_INET6, SOCK_STREAM, all[i].nonblocking, all[i].cloexec) ;
    close(s) ;
  }
  no_v6only = 0 ;
}

int main (void)
{
  RUN(each_socket_is_as_its_function_is_named) ;
  RUN(without_IPv6_an_ip6_socket_is_an_IPv4_one) ;
  RUN(where_none_is_dual_stack_an_ip6_socket_is_for_IPv6_alone) ;
  RUN(no_descriptor_left_gives_EMFILE) ;
  RUN(an_ip6_socket_is_dual_stack) ;
  return test_end() ;
}
