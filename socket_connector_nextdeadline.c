/* ISC license. */

#include "socket_connector.h"

void socket_connector_nextdeadline (socket_connector const *c, tain *deadline)
{
  tain const past = TAIN_ZERO ;
  *deadline = c->deadline ;
  if (c->result) return ;
  if (c->started < c->n)
  {
    if (tain_less(&c->nextstart, deadline)) *deadline = c->nextstart ;
  }
  else if (!c->inflight && !c->expecting) *deadline = past ;
}
