/* ISC license. */

#include "socket_connector.h"

unsigned int socket_candidate_hedge (socket_candidate *x, unsigned int n, unsigned int max)
{
  unsigned int total = n ;
  for (unsigned int i = 0 ; i < n && total < max ; i++)
  {
    socket_candidate *h = x + total++ ;
    if (x[i].is6) socket_candidate_ip6(h, x[i].ip, x[i].port, x[i].scope_id) ;
    else socket_candidate_ip4(h, x[i].ip, x[i].port) ;
    h->delay = x[i].delay ;
    h->hedge = 1 ;
  }
  return total ;
}
