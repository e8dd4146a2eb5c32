/* ISC license. */

/* socket_fastopen socket_fastopen_queue socket_fastopen_key socket_deferaccept */

#include "fastopen.h"

#include <limits.h>

/* a client with a cookie for dst: does its data reach the server with the SYN? */

static int rides (int l)
{
  int s, c, r, was = nb ;
  nb = 1 ;
  s = client() ;
  nb = was ;
  slow_clear() ;
  check(fast(s, "hello", 5) == 5) ;
  check(connects(s)) ;
  check(slow->syndata == 1) ;
  c = accepts(l) ;
  check(reads(c, "hello", 5)) ;
  r = socket_fastopen_used(s) ;
  check(r == socket_fastopen_used(c)) ;
  check(whole(s, c, "", 0)) ;
  return r ;
}

static void the_queue_is_on_off_or_bounded (void)
{
  int l = listens(0), s, t, c ;
  check(option(l, IPPROTO_TCP, TCP_FASTOPEN) == 0) ;
  check(keeps(!socket_fastopen(l))) ;
  check(option(l, IPPROTO_TCP, TCP_FASTOPEN) == 256) ;
  cookie(l) ;
  check(rides(l) == 1) ;
  check(keeps(!socket_fastopen_queue(l, UINT_MAX))) ;
  check(option(l, IPPROTO_TCP, TCP_FASTOPEN) >= 256) ;
  check(rides(l) == 1) ;
  check(keeps(!socket_fastopen_queue(l, (unsigned int)INT_MAX + 1))) ;
  check(option(l, IPPROTO_TCP, TCP_FASTOPEN) >= 256) ;
  check(keeps(!socket_fastopen_queue(l, 0))) ;
  check(option(l, IPPROTO_TCP, TCP_FASTOPEN) == 0) ;
  check(rides(l) == 0) ;

  /* one handshake may be open at a time: the other client's data comes later */
  check(keeps(!socket_fastopen_queue(l, 1))) ;
  check(rides(l) == 1) ;
  slow_hold(1, 1) ;
  s = client() ;
  t = client() ;
  check(fast(s, "hello", 5) == 5) ;
  c = accepts(l) ;
  check(used(c, 1)) ;
  check(fast(t, "later", 5) == 5) ;
  slow_hold(1, 0) ;
  check(connects(s) && used(s, 1)) ;
  check(connects(t)) ;
  check(whole(s, c, "hello", 5)) ;
  c = accepts(l) ;
  check(reads(c, "later", 5)) ;
  check(used(t, 0)) ;
  check(fails(socket_fastopen(t), EINVAL)) ;
  check(whole(t, c, "", 0)) ;
  close(l) ;

  s = client() ;  /* before listen, and not on what is no listener */
  check(keeps(!socket_fastopen(s))) ;
  check(option(s, IPPROTO_TCP, TCP_FASTOPEN) == 256) ;
  close(s) ;
  check(fails(socket_fastopen(-1), EBADF)) ;
  check(fails(socket_fastopen_queue(-1, 5), EBADF)) ;
  s = socket(AF_INET, SOCK_DGRAM, 0) ;
  check(socket_fastopen(s) == -1 && socket_fastopen_queue(s, 5) == -1) ;
  close(s) ;
}

