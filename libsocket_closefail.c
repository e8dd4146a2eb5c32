/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "internal.h"

int libsocket_closefail (int s)
{
  int e = errno ;
  close(s) ;
  errno = e ;
  return -1 ;
}
