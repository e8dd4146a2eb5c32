/* ISC license. */

/* socket_udp4 socket_udp4b socket_udp4_nbcoe socket_udp6 socket_udp6b socket_udp6_nbcoe, socket_recv4 socket_recv6,
   socket_send4 socket_send4_flag socket_send6 socket_send6_flag, socket_broadcast, socket_tryreservein, noipv6 */

#include "address.h"

#include "socket.h"

#define FOREIGN6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"  /* 2001:db8::1 */
#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

static char buf[65536] ;
static uint16_t sport, rport ;

static void fresh (void)
{
  memset(buf, 'x', sizeof buf) ;
  preset() ;
}

static int udp (int v6, int blocking)
{
  if (blocking) return v6 ? socket_udp6b() : socket_udp4b() ;
  return v6 ? socket_udp6() : socket_udp4() ;
}

/* bound to ip, or to any address where it is null */

static int bound (int v6, int blocking, char const *where, uint16_t *p)
{
  int s = udp(v6, blocking) ;
  check(s >= 0) ;
  check(!(v6 ? socket_bind6(s, where, 0, 0) : socket_bind4(s, where, 0))) ;
  check(!(v6 ? socket_local6(s, 0, p, 0) : socket_local4(s, 0, p))) ;
  return s ;
}


/* Create */

static void each_socket_is_as_its_function_is_named (void)
{
  creates(&socket_udp4, AF_INET, SOCK_DGRAM, 1, 0) ;
  creates(&socket_udp4b, AF_INET, SOCK_DGRAM, 0, 0) ;
  creates(&socket_udp4_nbcoe, AF_INET, SOCK_DGRAM, 1, 1) ;
  NEED_IP6 ;
  creates(&socket_udp6, AF_INET6, SOCK_DGRAM, 1, 0) ;
  creates(&socket_udp6b, AF_INET6, SOCK_DGRAM, 0, 0) ;
  creates(&socket_udp6_nbcoe, AF_INET6, SOCK_DGRAM, 1, 1) ;
}

static int old_udp (void) { return socket_udp() ; }
static int old_tcp (void) { return socket_tcp() ; }

static void old_names_are_macros (void)
{
  creates(&old_udp, AF_INET, SOCK_DGRAM, 1, 0) ;
  creates(&old_tcp, AF_INET, SOCK_STREAM, 1, 0) ;
}

static void noipv6_makes_ip4_sockets (void)
{
  check(noipv6 == 0) ;
  noipv6 = -1 ;
  creates(&socket_udp6, AF_INET, SOCK_DGRAM, 1, 0) ;
  creates(&socket_udp6b, AF_INET, SOCK_DGRAM, 0, 0) ;
  creates(&socket_udp6_nbcoe, AF_INET, SOCK_DGRAM, 1, 1) ;
  creates(&socket_tcp6_nbcoe, AF_INET, SOCK_STREAM, 1, 1) ;
  check(noipv6 == -1) ;
  noipv6 = 0 ;
}


/* Send and receive */

static void echo4 (int blocking)
{
  int r = bound(0, blocking, LOOPBACK4, &rport), s = bound(0, blocking, LOOPBACK4, &sport) ;
  check(keeps(socket_send4(s, "hello", 5, LOOPBACK4, rport) == 5)) ;
  fresh() ;
  check(test_ready(r, POLLIN) && keeps(socket_recv4(r, buf, sizeof buf, ip, &port) == 5)) ;
  check(!memcmp(buf, "hellox", 6) && stored(LOOPBACK4, 4, sport)) ;
  check(keeps(socket_send4_flag(r, "back", 4, ip, port, MSG_DONTWAIT) == 4)) ;
  fresh() ;
  check(test_ready(s, POLLIN) && keeps(socket_recv6(s, buf, sizeof buf, ip, &port, &scope) == 4)) ;
  check(!memcmp(buf, "backx", 5) && stored(MAPPED6, 16, rport) && scope == 0) ;
  close(r) ;
  close(s) ;
}

