/* ISC license. */

/* socket_fastopen_connect4 socket_fastopen_connect6 socket_fastopen_defer socket_fastopen_used socket_quickack */

#include "fastopen.h"
#include "syscalls.h"

#include <sys/time.h>
#include <sys/un.h>

#define BIG 200000

static char big[BIG] ;


 /* A kernel that knows less: the errno its sendto gives, or the flag not looked at */

static int sendto_error, sendto_ignores, sendto_calls, send_error, send_calls ;
static int delayed_acks, held_back ;  /* the latter: the SYN-ACK, until the wait for it begins */
static long long came, sent ;         /* when that was, and when data went */
static char const *send_script = "" ;  /* i: a signal, and SO_SNDTIMEO is 50 ms; w: 60 ms, then a signal; 1: a byte goes */

static void timeout (int s, int ms)
{
  struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 } ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ;
}

static long hook (int call, long *a)
{
  int e = send_error ;
  if (call == CALL_sendto && a[3] & MSG_FASTOPEN)
  {
    sendto_calls++ ;
    if (sendto_error) return (errno = sendto_error, -1) ;
    if (sendto_ignores) a[3] &= ~MSG_FASTOPEN, a[4] = a[5] = 0 ;
  }
  if (call == CALL_setsockopt && a[1] == IPPROTO_TCP && a[2] == TCP_QUICKACK) delayed_acks++ ;
  if (call == CALL_connect && held_back)
  {
    held_back = 0 ;
    came = tun_now() ;
    slow_hold(1, 0) ;
  }
  if (call != CALL_send) return kernel(call, a) ;
  sent = tun_now() ;
  send_calls++ ;
  send_error = 0 ;
  switch (*send_script ? *send_script++ : 0)
  {
    case 'i' : timeout((int)a[0], 50) ; return (errno = EINTR, -1) ;
    case 'w' : poll(0, 0, 60) ; return (errno = EINTR, -1) ;
    case '1' : a[2] = 1 ;
  }
  return e ? (errno = e, -1) : kernel(call, a) ;
}

REPLACE(connect) REPLACE(send) REPLACE(sendto) REPLACE(setsockopt)

static int refused (int s)
{
  return ready(s, POLLOUT) && (errno = 0, !socket_connected(s)) && errno == ECONNREFUSED ;
}

static int state (int s)
{
  struct tcp_info info = { .tcpi_state = 0 } ;
  socklen_t len = sizeof info ;
  return getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ? -1 : info.tcpi_state ;
}

/* A server in a process of its own, where the client blocks: see test_exit. */

static void reader (int l, size_t n)
{
  int c = accepts(l) ;
  check(reads(c, big, n)) ;
  check(ends(c)) ;
  test_exit() ;
}


 /* What a first contact does, a second, and one that the server's cookie no longer helps */

static void a_first_contact_asks_for_a_cookie (void)
{
  int l = listens(16), s = client(), c ;
  fresh() ;
  slow_clear() ;
  if (nb)
  {
    check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(connects(s)) ;
    check(write(s, "hello", 5) == 5) ;
  }
  else
  {
    check(keeps(fast(s, "hello", 5) == 5)) ;
    check(socket_connected(s)) ;
  }
  c = accepts(l) ;
  check(used(s, 0)) ;
  check(slow->syn == 1 && slow->asked == FAST && !slow->cookies && !slow->syndata) ;
  check(whole(s, c, "hello", 5)) ;
  close(l) ;
}

/* the answer to the SYN is on its way until the server has read */

static int early (int l, char const *buf, size_t len)
{
  int c = accepts(l) ;
  check(state(c) == TCP_SYN_RECV) ;
  check(reads(c, buf, len)) ;
  check(used(c, 1)) ;
  slow_hold(1, 0) ;
  return c ;
}

static void data_rides_on_the_SYN_with_a_cookie (void)
{
  int l = listens(16), s = client(), c ;
  cookie(l) ;
  slow_hold(1, 1) ;
  if (nb)
  {
    check(keeps(fast(s, "hello", 5) == 5)) ;
    check((errno = 0, !socket_connected(s)) && errno == EINPROGRESS) ;
    c = early(l, "hello", 5) ;
    check(connects(s)) ;
    check(used(s, 1)) ;
    check(used(c, 1)) ;
    check(whole(s, c, "", 0)) ;
  }
  else
  {
    pid_t pid = test_fork() ;
    if (!pid)
    {
      close(s) ;
      c = early(l, "hello", 5) ;
      check(ends(c)) ;
      check(used(c, 1)) ;
      test_exit() ;
    }
    check(keeps(fast(s, "hello", 5) == 5)) ;
    check(!slow->hold[1]) ;
    check(socket_connected(s)) ;
    check(used(s, 1)) ;
    close(s) ;
    check(test_fine(pid)) ;
  }
  check(slow->syn == 1 && slow->cookies == 1 && slow->syndata == 1) ;
  close(l) ;
}

