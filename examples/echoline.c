/* ISC license. */

/*
   echoline [-f] text ip port [ip port ...]: connects to the first of the addresses that answers, sends text
   as a line, reads a line back, and says how the race went and what came back. -f is TCP Fast Open:
   the line rides in the SYN if the kernel has a cookie.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/fmtscan.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket.h"

#define USAGE "echoline [-f] text ip port [ip port ...]"
#define SECONDS 10
#define CANDIDATES 16
#define LINELEN 1024

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

static void say (char const *s)
{
  if (buffer_puts(buffer_1, s) < 0) strerr_diefu1sys(111, "write to stdout") ;
}

static void say_name (int is6, char const *ip, uint16_t port)
{
  char fmt[IP6_FMT + UINT16_FMT + 2] ;
  size_t m = is6 ? ip6_fmt(fmt, ip) : ip4_fmt(fmt, ip) ;
  fmt[m++] = ' ' ;
  m += uint16_fmt(fmt + m, port) ;
  fmt[m] = 0 ;
  say(fmt) ;
}

static void say_ms (tain const *from, tain const *to)
{
  char fmt[UINT_FMT] ;
  tain t ;
  tain_sub(&t, to, from) ;
  fmt[uint_fmt(fmt, (unsigned int)tain_to_millisecs(&t))] = 0 ;
  say(fmt) ;
  say(" ms") ;
}

static void say_race (socket_connector const *c, tain const *start)
{
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    socket_candidate const *x = c->candidate + i ;
    int won = c->fd >= 0 && c->winner == i ;
    say("  ") ;
    say_name(x->is6, x->ip, x->port) ;
    if (!won && !x->error) { say(": not tried\n") ; continue ; }
    say(": from ") ;
    say_ms(start, &x->start) ;
    say(" to ") ;
    say_ms(start, &x->end) ;
    say(", ") ;
    say(won ? "connected" : x->error == ECANCELED ? "no answer" : strerror(x->error)) ;
    say("\n") ;
  }
}

static void scan (socket_candidate *x, char const *ip, char const *port)
{
  char bytes[16] ;
  uint16_t p ;
  if (!uint160_scan(port, &p)) strerr_dief2x(100, "not a port: ", port) ;
  if (inet_pton(AF_INET, ip, bytes) == 1) socket_candidate_ip4(x, bytes, p) ;
  else if (inet_pton(AF_INET6, ip, bytes) == 1) socket_candidate_ip6(x, bytes, p, 0) ;
  else strerr_dief2x(100, "not an IP address: ", ip) ;
}

/* Reads up to the first newline. The peer need not close. */

static size_t get_line (int s, char *line)
{
  size_t len = 0 ;
  while (len < LINELEN)
  {
    ssize_t r = fd_read(s, line + len, LINELEN - len) ;
    if (r == -1) strerr_diefu1sys(111, "read") ;
    if (!r) strerr_dief1x(111, "the connection was closed before the line came back") ;
    len += (size_t)r ;
    if (memchr(line + len - r, '\n', (size_t)r)) return len ;
  }
  strerr_dief1x(111, "too long a line came back") ;
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  socket_candidate a[CANDIDATES] ;
  socket_connector c ;
  char line[LINELEN] ;
  tain start, deadline ;
  size_t len ;
  unsigned int n ;
  int fast = 0 ;
  PROG = "echoline" ;

  for (int opt ; (opt = subgetopt_r(argc, argv, "f", &l)) != -1 ;)
  {
    if (opt != 'f') strerr_dieusage(100, USAGE) ;
    fast = 1 ;
  }
  argc -= l.ind ; argv += l.ind ;
  n = argc > 0 ? (unsigned int)argc / 2 : 0 ;
  if (!n || n > CANDIDATES || !(argc % 2)) strerr_dieusage(100, USAGE) ;
  for (unsigned int i = 0 ; i < n ; i++) scan(a + i, argv[1 + 2 * i], argv[2 + 2 * i]) ;
  len = strlen(argv[0]) ;
  if (len >= LINELEN || memchr(argv[0], '\n', len)) strerr_dief1x(100, "the text must be one line of less than 1024 bytes") ;
  memcpy(line, argv[0], len) ;
  line[len++] = '\n' ;

  sig_ignore(SIGPIPE) ;
  tain_now_set_stopwatch_g() ;
  tain_copynow(&start) ;
  tain_addsec_g(&deadline, SECONDS) ;
  socket_connector_init(&c, a, n, &deadline) ;
  if (fast)
  {
    c.data = line ;
    c.len = len ;
  }
  if (socket_connector_wait_g(&c) == -1)
  {
    int e = errno ;
    say_race(&c, &start) ;
    buffer_flush(buffer_1) ;
    errno = e ;
    strerr_diefu1sys(111, "connect") ;
  }
  say_race(&c, &start) ;

  ndelay_off(c.fd) ;
  if (allwrite(c.fd, line + c.sent, len - c.sent) < len - c.sent) strerr_diefu1sys(111, "write") ;
  len = get_line(c.fd, line) ;
  if (fast) say(socket_fastopen_used(c.fd) == 1 ? "  the line rode in the SYN\n" : "  the line went after the handshake\n") ;
  say("  the answer: ") ;
  if (buffer_putflush(buffer_1, line, len) < 0) strerr_diefu1sys(111, "write to stdout") ;
  return 0 ;
}