static void echo6 (int blocking)
{
  int r = bound(1, blocking, LOOPBACK6, &rport), s = bound(1, blocking, LOOPBACK6, &sport) ;
  check(keeps(socket_send6(s, "hello", 5, LOOPBACK6, rport, 0) == 5)) ;
  fresh() ;
  check(test_ready(r, POLLIN) && keeps(socket_recv6(r, buf, sizeof buf, ip, &port, &scope) == 5)) ;
  check(!memcmp(buf, "hellox", 6) && stored(LOOPBACK6, 16, sport) && scope == 0) ;
  check(keeps(socket_send6_flag(r, "back", 4, ip, port, 0, MSG_DONTWAIT) == 4)) ;
  fresh() ;
  check(test_ready(s, POLLIN) && fails(socket_recv4(s, buf, sizeof buf, ip, &port), EAFNOSUPPORT) && untouched()) ;
  check(fcntl(s, F_SETFL, O_NONBLOCK) == 0 && fails(socket_recv6(s, buf, sizeof buf, 0, 0, 0), EAGAIN)) ;  /* it is gone */
  close(r) ;
  close(s) ;
}

static void a_datagram_and_its_answer_arrive (int v6)
{
  for (int blocking = 0 ; blocking < 2 ; blocking++) if (v6) echo6(blocking) ; else echo4(blocking) ;
}

/* A dual-stack socket and an IPv4 one; a dual-stack socket sends to itself by either kind of address. */

static void a_dual_stack_socket_talks_with_both_families (void)
{
  int r = bound(1, 0, 0, &rport), s = bound(0, 0, LOOPBACK4, &sport) ;
  check(keeps(socket_send4(s, "a", 1, LOOPBACK4, rport) == 1)) ;
  fresh() ;
  check(test_ready(r, POLLIN) && socket_recv6(r, buf, sizeof buf, ip, &port, &scope) == 1 && stored(MAPPED6, 16, sport) && scope == 0) ;
  check(keeps(socket_send6(r, "b", 1, ip, port, scope) == 1)) ;
  fresh() ;
  check(test_ready(s, POLLIN) && socket_recv4(s, buf, sizeof buf, ip, &port) == 1 && stored(LOOPBACK4, 4, rport)) ;
  check(socket_send4(s, "c", 1, LOOPBACK4, rport) == 1) ;
  fresh() ;
  check(test_ready(r, POLLIN) && keeps(socket_recv4(r, buf, sizeof buf, ip, &port) == 1) && stored(LOOPBACK4, 4, sport)) ;
  close(r) ;
  close(s) ;
}

static void what_has_no_place_is_not_stored (void)
{
  int r, s ;
  NEED_IP6 ;
  r = bound(1, 0, 0, &rport) ;
  s = bound(1, 0, 0, &sport) ;
  for (unsigned int i = 0 ; i < 8 ; i++)
  {
    check(socket_send6(s, "x", 1, LOOPBACK6, rport, 0) == 1) ;
    fresh() ;
    check(test_ready(r, POLLIN) && socket_recv6(r, buf, 1, i & 1 ? 0 : ip, i & 2 ? 0 : &port, i & 4 ? 0 : &scope) == 1) ;
    check(i & 1 ? ip[0] == 'x' : !memcmp(ip, LOOPBACK6, 16)) ;
    check(port == (i & 2 ? 54321 : sport) && scope == (i & 4 ? 7777 : 0)) ;
    check(socket_send6(s, "x", 1, MAPPED6, rport, 0) == 1) ;
    fresh() ;
    check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, i & 1 ? 0 : ip, i & 2 ? 0 : &port) == 1) ;
    check(i & 1 ? ip[0] == 'x' : stored(LOOPBACK4, 4, i & 2 ? 54321 : sport)) ;
  }
  close(r) ;
  close(s) ;
}

/* Linux: the any address, and so a null one, is this host */

