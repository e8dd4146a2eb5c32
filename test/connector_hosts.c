/* ISC license. */

/*
   The connector on hosts as they may be, each a namespace: one local port is left, a router errs at first, IPv6 is switched off,
   routes refuse.
*/

#include "loopback.h"

#include <net/ethernet.h>
#include <skalibs/tai.h>

#include "socket_connector.h"

#define DOC4 "\300\0\2\1"                                  /* 192.0.2.1 */
#define DOC6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"        /* 2001:db8::1 */
#define LINK6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"       /* fe80::1 */
#define REFUSES 9                                          /* nobody listens there */

static void to (socket_candidate *x, int v6, char const *ip, uint16_t port)
{
  if (v6) socket_candidate_ip6(x, ip, port, 0) ;
  else socket_candidate_ip4(x, ip, port) ;
}

static void here (socket_candidate *x, int v6, uint16_t port)
{
  to(x, v6, v6 ? LOOPBACK6 : LOOPBACK4, port) ;
}

static void in (tain *deadline, tain *stamp, int s)
{
  tain_now(stamp) ;
  tain_addsec(deadline, stamp, s) ;
}

static int race (socket_candidate *x, unsigned int n)
{
  tain deadline, stamp ;
  in(&deadline, &stamp, 30) ;
  return socket_connectany(x, n, &deadline, &stamp) ;
}


 /* A connection of a socket to itself: a dead port is the only one that the kernel can give out. */

static uint16_t the_port (void)
{
  static uint16_t port = 40001 ;  /* the last has a connection in TIME_WAIT */
  char s[32] ;
  port += 2 ;
  snprintf(s, sizeof s, "%u %u", port, port) ;
  check(!test_write("/proc/sys/net/ipv4/ip_local_port_range", s)) ;
  return port ;
}

static uint16_t local_port (int s)
{
  uint16_t port = 0 ;
  check(!socket_local6(s, 0, &port, 0)) ;
  return port ;
}

static uint16_t remote_port (int s)
{
  uint16_t port = 0 ;
  check(!socket_remote6(s, 0, &port, 0)) ;
  return port ;
}

static int never (socket_candidate *x, void *data)
{
  (void)x ;
  (void)data ;
  check(0) ;
  return 1 ;
}

static void is_self (int v6)
{
  socket_candidate x[4] ;
  socket_connector c ;
  tain deadline, stamp ;
  uint16_t port = the_port(), live = 30000 ;
  int s = tcp(v6, 1), l = bindto(v6, &live) ;

  /* so does TCP, */
  check(keeps(!conn(s, v6, port))) ;
  check(local_port(s) == port && remote_port(s) == port) ;
  close(s) ;

  /* and the connector does not */
  here(x, v6, the_port()) ;
  check(fails(race(x, 1), ECONNREFUSED)) ;
  check(x->error == ECONNREFUSED && x->fd == -1) ;

  here(x, v6, the_port()) ;
  in(&deadline, &stamp, 30) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  c.ready = &never ;
  check(fails(socket_connector_wait(&c, &stamp), ECONNREFUSED)) ;

  here(x, v6, the_port()) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  c.data = "hello" ;
  c.len = 5 ;
  check(fails(socket_connector_wait(&c, &stamp), ECONNREFUSED)) ;

  /* before a live one, which has the port as its peer; the hedge of what has answered is not asked */
  check(!socket_listen(l, 1)) ;
  port = the_port() ;
  here(x, v6, port) ;
  here(x + 1, v6, live) ;
  check(socket_candidate_hedge(x, 2, 4) == 4) ;
  check(keeps((s = race(x, 4)) >= 0)) ;
  check(x[0].error == ECONNREFUSED && !x[1].error && remote_port(s) == live && local_port(s) == port) ;
  for (int i = 2 ; i < 4 ; i++) check(!x[i].error && !x[i].start.sec.x) ;
  close(s) ;
  close(l) ;
}

static void a_connection_to_itself_is_refused_IPv4 (void) { is_self(0) ; }
static void a_connection_to_itself_is_refused_IPv6 (void) { is_self(1) ; }

/* the mapped address on an IPv6 socket */

static void a_mapped_connection_to_itself_is_refused (void)
{
  socket_candidate x ;
  to(&x, 1, MAPPED6, the_port()) ;
  check(fails(race(&x, 1), ECONNREFUSED)) ;
}

/* The kernel's table has a connection of that port to itself. */

