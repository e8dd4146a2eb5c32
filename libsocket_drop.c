/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "internal.h"

/* closes s and fails with the errno that led here */

int libsocket_drop (int s)
{
  int e = errno ;
  close(s) ;
  errno = e ;
  return -1 ;
}
