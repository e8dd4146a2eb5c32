/* ISC license. */

/* socket_tcp4 socket_tcp4b socket_tcp4_nbcoe socket_tcp6 socket_tcp6b socket_tcp6_nbcoe */

#include "address.h"

#include "socket.h"

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
  for (int i = 0 ; i < 6 ; i++) creates(all[i].f, all[i].domain, SOCK_STREAM, all[i].nonblocking, all[i].cloexec) ;
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
  if (test_namespace() == -1) SKIP("no namespaces here") ;
  if (test_write("/proc/sys/net/ipv6/bindv6only", "1") == -1) SKIP("no sysctl net.ipv6.bindv6only here") ;
  each_socket_is_as_its_function_is_named() ;
}

int main (void)
{
  RUN(each_socket_is_as_its_function_is_named) ;
  RUN(no_descriptor_left_gives_EMFILE) ;
  RUN(an_ip6_socket_is_dual_stack) ;
  return test_end() ;
}
