/* ISC license. */

#define _GNU_SOURCE

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "peer.h"

static void happened (struct bufferevent *b, short what, void *data)
{
  (void)data ;
  if (what & BEV_EVENT_CONNECTED) peer_won(bufferevent_getfd(b)) ;
  if (what & BEV_EVENT_TIMEOUT) peer_lost("timeout") ;
  if (what & BEV_EVENT_ERROR) peer_errno() ;
}

int main (int argc, char **argv)
{
  struct event_base *base = event_base_new() ;
  struct bufferevent *b = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE) ;
  struct timeval tv = { .tv_sec = peer_deadline() / 1000 } ;
  if (argc != 3 || !b) return 100 ;
  bufferevent_setcb(b, 0, 0, &happened, 0) ;
  bufferevent_enable(b, EV_READ | EV_WRITE) ;
  bufferevent_set_timeouts(b, &tv, &tv) ;
  peer_ready(argv[1]) ;
  if (bufferevent_socket_connect_hostname(b, 0, AF_UNSPEC, argv[1], atoi(argv[2])) == -1) peer_errno() ;
  event_base_dispatch(base) ;
  return 111 ;
}