static int met_itself (uint16_t port)
{
  char s[256], want[64] ;
  unsigned int const ip = htonl(INADDR_LOOPBACK) ;
  int r = 0 ;
  FILE *f = fopen("/proc/net/tcp", "r") ;
  snprintf(want, sizeof want, ": %08X:%04X %08X:%04X ", ip, port, ip, port) ;
  while (f && fgets(s, sizeof s, f)) if (strstr(s, want)) r = 1 ;
  if (f) fclose(f) ;
  return r ;
}

/* Of so many ports the one that is dead itself comes about once in 20,000 races. */

static void twenty_thousand_races_to_a_dead_port_are_refused (void)
{
  uint16_t const port = 50000 ;
  int met = 0 ;
  check(!test_write("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999")) ;
  for (int i = 0 ; i < 20000 || (!met && i < 400000) ; i++)
  {
    socket_candidate x ;
    here(&x, 0, port) ;
    check(fails(race(&x, 1), ECONNREFUSED)) ;
    if (test_failures) return ;
    if (i % 1000 == 999) met = met_itself(port) ;
  }
  check(met) ;
}


#ifndef LIBSOCKET_PORTABLE

 /* A router errs: its answer to the first SYN is an ICMP error, before the second it has the address itself. */

#define LIMIT 4              /* of 5 errors in a row that Linux sends to one address: one may go to a second SYN */
#define CLIENTS 7            /* the client's second address is for those beyond it */

static int no_errors (int s)
{
  struct pollfd x = { .fd = s, .events = POLLIN | POLLOUT } ;
  return poll(&x, 1, 0) == 1 && x.revents == POLLOUT && socket_connected(s) ;
}

/* The error ends every wait before the connection is up: 1 once it is. If it came after connect() had returned, that was the end: 0. */

static int await_connection (int s)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  do check(poll(&x, 1, 30000) == 1) ; while (!(x.revents & POLLOUT) && !poll(0, 0, 10)) ;
  check(x.revents & POLLERR) ;
  return !(x.revents & POLLHUP) ;
}

static void ignore (int sig)
{
  (void)sig ;
}

/* the connection, or -1 and errno */

static int connection (int i, char const *ip, char const *mapped)
{
  socket_candidate candidate ;
  socket_connector c ;
  tain deadline, stamp ;
  timer_t storm ;
  int s, r ;
  switch (i)
  {
    case 1 :
      socket_candidate_ip4(&candidate, ip, 80) ;
      return race(&candidate, 1) ;
    case 2 :
    case 3 :  /* in a loop that is late */
      to(&candidate, i == 3, i == 3 ? mapped : ip, 80) ;
      in(&deadline, &stamp, 30) ;
      socket_connector_init(&c, &candidate, 1, &deadline) ;
      check(keeps(!socket_connector_step(&c, &stamp))) ;
      r = await_connection(candidate.fd) ;
      check(r ? keeps(socket_connector_step(&c, &stamp) == 1) : fails(socket_connector_step(&c, &stamp), EHOSTUNREACH)) ;
      return c.fd ;
  }
  s = tcp(0, i > 3) ;
  switch (i)
  {
    case 0 :  /* the kernel alone */
      check(fails(socket_connect4(s, ip, 80), EINPROGRESS)) ;
      r = await_connection(s) ? 0 : -1 ;
      errno = EHOSTUNREACH ;
      break ;
    case 4 :
      r = socket_connect4(s, ip, 80) ;
      break ;
    case 5 :
      storm = test_storm(&ignore, 0) ;
      r = socket_connect4(s, ip, 80) ;
      test_calm(storm) ;
      break ;
    default :
      r = (int)socket_fastopen_connect4(s, ip, 80, "hello", 5) ;
      check(r == -1 || r == 5) ;
  }
  if (r >= 0) return s ;
  r = errno ;
  close(s) ;
  errno = r ;
  return -1 ;
}

/* 1 if it has the connection */

static int client (int i)
{
  char address[] = MAPPED6, *ip = address + 12 ;
  int s ;
  memcpy(ip, "\306\63\144", 3) ;
  ip[3] = (char)(i / LIMIT << 4 | (i + 1)) ;
  s = connection(i, ip, address) ;
  if (s == -1) return check(errno == EHOSTUNREACH), 0 ;
  if (i) check(no_errors(s)) ;
  close(s) ;
  return 1 ;
}

/* Until the router, whose packets these are, has sent an error to each client: in it is the header of the SYN. */

static void await_errors (int packets)
{
  unsigned char b[128] ;
  unsigned int clients = 0 ;
  while (clients != (1 << CLIENTS) - 1 && test_ready(packets, POLLIN))
  {
    ssize_t r = recv(packets, b, sizeof b, 0) ;
    if (r >= 48 && b[9] == IPPROTO_ICMP && b[20] == 3) clients |= 1U << ((b[47] & 15) - 1) ;
  }
  check(clients == (1 << CLIENTS) - 1) ;
}

