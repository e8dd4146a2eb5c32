/* ISC license. */

#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <arpa/inet.h>

#include "internal.h"

static size_t index_fmt (char *s, uint32_t n)
{
  size_t len = 0 ;
  for (uint32_t x = n ; x ; x /= 10) len++ ;
  for (size_t i = len ; i-- ; n /= 10) s[i] = (char)('0' + n % 10) ;
  return len ;
}

/* a name that socket_scan6 would not accept is replaced by the index */

static size_t zone_fmt (char *s, uint32_t scope_id)
{
  char name[IF_NAMESIZE] ;
  int e = errno ;
  size_t len = 0 ;
  if (if_indextoname(scope_id, name)) len = strlen(name) ;
  errno = e ;
  if (!len || (IF_NAMESIZE > 16 && len > 15) || libsocket_zonelen(name) < len || strspn(name, "0123456789") == len) return index_fmt(s, scope_id) ;
  memcpy(s, name, len) ;
  return len ;
}

size_t socket_fmt6 (char *s, char const *ip, uint32_t scope_id)
{
  char buf[SOCKET_FMT6 + 1] ;
  struct in6_addr a ;
  size_t n ;

  memcpy(&a, ip, 16) ;
  if (IN6_IS_ADDR_V4MAPPED(&a)) inet_ntop(AF_INET, a.s6_addr + 12, buf, sizeof buf) ;
  else inet_ntop(AF_INET6, &a, buf, sizeof buf) ;
  n = strlen(buf) ;
  if (scope_id && !IN6_IS_ADDR_V4MAPPED(&a))
  {
    buf[n++] = '%' ;
    n += zone_fmt(buf + n, scope_id) ;
  }
  if (s) memcpy(s, buf, n) ;
  return n ;
}
