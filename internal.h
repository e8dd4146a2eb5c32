/* ISC license. */

/* For the library's own files: not installed. */

#ifndef LIBSOCKET_INTERNAL_H
#define LIBSOCKET_INTERNAL_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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
#undef TCPI_OPT_SYN_DATA
#undef TCP_QUICKACK
#undef TCP_DEFER_ACCEPT
#undef IP_BIND_ADDRESS_NO_PORT
#undef IPV6_PKTINFO
#undef MCAST_LEAVE_GROUP
#endif

#if defined(TCP_INFO) && defined(TCP_FASTOPEN_CONNECT) && !defined(TCPI_OPT_SYN_DATA)
#define TCPI_OPT_SYN_DATA 32  /* musl lacks this alone */
#endif


 /* Options that a system may lack: libsocket_setint fails with ENOSYS for them */

#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN (-1)
#endif
#ifndef TCP_FASTOPEN_KEY
#define TCP_FASTOPEN_KEY (-1)
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT (-1)
#endif
#ifndef TCP_QUICKACK
#define TCP_QUICKACK (-1)
#endif
#ifndef TCP_DEFER_ACCEPT
#define TCP_DEFER_ACCEPT (-1)
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT (-1)
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

#if defined(__has_include) && !defined(LIBSOCKET_PORTABLE)
#if __has_include(<linux/genetlink.h>) && __has_include(<linux/tcp_metrics.h>)
#define LIBSOCKET_HAVE_METRICS
#endif
#endif


 /* Descriptors. flags are O_NONBLOCK and O_CLOEXEC, or one of them, or 0. */

typedef union libsocket_sa_u libsocket_sa, *libsocket_sa_ref ;
union libsocket_sa_u
{
  struct sockaddr any ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 in6 ;
  struct sockaddr_storage storage ;
} ;

/* a socket with flags, in one call where the kernel can */
extern int libsocket_new (int domain, int type, int protocol, int flags) ;

/* a dual-stack one, or an IPv4 one if the host lacks IPv6 or noipv6 is set */
extern int libsocket_new6 (int type, int protocol, int flags) ;

/* accepts a connection with flags, *sa the peer's address */
extern int libsocket_acceptsa (int s, libsocket_sa *sa, int flags) ;

/* sets flags on a new descriptor, which has no others to preserve */
extern int libsocket_setflags (int s, int flags) ;

/* an option whose value is an int */
extern int libsocket_setint (int s, int level, int option, int value) ;

/* closes s and fails with the errno that led here */
extern int libsocket_closefail (int s) ;


 /* Addresses: to and from the kernel's form. A null ip is the any address; out-parameters may be null. */

extern int libsocket_get4 (libsocket_sa const *sa, char *ip, uint16_t *port) ;
extern int libsocket_get6 (libsocket_sa const *sa, char *ip, uint16_t *port, uint32_t *scope_id) ;

/* 1 and what an IPv4 socket takes in place of *sa, which is mapped, any or loopback; else 0 */
extern int libsocket_unmap (struct sockaddr_in *in4, struct sockaddr const *sa) ;

/* the length of the prefix of s whose bytes a text may have in the name of an interface */
extern size_t libsocket_zonelen (char const *s) ;


 /* Connect */

/* connect that a signal does not interrupt */
extern int libsocket_connectsa (int s, struct sockaddr const *sa, socklen_t len) ;

/* goes on after a connect that failed: waits after EINTR, tries IPv4 after EAFNOSUPPORT; e is the errno from before it */
extern int libsocket_reconnect (int s, struct sockaddr const *sa, socklen_t len, int e) ;

/* what socket_connected returns for a socket that is not connected yet; e is the errno from before */
extern int libsocket_outcome (int s, int e) ;

/* removes the ICMP errors queued during the attempt of a stream socket: an unread one would end every poll at once. Returns 0. */
extern int libsocket_clearerrors (int s) ;

/* connects and sends in one call; on a blocking socket waits until both are done */
extern ssize_t libsocket_fastopensa (int s, struct sockaddr const *sa, socklen_t salen, char const *buf, size_t len) ;

/* ms left of SO_SNDTIMEO for a wait that began at *start (if 0: now, and sets it); -1 no limit, -2 failed, with errno */
extern int libsocket_timeleft (int s, long long *start) ;


 /* Connector */

#define LIBSOCKET_NONE ((unsigned int)-1)

struct socket_connector_s ;
struct socket_candidate_s ;
struct tain_s ;

/* makes the attempt at x: 1 connected, 0 in flight, -1 failed in the call */
extern int libsocket_attempt (struct socket_connector_s const *c, struct socket_candidate_s *x) ;

/* true if two candidates have the same family, address, port and scope */
extern int libsocket_same (struct socket_candidate_s const *a, struct socket_candidate_s const *b) ;

/* ends the race with result and error; attempts in flight get the errno inflight and end at stamp, which may be null */
extern void libsocket_finish (struct socket_connector_s *c, int result, int error, int inflight, struct tain_s const *stamp) ;

#endif