static void a_stale_cookie_loses_no_data (void)
{
  int l = listens(16), s = client(), c ;
  cookie(l) ;
  check(!socket_fastopen_queue(l, 0)) ;
  check(keeps(fast(s, "hello", 5) == 5)) ;
  check(connects(s)) ;
  c = accepts(l) ;
  check(slow->syn == 1 && slow->syndata == 1) ;
  check(reads(c, "hello", 5)) ;
  check(used(s, 0)) ;
  check(used(c, 0)) ;
  check(whole(s, c, "", 0)) ;
  close(l) ;
}

/* a middlebox that eats SYNs with data: the kernel's next SYN is without */

static void a_SYN_that_is_eaten_loses_no_data (void)
{
  int l = listens(16), s = client(), c ;
  cookie(l) ;
  slow->dropdata = 1 ;
  check(keeps(fast(s, "hello", 5) == 5)) ;
  c = accepts(l) ;
  slow->dropdata = 0 ;
  check(slow->syn == 2 && slow->syndata == 1) ;
  check(reads(c, "hello", 5)) ;
  check(used(s, 0)) ;
  check(whole(s, c, "", 0)) ;
  close(l) ;
}

static void with_fast_open_off_it_is_an_ordinary_connect (void)
{
  int l = listens(16), s = client(), c ;
  if (FAST) cookie(l) ; else fresh() ;
  slow_clear() ;
  check(!tun_fastopen("2")) ;
  if (nb)
  {
    check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(connects(s)) ;
    check(!plain(s)) ;
    check(write(s, "hello", 5) == 5) ;
  }
  else check(keeps(fast(s, "hello", 5) == 5)) ;
  check(fails(fast(s, "again", 5), EISCONN)) ;
  check(!tun_fastopen("3")) ;
  c = accepts(l) ;
  check(slow->syn == 1 && !slow->asked && !slow->cookies && !slow->syndata) ;
  check(used(s, 0)) ;
  check(whole(s, c, "hello", 5)) ;
  close(l) ;
}


 /* Attempts that fail */

static void a_refusal_is_returned_or_found_by_connected (void)
{
  int l = listens(16), s = client() ;
  if (FAST) cookie(l) ; else fresh() ;
  close(l) ;
  if (nb)
  {
    if (FAST) check(keeps(fast(s, "hello", 5) == 5)) ;
    else check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(refused(s)) ;
  }
  else check(fails(fast(s, "hello", 5), ECONNREFUSED)) ;
  close(s) ;

  fresh() ;
  s = client() ;
  if (nb)
  {
    check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(refused(s)) ;
  }
  else check(fails(fast(s, "hello", 5), ECONNREFUSED)) ;
  close(s) ;
}

/* On loopback the refusal is there before the call returns: n is the answer all the same. */

static void a_refusal_on_loopback_returns_n_all_the_same (void)
{
  int l = six ? socket_tcp6() : socket_tcp4(), s ;
  char const *ip = six ? LOOPBACK6 : LOOPBACK4 ;
  memcpy(dst, ip, six ? 16 : 4) ;
  check(!(six ? socket_bind6(l, ip, 0, 0) || socket_local6(l, 0, &port, 0) : socket_bind4(l, ip, 0) || socket_local4(l, 0, &port))) ;
  check(!socket_fastopen(l) && !socket_listen(l, 16)) ;
  s = six ? socket_tcp6() : socket_tcp4() ;
  check(fails(fast(s, 0, 0), EINPROGRESS)) ;
  check(connects(s)) ;
  close(l) ;
  close(s) ;
  s = client() ;
  if (nb)
  {
    check(keeps(fast(s, "hello", 5) == 5)) ;
    check(refused(s)) ;
  }
  else check(fails(fast(s, "hello", 5), ECONNREFUSED)) ;
  close(s) ;
}

static void no_route_gives_ENETUNREACH (void)
{
  int s = client() ;
  memcpy(dst, six ? "\375\7\0\0\0\0\0\0\0\0\0\0\0\0\0\1" : "\12\7\0\1\0\0\0\0\0\0\0\0\0\0\0", 16) ;
  check(fails(fast(s, "hello", 5), ENETUNREACH)) ;
  close(s) ;
}

