/* ISC license. */

/* socket_fmt6 socket_scan6 */

#include "address.h"

#include "socket.h"

#define LINKLOCAL6 "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define MAPPED(x) "\0\0\0\0\0\0\0\0\0\0\377\377" x

/* The end of a page, behind which there is nothing */

static char *edge (void)
{
  static char *end ;
  size_t page = (size_t)sysconf(_SC_PAGESIZE) ;
  if (end) return end ;
  end = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ;
  if (end == MAP_FAILED || mprotect(end + page, page, PROT_NONE) == -1) abort() ;
  return end += page ;
}

/* It writes just text, and before a page that cannot be written; without a place it counts. */

static void writes (char const *from, uint32_t index, char const *text)
{
  size_t len = strlen(text) ;
  char *s = edge() - len ;
  int ok ;
  memset(s - 1, 'x', len + 1) ;
  check(len <= SOCKET_FMT6) ;
  ok = keeps(socket_fmt6(s, from, index) == len) && !memcmp(s, text, len) && s[-1] == 'x' ;
  if (!ok) printf("# %.*s, not %s\n", (int)len, s, text) ;
  check(ok) ;
  check(keeps(socket_fmt6(0, from, index) == len)) ;
}

/* It takes just the first len bytes of s, which end before a page that cannot be read. */

static void takes (char const *s, size_t len, char const *to, uint32_t index)
{
  size_t n = strlen(s) + 1 ;
  char const *copy = memcpy(edge() - n, s, n) ;
  int ok ;
  preset() ;
  if (len) ok = keeps(socket_scan6(copy, ip, &scope) == len) && !memcmp(ip, to, 16) && scope == index ;
  else ok = (errno = 0, !socket_scan6(copy, ip, &scope)) && errno && untouched() ;
  if (!ok) printf("# %s: errno %d, scope %u, not %zu bytes\n", s, errno, (unsigned int)scope, len) ;
  check(ok) ;
}

/* RFC 5952 and back */

static void addresses_are_written_as_in_rfc_5952 (void)
{
  static struct { char const *ip ; char const *text ; } const t[] =
  {
    { ANY6, "::" },
    { LOOPBACK6, "::1" },
    { LINKLOCAL6, "fe80::1" },
    { "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1" },
    { "\40\1\15\270\0\0\0\1\0\1\0\1\0\1\0\1", "2001:db8:0:1:1:1:1:1" },
    { "\40\1\0\0\0\0\0\1\0\0\0\0\0\0\0\1", "2001:0:0:1::1" },
    { "\40\1\15\270\0\0\0\0\0\1\0\0\0\0\0\1", "2001:db8::1:0:0:1" },
    { "\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    { "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "1::" },
    { MAPPED("\300\0\2\1"), "192.0.2.1" },
    { MAPPED("\0\0\0\0"), "0.0.0.0" },
    { MAPPED("\377\377\377\377"), "255.255.255.255" }
  } ;
  for (size_t i = 0 ; i < sizeof t / sizeof *t ; i++)
  {
    writes(t[i].ip, 0, t[i].text) ;
    takes(t[i].text, strlen(t[i].text), t[i].ip, 0) ;
  }
}

