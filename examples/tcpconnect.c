/* ISC license. */

/*
   tcpconnect [options] host port prog...: connects to the address of host that answers first, and becomes
   prog, with descriptor 6 reading from the network and descriptor 7 writing to it: a UCSPI client, as
   tcpclient and s6-tcpclient are. tcpconnect.1 has the options.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/exec.h>
#include <skalibs/fmtscan.h>
#include <skalibs/iopause.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket_connector.h"
#include "lookup.h"

#define USAGE "tcpconnect [-v] [-f request] [-g] [-a ms] [-4] [-6] [-T x+y] [-i localip] [-p localport] [-l localname] [-d] [-D] host port prog..."
#define CANDIDATES (4 * LOOKUP_MAX)  /* two families, and a hedge for each address */

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

static int verbosity = 1 ;
static char const *request = 0 ;
static int greeting = 0 ;
static unsigned int delay = 250 ;  /* at most, */
static int learn = 1 ;  /* less where the kernel remembers a short round-trip time */
static int ip4 = 0 ;
static int ip6 = 0 ;
static tain limit = { .sec = { .x = 60 } } ;
static char const *localip = 0 ;
static char local[16] ;
static uint32_t localscope ;
static uint16_t localport = 0 ;
static char const *localname = 0 ;
static int nagle = 0 ;


 /* Options */

/* 2+58 or 60: tcpclient has two rounds, a race one. */

static void limit_scan (char const *s)
{
  unsigned int x, y = 0 ;
  size_t len = uint_scan(s, &x) ;
  if (!len || (s[len] && (s[len] != '+' || !uint0_scan(s + len + 1, &y)))) strerr_dief2x(100, "not a number of seconds: ", s) ;
  limit.sec.x = (uint64_t)x + y ;
}

static uint16_t port_scan (char const *s)
{
  uint16_t port ;
  if (!lookup_port(s, &port)) strerr_dief2x(100, "not a port: ", s) ;
  return port ;
}

static int is_mapped (char const *ip)
{
  return !memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) ;
}

/* It can connect to its own family only. */

static void localip_scan (char const *s)
{
  size_t len = socket_scan6(s, local, &localscope) ;
  if (!len || s[len]) strerr_dief2x(100, "not a local IP address: ", s) ;
  if (is_mapped(local) ? ip6 && !ip4 : ip4 && !ip6) strerr_dief2x(100, "not a local IP address of that family: ", s) ;
  ip4 = is_mapped(local) ;
  ip6 = !ip4 ;
}

static int options (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  for (int opt ; (opt = subgetopt_r(argc, argv, "qQvf:ga:46T:i:p:l:dDhHrRnNt:", &l)) != -1 ;) switch (opt)
  {
    case 'q' : verbosity = 0 ; break ;
    case 'Q' : verbosity = 1 ; break ;
    case 'v' : verbosity = 2 ; break ;
    case 'f' : request = l.arg ; break ;
    case 'g' : greeting = 1 ; break ;
    case 'a' :
      if (!uint0_scan(l.arg, &delay)) strerr_dief2x(100, "not a number of milliseconds: ", l.arg) ;
      learn = 0 ;
      break ;
    case '4' : ip4 = 1 ; break ;
    case '6' : ip6 = 1 ; break ;
    case 'T' : limit_scan(l.arg) ; break ;
    case 'i' : localip = l.arg ; break ;
    case 'p' : localport = port_scan(l.arg) ; break ;
    case 'l' : localname = l.arg ; break ;
    case 'd' : nagle = 1 ; break ;
    case 'D' : nagle = 0 ; break ;
    case 'h' : case 'H' : case 'r' : case 'R' : case 'n' : case 'N' : case 't' : break ;  /* for names and ident, which are never looked up */
    default : strerr_dieusage(100, USAGE) ;
  }
  if (argc - l.ind < 3) strerr_dieusage(100, USAGE) ;
  if (localip) localip_scan(localip) ;
  return l.ind ;
}


 /* The race */