static void a_silent_peer_leaves_it_pending (void)
{
  int l = listens(16), s ;
  ssize_t r ;
  if (FAST)
  {
    cookie(l) ;
    slow->drop[0] = 1 ;
    s = client() ;
    if (!nb) timeout(s, 50) ;
    send_calls = 0 ;
    errno = 4242 ;
    r = fast(s, big, BIG) ;
    check(r >= 500 && r <= 1460 && errno == 4242) ;
    check(!send_calls) ;
    check((errno = 0, !socket_connected(s)) && errno == EINPROGRESS) ;
    close(s) ;
    s = client() ;
    if (!nb) timeout(s, 50) ;
    check(fails(fast(s, 0, 0), EINPROGRESS)) ;
    close(s) ;
  }
  fresh() ;
  slow->drop[0] = 1 ;
  s = client() ;
  if (!nb) timeout(s, 50) ;
  check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
  check((errno = 0, !socket_connected(s)) && errno == EINPROGRESS) ;
  slow->drop[0] = 0 ;
  close(s) ;
  close(l) ;
}

static void TCP_USER_TIMEOUT_gives_ETIMEDOUT (void)
{
  int l = listens(16), s = client() ;
  unsigned int ms = 100 ;
  if (FAST) cookie(l) ; else fresh() ;
  slow->drop[0] = 1 ;
  check(!setsockopt(s, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms)) ;
  check(fails(fast(s, "hello", 5), ETIMEDOUT)) ;
  slow->drop[0] = 0 ;
  close(s) ;
  close(l) ;
}


 /* How much: nothing, a lot */

static void speaks (int l)
{
  int c = accepts(l) ;
  check(state(c) == TCP_SYN_RECV) ;
  check(write(c, "220", 3) == 3) ;
  slow_hold(1, 0) ;
  check(ends(c)) ;
  check(used(c, 0)) ;
  close(c) ;
}

static void the_server_may_speak_before_the_handshake_ends (void)
{
  int l = listens(16), s = client() ;
  pid_t pid ;
  cookie(l) ;
  slow_hold(1, 1) ;
  pid = test_fork() ;
  if (!pid)
  {
    close(s) ;
    speaks(l) ;
    test_exit() ;
  }
  if (nb) check(fails(fast(s, 0, 0), EINPROGRESS)) ;  /* nothing is never "n bytes taken" */
  else check(keeps(fast(s, 0, 0) == 0)) ;
  check(reads(s, "220", 3)) ;
  check(used(s, 0)) ;
  check(slow->syn == 1 && slow->cookies == 1 && !slow->syndata) ;
  check(!shutdown(s, SHUT_WR)) ;
  check(test_fine(pid)) ;
  close(s) ;
  close(l) ;
}

/* SYN, ACK with the data: two packets, where three would do as well. The ACK waits 200 ms at most: a machine that takes longer has another try. */

static void without_a_cookie_the_data_carry_the_ACK (void)
{
  int l = listens(16) ;
  do
  {
    int s = client(), c ;
    fresh() ;
    slow_clear() ;
    slow_hold(1, held_back = 1) ;
    check(keeps(fast(s, "hello", 5) == 5)) ;
    c = accepts(l) ;
    check(reads(c, "hello", 5)) ;
    if (sent - came < 100000000) check(slow->packets[0] == 2) ;
    check(whole(s, c, "", 0)) ;
  }
  while (sent - came >= 100000000) ;
  close(l) ;
}

static void no_data_is_an_ordinary_connect (void)
{
  int l = listens(16), s = client(), c ;
  fresh() ;
  delayed_acks = 0 ;
  if (nb) check(fails(fast(s, 0, 0), EINPROGRESS)) ;
  else check(keeps(fast(s, 0, 0) == 0)) ;
  check(connects(s) && !delayed_acks) ;
  c = accepts(l) ;
  check(whole(s, c, "", 0)) ;
  close(l) ;
}

/* a non-blocking client sends the rest itself; twice, the second time with a cookie */

static void each_byte_of_large_data_arrives_once (void)
{
  int l = listens(16), s ;
  fresh() ;
  for (int i = 0 ; i <= FAST ; i++)
  {
    pid_t pid = test_fork() ;
    ssize_t n ;
    if (!pid) reader(l, BIG) ;
    slow_clear() ;
    s = client() ;
    errno = 4242 ;
    n = fast(s, big, BIG) ;
    if (!nb) check(n == BIG && errno == 4242) ;
    else
    {
      if (!i) check(n == -1 && errno == EINPROGRESS) ;
      else check(n >= 500 && n <= 1460 && errno == 4242) ;
      check(connects(s)) ;
      for (size_t w = n > 0 ? (size_t)n : 0 ; w < BIG ; w += (size_t)n)
      {
        if (!ready(s, POLLOUT) || (n = write(s, big + w, BIG - w)) == -1) break ;
      }
    }
    check(!shutdown(s, SHUT_WR)) ;
    check(test_fine(pid)) ;
    check(slow->syndata == i) ;
    check(used(s, i)) ;
    close(s) ;
  }
  close(l) ;
}


