/* ISC license. */

/* Every function that makes system calls, but for the connector's: see faults.h and connector_faults.c. */

#include "faults.h"

#include <limits.h>

/* Create */

static situation const creations[] =
{
  { .name = "tcp4", .call = &socket_tcp4, .yes = NEWFD },
  { .name = "tcp4b", .call = &socket_tcp4b, .yes = NEWFD },
  { .name = "tcp4_nbcoe", .call = &socket_tcp4_nbcoe, .yes = NEWFD },
  { .name = "tcp6", .call = &socket_tcp6, .yes = NEWFD },
  { .name = "tcp6b", .call = &socket_tcp6b, .yes = NEWFD },
  { .name = "tcp6_nbcoe", .call = &socket_tcp6_nbcoe, .yes = NEWFD }
} ;

static void each_call_of_tcp_creation_may_fail (void)
{
  for (int h = 0 ; h < 4 ; h++)
  {
    host(h & 1, 0, h >> 1) ;
    EACH(creations) ;
  }
  host(0, 0, 0) ;
}

/* What the host has not is as good as a fault. */

static void absent (situation const *f, int error)
{
  k.closed = 0 ;
  check(fails((*f->call)(), error)) ;
  tell(f->name, CALL_socket, error, error) ;
}

static void a_family_that_is_absent_gives_EAFNOSUPPORT (void)
{
  for (int h = 0 ; h < 2 ; h++)
  {
    host(1, 1, h) ;
    for (int i = 0 ; i < 6 ; i++) absent(creations + i, EAFNOSUPPORT) ;
  }
  host(0, 0, 2) ;
  for (int i = 0 ; i < 6 ; i++) check(fails((*creations[i].call)(), EINVAL)) ;
  host(1, 0, 0) ;
  for (int i = 3 ; i < 6 ; i++) last(creations + i, EAFNOSUPPORT) ;
  host(0, 1, 0) ;
  for (int i = 0 ; i < 3 ; i++) absent(creations + i, EAFNOSUPPORT) ;
  for (int i = 3 ; i < 6 && !no6 ; i++) attempt(creations + i, 0, 0, SAME) ;
  host(0, 0, 0) ;
  NEED_IP6 ;
}

/* Old kernels and hosts without IPv6: the promised flags on the family that there is */

static void sockets_have_their_flags_on_any_host (void)
{
  for (int h = 0 ; h < 4 ; h++)
  {
    host(h & 1, 0, h >> 1) ;
    for (int i = 0 ; i < 6 ; i++)
    {
      int fd ;
      check(keeps((fd = (*creations[i].call)()) >= 0)) ;
      made(fd, i < 3 || no6 ? AF_INET : AF_INET6, SOCK_STREAM, i % 3 != 1, i % 3 == 2) ;
      check(i < 3 || no6 || dual_stack(fd)) ;
      close(fd) ;
    }
  }
  host(0, 0, 0) ;
}

/* Bind */

#define CALL(name, expression) static int name (void) { return expression ; }

static void open4 (void) { s = socket_tcp4() ; }
static void open4b (void) { s = socket_tcp4b() ; }
static void open6 (void) { s = socket_tcp6() ; }
static void open6b (void) { s = socket_tcp6b() ; }

CALL(bind4, socket_bind4(s, LOOPBACK4, 0))
CALL(bind4_null, socket_bind4(s, 0, 0))
CALL(bind4_reuse, socket_bind4_reuse(s, LOOPBACK4, 0))
CALL(bind6, socket_bind6(s, LOOPBACK6, 0, 0))
CALL(bind6_null, socket_bind6(s, 0, 0, 0))
CALL(bind6_any, socket_bind6(s, ANY6, 0, 0))
CALL(bind6_mapped, socket_bind6(s, MAPPED6, 0, 0))
CALL(bind6_reuse, socket_bind6_reuse(s, LOOPBACK6, 0, 0))
CALL(bind6_reuse_null, socket_bind6_reuse(s, 0, 0, 0))
CALL(bind6_reuse_mapped, socket_bind6_reuse(s, MAPPED6, 0, 0))

CALL(bind4_noport, socket_bind4_noport(s, LOOPBACK4))
CALL(bind6_noport, socket_bind6_noport(s, LOOPBACK6, 0))
CALL(bind6_noport_mapped, socket_bind6_noport(s, MAPPED6, 0))

static situation const binds4[] =
{
  { .name = "bind4", .open = &open4, .call = &bind4 },
  { .name = "bind4 null", .open = &open4b, .call = &bind4_null },
  { .name = "bind4_reuse", .open = &open4, .call = &bind4_reuse },
  { .name = "bind4_noport", .open = &open4, .call = &bind4_noport }
} ;

static situation const binds6[] =
{
  { .name = "bind6", .open = &open6, .call = &bind6 },
  { .name = "bind6 null", .open = &open6b, .call = &bind6_null },
  { .name = "bind6 any", .open = &open6, .call = &bind6_any },
  { .name = "bind6 mapped", .open = &open6, .call = &bind6_mapped },
  { .name = "bind6_reuse", .open = &open6, .call = &bind6_reuse },
  { .name = "bind6_reuse null", .open = &open6b, .call = &bind6_reuse_null },
  { .name = "bind6_reuse mapped", .open = &open6, .call = &bind6_reuse_mapped },
  { .name = "bind6_noport", .open = &open6, .call = &bind6_noport },
  { .name = "bind6_noport mapped", .open = &open6b, .call = &bind6_noport_mapped }
} ;

static void each_call_of_bind_may_fail (void)
{
  EACH(binds4) ;
  EACH(binds6) ;
  for (int i = 0 ; i < 4 ; i++) last(binds4 + i, EAFNOSUPPORT) ;
  host(1, 0, 0) ;
  EACH(binds6) ;
  for (int i = 0 ; i < 9 ; i++) last(binds6 + i, EAFNOSUPPORT) ;
  host(0, 0, 0) ;
}

#ifndef LIBSOCKET_PORTABLE
static void noport_binds_a_port_where_the_option_is_absent (void)
{
  static situation const *const f[] = { binds4 + 3, binds6 + 7, binds6 + 8 } ;
  for (int i = 0 ; i < 3 ; i++)
  {
    int error ;
    check(!run(f[i], 0, ENOPROTOOPT, &error) && error == SAME) ;
    check(!socket_local6(s, 0, &port, 0) && port) ;
    shut() ;
  }
}
#endif

