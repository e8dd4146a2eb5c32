/* ISC license. */

/* -p: plain, connect and write */

#define _GNU_SOURCE

#include "peer.h"

int main (int argc, char **argv)
{
  struct addrinfo *a ;
  size_t len ;
  ssize_t n = 0 ;
  int s ;
  peer_options(argc, argv, "p") ;
  len = strlen(peer_data) ;
  peer_ready(argv[optind]) ;
  a = peer_resolve(argv[optind], argv[optind + 1]) ;
  s = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0) ;
  if (peer_option == 'p' ? connect(s, a->ai_addr, a->ai_addrlen) == -1 : (n = sendto(s, peer_data, len, MSG_FASTOPEN, a->ai_addr, a->ai_addrlen)) == -1)
    peer_errno() ;
  if ((size_t)n < len && write(s, peer_data + n, len - (size_t)n) == -1) peer_errno() ;
  peer_answer(s) ;
}
