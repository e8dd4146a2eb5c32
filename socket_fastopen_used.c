/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_fastopen_used (int s)
{
#ifdef TCPI_OPT_SYN_DATA
  struct tcp_info info = { .tcpi_options = 0 } ;
  socklen_t len = sizeof info ;
  if (getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &len) == -1) return -1 ;
  return !!(info.tcpi_options & TCPI_OPT_SYN_DATA) ;
#else
  (void)s ;
  return (errno = ENOSYS, -1) ;
#endif
}
