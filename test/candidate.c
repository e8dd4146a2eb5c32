/* ISC license. */

/* socket_candidate_ip4 socket_candidate_ip6 socket_candidate_addrinfo socket_candidate_hedge */

#include "test.h"

#include <netdb.h>
#include <sys/un.h>

#include "socket_connector.h"

#define DOC6 "\40\1\r\270\0\0\0\0\0\0\0\0\0\0\0\1"

static int zero (void const *p, size_t n)
{
  char const *s = p ;
  while (n) if (s[--n]) return 0 ;
  return 1 ;
}

static int fresh (socket_candidate const *x, char const *ip, uint16_t port, uint32_t scope_id, unsigned int is6)
{
  return !memcmp(x->ip, ip, is6 ? 16 : 4) && zero(x->ip + 4, is6 ? 0 : 12)
    && x->port == port && x->scope_id == scope_id && x->is6 == is6
    && !x->delay && x->fd == -1 && !x->error && !x->sent
    && !x->start.sec.x && !x->start.nano && !x->end.sec.x && !x->end.nano && !x->older ;
}

static void ip4_sets_every_field (void)
{
  socket_candidate x[2] ;
  memset(x, 0xaa, sizeof x) ;
  errno = 4242 ;
  socket_candidate_ip4(x, "\300\0\2\7", 0xabcd) ;
  check(errno == 4242) ;
  check(fresh(x, "\300\0\2\7", 0xabcd, 0, 0)) ;
  check(((char *)(x + 1))[0] == (char)0xaa) ;
}

static void ip6_sets_every_field (void)
{
  socket_candidate x[2] ;
  memset(x, 0xaa, sizeof x) ;
  errno = 4242 ;
  socket_candidate_ip6(x, DOC6, 65535, 0xfffffffe) ;
  check(errno == 4242) ;
  check(fresh(x, DOC6, 65535, 0xfffffffe, 1)) ;
  check(((char *)(x + 1))[0] == (char)0xaa) ;
}

static unsigned int resolve (socket_candidate *x, unsigned int max, char const *name, int type)
{
  struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = type }, *ai = 0 ;
  unsigned int n ;
  check(!getaddrinfo(name, "4660", &hints, &ai)) ;
  n = socket_candidate_addrinfo(x, max, ai) ;
  freeaddrinfo(ai) ;
  return n ;
}

static void numeric_hosts_of_streams_are_taken (void)
{
  socket_candidate x[3] ;
  memset(x, 0xaa, sizeof x) ;
  check(resolve(x, 3, "192.0.2.7", 0) == 1) ;  /* three entries, one a type */
  check(fresh(x, "\300\0\2\7", 4660, 0, 0)) ;
  memset(x, 0xaa, sizeof x) ;
  check(resolve(x, 3, "2001:db8::1", SOCK_STREAM) == 1) ;
  check(fresh(x, DOC6, 4660, 0, 1)) ;
  check(!resolve(x, 3, "192.0.2.7", SOCK_DGRAM)) ;
  check(resolve(x, 3, "fe80::1%lo", SOCK_STREAM) == 1) ;
  check(fresh(x, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 4660, if_nametoindex("lo"), 1)) ;
}

typedef union any_sa_u any_sa ;
union any_sa_u
{
  struct sockaddr sa ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 in6 ;
  struct sockaddr_un un ;
} ;

static void entry (struct addrinfo *ai, any_sa *sa, int family, int type, char const *ip, uint16_t port, uint32_t scope_id)
{
  memset(sa, 0xaa, sizeof *sa) ;
  memset(ai, 0, sizeof *ai) ;
  ai->ai_family = sa->sa.sa_family = (sa_family_t)family ;
  ai->ai_socktype = type ;
  ai->ai_addr = &sa->sa ;
  ai->ai_addrlen = family == AF_INET ? sizeof sa->in4 : family == AF_INET6 ? sizeof sa->in6 : sizeof sa->un ;
  ai->ai_next = ai + 1 ;
  if (family == AF_INET)
  {
    memcpy(&sa->in4.sin_addr, ip, 4) ;
    sa->in4.sin_port = htons(port) ;
  }
  if (family == AF_INET6)
  {
    memcpy(&sa->in6.sin6_addr, ip, 16) ;
    sa->in6.sin6_port = htons(port) ;
    sa->in6.sin6_scope_id = scope_id ;
  }
}

