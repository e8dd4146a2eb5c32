/* ISC license. */

/* socket_listen socket_accept4 socket_accept4_nbcoe socket_accept6 socket_accept6_nbcoe */

#include "test.h"

#include <limits.h>
#include <time.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "socket.h"

#define CLIENT4 "\177\0\0\2"
#define CLIENT6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\2"

typedef int acceptor (int, char *, uint16_t *, uint32_t *) ;

static int accept4_plain (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_accept4(s, ip, port) ;
}

static int accept4_nbcoe (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_accept4_nbcoe(s, ip, port) ;
}

static int accept6_plain (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  return socket_accept6(s, ip, port, scope_id) ;
}

static int accept6_nbcoe (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  return socket_accept6_nbcoe(s, ip, port, scope_id) ;
}

static struct { acceptor *f ; int six, nbcoe ; } const all[4] =
{
  { &accept4_plain, 0, 0 }, { &accept4_nbcoe, 0, 1 }, { &accept6_plain, 1, 0 }, { &accept6_nbcoe, 1, 1 }
} ;

#define EACH(i) for (unsigned int i = 0 ; i < 4 ; i++)

/* What the caller's variables hold before, and after a failure */

static char ip[16] ;
static uint16_t port ;
static uint32_t scope ;

static void preset (void)
{
  memset(ip, 'x', sizeof ip) ;
  port = 54321 ;
  scope = 7777 ;
}

static int untouched (void)
{
  for (size_t i = 0 ; i < sizeof ip ; i++) if (ip[i] != 'x') return 0 ;
  return port == 54321 && scope == 7777 ;
}

/* Sockets without the library's help */

typedef union address { struct sockaddr any ; struct sockaddr_in in4 ; struct sockaddr_in6 in6 ; } address ;

static socklen_t fill (address *a, int domain, char const *addr, uint16_t p, uint32_t scope_id)
{
  memset(a, 0, sizeof *a) ;
  if (domain == AF_INET)
  {
    a->in4.sin_family = AF_INET ;
    a->in4.sin_port = htons(p) ;
    memcpy(&a->in4.sin_addr, addr, 4) ;
    return sizeof a->in4 ;
  }
  a->in6.sin6_family = AF_INET6 ;
  a->in6.sin6_port = htons(p) ;
  a->in6.sin6_scope_id = scope_id ;
  memcpy(&a->in6.sin6_addr, addr, 16) ;
  return sizeof a->in6 ;
}

static uint16_t portof (int s)
{
  address a ;
  socklen_t len = sizeof a ;
  memset(&a, 0, sizeof a) ;
  if (getsockname(s, &a.any, &len) == -1) return 0 ;
  return ntohs(a.any.sa_family == AF_INET ? a.in4.sin_port : a.in6.sin6_port) ;
}

static int bound (int domain, char const *addr, uint32_t scope_id)
{
  address a ;
  socklen_t len = fill(&a, domain, addr, 0, scope_id) ;
  int s = socket(domain, SOCK_STREAM, 0), off = 0 ;
  if (domain == AF_INET6) check(!setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off)) ;
  check(!bind(s, &a.any, len)) ;
  return s ;
}

static int listening (int domain, char const *addr)
{
  int s = bound(domain, addr, 0) ;
  check(!listen(s, 16)) ;
  return s ;
}

static int client (int l, int domain, char const *from, char const *to)
{
  address a ;
  socklen_t len = fill(&a, domain, to, portof(l), 0) ;
  int s = bound(domain, from, 0) ;
  check(!connect(s, &a.any, len)) ;
  return s ;
}

static int nonblocking (int s)
{
  return fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK) ;
}

/* Listen */

static int accepting (int s)
{
  int x = -1 ;
  socklen_t len = sizeof x ;
  check(!getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &x, &len)) ;
  return x ;
}

/* for a listener Linux keeps the backlog here */