/* Serve */

static void serve (int domain, char const *to)
{
  l = domain == AF_INET ? socket_tcp4b() : socket_tcp6b() ;
  c = domain == AF_INET ? socket_tcp4b() : socket_tcp6b() ;
  if (domain == AF_INET)
  {
    check(!socket_bind4(l, to, 0) && !socket_listen(l, 4) && !socket_local4(l, 0, &lport)) ;
    check(!socket_connect4(c, to, lport)) ;
  }
  else
  {
    check(!socket_bind6(l, to, 0, 0) && !socket_listen(l, 4) && !socket_local6(l, 0, &lport, 0)) ;
    check(!socket_connect6(c, to, lport, 0)) ;
  }
}

static void serve4 (void) { serve(AF_INET, LOOPBACK4) ; }
static void serve6 (void) { serve(AF_INET6, LOOPBACK6) ; }
static void serve_mapped (void) { serve(AF_INET6, MAPPED6) ; }

static void serve_unix (void)
{
  struct sockaddr_storage sa = { .ss_family = AF_UNIX } ;
  socklen_t len = sizeof sa ;
  l = socket(AF_UNIX, SOCK_STREAM, 0) ;
  c = socket(AF_UNIX, SOCK_STREAM, 0) ;
  check(!bind(l, (struct sockaddr *)&sa, sizeof sa.ss_family) && !listen(l, 1)) ;
  check(!getsockname(l, (struct sockaddr *)&sa, &len) && !connect(c, (struct sockaddr *)&sa, len)) ;
}

CALL(listening, socket_listen(s, 5))
CALL(accepting4, socket_accept4(l, ip, &port))
CALL(accepting4_nbcoe, socket_accept4_nbcoe(l, ip, &port))
CALL(accepting6, socket_accept6(l, ip, &port, &scope))
CALL(accepting6_nbcoe, socket_accept6_nbcoe(l, ip, &port, &scope))

static situation const listens[] =
{
  { .name = "listen IPv4", .open = &open4, .call = &listening },
  { .name = "listen IPv6", .open = &open6, .call = &listening }
} ;

static situation const accepts[] =
{
  { .name = "accept4", .open = &serve4, .call = &accepting4, .yes = NEWFD },
  { .name = "accept4_nbcoe", .open = &serve4, .call = &accepting4_nbcoe, .yes = NEWFD },
  { .name = "accept6 IPv4", .open = &serve4, .call = &accepting6, .yes = NEWFD },
  { .name = "accept6_nbcoe IPv4", .open = &serve4, .call = &accepting6_nbcoe, .yes = NEWFD },
  { .name = "accept4 mapped", .open = &serve_mapped, .call = &accepting4, .yes = NEWFD },
  { .name = "accept4_nbcoe mapped", .open = &serve_mapped, .call = &accepting4_nbcoe, .yes = NEWFD },
  { .name = "accept6", .open = &serve6, .call = &accepting6, .yes = NEWFD },
  { .name = "accept6_nbcoe", .open = &serve6, .call = &accepting6_nbcoe, .yes = NEWFD },
} ;

/* What cannot be told is not accepted: an IPv6 peer by an IPv4 function, another family, no address. */

static situation const refusals[] =
{
  { .name = "accept4 IPv6", .open = &serve6, .call = &accepting4, .yes = NEWFD, .error = EAFNOSUPPORT, .native = 1 },
  { .name = "accept4_nbcoe IPv6", .open = &serve6, .call = &accepting4_nbcoe, .yes = NEWFD, .error = EAFNOSUPPORT, .native = 1 },
  { .name = "accept4 UNIX", .open = &serve_unix, .call = &accepting4, .yes = NEWFD, .error = EAFNOSUPPORT },
  { .name = "accept4_nbcoe UNIX", .open = &serve_unix, .call = &accepting4_nbcoe, .yes = NEWFD, .error = EAFNOSUPPORT },
  { .name = "accept6 UNIX", .open = &serve_unix, .call = &accepting6, .yes = NEWFD, .error = EAFNOSUPPORT },
  { .name = "accept6_nbcoe UNIX", .open = &serve_unix, .call = &accepting6_nbcoe, .yes = NEWFD, .error = EAFNOSUPPORT }
} ;

static void each_call_of_listen_and_accept_may_fail (void)
{
  EACH(listens) ;
  for (int h = 0 ; h < 2 ; h++)
  {
    host(0, 0, h) ;
    EACH(accepts) ;
    for (int i = 0 ; i < 6 ; i++) attempt(refusals + i, 0, 0, SAME) ;
  }
  host(1, 0, 0) ;
  EACH(accepts) ;
  host(0, 0, 0) ;
}

static void accept_gives_ENOSYS_where_there_is_none (void)
{
  noaccept = 1 ;
  serve4() ;
  for (int i = 0 ; i < 4 ; i++)
  {
    preset() ;
    check(fails((*accepts[i].call)(), ENOSYS)) ;
    check(untouched()) ;
  }
  noaccept = 0 ;
  shut() ;
}

/* An earlier call has left its address on the stack. */

static void __attribute__ ((noinline)) dirty (void)
{
  sa_family_t volatile x[4096] ;
  for (size_t i = 0 ; i < sizeof x / sizeof *x ; i++) x[i] = AF_INET ;
}

static void a_peer_without_an_address_is_not_accepted (void)
{
  nopeer = 1 ;
  for (int h = 0 ; h < 2 ; h++)
  {
    host(0, 0, h) ;
    for (int i = 0 ; i < 8 ; i++)
    {
      (*accepts[i].open)() ;
      preset() ;
      dirty() ;
      check(fails((*accepts[i].call)(), EAFNOSUPPORT)) ;
      check(untouched()) ;
      shut() ;
    }
  }
  host(0, 0, 0) ;
  nopeer = 0 ;
}

