/* ISC license. */

/*
   race [-h] [-f] [-j] [-d ms] [-b n] [-t ms] host port ...: connects to the first of the addresses that answers,
   and draws the race as it happened. host:port in one word will do, [host]:port where host has colons.
   -f asks for fast open, with a newline as data; -j prints JSON. -d is the delay between attempts, -b how it
   changes (-1 halves it, 1 doubles it), -t the time that all of it may take.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/socket.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/fmtscan.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket_connector.h"

#define USAGE "race [-h] [-f] [-j] [-d ms] [-b n] [-t ms] host port ..."
#define CANDIDATES 100
#define WIDTH 80
#define AXIS 20             /* the time axis has at least this many columns */
#define ADDRESSLEN (IP6_FMT + IF_NAMESIZE)
#define NAMELEN (ADDRESSLEN + UINT16_FMT)
#define OUTCOMELEN 40
#define MSLEN (UINT64_FMT + 4)

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */


 /* What is to be said of a candidate */

static int won (socket_connector const *c, unsigned int i)
{
  return c->fd >= 0 && c->winner == i ;
}

static int tried (socket_connector const *c, unsigned int i)
{
  return won(c, i) || c->candidate[i].error ;
}

static size_t address_fmt (char *s, socket_candidate const *x)
{
  size_t m = x->is6 ? ip6_fmt(s, x->ip) : ip4_fmt(s, x->ip) ;
  if (x->is6 && x->scope_id)
  {
    s[m++] = '%' ;
    if (if_indextoname(x->scope_id, s + m)) m += strlen(s + m) ;
    else m += uint32_fmt(s + m, x->scope_id) ;
  }
  return m ;
}

static size_t name_fmt (char *s, socket_candidate const *x)
{
  size_t m = address_fmt(s, x) ;
  s[m++] = ' ' ;
  return m + uint16_fmt(s + m, x->port) ;
}

static char const *error_name (int e)
{
#define E(name) { name, #name }
  static struct { int error ; char const *name ; } const names[] =
  {
    E(EACCES), E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(ECONNREFUSED), E(ECONNRESET), E(EDESTADDRREQ), E(EHOSTUNREACH), E(EINVAL),
    E(EMFILE), E(EMSGSIZE), E(ENETDOWN), E(ENETUNREACH), E(ENFILE), E(ENOBUFS), E(ENOMEM), E(ENOPROTOOPT), E(EOPNOTSUPP),
    E(EPERM), E(EPROTO), E(ETIMEDOUT), E(ECANCELED)
  } ;
#undef E
  for (unsigned int i = 0 ; i < sizeof names / sizeof *names ; i++) if (names[i].error == e) return names[i].name ;
  return strerror(e) ;
}

static size_t outcome_fmt (char *s, socket_connector const *c, unsigned int i)
{
  socket_candidate const *x = c->candidate + i ;
  char const *word = won(c, i) ? "connected" : !x->error ? "not tried" : x->error == ECANCELED ? "closed" : error_name(x->error) ;
  size_t m = strnlen(word, OUTCOMELEN - 10) ;
  memcpy(s, word, m) ;
  return x->sent ? m + str_fmt(s + m, ", SYN data") : m ;
}

/* Microseconds, which are shown as ms with 0, 1 or 3 decimals */

static uint64_t between (tain const *from, tain const *to)
{
  tain t ;
  tain_sub(&t, to, from) ;
  return t.sec.x * 1000000 + t.nano / 1000 ;
}

static size_t ms_fmt (char *s, uint64_t us, size_t decimals)
{
  size_t m = uint64_fmt(s, us / 1000) ;
  if (!decimals) return m ;
  s[m++] = '.' ;
  return m + uint320_fmt(s + m, (uint32_t)(us % 1000 / (decimals == 1 ? 100 : 1)), decimals) ;
}

/* In the order in which they were started; of one step, those that failed at once came first */

static int before (socket_connector const *c, unsigned int i, unsigned int j)
{
  socket_candidate const *x = c->candidate + i, *y = c->candidate + j ;
  if (!tried(c, i) || !tried(c, j)) return tried(c, i) && !tried(c, j) ;
  return tain_less(&x->start, &y->start) || (!tain_less(&y->start, &x->start) && tain_less(&x->end, &y->end)) ;
}

