/* ISC license. */

/* Code shared by the daemons here. Addresses are always 16 bytes: IPv4 ones are mapped to ::ffff:0.0.0.0/96. */

#ifndef DAEMON_H
#define DAEMON_H

#include <stdint.h>

#define DAEMON_BACKLOG 4096  /* musl's SOMAXCONN is 128; a full queue costs a client a second */

#define DAEMON_FASTOPEN 1
#define DAEMON_ONLY6 2     /* IPv6 only where the address is :: */

extern void daemon_begin (void) ;                 /* opens descriptors 0, 1, 2, closes the others, starts the log */
extern void daemon_become (int64_t, int64_t) ;     /* user, group; negative: unchanged */
extern int daemon_shortage (int) ;                /* this errno of accept passes when something is closed */
extern int daemon_is4 (char const *) ;            /* the address is IPv4-mapped */
extern uint64_t daemon_home (char const *) ;      /* not 0: the client that the address belongs to */

extern uint16_t daemon_port (char const *) ;      /* from a number or name */
extern void daemon_address (char const *, int, char *, uint32_t *) ;  /* host, family; address, scope */

 /* address, port, scope, backlog, flags: returns a listener, or exits */
extern int daemon_listen (char const *, uint16_t, uint32_t, unsigned int, unsigned int) ;

#endif
