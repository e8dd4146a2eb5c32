/* ISC license. */

/* socket_connected */

#include "test.h"

#include <time.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "socket.h"
#include "loopback.h"

#define ip(command) check(!system("ip " command))

/* stands in for getpeername: the true answer, then what is to happen behind its back, once */

static void (*behind) (int) ;
static int asking, longest ;

int peername (int, struct sockaddr *, socklen_t *) __asm__ ("getpeername") ;

int peername (int s, struct sockaddr *sa, socklen_t *len)
{
  void (*f) (int) = behind ;
  int r = (int)syscall(SYS_getpeername, s, sa, len) ;
  int e = errno ;
  int a = asking ;
  asking = 0 ;
  behind = 0 ;
  if (f) (*f)(s) ;
  asking = a ;
  errno = e ;
  return r ;
}

/* stands in for poll, and notes the longest wait that socket_connected asks for */

int polls (struct pollfd *, nfds_t, int) __asm__ ("poll") ;

int polls (struct pollfd *x, nfds_t n, int ms)
{
  struct timespec const ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l } ;
  if (asking && (ms < 0 || ms > longest)) longest = ms < 0 ? 999999 : ms ;
  return ppoll(x, n, ms < 0 ? 0 : &ts, 0) ;
}

static int ask (int s)
{
  int r, e ;
  asking = 1 ;
  longest = 0 ;
  r = socket_connected(s) ;
  e = errno ;
  asking = 0 ;
  check(!longest) ;
  errno = e ;
  return r ;
}

#define says(s, error) (errno = 0, ask(s) == 0 && errno == (error))
#define says_either(s) (errno = 0, ask(s) == 0 && (errno == ENOTCONN || errno == EINPROGRESS))
#define up(s) keeps(ask(s) == 1)

/* a connection: s is this end, the other is returned */

static int join (int v6, int *s)
{
  uint16_t port ;
  int l = bound(v6, &port), fd ;
  check(!socket_listen(l, 1)) ;
  *s = tcp(v6, 0) ;
  check(fails(conn(*s, v6, port), EINPROGRESS)) ;
  check(test_ready(*s, POLLOUT)) ;
  check(test_ready(l, POLLIN)) ;
  fd = socket_accept6(l, 0, 0, 0) ;
  check(fd >= 0) ;
  close(l) ;
  return fd ;
}

static void reset (int fd)
{
  struct linger const linger = { .l_onoff = 1, .l_linger = 0 } ;
  check(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger)) ;
  close(fd) ;
}


/* Under way, then up or refused: the listener's queue is full and SYNs fall.
   A second socket keeps the port from others when the listener is gone. */

static void attempts (int refuse)
{
  uint16_t port[2] ;
  int keep[2], l[2], filler[2], s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    keep[i] = bound(i, port + i) ;
    l[i] = bindto(i, port + i) ;
    check(!socket_listen(l[i], 0)) ;
    filler[i] = tcp(i, 0) ;
    check(fails(conn(filler[i], i, port[i]), EINPROGRESS)) ;
    check(test_ready(l[i], POLLIN)) ;
    s[i] = tcp(i, 0) ;
    check(fails(conn(s[i], i, port[i]), EINPROGRESS)) ;
    for (int j = 0 ; j < 3 ; j++) check(says(s[i], EINPROGRESS)) ;
    if (refuse) close(l[i]) ;
    else close(socket_accept6(l[i], 0, 0, 0)) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    if (refuse)
    {
      check(says(s[i], ECONNREFUSED)) ;
      for (int j = 0 ; j < 3 ; j++) check(says(s[i], ENOTCONN)) ;
    }
    else
    {
      for (int j = 0 ; j < 3 ; j++) check(up(s[i])) ;
      close(l[i]) ;
    }
    close(s[i]) ;
    close(filler[i]) ;
    close(keep[i]) ;
  }
}

static void pending_up (void) { attempts(0) ; }
static void pending_refused (void) { attempts(1) ; }

static void connected (void)
{
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    int s, fd = join(v6, &s) ;
    check(up(s)) ;
    check(up(fd)) ;
    check(!fcntl(s, F_SETFL, 0)) ;
    check(up(s)) ;  /* a blocking socket, and nothing to read */
    close(fd) ;
    close(s) ;
  }
}

