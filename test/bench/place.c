/* ISC license. */

/*
   For network.sh, in the client's namespace
   usage: place listen         listens on port 80 of 127.0.0.1, and says so; what connects stays in its queue
          place history        of each address on standard input: a connection to its port 7 that ends in order, so that the kernel
                               knows the round-trip time; all at the same time
*/

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include "socket.h"

#define MAX 1024

static int listens (void)
{
  int s = socket_tcp4b() ;
  if (socket_bind4_reuse(s, "\177\0\0\1", 80) == -1 || socket_listen(s, 4096) == -1) return 111 ;
  puts("ready") ;
  fflush(stdout) ;
  for (;;) pause() ;
}

static int history (void)
{
  static struct pollfd x[MAX] ;
  char name[64], ip[16], c ;
  unsigned int n = 0, left ;
  while (n < MAX && scanf("%63s%*[^\n]", name) == 1)
  {
    int six = !!strchr(name, ':') ;
    if (inet_pton(six ? AF_INET6 : AF_INET, name, ip) != 1) return 100 ;
    x[n].fd = six ? socket_tcp6() : socket_tcp4() ;
    x[n].events = POLLOUT ;
    if (six) socket_connect6(x[n].fd, ip, 7, 0) ; else socket_connect4(x[n].fd, ip, 7) ;
    n++ ;
  }
  left = n ;
  while (left && poll(x, n, 20000) > 0)
    for (unsigned int i = 0 ; i < n ; i++) if (x[i].fd >= 0 && x[i].revents)
    {
      if (x[i].events == POLLOUT)
      {
        if (!socket_connected(x[i].fd)) return 111 ;
        shutdown(x[i].fd, SHUT_WR) ;
        x[i].events = POLLIN ;
      }
      else if (read(x[i].fd, &c, 1) == 0)
      {
        close(x[i].fd) ;
        x[i].fd = -1 ;
        left-- ;
      }
    }
  return left ? 111 : 0 ;
}

int main (int argc, char **argv)
{
  if (argc == 2 && !strcmp(argv[1], "listen")) return listens() ;
  if (argc == 2 && !strcmp(argv[1], "history")) return history() ;
  return 100 ;
}
