/* ISC license. */

#ifndef LIBSOCKET_SOCKET_H
#define LIBSOCKET_SOCKET_H

#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <sys/time.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

 /*
    libowfat's tai.h and uint64.h, which its io.h includes, cannot be in one file with those of skalibs.
    After one of them, or with LIBSOCKET_NO_SKALIBS, this header has no connector.
 */

#if (defined(TAI_H) || defined(UINT64_H)) && !defined(LIBSOCKET_NO_SKALIBS)
#define LIBSOCKET_NO_SKALIBS
#endif
#ifndef LIBSOCKET_NO_SKALIBS
#include <skalibs/tai.h>
#include <skalibs/iopause.h>
#endif

 /*
    Link names. libskarnet has functions of the same names with other arguments:
    a file that wants both headers includes <skalibs/socket.h> first.
 */

#undef socket_tcp4
#define socket_tcp4 libsocket_tcp4
#undef socket_tcp4b
#define socket_tcp4b libsocket_tcp4b
#undef socket_tcp4_nbcoe
#define socket_tcp4_nbcoe libsocket_tcp4_nbcoe
#undef socket_tcp6
#define socket_tcp6 libsocket_tcp6
#undef socket_tcp6b
#define socket_tcp6b libsocket_tcp6b
#undef socket_tcp6_nbcoe
#define socket_tcp6_nbcoe libsocket_tcp6_nbcoe

#undef socket_udp4
#define socket_udp4 libsocket_udp4
#undef socket_udp4b
#define socket_udp4b libsocket_udp4b
#undef socket_udp6
#define socket_udp6 libsocket_udp6
#undef socket_udp6b
#define socket_udp6b libsocket_udp6b
#undef socket_sctp4
#define socket_sctp4 libsocket_sctp4
#undef socket_sctp4b
#define socket_sctp4b libsocket_sctp4b
#undef socket_sctp6
#define socket_sctp6 libsocket_sctp6
#undef socket_sctp6b
#define socket_sctp6b libsocket_sctp6b
#define noipv6 libsocket_noipv6

#undef socket_bind4
#define socket_bind4 libsocket_bind4
#undef socket_bind4_reuse
#define socket_bind4_reuse libsocket_bind4_reuse
#undef socket_bind6
#define socket_bind6 libsocket_bind6
#undef socket_bind6_reuse
#define socket_bind6_reuse libsocket_bind6_reuse

#undef socket_listen
#define socket_listen libsocket_listen
#undef socket_accept4
#define socket_accept4 libsocket_accept4
#undef socket_accept4_nbcoe
#define socket_accept4_nbcoe libsocket_accept4_nbcoe
#undef socket_accept6
#define socket_accept6 libsocket_accept6
#undef socket_accept6_nbcoe
#define socket_accept6_nbcoe libsocket_accept6_nbcoe
#undef socket_deferaccept
#define socket_deferaccept libsocket_deferaccept
#undef socket_quickack
#define socket_quickack libsocket_quickack

#undef socket_connect4
#define socket_connect4 libsocket_connect4
#undef socket_connect6
#define socket_connect6 libsocket_connect6
#undef socket_connected
#define socket_connected libsocket_connected

#undef socket_fastopen_connect4
#define socket_fastopen_connect4 libsocket_fastopen_connect4
#undef socket_fastopen_connect6
#define socket_fastopen_connect6 libsocket_fastopen_connect6
#undef socket_fastopen
#define socket_fastopen libsocket_fastopen
#undef socket_fastopen_queue
#define socket_fastopen_queue libsocket_fastopen_queue
#undef socket_fastopen_key
#define socket_fastopen_key libsocket_fastopen_key
#undef socket_fastopen_defer
#define socket_fastopen_defer libsocket_fastopen_defer
#undef socket_fastopen_used
#define socket_fastopen_used libsocket_fastopen_used

#undef socket_local4
#define socket_local4 libsocket_local4
#undef socket_local6
#define socket_local6 libsocket_local6
#undef socket_remote4
#define socket_remote4 libsocket_remote4
#undef socket_remote6
#define socket_remote6 libsocket_remote6

#undef socket_recv4
#define socket_recv4 libsocket_recv4
#undef socket_recv6
#define socket_recv6 libsocket_recv6
#undef socket_recvnb6    /* skalibs' macros that name its socket_recv6, */
#undef socket_recvnb6_g  /* which has an argument less */
#undef socket_send4
#define socket_send4 libsocket_send4
#undef socket_send4_flag
#define socket_send4_flag libsocket_send4_flag
#undef socket_send6
#define socket_send6 libsocket_send6
#undef socket_send6_flag
#define socket_send6_flag libsocket_send6_flag
#undef socket_broadcast
#define socket_broadcast libsocket_broadcast
#undef socket_tryreservein
#define socket_tryreservein libsocket_tryreservein