static void any_is_this_host (void)
{
  int r = bound(1, 0, 0, &rport), s = bound(0, 0, 0, &sport), t = bound(1, 0, 0, &sport) ;
  check(socket_send4(s, "4", 1, 0, rport) == 1 && test_ready(r, POLLIN) && socket_recv6(r, buf, 1, 0, 0, 0) == 1 && buf[0] == '4') ;
  check(socket_send6(t, "6", 1, 0, rport, 0) == 1 && test_ready(r, POLLIN) && socket_recv6(r, buf, 1, 0, 0, 0) == 1 && buf[0] == '6') ;
  close(r) ;
  close(s) ;
  close(t) ;
}

static void lengths_are_returned_0_and_65507_too (void)
{
  int r = bound(0, 0, LOOPBACK4, &rport), s = bound(0, 0, LOOPBACK4, &sport) ;
  check(keeps(socket_send4(s, 0, 0, LOOPBACK4, rport) == 0)) ;
  fresh() ;
  check(test_ready(r, POLLIN) && keeps(socket_recv4(r, buf, sizeof buf, ip, &port) == 0) && stored(LOOPBACK4, 4, sport) && buf[0] == 'x') ;
  check(socket_send4(s, 0, 0, LOOPBACK4, rport) == 0) ;
  fresh() ;
  check(test_ready(r, POLLIN) && keeps(socket_recv6(r, buf, sizeof buf, ip, &port, &scope) == 0) && stored(MAPPED6, 16, sport) && scope == 0) ;
  check(socket_send4(s, "hello", 5, LOOPBACK4, rport) == 5) ;
  fresh() ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 2, 0, 0) == 2 && !memcmp(buf, "hexxxx", 6)) ;  /* the rest is lost */
  check(fails(socket_recv4(r, buf, sizeof buf, ip, &port), EAGAIN)) ;
  check(fails(socket_send4(s, buf, 65508, LOOPBACK4, rport), EMSGSIZE)) ;
  check(socket_send4(s, buf, 65507, LOOPBACK4, rport) == 65507) ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, sizeof buf, 0, 0) == 65507) ;
  close(s) ;
  s = socket_udp6() ;
  errno = EAFNOSUPPORT ;  /* of an earlier call */
  check(socket_send6(s, 0, 0, MAPPED6, rport, 0) == 0 && errno == EAFNOSUPPORT) ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, 0, 0) == 0 && fails(socket_recv4(r, buf, 1, 0, 0), EAGAIN)) ;
  close(r) ;
  close(s) ;
}

static void what_fails_stores_nothing (void)
{
  int r = bound(0, 0, LOOPBACK4, &rport), s = bound(0, 0, LOOPBACK4, &sport) ;
  fresh() ;
  check(fails(socket_recv4(r, buf, sizeof buf, ip, &port), EAGAIN) && untouched()) ;
  check(fails(socket_recv6(r, buf, sizeof buf, ip, &port, &scope), EAGAIN) && untouched()) ;
  check(fails(socket_recv4(-1, buf, 1, ip, &port), EBADF) && fails(socket_recv6(-1, buf, 1, ip, &port, &scope), EBADF) && untouched()) ;
  check(fails(socket_send4(-1, buf, 1, LOOPBACK4, rport), EBADF) && fails(socket_send6(-1, buf, 1, LOOPBACK6, rport, 0), EBADF)) ;
  check(fails(socket_send4(s, buf, 1, LOOPBACK4, 0), EINVAL)) ;
  close(r) ;
  check(!socket_connect4(s, LOOPBACK4, rport) && socket_send4(s, "x", 1, LOOPBACK4, rport) == 1) ;
  check(test_ready(s, POLLIN) && fails(socket_recv4(s, buf, 1, ip, &port), ECONNREFUSED)) ;
  close(s) ;
}

/* A stream has no address for each read. Its bytes are told all the same. */

