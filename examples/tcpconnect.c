/* ISC license. */

/*
   tcpconnect [options] host port prog...: connects to whichever address of host answers first, and becomes
   prog, with descriptor 6 reading from the network and descriptor 7 writing to it: a UCSPI client, as
   tcpclient and s6-tcpclient are. tcpconnect.1 tells what the options do.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/exec.h>
#include <skalibs/fmtscan.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket_connector.h"

#define USAGE "tcpconnect [-h] [-v] [-f] [-4] [-6] [-t ms] [-d ms] [-T timeout] [-i localip] [-p localport] [-l localname] host port prog..."
#define CANDIDATES 64

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

static int family = AF_UNSPEC ;
static char const *localip = 0 ;
static uint16_t localport = 0 ;
static socket_candidate local ;  /* zeros are any address */
static int fast = 0 ;

static unsigned int ms_scan (char const *s)
{
  unsigned int ms ;
  if (!uint0_scan(s, &ms)) strerr_dief2x(100, "not a number of milliseconds: ", s) ;
  return ms ;
}

/* 2+58, or 60: tcpclient's two rounds. A race has one. */

static uint64_t rounds_scan (char const *s)
{
  unsigned int x, y = 0 ;
  size_t len = uint_scan(s, &x) ;
  if (!len || (s[len] && (s[len] != '+' || !uint0_scan(s + len + 1, &y)))) strerr_dief2x(100, "not a number of seconds: ", s) ;
  return ((uint64_t)x + y) * 1000 ;
}

static uint16_t port_scan (char const *s)
{
  struct servent *service ;
  uint16_t port ;
  if (uint160_scan(s, &port)) return port ;
  service = getservbyname(s, "tcp") ;
  if (!service) strerr_dief2x(100, "not a port: ", s) ;
  return ntohs((uint16_t)service->s_port) ;
}

static char *port_fmt (char *s, uint16_t port)
{
  s[uint16_fmt(s, port)] = 0 ;
  return s ;
}

static char *ip_fmt (char *s, char const *ip, int is6)
{
  int mapped = is6 && !memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) ;
  s[is6 && !mapped ? ip6_fmt(s, ip) : ip4_fmt(s, mapped ? ip + 12 : ip)] = 0 ;
  return s ;
}

/* Returns how many addresses it found: 0 means *error, or none if that is 0. A null host is this one. */

static unsigned int look_up (char const *host, int flags, socket_candidate *x, unsigned int max, int *error)
{
  struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags } ;
  struct addrinfo *ai ;
  unsigned int n ;
  *error = getaddrinfo(host, "0", &hints, &ai) ;
  if (*error) return 0 ;
  n = socket_candidate_addrinfo(x, max, ai) ;
  freeaddrinfo(ai) ;
  return n ;
}

static int setup (int s, socket_candidate const *x, void *data)
{
  char fmt[UINT16_FMT] ;
  (void)data ;
  if ((localip || localport)
   && (x->is6 ? socket_bind6_reuse(s, local.ip, localport, local.scope_id) : socket_bind4_reuse(s, local.ip, localport)) == -1)
    strerr_diefu4sys(111, "bind to ", localip ? localip : "port", " ", port_fmt(fmt, localport)) ;
  if (fast) socket_fastopen_defer(s) ;  /* if it fails: an ordinary connect */
  return 0 ;
}

static void say_race (socket_connector const *c)
{
  for (unsigned int i = 0 ; i < c->n ; i++)
  {
    socket_candidate const *x = c->candidate + i ;
    int won = c->fd >= 0 && c->winner == i ;
    char ip[IP6_FMT], port[UINT16_FMT], ms[UINT_FMT] ;
    tain t ;
    ip_fmt(ip, x->ip, x->is6) ;
    port_fmt(port, x->port) ;
    if (!won && !x->error) { strerr_warni4x(ip, " ", port, ": not tried") ; continue ; }
    tain_sub(&t, &x->end, &x->start) ;
    ms[uint_fmt(ms, (unsigned int)tain_to_millisecs(&t))] = 0 ;
    strerr_warni7x(ip, " ", port, ": ", ms, " ms, ", !won ? x->error == ECANCELED ? "no answer" : strerror(x->error) :
      fast && !socket_connected(c->fd) ? "connects with the first write" : "connected") ;
  }
}

/* No socket gets the number of a standard descriptor that is closed: messages would go to the peer. */