/* one byte that went with the SYN does not go again */

static void one_byte_that_went_with_the_SYN_does_not_go_again (void)
{
  int l = listens(16), s = client(), c ;
  if (FAST) cookie(l) ; else fresh() ;
  check(keeps(fast(s, "x", 1) == 1)) ;
  c = accepts(l) ;
  check(used(c, FAST)) ;
  check(whole(s, c, "x", 1)) ;
  close(l) ;
}


 /* Sockets that are not new */

static void a_second_call_gives_EINPROGRESS_then_EISCONN (void)
{
  int l = listens(16), s = client(), c ;
  if (FAST) cookie(l) ; else fresh() ;
  if (nb)
  {
    slow_hold(1, 1) ;
    if (FAST) check(keeps(fast(s, "hello", 5) == 5)) ;
    else check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(fails(fast(s, "again", 5), EINPROGRESS)) ;
    check(fails(fast(s, "again", 5), EINPROGRESS)) ;
    slow_hold(1, 0) ;
    check(connects(s)) ;
    check(!plain(s)) ;
    if (!FAST) check(write(s, "hello", 5) == 5) ;
  }
  else check(keeps(fast(s, "hello", 5) == 5)) ;
  check(fails(fast(s, "again", 5), EISCONN)) ;
  c = accepts(l) ;
  check(whole(s, c, "hello", 5)) ;
  close(l) ;
}

/* Pending, no byte taken; later the same call takes them, whether the connection is up before it or during it. */

static void a_pending_attempt_takes_the_data_later (void)
{
  for (size_t len = 0 ; len < 6 ; len += 5) for (int up = nb ; up < 2 ; up++)
  {
    int l = listens(16), s = client(), c ;
    fresh() ;
    slow_hold(1, 1) ;
    if (!nb) timeout(s, 50) ;
    check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
    if (!nb) timeout(s, 0) ;
    slow_hold(1, 0) ;
    if (up) check(ready(s, POLLOUT)) ;
    check(keeps(fast(s, "hello", len) == (ssize_t)len)) ;
    check(fails(fast(s, "hello", 5), EISCONN)) ;
    c = accepts(l) ;
    check(whole(s, c, "hello", len)) ;
    close(l) ;
  }
}

static void a_connected_socket_gives_EISCONN (void)
{
  int l = listens(16), s = client(), c ;
  fresh() ;
  if (nb)
  {
    check(fails(plain(s), EINPROGRESS)) ;
    check(connects(s)) ;
  }
  check(!plain(s)) ;
  check(fails(fast(s, "hello", 5), EISCONN)) ;
  check(fails(fast(s, 0, 0), EISCONN)) ;
  c = accepts(l) ;
  check(fails(fast(c, "hello", 5), EISCONN)) ;
  check(whole(s, c, "", 0)) ;
  check(fails(fast(l, "hello", 5), EISCONN)) ;
  close(l) ;
}