static void accepted_sockets_have_their_flags_on_any_host (void)
{
  for (int h = 0 ; h < 4 ; h++)
  {
    host(h & 1, 0, h >> 1) ;
    for (int i = 0 ; i < 8 ; i++)
    {
      int fd ;
      (*accepts[i].open)() ;
      check(fcntl(l, F_SETFL, O_NONBLOCK) == 0) ;  /* not the listener's */
      check(test_ready(l, POLLIN)) ;
      check(keeps((fd = (*accepts[i].call)()) >= 0)) ;
      made(fd, i < 4 || no6 ? AF_INET : AF_INET6, SOCK_STREAM, i & 1, i & 1) ;
      close(fd) ;
      shut() ;
    }
  }
  host(0, 0, 0) ;
}

/* Descriptor 0 is as good as any, whatever errno was before. */

static void descriptor_0_is_a_socket_like_any_other (void)
{
  int in = dup(0), null ;
  close(0) ;
  for (int h = 0 ; h < 2 ; h++)
  {
    host(0, 0, h) ;
    for (int i = 0 ; i < 6 ; i++)
    {
      k.n = 0 ;
      k.on = 1 ;
      errno = EINVAL ;
      check((*creations[i].call)() == 0 && errno == EINVAL) ;
      k.on = 0 ;
      check(i < 3 || no6 || k.calls[k.n - 1] == CALL_v6only) ;
      made(0, i < 3 || no6 ? AF_INET : AF_INET6, SOCK_STREAM, i % 3 != 1, i % 3 == 2) ;
      close(0) ;
    }
    for (int i = 0 ; i < 8 ; i++)
    {
      null = open("/dev/null", O_RDONLY) ;
      (*accepts[i].open)() ;
      check(fcntl(l, F_SETFL, O_NONBLOCK) == 0 && test_ready(l, POLLIN)) ;
      close(null) ;
      preset() ;
      errno = ENOSYS ;
      check((*accepts[i].call)() == 0 && errno == ENOSYS) ;
      check(port != 54321) ;
      made(0, i < 4 || no6 ? AF_INET : AF_INET6, SOCK_STREAM, i & 1, i & 1) ;
      close(0) ;
      shut() ;
    }
    for (int i = 0 ; i < 6 ; i++)
    {
      null = open("/dev/null", O_RDONLY) ;
      if (no6 && refusals[i].native) { close(null) ; continue ; }
      (*refusals[i].open)() ;
      close(null) ;
      check(fails((*refusals[i].call)(), EAFNOSUPPORT)) ;
      shut() ;
    }
  }
  host(0, 0, 0) ;
  if (in >= 0) dup2(in, 0) ;
  close(in) ;
}

static void a_backlog_is_at_most_INT_MAX (void)
{
  static unsigned int const asked[] = { 0, 1, 5, INT_MAX, (unsigned int)INT_MAX + 1, UINT_MAX } ;
  static int const given[] = { 0, 1, 5, INT_MAX, INT_MAX, INT_MAX } ;
  for (int i = 0 ; i < 6 ; i++)
  {
    s = socket_tcp4() ;
    check(keeps(!socket_listen(s, asked[i]))) ;
    check(k.backlog == given[i]) ;
    shut() ;
  }
}

/* Connect */

static void call (int domain, int nonblocking, char const *to, int accepting)
{
  l = domain == AF_INET ? socket_tcp4b() : socket_tcp6b() ;
  if (domain == AF_INET) s = nonblocking ? socket_tcp4() : socket_tcp4b() ;
  else s = nonblocking ? socket_tcp6() : socket_tcp6b() ;
  if (domain == AF_INET) check(!socket_bind4(l, to, 0)) ; else check(!socket_bind6(l, to, 0, 0)) ;
  if (accepting) check(!socket_listen(l, 4)) ;
  check(!socket_local6(l, 0, &lport, 0)) ;
}

static void call4 (void) { call(AF_INET, 1, LOOPBACK4, 1) ; }
static void call4b (void) { call(AF_INET, 0, LOOPBACK4, 1) ; }
static void call6 (void) { call(AF_INET6, 1, LOOPBACK6, 1) ; }
static void call6b (void) { call(AF_INET6, 0, LOOPBACK6, 1) ; }
static void call_mapped (void) { call(AF_INET6, 1, MAPPED6, 1) ; }
static void call_mappedb (void) { call(AF_INET6, 0, MAPPED6, 1) ; }
static void call_any (void) { call(AF_INET6, 1, ANY6, 1) ; }
static void call_anyb (void) { call(AF_INET6, 0, ANY6, 1) ; }
static void refuse4b (void) { call(AF_INET, 0, LOOPBACK4, 0) ; }
static void refuse6b (void) { call(AF_INET6, 0, LOOPBACK6, 0) ; }
static void refuse_mappedb (void) { call(AF_INET6, 0, MAPPED6, 0) ; }

CALL(connect4, socket_connect4(s, LOOPBACK4, lport))
CALL(connect6, socket_connect6(s, LOOPBACK6, lport, 0))
CALL(connect6_mapped, socket_connect6(s, MAPPED6, lport, 0))
CALL(connect6_any, socket_connect6(s, ANY6, lport, 0))

static situation const connects4[] =
{
  { .name = "connect4", .open = &call4, .call = &connect4, .error = EINPROGRESS },
  { .name = "connect4 blocking", .open = &call4b, .call = &connect4 },
  { .name = "connect4 interrupted", .open = &call4b, .call = &connect4, .first = EINTR }
} ;

static situation const connects6[] =
{
  { .name = "connect6", .open = &call6, .call = &connect6, .error = EINPROGRESS },
  { .name = "connect6 mapped", .open = &call_mapped, .call = &connect6_mapped, .error = EINPROGRESS },
  { .name = "connect6 any", .open = &call_any, .call = &connect6_any, .error = EINPROGRESS },
  { .name = "connect6 blocking", .open = &call6b, .call = &connect6 },
  { .name = "connect6 blocking mapped", .open = &call_mappedb, .call = &connect6_mapped },
  { .name = "connect6 blocking any", .open = &call_anyb, .call = &connect6_any },
  { .name = "connect6 interrupted", .open = &call6b, .call = &connect6, .first = EINTR },
  { .name = "connect6 interrupted mapped", .open = &call_mappedb, .call = &connect6_mapped, .first = EINTR },
  { .name = "connect6 interrupted any", .open = &call_anyb, .call = &connect6_any, .first = EINTR }
} ;

/* Fails only the last connect, with EAFNOSUPPORT. */

