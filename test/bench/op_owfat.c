/* ISC license. */

/* Its user writes the race: one attempt after another. Its sockets are not close-on-exec. */

#include "op.h"

#include <ndelay.h>
#include <socket.h>

static int reach (char const *ip)
{
  int ok, s = socket_tcp4() ;
  if (s == -1) op_die("socket_tcp4") ;
  ok = !socket_connect4(s, ip, op_port) ;
  if (!ok && errno == EINPROGRESS)
  {
    op_wait(s) ;
    ok = socket_connected(s) ;
  }
  close(s) ;
  return ok ;
}

static void connects (unsigned int n)
{
  while (n--) if (!reach(OP_IP)) op_die("connect") ;
}

static void race4 (unsigned int n)
{
  while (n--)
  {
    unsigned int i = 0 ;
    while (!reach(op_ip[i])) if (++i == 4) op_die("race") ;
  }
}

static void accepts (unsigned int n)
{
  while (n--)
  {
    char ip[4] ;
    uint16 port ;
    int s = socket_accept4(LISTENER, ip, &port) ;
    if (s == -1 || ndelay_on(s) == -1) op_die("socket_accept4") ;
    close(s) ;
  }
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