static void a_stream_has_bytes_and_no_address (void)
{
  int l = socket_tcp4b(), c = socket_tcp4b(), a ;
  check(!socket_bind4(l, LOOPBACK4, 0) && !socket_listen(l, 1) && !socket_local4(l, 0, &port) && !socket_connect4(c, LOOPBACK4, port)) ;
  a = socket_accept4(l, 0, 0) ;
  check(write(c, "ab", 2) == 2) ;
  fresh() ;
  check(socket_recv4(a, buf, 1, ip, &port) == 1 && buf[0] == 'a' && untouched()) ;
  check(socket_recv6(a, buf, 1, ip, &port, &scope) == 1 && buf[0] == 'b' && untouched()) ;
  close(c) ;
  check(socket_recv4(a, buf, 1, ip, &port) == 0) ;
  close(a) ;
  close(l) ;
}

/* A sender that has a name of another family: the datagram is gone, and nothing is told. */

static void a_unix_sender_gives_EAFNOSUPPORT (void)
{
  struct sockaddr_storage sa = { .ss_family = AF_UNIX } ;
  socklen_t len = sizeof sa ;
  int r = socket(AF_UNIX, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_DGRAM, 0) ;
  check(!bind(r, (struct sockaddr *)&sa, sizeof sa.ss_family) && !bind(s, (struct sockaddr *)&sa, sizeof sa.ss_family)) ;
  check(!getsockname(r, (struct sockaddr *)&sa, &len) && !connect(s, (struct sockaddr *)&sa, len)) ;
  check(send(s, "a", 1, 0) == 1 && send(s, "b", 1, 0) == 1) ;
  fresh() ;
  check(fails(socket_recv4(r, buf, 1, ip, &port), EAFNOSUPPORT) && untouched()) ;
  check(fails(socket_recv6(r, buf, 1, ip, &port, &scope), EAFNOSUPPORT) && untouched()) ;
  check(recv(r, buf, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN) ;
  close(s) ;
  close(r) ;
}

static void ignore (int sig) { (void)sig ; }

/* A blocking socket waits. */

static void a_signal_gives_EINTR (void)
{
  int r = bound(1, 1, LOOPBACK6, &rport) ;
  timer_t storm = test_storm(&ignore, 0) ;
  check(fails(socket_recv4(r, buf, 1, 0, 0), EINTR)) ;
  check(fails(socket_recv6(r, buf, 1, 0, 0, 0), EINTR)) ;
  test_calm(storm) ;
  close(r) ;
}

/* The functions with a 6 on an IPv4 socket */

static void ip6_functions_work_on_an_ip4_socket (void)
{
  int r, s ;
  noipv6 = 1 ;
  r = bound(1, 0, 0, &rport) ;
  s = bound(1, 0, MAPPED6, &sport) ;
  noipv6 = 0 ;
  check(keeps(socket_send6(s, "m", 1, MAPPED6, rport, 7) == 1)) ;
  fresh() ;
  check(test_ready(r, POLLIN) && socket_recv6(r, buf, 1, ip, &port, &scope) == 1 && stored(MAPPED6, 16, sport) && scope == 0) ;
  check(keeps(socket_send6(s, "l", 1, LOOPBACK6, rport, 0) == 1) && test_ready(r, POLLIN) && socket_recv6(r, buf, 1, 0, 0, 0) == 1) ;
  check(keeps(socket_send6(s, "a", 1, 0, rport, 0) == 1) && test_ready(r, POLLIN) && socket_recv6(r, buf, 1, 0, 0, 0) == 1) ;
  check(keeps(socket_send6_flag(s, "a", 1, ANY6, rport, 0, MSG_DONTWAIT) == 1)) ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, 0, 0) == 1 && buf[0] == 'a') ;
  check(fails(socket_send6(s, "f", 1, FOREIGN6, rport, 0), EAFNOSUPPORT)) ;
  check(fails(socket_send6(s, "f", 1, LINKLOCAL6, rport, 1), EAFNOSUPPORT)) ;
  close(r) ;
  close(s) ;
}

/* Out of band data needs a flag. */

