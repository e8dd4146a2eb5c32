/* ISC license. */

/* socket_connected */

#include "test.h"

#include <sys/un.h>

#include "socket.h"
#include "loopback.h"
#include "syscalls.h"

static void (*behind) (int) ;  /* what is to happen after getpeername has its true answer, once */
static void (*behind_poll) (int) ;  /* or after the poll that socket_connected asks for */
static int asking, waited ;    /* socket_connected is at work; it has asked for a wait */

static long hook (int call, long *a)
{
  void (**then) (int) = call == CALL_poll ? &behind_poll : &behind, (*f) (int) = *then ;
  struct timespec const *ts = (struct timespec const *)a[2] ;
  long r = kernel(call, a) ;
  int e = errno, was = asking ;
  if (call == CALL_poll && !asking) return r ;
  if (call == CALL_poll && (!ts || ts->tv_sec || ts->tv_nsec)) waited = 1 ;
  asking = 0 ;
  *then = 0 ;
  if (f) (*f)(call == CALL_poll ? ((struct pollfd *)a[0])->fd : (int)a[0]) ;
  asking = was ;
  errno = e ;
  return r ;
}

REPLACE(getpeername) REPLACE(poll)

static int ask (int s)
{
  int r, e ;
  asking = 1 ;
  waited = 0 ;
  r = socket_connected(s) ;
  e = errno ;
  asking = 0 ;
  check(!waited) ;
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


/* under way, then up or refused */

static void attempts (int refuse)
{
  struct silence x[2] ;
  int s[2] ;
  for (int i = 0 ; i < 2 ; i++)
  {
    x[i] = silence(i) ;
    s[i] = tcp(i, 0) ;
    check(fails(conn(s[i], i, x[i].port), EINPROGRESS)) ;
    for (int j = 0 ; j < 3 ; j++) check(says(s[i], EINPROGRESS)) ;
    if (refuse) silence_refuses(x + i) ;
    else close(socket_accept6(x[i].listener, 0, 0, 0)) ;
  }
  for (int i = 0 ; i < 2 ; i++)
  {
    check(test_ready(s[i], POLLOUT)) ;
    if (refuse) check(says(s[i], ECONNREFUSED)) ;
    for (int j = 0 ; j < 3 ; j++) if (refuse) check(says(s[i], ENOTCONN)) ; else check(up(s[i])) ;
    close(s[i]) ;
    silence_ends(x + i) ;
  }
}

static void a_pending_attempt_comes_up (void) { attempts(0) ; }
static void a_refusal_is_returned_once (void) { attempts(1) ; }

static void both_ends_are_connected_blocking_or_not (void)
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

static void a_new_attempt_is_refused_anew (void)
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

static void no_byte_is_eaten (void)
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

static void a_peer_that_has_closed_leaves_it_connected (void)
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

static void a_reset_is_returned_once (void)
{
  int s, fd = join(0, &s) ;
  test_reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, ECONNRESET)) ;
  for (int i = 0 ; i < 3 ; i++) check(says(s, ENOTCONN)) ;
  close(s) ;
  fd = join(1, &s) ;
  check(write(fd, "data", 4) == 4) ;
  check(test_ready(s, POLLIN)) ;
  test_reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, ECONNRESET)) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
}

static void a_reset_after_the_end_gives_EPIPE (void)
{
  int s, fd = join(0, &s) ;
  check(!shutdown(fd, SHUT_WR)) ;
  check(test_ready(s, POLLRDHUP)) ;
  check(up(s)) ;
  test_reset(fd) ;
  check(test_ready(s, 0)) ;
  check(says(s, EPIPE)) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
}


/* no attempt */

static void without_an_attempt_there_is_no_connection (void)
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

static void a_datagram_socket_with_a_peer_is_connected (void)
{
  for (int i = 0 ; i <= test_ip6() ; i++)
  {
    int s = socket(i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) ;
    check(says_either(s)) ;
    check(!conn(s, i, 9)) ;
    check(up(s)) ;
    close(s) ;
  }
  NEED_IP6 ;
}

static void what_is_no_socket_gives_EBADF_or_ENOTSOCK (void)
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

static void unix_sockets_are_told_apart (void)
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

static void what_comes_up_meanwhile_is_connected (void)
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

static void what_is_refused_meanwhile_is_refused (void)
{
  int l = bound(0, &behindport), s = socket_tcp4() ;
  behind = &tries ;
  check(says(s, ECONNREFUSED)) ;
  check(!behind) ;
  check(says(s, ENOTCONN)) ;
  close(s) ;
  close(l) ;
}


/* An ICMP error that no one reads makes poll return POLLERR, and SO_ERROR have it, on a socket whose attempt goes on. */

static void an_unread_icmp_error_leaves_it_in_progress (void)
{
  struct pollfd x = { .events = POLLOUT } ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  x.fd = icmp_pending() ;
  if (x.fd == -1) SKIP(LATE_ICMP) ;
  check(says(x.fd, EINPROGRESS)) ;
#ifndef LIBSOCKET_PORTABLE
  check(!poll(&x, 1, 0)) ;  /* it took the error off: the caller can wait again */
#endif
  for (int j = 0 ; j < 3 ; j++) check(says(x.fd, EINPROGRESS)) ;
  close(x.fd) ;
}


/* The next SYN gets an error, too, which ends the attempt while it is asked about: that error is kept for the next question. */

static void the_end (int s)
{
  struct pollfd x = { .fd = s } ;
  ip("link set v1 up") ;
  do check(poll(&x, 1, 30000) == 1) ; while (!(x.revents & POLLHUP) && !poll(0, 0, 10)) ;
}

static void an_end_beside_an_unread_icmp_error_is_not_lost (void)
{
  int s, error ;
  socklen_t len = sizeof error ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  s = icmp_pending() ;
  if (s == -1) SKIP(LATE_ICMP) ;
  for (int i = 0 ; i < 2 ; i++) check(!getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len)) ;  /* the kernel has the first one twice */
  behind_poll = &the_end ;
  check(says(s, EINPROGRESS)) ;
  check(!behind_poll) ;
  check(says(s, EHOSTUNREACH)) ;
  close(s) ;
}


/* connected, says the connect; but the SYN waits for the first write */

static void a_deferred_SYN_is_no_connection (void)
{
  int const queue = 16, on = 1 ;
  uint16_t port ;
  char c ;
  int l, s, fd ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (test_write("/proc/sys/net/ipv4/tcp_fastopen", "3") == -1) SKIP(NO_FASTOPEN) ;
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
  RUN(a_pending_attempt_comes_up) ;
  RUN(a_refusal_is_returned_once) ;
  RUN(both_ends_are_connected_blocking_or_not) ;
  RUN(a_new_attempt_is_refused_anew) ;
  RUN(no_byte_is_eaten) ;
  RUN(a_peer_that_has_closed_leaves_it_connected) ;
  RUN(a_reset_is_returned_once) ;
  RUN(a_reset_after_the_end_gives_EPIPE) ;
  RUN(without_an_attempt_there_is_no_connection) ;
  RUN(a_datagram_socket_with_a_peer_is_connected) ;
  RUN(what_is_no_socket_gives_EBADF_or_ENOTSOCK) ;
  RUN(unix_sockets_are_told_apart) ;
  RUN(what_comes_up_meanwhile_is_connected) ;
  RUN(what_is_refused_meanwhile_is_refused) ;
  RUN(an_unread_icmp_error_leaves_it_in_progress) ;
  RUN(an_end_beside_an_unread_icmp_error_is_not_lost) ;
  RUN(a_deferred_SYN_is_no_connection) ;
  return test_end() ;
}