static void sort (unsigned int *order, socket_connector const *c)
{
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    unsigned int k = i ;
    for (; k && before(c, i, order[k-1]) ; k--) order[k] = order[k-1] ;
    order[k] = i ;
  }
}


 /* Output */

static void put (char const *s, size_t len)
{
  if (buffer_put(buffer_1, s, len) < 0) strerr_diefu1sys(111, "write to stdout") ;
}

static void say (char const *s)
{
  put(s, strlen(s)) ;
}

static void say_ms (uint64_t us, size_t decimals)
{
  char fmt[MSLEN] ;
  put(fmt, ms_fmt(fmt, us, decimals)) ;
}

static void say_line (char const *line, size_t from, char const *colour)
{
  size_t len = WIDTH ;
  while (len && line[len-1] == ' ') len-- ;
  put(line, from) ;
  if (colour) say(colour) ;
  put(line + from, len - from) ;
  say(colour ? "\033[m\n" : "\n") ;
}


 /*
    The picture: name, time axis, start and end in ms, outcome. A name that leaves too little for the axis has a line of
    its own, above. On the axis: | start, - silence, x failed, ! failed within the call, * connected, / closed without an answer.
 */

typedef struct picture_s picture ;
struct picture_s
{
  socket_connector const *c ;
  tain const *start ;
  uint64_t total ;                 /* what the axis is long, in microseconds */
  size_t decimals ;                /* of times */
  size_t names, axis, times ;      /* widths */
  size_t bar, from, to, words ;    /* columns */
} ;

static void layout (picture *p, uint64_t total)
{
  socket_connector const *c = p->c ;
  char fmt[NAMELEN + OUTCOMELEN] ;
  size_t words = 0, m ;
  p->total = total ? total : 1 ;
  p->decimals = total < 10000 ? 3 : 1 ;
  p->names = 0 ;
  p->times = ms_fmt(fmt, total, p->decimals) ;
  if (p->times < 5) p->times = 5 ;
  for (unsigned int i = 0 ; i < c->n ; i++) if ((m = outcome_fmt(fmt, c, i)) > words) words = m ;
  p->words = WIDTH - words ;
  p->to = p->words - 2 - p->times ;
  p->from = p->to - 1 - p->times ;
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    m = name_fmt(fmt, c->candidate + i) ;
    if (m > p->names && m + 2 + AXIS + 2 <= p->from) p->names = m ;
  }
  p->bar = p->names + 2 ;
  p->axis = p->from - 2 - p->bar ;
}

static size_t column (picture const *p, uint64_t us)
{
  return p->bar + (size_t)(us * (p->axis - 1) / p->total) ;
}

static void draw_ruler (picture const *p)
{
  char line[WIDTH], fmt[MSLEN] ;
  size_t room = ms_fmt(fmt, p->total, p->total < 10000 ? 3 : 0) + 2 ;
  uint64_t step = 1 ;  /* 2, 5, 10, 20, ... */
  for (unsigned int i = 0 ; step * (p->axis - 1) < room * p->total ; i++) step = i % 3 == 1 ? step / 2 * 5 : step * 2 ;

  memset(line, ' ', WIDTH) ;
  for (uint64_t us = 0 ; us <= p->total ; us += step)
  {
    size_t m = ms_fmt(fmt, us, step % 1000 ? 3 : 0) ;
    if (column(p, us) + m <= p->bar + p->axis) memcpy(line + column(p, us), fmt, m) ;
  }
  memcpy(line + p->from + p->times - 5, "start", 5) ;
  memcpy(line + p->to + p->times - 3, "end  ms", 7) ;
  say_line(line, 0, 0) ;
}

static char mark (socket_connector const *c, unsigned int i)
{
  socket_candidate const *x = c->candidate + i ;
  if (won(c, i)) return '*' ;
  if (x->error == ECANCELED || x->error == ETIMEDOUT) return '/' ;
  return tain_less(&x->start, &x->end) ? 'x' : '!' ;
}

static char const *colour (char m)
{
  return m == '*' ? "\033[32m" : m == '/' ? "\033[33m" : "\033[31m" ;
}

static void draw_time (picture const *p, char *s, uint64_t us)
{
  char fmt[MSLEN] ;
  size_t m = ms_fmt(fmt, us, p->decimals) ;
  memcpy(s + p->times - m, fmt, m) ;
}

