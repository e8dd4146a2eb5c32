/* ISC license. */

#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <arpa/inet.h>

#include "internal.h"

/* the longest beginning of s that is an address */

static size_t ip_scan (char const *s, struct in6_addr *a)
{
  char buf[INET6_ADDRSTRLEN] ;
  size_t n = 0 ;

  while (n < sizeof buf - 1 && s[n] && strchr("0123456789abcdefABCDEF:.", s[n])) n++ ;
  memcpy(buf, s, n) ;
  for (; n ; n--)
  {
    buf[n] = 0 ;
    if (inet_pton(AF_INET6, buf, a) == 1) break ;
    if (inet_pton(AF_INET, buf, a->s6_addr + 12) == 1)
    {
      memcpy(a->s6_addr, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) ;
      break ;
    }
  }
  return n ;
}

/* digits are an index */

static uint32_t zone (char const *s, size_t len)
{
  char name[IF_NAMESIZE] ;
  uint64_t n = 0 ;
  size_t i = 0 ;
  int e = errno ;

  errno = ENODEV ;
  if (!len || len >= sizeof name) return 0 ;
  for (; i < len && s[i] >= '0' && s[i] <= '9' ; i++) n = 10 * n + (uint64_t)(s[i] - '0') ;
  if (i < len)
  {
    memcpy(name, s, len) ;
    name[len] = 0 ;
    n = if_nametoindex(name) ;
  }
  if (n > UINT32_MAX) n = 0 ;
  if (n) errno = e ;
  return (uint32_t)n ;
}

size_t socket_scan6 (char const *s, char *ip, uint32_t *scope_id)
{
  struct in6_addr a ;
  uint32_t scope = 0 ;
  size_t n = ip_scan(s, &a) ;

  if (!n) return (errno = EINVAL, 0) ;
  if (s[n] == '%' && !IN6_IS_ADDR_V4MAPPED(&a))
  {
    size_t len = libsocket_zonelen(s + n + 1) ;
    scope = zone(s + n + 1, len) ;
    if (!scope) return 0 ;
    n += 1 + len ;
  }
  if (ip) memcpy(ip, &a, 16) ;
  if (scope_id) *scope_id = scope ;
  return n ;
}