#undef socket_mcjoin4
#define socket_mcjoin4 libsocket_mcjoin4
#undef socket_mcjoin6
#define socket_mcjoin6 libsocket_mcjoin6
#undef socket_mcleave4
#define socket_mcleave4 libsocket_mcleave4
#undef socket_mcleave6
#define socket_mcleave6 libsocket_mcleave6
#undef socket_mcttl4
#define socket_mcttl4 libsocket_mcttl4
#undef socket_mchopcount6
#define socket_mchopcount6 libsocket_mchopcount6
#undef socket_mcloop4
#define socket_mcloop4 libsocket_mcloop4
#undef socket_mcloop6
#define socket_mcloop6 libsocket_mcloop6

#undef socket_getifname
#define socket_getifname libsocket_getifname
#undef socket_getifidx
#define socket_getifidx libsocket_getifidx

#undef socket_candidate_ip4
#define socket_candidate_ip4 libsocket_candidate_ip4
#undef socket_candidate_ip6
#define socket_candidate_ip6 libsocket_candidate_ip6
#undef socket_candidate_addrinfo
#define socket_candidate_addrinfo libsocket_candidate_addrinfo
#undef socket_connector_init
#define socket_connector_init libsocket_connector_init
#undef socket_connector_prepare
#define socket_connector_prepare libsocket_connector_prepare
#undef socket_connector_nextdeadline
#define socket_connector_nextdeadline libsocket_connector_nextdeadline
#undef socket_connector_step
#define socket_connector_step libsocket_connector_step
#undef socket_connector_stop
#define socket_connector_stop libsocket_connector_stop
#undef socket_connector_wait
#define socket_connector_wait libsocket_connector_wait
#undef socket_connectany
#define socket_connectany libsocket_connectany


 /* What sources written for libowfat expect */

typedef uint16_t uint16 ;
typedef uint32_t uint32 ;

enum defermode { DATAIN, HTTPIN } ;

#define HAVE_SOCKET_FASTOPEN

#undef socket_tcp
#define socket_tcp() socket_tcp4()
#undef socket_udp
#define socket_udp() socket_udp4()

extern int noipv6 ;  /* not 0: the creating functions with a 6 make IPv4 sockets */


 /* Create: non-blocking, blocking (b), non-blocking and close-on-exec (nbcoe) */

extern int socket_tcp4 (void) ;
extern int socket_tcp4b (void) ;
extern int socket_tcp4_nbcoe (void) ;
extern int socket_tcp6 (void) ;
extern int socket_tcp6b (void) ;
extern int socket_tcp6_nbcoe (void) ;

extern int socket_udp4 (void) ;
extern int socket_udp4b (void) ;
extern int socket_udp6 (void) ;
extern int socket_udp6b (void) ;

extern int socket_sctp4 (void) ;
extern int socket_sctp4b (void) ;
extern int socket_sctp6 (void) ;
extern int socket_sctp6b (void) ;


 /* Bind: socket, ip, port, scope_id */

extern int socket_bind4 (int, char const *, uint16_t) ;
extern int socket_bind4_reuse (int, char const *, uint16_t) ;
extern int socket_bind6 (int, char const *, uint16_t, uint32_t) ;
extern int socket_bind6_reuse (int, char const *, uint16_t, uint32_t) ;


 /* Serve */

extern int socket_listen (int, unsigned int) ;
extern int socket_accept4 (int, char *, uint16_t *) ;
extern int socket_accept4_nbcoe (int, char *, uint16_t *) ;
extern int socket_accept6 (int, char *, uint16_t *, uint32_t *) ;
extern int socket_accept6_nbcoe (int, char *, uint16_t *, uint32_t *) ;
extern int socket_deferaccept (int, enum defermode) ;
extern int socket_quickack (int, int) ;


 /* Connect */

extern int socket_connect4 (int, char const *, uint16_t) ;
extern int socket_connect6 (int, char const *, uint16_t, uint32_t) ;
extern int socket_connected (int) ;


 /* Fast open: connect and send in one; the listener's side; what happened */

extern ssize_t socket_fastopen_connect4 (int, char const *, uint16_t, char const *, size_t) ;
extern ssize_t socket_fastopen_connect6 (int, char const *, uint16_t, uint32_t, char const *, size_t) ;
extern int socket_fastopen (int) ;
extern int socket_fastopen_queue (int, unsigned int) ;
extern int socket_fastopen_key (int, char const *, size_t) ;
extern int socket_fastopen_defer (int) ;
extern int socket_fastopen_used (int) ;


 /* Names: this end's, the other end's */

extern int socket_local4 (int, char *, uint16_t *) ;
extern int socket_local6 (int, char *, uint16_t *, uint32_t *) ;
extern int socket_remote4 (int, char *, uint16_t *) ;
extern int socket_remote6 (int, char *, uint16_t *, uint32_t *) ;


 /* Datagrams: socket, bytes, their number, ip, port, scope_id */

