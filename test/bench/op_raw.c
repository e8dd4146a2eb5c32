/* ISC license. */

/* The limit: bare system calls. Its race is one attempt after another, and so has no answer to an address that is silent. */

#include "op.h"

/* 1 if connected to ip, 0 if not */

static int reach (char const *ip)
{
  struct sockaddr_in sa = op_sockaddr(ip) ;
  int error = 0 ;
  socklen_t len = sizeof error ;
  int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) ;
  if (s == -1) op_die("socket") ;
  if (connect(s, (struct sockaddr *)&sa, sizeof sa) == -1)
  {
    if (errno != EINPROGRESS) op_die("connect") ;
    op_wait(s) ;
    if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) == -1) op_die("getsockopt") ;
  }
  close(s) ;
  return !error ;
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
    struct sockaddr_in sa ;
    socklen_t len = sizeof sa ;
    int s = accept4(LISTENER, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC) ;
    if (s == -1) op_die("accept") ;
    close(s) ;
  }
}

int main (int argc, char **argv)
{
  static struct op const ops[] = { { "connect", connects }, { "accept", accepts }, { "race1", connects }, { "race4", race4 }, { 0, 0 } } ;
  return op_main(argc, argv, ops) ;
}
