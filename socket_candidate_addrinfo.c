/* ISC license. */

#include <skalibs/nonposix.h>

#include <netdb.h>
#include <string.h>
#include <arpa/inet.h>

#include "socket_connector.h"
#include "internal.h"

static int convert (socket_candidate *x, struct addrinfo const *ai)
{
  libsocket_sa sa ;
  if (!ai->ai_addr || (ai->ai_socktype && ai->ai_socktype != SOCK_STREAM)) return 0 ;
  if (ai->ai_family == AF_INET)
  {
    memcpy(&sa.in4, ai->ai_addr, sizeof sa.in4) ;
    socket_candidate_ip4(x, (char const *)&sa.in4.sin_addr, ntohs(sa.in4.sin_port)) ;
  }
  else if (ai->ai_family == AF_INET6)
  {
    memcpy(&sa.in6, ai->ai_addr, sizeof sa.in6) ;
    socket_candidate_ip6(x, (char const *)&sa.in6.sin6_addr, ntohs(sa.in6.sin6_port), sa.in6.sin6_scope_id) ;
  }
  else return 0 ;
  return 1 ;
}

unsigned int socket_candidate_addrinfo (socket_candidate *x, unsigned int max, struct addrinfo const *ai)
{
  unsigned int n = 0 ;
  unsigned int has[2] = { 0, 0 } ;

  for (; ai ; ai = ai->ai_next)
  {
    socket_candidate new ;
    unsigned int i = 0 ;
    if (!convert(&new, ai)) continue ;
    while (i < n && !libsocket_same(x + i, &new)) i++ ;
    if (i < n) continue ;
    if (n < max) n++ ;
    else if (max < 2 || has[new.is6]) continue ;
    x[n - 1] = new ;  /* the first of a family that was missing takes the last place */
    has[new.is6]++ ;
  }
  return n ;
}
