/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_fastopen_key (int s, char const *key, size_t len)
{
  if (TCP_FASTOPEN_KEY == -1) return (errno = ENOSYS, -1) ;
  if (len != 16 && len != 32) return (errno = EINVAL, -1) ;
  return setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, (socklen_t)len) ;
}
