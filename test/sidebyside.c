/* ISC license. */

/* skalibs' socket functions and ours in one program, which test/link.sh links with the shared and with the static libskarnet */

#include "test.h"

#include <skalibs/tai.h>
#include <skalibs/socket.h>

#include "socket_connector.h"

#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\12"

static void in_time (tain *deadline, tain *stamp)
{
  check(tain_now(stamp)) ;
  tain_addsec(deadline, stamp, 30) ;
}

/* s is connected to the listener: ours say so at both ends */

static void joined (int s, int l, char const *ip, uint16_t port, uint32_t scope)
{
  char peer[16] ;
  uint16_t here = 0, there = 0 ;
  uint32_t got = 9 ;
  int fd ;
  check(keeps(socket_connected(s) == 1)) ;
  check(!socket_remote6(s, peer, &there, &got) && !memcmp(peer, ip, 16) && there == port && got == scope) ;
  check(!socket_local6(s, 0, &here, 0)) ;
  got = 9 ;
  check(test_ready(l, POLLIN)) ;
  fd = socket_accept6(l, peer, &there, &got) ;
  check(fd >= 0 && !memcmp(peer, ip, 16) && there == here && got == scope) ;
  close(fd) ;
}

static int listener (char const *ip, uint16_t *port, uint32_t scope)
{
  int l = socket_tcp6_nbcoe() ;
  check(!socket_bind6_reuse(l, ip, 0, scope)) ;
  check(!socket_listen(l, 8)) ;
  check(!socket_local6(l, 0, port, 0)) ;
  return l ;
}

static void both (char const *ip, uint32_t scope)
{
  tain deadline, stamp ;
  uint16_t port ;
  int l = listener(ip, &port, scope), s ;

  s = socket_tcp6() ;
  in_time(&deadline, &stamp) ;
  check(!socket_bind6(s, ip, 0, scope)) ;  /* skalibs passes no scope id: the bound one stands in */
  check(socket_deadlineconnstamp6(s, ip, port, &deadline, &stamp)) ;
  joined(s, l, ip, port, scope) ;
  check(!socket_tcpnodelay(s)) ;
  close(s) ;

  s = socket_tcp6b() ;
  check(keeps(!socket_connect6(s, ip, port, scope))) ;
  joined(s, l, ip, port, scope) ;
  close(s) ;

  s = socket_tcp6_nbcoe() ;
  check(fails(socket_connect6(s, ip, port, scope), EINPROGRESS)) ;
  in_time(&deadline, &stamp) ;
  check(socket_waitconn(s, &deadline, &stamp)) ;
  joined(s, l, ip, port, scope) ;
  close(s) ;

  close(l) ;
}

static void both_libraries_connect_to_one_listener (void)
{
  NEED_IP6 ;
  both(LOOPBACK6, 0) ;
}

static void both_libraries_connect_link_locally (void)
{
  tain deadline, stamp ;
  uint32_t scope ;
  uint16_t port ;
  int l, s ;
  NEED_IP6 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  check(!system("ip link add v0 type veth peer name v1")) ;
  check(!system("ip link set v1 up")) ;
  check(!system("ip link set v0 up")) ;
  check(!system("ip addr add fe80::a/64 dev v0 nodad && test/settle.sh")) ;
  scope = if_nametoindex("v0") ;
  both(LINKLOCAL6, scope) ;

  l = listener(LINKLOCAL6, &port, scope) ;
  s = socket_tcp6() ;
  in_time(&deadline, &stamp) ;
  errno = 0 ;
  check(!socket_deadlineconnstamp6(s, LINKLOCAL6, port, &deadline, &stamp) && errno == EINVAL) ;
  close(s) ;
  close(l) ;
}

static void both_libraries_connect_over_ip4 (void)
{
  tain deadline, stamp ;
  char peer[4] ;
  uint16_t port, here, there = 0 ;
  int l = socket_tcp4_nbcoe() ;
  check(!socket_bind4_reuse(l, LOOPBACK4, 0)) ;
  check(!socket_listen(l, 8)) ;
  check(!socket_local4(l, 0, &port)) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    int s = i == 2 ? socket_tcp4b() : socket_tcp4(), fd ;
    in_time(&deadline, &stamp) ;
    if (i == 0) check(socket_deadlineconnstamp4(s, LOOPBACK4, port, &deadline, &stamp)) ;
    else if (i == 1) check(socket_timeoutconn(s, LOOPBACK4, port, 30)) ;
    else check(keeps(!socket_connect4(s, LOOPBACK4, port))) ;
    check(keeps(socket_connected(s) == 1)) ;
    check(!socket_local4(s, 0, &here)) ;
    check(test_ready(l, POLLIN)) ;
    fd = i == 1 ? socket_accept4_internal(l, peer, &there, O_NONBLOCK) : socket_accept4(l, peer, &there) ;
    check(fd >= 0 && !memcmp(peer, LOOPBACK4, 4) && there == here) ;
    close(fd) ;
    close(s) ;
  }
  close(l) ;
}

int main (void)
{
  RUN(both_libraries_connect_over_ip4) ;
  RUN(both_libraries_connect_to_one_listener) ;
  RUN(both_libraries_connect_link_locally) ;
  return test_end() ;
}
