/* ISC license. */

#define _GNU_SOURCE

#include "peer.h"
#include <socket.h>

int main (int argc, char **argv)
{
  char const *ip ;
  uint16_t port ;
  size_t len ;
  ssize_t n ;
  int six, s ;
  peer_options(argc, argv, "") ;
  len = strlen(peer_data) ;
  peer_ready(argv[optind]) ;
  six = peer_address(peer_resolve(argv[optind], argv[optind + 1]), &ip, &port) ;
  s = six ? socket_tcp6b() : socket_tcp4b() ;
  n = six ? socket_fastopen_connect6(s, ip, port, 0, peer_data, len) : socket_fastopen_connect4(s, ip, port, peer_data, len) ;
  if (n == -1) peer_errno() ;
  if ((size_t)n < len && write(s, peer_data + n, len - (size_t)n) == -1) peer_errno() ;
  peer_answer(s) ;
}
