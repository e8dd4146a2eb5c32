/* ISC license. */

/*
   What the connector is built on (rule 11), replaced at link time. The program defines the three functions below, and hook
   of syscalls.h: close comes there, the names and the error queue of a socket, and what a connector must not call.
*/

#ifndef PRIMITIVES_H
#define PRIMITIVES_H

#include <stdint.h>

#include "syscalls.h"

struct start
{
  int is6, fast ;
  char const *ip ;
  uint16_t port ;
  uint32_t scope_id ;
  char const *data ;
  size_t len ;
} ;

static int create (int is6) ;                               /* socket_tcp4_nbcoe, socket_tcp6_nbcoe */
static ssize_t connects (int fd, struct start const *) ;    /* socket_connect4 and 6, socket_fastopen_connect4 and 6 */
static int connected (int fd) ;                             /* socket_connected */

int socket_tcp4_nbcoe (void) { return create(0) ; }
int socket_tcp6_nbcoe (void) { return create(1) ; }
int socket_connected (int fd) { return connected(fd) ; }

int socket_connect4 (int fd, char const *ip, uint16_t port)
{
  return (int)connects(fd, &(struct start){ .ip = ip, .port = port }) ;
}

int socket_connect6 (int fd, char const *ip, uint16_t port, uint32_t scope_id)
{
  return (int)connects(fd, &(struct start){ .is6 = 1, .ip = ip, .port = port, .scope_id = scope_id }) ;
}

ssize_t socket_fastopen_connect4 (int fd, char const *ip, uint16_t port, char const *data, size_t len)
{
  return connects(fd, &(struct start){ .fast = 1, .ip = ip, .port = port, .data = data, .len = len }) ;
}

ssize_t socket_fastopen_connect6 (int fd, char const *ip, uint16_t port, uint32_t scope_id, char const *data, size_t len)
{
  return connects(fd, &(struct start){ .is6 = 1, .fast = 1, .ip = ip, .port = port, .scope_id = scope_id, .data = data, .len = len }) ;
}

REPLACE(close) REPLACE(connect) REPLACE(getpeername) REPLACE(getsockname) REPLACE(getsockopt) REPLACE(poll) REPLACE(recvmsg)
REPLACE(sendto) REPLACE(setsockopt) REPLACE(socket)

#endif
