/* ISC license. */

/* socket_mcjoin4 socket_mcjoin6 socket_mcleave4 socket_mcleave6 socket_mcttl4 socket_mchopcount6 socket_mcloop4 socket_mcloop6:
   in a network namespace with two interfaces, mc1 and mc2, and the route to the groups through mc1 */

#include "test.h"

#include "socket.h"

#define GROUP4 "\357\1\2\3"  /* 239.1.2.3 */
#define GROUP6 "\377\2\0\0\0\0\0\0\0\0\0\0\0\1\0\3"  /* ff02::1:3 */
#define LINKLOCAL1 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define GLOBAL1 "\40\1\15\270\0\1\0\0\0\0\0\0\0\0\0\1"  /* 2001:db8:1::1 */
#define MC1 "\12\1\0\1"  /* 10.1.0.1 */
#define MC2 "\12\2\0\1"

/* the fallback sends by the route beyond link scope */
#ifdef LIBSOCKET_PORTABLE
#define LAST_SCOPE 3
#else
#define LAST_SCOPE 15
#endif

static uint32_t mc1, mc2 ;
static uint16_t port ;

static char const *setup (void)
{
  if (test_namespace() == -1) return NO_NAMESPACES ;
  if (system("PATH=$PATH:/usr/sbin:/sbin ;"
    " ip link add mc1 type veth peer name mc2 && ip addr add 10.1.0.1/24 dev mc1 && ip addr add 10.2.0.1/24 dev mc2 &&"
    " ip link set mc1 up && ip link set mc2 up && ip route add 239.0.0.0/8 dev mc1")) return NO_VETH ;
  if (test_ip6() && system("PATH=$PATH:/usr/sbin:/sbin ;"
    " ip addr add fe80::1/64 dev mc1 nodad && ip addr add fe80::2/64 dev mc2 nodad &&"
    " ip addr add 2001:db8:1::1/64 dev mc1 nodad && ip addr add 2001:db8:2::1/64 dev mc2 nodad && test/settle.sh &&"
    " ip -6 route add multicast ff00::/8 dev mc1 metric 1 table local")) return "ip cannot set up the interfaces" ;
  mc1 = socket_getifidx("mc1") ;
  mc2 = socket_getifidx("mc2") ;
  return 0 ;
}

/* blocking: a multicast datagram takes its time */

static int receiver (int v6)
{
  int s = v6 ? socket_udp6b() : socket_udp4b() ;
  int on = 1 ;
  check(!(v6 ? socket_bind6(s, 0, 0, 0) : socket_bind4(s, 0, 0)) && !socket_local6(s, 0, &port, 0)) ;
  check(!(v6 ? setsockopt(s, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) : setsockopt(s, IPPROTO_IP, IP_RECVTTL, &on, sizeof on))) ;
  return s ;
}

static int send4 (int s, char const *what) { return socket_send4(s, what, 1, GROUP4, port) == 1 ; }
static int send6 (int s, char const *what) { return socket_send6(s, what, 1, GROUP6, port, mc1) == 1 ; }

/* The next datagram of r says what, and has come with that many hops left. */

static int got (int r, char what, int hops)
{
  char c = 0 ;
  char control[256] ;
  struct iovec v = { .iov_base = &c, .iov_len = 1 } ;
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control } ;
  int n = -1 ;
  if (!test_ready(r, POLLIN) || recvmsg(r, &m, 0) != 1 || c != what) return 0 ;
  for (struct cmsghdr *p = CMSG_FIRSTHDR(&m) ; p ; p = CMSG_NXTHDR(&m, p)) memcpy(&n, CMSG_DATA(p), sizeof n) ;
  return n == hops ;
}

