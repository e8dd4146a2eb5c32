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
    && !x->hedge && x->events == IOPAUSE_WRITE && !x->delay && x->fd == -1 && !x->error && !x->sent
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
      if (max == 2 && k == 1 && list[i].family == AF_INET6) continue ;  /* two places, one for each family: the list begins with IPv6 */
      check(fresh(x + k, list[i].ip, list[i].port, list[i].scope_id, list[i].family == AF_INET6)) ;
      k++ ;
    }
    check(k == want) ;
    check(!memcmp(x + max, &poison, sizeof poison)) ;
  }
  check(socket_candidate_addrinfo(0, 0, ai) == 0) ;
  check(socket_candidate_addrinfo(x, N, 0) == 0) ;
  check(socket_candidate_addrinfo(0, 0, 0) == 0) ;
}

/* More addresses than places: the last place is for the first address of the family that would be missing. */

static void more_addresses_than_places_leave_one_for_the_second_family (void)
{
  static struct { char const *list, *stored[6] ; } const rows[] =   /* 4, 6: an address of the family; its number is the place in the list */
  {
    { "6666", { "", "0", "01", "012", "0123", "0123" } },
    { "66664", { "", "0", "04", "014", "0124", "01234" } },
    { "44446", { "", "0", "04", "014", "0124", "01234" } },
    { "666644", { "", "0", "04", "014", "0124", "01234" } },
    { "66464", { "", "0", "02", "012", "0123", "01234" } },
    { "464646", { "", "0", "01", "012", "0123", "01234" } },
    { "6661664", { "", "0", "06", "016", "0126", "01246" } },     /* 1: the second again */
    { "44u4n6", { "", "0", "05", "015", "0135", "0135" } },       /* u: UDP; n: no address */
    { "N66", { "", "1", "12", "12", "12", "12" } },
    { "n6N4", { "", "1", "13", "13", "13", "13" } }
  } ;
  for (size_t r = 0 ; r < sizeof rows / sizeof *rows ; r++) for (unsigned int max = 0 ; max < 6 ; max++)
  {
    char const *list = rows[r].list, *want = rows[r].stored[max] ;
    unsigned int n = (unsigned int)strlen(list), k = (unsigned int)strlen(want) ;
    struct addrinfo ai[8] ;
    any_sa sa[8] ;
    socket_candidate x[7], poison ;
    for (unsigned int i = 0 ; i < n ; i++)
    {
      int is6 = list[i] == '6' || list[i] == '1' || list[i] == 'N' ;
      char ip[16] = { (char)(list[i] == '1' ? 1 : i) } ;
      entry(ai + i, sa + i, is6 ? AF_INET6 : AF_INET, list[i] == 'u' ? SOCK_DGRAM : SOCK_STREAM, ip, 80, 0) ;
      if (list[i] == 'n' || list[i] == 'N') ai[i].ai_addr = 0 ;
    }
    ai[n - 1].ai_next = 0 ;
    memset(x, 0xaa, sizeof x) ;
    memset(&poison, 0xaa, sizeof poison) ;
    check(keeps(socket_candidate_addrinfo(x, max, ai) == k)) ;
    for (unsigned int i = 0 ; i < k ; i++)
    {
      char ip[16] = { (char)(want[i] - '0') } ;
      check(fresh(x + i, ip, 80, 0, list[want[i] - '0'] == '6')) ;
    }
    for (unsigned int i = k ; i < 7 ; i++) check(!memcmp(x + i, &poison, sizeof poison)) ;
  }
}

/* A hedge is a copy of the address and its delay, and of nothing that a race has left there. */

static void a_hedge_copies_the_address_and_its_delay_alone (void)
{
  for (unsigned int max = 0 ; max < 8 ; max++) for (unsigned int n = 0 ; n < 4 ; n++)
  {
    socket_candidate x[8], before[8] ;
    unsigned int total = n >= max ? n : 2 * n <= max ? 2 * n : max ;
    memset(x, 0xaa, sizeof x) ;
    socket_candidate_ip4(x, "\300\0\2\7", 80) ;
    socket_candidate_ip6(x + 1, DOC6, 443, 7) ;
    socket_candidate_ip4(x + 2, "\300\0\2\7", 80) ;  /* twice in the list: two hedges */
    x[1].delay = 120 ;
    for (unsigned int i = 0 ; i < 3 ; i++)
    {
      x[i].error = ECONNREFUSED ;
      x[i].fd = 7 ;
      x[i].sent = 3 ;
      x[i].events = IOPAUSE_READ ;
      x[i].up = 1 ;
      x[i].older = 1 ;
      tain_now(&x[i].start) ;
      x[i].end = x[i].start ;
    }
    memcpy(before, x, sizeof x) ;
    check(keeps(socket_candidate_hedge(x, n, max) == total)) ;
    check(!memcmp(x, before, n * sizeof *x) && !memcmp(x + total, before + total, (8 - total) * sizeof *x)) ;
    for (unsigned int i = n ; i < total ; i++)
    {
      socket_candidate const *y = x + i - n ;
      check(x[i].hedge == 1 && x[i].delay == y->delay && !x[i].up) ;
      x[i].hedge = 0 ;
      x[i].delay = 0 ;
      check(fresh(x + i, y->ip, y->port, y->scope_id, y->is6)) ;
    }
  }
  check(keeps(!socket_candidate_hedge(0, 0, 0))) ;
}

/* Hedges of hedges are hedges: the array may be hedged again. */

static void hedges_may_be_hedged (void)
{
  socket_candidate x[8] ;
  socket_candidate_ip4(x, "\300\0\2\7", 80) ;
  check(socket_candidate_hedge(x, 1, 8) == 2 && socket_candidate_hedge(x, 2, 8) == 4) ;
  check(!x[0].hedge && x[1].hedge && x[2].hedge && x[3].hedge) ;
}

int main (void)
{
  RUN(ip4_sets_every_field) ;
  RUN(ip6_sets_every_field) ;
  RUN(numeric_hosts_of_streams_are_taken) ;
  RUN(a_list_is_taken_in_order_each_address_once) ;
  RUN(more_addresses_than_places_leave_one_for_the_second_family) ;
  RUN(a_hedge_copies_the_address_and_its_delay_alone) ;
  RUN(hedges_may_be_hedged) ;
  return test_end() ;
}
