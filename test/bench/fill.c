/* ISC license. */

/*
   usage: fill n prog...
   Runs prog with a listener at 127.0.0.5 as descriptor 3, n connections in its queue.
   What it accepts is reset when closed, and so is what is left at the end: nothing stays in TIME_WAIT.
*/

#include "op.h"

int main (int argc, char **argv)
{
  struct linger now = { .l_onoff = 1 } ;
  struct sockaddr_in sa = op_sockaddr(OP_IP) ;
  socklen_t len = sizeof sa ;
  int s ;
  if (argc < 3) return 100 ;
  s = socket(AF_INET, SOCK_STREAM, 0) ;
  if (s == -1 || setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now) == -1 || bind(s, (struct sockaddr *)&sa, sizeof sa) == -1
   || listen(s, 4096) == -1 || getsockname(s, (struct sockaddr *)&sa, &len) == -1) op_die("listen") ;
  for (int n = atoi(argv[1]) ; n ; n--)
  {
    int c = socket(AF_INET, SOCK_STREAM, 0) ;
    if (c == -1 || connect(c, (struct sockaddr *)&sa, sizeof sa) == -1) op_die("connect") ;
    close(c) ;
  }
  if (s != LISTENER && (dup2(s, LISTENER) == -1 || close(s) == -1)) op_die("dup2") ;
  execvp(argv[2], argv + 2) ;
  op_die(argv[2]) ;
}
