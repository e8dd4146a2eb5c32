/* ISC license. */

#include <errno.h>

#include "socket_connector.h"
#include "internal.h"

int libsocket_attempt (socket_connector const *c, socket_candidate *x)
{
  int fast = c->data && (c->everywhere || c->newest == LIBSOCKET_NONE) ;
  ssize_t r ;
  int fd = x->is6 ? socket_tcp6_nbcoe() : socket_tcp4_nbcoe() ;

  if (fd == -1) return -1 ;
  if (c->setup)
  {
    int refused = (*c->setup)(fd, x, c->setupdata) == -1 ;
    if (c->result) errno = ECANCELED ;  /* it has stopped the race */
    if (c->result || refused) return libsocket_closefail(fd) ;
  }

  if (fast)
    r = x->is6 ? socket_fastopen_connect6(fd, x->ip, x->port, x->scope_id, c->data, c->len)
               : socket_fastopen_connect4(fd, x->ip, x->port, c->data, c->len) ;
  else
    r = x->is6 ? socket_connect6(fd, x->ip, x->port, x->scope_id)
               : socket_connect4(fd, x->ip, x->port) ;

  if (r == -1 && errno != EINPROGRESS) return libsocket_closefail(fd) ;
  x->fd = fd ;
  x->up = 0 ;
  x->events = IOPAUSE_WRITE ;
  x->sent = fast && r > 0 ? (size_t)r : 0 ;
  return !fast && !r ;
}
