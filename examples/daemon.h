/* ISC license. */

/* What the daemons here have in common. Addresses are 16 bytes everywhere: IPv4 ones are mapped to ::ffff:0.0.0.0/96. */

#ifndef DAEMON_H
#define DAEMON_H

#include <stdint.h>

#define DAEMON_FASTOPEN 1
#define DAEMON_ONLY6 2     /* not both families where the address is :: */

extern void daemon_begin (void) ;                 /* descriptors 0, 1, 2 are open, others are not; the log */
extern void daemon_become (int64_t, int64_t) ;     /* user, group; negative: as it is */
extern int daemon_shortage (int) ;                /* this errno of accept goes away when others close something */
extern int daemon_is4 (char const *) ;            /* the address is a mapped one */
extern uint64_t daemon_home (char const *) ;      /* not 0: whom the address belongs to */

extern uint16_t daemon_port (char const *) ;      /* by number or name */
extern void daemon_address (char const *, int, char *, uint32_t *) ;  /* host, family; address, scope */

 /* address, port, scope, backlog, flags: a listener, or the end of the program */
extern int daemon_listen (char const *, uint16_t, uint32_t, unsigned int, unsigned int) ;

#endif