static void a_key_makes_its_cookies_good_elsewhere (void)
{
  static char const wrong[64], one[17] = "0123456789abcdef", two[17] = "fedcba9876543210", both[33] = "fedcba98765432100123456789abcdef" ;
  static size_t const lens[] = { 0, 1, 15, 17, 31, 33, 64, (size_t)-1 } ;
  int a = listens(16), b ;
  uint16_t pa = port ;
  for (size_t i = 0 ; i < sizeof lens / sizeof *lens ; i++) check(fails(socket_fastopen_key(a, wrong, lens[i]), EINVAL)) ;
#if SIZE_MAX > 0xffffffff
  check(fails(socket_fastopen_key(a, wrong, (size_t)1 << 32 | 16), EINVAL)) ;
#endif
  check(fails(socket_fastopen_key(-1, one, 16), EBADF)) ;
  b = listens(16) ;
  check(keeps(!socket_fastopen_key(a, one, 16))) ;
  check(keeps(!socket_fastopen_key(b, one, 16))) ;
  port = pa ;
  cookie(a) ;
  check(rides(a) == 1) ;
  check(!socket_local6(b, 0, &port, 0)) ;
  check(rides(b) == 1) ;                              /* the same key: a's cookie is b's */
  check(keeps(!socket_fastopen_key(b, both, 32))) ;
  check(rides(b) == 1) ;                              /* its predecessor's still is */
  check(!socket_fastopen_key(a, one, 16)) ;
  port = pa ;
  cookie(a) ;
  check(!socket_local6(b, 0, &port, 0)) ;
  check(!socket_fastopen_key(b, two, 16)) ;
  check(rides(b) == 0) ;                              /* another key's is not */
  close(a) ;
  close(b) ;
}

/* The handshake is not complete, the data of the SYN is unread. The page has the drain. */

static void a_server_that_answers_without_reading_drains (void)
{
  int l = listens(16) ;
  cookie(l) ;
  for (int drained = 0 ; drained < 2 ; drained++)
  {
    int s = client(), c ;
    slow_hold(1, 1) ;
    check(fast(s, "hello", 5) == 5) ;
    c = accepts(l) ;
    check(write(c, "answer", 6) == 6) ;
    if (drained) check(!shutdown(c, SHUT_WR)) ;
    else close(c) ;  /* resets */
    slow_hold(1, 0) ;
    if (drained) check(connects(s) && reads(s, "answer", 6) && ends(s)) ;
    else check(ready(s, 0) && socket_connected(s) == 0 && errno == ECONNRESET) ;
    close(s) ;
    if (!drained) continue ;
    check(reads(c, "hello", 5) && ends(c)) ;
    close(c) ;
  }
  close(l) ;
}

static void deferaccept_waits_for_data (void)
{
  for (int i = 0 ; i < 3 ; i++)  /* the last: without, to see that the connection has arrived by then */
  {
    int l = listens(0), s = client(), c ;
    struct pollfd x = { .fd = l, .events = POLLIN } ;
    fresh() ;
    if (i < 2) check(keeps(!socket_deferaccept(l, i ? HTTPIN : DATAIN)) && option(l, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 1) ;
    if (plain(s) == -1) check(connects(s)) ;
    check(poll(&x, 1, i < 2 ? 100 : 10000) == (i == 2)) ;
    check(write(s, "hello", 5) == 5) ;
    c = accepts(l) ;
    check(whole(s, c, "hello", 5)) ;
    close(l) ;
  }
  check(fails(socket_deferaccept(-1, DATAIN), EBADF)) ;
}

static void without_fast_open_each_function_gives_ENOSYS (void)
{
  int s = client() ;
  check(fails(socket_fastopen(s), ENOSYS)) ;
  check(fails(socket_fastopen_queue(s, 5), ENOSYS)) ;
  check(fails(socket_fastopen_key(s, "0123456789abcdef", 16), ENOSYS)) ;
  check(fails(socket_deferaccept(s, DATAIN), ENOSYS)) ;
  close(s) ;
}

int main (void)
{
  signal(SIGPIPE, SIG_IGN) ;
  slow_start() ;
  if (FAST)
  {
    RUN_ON(NONBLOCKING, the_queue_is_on_off_or_bounded) ;
    RUN_ON(NONBLOCKING, a_key_makes_its_cookies_good_elsewhere) ;
    RUN_ON(NONBLOCKING, a_server_that_answers_without_reading_drains) ;
    RUN_ON(NONBLOCKING, deferaccept_waits_for_data) ;
  }
  else RUN_ON(NONBLOCKING, without_fast_open_each_function_gives_ENOSYS) ;
  slow_end() ;
  return test_end() ;
}
