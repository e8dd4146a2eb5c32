/* ISC license. */

/*
   Looks up names while their addresses are raced: one deadline, the connector's, for both.
   A child process for each family runs getaddrinfo, which cannot be interrupted; it ends no later than the race.
   Literal addresses need neither child nor query. For programs without threads: getaddrinfo follows a fork.
*/

#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdint.h>
#include <sys/types.h>

#include <skalibs/tai.h>

#include "socket_connector.h"

#define LOOKUP_MAX 32       /* addresses of each family */
#define LOOKUP_PATIENCE 50  /* ms that IPv4 addresses wait for IPv6 ones: RFC 8305's Resolution Delay */

typedef struct lookup_answer_s lookup_answer ;
struct lookup_answer_s
{
  int error ;               /* 0 or that of getaddrinfo, */
  int sys ;                 /* and errno if that is EAI_SYSTEM */
  unsigned int n ;
  socket_candidate address[LOOKUP_MAX] ;
} ;

typedef struct lookup_family_s lookup_family ;
struct lookup_family_s
{
  enum { LOOKUP_NONE, LOOKUP_ASKED, LOOKUP_ANSWERED, LOOKUP_TAKEN, LOOKUP_STOPPED } state ;
  int fd ;                  /* while asked: from the child */
  pid_t pid ;
  size_t len ;              /* bytes of the answer received */
  lookup_answer answer ;
  tain start ;
  tain end ;                /* when it answered */
} ;

typedef struct lookup_s lookup ;
struct lookup_s
{
  char const *host ;
  uint16_t port ;
  int literal ;             /* no lookup needed */
  lookup_family family[2] ; /* IPv4, IPv6 */
} ;

 /* host is a name, a literal address, or null: this host; family is AF_INET, AF_INET6 or AF_UNSPEC, stamp the time */
extern void lookup_start (lookup *, char const *, uint16_t, int, tain const *) ;

 /*
    Races what the lookups find, in an array of that many candidates, and stops them. 1, or -1 and errno: as socket_connector_step.
    learn: delays are shorter where the kernel remembers short round-trip times.
 */
extern int lookup_race (lookup *, unsigned int, socket_connector *, unsigned int, int learn, tain *) ;

 /* ends the children; may be called at any time after the start */
extern void lookup_stop (lookup *) ;

 /* why there is no address: the more useful of two reasons */
extern char const *lookup_error (lookup const *) ;
extern char const *lookup_family_error (lookup_family const *) ;

 /* a number, or a name from /etc/services: 1, or 0 if it is neither */
extern int lookup_port (char const *, uint16_t *) ;

#endif