static void last_connect (situation const *f)
{
  unsigned int i ;
  attempt(f, 0, 0, SAME) ;
  for (i = k.n ; i-- && k.calls[i] != CALL_connect ; ) ;
  attempt(f, i, EAFNOSUPPORT, EAFNOSUPPORT) ;
}

static void each_call_of_connect_may_fail (void)
{
  for (lost = 0 ; lost < 2 ; lost++)
  {
    queued = lost ;
    EACH(connects4) ;
    EACH(connects6) ;
    for (int i = 0 ; i < 3 ; i++) last_connect(connects4 + i) ;
    host(1, 0, 0) ;
    for (int i = 0 ; i < 6 ; i++) each(connects6 + i) ;
    for (int i = 0 ; i < 6 ; i++) last_connect(connects6 + i) ;
    host(0, 0, 0) ;
  }
  lost = queued = 0 ;
}

/* Interrupted, and then refused: it is the refusal that counts. */

static void a_refusal_after_an_interruption_is_returned (void)
{
  static situation const f[] =
  {
    { .name = "connect4 refused", .open = &refuse4b, .call = &connect4, .error = ECONNREFUSED, .first = EINTR },
    { .name = "connect6 refused", .open = &refuse6b, .call = &connect6, .error = ECONNREFUSED, .first = EINTR },
    { .name = "connect6 mapped refused", .open = &refuse_mappedb, .call = &connect6_mapped, .error = ECONNREFUSED, .first = EINTR }
  } ;
  for (int i = 0 ; i < 3 ; i++) attempt(f + i, 0, 0, SAME) ;
}

/* Fast open: without a cookie, see fastopen.c for the rest */

static int five (ssize_t r) { return r == 5 || (!r && k.error[1] == EAGAIN) ? 0 : -1 ; }

CALL(fastopen4, five(socket_fastopen_connect4(s, LOOPBACK4, lport, "hello", 5)))
CALL(fastopen6, five(socket_fastopen_connect6(s, LOOPBACK6, lport, 0, "hello", 5)))
CALL(fastopen6_mapped, five(socket_fastopen_connect6(s, MAPPED6, lport, 0, "hello", 5)))

static situation const fastopens[] =
{
  { .name = "fastopen_connect4", .open = &call4, .call = &fastopen4, .error = EINPROGRESS },
  { .name = "fastopen_connect4 blocking", .open = &call4b, .call = &fastopen4 },
  { .name = "fastopen_connect6", .open = &call6, .call = &fastopen6, .error = EINPROGRESS },
  { .name = "fastopen_connect6 blocking", .open = &call6b, .call = &fastopen6 },
  { .name = "fastopen_connect6 mapped", .open = &call_mapped, .call = &fastopen6_mapped, .error = EINPROGRESS },
  { .name = "fastopen_connect6 blocking mapped", .open = &call_mappedb, .call = &fastopen6_mapped },
  { .name = "fastopen_connect4 interrupted", .open = &call4b, .call = &fastopen4, .first = EINTR },
  { .name = "fastopen_connect6 interrupted", .open = &call6b, .call = &fastopen6, .first = EINTR, .native = 1 }
} ;

static void each_call_of_fastopen_connect_may_fail (void)
{
  for (queued = 0 ; queued < 2 ; queued++)
  {
    EACH(fastopens) ;
    host(1, 0, 0) ;
    for (int i = 2 ; i < 6 ; i++) each(fastopens + i) ;
    host(0, 0, 0) ;
  }
  queued = 0 ;
}

/* It came up in time for sendto to take the bytes: connect says EISCONN. */

#ifndef LIBSOCKET_PORTABLE
static void a_connection_that_took_the_bytes_has_no_icmp_error (void)
{
  cookie = queued = 1 ;
  for (size_t i = 0 ; i < sizeof fastopens / sizeof *fastopens ; i++)
  {
    if (fastopens[i].error || fastopens[i].first) continue ;
    attempt(fastopens + i, 0, 0, SAME) ;
    check(k.emptied) ;
  }
  cookie = queued = 0 ;
}
#endif

/* Connected */

CALL(connected, socket_connected(s))

static void up (int domain, int nonblocking, char const *to)
{
  int x = -1 ;
  socklen_t len = sizeof x ;
  call(domain, nonblocking, to, 1) ;
  if (domain == AF_INET) socket_connect4(s, to, lport) ; else socket_connect6(s, to, lport, 0) ;
  check(test_ready(s, POLLOUT) && !getsockopt(s, SOL_SOCKET, SO_ERROR, &x, &len) && !x) ;
}

static void up4 (void) { up(AF_INET, 1, LOOPBACK4) ; }
static void up4b (void) { up(AF_INET, 0, LOOPBACK4) ; }
static void up6 (void) { up(AF_INET6, 1, LOOPBACK6) ; }
static void up6b (void) { up(AF_INET6, 0, LOOPBACK6) ; }

static situation const connections[] =
{
  { .name = "connected IPv4", .open = &up4, .call = &connected, .yes = 1 },
  { .name = "connected IPv6", .open = &up6, .call = &connected, .yes = 1 },
  { .name = "connected late IPv4", .open = &up4, .call = &connected, .yes = 1, .first = ENOTCONN },
  { .name = "connected late IPv6", .open = &up6, .call = &connected, .yes = 1, .first = ENOTCONN },
  { .name = "connected late IPv4 blocking", .open = &up4b, .call = &connected, .yes = 1, .first = ENOTCONN },
  { .name = "connected late IPv6 blocking", .open = &up6b, .call = &connected, .yes = 1, .first = ENOTCONN }
} ;

static void each_call_of_connected_may_fail (void) { EACH(connections) ; }

/* An ICMP error is on the socket and the attempt goes on, whether that error can be read or not. */

static void an_unread_icmp_error_ends_no_attempt (void)
{
  static situation const f = { .name = "connected ICMP", .open = &up4, .call = &connected, .yes = 1, .first = ENOTCONN } ;
  seen = POLLERR ;
  attempt(&f, 2, 0, EINPROGRESS) ;
#ifndef LIBSOCKET_PORTABLE
  for (unsigned int i = 2 ; i < 5 ; i++)
    for (int j = 0 ; errors[k.calls[i]][j] ; j++) attempt(&f, i, errors[k.calls[i]][j], EINPROGRESS) ;
#endif
  seen = 0 ;
}

/* POSIX: POLLHUP comes without POLLOUT. */

