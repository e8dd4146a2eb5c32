/* ISC license. */

#include <errno.h>

#include "internal.h"

int libsocket_setint (int s, int level, int option, int value)
{
  if (option == -1) return (errno = ENOSYS, -1) ;
  return setsockopt(s, level, option, &value, sizeof value) ;
}
