/* ISC license. */

/* As README's program: delays from the kernel's memory, and hedges. -b: bare, without either. */

#define _GNU_SOURCE

#include "peer.h"
#include "socket_connector.h"

#define MAX 32

static int greeted (socket_candidate *x, void *unused)
{
  char c ;
  ssize_t r = recv(x->fd, &c, 1, MSG_PEEK) ;
  (void)unused ;
  if (r == 1) return 1 ;
  errno = !r ? EPIPE : errno == EAGAIN ? EINPROGRESS : errno ;
  return 0 ;
}

int main (int argc, char **argv)
{
  struct addrinfo *list ;
  socket_candidate candidate[MAX] ;
  socket_connector c ;
  tain deadline ;
  unsigned int n ;
  int bare = argc > 1 && !strcmp(argv[1], "-b") ;
  argv += bare ;
  if (argc - bare != 3) return 100 ;

  peer_ready(argv[1]) ;
  tain_now_set_stopwatch_g() ;
  tain_from_millisecs(&deadline, peer_deadline()) ;
  tain_add_g(&deadline, &deadline) ;
  list = peer_resolve(argv[1], argv[2]) ;
  n = socket_candidate_addrinfo(candidate, 16, list) ;
  freeaddrinfo(list) ;
  if (!bare)
  {
    socket_candidate_metrics(candidate, n) ;
    n = socket_candidate_hedge(candidate, n, MAX) ;
  }
  tain_now_g() ;
  socket_connector_init(&c, candidate, n, &deadline) ;
  if (peer_greeted()) c.ready = &greeted ;
  if (socket_connector_wait_g(&c) == -1) peer_errno() ;
  peer_won(c.fd) ;
}