static void other_sockets_fail_and_send_nothing (void)
{
  struct sockaddr_in sa = { .sin_family = AF_INET } ;
  struct sockaddr_un un = { .sun_family = AF_UNIX } ;
  socklen_t len = sizeof sa ;
  int r = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0), pair[2] ;
  char x[5] ;
  memcpy(&sa.sin_addr, LOOPBACK4, 4) ;
  check(!bind(r, (struct sockaddr *)&sa, sizeof sa) && !getsockname(r, (struct sockaddr *)&sa, &len)) ;
  check(fails(socket_fastopen_connect4(s, LOOPBACK4, ntohs(sa.sin_port), "hello", 5), EPROTOTYPE)) ;
  check(fails(socket_fastopen_connect6(s, MAPPED6, ntohs(sa.sin_port), 0, "hello", 5), EPROTOTYPE)) ;
  check(fails(getpeername(s, (struct sockaddr *)&sa, &len), ENOTCONN)) ;
  check(fails(recv(r, x, 5, MSG_DONTWAIT), EAGAIN)) ;
  close(s) ;
  close(r) ;

  check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) ;
  check(socket_fastopen_connect4(pair[0], LOOPBACK4, 9, "hello", 5) == -1) ;
  check(socket_fastopen_connect6(pair[0], LOOPBACK6, 9, 0, "hello", 5) == -1) ;
  check(fails(recv(pair[1], x, 5, MSG_DONTWAIT), EAGAIN)) ;
  close(pair[0]) ;
  close(pair[1]) ;
  s = socket(AF_UNIX, SOCK_STREAM, 0) ;
  check(!bind(s, (struct sockaddr *)&un, sizeof un.sun_family) && !listen(s, 1)) ;
  check(socket_fastopen_connect4(s, LOOPBACK4, 9, "hello", 5) == -1) ;
  close(s) ;
  s = socket(AF_UNIX, SOCK_STREAM, 0) ;
  check(socket_fastopen_connect4(s, LOOPBACK4, 9, "hello", 5) == -1) ;
  check(socket_fastopen_connect6(s, LOOPBACK6, 9, 0, "hello", 5) == -1) ;
  close(s) ;
  s = socket(AF_UNIX, SOCK_DGRAM, 0) ;
  check(fails(socket_fastopen_connect4(s, LOOPBACK4, 9, "hello", 5), EPROTOTYPE)) ;
  close(s) ;

  check(fails(socket_fastopen_connect4(-1, LOOPBACK4, 9, "hello", 5), EBADF)) ;
  check(fails(socket_fastopen_connect6(-1, LOOPBACK6, 9, 0, "hello", 5), EBADF)) ;
  check(!pipe(pair)) ;
  check(fails(socket_fastopen_connect4(pair[1], LOOPBACK4, 9, "hello", 5), ENOTSOCK)) ;
  check(fails(socket_fastopen_connect6(pair[1], LOOPBACK6, 9, 0, "hello", 5), ENOTSOCK)) ;
  check(fcntl(pair[0], F_SETFL, O_NONBLOCK) != -1 && fails(read(pair[0], x, 5), EAGAIN)) ;
  close(pair[0]) ;
  close(pair[1]) ;
}


 /* The other family */

static void connect6_reaches_mapped_any_and_loopback (void)
{
  static char const *const to[3] = { MAPPED6, ANY6, LOOPBACK6 } ;
  int l, s, c ;
  ssize_t r ;
  for (int i = 0 ; i < 5 ; i++)  /* a mapped address on an IPv6 socket; mapped, any, loopback, null on an IPv4 one */
    for (int j = 0 ; j < 2 ; j++)
    {
      l = socket_tcp4() ;
      check(!socket_bind4(l, LOOPBACK4, 0) && !socket_listen(l, 16) && !socket_local4(l, 0, &port)) ;
      if (FAST) check(!socket_fastopen(l)) ;
      s = i ? j ? socket_tcp4() : socket_tcp4b() : j ? socket_tcp6() : socket_tcp6b() ;
      errno = 4242 ;
      r = socket_fastopen_connect6(s, i == 4 ? 0 : to[i ? i - 1 : 0], port, 0, "hello", 5) ;
      if (r == -1)
      {
        check(j && errno == EINPROGRESS) ;
        check(connects(s)) ;
        check(write(s, "hello", 5) == 5) ;
      }
      else check(r == 5 && errno == 4242) ;
      c = socket_accept4(l, 0, 0) ;
      check(whole(s, c, "hello", 5)) ;
      close(l) ;
    }
  l = socket_tcp4() ;
  check(!socket_bind4(l, LOOPBACK4, 0) && !socket_listen(l, 16) && !socket_local4(l, 0, &port)) ;
  s = socket_tcp6b() ;
  errno = EAFNOSUPPORT ;  /* of an earlier call */
  check(socket_fastopen_connect6(s, MAPPED6, port, 0, 0, 0) == 0 && errno == EAFNOSUPPORT) ;
  c = socket_accept4(l, 0, 0) ;
  check(whole(s, c, "", 0)) ;
  close(l) ;
}

