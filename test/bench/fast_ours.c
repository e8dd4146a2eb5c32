/* ISC license. */

/* -t: a race to the address listed twice, so that a second attempt goes without data */

#define _GNU_SOURCE

#include "peer.h"
#include "socket_connector.h"

static int twice (struct addrinfo const *list, size_t *sent)
{
  socket_candidate candidate[2] ;
  socket_connector c ;
  tain deadline ;
  socket_candidate_addrinfo(candidate, 1, list) ;
  candidate[1] = candidate[0] ;
  tain_now_set_stopwatch_g() ;
  tain_from_millisecs(&deadline, peer_deadline()) ;
  tain_add_g(&deadline, &deadline) ;
  socket_connector_init(&c, candidate, 2, &deadline) ;
  c.data = peer_data ;
  c.len = strlen(peer_data) ;
  if (socket_connector_wait_g(&c) == -1) peer_errno() ;
  fcntl(c.fd, F_SETFL, 0) ;
  *sent = c.sent ;
  return c.fd ;
}

static int once (struct addrinfo const *list, size_t *sent)
{
  char const *ip ;
  uint16_t port ;
  size_t len = strlen(peer_data) ;
  int six = peer_address(list, &ip, &port), s = six ? socket_tcp6b() : socket_tcp4b() ;
  ssize_t n = six ? socket_fastopen_connect6(s, ip, port, 0, peer_data, len) : socket_fastopen_connect4(s, ip, port, peer_data, len) ;
  if (n == -1) peer_errno() ;
  *sent = (size_t)n ;
  return s ;
}

int main (int argc, char **argv)
{
  struct addrinfo *list ;
  size_t sent ;
  int s ;
  peer_options(argc, argv, "t") ;
  peer_ready(argv[optind]) ;
  list = peer_resolve(argv[optind], argv[optind + 1]) ;
  s = peer_option == 't' ? twice(list, &sent) : once(list, &sent) ;
  if (peer_data[sent] && write(s, peer_data + sent, strlen(peer_data) - sent) == -1) peer_errno() ;
  peer_answer(s) ;
}
