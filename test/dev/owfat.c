/* ISC license. */

/* What a program does that was written from libowfat's pages: its headers and its io loop, our sockets. */

#include "../test.h"

#include <socket.h>
#include <io.h>
#include <ip4.h>
#include <ip6.h>
#include <byte.h>
#include <ndelay.h>

static char const text[] = "sausage and sauerkraut" ;

/* waits in libowfat's loop until s is readable */

static int wanted (int s)
{
  if (!io_fd(s)) return 0 ;
  io_wantread(s) ;
  io_wait() ;
  return io_canread() == s ;
}

static void old_names (void)
{
  int s = socket_tcp() ;
  int u = socket_udp() ;
  uint16 port = 0 ;
  uint32 scope_id = 0 ;
  check(s >= 0 && u >= 0) ;
  check(sizeof port == 2 && sizeof scope_id == 4) ;
#ifndef HAVE_SOCKET_FASTOPEN
  check(!"HAVE_SOCKET_FASTOPEN") ;
#endif
  check(!noipv6) ;
  close(s) ;
  close(u) ;
}

static void datagrams (void)
{
  char buf[64], ip[16] ;
  uint16 port ;
  uint32 scope_id ;
  int server = socket_udp6() ;
  int s = socket_udp4() ;
  socket_tryreservein(server, 100000) ;
  check(socket_bind6_reuse(server, V6any, 0, 0) == 0) ;
  check(socket_local6(server, 0, &port, 0) == 0) ;
  check(socket_send4(s, text, sizeof text, ip4loopback, port) == sizeof text) ;
  check(wanted(server)) ;
  check(socket_recv6(server, buf, sizeof buf, ip, &port, &scope_id) == sizeof text) ;
  check(byte_equal(ip, 12, V4mappedprefix) && byte_equal(ip + 12, 4, ip4loopback)) ;
  check(socket_send6(server, buf, sizeof text, ip, port, scope_id) == sizeof text) ;
  check(wanted(s)) ;
  byte_zero(buf, sizeof buf) ;
  check(socket_recv4(s, buf, sizeof buf, ip, &port) == sizeof text) ;
  check(byte_equal(buf, sizeof text, text) && byte_equal(ip, 4, ip4loopback)) ;
  io_close(s) ;
  io_close(server) ;
}

static void broadcast (void)
{
  static char const all[4] = { 127, -1, -1, -1 } ;
  char buf[64] ;
  uint16 port ;
  int server = socket_udp4() ;
  int s = socket_udp4b() ;
  check(socket_bind4_reuse(server, 0, 0) == 0) ;
  check(socket_local4(server, 0, &port) == 0) ;
  check(socket_broadcast(s) == 0) ;
  check(socket_send4_flag(s, text, sizeof text, all, port, MSG_DONTWAIT) == sizeof text) ;
  check(wanted(server)) ;
  check(socket_recv4(server, buf, sizeof buf, 0, 0) == sizeof text) ;
  close(s) ;
  io_close(server) ;
}

static void multicast (void)
{
  static char const group[4] = { -17, -1, 7, 7 } ;
  char buf[64] ;
  uint16 port ;
  int server = socket_udp4() ;
  int s = socket_udp4() ;
  check(socket_bind4_reuse(server, group, 0) == 0) ;
  check(socket_local4(server, 0, &port) == 0) ;
  check(socket_mcjoin4(server, group, ip4loopback) == 0) ;
  check(socket_bind4(s, ip4loopback, 0) == 0) ;
  check(socket_mcttl4(s, 0) == 0) ;
  check(socket_mcloop4(s, 1) == 0) ;
  check(socket_send4(s, text, sizeof text, group, port) == sizeof text) ;
  check(wanted(server)) ;
  check(socket_recv4(server, buf, sizeof buf, 0, 0) == sizeof text) ;
  check(socket_mcleave4(server, group) == 0) ;
  check(socket_mcleave4(server, group) == -1) ;
  close(s) ;
  io_close(server) ;
}

static void fastopen (void)
{
  char buf[64], ip[4], text4[IP4_FMT + 1] ;
  uint16 port, mine, theirs ;
  ssize_t n ;
  int peer ;
  int server = socket_tcp4() ;
  int s = socket_tcp4b() ;
  check(socket_bind4_reuse(server, ip4loopback, 0) == 0) ;
  check(socket_listen(server, 16) == 0) ;
  socket_fastopen(server) ;
  socket_deferaccept(server, DATAIN) ;
  check(socket_local4(server, 0, &port) == 0) ;
  n = socket_fastopen_connect4(s, ip4loopback, port, text, sizeof text) ;
  check(n == sizeof text) ;
  check(socket_connected(s)) ;
  check(socket_quickack(s, 0) == 0) ;
  check(wanted(server)) ;
  peer = socket_accept4(server, ip, &theirs) ;
  check(peer >= 0) ;
  check(socket_local4(s, 0, &mine) == 0 && mine == theirs) ;
  text4[fmt_ip4(text4, ip)] = 0 ;
  check(!strcmp(text4, "127.0.0.1")) ;
  ndelay_off(peer) ;
  check(read(peer, buf, sizeof buf) == n && byte_equal(buf, (size_t)n, text)) ;
  close(peer) ;
  close(s) ;
  io_close(server) ;
}

/* libowfat's text of a scope id means the same interface as our function */

static void interfaces (void)
{
  static char const linklocal[] = "fe80::1%lo" ;
  char ip[16] ;
  uint32 scope_id = 0 ;
  check(scan_ip6if(linklocal, ip, &scope_id) == sizeof linklocal - 1) ;
  check(scope_id && scope_id == socket_getifidx("lo")) ;
  check(!strcmp(socket_getifname(scope_id), "lo")) ;
}

int main (void)
{
  io_fd(1) ;  /* the loop opens its own descriptor now, and keeps it; with 0 Debian's libowfat 0.32 hangs */
  RUN(old_names) ;
  RUN(datagrams) ;
  RUN(broadcast) ;
  RUN(multicast) ;
  RUN(fastopen) ;
  RUN(interfaces) ;
  return test_end() ;
}
