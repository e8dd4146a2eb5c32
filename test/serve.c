/* ISC license. */

/* socket_listen socket_accept4 socket_accept4_nbcoe socket_accept6 socket_accept6_nbcoe */

#include "address.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include "socket.h"

#define CLIENT4 "\177\0\0\2"
#define CLIENT6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\2"

typedef int acceptor (int, char *, uint16_t *, uint32_t *) ;

static int accept4_plain (int s, char *a, uint16_t *p, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_accept4(s, a, p) ;
}

static int accept4_nbcoe (int s, char *a, uint16_t *p, uint32_t *scope_id)
{
  (void)scope_id ;
  return socket_accept4_nbcoe(s, a, p) ;
}

static struct { acceptor *f ; int six, nbcoe ; } const all[4] =
{
  { .f = &accept4_plain }, { .f = &accept4_nbcoe, .nbcoe = 1 }, { .f = &socket_accept6, .six = 1 }, { .f = &socket_accept6_nbcoe, .six = 1, .nbcoe = 1 }
} ;

#define EACH(i) for (unsigned int i = 0 ; i < 4 ; i++)

static int listening (int domain, char const *addr)
{
  int s = rawbound(domain, SOCK_STREAM, addr, 0) ;
  check(!listen(s, 16)) ;
  return s ;
}

#define DUAL (test_ip6() ? AF_INET6 : AF_INET)  /* ANY6 begins like ANY4 */

static int client (int l, int domain, char const *from, char const *to)
{
  int s = rawbound(domain, SOCK_STREAM, from, 0) ;
  check(!rawconnect(s, domain, to, portof(l), 0)) ;
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

/* Linux 5.10 and 6.1 hide it in the namespace of a user: there it is the kernel's own. */

static unsigned int somaxconn (void)
{
  unsigned int n = 4096 ;
  FILE *f = fopen("/proc/sys/net/core/somaxconn", "r") ;
  if (f && fscanf(f, "%u", &n) != 1) n = 0 ;
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

static void listen_sets_the_backlog (int v6)
{
  static int (*const create[2][3]) (void) = { { &socket_tcp4, &socket_tcp4b, &socket_tcp4_nbcoe }, { &socket_tcp6, &socket_tcp6b, &socket_tcp6_nbcoe } } ;
  for (int i = 0 ; i < 3 ; i++) listens(create[v6][i]) ;
}

static void what_cannot_listen_fails (void)
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

static void the_peer_is_told_and_the_flags_are_as_promised (void)
{
  EACH (i)
  {
    accepts_both(i, listening(AF_INET, LOOPBACK4), AF_INET, CLIENT4, LOOPBACK4, CLIENT4, CLIENT6) ;
    if (test_lacks(AF_INET6)) continue ;
    accepts_both(i, listening(AF_INET, ANY4), AF_INET6, CLIENT6, MAPPED6, CLIENT4, CLIENT6) ;
    accepts_both(i, listening(AF_INET6, ANY6), AF_INET, CLIENT4, LOOPBACK4, CLIENT4, CLIENT6) ;
    accepts_both(i, listening(AF_INET6, MAPPED6), AF_INET6, CLIENT6, MAPPED6, CLIENT4, CLIENT6) ;
    accepts_both(i, listening(AF_INET6, ANY6), AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6) ;
    accepts_both(i, listening(AF_INET6, LOOPBACK6), AF_INET6, LOOPBACK6, LOOPBACK6, 0, LOOPBACK6) ;
  }
}

/* First come, first served; the ports tell them apart. */

static void first_come_first_served (void)
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

static void a_peer_that_has_left_is_accepted (void)
{
  EACH (i)
  {
    int l = listening(AF_INET, LOOPBACK4), c = client(l, AF_INET, CLIENT4, LOOPBACK4), fd ;
    uint16_t p = portof(c) ;
    test_reset(c) ;
    preset() ;
    check(keeps((fd = (*all[i].f)(l, ip, &port, &scope)) >= 0)) ;
    check(port == p) ;
    check(!memcmp(ip, all[i].six ? CLIENT6 : CLIENT4, all[i].six ? 16 : 4)) ;
    close(fd) ; close(l) ;
  }
}

static void what_is_no_stream_socket_fails (void)
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

static void what_does_not_listen_gives_EINVAL (void)
{
  int l = listening(AF_INET, LOOPBACK4) ;
  int s[4] = { socket_tcp4(), socket_tcp6b(), rawbound(AF_INET, SOCK_STREAM, LOOPBACK4, 0), client(l, AF_INET, CLIENT4, LOOPBACK4) } ;
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

static void a_signal_gives_EINTR (void)
{
  int l = listening(AF_INET, LOOPBACK4), m = listening(DUAL, ANY6) ;
  timer_t storm = test_storm(&note, 0) ;
  EACH (i)
  {
    preset() ;
    check(fails((*all[i].f)(l, ip, &port, &scope), EINTR)) ;
    check(fails((*all[i].f)(m, ip, &port, &scope), EINTR)) ;
    check(untouched()) ;
  }
  check(signals >= 8) ;
  test_calm(storm) ;
  close(l) ; close(m) ;
}

static void no_descriptor_left_gives_EMFILE (void)
{
  EACH (i)
  {
    struct rlimit old ;
    int l = listening(DUAL, ANY6), c = client(l, AF_INET, CLIENT4, LOOPBACK4) ;
    test_spare(0, &old) ;
    preset() ;
    check(fails((*all[i].f)(l, ip, &port, &scope), EMFILE)) ;
    check(untouched()) ;
    check(!setrlimit(RLIMIT_NOFILE, &old)) ;
    close(c) ; close(l) ;
  }
}

/* Neither IPv4 nor IPv6: a UNIX listener, and a client that is to see the end */

static void a_unix_peer_gives_EAFNOSUPPORT_and_is_closed (void)
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

static void the_scope_is_the_interface_that_accepts (void)
{
  unsigned int t0, t1 ;
  char const *why ;
  NEED_IP6 ;
  why = wire(&t0, &t1) ;
  if (why) SKIP(why) ;
  EACH (i)
  {
    int l = listening(AF_INET6, ANY6), c = rawbound(AF_INET6, SOCK_STREAM, WIRE0, t0), fd ;
    check(!rawconnect(c, AF_INET6, WIRE1, portof(l), t0)) ;
    preset() ;
    if (all[i].six)
    {
      check(keeps((fd = (*all[i].f)(l, ip, &port, &scope)) >= 0)) ;
      check(stored(WIRE0, 16, portof(c))) ;
      check(scope == t1) ;
      close(fd) ;
    }
    else check(fails((*all[i].f)(l, ip, &port, &scope), EAFNOSUPPORT) && untouched()) ;
    close(c) ; close(l) ;
  }
}

int main (void)
{
  RUN46(listen_sets_the_backlog) ;
  RUN(what_cannot_listen_fails) ;
  RUN(the_peer_is_told_and_the_flags_are_as_promised) ;
  RUN(first_come_first_served) ;
  RUN(a_peer_that_has_left_is_accepted) ;
  RUN(what_is_no_stream_socket_fails) ;
  RUN(what_does_not_listen_gives_EINVAL) ;
  RUN(a_signal_gives_EINTR) ;
  RUN(no_descriptor_left_gives_EMFILE) ;
  RUN(a_unix_peer_gives_EAFNOSUPPORT_and_is_closed) ;
  RUN(the_scope_is_the_interface_that_accepts) ;
  return test_end() ;
}