static int got_nothing (int r)
{
  char c ;
  return recv(r, &c, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN ;
}

static void a_member_receives_ip4 (void)
{
  int r = receiver(0), s = socket_udp4b() ;
  check(send4(s, "0")) ;
  check(keeps(!socket_mcjoin4(r, GROUP4, test_edge(MC1, 4)))) ;
  check(fails(socket_mcjoin4(r, GROUP4, MC1), EADDRINUSE)) ;
  check(send4(s, "1") && got(r, '1', 1)) ;  /* not 0 */
  check(keeps(!socket_mcleave4(r, test_edge(GROUP4, 4)))) ;
  check(fails(socket_mcleave4(r, GROUP4), EADDRNOTAVAIL)) ;
  check(send4(s, "2")) ;
  check(keeps(!socket_mcjoin4(r, test_edge(GROUP4, 4), 0))) ;  /* by the route: mc1 */
  check(send4(s, "3") && got(r, '3', 1) && got_nothing(r)) ;
  check(keeps(!socket_mcleave4(r, GROUP4))) ;
  check(fails(socket_mcjoin4(r, LOOPBACK4, MC1), EINVAL)) ;
  check(fails(socket_mcjoin4(r, GROUP4, "\12\3\0\1"), ENODEV)) ;
  check(fails(socket_mcjoin4(-1, GROUP4, MC1), EBADF) && fails(socket_mcleave4(-1, GROUP4), EBADF)) ;
  close(r) ;
  close(s) ;
}

/* The kernel would look on mc1 alone. */

static void mcleave4_finds_the_membership_on_any_interface (void)
{
  int r = receiver(0) ;
  check(!socket_mcjoin4(r, GROUP4, LOOPBACK4) && keeps(!socket_mcleave4(r, GROUP4))) ;
  check(!socket_mcjoin4(r, GROUP4, MC2) && !socket_mcjoin4(r, GROUP4, MC1)) ;
  check(keeps(!socket_mcleave4(r, GROUP4)) && fails(socket_mcjoin4(r, GROUP4, MC2), EADDRINUSE)) ;  /* mc1 was left */
  check(!socket_mcjoin4(r, GROUP4, MC1) && keeps(!socket_mcleave4(r, GROUP4)) && keeps(!socket_mcleave4(r, GROUP4)) && fails(socket_mcleave4(r, GROUP4), EADDRNOTAVAIL)) ;
  check(!socket_mcjoin4(r, "\340\0\0\11", MC2) && keeps(!socket_mcleave4(r, "\340\0\0\11"))) ;  /* no route at all */
  check(fails(socket_mcleave4(r, "\340\0\0\11"), EADDRNOTAVAIL)) ;
  close(r) ;
}

/* The kernel knows a membership by the index of its interface. An interface that comes again has another. */

#ifndef LIBSOCKET_PORTABLE
#define GROUP_OTHER "\357\1\2\4"
#define MC3 "\12\3\0\1"  /* 10.3.0.1 */

static int ip (char const *command)
{
  char s[128] ;
  snprintf(s, sizeof s, "PATH=$PATH:/usr/sbin:/sbin ; ip %s", command) ;
  return system(s) ;
}

static void an_interface_without_its_address_is_left (void)
{
  int r = socket_udp4b() ;
  check(!socket_mcjoin4(r, GROUP4, MC2) && !socket_mcjoin4(r, GROUP_OTHER, MC2)) ;
  check(!ip("addr del 10.2.0.1/24 dev mc2")) ;
  check(keeps(!socket_mcleave4(r, GROUP4)) && fails(socket_mcleave4(r, GROUP4), EADDRNOTAVAIL)) ;
  check(!ip("addr add 10.2.0.1/24 dev mc1")) ;  /* now it is another's */
  check(keeps(!socket_mcleave4(r, GROUP_OTHER)) && fails(socket_mcleave4(r, GROUP_OTHER), EADDRNOTAVAIL)) ;
  check(!ip("addr del 10.2.0.1/24 dev mc1") && !ip("addr add 10.2.0.1/24 dev mc2")) ;
  close(r) ;
}

static void an_interface_that_is_gone_is_left (void)
{
  int r = socket_udp4b(), r6 = socket_udp6b() ;
  for (int i = 0 ; i < 25 ; i++)
  {
    check(!ip("link add mc3 type veth peer name mc4") && !ip("addr add 10.3.0.1/24 dev mc3") && !ip("link set mc3 up")) ;
    check(!socket_mcjoin4(r, GROUP4, MC3)) ;  /* at most 20 memberships */
    if (test_ip6()) check(!socket_mcjoin6(r6, GROUP6, (int)socket_getifidx("mc3"))) ;
    check(!ip("link del mc3")) ;
    if (i & 1) check(!ip("link add mc3 type veth peer name mc4") && !ip("addr add 10.3.0.1/24 dev mc3") && !ip("link set mc3 up")) ;
    check(keeps(!socket_mcleave4(r, GROUP4))) ;
    if (!test_lacks(AF_INET6)) check(keeps(!socket_mcleave6(r6, GROUP6))) ;
    if (i & 1) check(!ip("link del mc3")) ;
  }
  check(fails(socket_mcleave4(r, GROUP4), EADDRNOTAVAIL)) ;
  close(r) ;
  close(r6) ;
}
#endif

static void a_member_receives_ip6 (void)
{
  int r, s ;
  NEED_IP6 ;
  r = receiver(1) ;
  s = socket_udp6b() ;
  check(send6(s, "0")) ;
  check(keeps(!socket_mcjoin6(r, test_edge(GROUP6, 16), (int)mc1))) ;
  check(fails(socket_mcjoin6(r, GROUP6, (int)mc1), EADDRINUSE)) ;
  check(send6(s, "1") && got(r, '1', 1)) ;
  check(keeps(!socket_mcleave6(r, test_edge(GROUP6, 16)))) ;
  check(fails(socket_mcleave6(r, GROUP6), EADDRNOTAVAIL)) ;
  check(send6(s, "2")) ;
  check(!socket_mcjoin6(r, GROUP6, (int)mc2) && !socket_mcjoin6(r, GROUP6, (int)mc1)) ;
  check(send6(s, "3") && got(r, '3', 1)) ;
  check(keeps(!socket_mcleave6(r, GROUP6)) && fails(socket_mcjoin6(r, GROUP6, (int)mc2), EADDRINUSE)) ;  /* the latest, mc1 */
  check(keeps(!socket_mcleave6(r, GROUP6)) && fails(socket_mcleave6(r, GROUP6), EADDRNOTAVAIL)) ;
  check(fails(socket_mcjoin6(r, LOOPBACK6, (int)mc1), EINVAL)) ;
  check(fails(socket_mcjoin6(r, GROUP6, 7777), ENODEV)) ;
  check(fails(socket_mcjoin6(-1, GROUP6, (int)mc1), EBADF) && fails(socket_mcleave6(-1, GROUP6), EBADF)) ;
  close(r) ;
  close(s) ;
}

/* With loop off a datagram comes back by the other end of the cable alone: the interface where it arrives, and its source */

static uint32_t arrives (int r, ssize_t len, char *source)
{
  struct sockaddr_in6 sa ;
  struct in6_pktinfo info = { .ipi6_ifindex = 0 } ;
  char data[8] ;
  char control[256] ;
  struct iovec v = { .iov_base = data, .iov_len = sizeof data } ;
  struct msghdr m =
  {
    .msg_name = &sa, .msg_namelen = sizeof sa, .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
  } ;
  if (!test_ready(r, POLLIN) || recvmsg(r, &m, 0) != len) return 0 ;
  for (struct cmsghdr *p = CMSG_FIRSTHDR(&m) ; p ; p = CMSG_NXTHDR(&m, p))
    if (p->cmsg_level == IPPROTO_IPV6 && p->cmsg_type == IPV6_PKTINFO) memcpy(&info, CMSG_DATA(p), sizeof info) ;
  memcpy(source, &sa.sin6_addr, 16) ;
  return info.ipi6_ifindex ;
}

static void leaves_by (int r, int s, char const *group, uint32_t by, char const *bound)
{
  char source[16] ;
  uint32_t other = by == mc1 ? mc2 : mc1 ;
  check(keeps(socket_send6(s, "x", 1, group, port, by) == 1) && arrives(r, 1, source) == other) ;
  check(!bound || !memcmp(source, bound, 16)) ;
  check(keeps(socket_send6_flag(s, "he", 2, group, port, by, MSG_MORE) == 2)) ;
  check(keeps(socket_send6_flag(s, "llo", 3, group, port, by, 0) == 3) && arrives(r, 5, source) == other) ;
}

/* 1 is the interface itself. Connecting does not do it: see the page. */

static void groups_of_every_scope_are_reached_by_scope_id (void)
{
  char source[16] ;
  int on = 1, r, s[3], c ;
  NEED_IP6 ;
  r = receiver(1) ;
  check(!setsockopt(r, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)) ;
  for (int i = 0 ; i < 3 ; i++) check((s[i] = socket_udp6b()) >= 0 && !socket_mcloop6(s[i], 0)) ;
  check(!socket_bind6(s[1], GLOBAL1, 0, 0) && !socket_bind6(s[2], LINKLOCAL1, 0, mc1)) ;
  for (int scope = 2 ; scope < LAST_SCOPE ; scope++) for (int flags = 0 ; flags < 32 ; flags += 16)
  {
    char const group[16] = { '\377', (char)(flags | scope), [13] = 1, [15] = 3 } ;
    check(!socket_mcjoin6(r, group, (int)mc1) && !socket_mcjoin6(r, group, (int)mc2)) ;
    leaves_by(r, s[0], group, mc1, 0) ;
    leaves_by(r, s[0], group, mc2, 0) ;
    leaves_by(r, s[1], group, mc1, GLOBAL1) ;
    leaves_by(r, s[1], group, mc2, GLOBAL1) ;
    leaves_by(r, s[2], group, mc1, LINKLOCAL1) ;
    if (scope > 2)
    {
      check(fails(socket_send6(s[2], "x", 1, group, port, mc2), EINVAL)) ;  /* it is bound to the interface too */
      check(fails(socket_send6(s[0], "x", 1, group, port, 7777), ENODEV)) ;
    }
    else
    {
      char const inside[16] = { '\377', (char)(flags | 1), [13] = 1, [15] = 3 } ;
      leaves_by(r, s[2], group, mc2, 0) ;
      check(fails(socket_send6(s[0], "x", 1, group, port, 7777), ENETUNREACH)) ;
      check(keeps(socket_send6(s[2], "x", 1, inside, port, mc2) == 1)) ;
      check(fails(socket_send6(s[0], "x", 1, inside, port, 7777), ENETUNREACH)) ;
    }
    check((c = socket_udp6b()) >= 0 && !socket_mcloop6(c, 0) && !socket_connect6(c, group, port, mc2)) ;
    check(send(c, "x", 1, 0) == 1 && arrives(r, 1, source) == (scope > 2 ? mc2 : mc1)) ;  /* by the route, mc1: the page says so */
    check(keeps(socket_send6(c, "x", 1, group, port, mc2) == 1) && arrives(r, 1, source) == mc1) ;
    close(c) ;
    check(!socket_mcleave6(r, group) && !socket_mcleave6(r, group)) ;
    check(got_nothing(r)) ;
  }
  close(r) ;
  for (int i = 0 ; i < 3 ; i++) close(s[i]) ;
}

/* A dual-stack socket joins groups of either family. */

static void a_dual_stack_socket_joins_groups_of_both_families (void)
{
  int r, s ;
  char ip[16] ;
  NEED_IP6 ;
  r = receiver(1) ;
  s = socket_udp4b() ;
  check(!socket_mcjoin4(r, GROUP4, MC1) && send4(s, "4") && test_ready(r, POLLIN)) ;
  check(socket_recv6(r, ip, 1, ip, 0, 0) == 1 && !memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\377\377" MC1, 16)) ;
  check(!socket_mcleave4(r, GROUP4)) ;
  close(r) ;
  close(s) ;
}

/* 255 and not -1 */

static void hop_counts_are_0_to_255 (void)
{
  static int const n[] = { 255, 200, 128, 127, 2, 1 } ;
  int r = receiver(0), s = socket_udp4b() ;
  check(!socket_mcjoin4(r, GROUP4, MC1)) ;
  for (int i = 0 ; i < 6 ; i++) check(keeps(!socket_mcttl4(s, (char)n[i])) && send4(s, "t") && got(r, 't', n[i])) ;
  check(keeps(!socket_mcttl4(s, 0)) && fails(socket_mcttl4(-1, 1), EBADF)) ;
  close(r) ;
  close(s) ;
  NEED_IP6 ;
  r = receiver(1) ;
  s = socket_udp6b() ;
  check(!socket_mcjoin6(r, GROUP6, (int)mc1)) ;
  for (int i = 0 ; i < 6 ; i++) check(keeps(!socket_mchopcount6(s, (char)n[i])) && send6(s, "h") && got(r, 'h', n[i])) ;
  check(keeps(!socket_mchopcount6(s, 0)) && fails(socket_mchopcount6(-1, 1), EBADF)) ;
  close(r) ;
  close(s) ;
}

/* Any value but 0 is on. */

static void any_value_but_0_turns_loop_on (void)
{
  int r = receiver(0), s = socket_udp4b() ;
  check(!socket_mcjoin4(r, GROUP4, MC1)) ;
  check(keeps(!socket_mcloop4(s, 0)) && send4(s, "0") && keeps(!socket_mcloop4(s, 1)) && send4(s, "1") && got(r, '1', 1)) ;
  check(!socket_mcloop4(s, 0) && send4(s, "2") && keeps(!socket_mcloop4(s, (char)128)) && send4(s, "3") && got(r, '3', 1)) ;
  check(fails(socket_mcloop4(-1, 1), EBADF)) ;
  close(r) ;
  close(s) ;
  NEED_IP6 ;
  r = receiver(1) ;
  s = socket_udp6b() ;
  check(!socket_mcjoin6(r, GROUP6, (int)mc1)) ;
  check(keeps(!socket_mcloop6(s, 0)) && send6(s, "0") && keeps(!socket_mcloop6(s, 1)) && send6(s, "1") && got(r, '1', 1)) ;
  check(!socket_mcloop6(s, 0) && send6(s, "2") && keeps(!socket_mcloop6(s, (char)128)) && send6(s, "3") && got(r, '3', 1)) ;
  check(fails(socket_mcloop6(-1, 1), EBADF)) ;
  close(r) ;
  close(s) ;
}

int main (void)
{
  test_cannot = setup() ;
  RUN(a_member_receives_ip4) ;
  RUN(mcleave4_finds_the_membership_on_any_interface) ;
#ifndef LIBSOCKET_PORTABLE
  RUN(an_interface_without_its_address_is_left) ;
  RUN(an_interface_that_is_gone_is_left) ;
#endif
  RUN(a_member_receives_ip6) ;
  RUN(groups_of_every_scope_are_reached_by_scope_id) ;
  RUN(a_dual_stack_socket_joins_groups_of_both_families) ;
  RUN(hop_counts_are_0_to_255) ;
  RUN(any_value_but_0_turns_loop_on) ;
  return test_end() ;
}