static void draw_attempt (picture const *p, unsigned int i, int colours)
{
  socket_candidate const *x = p->c->candidate + i ;
  char line[WIDTH] ;
  char m = mark(p->c, i) ;
  size_t len ;

  memset(line, ' ', WIDTH) ;
  len = name_fmt(line, x) ;
  if (len > p->names)
  {
    say_line(line, 0, 0) ;
    memset(line, ' ', len) ;
  }
  if (tried(p->c, i))
  {
    uint64_t from = between(p->start, &x->start), to = between(p->start, &x->end) ;
    memset(line + column(p, from), '-', column(p, to) - column(p, from)) ;
    line[column(p, from)] = '|' ;
    line[column(p, to)] = m ;
    draw_time(p, line + p->from, from) ;
    draw_time(p, line + p->to, to) ;
  }
  else colours = 0 ;
  outcome_fmt(line + p->words, p->c, i) ;
  say_line(line, p->bar, colours ? colour(m) : 0) ;
}

static void draw (socket_connector const *c, tain const *start, tain const *end, int error, int colours)
{
  picture p = { .c = c, .start = start } ;
  unsigned int order[CANDIDATES] ;
  char name[NAMELEN] ;
  size_t len = error ? 0 : name_fmt(name, c->candidate + c->winner) ;

  layout(&p, between(start, end)) ;
  draw_ruler(&p) ;
  sort(order, c) ;
  for (unsigned int k = 0 ; k < c->n ; k++) draw_attempt(&p, order[k], colours) ;

  put(name, len) ;
  say(error ? "no connection after " : len + 32 > WIDTH ? "\n  connected after " : " connected after ") ;
  say_ms(between(start, end), p.decimals) ;
  say(error ? " ms: " : " ms") ;
  say(error ? error_name(error) : "") ;
  say("\n") ;
}


 /* The same as JSON */

static void say_string (char const *s, size_t len)
{
  say("\"") ;
  for (size_t i = 0 ; i < len ; i++)  /* the names of interfaces are wild */
  {
    unsigned char ch = (unsigned char)s[i] ;
    char const u[6] = { '\\', 'u', '0', '0', (char)fmtscan_asc(ch >> 4), (char)fmtscan_asc(ch & 15) } ;
    int plain = ch >= 32 && ch < 127 && ch != '"' && ch != '\\' ;
    put(plain ? s + i : u, plain ? 1 : 6) ;
  }
  say("\"") ;
}

static void say_peer (socket_candidate const *x)
{
  char fmt[ADDRESSLEN] ;
  say("\"address\":") ;
  say_string(fmt, address_fmt(fmt, x)) ;
  say(",\"port\":") ;
  put(fmt, uint16_fmt(fmt, x->port)) ;
}

static void say_error (int e)
{
  say(",\"error\":") ;
  if (e) say_string(error_name(e), strlen(error_name(e))) ;
  else say("null") ;
}

static void say_attempt (socket_connector const *c, unsigned int i, tain const *start)
{
  socket_candidate const *x = c->candidate + i ;
  char fmt[SIZE_FMT] ;
  say_peer(x) ;
  if (tried(c, i))
  {
    say(",\"start\":") ;
    say_ms(between(start, &x->start), 3) ;
    say(",\"end\":") ;
    say_ms(between(start, &x->end), 3) ;
  }
  else say(",\"start\":null,\"end\":null") ;
  say_error(x->error) ;
  say(",\"sent\":") ;
  put(fmt, size_fmt(fmt, x->sent)) ;
}

static void json (socket_connector const *c, tain const *start, tain const *end, int error)
{
  unsigned int order[CANDIDATES] ;
  say("{") ;
  if (error) say("\"address\":null,\"port\":null") ;
  else say_peer(c->candidate + c->winner) ;
  say(",\"ms\":") ;
  say_ms(between(start, end), 3) ;
  say_error(error) ;
  say(",\"attempts\":[") ;
  sort(order, c) ;
  for (unsigned int k = 0 ; k < c->n ; k++)
  {
    say(k ? "},{" : "{") ;
    say_attempt(c, order[k], start) ;
  }
  say("}]}\n") ;
}


 /* Arguments */

static unsigned int number (char const *s)
{
  unsigned int n ;
  if (!uint0_scan(s, &n)) strerr_dief2x(100, "not a number of ms: ", s) ;
  return n ;
}

