/* ISC license. */

/* A bufferevent for each attempt, its user goes from one address to the next; an evconnlistener. */

#include "op.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

static struct event_base *base ;
static unsigned int left, from, place ;

static void try (void) ;

static void happened (struct bufferevent *b, short what, void *data)
{
  (void)data ;
  bufferevent_free(b) ;
  if (!(what & BEV_EVENT_CONNECTED) && ++place == 4) op_die("connect") ;
  if (what & BEV_EVENT_CONNECTED)
  {
    if (!--left) return ;
    place = from ;
  }
  try() ;
}

static void try (void)
{
  struct sockaddr_in sa = op_sockaddr(op_ip[place]) ;
  struct bufferevent *b = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE) ;
  if (!b) op_die("bufferevent_socket_new") ;
  bufferevent_setcb(b, 0, 0, &happened, 0) ;
  if (bufferevent_socket_connect(b, (struct sockaddr *)&sa, sizeof sa) == -1) op_die("bufferevent_socket_connect") ;
}

static void race (unsigned int n, unsigned int first)
{
  base = event_base_new() ;
  left = n ;
  from = place = first ;
  try() ;
  event_base_dispatch(base) ;
  if (left) op_die("event_base_dispatch") ;
}

static void connects (unsigned int n)
{
  race(n, 3) ;
}

static void race4 (unsigned int n)
{
  race(n, 0) ;
}

static void accepted (struct evconnlistener *l, evutil_socket_t s, struct sockaddr *sa, int len, void *data)
{
  (void)l ;
  (void)sa ;
  (void)len ;
  (void)data ;
  close(s) ;
  if (!--left) event_base_loopbreak(base) ;
}

static void accepts (unsigned int n)
{
  base = event_base_new() ;
  left = n ;
  if (!evconnlistener_new(base, &accepted, 0, LEV_OPT_CLOSE_ON_EXEC, 0, LISTENER)) op_die("evconnlistener_new") ;
  if (evutil_make_socket_nonblocking(LISTENER) == -1) op_die("evutil_make_socket_nonblocking") ;
  event_base_dispatch(base) ;
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
