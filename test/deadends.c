/* ISC license. */

/*
   deadends: two ports of this host that lead nowhere, for as long as standard input is open.
   Standard output gets one line with their numbers: nobody listens on the first, so that it refuses, at ::1 and
   127.0.0.1; the second is silent, at 127.0.0.1: its queue is full, and nobody accepts.
*/

#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "socket.h"

#define LOOPBACK "\177\0\0\1"
#define MAPPED "\0\0\0\0\0\0\0\0\0\0\377\377" LOOPBACK

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

static int bound (char const *ip, char *fmt, uint16_t *port)
{
  int s = socket_tcp6b() ;
  if (s == -1) strerr_diefu1sys(111, "create socket") ;
  if (socket_bind6(s, ip, 0, 0) == -1) strerr_diefu1sys(111, "bind") ;
  if (socket_local6(s, 0, port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  fmt[uint16_fmt(fmt, *port)] = 0 ;
  return s ;
}

int main (void)
{
  char refused[UINT16_FMT] ;
  char silent[UINT16_FMT] ;
  char c ;
  uint16_t port ;
  int s ;
  PROG = "deadends" ;

  bound(0, refused, &port) ;
  s = bound(MAPPED, silent, &port) ;
  if (socket_listen(s, 0) == -1) strerr_diefu1sys(111, "listen") ;
  if (socket_connect4(socket_tcp4b(), LOOPBACK, port) == -1) strerr_diefu1sys(111, "fill the queue") ;

  if (buffer_puts(buffer_1, refused) < 0
   || buffer_puts(buffer_1, " ") < 0
   || buffer_puts(buffer_1, silent) < 0
   || buffer_putflush(buffer_1, "\n", 1) < 0) strerr_diefu1sys(111, "write to stdout") ;
  while (read(0, &c, 1) > 0) ;
  return 0 ;
}