static void no_ICMP_error_of_a_router_is_left_on_a_connection (void)
{
  static char const mac[] = "02:00:00:00:00:0" ;
  char s[128] ;
  pid_t pid[CLIENTS], router ;
  int go[2], ready[2], connected[2], ns[2], l, packets ;

  check(!pipe(go) && !pipe(ready) && !pipe(connected)) ;
  router = test_fork() ;
  if (!router)
  {
    int r = unshare(CLONE_NEWNET) ;
    close(go[1]) ;
    close(connected[1]) ;
    if (!r && write(ready[1], "", 1) == 1 && !read(go[0], s, 1)) _exit(0) ;
    _exit(1) ;
  }
  close(go[0]) ;
  check(read(ready[0], s, 1) == 1) ;
  snprintf(s, sizeof s, "/proc/%d/ns/net", (int)router) ;
  ns[0] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) ;
  ns[1] = open(s, O_RDONLY | O_CLOEXEC) ;

  snprintf(s, sizeof s, "link add name va address %s1 type veth peer name vb address %s2 netns %d", mac, mac, (int)router) ;
  ip(s) ;
  ip("link set va up") ;
  ip("addr add 192.0.2.1/29 dev va") ;
  ip("addr add 192.0.2.3/29 dev va") ;
  snprintf(s, sizeof s, "neigh replace 192.0.2.2 lladdr %s2 dev va nud permanent", mac) ;
  ip(s) ;
  ip("route add 198.51.100.0/28 via 192.0.2.2") ;
  ip("route add 198.51.100.16/28 via 192.0.2.2 src 192.0.2.3") ;
  check(!setns(ns[1], CLONE_NEWNET)) ;
  ip("link set lo up") ;
  ip("link set vb up") ;
  carries("vb") ;
  ip("addr add 192.0.2.2/29 dev vb") ;
  for (int i = 1 ; i < 4 ; i += 2)
  {
    snprintf(s, sizeof s, "neigh replace 192.0.2.%d lladdr %s1 dev vb nud permanent", i, mac) ;
    ip(s) ;
  }
  ip("route add unreachable 198.51.100.0/24") ;
  check(!test_write("/proc/sys/net/ipv4/ip_forward", "1") && !test_write("/proc/sys/net/ipv4/icmp_ratelimit", "0")) ;
  check((packets = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL))) >= 0) ;
  l = tcp(0, 1) ;
  check(!socket_bind4(l, ANY4, 80) && !socket_listen(l, CLIENTS)) ;

  check(!setns(ns[0], CLONE_NEWNET)) ;
  carries("va") ;
  for (int i = 0 ; i < CLIENTS ; i++)
  {
    pid[i] = test_fork() ;
    if (pid[i]) continue ;
    if (client(i)) check(write(connected[1], "", 1) == 1) ;
    test_exit() ;
  }
  close(connected[1]) ;
  check(!setns(ns[1], CLONE_NEWNET)) ;
  await_errors(packets) ;
  ip("route del unreachable 198.51.100.0/24") ;
  ip("addr add 198.51.100.0/24 dev lo") ;  /* all of it */
  for (int i = 0 ; i < CLIENTS ; i++) check(test_fine(pid[i])) ;
  if (!read(connected[0], s, 1)) test_skipped = LATE_ICMP ;

  check(!setns(ns[0], CLONE_NEWNET)) ;
  close(l) ;
  close(packets) ;
  close(ns[0]) ;
  close(ns[1]) ;
  close(ready[0]) ;
  close(ready[1]) ;
  close(connected[0]) ;
  close(go[1]) ;
  check(test_fine(router)) ;
}

#endif


 /* Which error: that of the address that is nearest to an answer */

/* both orders */

static void ends_with (socket_candidate const *a, int first, socket_candidate const *b, int second, int error)
{
  for (int i = 0 ; i < 2 ; i++)
  {
    socket_candidate x[2] ;
    x[i] = *a ;
    x[!i] = *b ;
    check(fails(race(x, 2), error)) ;
    check(x[i].error == first && x[!i].error == second) ;
  }
}

/* the errno of an IPv6 address then: a kernel without IPv6 has its own */

