/* ISC license. */

/* libowfat leaves it to its user to try one address after the other, and to be patient with each: 2 s, as tcpclient is. */

#define _GNU_SOURCE

#include <poll.h>

#include "peer.h"
#include <socket.h>

int main (int argc, char **argv)
{
  if (argc != 3) return 100 ;
  peer_ready(argv[1]) ;
  for (struct addrinfo *a = peer_resolve(argv[1], argv[2]) ; a ; a = a->ai_next)
  {
    char const *ip ;
    uint16_t port ;
    int six = peer_address(a, &ip, &port), s = six ? socket_tcp6() : socket_tcp4(), r ;
    struct pollfd x = { .fd = s, .events = POLLOUT } ;
    r = six ? socket_connect6(s, ip, port, 0) : socket_connect4(s, ip, port) ;
    if (!r) peer_won(s) ;
    if (errno == EINPROGRESS)
    {
      if (poll(&x, 1, 2000) != 1) errno = ETIMEDOUT ;
      else if (socket_connected(s) && peer_speaks(s, 2000)) peer_won(s) ;
    }
    r = errno ;
    close(s) ;
    errno = r ;
  }
  peer_errno() ;
}