static void flags_are_passed_on (void)
{
  int l = socket_tcp6b(), c4 = socket_tcp4b(), c6 = socket_tcp6b(), a ;
  check(!socket_bind6(l, 0, 0, 0) && !socket_listen(l, 2) && !socket_local6(l, 0, &port, 0)) ;
  check(!socket_connect4(c4, LOOPBACK4, port)) ;
  a = socket_accept6(l, 0, 0, 0) ;
  check(socket_send4_flag(c4, "o", 1, LOOPBACK4, port, MSG_OOB) == 1 && test_ready(a, POLLPRI)) ;
  close(a) ;
  check(!socket_connect6(c6, LOOPBACK6, port, 0)) ;
  a = socket_accept6(l, 0, 0, 0) ;
  check(socket_send6_flag(c6, "o", 1, LOOPBACK6, port, 0, MSG_OOB) == 1 && test_ready(a, POLLPRI)) ;
  close(a) ;
  close(c4) ;
  close(c6) ;
  close(l) ;
}

/* The address of the interface comes with a link-local datagram. */

static void a_link_local_sender_comes_with_its_scope (void)
{
  int r, s ;
  NEED_IP6 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (system("PATH=$PATH:/usr/sbin:/sbin ; ip addr add fe80::1/64 dev lo nodad 2>/dev/null && test/settle.sh")) SKIP(NO_IP6) ;
  r = bound(1, 0, 0, &rport) ;
  s = bound(1, 0, 0, &sport) ;
  check(socket_send6(s, "x", 1, LINKLOCAL6, rport, 1) == 1) ;
  fresh() ;
  check(test_ready(r, POLLIN)) ;
  check(socket_recv6(r, buf, 1, ip, &port, &scope) == 1) ;
  check(stored(LINKLOCAL6, 16, sport) && scope == 1) ;
  close(r) ;
  close(s) ;
}

static void broadcast_needs_permission (void)
{
  static char const all[] = "\177\377\377\377" ;
  int r = bound(0, 0, 0, &rport), s = bound(0, 0, 0, &sport) ;
  check(fails(socket_send4(s, "x", 1, all, rport), EACCES)) ;
  check(keeps(!socket_broadcast(s))) ;
  check(socket_send4(s, "x", 1, all, rport) == 1) ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, 0, 0) == 1) ;
  check(fails(socket_broadcast(-1), EBADF)) ;
  close(r) ;
  close(s) ;
}

/* What the pages say of Linux, and want a program to do about it */

static void of_two_sockets_with_reuse_the_later_gets_all (void)
{
  for (int v6 = 0 ; v6 < 2 ; v6++)
  {
    int a = udp(v6, 0), b = udp(v6, 0), c = udp(v6, 0), s = udp(v6, 0) ;
    check(!(v6 ? socket_bind6_reuse(a, LOOPBACK6, 0, 0) : socket_bind4_reuse(a, LOOPBACK4, 0)) && !socket_local6(a, 0, &rport, 0)) ;
    check(!(v6 ? socket_bind6_reuse(b, LOOPBACK6, rport, 0) : socket_bind4_reuse(b, LOOPBACK4, rport))) ;
    check(fails(v6 ? socket_bind6(c, LOOPBACK6, rport, 0) : socket_bind4(c, LOOPBACK4, rport), EADDRINUSE)) ;
    for (int i = 0 ; i < 5 ; i++)
    {
      check((v6 ? socket_send6(s, "x", 1, LOOPBACK6, rport, 0) : socket_send4(s, "x", 1, LOOPBACK4, rport)) == 1) ;
      check(test_ready(b, POLLIN) && socket_recv6(b, buf, 1, 0, 0, 0) == 1) ;
    }
    check(fails(socket_recv6(a, buf, 1, 0, 0, 0), EAGAIN)) ;
    close(a) ;
    close(b) ;
    close(c) ;
    close(s) ;
  }
}

