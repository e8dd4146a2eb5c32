/* ISC license. */

#ifndef LIBSOCKET_SOCKET_CONNECTOR_H
#define LIBSOCKET_SOCKET_CONNECTOR_H

#include <sys/types.h>

#include <skalibs/tai.h>
#include <skalibs/iopause.h>

#include "socket.h"

#ifdef __cplusplus
extern "C" {
#endif

#define socket_candidate_ip4 libsocket_candidate_ip4
#define socket_candidate_ip6 libsocket_candidate_ip6
#define socket_candidate_addrinfo libsocket_candidate_addrinfo
#define socket_candidate_hedge libsocket_candidate_hedge
#define socket_candidate_metrics libsocket_candidate_metrics
#define socket_connector_init libsocket_connector_init
#define socket_connector_prepare libsocket_connector_prepare
#define socket_connector_nextdeadline libsocket_connector_nextdeadline
#define socket_connector_step libsocket_connector_step
#define socket_connector_stop libsocket_connector_stop
#define socket_connector_wait libsocket_connector_wait
#define socket_connectany libsocket_connectany


 /* The connector: the addresses of a host, raced as in RFC 8305 */

typedef struct socket_candidate_s socket_candidate, *socket_candidate_ref ;
struct socket_candidate_s
{
  char ip[16] ;             /* network order; IPv4 uses the first 4 bytes */
  uint32_t scope_id ;
  uint16_t port ;
  unsigned int is6 : 1 ;
  unsigned int hedge : 1 ;  /* a further attempt at an earlier candidate's address */
  unsigned int events : 6 ; /* what it waits for while in flight: IOPAUSE_WRITE; ready may change it */
  unsigned int up : 1 ;     /* internal: connected, ready decides */
  unsigned int delay ;      /* ms to wait for this one before the next is started; 0: the connector's */
  int fd ;                  /* its socket while in flight, else -1 */
  int error ;               /* 0, or the errno it ended with (ECANCELED: another won, or stopped) */
  unsigned int older ;      /* internal: the attempt in flight that was started before it */
  size_t sent ;             /* bytes of the connector's data that the kernel accepted for it */
  tain start ;              /* when it was started */
  tain end ;                /* when it connected or failed */
} ;

typedef struct socket_connector_s socket_connector, *socket_connector_ref ;
struct socket_connector_s
{
  /* for the caller to change between init and the first step */
  unsigned int delay ;      /* ms between attempts: 250 */
  int backoff ;             /* 0 constant; -1 halves, +1 doubles the delay for each attempt in flight */
  char const *data ;        /* replay-safe first bytes for fast open, or null */
  size_t len ;
  int (*setup) (int, socket_candidate const *, void *) ;  /* each new socket, before connect: bind, options */
  void *setupdata ;
  int (*ready) (socket_candidate *, void *) ;  /* each connected attempt: 1 usable, 0 and errno: EINPROGRESS not yet */
  void *readydata ;
  int cancelfd ;            /* for _wait: readable means stop; -1: none */
  unsigned int inorder : 1 ;    /* keep the list's order: do not alternate families */
  unsigned int everywhere : 1 ; /* data may go into every attempt's SYN, not only the first's */

  /* for the caller to change between steps */
  unsigned int expecting : 1 ;  /* more candidates may be appended: running out is not a failure */
  unsigned int n ;              /* candidates in the array */
  socket_candidate *candidate ;

  /* results */
  int fd ;                  /* the connected socket: non-blocking, close-on-exec; owned by the caller */
  unsigned int winner ;     /* its index */
  size_t sent ;             /* bytes of data that the kernel accepted for the winner; the caller sends the rest */

  /* internal */
  tain deadline ;
  tain nextstart ;          /* not before */
  unsigned int started ;    /* number of candidates started */
  unsigned int lowest[2] ;  /* IPv4, IPv6: no candidate below this index is untried */
  unsigned int laststarted ;
  unsigned int newest ;     /* the last started that left the host */
  unsigned int inflight ;   /* number of attempts in flight, */
  unsigned int head ;       /* listed by their field older, newest first */
  unsigned int bestfailed ; /* the candidate whose error matters most, */
  unsigned int bestrank ;   /* and its rank: 0 is best */
  int result ;              /* what step returns */
  int error ;               /* and its errno if that is -1 */
} ;


 /* Candidates: by address, from getaddrinfo; hedges; delays from the round-trip times that the kernel remembers */

extern void socket_candidate_ip4 (socket_candidate *, char const *, uint16_t) ;
extern void socket_candidate_ip6 (socket_candidate *, char const *, uint16_t, uint32_t) ;
extern unsigned int socket_candidate_addrinfo (socket_candidate *, unsigned int, struct addrinfo const *) ;
extern unsigned int socket_candidate_hedge (socket_candidate *, unsigned int, unsigned int) ;
extern int socket_candidate_metrics (socket_candidate *, unsigned int) ;


 /* A race in an event loop */

extern void socket_connector_init (socket_connector *, socket_candidate *, unsigned int, tain const *) ;

 /* before the wait: what to wait for, and until when */
extern unsigned int socket_connector_prepare (socket_connector const *, iopause_fd *) ;
extern void socket_connector_nextdeadline (socket_connector const *, tain *) ;

 /* after the wait: 1 connected, 0 still racing, -1 and errno */
extern int socket_connector_step (socket_connector *, tain const *) ;
#define socket_connector_step_g(c) socket_connector_step((c), &STAMP)

 /* at any time */
extern void socket_connector_stop (socket_connector *) ;


 /* A race that waits by itself: the descriptor, or -1 */

extern int socket_connector_wait (socket_connector *, tain *) ;
#define socket_connector_wait_g(c) socket_connector_wait((c), &STAMP)
extern int socket_connectany (socket_candidate *, unsigned int, tain const *, tain *) ;
#define socket_connectany_g(candidate, n, deadline) socket_connectany(candidate, n, (deadline), &STAMP)


#ifdef __cplusplus
}
#endif

#endif