static int setup (int s, socket_candidate const *x, void *data)
{
  int const on = 1 ;
  (void)data ;
  if (localip && is_mapped(local) == (int)x->is6) return (errno = EAFNOSUPPORT, -1) ;
  if (localip && !localport) return x->is6 ? socket_bind6_noport(s, local, localscope) : socket_bind4_noport(s, local + 12) ;
  if (!localport) return 0 ;
  if (!x->is6) return socket_bind4_reuse(s, localip ? local + 12 : 0, localport) ;
  setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) ;  /* the port may be in use for IPv4 */
  return socket_bind6_reuse(s, localip ? local : 0, localport, localscope) ;
}

/* -g: x is connected, and wins once the server has sent something. It may be waiting for the request. */

static int ready (socket_candidate *x, void *data)
{
  size_t rest = request ? strlen(request + x->sent) : 0 ;
  ssize_t r ;
  char c ;
  (void)data ;
  if (rest && (r = send(x->fd, request + x->sent, rest, MSG_NOSIGNAL)) > 0)
  {
    x->sent += (size_t)r ;
    rest -= (size_t)r ;
  }
  x->events = rest ? IOPAUSE_READ | IOPAUSE_WRITE : IOPAUSE_READ ;
  r = recv(x->fd, &c, 1, MSG_PEEK) ;
  if (r == 1) return 1 ;
  if (!r) errno = EPIPE ;
  else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) errno = EINPROGRESS ;
  return 0 ;
}

static char *port_fmt (char *s, uint16_t port)
{
  s[uint16_fmt(s, port)] = 0 ;
  return s ;
}

static char *ip_fmt (char *s, char const *ip, uint32_t scope_id)
{
  s[socket_fmt6(s, ip, scope_id)] = 0 ;
  return s ;
}

static char *ms_fmt (char *s, tain const *from, tain const *to)
{
  tain t ;
  tain_sub(&t, to, from) ;
  s[uint_fmt(s, (unsigned int)tain_to_millisecs(&t))] = 0 ;
  return s ;
}

static void say_lookup (lookup const *l)
{
  static char const *const names[2] = { "IPv4", "IPv6" } ;
  for (int is6 = 1 ; is6 >= 0 && !l->literal ; is6--)
  {
    lookup_family const *f = l->family + is6 ;
    char ms[UINT_FMT], n[UINT_FMT] ;
    n[uint_fmt(n, f->answer.n)] = 0 ;
    if (f->state == LOOKUP_NONE) continue ;
    if (f->answer.n) strerr_warni6x(names[is6], " lookup: ", ms_fmt(ms, &f->start, &f->end), " ms, addresses: ", n, "") ;
    else strerr_warni3x(names[is6], " lookup: ", lookup_family_error(f)) ;
  }
}

static char const *outcome (socket_connector const *c, unsigned int i)
{
  int e = c->candidate[i].error ;
  if (c->fd >= 0 && c->winner == i) return "connected" ;
  return e == ECANCELED ? "no answer" : greeting && e == EPIPE ? "closed by the peer" : strerror(e) ;
}

static void say_race (socket_connector const *c)
{
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    socket_candidate const *x = c->candidate + i ;
    char mapped[16] = "\0\0\0\0\0\0\0\0\0\0\377\377" ;
    char ip[SOCKET_FMT6 + 1], port[UINT16_FMT], ms[UINT_FMT] ;
    int tried = x->error || (c->fd >= 0 && c->winner == i) ;
    memcpy(mapped + 12, x->ip, 4) ;
    ip_fmt(ip, x->is6 ? x->ip : mapped, x->scope_id) ;
    port_fmt(port, x->port) ;
    if (tried) strerr_warni7x(ip, " ", port, ": ", ms_fmt(ms, &x->start, &x->end), " ms, ", outcome(c, i)) ;
    else if (!x->hedge) strerr_warni4x(ip, " ", port, ": not tried") ;
  }
}

static int send_rest (int s, size_t sent, tain const *deadline)
{
  iopause_fd x = { .fd = s, .events = IOPAUSE_WRITE } ;
  size_t len = strlen(request) ;
  while (sent < len)
  {
    ssize_t r = send(s, request + sent, len - sent, MSG_NOSIGNAL) ;
    if (r >= 0) { sent += (size_t)r ; continue ; }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1 ;
    r = iopause_g(&x, 1, deadline) ;
    if (r == -1) return -1 ;
    if (!r) return (errno = ETIMEDOUT, -1) ;
  }
  return s ;
}

