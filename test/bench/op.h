/* ISC license. */

/*
   Every peer is run by fill as: peer operation n. It does the operation n times, one after another, and prints the ns an operation took, and the ns of processor time.
   Descriptor 3 is a listener at 127.0.0.5 whose queue takes all that connect and holds all that are to be accepted.
   Nobody listens at that port of 127.0.0.2, .3 and .4.

   connect   a socket, connected without blocking to the listener; waited for; asked whether it is connected; closed
   accept    a connection accepted, with the address of its other end, and closed
   race1     connected to the one address of a host, its socket closed
   race4     connected to the fourth of the four addresses of a host, after three that refuse; closed
*/

#ifndef OP_H
#define OP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define LISTENER 3

struct op
{
  char const *name ;
  void (*run) (unsigned int) ;
} ;

static uint16_t op_port ;
static char const op_ip[4][4] = { "\177\0\0\2", "\177\0\0\3", "\177\0\0\4", "\177\0\0\5" } ;
#define OP_IP (op_ip[3])

static inline void op_die (char const *what)
{
  fprintf(stderr, "%s: %s\n", what, strerror(errno)) ;
  exit(111) ;
}

static inline struct sockaddr_in op_sockaddr (char const *ip)
{
  struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(op_port) } ;
  memcpy(&sa.sin_addr, ip, 4) ;
  return sa ;
}

/* the one wait that a connect needs, for libraries that leave it to the user */

static inline void op_wait (int fd)
{
  struct pollfd x = { .fd = fd, .events = POLLOUT } ;
  if (poll(&x, 1, 10000) != 1) op_die("poll") ;
}

static inline double op_now (clockid_t clock)
{
  struct timespec ts ;
  clock_gettime(clock, &ts) ;
  return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec ;
}

static inline int op_main (int argc, char **argv, struct op const *ops)
{
  struct sockaddr_in sa ;
  socklen_t len = sizeof sa ;
  unsigned int n = argc == 3 ? (unsigned int)atoi(argv[2]) : 0 ;
  if (!n || getsockname(LISTENER, (struct sockaddr *)&sa, &len) == -1) return 100 ;
  op_port = ntohs(sa.sin_port) ;
  for (; ops->name ; ops++) if (!strcmp(ops->name, argv[1]))
  {
    double wall = op_now(CLOCK_MONOTONIC), cpu = op_now(CLOCK_PROCESS_CPUTIME_ID) ;
    ops->run(n) ;
    wall = op_now(CLOCK_MONOTONIC) - wall ;
    cpu = op_now(CLOCK_PROCESS_CPUTIME_ID) - cpu ;
    if (!getenv("QUIET")) printf("%.0f %.0f\n", wall / n, cpu / n) ;  /* its digits would be counted */
    return 0 ;
  }
  return 99 ;
}

/* With ONLY, a program of that one operation: for its size, and the time it takes to start and to end. */

#ifdef ONLY
#define op_main(argc, argv, ops) ((argc) > 2 && (ONLY((unsigned int)*(argv)[1]), 0))
#endif

#endif
