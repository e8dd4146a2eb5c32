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
    Link names. libskarnet has functions of the same names with other arguments:
    a file that wants both headers includes <skalibs/socket.h> first.
 */

#undef socket_tcp4
#define socket_tcp4 libsocket_tcp4
#define socket_tcp4b libsocket_tcp4b
#undef socket_tcp4_nbcoe
#define socket_tcp4_nbcoe libsocket_tcp4_nbcoe
#undef socket_tcp6
#define socket_tcp6 libsocket_tcp6
#define socket_tcp6b libsocket_tcp6b
#undef socket_tcp6_nbcoe
#define socket_tcp6_nbcoe libsocket_tcp6_nbcoe

#undef socket_udp4
#define socket_udp4 libsocket_udp4
#define socket_udp4b libsocket_udp4b
#undef socket_udp4_nbcoe
#define socket_udp4_nbcoe libsocket_udp4_nbcoe
#undef socket_udp6
#define socket_udp6 libsocket_udp6
#define socket_udp6b libsocket_udp6b
#undef socket_udp6_nbcoe
#define socket_udp6_nbcoe libsocket_udp6_nbcoe
#define socket_sctp4 libsocket_sctp4
#define socket_sctp4b libsocket_sctp4b
#define socket_sctp6 libsocket_sctp6
#define socket_sctp6b libsocket_sctp6b
#define noipv6 libsocket_noipv6

#define socket_bind4 libsocket_bind4
#define socket_bind4_reuse libsocket_bind4_reuse
#define socket_bind4_noport libsocket_bind4_noport
#define socket_bind6 libsocket_bind6
#define socket_bind6_reuse libsocket_bind6_reuse
#define socket_bind6_noport libsocket_bind6_noport

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
#define socket_deferaccept libsocket_deferaccept
#define socket_quickack libsocket_quickack

#define socket_connect4 libsocket_connect4
#define socket_connect6 libsocket_connect6
#define socket_connected libsocket_connected

#define socket_fastopen_connect4 libsocket_fastopen_connect4
#define socket_fastopen_connect6 libsocket_fastopen_connect6
#define socket_fastopen libsocket_fastopen
#define socket_fastopen_queue libsocket_fastopen_queue
#define socket_fastopen_key libsocket_fastopen_key
#define socket_fastopen_defer libsocket_fastopen_defer
#define socket_fastopen_used libsocket_fastopen_used

#define socket_local4 libsocket_local4
#define socket_local6 libsocket_local6
#define socket_remote4 libsocket_remote4
#define socket_remote6 libsocket_remote6

#define socket_recv4 libsocket_recv4
#define socket_recv6 libsocket_recv6
#undef socket_recvnb6    /* skalibs' macros that call its socket_recv6, */
#undef socket_recvnb6_g  /* which has one argument less */
#define socket_send4 libsocket_send4
#define socket_send4_flag libsocket_send4_flag
#define socket_send6 libsocket_send6
#define socket_send6_flag libsocket_send6_flag
#define socket_broadcast libsocket_broadcast
#define socket_tryreservein libsocket_tryreservein

#define socket_mcjoin4 libsocket_mcjoin4
#define socket_mcjoin6 libsocket_mcjoin6
#define socket_mcleave4 libsocket_mcleave4
#define socket_mcleave6 libsocket_mcleave6
#define socket_mcttl4 libsocket_mcttl4
#define socket_mchopcount6 libsocket_mchopcount6
#define socket_mcloop4 libsocket_mcloop4
#define socket_mcloop6 libsocket_mcloop6

#define socket_getifname libsocket_getifname
#define socket_getifidx libsocket_getifidx

#define socket_fmt6 libsocket_fmt6
#define socket_scan6 libsocket_scan6


 /* For sources written for libowfat */

typedef uint16_t uint16 ;
typedef uint32_t uint32 ;

enum defermode { DATAIN, HTTPIN } ;

#define HAVE_SOCKET_FASTOPEN

#undef socket_tcp
#define socket_tcp() socket_tcp4()
#undef socket_udp
#define socket_udp() socket_udp4()

struct addrinfo ;  /* netdb.h hides it under -std=c11 */

extern int noipv6 ;  /* not 0: functions with a 6 create IPv4 sockets */


 /* Create: non-blocking, blocking (b), non-blocking and close-on-exec (nbcoe) */

extern int socket_tcp4 (void) ;
extern int socket_tcp4b (void) ;
extern int socket_tcp4_nbcoe (void) ;
extern int socket_tcp6 (void) ;
extern int socket_tcp6b (void) ;
extern int socket_tcp6_nbcoe (void) ;

extern int socket_udp4 (void) ;
extern int socket_udp4b (void) ;
extern int socket_udp4_nbcoe (void) ;
extern int socket_udp6 (void) ;
extern int socket_udp6b (void) ;
extern int socket_udp6_nbcoe (void) ;

extern int socket_sctp4 (void) ;
extern int socket_sctp4b (void) ;
extern int socket_sctp6 (void) ;
extern int socket_sctp6b (void) ;


 /* Bind: socket, ip, port, scope_id; noport: connect chooses the port */

extern int socket_bind4 (int, char const *, uint16_t) ;
extern int socket_bind4_reuse (int, char const *, uint16_t) ;
extern int socket_bind4_noport (int, char const *) ;
extern int socket_bind6 (int, char const *, uint16_t, uint32_t) ;
extern int socket_bind6_reuse (int, char const *, uint16_t, uint32_t) ;
extern int socket_bind6_noport (int, char const *, uint32_t) ;


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


 /* Fast open: connect and send in one call; the listener's side; whether it was used */

extern ssize_t socket_fastopen_connect4 (int, char const *, uint16_t, char const *, size_t) ;
extern ssize_t socket_fastopen_connect6 (int, char const *, uint16_t, uint32_t, char const *, size_t) ;
extern int socket_fastopen (int) ;
extern int socket_fastopen_queue (int, unsigned int) ;
extern int socket_fastopen_key (int, char const *, size_t) ;
extern int socket_fastopen_defer (int) ;
extern int socket_fastopen_used (int) ;


 /* Addresses: local, remote */

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


 /* Text: an address in its usual form */

#define SOCKET_FMT6 55  /* 39 for the longest address, %, 15 for the longest interface name */

extern size_t socket_fmt6 (char *, char const *, uint32_t) ;
extern size_t socket_scan6 (char const *, char *, uint32_t *) ;


#ifdef __cplusplus
}
#endif

#endif