extern ssize_t socket_recv4 (int, char *, size_t, char *, uint16_t *) ;
extern ssize_t socket_recv6 (int, char *, size_t, char *, uint16_t *, uint32_t *) ;
extern ssize_t socket_send4 (int, char const *, size_t, char const *, uint16_t) ;
extern ssize_t socket_send4_flag (int, char const *, size_t, char const *, uint16_t, int) ;
extern ssize_t socket_send6 (int, char const *, size_t, char const *, uint16_t, uint32_t) ;
extern ssize_t socket_send6_flag (int, char const *, size_t, char const *, uint16_t, uint32_t, int) ;
extern int socket_broadcast (int) ;
extern void socket_tryreservein (int, int) ;


 /* Multicast: group, interface (IPv4: one of its addresses, IPv6: its index) */

extern int socket_mcjoin4 (int, char const *, char const *) ;
extern int socket_mcjoin6 (int, char const *, int) ;
extern int socket_mcleave4 (int, char const *) ;
extern int socket_mcleave6 (int, char const *) ;
extern int socket_mcttl4 (int, char) ;
extern int socket_mchopcount6 (int, char) ;
extern int socket_mcloop4 (int, char) ;
extern int socket_mcloop6 (int, char) ;


 /* Interfaces: the name of an index, the index of a name */

extern char const *socket_getifname (uint32_t) ;
extern uint32_t socket_getifidx (char const *) ;


#ifndef LIBSOCKET_NO_SKALIBS

 /* The connector: the addresses of a host, raced as in RFC 8305 */

typedef struct socket_candidate_s socket_candidate, *socket_candidate_ref ;
struct socket_candidate_s
{
  char ip[16] ;             /* network order; IPv4 uses the first 4 bytes */
  uint32_t scope_id ;
  uint16_t port ;
  unsigned int is6 : 1 ;
  unsigned int delay ;      /* ms to wait for this one before the next is started; 0: the connector's */
  int fd ;                  /* its socket while in flight, else -1 */
  int error ;               /* 0, or the errno it ended with (ECANCELED: another won, or stopped) */
  unsigned int next ;       /* the connector's own: in flight too, started earlier */
  size_t sent ;             /* bytes of the connector's data that the kernel took for it */
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
  int cancelfd ;            /* for _wait: readable means stop; -1: none */
  unsigned int inorder : 1 ;    /* keep the list's order: do not alternate families */
  unsigned int everywhere : 1 ; /* data may ride on every attempt's SYN, not only the first's */

  /* for the caller to change between steps */
  unsigned int expecting : 1 ;  /* more candidates may be appended: running out is not failure */
  unsigned int n ;              /* candidates in the array */
  socket_candidate *candidate ;

  /* results */
  int fd ;                  /* the connected socket: non-blocking, close-on-exec; the caller's */
  unsigned int winner ;     /* its index */
  size_t sent ;             /* bytes of data that the kernel took for the winner; send the rest yourself */

  /* the connector's own */
  tain deadline ;
  tain nextstart ;          /* not before */
  unsigned int tried ;      /* candidates started */
  unsigned int untried[2] ; /* no IPv4, no IPv6 candidate before these is untried */
  unsigned int last ;       /* the last one started */
  unsigned int newest ;     /* the last one that left the host */
  unsigned int flying ;     /* attempts in flight, */
  unsigned int first ;      /* a list by their field next */
  unsigned int best ;       /* the one whose error says most, */
  unsigned int rank ;       /* and how much: 0 is most */
  int result ;              /* what step says */
  int error ;               /* and its errno if that is -1 */
} ;

struct addrinfo ;

extern void socket_candidate_ip4 (socket_candidate *, char const *, uint16_t) ;
extern void socket_candidate_ip6 (socket_candidate *, char const *, uint16_t, uint32_t) ;
extern unsigned int socket_candidate_addrinfo (socket_candidate *, unsigned int, struct addrinfo const *) ;

extern void socket_connector_init (socket_connector *, socket_candidate *, unsigned int, tain const *) ;
extern unsigned int socket_connector_prepare (socket_connector const *, iopause_fd *) ;
extern void socket_connector_nextdeadline (socket_connector const *, tain *) ;
extern int socket_connector_step (socket_connector *, tain const *) ;
#define socket_connector_step_g(c) socket_connector_step((c), &STAMP)
extern void socket_connector_stop (socket_connector *) ;
extern int socket_connector_wait (socket_connector *, tain *) ;
#define socket_connector_wait_g(c) socket_connector_wait((c), &STAMP)
extern int socket_connectany (socket_candidate *, unsigned int, tain const *, tain *) ;
#define socket_connectany_g(candidate, n, deadline) socket_connectany(candidate, n, (deadline), &STAMP)

#endif

#ifdef __cplusplus
}
#endif

#endif