static void hold_standard_descriptors (void)
{
  int fd ;
  do fd = open("/dev/null", O_RDONLY | O_CLOEXEC) ; while (fd >= 0 && fd <= 2) ;  /* all of them close on exec */
}

static void run (int s, socket_candidate const *x, char const *localname, char const *const *prog)
{
  char ip[16], fmt[IP6_FMT] ;
  uint16_t port ;
  if (socket_local6(s, ip, &port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  if (!env_mexec("PROTO", "TCP")
   || !env_mexec("TCPREMOTEIP", ip_fmt(fmt, x->ip, x->is6))
   || !env_mexec("TCPREMOTEPORT", port_fmt(fmt, x->port))
   || !env_mexec("TCPREMOTEHOST", 0)
   || !env_mexec("TCPREMOTEINFO", 0)
   || !env_mexec("TCPLOCALIP", ip_fmt(fmt, ip, 1))
   || !env_mexec("TCPLOCALPORT", port_fmt(fmt, port))
   || !env_mexec("TCPLOCALHOST", localname)) strerr_diefu1sys(111, "set up environment") ;
  if (ndelay_off(s) == -1 || fd_move(6, s) == -1 || uncoe(6) == -1 || fd_copy(7, 6) == -1)
    strerr_diefu1sys(111, "set up descriptors 6 and 7") ;
  xmexec(prog) ;
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  socket_candidate a[CANDIDATES] ;
  socket_connector c ;
  char const *localname = 0 ;
  char const *host ;
  uint64_t limit = 60000 ;
  tain deadline ;
  uint16_t port ;
  unsigned int n, delay = 250 ;
  int verbose = 0, ip4 = 0, ip6 = 0, s, e ;
  PROG = "tcpconnect" ;
  hold_standard_descriptors() ;

  for (int opt ; (opt = subgetopt_r(argc, argv, "hvf46t:d:T:i:p:l:HR", &l)) != -1 ;) switch (opt)
  {
    case 'h' :
      if (buffer_putsflush(buffer_1, "usage: " USAGE "\n") < 0) strerr_diefu1sys(111, "write to stdout") ;
      return 0 ;
    case 'v' : verbose = 1 ; break ;
    case 'f' : fast = 1 ; break ;
    case '4' : ip4 = 1 ; break ;
    case '6' : ip6 = 1 ; break ;
    case 't' : limit = ms_scan(l.arg) ; break ;
    case 'd' : delay = ms_scan(l.arg) ; break ;
    case 'T' : limit = rounds_scan(l.arg) ; break ;
    case 'i' : localip = l.arg ; break ;
    case 'p' : localport = port_scan(l.arg) ; break ;
    case 'l' : localname = l.arg ; break ;
    case 'H' : case 'R' : break ;  /* tcpclient's: names and ident are never asked for */
    default : strerr_dieusage(100, USAGE) ;
  }
  argc -= l.ind ; argv += l.ind ;
  if (argc < 3) strerr_dieusage(100, USAGE) ;
  port = port_scan(argv[1]) ;
  if (ip4 != ip6) family = ip4 ? AF_INET : AF_INET6 ;
  if (localip)
  {
    if (!look_up(localip, AI_NUMERICHOST, &local, 1, &e)) strerr_dief2x(100, "not a local IP address: ", localip) ;
    family = local.is6 ? AF_INET6 : AF_INET ;
  }

  tain_now_set_stopwatch_g() ;
  deadline.sec.x = limit / 1000 ;
  deadline.nano = (uint32_t)(limit % 1000 * 1000000) ;
  tain_add_g(&deadline, &deadline) ;
  host = argv[0][0] && strcmp(argv[0], "0") ? argv[0] : 0 ;
  n = look_up(host, 0, a, CANDIDATES, &e) ;
  if (!n) strerr_dief4x(111, "unable to look up ", argv[0], ": ", e == EAI_SYSTEM ? strerror(errno) : e ? gai_strerror(e) : "no address") ;
  for (unsigned int i = 0 ; i < n ; i++) a[i].port = port ;
  if (n > 1) fast = 0 ;  /* a deferred connect would win at once, answer or not */

  tain_now_g() ;
  socket_connector_init(&c, a, n, &deadline) ;
  c.delay = delay ;
  c.setup = &setup ;
  s = socket_connector_wait_g(&c) ;
  e = errno ;
  if (verbose) say_race(&c) ;
  errno = e ;
  if (s == -1) strerr_diefu4sys(111, "connect to ", argv[0], " ", argv[1]) ;
  run(s, a + c.winner, localname, argv + 2) ;
}
