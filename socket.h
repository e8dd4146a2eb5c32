/* ISC license. */

#ifndef LIBSOCKET_SOCKET_H
#define LIBSOCKET_SOCKET_H

#include <stdint.h>
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


 /* What sources written for libowfat expect */

typedef uint16_t uint16 ;
typedef uint32_t uint32 ;

enum defermode { DATAIN, HTTPIN } ;

#define HAVE_SOCKET_FASTOPEN


 /* Create: non-blocking, blocking (b), non-blocking and close-on-exec (nbcoe) */

extern int socket_tcp4 (void) ;
extern int socket_tcp4b (void) ;
extern int socket_tcp4_nbcoe (void) ;
extern int socket_tcp6 (void) ;
extern int socket_tcp6b (void) ;
extern int socket_tcp6_nbcoe (void) ;


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

#ifdef __cplusplus
}
#endif

#endif