static unsigned int backlog (int s)
{
  struct tcp_info x ;
  socklen_t len = sizeof x ;
  memset(&x, 0, sizeof x) ;
  check(!getsockopt(s, IPPROTO_TCP, TCP_INFO, &x, &len)) ;
  return x.tcpi_sacked ;
}

static unsigned int somaxconn (void)
{
  unsigned int n = 0 ;
  FILE *f = fopen("/proc/sys/net/core/somaxconn", "r") ;
  if (!f || fscanf(f, "%u", &n) != 1) n = 0 ;
  if (f) fclose(f) ;
  return n ;
}

static void listens (int (*create) (void))
{
  int s = socket(AF_INET, SOCK_STREAM, 0) ;
  unsigned int max = somaxconn() ;
  check(max) ;
  check(!listen(s, 7)) ;
  if (backlog(s) != 7)
  {
    close(s) ;
    SKIP("TCP_INFO does not tell the backlog") ;
  }
  close(s) ;
  s = (*create)() ;
  check(!accepting(s)) ;
  check(keeps(!socket_listen(s, 7))) ;
  check(accepting(s)) ;
  check(portof(s)) ;  /* unbound: the kernel has chosen a port */
  check(backlog(s) == 7) ;
  check(keeps(!socket_listen(s, 9))) ;
  check(backlog(s) == 9) ;
  check(keeps(!socket_listen(s, 0))) ;
  check(backlog(s) == 0) ;
  check(keeps(!socket_listen(s, UINT_MAX))) ;
  check(backlog(s) == max) ;
  check(keeps(!socket_listen(s, 0x80000000U))) ;
  check(backlog(s) == max) ;
  check(keeps(!socket_listen(s, INT_MAX))) ;
  check(backlog(s) == max) ;
  close(s) ;
}

static void listen_tcp4 (void) { listens(&socket_tcp4) ; listens(&socket_tcp4b) ; listens(&socket_tcp4_nbcoe) ; }
static void listen_tcp6 (void) { listens(&socket_tcp6) ; listens(&socket_tcp6b) ; listens(&socket_tcp6_nbcoe) ; }

static void listen_fails (void)
{
  int on = 1, p[2], l, c, s, t ;
  address a ;
  socklen_t len = sizeof a ;
  check(fails(socket_listen(-1, 1), EBADF)) ;
  check(fails(socket_listen(1023, 1), EBADF)) ;
  check(!pipe(p)) ;
  check(fails(socket_listen(p[0], 1), ENOTSOCK)) ;
  close(p[0]) ; close(p[1]) ;
  s = socket(AF_INET, SOCK_DGRAM, 0) ;
  check(fails(socket_listen(s, 1), EOPNOTSUPP)) ;
  close(s) ;

  l = listening(AF_INET, LOOPBACK4) ;
  c = client(l, AF_INET, CLIENT4, LOOPBACK4) ;
  check(fails(socket_listen(c, 1), EINVAL)) ;
  close(c) ; close(l) ;

  s = socket(AF_INET, SOCK_STREAM, 0) ;
  t = socket(AF_INET, SOCK_STREAM, 0) ;
  check(!setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) && !setsockopt(t, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) ;
  fill(&a, AF_INET, LOOPBACK4, 0, 0) ;
  check(!bind(s, &a.any, sizeof a.in4) && !getsockname(s, &a.any, &len) && !bind(t, &a.any, len)) ;
  check(keeps(!socket_listen(s, 1))) ;
  check(fails(socket_listen(t, 1), EADDRINUSE)) ;
  close(s) ; close(t) ;
}

/* Accept: the peer's address and port, the flags, and that it is that peer */

static void accepted (int fd, int c, int nbcoe)
{
  char x = 0 ;
  int flags = fcntl(fd, F_GETFL) ;
  check(!(flags & O_NONBLOCK) == !nbcoe) ;
  check(!(fcntl(fd, F_GETFD) & FD_CLOEXEC) == !nbcoe) ;
  check(write(fd, "s", 1) == 1) ;
  check(test_ready(c, POLLIN) && read(c, &x, 1) == 1 && x == 's') ;
  check(write(c, "c", 1) == 1) ;
  check(test_ready(fd, POLLIN) && read(fd, &x, 1) == 1 && x == 'c') ;
}