static void refused_again (void)
{
  uint16_t port ;
  int l = bound(0, &port), s = socket_tcp4() ;
  for (int i = 0 ; i < 2 ; i++)
  {
    check(fails(conn(s, 0, port), EINPROGRESS)) ;
    check(test_ready(s, POLLOUT)) ;
    check(says(s, ECONNREFUSED)) ;
    check(says(s, ENOTCONN)) ;
    conn(s, 0, port) ;  /* Linux ends the old attempt with ECONNABORTED */
  }
  close(s) ;
  close(l) ;
}


/* the peer has been at work */

static void data_stays (void)
{
  char buf[8] ;
  int s, fd = join(0, &s) ;
  check(send(fd, "hello", 5, 0) == 5) ;
  check(send(fd, "!", 1, MSG_OOB) == 1) ;
  check(test_ready(s, POLLIN)) ;
  check(test_ready(s, POLLPRI)) ;
  for (int i = 0 ; i < 3 ; i++) check(up(s)) ;
  check(recv(s, buf, 1, MSG_OOB) == 1 && buf[0] == '!') ;
  check(read(s, buf, sizeof buf) == 5 && !memcmp(buf, "hello", 5)) ;
  close(fd) ;
  close(s) ;
}

static void peer_closed (void)
{
  char buf[8] ;
  int s, fd = join(1, &s) ;
  check(write(fd, "bye", 3) == 3) ;
  close(fd) ;
  check(test_ready(s, POLLRDHUP)) ;
  check(up(s)) ;
  check(read(s, buf, sizeof buf) == 3) ;
  check(up(s)) ;
  check(read(s, buf, sizeof buf) == 0) ;
  check(up(s)) ;
  close(s) ;
}

static void peer_reset (void)
{
  int s, fd = join(0, &s) ;
  reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, ECONNRESET)) ;
  for (int i = 0 ; i < 3 ; i++) check(says(s, ENOTCONN)) ;
  close(s) ;
  fd = join(1, &s) ;
  check(write(fd, "data", 4) == 4) ;
  check(test_ready(s, POLLIN)) ;
  reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, ECONNRESET)) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
}

static void closed_then_reset (void)
{
  int s, fd = join(0, &s) ;
  check(!shutdown(fd, SHUT_WR)) ;
  check(test_ready(s, POLLRDHUP)) ;
  check(up(s)) ;
  reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, EPIPE)) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
}


/* no attempt */

static void never_tried (void)
{
  static int (*const create[]) (void) = { &socket_tcp4, &socket_tcp4b, &socket_tcp6, &socket_tcp6b } ;
  uint16_t port ;
  int s ;
  for (unsigned int i = 0 ; i < sizeof create / sizeof *create ; i++)
  {
    s = (*create[i])() ;
    for (int j = 0 ; j < 2 ; j++) check(says(s, ENOTCONN)) ;
    close(s) ;
  }
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    s = bound(v6, &port) ;
    for (int j = 0 ; j < 2 ; j++) check(says(s, ENOTCONN)) ;
    check(!socket_listen(s, 1)) ;
    check(says_either(s)) ;
    close(s) ;
  }
}

static void datagram (void)
{
  for (int i = 0 ; i < 2 ; i++)
  {
    int s = socket(i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) ;
    check(says_either(s)) ;
    check(!conn(s, i, 9)) ;
    check(up(s)) ;
    close(s) ;
  }
}

static void descriptors (void)
{
  int p[2] ;
  check(!pipe(p)) ;
  check(says(-1, EBADF)) ;
  check(says(p[0], ENOTSOCK)) ;
  check(says(p[1], ENOTSOCK)) ;
  close(p[0]) ;
  close(p[1]) ;
  check(says(p[0], EBADF)) ;
}

static void local (void)
{
  struct sockaddr_un sa = { .sun_family = AF_UNIX } ;
  socklen_t len = sizeof sa ;
  char c ;
  int p[2], l = socket(AF_UNIX, SOCK_STREAM, 0), s = socket(AF_UNIX, SOCK_STREAM, 0) ;
  check(says(s, ENOTCONN)) ;
  check(!bind(l, (struct sockaddr *)&sa, sizeof(sa_family_t))) ;  /* the kernel picks an abstract name */
  check(!listen(l, 1)) ;
  check(!getsockname(l, (struct sockaddr *)&sa, &len)) ;
  check(!connect(s, (struct sockaddr *)&sa, len)) ;
  check(up(s)) ;
  close(s) ;
  close(l) ;
  check(!socketpair(AF_UNIX, SOCK_STREAM, 0, p)) ;
  check(write(p[1], "x", 1) == 1) ;
  check(up(p[0])) ;
  close(p[1]) ;
  check(up(p[0])) ;
  check(read(p[0], &c, 1) == 1 && c == 'x') ;
  close(p[0]) ;
}


