/* ISC license. */

#include <string.h>

#include "socket_connector.h"
#include "internal.h"

int libsocket_same (socket_candidate const *a, socket_candidate const *b)
{
  return a->is6 == b->is6 && a->port == b->port && a->scope_id == b->scope_id && !memcmp(a->ip, b->ip, a->is6 ? 16 : 4) ;
}
