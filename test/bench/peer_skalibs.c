/* ISC license. */

/* skalibs' own functions, 2 s for each address, as s6-tcpclient does it. */

#define _GNU_SOURCE

#include <skalibs/djbunix.h>
#include <skalibs/socket.h>
#include <skalibs/tai.h>

#include "peer.h"

int main (int argc, char **argv)
{
  if (argc != 3) return 100 ;
  peer_ready(argv[1]) ;
  tain_now_set_stopwatch_g() ;
  for (struct addrinfo *a = peer_resolve(argv[1], argv[2]) ; a ; a = a->ai_next)
  {
    char const *ip ;
    uint16_t port ;
    tain deadline ;
    int six = peer_address(a, &ip, &port), s = six ? socket_tcp6() : socket_tcp4() ;
    tain_now_g() ;
    tain_addsec_g(&deadline, 2) ;
    if ((six ? socket_deadlineconnstamp6_g(s, ip, port, &deadline) : socket_deadlineconnstamp4_g(s, ip, port, &deadline)) && peer_speaks(s, 2000)) peer_won(s) ;
    fd_close(s) ;
  }
  peer_errno() ;
}