/* what happens between the calls */

static uint16_t behindport ;

static void tries (int s)
{
  check(fails(conn(s, 0, behindport), EINPROGRESS)) ;
  check(test_ready(s, POLLOUT)) ;
}

static void up_meanwhile (void)
{
  int l = bound(0, &behindport), s = socket_tcp4() ;
  check(!socket_listen(l, 1)) ;
  behind = &tries ;
  check(up(s)) ;
  check(!behind) ;
  check(up(s)) ;
  close(s) ;
  close(l) ;
}

static void refused_meanwhile (void)
{
  int l = bound(0, &behindport), s = socket_tcp4() ;
  behind = &tries ;
  check(says(s, ECONNREFUSED)) ;
  check(!behind) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
  close(l) ;
}


/* An ICMP error that nobody reads makes poll say POLLERR, and SO_ERROR tell it, on a socket whose
   attempt goes on. The host is its own router here, and the error comes while the call that sends
   the SYN still holds the socket. */

static void icmp_error (void)
{
  struct tcp_info info ;
  socklen_t len = sizeof info ;
  int const on = 1 ;
  int s, reached = 0 ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
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
  for (int i = 0 ; i < 20 && !reached ; i++)
  {
    struct pollfd x = { .events = POLLOUT } ;
    s = socket_tcp4() ;
    check(!setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof on)) ;
    check(fails(socket_connect4(s, "\300\0\2\11", 9), EINPROGRESS)) ;
    x.fd = s ;
    if (poll(&x, 1, 0) == 1 && x.revents == POLLERR && !getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &len) && info.tcpi_state == TCP_SYN_SENT)
    {
      reached = 1 ;
      check(says(s, EINPROGRESS)) ;
#ifndef LIBSOCKET_PORTABLE
      check(!poll(&x, 1, 0)) ;  /* it took the error off: the caller can wait again */
#endif
      for (int j = 0 ; j < 3 ; j++) check(says(s, EINPROGRESS)) ;
    }
    close(s) ;
  }
  check(reached) ;
}


/* connected, says the connect; but the SYN waits for the first write */

static void deferred (void)
{
  int const queue = 16, on = 1 ;
  uint16_t port ;
  char c ;
  int l, s, fd ;
  if (test_namespace() == -1) SKIP("no namespaces") ;
  if (test_write("/proc/sys/net/ipv4/tcp_fastopen", "3") == -1) SKIP("no fast open") ;
  l = bound(0, &port) ;
  check(!setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue)) ;
  check(!socket_listen(l, 4)) ;
  s = socket_tcp4() ;
  check(!setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on)) ;
  check(fails(conn(s, 0, port), EINPROGRESS)) ;  /* brings the cookie */
  check(test_ready(s, POLLOUT)) ;
  check(up(s)) ;
  close(s) ;
  close(socket_accept4(l, 0, 0)) ;

  s = socket_tcp4() ;
  check(!setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on)) ;
  check(keeps(!conn(s, 0, port))) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    check(test_ready(s, POLLOUT)) ;
    check(says_either(s)) ;
  }
  check(write(s, "x", 1) == 1) ;
  check(test_ready(s, POLLOUT)) ;
  check(up(s)) ;
  check(test_ready(l, POLLIN)) ;
  fd = socket_accept4(l, 0, 0) ;
  check(read(fd, &c, 1) == 1 && c == 'x') ;
  close(fd) ;
  close(s) ;
  close(l) ;
}

int main (void)
{
  RUN(pending_up) ;
  RUN(pending_refused) ;
  RUN(connected) ;
  RUN(refused_again) ;
  RUN(data_stays) ;
  RUN(peer_closed) ;
  RUN(peer_reset) ;
  RUN(closed_then_reset) ;
  RUN(never_tried) ;
  RUN(datagram) ;
  RUN(descriptors) ;
  RUN(local) ;
  RUN(up_meanwhile) ;
  RUN(refused_meanwhile) ;
  RUN(icmp_error) ;
  RUN(deferred) ;
  return test_end() ;
}