static void an_interface_is_written_by_name_and_read_by_name_or_index (void)
{
  uint32_t lo = if_nametoindex("lo") ;
  char text[64] ;
  writes(LINKLOCAL6, lo, "fe80::1%lo") ;
  writes(LINKLOCAL6, 4000000000u, "fe80::1%4000000000") ;
  writes(LINKLOCAL6, UINT32_MAX, "fe80::1%4294967295") ;
  writes(LINKLOCAL6, 123456, "fe80::1%123456") ;
  writes("\377\5\0\0\0\0\0\0\0\0\0\0\0\0\0\2", lo, "ff05::2%lo") ;
  writes(LOOPBACK6, lo, "::1%lo") ;
  writes("\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\1", lo, "0:0:1::1%lo") ;
  writes(MAPPED("\300\0\2\1"), lo, "192.0.2.1") ;

  takes("fe80::1%lo", 10, LINKLOCAL6, lo) ;
  takes("::1%lo", 6, LOOPBACK6, lo) ;
  takes("0:0:1::1%lo", 11, "\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\1", lo) ;
  takes("FE80:0:0::0.0.0.1%lo", 20, LINKLOCAL6, lo) ;
  takes("fe80::1%2", 9, LINKLOCAL6, 2) ;
  takes("fe80::1%007", 11, LINKLOCAL6, 7) ;
  takes("fe80::1%4294967295", 18, LINKLOCAL6, UINT32_MAX) ;
  takes("fe80::1%000004294967295", 23, LINKLOCAL6, UINT32_MAX) ;
  takes("fe80::1%4294967296", 0, 0, 0) ;
  takes("fe80::1%999999999999999", 0, 0, 0) ;
  takes("fe80::1%0", 0, 0, 0) ;
  takes("fe80::1%", 0, 0, 0) ;
  takes("fe80::1%%lo", 0, 0, 0) ;
  takes("fe80::1% lo", 0, 0, 0) ;
  takes("fe80::1%2lo", 0, 0, 0) ;
  takes("fe80::1%-2", 0, 0, 0) ;
  takes("fe80::1%nosuch", 0, 0, 0) ;
  takes("fe80::1%lo.nosuch", 0, 0, 0) ;
  takes("fe80::1%lo_", 0, 0, 0) ;
  takes("fe80::1%lo\303\251", 0, 0, 0) ;
  takes("fe80::1%lo\200", 0, 0, 0) ;
  takes("fe80::1%abcdefghijklmnop", 0, 0, 0) ;
  takes("fe80::1%a-name-longer-than-interfaces-have", 0, 0, 0) ;
  takes("fe80::1%000000000000000000000000000000002", 0, 0, 0) ;

  for (int c = 1 ; c < 128 ; c++)
  {
    int part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~", c) ;
    snprintf(text, sizeof text, "fe80::1%%lo%c80", c) ;
    takes(text, part ? 0 : 10, LINKLOCAL6, lo) ;
  }

  /* an IPv4 address has none */
  takes("192.0.2.1%lo", 9, MAPPED("\300\0\2\1"), 0) ;
  takes("::ffff:192.0.2.1%lo", 16, MAPPED("\300\0\2\1"), 0) ;
  takes("::ffff:c000:201", 15, MAPPED("\300\0\2\1"), 0) ;
}

static void a_failure_sets_errno (void)
{
  errno = 0 ;
  check(!socket_scan6("", 0, 0) && errno == EINVAL) ;
  errno = 0 ;
  check(!socket_scan6("%lo", 0, 0) && errno == EINVAL) ;
  errno = 0 ;
  check(!socket_scan6("::1%", 0, 0) && errno == ENODEV) ;
  errno = 0 ;
  check(!socket_scan6("::1%0", 0, 0) && errno == ENODEV) ;
  errno = 0 ;
  check(!socket_scan6("::1%nosuch", 0, 0) && errno == ENODEV) ;
}

static void reading_stops_where_the_address_ends (void)
{
  takes("[::1]", 0, 0, 0) ;
  takes(" ::1", 0, 0, 0) ;
  takes("::1]:80", 3, LOOPBACK6, 0) ;
  takes("::1/64", 3, LOOPBACK6, 0) ;
  takes("::1.", 3, LOOPBACK6, 0) ;
  takes("::1::", 3, LOOPBACK6, 0) ;
  takes("::1\xff", 3, LOOPBACK6, 0) ;
  takes("127.0.0.1:80", 9, MAPPED6, 0) ;
  takes("127.0.0.1.1", 9, MAPPED6, 0) ;
  takes("127.0.0.1\n", 9, MAPPED6, 0) ;
  takes("127.0.0", 0, 0, 0) ;
  takes("127.0.0.", 0, 0, 0) ;
  takes("127.1", 0, 0, 0) ;
  takes("0127.0.0.1", 0, 0, 0) ;
  takes("1:2:3:4:5:6:7", 0, 0, 0) ;
  takes("localhost", 0, 0, 0) ;
  takes(":", 0, 0, 0) ;
  takes(".", 0, 0, 0) ;
  takes("12345::", 0, 0, 0) ;
}

static void what_has_no_place_is_not_stored (void)
{
  preset() ;
  check(keeps(socket_scan6("fe80::1%3", 0, 0) == 9) && untouched()) ;
  check(socket_scan6("fe80::1%3", ip, 0) == 9 && !memcmp(ip, LINKLOCAL6, 16) && scope == 7777) ;
  preset() ;
  check(socket_scan6("fe80::1%3", 0, &scope) == 9 && scope == 3 && ip[0] == 'x') ;
  check(socket_scan6("::1", 0, &scope) == 3 && scope == 0) ;
}

static uint32_t seed = 1 ;

static unsigned int draw (unsigned int n)
{
  seed = seed * 1664525u + 1013904223u ;
  return (unsigned int)(((uint64_t)seed * n) >> 32) ;
}

/* Random addresses, many zeros in them: inet_ntop's text, and the same address from it. */