static void the_wrong_family_gives_EAFNOSUPPORT (void)
{
  int s ;
  for (int i = 0 ; i < 2 ; i++)
  {
    s = i ? socket_tcp4() : socket_tcp4b() ;
    check(fails(socket_fastopen_connect6(s, "\375\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 9, 0, "hello", 5), EAFNOSUPPORT)) ;
    close(s) ;
    s = i ? socket_tcp6() : socket_tcp6b() ;
    check(socket_fastopen_connect4(s, LOOPBACK4, 9, "hello", 5) == -1 && (errno == EAFNOSUPPORT || errno == EINVAL)) ;
    close(s) ;
  }
}

static void a_link_local_address_needs_its_scope (void)
{
  static char const to[] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\2" ;
  uint32_t scope = if_nametoindex(TUN_DEVICE) ;
  int l, s, c ;
  NEED_IP6 ;
  six = 1 ;
  l = listens(16) ;
  s = socket_tcp6b() ;
  check(fails(socket_fastopen_connect6(s, to, port, 0, "hello", 5), EINVAL)) ;
  check(keeps(socket_fastopen_connect6(s, to, port, scope, "hello", 5) == 5)) ;
  c = accepts(l) ;
  check(whole(s, c, "hello", 5)) ;
  s = socket_tcp6() ;
  slow_clear() ;
  if (FAST)
  {
    check(keeps(socket_fastopen_connect6(s, to, port, scope, "hello", 5) == 5)) ;
    c = accepts(l) ;
    check(slow->syndata == 1) ;
    check(whole(s, c, "hello", 5)) ;
  }
  else close(s) ;
  close(l) ;
}


 /* Kernels that know less, and SIGPIPE */

static int volatile pipes ;

static void onpipe (int sig)
{
  (void)sig ;
  pipes++ ;
}

static void old_kernels_fall_back_without_SIGPIPE (void)
{
  static int const errors[] = { ENOTCONN, EINVAL, ENOSYS, EPERM, EPIPE, EOPNOTSUPP, 0 } ;
  int l, s, c ;
  signal(SIGPIPE, &onpipe) ;
  pipes = 0 ;
  for (size_t i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    l = listens(16) ;
    if (FAST) cookie(l) ; else fresh() ;
    s = client() ;
    sendto_error = errors[i] ;
    sendto_ignores = !errors[i] ;  /* the last: a kernel for which this is any send */
    sendto_calls = 0 ;
    if (nb)
    {
      check(fails(fast(s, "hello", 5), EINPROGRESS)) ;
      sendto_error = sendto_ignores = 0 ;
      check(connects(s)) ;
      check(write(s, "hello", 5) == 5) ;
    }
    else check(keeps(fast(s, "hello", 5) == 5)) ;
    check(sendto_calls == FAST) ;
    sendto_error = sendto_ignores = 0 ;
    c = accepts(l) ;
    check(!slow->syndata) ;
    check(whole(s, c, "hello", 5)) ;
    close(l) ;
  }
  check(!pipes) ;
  signal(SIGPIPE, SIG_IGN) ;
}

static void ENOBUFS_does_not_fall_back (void)
{
  int l = listens(16), s = client() ;
  fresh() ;
  slow_clear() ;
  sendto_error = ENOBUFS ;
  check(fails(fast(s, "hello", 5), ENOBUFS)) ;
  sendto_error = 0 ;
  check((errno = 0, !socket_connected(s)) && errno == ENOTCONN) ;
  check(!slow->syn) ;
  close(s) ;
  close(l) ;
}

/* what send may say after the connection is up: without a byte, and with some */

static void a_send_that_fails_counts_what_has_gone (void)
{
  static struct { int error ; ssize_t none, some ; } const t[] =
    { { EINTR, 5, BIG }, { EAGAIN, 0, -2 }, { ECONNRESET, -1, -2 }, { EPIPE, -1, -2 } } ;
  ssize_t r ;
  int l, s ;
  for (size_t i = 0 ; i < sizeof t / sizeof *t ; i++)
  {
    l = listens(16) ;
    fresh() ;
    s = client() ;
    timeout(s, 60000) ;  /* a signal does not end it before */
    send_error = t[i].error ;
    errno = 4242 ;
    check(fast(s, "hello", 5) == t[i].none) ;
    check(errno == (t[i].none == -1 ? t[i].error : 4242)) ;
    check(!send_error) ;
    close(s) ;
    if (FAST)
    {
      pid_t pid ;
      cookie(l) ;
      close(accepts(l)) ;
      s = client() ;
      pid = test_fork() ;
      if (!pid)
      {
        int c = accepts(l) ;
        close(s) ;
        while (ready(c, POLLIN) && (r = read(c, big, BIG)) > 0) ;
        test_exit() ;
      }
      send_error = t[i].error ;
      errno = 4242 ;
      r = fast(s, big, BIG) ;
      check(errno == 4242) ;
      check(t[i].some == -2 ? r >= 500 && r <= 1460 : r == t[i].some) ;
      check(!send_error) ;
      close(s) ;
      check(test_fine(pid)) ;
    }
    close(l) ;
  }
}

/* SO_SNDTIMEO begins anew when a byte has gone; run out with none gone, it is no error: the connection is up */

static void SO_SNDTIMEO_begins_anew_with_each_byte (void)
{
  static struct { char const *script ; size_t n ; } const t[] = { { "i1w", 5 }, { "iw", 0 } } ;
  for (int i = 0 ; i < 2 ; i++)
  {
    int l = listens(16), s = client(), c ;
    fresh() ;
    send_script = t[i].script ;
    check(keeps(fast(s, "hello", 5) == (ssize_t)t[i].n)) ;
    check(!*send_script) ;
    c = accepts(l) ;
    check(whole(s, c, "hello", t[i].n)) ;
    close(l) ;
  }
}

/* the peer ends its side, then breaks the connection, while send has some bytes and waits to get rid of more */

static void a_broken_connection_counts_what_has_gone_without_SIGPIPE (void)
{
  int l = listens(16), s, size = 4096, error ;
  socklen_t len = sizeof error ;
  ssize_t r ;
  pid_t pid ;
  fresh() ;
  check(!setsockopt(l, SOL_SOCKET, SO_RCVBUF, &size, sizeof size)) ;
  signal(SIGPIPE, &onpipe) ;
  pipes = 0 ;
  s = client() ;
  check(!setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size)) ;
  pid = test_fork() ;
  if (!pid)
  {
    int c = accepts(l), n = -1, before ;
    close(s) ;
    do  /* until nothing comes any more: the window is full */
    {
      before = n ;
      poll(0, 0, 20) ;
      check(!ioctl(c, FIONREAD, &n)) ;
    } while (n <= 0 || n != before) ;
    check(!shutdown(c, SHUT_WR)) ;
    close(c) ;
    test_exit() ;
  }
  r = fast(s, big, BIG) ;
  check(r > 0 && r < BIG) ;
  check(!pipes) ;
  check(!getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) && !error) ;  /* it is lost */
  check(fails(write(s, "x", 1), EPIPE) && pipes == 1) ;
  check(test_fine(pid)) ;
  signal(SIGPIPE, SIG_IGN) ;
  close(s) ;
  close(l) ;
}


 /* The client's connect that waits for the first write */

static void a_deferred_SYN_waits_for_the_first_write (void)
{
  int l = listens(16), s, c ;
  cookie(l) ;
  slow_hold(1, 1) ;
  s = client() ;
  check(keeps(!socket_fastopen_defer(s))) ;
  check(keeps(!plain(s))) ;
  check(fails(plain(s), EISCONN)) ;
  check(ready(s, POLLOUT)) ;
  for (int i = 0 ; i < 3 ; i++) check(!socket_connected(s)) ;
  check(!slow->syn) ;
  check(write(s, "hello", 5) == 5) ;
  check((errno = 0, !socket_connected(s)) && errno == EINPROGRESS) ;
  c = early(l, "hello", 5) ;
  check(connects(s)) ;
  check(used(s, 1)) ;
  check(slow->syn == 1 && slow->syndata == 1) ;
  check(whole(s, c, "", 0)) ;

  fresh() ;  /* no cookie: nothing to wait for */
  s = client() ;
  check(!socket_fastopen_defer(s)) ;
  check(fails(plain(s), EINPROGRESS)) ;
  check(connects(s)) ;
  check(used(s, 0)) ;
  c = accepts(l) ;
  check(whole(s, c, "", 0)) ;

  check(!tun_fastopen("2")) ;
  s = client() ;
  check(fails(socket_fastopen_defer(s), EOPNOTSUPP)) ;
  check(fails(plain(s), EINPROGRESS)) ;
  check(!tun_fastopen("3")) ;
  check(connects(s)) ;
  c = accepts(l) ;
  check(fails(socket_fastopen_defer(s), EINVAL)) ;
  check(whole(s, c, "", 0)) ;
  check(fails(socket_fastopen_defer(l), EINVAL)) ;
  close(l) ;
  check(fails(socket_fastopen_defer(-1), EBADF)) ;
  s = socket(AF_INET, SOCK_DGRAM, 0) ;
  check(socket_fastopen_defer(s) == -1) ;
  close(s) ;
}

static void used_is_0_or_fails_where_nothing_was_sent (void)
{
  int s = client(), l = listens(16), pair[2] ;
  check(used(s, 0)) ;
  check(used(l, 0)) ;
  close(s) ;
  close(l) ;
  s = socket(AF_INET, SOCK_DGRAM, 0) ;
  check(socket_fastopen_used(s) == -1) ;
  close(s) ;
  check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) ;
  check(socket_fastopen_used(pair[0]) == -1) ;
  close(pair[0]) ;
  close(pair[1]) ;
  check(socket_fastopen_used(-1) == -1 && errno == (FAST ? EBADF : ENOSYS)) ;
}


 /* Acknowledgements */