static void accepts (unsigned int i, int l, int domain, char const *from, char const *to, char const *from4, char const *from6)
{
  int flags = fcntl(l, F_GETFL) ;
  for (unsigned int nulls = 0 ; nulls < 8 ; nulls++)
  {
    int c = client(l, domain, from, to), fd = -1 ;
    check(test_ready(l, POLLIN)) ;
    preset() ;
    if (all[i].six || from4)
    {
      check(keeps((fd = (*all[i].f)(l, nulls & 1 ? 0 : ip, nulls & 2 ? 0 : &port, nulls & 4 ? 0 : &scope)) >= 0)) ;
      if (nulls & 1) check(ip[0] == 'x') ;
      else if (all[i].six) check(!memcmp(ip, from6, 16)) ;
      else check(!memcmp(ip, from4, 4) && ip[4] == 'x') ;
      check(port == (nulls & 2 ? 54321 : portof(c))) ;
      check(scope == (nulls & 4 || !all[i].six ? 7777 : 0)) ;
      accepted(fd, c, all[i].nbcoe) ;
      close(fd) ;
    }
    else
    {
      char x ;
      check(fails((*all[i].f)(l, nulls & 1 ? 0 : ip, nulls & 2 ? 0 : &port, 0), EAFNOSUPPORT)) ;
      check(untouched()) ;
      check(test_ready(c, POLLIN)) ;  /* it has been hung up on */
      check(read(c, &x, 1) <= 0) ;
    }
    close(c) ;
  }
  check(fcntl(l, F_GETFL) == flags) ;
}

static void accepts_both (unsigned int i, int l, int domain, char const *from, char const *to, char const *from4, char const *from6)
{
  accepts(i, l, domain, from, to, from4, from6) ;
  check(!nonblocking(l) && !fcntl(l, F_SETFD, FD_CLOEXEC)) ;  /* not inherited */
  accepts(i, l, domain, from, to, from4, from6) ;
  preset() ;
  check(fails((*all[i].f)(l, ip, &port, &scope), EAGAIN)) ;
  check(untouched()) ;
  close(l) ;
}

static void kind (unsigned int i)
{
  accepts_both(i, listening(AF_INET, LOOPBACK4), AF_INET, CLIENT4, LOOPBACK4, CLIENT4, CLIENT6) ;
  accepts_both(i, listening(AF_INET, ANY4), AF_INET6, CLIENT6, MAPPED6, CLIENT4, CLIENT6) ;
  accepts_both(i, listening(AF_INET6, ANY6), AF_INET, CLIENT4, LOOPBACK4, CLIENT4, CLIENT6) ;
  accepts_both(i, listening(AF_INET6, MAPPED6), AF_INET6, CLIENT6, MAPPED6, CLIENT4, CLIENT6) ;
  accepts_both(i, listening(AF_INET6, ANY6), AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6) ;
  accepts_both(i, listening(AF_INET6, LOOPBACK6), AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6) ;
}

static void peers_accept4 (void) { kind(0) ; }
static void peers_accept4_nbcoe (void) { kind(1) ; }
static void peers_accept6 (void) { kind(2) ; }
static void peers_accept6_nbcoe (void) { kind(3) ; }

/* First come, first served; the ports tell them apart. */

static void order (void)
{
  EACH (i)
  {
    int l = listening(AF_INET, LOOPBACK4), c[3] ;
    for (int j = 0 ; j < 3 ; j++) c[j] = client(l, AF_INET, CLIENT4, LOOPBACK4) ;
    for (int j = 0 ; j < 3 ; j++)
    {
      int fd = (*all[i].f)(l, 0, &port, 0) ;
      check(fd >= 0) ;
      check(port == portof(c[j])) ;
      close(fd) ; close(c[j]) ;
    }
    close(l) ;
  }
}