static void a_socket_with_POLLHUP_alone_is_asked (void)
{
  static situation const f = { .name = "connected POLLHUP", .open = &up4, .call = &connected, .yes = 1, .first = ENOTCONN } ;
  seen = POLLHUP ;
  attempt(&f, 0, 0, SAME) ;
  check(k.polled == 1) ;
  seen = 0 ;
}

static void connected_returns_the_error_of_the_attempt (void)
{
  static int const error[] = { ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM, EPROTO, ENOPROTOOPT } ;
  for (size_t i = 0 ; i < sizeof error / sizeof *error ; i++)
  {
    up4() ;
    soerror = error[i] ;
    k.n = 0 ;
    k.at[0] = 0 ;
    k.error[0] = ENOTCONN ;
    k.on = 1 ;
    errno = 0 ;
    check(socket_connected(s) == 0 && errno == error[i]) ;
    k.on = 0 ;
    tell("connected", CALL_getsockopt, error[i], error[i]) ;
    k.error[0] = 0 ;
    soerror = 0 ;
    shut() ;
  }
}

/* Options: one call each */

#ifndef LIBSOCKET_PORTABLE
CALL(deferaccept, socket_deferaccept(s, DATAIN))
CALL(quickack, socket_quickack(s, 1))
CALL(fastopen, socket_fastopen(s))
CALL(fastopen_queue, socket_fastopen_queue(s, 5))
CALL(fastopen_key, socket_fastopen_key(s, "0123456789abcdef", 16))
CALL(fastopen_defer, socket_fastopen_defer(s))
CALL(fastopen_used, socket_fastopen_used(s))

static situation const options[] =
{
  { .name = "deferaccept", .open = &open4, .call = &deferaccept },
  { .name = "quickack", .open = &open6, .call = &quickack },
  { .name = "fastopen", .open = &open4, .call = &fastopen },
  { .name = "fastopen_queue", .open = &open6, .call = &fastopen_queue },
  { .name = "fastopen_key", .open = &open4, .call = &fastopen_key },
  { .name = "fastopen_defer", .open = &open6, .call = &fastopen_defer },
  { .name = "fastopen_used", .open = &open4, .call = &fastopen_used }
} ;

static void each_call_of_the_options_may_fail (void) { EACH(options) ; }
#endif

/* Names */

CALL(local4, socket_local4(c, ip, &port))
CALL(local6, socket_local6(c, ip, &port, &scope))
CALL(remote4, socket_remote4(c, ip, &port))
CALL(remote6, socket_remote6(c, ip, &port, &scope))

static situation const naming[] =
{
  { .name = "local4", .open = &serve4, .call = &local4 },
  { .name = "local4 mapped", .open = &serve_mapped, .call = &local4 },
  { .name = "local6", .open = &serve6, .call = &local6 },
  { .name = "local6 IPv4", .open = &serve4, .call = &local6 },
  { .name = "remote4", .open = &serve4, .call = &remote4 },
  { .name = "remote4 mapped", .open = &serve_mapped, .call = &remote4 },
  { .name = "remote6", .open = &serve6, .call = &remote6 },
  { .name = "remote6 IPv4", .open = &serve4, .call = &remote6 }
} ;

static situation const nameless[] =
{
  { .name = "local4 IPv6", .open = &serve6, .call = &local4, .error = EAFNOSUPPORT, .native = 1 },
  { .name = "local6 UNIX", .open = &serve_unix, .call = &local6, .error = EAFNOSUPPORT },
  { .name = "remote4 IPv6", .open = &serve6, .call = &remote4, .error = EAFNOSUPPORT, .native = 1 },
  { .name = "remote6 UNIX", .open = &serve_unix, .call = &remote6, .error = EAFNOSUPPORT }
} ;

static void each_call_of_local_and_remote_may_fail (void)
{
  EACH(naming) ;
  for (int i = 0 ; i < 4 ; i++) attempt(nameless + i, 0, 0, SAME) ;
}

/* Datagrams */

static situation const udps[] =
{
  { .name = "udp4", .call = &socket_udp4, .yes = NEWFD },
  { .name = "udp4b", .call = &socket_udp4b, .yes = NEWFD },
  { .name = "udp4_nbcoe", .call = &socket_udp4_nbcoe, .yes = NEWFD },
  { .name = "udp6", .call = &socket_udp6, .yes = NEWFD },
  { .name = "udp6b", .call = &socket_udp6b, .yes = NEWFD },
  { .name = "udp6_nbcoe", .call = &socket_udp6_nbcoe, .yes = NEWFD },
  { .name = "sctp4", .call = &socket_sctp4, .yes = NEWFD },
  { .name = "sctp4b", .call = &socket_sctp4b, .yes = NEWFD },
  { .name = "sctp6", .call = &socket_sctp6, .yes = NEWFD },
  { .name = "sctp6b", .call = &socket_sctp6b, .yes = NEWFD }
} ;

static void each_call_of_udp_and_sctp_creation_may_fail (void)
{
  int fd ;
  for (int h = 0 ; h < 4 ; h++)
  {
    host(h & 1, 0, h >> 1) ;
    for (int i = 0 ; i < 10 ; i++)
    {
      char const *end = udps[i].name + strlen(udps[i].name) - 1 ;
      k.protocol = -1 ;
      each(udps + i) ;
      check(k.protocol == (i < 6 ? 0 : IPPROTO_SCTP)) ;
      fd = (*udps[i].call)() ;
      check(!(fcntl(fd, F_GETFL) & O_NONBLOCK) == (*end == 'b') && !(fcntl(fd, F_GETFD) & FD_CLOEXEC) == (*end != 'e')) ;
      close(fd) ;
    }
  }
  host(0, 0, 0) ;
  nosctp = 1 ;
  for (int i = 6 ; i < 10 ; i++) check(fails((*udps[i].call)(), EPROTONOSUPPORT) && noipv6 == 0) ;
  nosctp = 0 ;
  noipv6 = 1 ;
  EACH(udps) ;
  EACH(creations) ;
  noipv6 = 0 ;
}

/* c sends to s. */

static void letter (int domain, char const *to)
{
  s = domain == AF_INET ? socket_udp4b() : socket_udp6b() ;
  c = domain == AF_INET ? socket_udp4b() : socket_udp6b() ;
  check(!(domain == AF_INET ? socket_bind4(s, to, 0) : socket_bind6(s, to, 0, 0)) && !socket_local6(s, 0, &lport, 0)) ;
}