static int no_ipv6 (void)
{
  if (!test_ip6()) return EAFNOSUPPORT ;
  check(!test_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")) ;
  return EADDRNOTAVAIL ;
}

static void no_route_ranks_before_IPv6_switched_off (void)
{
  socket_candidate x, y ;
  int error = no_ipv6() ;
  to(&x, 1, DOC6, 80) ;
  to(&y, 0, DOC4, 80) ;
  ends_with(&x, error, &y, ENETUNREACH, ENETUNREACH) ;
  check(fails(race(&x, 1), error)) ;
  NEED_IP6 ;  /* else ::1 is 127.0.0.1 */
  here(&x, 1, REFUSES) ;
  ends_with(&x, EADDRNOTAVAIL, &y, ENETUNREACH, ENETUNREACH) ;
  check(fails(race(&x, 1), EADDRNOTAVAIL)) ;
}

static void no_route_ranks_before_a_black_hole_of_IPv6 (void)
{
  socket_candidate x, y ;
  NEED_IP6 ;
  ip("-6 route add blackhole default") ;
  to(&x, 1, DOC6, 80) ;
  to(&y, 0, DOC4, 80) ;
  ends_with(&x, EINVAL, &y, ENETUNREACH, ENETUNREACH) ;
  here(&y, 0, REFUSES) ;
  ends_with(&x, EINVAL, &y, ECONNREFUSED, ECONNREFUSED) ;
  check(fails(race(&x, 1), EINVAL)) ;
}

static void no_route_ranks_before_no_scope (void)
{
  socket_candidate x, y ;
  NEED_IP6 ;
  to(&x, 1, LINK6, 80) ;
  to(&y, 1, DOC6, 80) ;
  ends_with(&x, EINVAL, &y, ENETUNREACH, ENETUNREACH) ;
  to(&y, 0, DOC4, 80) ;
  ends_with(&x, EINVAL, &y, ENETUNREACH, ENETUNREACH) ;
}

static void a_prohibited_route_ranks_before_IPv6_switched_off (void)
{
  socket_candidate x, y ;
  int error = no_ipv6() ;
  ip("route add prohibit 192.0.2.0/24") ;
  to(&x, 1, DOC6, 80) ;
  to(&y, 0, DOC4, 80) ;
  ends_with(&x, error, &y, EACCES, EACCES) ;
  ip("route add unreachable 198.51.100.0/24") ;
  to(&x, 0, "\306\63\144\1", 80) ;
  ends_with(&x, EHOSTUNREACH, &y, EACCES, EACCES) ;
}

/* the kernel gives up after the second SYN's time */

static int impatient (int fd, socket_candidate const *x, void *data)
{
  int const ms = 100 ;
  (void)x ;
  (void)data ;
  return setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms) ;
}

/* Connected, closed and reset before the connector looks: EPIPE, after an address that is silent until the kernel gives up. */

static void closed_then_reset_ranks_before_silence (int v6)
{
  struct silence mute = silence(v6) ;
  uint16_t port ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, stamp ;
  int l = listener(v6, &port), s ;
  here(x, v6, mute.port) ;
  here(x + 1, v6, port) ;
  in(&deadline, &stamp, 60) ;
  socket_connector_init(&c, x, 2, &deadline) ;
  c.setup = &impatient ;
  check(!socket_connector_step(&c, &stamp)) ;
  tain_addsec(&stamp, &stamp, 1) ;
  check(!socket_connector_step(&c, &stamp)) ;
  check(test_ready(l, POLLIN)) ;
  s = v6 ? socket_accept6(l, 0, 0, 0) : socket_accept4(l, 0, 0) ;
  check(!shutdown(s, SHUT_WR) && test_ready(x[1].fd, POLLRDHUP)) ;
  test_reset(s) ;
  check(test_ready(x[1].fd, POLLHUP)) ;
  check(fails(socket_connector_wait(&c, &stamp), EPIPE)) ;
  check(x[0].error == ETIMEDOUT && x[1].error == EPIPE) ;
  close(l) ;
  silence_ends(&mute) ;
}

int main (void)
{
  RUN_APART(a_connection_to_itself_is_refused_IPv4) ;
  RUN_APART(a_connection_to_itself_is_refused_IPv6) ;
  RUN_APART(a_mapped_connection_to_itself_is_refused) ;
  RUN_APART(twenty_thousand_races_to_a_dead_port_are_refused) ;
#ifndef LIBSOCKET_PORTABLE
  RUN_APART(no_ICMP_error_of_a_router_is_left_on_a_connection) ;
#endif
  RUN_APART(no_route_ranks_before_IPv6_switched_off) ;
  RUN_APART(no_route_ranks_before_a_black_hole_of_IPv6) ;
  RUN_APART(no_route_ranks_before_no_scope) ;
  RUN_APART(a_prohibited_route_ranks_before_IPv6_switched_off) ;
  RUN46(closed_then_reset_ranks_before_silence) ;
  return test_end() ;
}
