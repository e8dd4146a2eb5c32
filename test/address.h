/* ISC license. */

/* What a function stores of an address, and sockets on addresses without the library's help. */

#ifndef ADDRESS_H
#define ADDRESS_H

#include "test.h"

/* the caller's variables: preset before a call, untouched after one that failed */

static char ip[16] ;
static uint16_t port ;
static uint32_t scope ;

static inline void preset (void)
{
  memset(ip, 'x', sizeof ip) ;
  port = 54321 ;
  scope = 7777 ;
}

/* The first len bytes are from's, the others as they were. */

static inline int stored (char const *from, size_t len, uint16_t p)
{
  for (size_t i = len ; i < sizeof ip ; i++) if (ip[i] != 'x') return 0 ;
  return !memcmp(ip, from, len) && port == p ;
}

static inline int untouched (void)
{
  return stored("", 0, 54321) && scope == 7777 ;
}

typedef union address { struct sockaddr any ; struct sockaddr_in in4 ; struct sockaddr_in6 in6 ; } address ;

static inline socklen_t fill (address *a, int domain, char const *addr, uint16_t p, uint32_t scope_id)
{
  memset(a, 0, sizeof *a) ;
  if (domain == AF_INET)
  {
    a->in4.sin_family = AF_INET ;
    a->in4.sin_port = htons(p) ;
    memcpy(&a->in4.sin_addr, addr, 4) ;
    return sizeof a->in4 ;
  }
  a->in6.sin6_family = AF_INET6 ;
  a->in6.sin6_port = htons(p) ;
  a->in6.sin6_scope_id = scope_id ;
  memcpy(&a->in6.sin6_addr, addr, 16) ;
  return sizeof a->in6 ;
}

static inline uint16_t portof (int s)
{
  address a ;
  socklen_t len = sizeof a ;
  memset(&a, 0, sizeof a) ;
  check(!getsockname(s, &a.any, &len)) ;
  return ntohs(a.any.sa_family == AF_INET ? a.in4.sin_port : a.in6.sin6_port) ;
}

/* s is of this family and type, with these flags */

static inline void made (int s, int domain, int type, int nonblocking, int cloexec)
{
  int x = -1 ;
  socklen_t len = sizeof x ;
  check(!getsockopt(s, SOL_SOCKET, SO_DOMAIN, &x, &len) && x == domain) ;
  check(!getsockopt(s, SOL_SOCKET, SO_TYPE, &x, &len) && x == type) ;
  check(!(fcntl(s, F_GETFL) & O_NONBLOCK) == !nonblocking) ;
  check(!(fcntl(s, F_GETFD) & FD_CLOEXEC) == !cloexec) ;
}

static inline int dual_stack (int s)
{
  int x = -1 ;
  socklen_t len = sizeof x ;
  return !getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &x, &len) && x == 0 ;
}

static inline void creates (int (*f) (void), int domain, int type, int nonblocking, int cloexec)
{
  int s ;
  check(keeps((s = (*f)()) >= 0)) ;
  made(s, domain, type, nonblocking, cloexec) ;
  check(domain == AF_INET || dual_stack(s)) ;
  close(s) ;
}

static inline int raw (int domain, int type)
{
  int s = socket(domain, type, 0), off = 0 ;
  if (domain == AF_INET6) check(!setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off)) ;
  return s ;
}

static inline int rawbound (int domain, int type, char const *addr, uint32_t scope_id)
{
  address a ;
  socklen_t len = fill(&a, domain, addr, 0, scope_id) ;
  int s = raw(domain, type) ;
  check(!bind(s, &a.any, len)) ;
  return s ;
}

static inline int rawconnect (int s, int domain, char const *addr, uint16_t p, uint32_t scope_id)
{
  address a ;
  socklen_t len = fill(&a, domain, addr, p, scope_id) ;
  return connect(s, &a.any, len) ;
}

/* In a namespace of its own, two ends of one wire: null, or why there are none. */

#define WIRE0 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define WIRE1 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\2"

static inline char const *wire (unsigned int *t0, unsigned int *t1)
{
  if (test_namespace() == -1) return NO_NAMESPACES ;
  if (system("ip link add t0 type veth peer name t1 && ip link set t0 up && ip link set t1 up"
    " && ip addr add fe80::1/64 dev t0 nodad && ip addr add fe80::2/64 dev t1 nodad && test/settle.sh")) return NO_VETH ;
  *t0 = if_nametoindex("t0") ;
  *t1 = if_nametoindex("t1") ;
  check(*t0 && *t1 && *t0 != *t1) ;
  return 0 ;
}

#endif