static void what_is_written_is_read_again (void)
{
  for (int i = 0 ; i < 100000 && !test_failures ; i++)
  {
    char text[64], a[16] ;
    unsigned int zero = draw(5), tall = draw(3) ;
    for (int j = 0 ; j < 16 ; j += 2)
    {
      int none = draw(4) < zero ;
      a[j] = none || tall ? 0 : (char)draw(256) ;
      a[j + 1] = none ? 0 : (char)draw(256) ;
    }
    if (!draw(10)) memcpy(a, MAPPED(""), 12) ;
    if (memcmp(a, MAPPED(""), 12)) inet_ntop(AF_INET6, a, text, sizeof text) ;
    else inet_ntop(AF_INET, a + 12, text, sizeof text) ;
    writes(a, 0, text) ;
    takes(text, strlen(text), a, 0) ;
  }
}

/* Random texts, and addresses with a few bytes changed: the longest beginning that is an address. */

static void the_longest_beginning_is_read (void)
{
  static char const bytes[] = "0123456789abcdefABCDEF::::::....\1 g/]\xff" ;
  static char const *const models[] =
  {
    "1:2:3:4:5:6:7:8", "fe80::1234:5678", "1::8", "::ffff:192.0.2.1", "64:ff9b::192.0.2.33", "192.0.2.255", "1:2:3:4:5:6:1.2.3.4", "::",
    "2001:0db8:0000:0000:0000:ff00:0042:8329", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
  } ;
  for (int i = 0 ; i < 100000 && !test_failures ; i++)
  {
    char text[64], part[64], a[16] ;
    size_t len ;
    memset(text, 0, sizeof text) ;
    if (draw(4)) strcpy(text, models[draw(10)]) ;
    else for (size_t j = draw(50) ; j-- ;) text[j] = bytes[draw(sizeof bytes - 1)] ;
    len = strlen(text) ;
    for (unsigned int j = draw(4) ; j-- && len ;)
    {
      size_t at = draw((unsigned int)len) ;
      switch (draw(3))
      {
        case 0 : text[at] = bytes[draw(sizeof bytes - 1)] ; break ;
        case 1 : memmove(text + at, text + at + 1, len-- - at) ; break ;
        default : if (len < 60) { memmove(text + at + 1, text + at, ++len - at) ; text[at] = bytes[draw(sizeof bytes - 1)] ; }
      }
    }
    for (; len ; len--)
    {
      memcpy(part, text, len) ;
      part[len] = 0 ;
      if (inet_pton(AF_INET6, part, a) == 1) break ;
      memcpy(a, MAPPED(""), 12) ;
      if (inet_pton(AF_INET, part, a + 12) == 1) break ;
    }
    takes(text, len, a, 0) ;
  }
}

/* Names that interfaces may have: the longest, one of digits, some of bytes that end a name in a text */

static void names_that_cannot_be_read_are_written_as_indices (void)
{
  static struct { char const *name ; int written ; } const t[] =
  {
    { "abcdefghijklmno", 1 }, { "A-z._~9", 1 }, { "\303\251", 1 }, { "7", 0 }, { "007", 0 }, { "a]", 0 }, { "a,b", 0 }, { "a%b", 0 }, { "+", 0 }
  } ;
  char const *const full = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" ;
  char a[16], text[64] ;
  int n = 0 ;
  if (test_namespace() == -1) SKIP(NO_NAMESPACES) ;
  if (system("ip link add t0 type veth peer name t1")) SKIP(NO_VETH) ;
  check(inet_pton(AF_INET6, full, a) == 1) ;
  for (size_t i = 0 ; i < sizeof t / sizeof *t ; i++)
  {
    struct ifreq ifr = { .ifr_name = "t0" } ;
    int s = socket(AF_INET, SOCK_DGRAM, 0) ;
    uint32_t index = if_nametoindex("t0") ;
    strcpy(ifr.ifr_newname, t[i].name) ;
    if (!ioctl(s, SIOCSIFNAME, &ifr))
    {
      if (t[i].written) snprintf(text, sizeof text, "%s%%%s", full, t[i].name) ;
      else snprintf(text, sizeof text, "%s%%%u", full, (unsigned int)index) ;
      writes(a, index, text) ;
      takes(text, strlen(text), a, index) ;
      strcpy(ifr.ifr_name, t[i].name) ;
      strcpy(ifr.ifr_newname, "t0") ;
      check(!ioctl(s, SIOCSIFNAME, &ifr)) ;
      n++ ;
    }
    close(s) ;
  }
  check(n >= 5) ;
}

int main (void)
{
  RUN(addresses_are_written_as_in_rfc_5952) ;
  RUN(an_interface_is_written_by_name_and_read_by_name_or_index) ;
  RUN(a_failure_sets_errno) ;
  RUN(reading_stops_where_the_address_ends) ;
  RUN(what_has_no_place_is_not_stored) ;
  RUN(what_is_written_is_read_again) ;
  RUN(the_longest_beginning_is_read) ;
  RUN(names_that_cannot_be_read_are_written_as_indices) ;
  return test_end() ;
}
