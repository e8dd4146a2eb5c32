/* ISC license. */

/* socket_tcp4 socket_tcp4b socket_tcp4_nbcoe socket_tcp6 socket_tcp6b socket_tcp6_nbcoe */

#include "test.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "socket.h"

static int has (int s, int domain, int nonblocking, int cloexec)
{
  int d = 0, type = 0 ;
  socklen_t len = sizeof d ;
  if (getsockopt(s, SOL_SOCKET, SO_DOMAIN, &d, &len) == -1 || d != domain) return 0 ;
  len = sizeof type ;
  if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &len) == -1 || type != SOCK_STREAM) return 0 ;
  if (!(fcntl(s, F_GETFL) & O_NONBLOCK) != !nonblocking) return 0 ;
  return !(fcntl(s, F_GETFD) & FD_CLOEXEC) == !cloexec ;
}

static void creates (int (*f) (void), int domain, int nonblocking, int cloexec)
{
  int v6only = -1, s ;
  socklen_t len = sizeof v6only ;
  check(keeps((s = (*f)()) >= 0)) ;
  check(has(s, domain, nonblocking, cloexec)) ;
  if (domain == AF_INET6) check(!getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len) && v6only == 0) ;
  close(s) ;
}

static void tcp4 (void) { creates(&socket_tcp4, AF_INET, 1, 0) ; }
static void tcp4b (void) { creates(&socket_tcp4b, AF_INET, 0, 0) ; }
static void tcp4_nbcoe (void) { creates(&socket_tcp4_nbcoe, AF_INET, 1, 1) ; }
static void tcp6 (void) { creates(&socket_tcp6, AF_INET6, 1, 0) ; }
static void tcp6b (void) { creates(&socket_tcp6b, AF_INET6, 0, 0) ; }
static void tcp6_nbcoe (void) { creates(&socket_tcp6_nbcoe, AF_INET6, 1, 1) ; }

/* In a child, whose limits do not matter */

static int without_descriptors (void)
{
  struct rlimit few ;
  if (getrlimit(RLIMIT_NOFILE, &few) == -1) return 1 ;
  few.rlim_cur = 64 ;
  if (setrlimit(RLIMIT_NOFILE, &few) == -1) return 1 ;
  while (dup(1) >= 0) ;
  if (errno != EMFILE) return 2 ;
  if (!fails(socket_tcp4(), EMFILE) || !fails(socket_tcp4b(), EMFILE) || !fails(socket_tcp4_nbcoe(), EMFILE)) return 3 ;
  if (!fails(socket_tcp6(), EMFILE) || !fails(socket_tcp6b(), EMFILE) || !fails(socket_tcp6_nbcoe(), EMFILE)) return 4 ;
  return 0 ;
}

static void no_descriptors (void)
{
  int status = -1 ;
  pid_t pid = fork() ;
  if (!pid)
  {
    int r = without_descriptors() ;
    for (int fd = 3 ; fd < 64 ; fd++) close(fd) ;
    _exit(r) ;
  }
  check(pid > 0 && waitpid(pid, &status, 0) == pid) ;
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0) ;
}

/* Dual-stack even where the administrator's default is not */

static void dual_stack (void)
{
  if (test_namespace() == -1) SKIP("no namespaces here") ;
  if (test_write("/proc/sys/net/ipv6/bindv6only", "1") == -1) SKIP("no sysctl net.ipv6.bindv6only here") ;
  tcp6() ;
  tcp6b() ;
  tcp6_nbcoe() ;
}

int main (void)
{
  RUN(tcp4) ;
  RUN(tcp4b) ;
  RUN(tcp4_nbcoe) ;
  RUN(tcp6) ;
  RUN(tcp6b) ;
  RUN(tcp6_nbcoe) ;
  RUN(no_descriptors) ;
  RUN(dual_stack) ;
  return test_end() ;
}
