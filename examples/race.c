/* ISC license. */

/*
   race [-f] [-g] [-a ms] [-b n] [-4] [-6] [-t ms] host port ...: connects to the first of the addresses that answers,
   and draws what happened: the lookups and the race. host:port in one word is accepted, [host]:port where host has
   colons. race.1 has the options.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/fmtscan.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket_connector.h"
#include "lookup.h"

#define USAGE "race [-f] [-g] [-a ms] [-b n] [-4] [-6] [-t ms] host port ..."
#define HOSTS 64
#define CANDIDATES 256
#define ROWS (2 * HOSTS + CANDIDATES)
#define WIDTH 80
#define AXIS 20             /* the time axis has at least this many columns */
#define NAMELEN (SOCKET_FMT6 + UINT16_FMT)
#define WORDSLEN 40
#define MSLEN (UINT64_FMT + 4)

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

static socket_candidate candidate[CANDIDATES] ;
static tain up[CANDIDATES] ;  /* when it was connected and -g made it wait */
static int fast = 0 ;
static int greeting = 0 ;
static unsigned int delay = 250 ;  /* at most, */
static int learn = 1 ;  /* less where the kernel remembers a short round-trip time */
static int backoff = 0 ;
static unsigned int timeout = 10000 ;
static int family ;
static char const *const families[2] = { "IPv4", "IPv6" } ;


 /* Microseconds, shown as ms with 0, 1 or 3 decimals */

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


 /* A row of the picture: a lookup or an attempt */

typedef struct row_s row ;
struct row_s
{
  uint64_t from, up, to ;     /* up: when it was connected, or 0 */
  size_t namelen, wordslen ;
  char name[NAMELEN] ;
  char words[WORDSLEN] ;
  char mark ;                 /* how it ended: 0 if it never started */
} ;

static void add_words (row *r, char const *s)
{
  size_t m = strnlen(s, WORDSLEN - 10 > r->wordslen ? WORDSLEN - 10 - r->wordslen : 0) ;
  memcpy(r->words + r->wordslen, s, m) ;
  r->wordslen += m ;
}

static void add_name (row *r, char const *s)
{
  size_t m = strnlen(s, NAMELEN - r->namelen) ;
  memcpy(r->name + r->namelen, s, m) ;
  r->namelen += m ;
}

static char const *error_name (int e)
{
#define E(name) { name, #name }
  static struct { int error ; char const *name ; } const names[] =
  {
    E(EACCES), E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(ECONNREFUSED), E(ECONNRESET), E(EDESTADDRREQ), E(EHOSTUNREACH), E(EINVAL),
    E(EMFILE), E(EMSGSIZE), E(ENETDOWN), E(ENETUNREACH), E(ENFILE), E(ENOBUFS), E(ENOMEM), E(ENOPROTOOPT), E(EOPNOTSUPP),
    E(EPERM), E(EPIPE), E(EPROTO), E(ETIMEDOUT), E(ECANCELED)
  } ;
#undef E
  for (unsigned int i = 0 ; i < sizeof names / sizeof *names ; i++) if (names[i].error == e) return names[i].name ;
  return strerror(e) ;
}

/* shorter than in the last line */

static char const *lookup_words (lookup_family const *f)
{
  int e = f->answer.error ;
  if (f->state == LOOKUP_STOPPED) return "no answer" ;
  if (f->answer.n) return f->answer.n == 1 ? " address" : " addresses" ;
  return e == EAI_NONAME ? "no such name" : e == EAI_AGAIN || e == EAI_FAIL ? "failed" : e == EAI_SYSTEM ? error_name(f->answer.sys) : "no address" ;
}

static void row_of_lookup (row *r, lookup const *l, int is6, tain const *start, tain const *end)
{
  lookup_family const *f = l->family + is6 ;
  int silent = f->state == LOOKUP_STOPPED ;
  char n[UINT_FMT] ;
  memset(r, 0, sizeof *r) ;
  add_name(r, families[is6]) ;
  add_name(r, " ") ;
  add_name(r, l->host) ;
  n[uint_fmt(n, f->answer.n)] = 0 ;
  if (f->answer.n) add_words(r, n) ;
  add_words(r, lookup_words(f)) ;
  r->from = between(start, &f->start) ;
  r->to = between(start, silent ? end : &f->end) ;
  r->mark = silent ? '/' : f->answer.n ? '>' : 'x' ;
}