static unsigned int resolve (socket_candidate *x, unsigned int max, char const *host, char const *port)
{
  struct addrinfo const hints = { .ai_socktype = SOCK_STREAM } ;
  struct addrinfo *list ;
  unsigned int n ;
  uint16_t p ;
  int e ;
  if (!*host) strerr_dief2x(100, "no host for port ", port) ;
  if (!*port) strerr_dief2x(100, "no port for ", host) ;
  if (strchr("+-0123456789", *port) && !uint160_scan(port, &p)) strerr_dief2x(100, "not a port: ", port) ;
  e = getaddrinfo(host, port, &hints, &list) ;
  if (e) strerr_dief6x(111, "unable to resolve ", host, " port ", port, ": ", e == EAI_SYSTEM ? strerror(errno) : gai_strerror(e)) ;
  n = socket_candidate_addrinfo(x, max, list) ;
  if (n == max) strerr_dief2x(100, "too many addresses: no room for ", host) ;
  freeaddrinfo(list) ;
  return n ;
}

/* From one or two arguments to candidates; returns the next argument. */

static char const *const *scan (char const *const *argv, socket_candidate *a, unsigned int *n)
{
  char host[NI_MAXHOST] ;
  char const *word = *argv++, *port = 0 ;
  char const *colon = strchr(word, ':') ;
  size_t len = strlen(word) ;

  if (*word == '[')
  {
    char const *end = strchr(word++, ']') ;
    if (!end || (end[1] && end[1] != ':')) strerr_dief2x(100, "not [host]:port: ", word - 1) ;
    if (end[1]) port = end + 2 ;
    len = (size_t)(end - word) ;
  }
  else if (colon && !strchr(colon + 1, ':'))
  {
    port = colon + 1 ;
    len = (size_t)(colon - word) ;
  }
  if (len >= sizeof host) strerr_dief2x(100, "too long a name: ", word) ;
  memcpy(host, word, len) ;
  host[len] = 0 ;
  if (!port) port = *argv ? *argv++ : "" ;
  *n += resolve(a + *n, CANDIDATES - *n, host, port) ;
  return argv ;
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  socket_candidate a[CANDIDATES] ;
  socket_connector c ;
  tain start, deadline ;
  unsigned int n = 0, delay = 250, timeout = 10000 ;
  int fast = 0, asjson = 0, backoff = 0, error = 0 ;
  PROG = "race" ;

  for (int opt ; (opt = subgetopt_r(argc, argv, "hfjd:b:t:", &l)) != -1 ;) switch (opt)
  {
    case 'h' :
      say("usage: " USAGE "\n") ;
      if (!buffer_flush(buffer_1)) strerr_diefu1sys(111, "write to stdout") ;
      return 0 ;
    case 'f' : fast = 1 ; break ;
    case 'j' : asjson = 1 ; break ;
    case 'd' : delay = number(l.arg) ; break ;
    case 't' : timeout = number(l.arg) ; break ;
    case 'b' :
      if (!int0_scan(l.arg, &backoff)) strerr_dief2x(100, "not a backoff: ", l.arg) ;
      break ;
    default : strerr_dieusage(100, USAGE) ;
  }
  argv += l.ind ;
  if (!*argv) strerr_dieusage(100, USAGE) ;
  while (*argv) argv = scan(argv, a, &n) ;

  if (!fd_sanitize()) strerr_diefu1sys(111, "open standard descriptors") ;
  tain_now_set_stopwatch_g() ;
  tain_copynow(&start) ;
  deadline.sec.x = timeout / 1000 ;
  deadline.nano = timeout % 1000 * 1000000 ;
  tain_add(&deadline, &start, &deadline) ;
  socket_connector_init(&c, a, n, &deadline) ;
  c.delay = delay ;
  c.backoff = backoff ;
  if (fast)
  {
    c.data = "\n" ;
    c.len = 1 ;
  }
  if (socket_connector_wait_g(&c) == -1) error = errno ;
  else if (socket_fastopen_used(c.fd) != 1) a[c.winner].sent = 0 ;  /* the peer left it */

  if (asjson) json(&c, &start, &STAMP, error) ;
  else draw(&c, &start, &STAMP, error, isatty(1) && !getenv("NO_COLOR")) ;
  if (!buffer_flush(buffer_1)) strerr_diefu1sys(111, "write to stdout") ;
  return error ? 111 : 0 ;
}
