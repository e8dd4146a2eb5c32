/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

#ifdef IPV6_PKTINFO

/* Linux uses sin6_scope_id of a group only up to link scope */

static int beyond_link (struct in6_addr const *a)
{
  return IN6_IS_ADDR_MULTICAST(a) && (a->s6_addr[1] & 15) > 2 ;
}

static ssize_t send_by (int s, char const *buf, size_t len, struct sockaddr_in6 *sa, int flags)
{
  struct in6_pktinfo info = { .ipi6_ifindex = sa->sin6_scope_id } ;
  union { struct cmsghdr head ; char room[CMSG_SPACE(sizeof info)] ; } control = { .room = "" } ;
  struct iovec v = { .iov_base = (char *)buf, .iov_len = len } ;
  struct msghdr m =
  {
    .msg_name = sa, .msg_namelen = sizeof *sa, .msg_iov = &v, .msg_iovlen = 1,
    .msg_control = control.room, .msg_controllen = sizeof control.room
  } ;
  control.head.cmsg_level = IPPROTO_IPV6 ;
  control.head.cmsg_type = IPV6_PKTINFO ;
  control.head.cmsg_len = CMSG_LEN(sizeof info) ;
  memcpy(CMSG_DATA(&control.head), &info, sizeof info) ;
  return sendmsg(s, &m, flags) ;
}

#else
#define beyond_link(a) 0
#define send_by(s, buf, len, sa, flags) -1
#endif

ssize_t socket_send6_flag (int s, char const *buf, size_t len, char const *ip, uint16_t port, uint32_t scope_id, int flags)
{
  int e = errno ;
  ssize_t r ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope_id } ;
  if (ip) memcpy(&sa.sin6_addr, ip, 16) ;
  if (scope_id && beyond_link(&sa.sin6_addr)) return send_by(s, buf, len, &sa, flags) ;
  r = sendto(s, buf, len, flags, (struct sockaddr *)&sa, sizeof sa) ;
  if (r >= 0 || errno != EAFNOSUPPORT || !libsocket_unmap(&in4, (struct sockaddr *)&sa)) return r ;
  errno = e ;
  return sendto(s, buf, len, flags, (struct sockaddr *)&in4, sizeof in4) ;
}
