/* ISC license. */

/* Its connect waits and checks by itself. Its user writes the race: one attempt after another. */

#include "op.h"

#include <skalibs/djbunix.h>
#include <skalibs/socket.h>
#include <skalibs/tai.h>

static int reach (char const *ip)
{
  tain deadline ;
  int ok, s = socket_tcp4_nbcoe() ;
  if (s == -1) op_die("socket_tcp4_nbcoe") ;
  tain_addsec_g(&deadline, 10) ;
  ok = socket_deadlineconnstamp4_g(s, ip, op_port, &deadline) ;
  fd_close(s) ;
  return ok ;
}

static void connects (unsigned int n)
{
  tain_now_set_stopwatch_g() ;
  while (n--) if (!reach(OP_IP)) op_die("connect") ;
}

static void race4 (unsigned int n)
{
  tain_now_set_stopwatch_g() ;
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
    uint16_t port ;
    int s = socket_accept4_nbcoe(LISTENER, ip, &port) ;
    if (s == -1) op_die("socket_accept4_nbcoe") ;
    fd_close(s) ;
  }
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