static void letter4 (void) { letter(AF_INET, LOOPBACK4) ; }
static void letter6 (void) { letter(AF_INET6, LOOPBACK6) ; }
static void letter_mapped (void) { letter(AF_INET6, MAPPED6) ; }
static void letter_any (void) { letter(AF_INET6, 0) ; }
static void sent4 (void) { letter4() ; check(socket_send4(c, "x", 1, LOOPBACK4, lport) == 1) ; }
static void sent6 (void) { letter6() ; check(socket_send6(c, "x", 1, LOOPBACK6, lport, 0) == 1) ; }
static void sent_mapped (void) { letter_mapped() ; check(socket_send6(c, "x", 1, MAPPED6, lport, 0) == 1) ; }

static void sent_unix (void)
{
  int pair[2] ;
  struct sockaddr_storage sa = { .ss_family = AF_UNIX } ;
  check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) ;
  s = opened(pair[0]) ;
  c = opened(pair[1]) ;
  check(!bind(c, (struct sockaddr *)&sa, sizeof sa.ss_family) && write(c, "x", 1) == 1) ;
}

static char letters[1] ;

/* one byte sent or received */

static int one (ssize_t r) { return r == 1 ? 0 : (int)r ; }

CALL(recv4, one(socket_recv4(s, letters, 1, ip, &port)))
CALL(recv6, one(socket_recv6(s, letters, 1, ip, &port, &scope)))
CALL(send4, one(socket_send4(c, "x", 1, LOOPBACK4, lport)))
CALL(send4_flag, one(socket_send4_flag(c, "x", 1, LOOPBACK4, lport, MSG_NOSIGNAL)))
CALL(send6, one(socket_send6(c, "x", 1, LOOPBACK6, lport, 0)))
CALL(send6_mapped, one(socket_send6(c, "x", 1, MAPPED6, lport, 0)))
CALL(send6_any, one(socket_send6_flag(c, "x", 1, ANY6, lport, 0, MSG_NOSIGNAL)))

#ifndef LIBSOCKET_PORTABLE
#define SITELOCAL6 "\377\5\0\0\0\0\0\0\0\0\0\0\0\1\0\3"

CALL(send6_group, one(socket_send6(c, "x", 1, SITELOCAL6, lport, 1)))
CALL(send6_flag_group, one(socket_send6_flag(c, "x", 1, SITELOCAL6, lport, 1, MSG_NOSIGNAL)))

static situation const groups[] =
{
  { .name = "send6 group", .open = &letter6, .call = &send6_group, .native = 1 },
  { .name = "send6_flag group", .open = &letter6, .call = &send6_flag_group, .native = 1 }
} ;

static situation const groups_on_4[] =
{
  { .name = "send6 group", .open = &letter4, .call = &send6_group, .error = EAFNOSUPPORT },
  { .name = "send6_flag group", .open = &letter4, .call = &send6_flag_group, .error = EAFNOSUPPORT }
} ;

static void each_call_of_sending_to_a_group_may_fail (void)
{
  EACH(groups) ;
  for (int i = 0 ; i < 2 ; i++) attempt(groups_on_4 + i, 0, 0, SAME) ;
}
#endif

static situation const receptions[] =
{
  { .name = "recv4", .open = &sent4, .call = &recv4 },
  { .name = "recv4 mapped", .open = &sent_mapped, .call = &recv4 },
  { .name = "recv6", .open = &sent6, .call = &recv6 },
  { .name = "recv6 IPv4", .open = &sent4, .call = &recv6 }
} ;

static situation const strange[] =
{
  { .name = "recv4 IPv6", .open = &sent6, .call = &recv4, .error = EAFNOSUPPORT, .native = 1 },
  { .name = "recv6 UNIX", .open = &sent_unix, .call = &recv6, .error = EAFNOSUPPORT }
} ;

static situation const sends4[] =
{
  { .name = "send4", .open = &letter4, .call = &send4 },
  { .name = "send4_flag", .open = &letter4, .call = &send4_flag }
} ;

static situation const sends6[] =
{
  { .name = "send6", .open = &letter6, .call = &send6 },
  { .name = "send6 mapped", .open = &letter_mapped, .call = &send6_mapped },
  { .name = "send6_flag any", .open = &letter_any, .call = &send6_any }
} ;

static void each_call_of_send_and_recv_may_fail (void)
{
  EACH(receptions) ;
  for (int i = 0 ; i < 2 ; i++) attempt(strange + i, 0, 0, SAME) ;
  EACH(sends4) ;
  EACH(sends6) ;
  for (int i = 0 ; i < 2 ; i++) last(sends4 + i, EAFNOSUPPORT) ;
  host(1, 0, 0) ;
  EACH(sends6) ;
  for (int i = 0 ; i < 3 ; i++) last(sends6 + i, EAFNOSUPPORT) ;
  host(0, 0, 0) ;
}

/* libc's, which make more than one system call each: they have their errno from one of these */

static uint32_t lo ;

static void index_of_lo (void) { lo = if_nametoindex("lo") ; }

CALL(getifidx, socket_getifidx("lo") != 0)
CALL(getifname, !!strcmp(socket_getifname(lo), "[unknown]"))

static char text[SOCKET_FMT6 + 1] ;

