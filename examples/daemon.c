/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "daemon.h"
#include "logline.h"
#include "socket.h"

/* Closes what was left open for us, so that children do not inherit it. */

void daemon_begin (void)
{
  int fd = 3 ;
  if (!fd_sanitize()) strerr_diefu1sys(111, "open standard descriptors") ;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3, -1u, 0) == -1)
#endif
  while (fd < 1024) close(fd++) ;
  logline_init() ;
}

void daemon_become (int64_t uid, int64_t gid)
{
  gid_t g = (gid_t)gid ;
  if (gid >= 0 && (setgroups(1, &g) == -1 || setgid(g) == -1)) strerr_diefu1sys(111, "set group ID") ;
  if (uid >= 0 && setuid((uid_t)uid) == -1) strerr_diefu1sys(111, "set user ID") ;
}

int daemon_shortage (int e)
{
  return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM ;
}

int daemon_is4 (char const *ip)
{
  static char const mapped[12] = { [10] = '\377', '\377' } ;
  return !memcmp(ip, mapped, 12) ;
}

/* An IPv4 address, or the /64 of an IPv6 one, which one client may own whole. */

uint64_t daemon_home (char const *ip)
{
  uint64_t x ;
  memcpy(&x, daemon_is4(ip) ? ip + 8 : ip, 8) ;
  return x + 1 ;
}

uint16_t daemon_port (char const *s)
{
  struct servent *service ;
  uint16_t port ;
  if (uint160_scan(s, &port)) return port ;
  service = getservbyname(s, "tcp") ;
  if (!service) strerr_dief2x(100, "not a port: ", s) ;
  return ntohs((uint16_t)service->s_port) ;
}

/* 0 or empty is the any address. */

void daemon_address (char const *host, int family, char *ip, uint32_t *scope_id)
{
  struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM }, *ai ;
  int e ;
  memset(ip, 0, 16) ;
  *scope_id = 0 ;
  if (family == AF_INET) memset(ip + 10, 255, 2) ;
  if (!host[0] || !strcmp(host, "0")) return ;
  e = getaddrinfo(host, 0, &hints, &ai) ;
  if (e) strerr_dief4x(111, "unable to look up ", host, ": ", e == EAI_SYSTEM ? strerror(errno) : gai_strerror(e)) ;
  if (ai->ai_family == AF_INET6)
  {
    struct sockaddr_in6 const *sa = (void const *)ai->ai_addr ;
    memcpy(ip, &sa->sin6_addr, 16) ;
    *scope_id = sa->sin6_scope_id ;
  }
  else
  {
    struct sockaddr_in const *sa = (void const *)ai->ai_addr ;
    memset(ip + 10, 255, 2) ;
    memcpy(ip + 12, &sa->sin_addr, 4) ;
  }
  freeaddrinfo(ai) ;
}

/*
   Connections inherit these from the listener: clients that vanished are detected, small replies do not wait, and an
   urgent byte keeps its place in the stream.
*/

static void set_options (int s, unsigned int flags)
{
  int one = 1 ;
  if (setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == -1
   || setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == -1
   || setsockopt(s, SOL_SOCKET, SO_OOBINLINE, &one, sizeof one) == -1
   || (flags & DAEMON_ONLY6 && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == -1))
    strerr_diefu1sys(111, "set socket options") ;
  if (flags & DAEMON_FASTOPEN && socket_fastopen(s) == -1) strerr_warnwu1sys("enable fast open") ;
}

int daemon_listen (char const *ip, uint16_t port, uint32_t scope_id, unsigned int backlog, unsigned int flags)
{
  char name[SOCKET_FMT6 + 1], fmt[UINT16_FMT] ;
  int s = socket_tcp6_nbcoe() ;
  name[socket_fmt6(name, ip, scope_id)] = 0 ;
  fmt[uint16_fmt(fmt, port)] = 0 ;
  if (s == -1) strerr_diefu1sys(111, "create socket") ;
  set_options(s, flags) ;
  if (socket_bind6_reuse(s, ip, port, scope_id) == -1) strerr_diefu4sys(111, "bind to ", name, " ", fmt) ;
  if (socket_listen(s, backlog) == -1) strerr_diefu4sys(111, "listen on ", name, " ", fmt) ;
  return s ;
}
