/* ISC license. */

#include <skalibs/nonposix.h>

#include <netdb.h>
#include <string.h>
#include <arpa/inet.h>

#include "socket_connector.h"
#include "internal.h"

static int same (socket_candidate const *a, socket_candidate const *b)
{
  return a->is6 == b->is6 && a->port == b->port && a->scope_id == b->scope_id && !memcmp(a->ip, b->ip, 16) ;
}

unsigned int socket_candidate_addrinfo (socket_candidate *x, unsigned int max, struct addrinfo const *ai)
{
  unsigned int n = 0 ;

  for (; ai && n < max ; ai = ai->ai_next)
  {
    unsigned int i = 0 ;
    libsocket_sa sa ;
    if (ai->ai_socktype && ai->ai_socktype != SOCK_STREAM) continue ;
    if (ai->ai_family == AF_INET)
    {
      memcpy(&sa.in4, ai->ai_addr, sizeof sa.in4) ;
      socket_candidate_ip4(x + n, (char const *)&sa.in4.sin_addr, ntohs(sa.in4.sin_port)) ;
    }
    else if (ai->ai_family == AF_INET6)
    {
      memcpy(&sa.in6, ai->ai_addr, sizeof sa.in6) ;
      socket_candidate_ip6(x + n, (char const *)&sa.in6.sin6_addr, ntohs(sa.in6.sin6_port), sa.in6.sin6_scope_id) ;
    }
    else continue ;
    while (!same(x + i, x + n)) i++ ;
    if (i == n) n++ ;
  }
  return n ;
}