static int written (void)
{
  char number[SOCKET_FMT6 + 1] ;
  text[socket_fmt6(text, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", lo)] = 0 ;
  snprintf(number, sizeof number, "fe80::1%%%u", (unsigned int)lo) ;
  return !strcmp(text, k.error[1] ? number : "fe80::1%lo") ;
}

CALL(fmt6, written())
CALL(scan6, socket_scan6("fe80::1%lo", ip, &scope) == 10)
CALL(scan6_nothing, socket_scan6("lo", ip, &scope) ? 0 : -1)

static situation const nothing = { .name = "scan6 nothing", .call = &scan6_nothing, .error = EINVAL } ;

static situation const interfaces[] =
{
  { .name = "fmt6", .open = &index_of_lo, .call = &fmt6, .yes = 1 },
  { .name = "scan6", .call = &scan6, .yes = 1 },
  { .name = "getifidx", .call = &getifidx, .yes = 1 },
  { .name = "getifname", .open = &index_of_lo, .call = &getifname, .yes = 1 }
} ;

static void each_question_for_an_interface_may_fail (void)
{
  EACH(interfaces) ;
  attempt(&nothing, 0, 0, SAME) ;
}

/* One call each; what tries gives no answer. */

static void udp4 (void) { s = socket_udp4() ; }
static void udp6 (void) { s = socket_udp6() ; }

#define GROUP4 "\357\1\2\3"
#define GROUP6 "\377\2\0\0\0\0\0\0\0\0\0\0\0\1\0\3"

static void member4 (void) { udp4() ; check(!socket_mcjoin4(s, GROUP4, LOOPBACK4)) ; }
static void member6 (void) { udp6() ; check(!socket_mcjoin6(s, GROUP6, 1)) ; }

CALL(broadcast, socket_broadcast(s))
CALL(mcjoin4, socket_mcjoin4(s, GROUP4, LOOPBACK4))
CALL(mcjoin6, socket_mcjoin6(s, GROUP6, 1))
CALL(mcleave4, socket_mcleave4(s, GROUP4))
CALL(mcleave6, socket_mcleave6(s, GROUP6))
CALL(mcttl4, socket_mcttl4(s, 9))
CALL(mchopcount6, socket_mchopcount6(s, 9))
CALL(mcloop4, socket_mcloop4(s, 1))
CALL(mcloop6, socket_mcloop6(s, 1))

static situation const multicasts[] =
{
  { .name = "broadcast", .open = &udp4, .call = &broadcast },
  { .name = "mcjoin4", .open = &udp4, .call = &mcjoin4 },
  { .name = "mcjoin6", .open = &udp6, .call = &mcjoin6, .native = 1 },
  { .name = "mcleave6", .open = &member6, .call = &mcleave6, .native = 1 },
  { .name = "mcttl4", .open = &udp4, .call = &mcttl4 },
  { .name = "mchopcount6", .open = &udp6, .call = &mchopcount6, .native = 1 },
  { .name = "mcloop4", .open = &udp4, .call = &mcloop4 },
  { .name = "mcloop6", .open = &udp6, .call = &mcloop6, .native = 1 }
} ;

static situation const leaves[] =
{
  { .name = "mcleave4 not on that interface", .open = &member4, .call = &mcleave4, .first = EADDRNOTAVAIL },
  { .name = "mcleave4 no route", .open = &member4, .call = &mcleave4, .first = ENODEV }
} ;

static situation const member = { .name = "mcleave4", .open = &member4, .call = &mcleave4 } ;
static situation const stranger = { .name = "mcleave4 no member", .open = &udp4, .call = &mcleave4, .error = EADDRNOTAVAIL } ;

/* The fallback knows no index. */

#ifdef LIBSOCKET_PORTABLE
#define BY_INDEX EADDRNOTAVAIL
#else
#define BY_INDEX SAME
#endif

static void each_call_of_multicast_may_fail (void)
{
  EACH(multicasts) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    attempt(leaves + i, 0, 0, SAME) ;
    for (int j = 0 ; errors[CALL_ioctl][j] ; j++) attempt(leaves + i, 1, errors[CALL_ioctl][j], BY_INDEX) ;
    if (BY_INDEX == SAME) attempt(leaves + i, 2, EADDRNOTAVAIL, SAME) ;
  }
  for (int j = 0 ; errors[CALL_setsockopt][j] ; j++)
  {
    int const e = errors[CALL_setsockopt][j] ;
    if (e != EADDRNOTAVAIL && e != ENODEV) attempt(&member, 0, e, e) ;
  }
  attempt(&stranger, 0, 0, SAME) ;
}

/* It tries less as long as it was too much, and never says anything. */

static void tryreservein_asks_for_less_until_there_is_room (void)
{
  int before = 0, after = 0 ;
  socklen_t len = sizeof before ;
  for (int j = 0 ; errors[CALL_setsockopt][j] ; j++)
  {
    int e = errors[CALL_setsockopt][j] ;
    k.closed = 0 ;
    s = socket_udp4() ;
    check(!getsockopt(s, SOL_SOCKET, SO_RCVBUF, &before, &len)) ;
    k.n = k.at[0] = 0 ;
    k.error[0] = e ;
    k.on = 1 ;
    check(keeps((socket_tryreservein(s, 20000), 1))) ;
    k.on = k.error[0] = 0 ;
    tell("tryreservein", CALL_setsockopt, e, 0) ;
    check(k.n == (e == ENOBUFS ? 2 : 1)) ;
    check(!getsockopt(s, SOL_SOCKET, SO_RCVBUF, &after, &len)) ;
    check(e == ENOBUFS ? after > 30000 && after < 40000 : after == before) ;
    shut() ;
  }
  s = socket_udp4() ;
  k.n = 0 ;
  k.on = noroom = 1 ;
  check(keeps((socket_tryreservein(s, 20000), 1))) ;
  k.on = noroom = 0 ;
  shut() ;
}

/* A host without IPv6, at work: an IPv6 program that reaches, and serves, IPv4. */

static void converse (char const *where, char const *to, int (*maker) (void), int nbcoe)
{
  /* connecting to "any" is connecting to oneself */
  char const *from = memcmp(to, ANY6, 16) ? "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\2" : MAPPED6 ;
  int a = -1, r ;
  uint16_t sport = 0 ;
  char x = 0 ;
  l = (*maker)() ;
  s = (*maker)() ;
  made(l, AF_INET, SOCK_STREAM, maker != &socket_tcp6b, maker == &socket_tcp6_nbcoe) ;
  check(keeps(!socket_bind6_reuse(l, where, 0, 7))) ;
  check(keeps(!socket_listen(l, 4))) ;
  preset() ;
  check(keeps(!socket_local6(l, ip, &lport, &scope))) ;
  check(lport && scope == 0) ;
  check(!memcmp(ip, !where || !memcmp(where, ANY6, 16) ? "\0\0\0\0\0\0\0\0\0\0\377\377\0\0\0\0" : MAPPED6, 16)) ;
  check(keeps(!socket_bind6(s, from, 0, 7))) ;
  preset() ;
  check(keeps(!socket_local6(s, ip, &sport, &scope))) ;
  check(!memcmp(ip, from, 16) && sport && scope == 0) ;

  errno = SAME ;
  r = socket_connect6(s, to, lport, 7) ;
  if (maker == &socket_tcp6b) check(!r && errno == SAME && fails(socket_connect6(s, to, lport, 7), EISCONN)) ;
  else check(r == -1 && errno == EINPROGRESS) ;
  check(test_ready(s, POLLOUT)) ;
  check(keeps(socket_connected(s) == 1)) ;
  preset() ;
  check(keeps(!socket_remote6(s, ip, &port, &scope))) ;
  check(!memcmp(ip, MAPPED6, 16) && port == lport && scope == 0) ;

  check(test_ready(l, POLLIN)) ;
  preset() ;
  check(keeps((a = nbcoe ? socket_accept6_nbcoe(l, ip, &port, &scope) : socket_accept6(l, ip, &port, &scope)) >= 0)) ;
  made(a, AF_INET, SOCK_STREAM, nbcoe, nbcoe) ;
  check(!memcmp(ip, from, 16) && port == sport && scope == 0) ;
  check(write(s, "x", 1) == 1 && test_ready(a, POLLIN) && read(a, &x, 1) == 1 && x == 'x') ;
  close(a) ;
  shut() ;
}

static void an_ip6_program_talks_on_a_host_without_ip6 (void)
{
  static char const *const where[] = { 0, ANY6, LOOPBACK6, MAPPED6 } ;
  static char const *const to[] = { MAPPED6, LOOPBACK6, ANY6 } ;
  for (int h = 0 ; h < 2 ; h++)
  {
    host(1, 0, h) ;
    for (int i = 0 ; i < 4 ; i++) for (int j = 0 ; j < 3 ; j++)
    {
      converse(where[i], to[j], &socket_tcp6, 1) ;
      converse(where[i], to[j], &socket_tcp6b, 0) ;
      converse(where[i], to[j], &socket_tcp6_nbcoe, 1) ;
    }
  }
  host(0, 0, 0) ;
}

static void native_addresses_give_EAFNOSUPPORT_on_a_host_without_ip6 (void)
{
  static char const foreign[] = "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1" ;  /* 2001:db8::1 */
  static char const linklocal[] = "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1" ;
  static char const compatible[] = "\0\0\0\0\0\0\0\0\0\0\0\0\177\0\0\1" ;
  static char const *const native[] = { foreign, linklocal, compatible } ;
  host(1, 0, 0) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    s = i ? socket_tcp6() : socket_tcp6b() ;
    k.n = 0 ;
    k.on = 1 ;
    check(fails(socket_bind6(s, native[i], 0, 1), EAFNOSUPPORT)) ;
    check(fails(socket_connect6(s, native[i], 1, 1), EAFNOSUPPORT)) ;
    check(k.n == 2) ;
    check(fails(socket_bind6_reuse(s, native[i], 0, 1), EAFNOSUPPORT)) ;
    k.on = 0 ;
    check(socket_connected(s) == 0 && !socket_local6(s, 0, &port, 0) && port == 0) ;
    shut() ;
  }
  host(0, 0, 0) ;
}