static int answers (char const *where)
{
  int r = bound(0, 0, where, &rport), s = bound(0, 0, LOOPBACK4, &sport), t = bound(0, 0, LOOPBACK4, &port), yes ;
  check(!socket_connect4(s, "\177\0\0\2", rport) && send(s, "x", 1, 0) == 1) ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, ip, &sport) == 1) ;
  check(socket_send4(r, "y", 1, ip, sport) == 1) ;
  check(socket_send4(r, "z", 1, LOOPBACK4, port) == 1 && test_ready(t, POLLIN)) ;  /* what was sent before has arrived, or never will */
  yes = recv(s, buf, 1, 0) == 1 ;
  close(r) ;
  close(s) ;
  close(t) ;
  return yes ;
}

static void a_connected_client_gets_no_answer_from_the_any_address (void)
{
  check(answers("\177\0\0\2")) ;
  check(!answers(0)) ;
}

static void a_bound_socket_broadcasts_without_a_route (void)
{
  static char const all[] = "\377\377\377\377" ;
  int r, s, t ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (system("PATH=$PATH:/usr/sbin:/sbin ; ip link add d0 type veth peer name d1 && ip addr add 10.1.0.1/24 dev d0 &&"
    " ip addr add 10.2.0.1/24 dev d1 && ip link set d0 up && ip link set d1 up")) SKIP(NO_VETH) ;
  r = bound(0, 0, 0, &rport) ;
  s = socket_udp4() ;
  t = bound(0, 0, "\12\1\0\1", &sport) ;
  check(!socket_broadcast(s) && !socket_broadcast(t)) ;
  check(fails(socket_send4(s, "x", 1, all, rport), ENETUNREACH)) ;
  check(keeps(socket_send4(t, "x", 1, all, rport) == 1)) ;
  preset() ;
  check(test_ready(r, POLLIN) && socket_recv4(r, buf, 1, ip, &port) == 1 && stored("\12\1\0\1", 4, sport)) ;
  close(r) ;
  close(s) ;
  close(t) ;
}

static int reserve (int s)
{
  int n = -1 ;
  socklen_t len = sizeof n ;
  check(!getsockopt(s, SOL_SOCKET, SO_RCVBUF, &n, &len)) ;
  return n ;
}

static void tryreservein_enlarges_never_shrinks_and_never_fails (void)
{
  int s = socket_udp4(), before, most ;
  before = reserve(s) ;
  socket_tryreservein(s, 65536) ;
  check(reserve(s) >= 65536 && reserve(s) != before) ;
  most = reserve(s) ;
  check(keeps((socket_tryreservein(s, 0x7fffffff), 1)) && reserve(s) >= most) ;  /* cut, not refused */
  most = reserve(s) ;
  check(keeps((socket_tryreservein(s, 0), 1)) && keeps((socket_tryreservein(s, -1), 1)) && reserve(s) == most) ;
  check(keeps((socket_tryreservein(-1, 65536), 1))) ;
  close(s) ;
}

int main (void)
{
  RUN(each_socket_is_as_its_function_is_named) ;
  RUN(old_names_are_macros) ;
  RUN(noipv6_makes_ip4_sockets) ;
  RUN46(a_datagram_and_its_answer_arrive) ;
  RUN(a_dual_stack_socket_talks_with_both_families) ;
  RUN(what_has_no_place_is_not_stored) ;
  RUN(any_is_this_host) ;
  RUN(lengths_are_returned_0_and_65507_too) ;
  RUN(what_fails_stores_nothing) ;
  RUN(a_stream_has_bytes_and_no_address) ;
  RUN(a_unix_sender_gives_EAFNOSUPPORT) ;
  RUN(a_signal_gives_EINTR) ;
  RUN(ip6_functions_work_on_an_ip4_socket) ;
  RUN(flags_are_passed_on) ;
  RUN(broadcast_needs_permission) ;
  RUN(of_two_sockets_with_reuse_the_later_gets_all) ;
  RUN(a_connected_client_gets_no_answer_from_the_any_address) ;
  RUN(tryreservein_enlarges_never_shrinks_and_never_fails) ;
  RUN(a_link_local_sender_comes_with_its_scope) ;
  RUN(a_bound_socket_broadcasts_without_a_route) ;
  return test_end() ;
}