static void quickack_sets_and_clears_the_option (void)
{
  int l = listens(0), s = client(), c ;
  char byte ;
  fresh() ;
  if (plain(s) == -1) check(connects(s)) ;
  c = accepts(l) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    check(keeps(!socket_quickack(s, 0))) ;
    check(option(s, IPPROTO_TCP, TCP_QUICKACK) == 0) ;
    check(write(c, "x", 1) == 1 && test_ready(s, POLLIN)) ;  /* with an acknowledgement owed, the kernel takes 2 for once only */
    check(keeps(!socket_quickack(s, i ? 1 : 2))) ;
    check(option(s, IPPROTO_TCP, TCP_QUICKACK) == 1) ;
    check(read(s, &byte, 1) == 1) ;
  }
  check(whole(s, c, "", 0)) ;
  close(l) ;
  check(fails(socket_quickack(-1, 1), EBADF)) ;
}


 /* Without any of it */

static void without_fast_open_each_function_gives_ENOSYS (void)
{
  int s = client() ;
  check(fails(socket_fastopen_defer(s), ENOSYS)) ;
  check(fails(socket_fastopen_used(s), ENOSYS)) ;
  check(fails(socket_quickack(s, 1), ENOSYS)) ;
  close(s) ;
}

int main (void)
{
  for (size_t i = 0 ; i < BIG ; i++) big[i] = (char)(i * 7 ^ i >> 8) ;
  signal(SIGPIPE, SIG_IGN) ;
  slow_start() ;
  RUN_ON(ALL, a_first_contact_asks_for_a_cookie) ;
  RUN_ON(ALL, with_fast_open_off_it_is_an_ordinary_connect) ;
  RUN_ON(ALL, a_refusal_is_returned_or_found_by_connected) ;
  RUN_ON(ALL, no_route_gives_ENETUNREACH) ;
  RUN_ON(ALL, a_silent_peer_leaves_it_pending) ;
  RUN_ON(BLOCKING, TCP_USER_TIMEOUT_gives_ETIMEDOUT) ;
  RUN_ON(ALL, no_data_is_an_ordinary_connect) ;
  RUN_ON(ALL, each_byte_of_large_data_arrives_once) ;
  RUN_ON(BLOCKING, one_byte_that_went_with_the_SYN_does_not_go_again) ;
  RUN_ON(ALL, a_second_call_gives_EINPROGRESS_then_EISCONN) ;
  RUN_ON(ALL, a_pending_attempt_takes_the_data_later) ;
  RUN_ON(ALL, a_connected_socket_gives_EISCONN) ;
  RUN_ON(BLOCKING4, other_sockets_fail_and_send_nothing) ;
  RUN_ON(BLOCKING6, connect6_reaches_mapped_any_and_loopback) ;
  RUN_ON(BLOCKING6, the_wrong_family_gives_EAFNOSUPPORT) ;
  RUN_ON(BLOCKING6, a_link_local_address_needs_its_scope) ;
  RUN_ON(ALL, old_kernels_fall_back_without_SIGPIPE) ;
  RUN_ON(BLOCKING, a_send_that_fails_counts_what_has_gone) ;
  RUN_ON(BLOCKING, SO_SNDTIMEO_begins_anew_with_each_byte) ;
  RUN_ON(BLOCKING, a_broken_connection_counts_what_has_gone_without_SIGPIPE) ;
  RUN_ON(NONBLOCKING, used_is_0_or_fails_where_nothing_was_sent) ;
  if (FAST)
  {
    RUN_ON(BLOCKING, without_a_cookie_the_data_carry_the_ACK) ;
    RUN_ON(ALL, data_rides_on_the_SYN_with_a_cookie) ;
    RUN_ON(ALL, a_stale_cookie_loses_no_data) ;
    RUN_ON(NONBLOCKING4 | BLOCKING6, a_SYN_that_is_eaten_loses_no_data) ;
    RUN_ON(ALL, a_refusal_on_loopback_returns_n_all_the_same) ;
    RUN_ON(ALL, the_server_may_speak_before_the_handshake_ends) ;
    RUN_ON(ALL, ENOBUFS_does_not_fall_back) ;
    RUN_ON(NONBLOCKING, a_deferred_SYN_waits_for_the_first_write) ;
    RUN_ON(NONBLOCKING, quickack_sets_and_clears_the_option) ;
  }
  else RUN_ON(NONBLOCKING, without_fast_open_each_function_gives_ENOSYS) ;
  slow_end() ;
  return test_end() ;
}