/* A peer that has left again is still accepted, with its address. */

static void gone (void)
{
  EACH (i)
  {
    int l = listening(AF_INET, LOOPBACK4), c = client(l, AF_INET, CLIENT4, LOOPBACK4), fd ;
    struct linger const reset = { .l_onoff = 1, .l_linger = 0 } ;
    uint16_t p = portof(c) ;
    check(!setsockopt(c, SOL_SOCKET, SO_LINGER, &reset, sizeof reset)) ;
    close(c) ;
    preset() ;
    check(keeps((fd = (*all[i].f)(l, ip, &port, &scope)) >= 0)) ;
    check(port == p) ;
    check(!memcmp(ip, all[i].six ? CLIENT6 : CLIENT4, all[i].six ? 16 : 4)) ;
    close(fd) ; close(l) ;
  }
}

static void accept_fails (void)
{
  int bad[4][2] = { { -1, EBADF }, { 1023, EBADF } }, p[2] ;
  check(!pipe(p)) ;
  bad[2][0] = p[0] ; bad[2][1] = ENOTSOCK ;
  bad[3][0] = socket(AF_INET, SOCK_DGRAM, 0) ; bad[3][1] = EOPNOTSUPP ;
  EACH (i)
  {
    for (int j = 0 ; j < 4 ; j++)
    {
      preset() ;
      check(fails((*all[i].f)(bad[j][0], ip, &port, &scope), bad[j][1])) ;
      check(untouched()) ;
      check(fails((*all[i].f)(bad[j][0], 0, 0, 0), bad[j][1])) ;
    }
  }
  close(p[0]) ; close(p[1]) ; close(bad[3][0]) ;
}

static void accept_not_listening (void)
{
  int l = listening(AF_INET, LOOPBACK4) ;
  int s[4] = { socket_tcp4(), socket_tcp6b(), bound(AF_INET, LOOPBACK4, 0), client(l, AF_INET, CLIENT4, LOOPBACK4) } ;
  EACH (i) for (int j = 0 ; j < 4 ; j++)
  {
    preset() ;
    check(fails((*all[i].f)(s[j], ip, &port, &scope), EINVAL)) ;
    check(untouched()) ;
  }
  for (int j = 0 ; j < 4 ; j++) close(s[j]) ;
  close(l) ;
}

static volatile sig_atomic_t signals ;

static void note (int sig)
{
  (void)sig ;
  signals++ ;
}

/* The signal comes again and again: one of them meets the wait. */

static void accept_interrupted (void)
{
  struct sigaction act = { .sa_handler = &note } ;
  struct itimerspec const often = { .it_interval = { .tv_nsec = 2000000 }, .it_value = { .tv_nsec = 2000000 } } ;
  struct sigevent how = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 } ;
  timer_t timer ;
  int l = listening(AF_INET, LOOPBACK4), m = listening(AF_INET6, ANY6) ;
  sigemptyset(&act.sa_mask) ;
  check(!sigaction(SIGUSR1, &act, 0)) ;
  check(!timer_create(CLOCK_MONOTONIC, &how, &timer)) ;
  check(!timer_settime(timer, 0, &often, 0)) ;
  EACH (i)
  {
    preset() ;
    check(fails((*all[i].f)(l, ip, &port, &scope), EINTR)) ;
    check(fails((*all[i].f)(m, ip, &port, &scope), EINTR)) ;
    check(untouched()) ;
  }
  check(signals >= 8) ;
  timer_delete(timer) ;
  signal(SIGUSR1, SIG_DFL) ;
  close(l) ; close(m) ;
}

/* In a child, whose limits do not matter */

