/* ISC license. */

/* The limit: bare system calls, to all at once. Its list has only the address that answers first, if there is one. */

#define _GNU_SOURCE

#include <poll.h>

#include "peer.h"

int main (int argc, char **argv)
{
  struct pollfd x[16] ;
  nfds_t n = 0, left ;
  int error = ETIMEDOUT ;
  if (argc != 3) return 100 ;
  peer_ready(argv[1]) ;
  for (struct addrinfo *a = peer_resolve(argv[1], argv[2]) ; a && n < 16 ; a = a->ai_next, n++)
  {
    x[n].fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) ;
    x[n].events = POLLOUT ;
    if (connect(x[n].fd, a->ai_addr, a->ai_addrlen) == 0) peer_won(x[n].fd) ;
    if (errno != EINPROGRESS)
    {
      error = errno ;
      close(x[n].fd) ;
      x[n].fd = -1 ;
    }
  }
  for (;;)
  {
    left = 0 ;
    for (nfds_t i = 0 ; i < n ; i++) left += x[i].fd >= 0 ;
    if (!left || poll(x, n, peer_deadline()) <= 0) break ;
    for (nfds_t i = 0 ; i < n ; i++) if (x[i].revents)
    {
      socklen_t len = sizeof error ;
      getsockopt(x[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) ;
      if (!error && peer_speaks(x[i].fd, peer_deadline())) peer_won(x[i].fd) ;
      close(x[i].fd) ;
      x[i].fd = -1 ;
      x[i].revents = 0 ;
    }
  }
  errno = left ? ETIMEDOUT : error ;
  peer_errno() ;
}
