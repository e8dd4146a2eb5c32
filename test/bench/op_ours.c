/* ISC license. */

#include "op.h"

#include "socket_connector.h"

static void connects (unsigned int n)
{
  while (n--)
  {
    int s = socket_tcp4_nbcoe() ;
    if (s == -1) op_die("socket_tcp4_nbcoe") ;
    if (socket_connect4(s, OP_IP, op_port) == -1)
    {
      if (errno != EINPROGRESS) op_die("socket_connect4") ;
      op_wait(s) ;
      if (!socket_connected(s)) op_die("socket_connected") ;
    }
    close(s) ;
  }
}

static void accepts (unsigned int n)
{
  while (n--)
  {
    char ip[4] ;
    uint16_t port ;
    int s = socket_accept4_nbcoe(LISTENER, ip, &port) ;
    if (s == -1) op_die("socket_accept4_nbcoe") ;
    close(s) ;
  }
}

static void race (unsigned int n, unsigned int addresses)
{
  tain_now_set_stopwatch_g() ;
  while (n--)
  {
    socket_candidate x[4] ;
    int s ;
    for (unsigned int i = 0 ; i < addresses ; i++) socket_candidate_ip4(x + i, op_ip[4 - addresses + i], op_port) ;
    tain_now_g() ;
    s = socket_connectany_g(x, addresses, &tain_infinite) ;
    if (s == -1) op_die("socket_connectany") ;
    close(s) ;
  }
}

static void race1 (unsigned int n)
{
  race(n, 1) ;
}

static void race4 (unsigned int n)
{
  race(n, 4) ;
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", race1 }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