static int won (socket_connector const *c, unsigned int i)
{
  return c->fd >= 0 && c->winner == i ;
}

static int was_up (unsigned int i)
{
  return !!up[i].sec.x ;
}

static char mark_of (socket_connector const *c, unsigned int i)
{
  socket_candidate const *x = c->candidate + i ;
  if (won(c, i)) return '*' ;
  if (!x->error) return 0 ;
  if (x->error == ECANCELED || x->error == ETIMEDOUT) return '/' ;
  return tain_less(&x->start, &x->end) ? 'x' : '!' ;
}

/* A reset means there was a connection: attempts are refused. */

static int was_lost (int error)
{
  return error == ECONNRESET || error == EPIPE ;
}

static void row_of_attempt (row *r, socket_connector const *c, unsigned int i, tain const *start)
{
  socket_candidate const *x = c->candidate + i ;
  char ip[16] = "\0\0\0\0\0\0\0\0\0\0\377\377" ;
  memset(r, 0, sizeof *r) ;
  if (x->is6) memcpy(ip, x->ip, 16) ;
  else memcpy(ip + 12, x->ip, 4) ;
  r->namelen = socket_fmt6(r->name, ip, x->scope_id) ;
  add_name(r, " ") ;
  r->namelen += uint16_fmt(r->name + r->namelen, x->port) ;
  if (was_up(i)) add_words(r, "up, ") ;
  else if (was_lost(x->error)) add_words(r, "accepted, ") ;
  if (won(c, i)) add_words(r, was_up(i) ? "ready" : "connected") ;
  else add_words(r, !x->error ? "not tried" : x->error == ECANCELED ? "closed" : error_name(x->error)) ;
  if (x->hedge) add_words(r, ", again") ;
  if (x->sent) r->wordslen += str_fmt(r->words + r->wordslen, ", SYN data") ;
  r->mark = mark_of(c, i) ;
  if (!r->mark) return ;
  r->from = between(start, &x->start) ;
  r->up = was_up(i) ? between(start, up + i) : 0 ;
  r->to = between(start, &x->end) ;
}

/* By start; within one step, those that failed at once come first */

static int before (row const *x, row const *y)
{
  if (!x->mark || !y->mark) return x->mark && !y->mark ;
  return x->from < y->from || (x->from == y->from && x->to < y->to) ;
}

static unsigned int add_attempts (row *rows, unsigned int n, socket_connector const *c, tain const *start)
{
  unsigned int first = n ;
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    unsigned int k = n ;
    row new ;
    row_of_attempt(&new, c, i, start) ;
    if (!new.mark && c->candidate[i].hedge) continue ;
    for (; k > first && before(&new, rows + k - 1) ; k--) rows[k] = rows[k - 1] ;
    rows[k] = new ;
    n++ ;
  }
  return n ;
}