/* As few system calls as can be */

#ifndef LIBSOCKET_PORTABLE
static void creation_and_accept_make_no_call_too_many (void)
{
  k.on = 1 ;
  for (int i = 0 ; i < 6 ; i++)
  {
    int fd ;
    k.n = 0 ;
    check((fd = (*creations[i].call)()) >= 0) ;
    check(k.n == (i < 3 ? 1 : 2)) ;
    close(fd) ;
    k.n = 0 ;
    check((fd = (*udps[i].call)()) >= 0) ;
    check(k.n == (i < 3 ? 1 : 2)) ;
    close(fd) ;
  }
  k.on = 0 ;
  for (int i = 0 ; i < 8 ; i++)
  {
    int fd ;
    (*accepts[i].open)() ;
    k.n = 0 ;
    k.on = 1 ;
    check((fd = (*accepts[i].call)()) >= 0) ;
    k.on = 0 ;
    check(k.n == 1) ;
    close(fd) ;
    shut() ;
  }
}

#endif

int main (int argc, char **argv)
{
  (void)argv ;
  listing = argc > 1 ;
  host(0, 0, 0) ;
  RUN(each_call_of_tcp_creation_may_fail) ;
  RUN(a_family_that_is_absent_gives_EAFNOSUPPORT) ;
  RUN(sockets_have_their_flags_on_any_host) ;
  RUN(each_call_of_bind_may_fail) ;
  RUN(each_call_of_listen_and_accept_may_fail) ;
  RUN(accept_gives_ENOSYS_where_there_is_none) ;
  RUN(a_peer_without_an_address_is_not_accepted) ;
  RUN(accepted_sockets_have_their_flags_on_any_host) ;
  RUN(descriptor_0_is_a_socket_like_any_other) ;
  RUN(a_backlog_is_at_most_INT_MAX) ;
  RUN(each_call_of_connect_may_fail) ;
  RUN(a_refusal_after_an_interruption_is_returned) ;
  RUN(each_call_of_fastopen_connect_may_fail) ;
  RUN(each_call_of_connected_may_fail) ;
  RUN(an_unread_icmp_error_ends_no_attempt) ;
  RUN(a_socket_with_POLLHUP_alone_is_asked) ;
  RUN(connected_returns_the_error_of_the_attempt) ;
  RUN(each_call_of_local_and_remote_may_fail) ;
  RUN(each_call_of_udp_and_sctp_creation_may_fail) ;
  RUN(each_call_of_send_and_recv_may_fail) ;
  RUN(each_question_for_an_interface_may_fail) ;
  RUN(each_call_of_multicast_may_fail) ;
  RUN(tryreservein_asks_for_less_until_there_is_room) ;
  RUN(an_ip6_program_talks_on_a_host_without_ip6) ;
  RUN(native_addresses_give_EAFNOSUPPORT_on_a_host_without_ip6) ;
#ifndef LIBSOCKET_PORTABLE
  RUN(noport_binds_a_port_where_the_option_is_absent) ;
  RUN(each_call_of_sending_to_a_group_may_fail) ;
  RUN(a_connection_that_took_the_bytes_has_no_icmp_error) ;
  RUN(each_call_of_the_options_may_fail) ;
  RUN(creation_and_accept_make_no_call_too_many) ;
#endif
  return all_told() ;
}