/* returns the connection, with the request sent, or -1 and errno: 0 if there is no address */

static int dial (lookup *l, char const *host, uint16_t port)
{
  static socket_candidate a[CANDIDATES] ;
  socket_connector c ;
  tain deadline ;
  int family = ip4 == ip6 ? AF_UNSPEC : ip4 ? AF_INET : AF_INET6 ;
  int r, e ;

  tain_now_set_stopwatch_g() ;
  tain_add_g(&deadline, &limit) ;
  socket_connector_init(&c, a, 0, &deadline) ;
  c.delay = delay ;
  c.setup = &setup ;
  if (greeting) c.ready = &ready ;
  c.data = request ;
  if (request) c.len = strlen(request) ;
  lookup_start(l, *host && strcmp(host, "0") ? host : 0, port, family, &STAMP) ;
  r = lookup_race(l, 1, &c, CANDIDATES, learn, &STAMP) ;
  e = errno ;
  if (verbosity > 1) say_lookup(l) ;
  if (verbosity > 1) say_race(&c) ;
  errno = !c.n && (e == EDESTADDRREQ || e == ETIMEDOUT) ? 0 : e ;  /* 0: the lookup failed */
  if (r == -1) return -1 ;
  return request ? send_rest(c.fd, c.sent, &deadline) : c.fd ;
}


 /* The program */

/* A socket must not get the number of a closed standard descriptor: messages would go to the peer. */

static void hold_standard_descriptors (void)
{
  int fd ;
  do fd = open("/dev/null", O_RDONLY | O_CLOEXEC) ; while (fd >= 0 && fd <= 2) ;  /* all close-on-exec */
}

static void environment (int s)
{
  char ip[16], fmt[SOCKET_FMT6 + 1] ;
  uint16_t port ;
  if (socket_remote6(s, ip, &port, 0) == -1) strerr_diefu1sys(111, "get remote address") ;
  if (!env_mexec("PROTO", "TCP")
   || !env_mexec("TCPREMOTEIP", ip_fmt(fmt, ip, 0))
   || !env_mexec("TCPREMOTEPORT", port_fmt(fmt, port))
   || !env_mexec("TCPREMOTEHOST", 0)
   || !env_mexec("TCPREMOTEINFO", 0)) strerr_diefu1sys(111, "set up environment") ;
  if (socket_local6(s, ip, &port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  if (!env_mexec("TCPLOCALIP", ip_fmt(fmt, ip, 0))
   || !env_mexec("TCPLOCALPORT", port_fmt(fmt, port))
   || !env_mexec("TCPLOCALHOST", localname)) strerr_diefu1sys(111, "set up environment") ;
}

static void run (int s, char const *const *prog)
{
  int const on = 1 ;
  environment(s) ;
  if (!nagle) setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ;
  if (ndelay_off(s) == -1 || fd_move(6, s) == -1 || uncoe(6) == -1 || fd_copy(7, 6) == -1)
    strerr_diefu1sys(111, "set up descriptors 6 and 7") ;
  xmexec(prog) ;
}

int main (int argc, char const *const *argv)
{
  static lookup l ;
  int s ;
  PROG = "tcpconnect" ;
  if (argc == 2 && !strcmp(argv[1], "-h"))
  {
    if (buffer_putsflush(buffer_1, "usage: " USAGE "\n") < 0) strerr_diefu1sys(111, "write to stdout") ;
    return 0 ;
  }
  hold_standard_descriptors() ;
  argv += options(argc, argv) ;
  s = dial(&l, argv[0], port_scan(argv[1])) ;
  if (s >= 0) run(s, argv + 2) ;
  if (!verbosity) return 111 ;
  if (errno) strerr_diefu4sys(111, "connect to ", argv[0], " ", argv[1]) ;
  strerr_dief4x(111, "unable to look up ", argv[0], ": ", lookup_error(&l)) ;
}
