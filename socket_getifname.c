/* ISC license. */

#include <net/if.h>

#include "socket.h"

#if defined(__STDC_NO_THREADS__) && !defined(__GNUC__)  /* with GNU C it lacks threads.h alone */
#define _Thread_local
#endif

char const *socket_getifname (uint32_t interface)
{
  static _Thread_local char name[IF_NAMESIZE] ;
  return if_indextoname(interface, name) ? name : "[unknown]" ;
}
