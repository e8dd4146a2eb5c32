/* ISC license. */

/* For the library's own files: not installed. */

#ifndef LIBSOCKET_INTERNAL_H
#define LIBSOCKET_INTERNAL_H

#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>

#include "socket.h"

#ifdef LIBSOCKET_PORTABLE
#undef SOCK_NONBLOCK
#undef SOCK_CLOEXEC
#undef MSG_ERRQUEUE
#undef MSG_FASTOPEN
#undef TCP_FASTOPEN
#undef TCP_FASTOPEN_KEY
#undef TCP_FASTOPEN_CONNECT
#undef TCP_INFO
#undef TCP_QUICKACK
#undef TCP_DEFER_ACCEPT
#endif

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

typedef union libsocket_sa_u libsocket_sa, *libsocket_sa_ref ;
union libsocket_sa_u
{
  struct sockaddr any ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 in6 ;
  struct sockaddr_storage storage ;
} ;

#define LIBSOCKET_NB 1
#define LIBSOCKET_COE 2

extern int libsocket_new (int, int, int, unsigned int) ;
extern int libsocket_new6 (int, int, unsigned int) ;
extern int libsocket_setflags (int, unsigned int) ;
extern int libsocket_drop (int) ;
extern int libsocket_accept (int, libsocket_sa *, unsigned int) ;
extern int libsocket_left (int, long long *) ;
extern int libsocket_connectsa (int, struct sockaddr const *, socklen_t) ;
extern ssize_t libsocket_fastopensa (int, struct sockaddr const *, socklen_t, char const *, size_t) ;

extern void libsocket_put4 (struct sockaddr_in *, char const *, uint16_t) ;
extern void libsocket_put6 (struct sockaddr_in6 *, char const *, uint16_t, uint32_t) ;
extern int libsocket_get4 (libsocket_sa const *, char *, uint16_t *) ;
extern int libsocket_get6 (libsocket_sa const *, char *, uint16_t *, uint32_t *) ;
extern int libsocket_to4 (char *, char const *) ;

#define LIBSOCKET_NONE ((unsigned int)-1)

struct socket_connector_s ;
struct socket_candidate_s ;
struct tain_s ;

extern int libsocket_attempt (struct socket_connector_s const *, struct socket_candidate_s *) ;
extern void libsocket_closeall (struct socket_connector_s *, int, struct tain_s const *) ;

#endif