static unsigned int add_lookups (row *rows, lookup const *l, unsigned int lookups, tain const *start, tain const *end)
{
  unsigned int n = 0 ;
  for (unsigned int i = 0 ; i < lookups ; i++)
    for (int is6 = 1 ; is6 >= 0 ; is6--)
    {
      lookup_family const *f = l[i].family + is6 ;
      int none = !l[i].family[0].answer.n && !l[i].family[1].answer.n ;
      if (f->state != LOOKUP_NONE && (none || !l[i].literal)) row_of_lookup(rows + n++, l + i, is6, start, end) ;
    }
  return n ;
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
    The picture: name, time axis, start and end in ms, words. A name that leaves too little for the axis is on a line of
    its own, above. On the axis: | start, - silence, + up and = not yet ready; then > addresses, x failed, ! failed within
    the call, * connected or ready, / closed without an answer.
 */

typedef struct picture_s picture ;
struct picture_s
{
  row const *rows ;
  unsigned int n ;
  uint64_t total ;                 /* length of the axis, in microseconds */
  size_t decimals ;                /* of times */
  size_t names, axis, times ;      /* widths */
  size_t bar, from, to, words ;    /* columns */
} ;

static void layout (picture *p)
{
  char fmt[MSLEN] ;
  size_t words = 0 ;
  p->decimals = p->total < 10000 ? 3 : 1 ;
  p->names = 0 ;
  p->times = ms_fmt(fmt, p->total, p->decimals) ;
  if (p->times < 5) p->times = 5 ;
  for (unsigned int i = 0 ; i < p->n ; i++) if (p->rows[i].wordslen > words) words = p->rows[i].wordslen ;
  p->words = WIDTH - words ;
  p->to = p->words - 2 - p->times ;
  p->from = p->to - 1 - p->times ;
  for (unsigned int i = 0 ; i < p->n ; i++)
  {
    size_t m = p->rows[i].namelen ;
    if (m > p->names && m + 2 + AXIS + 2 <= p->from) p->names = m ;
  }
  p->bar = p->names + 2 ;
  p->axis = p->from - 2 - p->bar ;
  if (!p->total) p->total = 1 ;
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

static char const *colour (char m)
{
  return m == '>' ? 0 : m == '*' ? "\033[32m" : m == '/' ? "\033[33m" : "\033[31m" ;
}

static void draw_time (picture const *p, char *s, uint64_t us)
{
  char fmt[MSLEN] ;
  size_t m = ms_fmt(fmt, us, p->decimals) ;
  memcpy(s + p->times - m, fmt, m) ;
}

static void draw_row (picture const *p, row const *r, int colours)
{
  char line[WIDTH] ;
  memset(line, ' ', WIDTH) ;
  memcpy(line, r->name, r->namelen) ;
  if (r->namelen > p->names)
  {
    say_line(line, 0, 0) ;
    memset(line, ' ', r->namelen) ;
  }
  if (r->mark)
  {
    size_t from = column(p, r->from), to = column(p, r->to) ;
    memset(line + from, '-', to - from) ;
    line[from] = '|' ;
    if (r->up)
    {
      size_t u = column(p, r->up) ;
      memset(line + u, '=', to - u) ;
      line[u] = '+' ;
    }
    line[to] = r->mark ;
    draw_time(p, line + p->from, r->from) ;
    draw_time(p, line + p->to, r->to) ;
  }
  memcpy(line + p->words, r->words, r->wordslen) ;
  say_line(line, p->bar, colours && r->mark ? colour(r->mark) : 0) ;
}

/* the last line: the result */

static char const *verdict (socket_connector const *c, int error)
{
  if (!c->n) return "no address" ;
  if (was_lost(error)) return "connection lost" ;
  for (unsigned int i = 0 ; i < c->n ; i++) if (was_up(i)) return "no greeting" ;
  return "no connection" ;
}

static void draw (socket_connector const *c, lookup const *l, unsigned int lookups, tain const *start, tain const *end, int error, int colours)
{
  static row rows[ROWS + 1] ;  /* one for the winner */
  picture p = { .rows = rows, .total = between(start, end) } ;
  row *winner = rows + ROWS ;

  p.n = add_lookups(rows, l, lookups, start, end) ;
  p.n = add_attempts(rows, p.n, c, start) ;
  layout(&p) ;
  draw_ruler(&p) ;
  for (unsigned int i = 0 ; i < p.n ; i++) draw_row(&p, rows + i, colours) ;

  winner->namelen = 0 ;
  if (!error) row_of_attempt(winner, c, c->winner, start) ;
  put(winner->name, winner->namelen) ;
  say(error ? verdict(c, error) : winner->namelen + 32 > WIDTH ? "\n  connected" : " connected") ;
  say(" after ") ;
  say_ms(between(start, end), p.decimals) ;
  say(error ? " ms: " : " ms") ;
  say(!error ? "" : c->n ? error_name(error) : lookup_error(l)) ;
  say("\n") ;
}


 /* Arguments */

static unsigned int number (char const *s)
{
  unsigned int n ;
  if (!uint0_scan(s, &n)) strerr_dief2x(100, "not a number of ms: ", s) ;
  return n ;
}

/* host and port from one or two arguments; returns the next */

static char const *const *scan (char const *const *argv, char *host, uint16_t *to)
{
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
  if (len >= NI_MAXHOST) strerr_dief2x(100, "too long a name: ", word) ;
  memcpy(host, word, len) ;
  host[len] = 0 ;
  if (!port) port = *argv ? *argv++ : "" ;
  if (!*host) strerr_dief2x(100, "no host for port ", port) ;
  if (!*port) strerr_dief2x(100, "no port for ", host) ;
  if (!lookup_port(port, to)) strerr_dief2x(100, "not a port: ", port) ;
  return argv ;
}


 /* The race */

/* -g: x is connected, and wins once the server has sent something. */

static int ready (socket_candidate *x, void *data)
{
  unsigned int i = (unsigned int)(x - candidate) ;
  ssize_t r ;
  char c ;
  (void)data ;
  if (!was_up(i)) tain_copynow(up + i) ;
  r = recv(x->fd, &c, 1, MSG_PEEK) ;
  if (r == 1) return 1 ;
  if (!r) errno = EPIPE ;
  else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) errno = EINPROGRESS ;
  return 0 ;
}

static int options (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  int ip4 = 0, ip6 = 0 ;
  for (int opt ; (opt = subgetopt_r(argc, argv, "hfga:b:46t:", &l)) != -1 ;) switch (opt)
  {
    case 'h' :
      say("usage: " USAGE "\n") ;
      if (!buffer_flush(buffer_1)) strerr_diefu1sys(111, "write to stdout") ;
      _exit(0) ;
    case 'f' : fast = 1 ; break ;
    case 'g' : greeting = 1 ; break ;
    case 'a' : delay = number(l.arg) ; learn = 0 ; break ;
    case 'b' :
      if (!int0_scan(l.arg, &backoff)) strerr_dief2x(100, "not a backoff: ", l.arg) ;
      break ;
    case '4' : ip4 = 1 ; break ;
    case '6' : ip6 = 1 ; break ;
    case 't' : timeout = number(l.arg) ; break ;
    default : strerr_dieusage(100, USAGE) ;
  }
  family = ip4 == ip6 ? AF_UNSPEC : ip4 ? AF_INET : AF_INET6 ;
  return l.ind ;
}

static void init (socket_connector *c, tain const *start)
{
  tain deadline = { .sec = { .x = timeout / 1000 }, .nano = timeout % 1000 * 1000000 } ;
  tain_add(&deadline, start, &deadline) ;
  socket_connector_init(c, candidate, 0, &deadline) ;
  c->delay = delay ;
  c->backoff = backoff ;
  if (greeting) c->ready = &ready ;
  if (!fast) return ;
  c->data = "\n" ;
  c->len = 1 ;
}

int main (int argc, char const *const *argv)
{
  static lookup l[HOSTS] ;
  static char host[HOSTS][NI_MAXHOST] ;
  uint16_t port[HOSTS] ;
  socket_connector c ;
  tain start ;
  unsigned int n = 0 ;
  int error = 0 ;
  PROG = "race" ;

  argv += options(argc, argv) ;
  if (!*argv) strerr_dieusage(100, USAGE) ;
  for (; *argv ; n++)
  {
    if (n == HOSTS) strerr_dief2x(100, "too many hosts: no room for ", *argv) ;
    argv = scan(argv, host[n], port + n) ;
  }

  if (!fd_sanitize()) strerr_diefu1sys(111, "open standard descriptors") ;
  tain_now_set_stopwatch_g() ;
  tain_copynow(&start) ;
  init(&c, &start) ;
  for (unsigned int i = 0 ; i < n ; i++) lookup_start(l + i, host[i], port[i], family, &start) ;
  if (lookup_race(l, n, &c, CANDIDATES, learn, &STAMP) == -1) error = errno ;
  else if (socket_fastopen_used(c.fd) != 1) candidate[c.winner].sent = 0 ;  /* the peer did not accept it */

  draw(&c, l, n, &start, &STAMP, error, isatty(1) && !getenv("NO_COLOR")) ;
  if (!buffer_flush(buffer_1)) strerr_diefu1sys(111, "write to stdout") ;
  return error ? 111 : 0 ;
}
