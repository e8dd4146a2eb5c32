/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "socket_connector.h"
#include "internal.h"

#ifdef LIBSOCKET_HAVE_METRICS
#include <linux/genetlink.h>
#include <linux/tcp_metrics.h>

#define ATTR sizeof(struct nlattr)
#define HEAD (sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr))

struct message
{
  struct nlmsghdr head ;
  struct genlmsghdr generic ;
  char attributes[1024] ;
} ;

/* Finds an attribute among the len bytes at p: the size of its value, 0 if there is none. */

static size_t find (char const *p, size_t len, unsigned int type, char const **value)
{
  struct nlattr a ;
  size_t next = 0 ;
  for (; len >= next + ATTR ; next = (a.nla_len + 3U) & ~3U)
  {
    p += next ;
    len -= next ;
    memcpy(&a, p, ATTR) ;
    if (a.nla_len < ATTR || a.nla_len > len) return 0 ;
    *value = p + ATTR ;
    if ((a.nla_type & NLA_TYPE_MASK) == type) return a.nla_len - ATTR ;
  }
  return 0 ;
}

/* Sends q with one attribute, whose len is a multiple of 4, and fills m with the answer: the size of its attributes, 0 if there are none. */

static size_t ask (int s, struct message *q, unsigned int type, char const *value, size_t len, struct message *m)
{
  struct nlattr a = { .nla_len = (uint16_t)(ATTR + len), .nla_type = (uint16_t)type } ;
  memcpy(q->attributes, &a, ATTR) ;
  memcpy(q->attributes + ATTR, value, len) ;
  q->head.nlmsg_len = (uint32_t)(HEAD + ATTR + len) ;
  q->head.nlmsg_seq++ ;
  if (send(s, q, HEAD + ATTR + len, 0) == -1) return 0 ;

  /* the kernel answers before send returns; other processes may have sent something before that */
  for (unsigned int tries = 0 ; tries < 4 ; tries++)
  {
    struct sockaddr_nl from = { .nl_pid = 1 } ;
    socklen_t fromlen = sizeof from ;
    ssize_t r = recvfrom(s, m, sizeof *m, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &fromlen) ;
    if (r == -1) break ;
    if (r < (ssize_t)HEAD || r > (ssize_t)sizeof *m || from.nl_pid || m->head.nlmsg_seq != q->head.nlmsg_seq) continue ;
    if (m->head.nlmsg_type != q->head.nlmsg_type || m->head.nlmsg_len < HEAD || m->head.nlmsg_len > (size_t)r) break ;
    return m->head.nlmsg_len - HEAD ;
  }
  return 0 ;
}

/* The round-trip time to x in eighths of a us, as the kernel keeps it (or in eighths of a ms); 0 if unknown. */

static uint64_t roundtrip (int s, struct message *q, socket_candidate const *x)
{
  struct message m ;
  char const *p, *values = m.attributes ;
  uint32_t n = 0 ;
  char const *ip4 = !x->is6 ? x->ip : memcmp(x->ip, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) ? 0 : x->ip + 12 ;
  size_t len = ip4 ? ask(s, q, TCP_METRICS_ATTR_ADDR_IPV4, ip4, 4, &m) : ask(s, q, TCP_METRICS_ATTR_ADDR_IPV6, x->ip, 16, &m) ;
  len = find(values, len, TCP_METRICS_ATTR_VALS, &values) ;
  if (find(values, len, TCP_METRIC_RTT_US + 1, &p) == 4) return (memcpy(&n, p, 4), n) ;
  if (find(values, len, TCP_METRIC_RTT + 1, &p) == 4) memcpy(&n, p, 4) ;
  return (uint64_t)n * 1000 ;
}

int socket_candidate_metrics (socket_candidate *x, unsigned int n)
{
  struct message m, q = { .head = { .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST }, .generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 } } ;
  char const *family = m.attributes ;
  int known = 0, e = errno ;
  int s = libsocket_new(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC, O_CLOEXEC) ;
  if (s == -1) return -1 ;
  if (find(family, ask(s, &q, CTRL_ATTR_FAMILY_NAME, TCP_METRICS_GENL_NAME, sizeof TCP_METRICS_GENL_NAME, &m), CTRL_ATTR_FAMILY_ID, &family) != 2)
    return (errno = ENOSYS, libsocket_closefail(s)) ;
  memcpy(&q.head.nlmsg_type, family, 2) ;
  q.generic.cmd = TCP_METRICS_CMD_GET ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    uint64_t us8 = roundtrip(s, &q, x + i) ;
    uint64_t ms = us8 * 3 / 16000 ;  /* one and a half round trips */
    known += !!us8 ;
    if (us8 && !x[i].delay && ms < 250) x[i].delay = ms < 100 ? 100 : (unsigned int)ms ;
  }
  close(s) ;
  errno = e ;
  return known ;
}
#else
int socket_candidate_metrics (socket_candidate *x, unsigned int n) { return ((void)x, (void)n, errno = ENOSYS, -1) ; }
#endif