static void a_list_is_taken_in_order_each_address_once (void)
{
  static struct { int family, type ; char const *ip ; uint16_t port ; uint32_t scope_id ; int taken ; } const list[] =
  {
    { .family = AF_INET, .type = SOCK_DGRAM, .ip = "\300\0\2\1", .port = 80 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 80, .taken = 1 },
    { .family = AF_UNIX, .type = SOCK_STREAM },
    { .family = AF_INET, .ip = "\300\0\2\1", .port = 80, .taken = 1 },
    { .family = AF_INET, .type = SOCK_STREAM, .ip = "\300\0\2\1", .port = 80 },
    { .family = AF_INET, .type = SOCK_STREAM, .ip = "\300\0\2\1", .port = 81, .taken = 1 },
    { .family = AF_INET6, .type = SOCK_SEQPACKET, .ip = DOC6, .port = 81 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 80, .scope_id = 3, .taken = 1 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 80 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 80, .scope_id = 4, .taken = 1 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 81, .scope_id = 3, .taken = 1 },
    { .family = AF_INET6, .type = SOCK_RAW, .ip = DOC6, .port = 82 },
    { .family = AF_INET, .type = SOCK_STREAM, .ip = "\300\0\2\2", .port = 80, .taken = 1 },
    { .family = AF_INET6, .ip = "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\2", .port = 80, .taken = 1 },
    { .family = AF_INET6, .ip = "\300\0\2\2\0\0\0\0\0\0\0\0\0\0\0\0", .port = 80, .taken = 1 },  /* the bytes of an IPv4 one */
    { .family = AF_INET, .type = SOCK_STREAM, .ip = "\300\0\2\2", .port = 80 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = DOC6, .port = 80, .scope_id = 3 },
    { .family = AF_INET6, .type = SOCK_STREAM, .ip = "\40\1\r\270\0\0\0\0\0\0\0\0\0\0\0\2", .port = 80, .scope_id = 3, .taken = 1 },
  } ;
  enum { N = sizeof list / sizeof *list } ;
  struct addrinfo ai[N] ;
  any_sa sa[N] ;
  socket_candidate x[N + 1] ;
  unsigned int total = 0 ;

  for (unsigned int i = 0 ; i < N ; i++)
  {
    entry(ai + i, sa + i, list[i].family, list[i].type, list[i].ip, list[i].port, list[i].scope_id) ;
    total += (unsigned int)list[i].taken ;
  }
  ai[N - 1].ai_next = 0 ;

  for (unsigned int max = 0 ; max <= N ; max++)
  {
    unsigned int want = max < total ? max : total, n, k = 0 ;
    socket_candidate poison ;
    memset(x, 0xaa, sizeof x) ;
    memset(&poison, 0xaa, sizeof poison) ;
    errno = 4242 ;
    n = socket_candidate_addrinfo(x, max, ai) ;
    check(n == want && errno == 4242) ;
    for (unsigned int i = 0 ; i < N && k < want ; i++) if (list[i].taken)
    {
      check(fresh(x + k, list[i].ip, list[i].port, list[i].scope_id, list[i].family == AF_INET6)) ;
      k++ ;
    }
    check(!memcmp(x + max, &poison, sizeof poison)) ;
  }
  check(socket_candidate_addrinfo(0, 0, ai) == 0) ;
  check(socket_candidate_addrinfo(x, N, 0) == 0) ;
  check(socket_candidate_addrinfo(0, 0, 0) == 0) ;
}

int main (void)
{
  RUN(ip4_sets_every_field) ;
  RUN(ip6_sets_every_field) ;
  RUN(numeric_hosts_of_streams_are_taken) ;
  RUN(a_list_is_taken_in_order_each_address_once) ;
  return test_end() ;
}