static int without_descriptors (acceptor *f, int l)
{
  struct rlimit few ;
  if (getrlimit(RLIMIT_NOFILE, &few) == -1) return 1 ;
  few.rlim_cur = 64 ;
  if (setrlimit(RLIMIT_NOFILE, &few) == -1) return 1 ;
  while (dup(l) >= 0) ;
  if (errno != EMFILE) return 2 ;
  preset() ;
  if (!fails((*f)(l, ip, &port, &scope), EMFILE)) return 3 ;
  return untouched() ? 0 : 4 ;
}

static void accept_without_descriptors (void)
{
  EACH (i)
  {
    int l = listening(AF_INET6, ANY6), c = client(l, AF_INET, CLIENT4, LOOPBACK4), status = -1 ;
    pid_t pid = fork() ;
    if (!pid)
    {
      int r = without_descriptors(all[i].f, l) ;
      for (int fd = 3 ; fd < 64 ; fd++) close(fd) ;
      _exit(r) ;
    }
    check(pid > 0 && waitpid(pid, &status, 0) == pid) ;
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0) ;
    close(c) ; close(l) ;
  }
}

/* Neither IPv4 nor IPv6: a UNIX listener, and a client that is to see the end */

static void accept_unix (void)
{
  EACH (i)
  {
    struct sockaddr_un sa ;
    socklen_t len = sizeof sa.sun_family ;
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0) ;
    char x ;
    memset(&sa, 0, sizeof sa) ;
    sa.sun_family = AF_UNIX ;
    check(!bind(l, (struct sockaddr *)&sa, len)) ;  /* the kernel finds a name */
    check(!listen(l, 1)) ;
    len = sizeof sa ;
    check(!getsockname(l, (struct sockaddr *)&sa, &len)) ;
    check(!connect(c, (struct sockaddr *)&sa, len)) ;
    preset() ;
    check(fails((*all[i].f)(l, ip, &port, &scope), EAFNOSUPPORT)) ;
    check(untouched()) ;
    check(test_ready(c, POLLIN) && read(c, &x, 1) == 0) ;
    close(l) ; close(c) ;
  }
}

/* Two ends of one wire: the peer's scope is the accepting side's interface. */

static void accept_linklocal (void)
{
  static char const here[16] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", there[16] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\2" ;
  unsigned int t0, t1 ;
  if (test_namespace() == -1) SKIP("no namespaces here") ;
  if (system("ip link add t0 type veth peer name t1 && ip link set t0 up && ip link set t1 up"
    " && ip addr add fe80::1/64 dev t0 nodad && ip addr add fe80::2/64 dev t1 nodad")) SKIP("no veth devices here") ;
  t0 = if_nametoindex("t0") ;
  t1 = if_nametoindex("t1") ;
  check(t0 && t1 && t0 != t1) ;
  EACH (i)
  {
    int l = listening(AF_INET6, ANY6), c = bound(AF_INET6, here, t0), fd ;
    address a ;
    socklen_t len = fill(&a, AF_INET6, there, portof(l), t0) ;
    check(!connect(c, &a.any, len)) ;
    preset() ;
    if (all[i].six)
    {
      check(keeps((fd = (*all[i].f)(l, ip, &port, &scope)) >= 0)) ;
      check(!memcmp(ip, here, 16) && port == portof(c)) ;
      check(scope == t1) ;
      close(fd) ;
    }
    else check(fails((*all[i].f)(l, ip, &port, &scope), EAFNOSUPPORT) && untouched()) ;
    close(c) ; close(l) ;
  }
}

int main (void)
{
  RUN(listen_tcp4) ;
  RUN(listen_tcp6) ;
  RUN(listen_fails) ;
  RUN(peers_accept4) ;
  RUN(peers_accept4_nbcoe) ;
  RUN(peers_accept6) ;
  RUN(peers_accept6_nbcoe) ;
  RUN(order) ;
  RUN(gone) ;
  RUN(accept_fails) ;
  RUN(accept_not_listening) ;
  RUN(accept_interrupted) ;
  RUN(accept_without_descriptors) ;
  RUN(accept_unix) ;
  RUN(accept_linklocal) ;
  return test_end() ;
}
