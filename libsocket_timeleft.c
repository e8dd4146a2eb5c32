/* ISC license. */

#include <skalibs/nonposix.h>

#include <limits.h>
#include <time.h>
#include <sys/time.h>

#include "internal.h"

int libsocket_timeleft (int s, long long *start)
{
  struct timeval tv = { .tv_sec = 0, .tv_usec = 0 } ;
  struct timespec ts ;
  socklen_t len = sizeof tv ;
  long long now, left ;

  if (getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, &len) == -1) return -2 ;
  if ((!tv.tv_sec && !tv.tv_usec) || tv.tv_sec >= INT_MAX / 1000) return -1 ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  now = (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 ;
  if (!*start) *start = now ;
  left = *start + tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000 - now ;
  return left < 0 ? 0 : (int)left ;
}
