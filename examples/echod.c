/* ISC license. */

/* echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port: sends back what it receives, to thousands of clients at once. See man/echod.1. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/error.h>
#include <skalibs/fmtscan.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "logline.h"
#include "socket.h"

#define USAGE "echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port"
#define CLIENTS 65536  /* descriptors are below this */
#define BUFLEN 65536
#define EVENTS 64
#define NEWCOMERS 16  /* at a time: in a flood of them others have their turn, too */
#define NAMELEN (IP6_FMT + 1 + UINT16_FMT)
#define GRACE 5  /* seconds that clients have after SIGTERM */

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

typedef struct
{
  char ip[16] ;
  uint32_t scope_id ;
  uint16_t port ;
  char full ;         /* has to read before it may write more */
  char bye ;          /* our FIN is sent */
  unsigned int left ; /* after SIGTERM: of what had arrived, not yet echoed */
  uint64_t echoed ;
} client ;

static client clients[CLIENTS] ;   /* by descriptor */
static uint64_t homes[CLIENTS] ;   /* where they are from; 0 is no client */
static unsigned int n = 0, top = 0 ;  /* clients, and what all their descriptors are below */
static unsigned int limit = CLIENTS, perclient = CLIENTS ;
static int ep, listener, verbose = 0, ending = 0 ;
static int waiting = 0 ;  /* newcomers do: 2, or have done so in the last second: 1 */

/* Addresses are 16 bytes everywhere: IPv4 ones are mapped to ::ffff:0.0.0.0/96. */

static char const mapped[12] = { [10] = '\377', '\377' } ;

static int ip_scan (char const *s, char *ip)
{
  memcpy(ip, mapped, 12) ;
  return inet_pton(AF_INET, s, ip + 12) == 1 || inet_pton(AF_INET6, s, ip) == 1 ;  /* ip4_scan takes 1.2.3.256 */
}

static void name_fmt (char *s, char const *ip, uint16_t port)
{
  s += memcmp(ip, mapped, 12) ? ip6_fmt(s, ip) : ip4_fmt(s, ip + 12) ;
  *s++ = ' ' ;
  s += uint16_fmt(s, port) ;
  *s = 0 ;
}

/* An IPv4 address, or the /64 of an IPv6 one: who has one of its addresses has them all. */

static uint64_t home_of (char const *ip)
{
  uint64_t x ;
  memcpy(&x, memcmp(ip, mapped, 12) ? ip : ip + 8, 8) ;
  return x + 1 ;
}

static unsigned int clients_from (uint64_t home)
{
  unsigned int k = 0 ;
  for (unsigned int i = 0 ; i < top ; i++) k += homes[i] == home ;
  return k ;
}

static int watch (int op, int fd, uint32_t events)
{
  struct epoll_event x = { .events = events, .data.fd = fd } ;
  return epoll_ctl(ep, op, fd, &x) ;
}

/*
   No descriptor for a newcomer: not before a client leaves, or a second later (others may use them up, too).
   The end of that is a second without: whatever the clients do, these are two lines in two seconds.
*/

static void newcomers_wait (char const *why)
{
  if (!waiting) logline("warning: newcomers wait, unable to accept: ", why) ;
  waiting = 2 ;
  watch(EPOLL_CTL_MOD, listener, 0) ;
  alarm(1) ;
}

static void accept_again (void)
{
  if (waiting == 2 && !ending) watch(EPOLL_CTL_MOD, listener, EPOLLIN) ;
}

static void second_passed (void)
{
  accept_again() ;
  if (!waiting) return ;
  if (--waiting) alarm(1) ;
  else logline("info: newcomers wait no longer") ;
}

static char *client_name (char *s, client const *c)
{
  name_fmt(s, c->ip, c->port) ;
  return s ;
}

/* -1: it is turned away. */

static int take_in (int fd, client const *c)
{
  char name[NAMELEN] ;
  uint64_t home = home_of(c->ip) ;
  if (perclient < limit && clients_from(home) >= perclient)
  {
    if (verbose) logline("info: ", client_name(name, c), " turned away: too many from there") ;
    return -1 ;
  }
  if (fd >= CLIENTS || watch(EPOLL_CTL_ADD, fd, EPOLLIN) == -1) return -1 ;
  clients[fd] = *c ;
  homes[fd] = home ;
  if ((unsigned int)fd >= top) top = (unsigned int)fd + 1 ;
  n++ ;
  if (verbose) logline("info: ", client_name(name, c), " connected", socket_fastopen_used(fd) == 1 ? ", its first bytes in the SYN" : "") ;
  return 0 ;
}

static void accept_clients (void)
{
  for (unsigned int i = 0 ; i < NEWCOMERS ; i++)
  {
    client c = { .bye = 0 } ;
    int fd ;
    if (n >= limit) { newcomers_wait("no place is left") ; return ; }
    fd = socket_accept6_nbcoe(listener, c.ip, &c.port, &c.scope_id) ;
    if (fd == -1)
    {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) newcomers_wait(strerror(errno)) ;
      return ;
    }
    if (take_in(fd, &c) == -1) fd_close(fd) ;
  }
}

/* After SIGTERM, when it has back what had arrived. A close now would be a reset if it goes on writing. */

static void client_bye (client *c, int fd)
{
  if (!ending || c->left || c->bye) return ;
  shutdown(fd, SHUT_WR) ;
  c->bye = 1 ;
}

/*
   Peeks, writes, and takes from the kernel what was written. What the client does not read yet stays there:
   no buffer of ours, and TCP stops the client.
   1: goes on. 0: it has sent its FIN, and everything is back. -1: broken.
*/

static int client_echo (client *c, int fd)
{
  static char buf[BUFLEN] ;
  size_t max = ending && !c->bye && c->left < BUFLEN ? c->left : BUFLEN ;
  ssize_t w = 0, r = recv(fd, buf, max, c->bye ? 0 : MSG_PEEK) ;
  if (r == 0 || (r == -1 && !error_isagain(errno))) return (int)r ;
  if (c->bye) return 1 ;
  if (r > 0) w = send(fd, buf, (size_t)r, 0) ;
  if (w == -1 && !error_isagain(errno)) return -1 ;
  if (w > 0 && recv(fd, 0, (size_t)w, MSG_TRUNC) != w) return -1 ;
  if (w > 0)
  {
    c->echoed += (uint64_t)w ;
    if (ending) c->left -= (unsigned int)w ;
  }
  if (c->full != (w < r))
  {
    c->full = w < r ;
    watch(EPOLL_CTL_MOD, fd, c->full ? EPOLLOUT : EPOLLIN) ;
  }
  client_bye(c, fd) ;
  return 1 ;
}

static void client_step (int fd)
{
  client *c = clients + fd ;
  char name[NAMELEN], fmt[UINT64_FMT] ;
  int r = homes[fd] ? client_echo(c, fd) : 1 ;
  if (r == 1) return ;
  fmt[uint64_fmt(fmt, c->echoed)] = 0 ;
  if (verbose && r == 0) logline("info: ", client_name(name, c), " left after ", fmt, " bytes") ;
  else if (verbose) logline("info: ", client_name(name, c), " broke off after ", fmt, " bytes: ", strerror(errno)) ;
  fd_close(fd) ;
  homes[fd] = 0 ;
  n-- ;
  accept_again() ;
}

static void end_begins (void)
{
  ending = 1 ;
  fd_close(listener) ;
  alarm(GRACE) ;
  while (selfpipe_read() > 0) ;  /* an alarm from before */
  for (unsigned int fd = 0 ; fd < top ; fd++)
  {
    int arrived ;
    if (!homes[fd]) continue ;
    clients[fd].left = ioctl((int)fd, FIONREAD, &arrived) == 0 ? (unsigned int)arrived : 0 ;
    client_bye(clients + fd, (int)fd) ;
  }
}

/* The alarm means: try to accept again, or, after SIGTERM, that the time is up. 1: end at once. */

static int signalled (void)
{
  int sig = selfpipe_read() ;
  if (sig == -1) strerr_diefu1sys(111, "read selfpipe") ;
  if (ending) return sig > 0 ;
  if (sig == SIGALRM) second_passed() ;
  else if (sig) end_begins() ;
  return 0 ;
}

static void serve (int sigfd)
{
  struct epoll_event x[EVENTS] ;
  while (!ending || n)
  {
    int m = epoll_wait(ep, x, EVENTS, -1) ;
    if (m == -1 && errno != EINTR) strerr_diefu1sys(111, "epoll_wait") ;
    for (int i = 0 ; i < m ; i++)
    {
      int fd = x[i].data.fd ;
      if (fd == listener) accept_clients() ;
      else if (fd != sigfd) client_step(fd) ;
      else if (signalled()) return ;
    }
  }
}

/*
   What each connection is to have, it has from the listener: clients that vanished are noticed, small answers do not wait,
   and an urgent byte is in its place in the stream.
*/

static void set_options (int s)
{
  int one = 1 ;
  if (setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == -1
   || setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == -1
   || setsockopt(s, SOL_SOCKET, SO_OOBINLINE, &one, sizeof one) == -1) strerr_diefu1sys(111, "set socket options") ;
}

static int listen_on (char const *ip, uint16_t port, int fastopen)
{
  char name[NAMELEN], local[16] ;
  int s = socket_tcp6_nbcoe() ;
  name_fmt(name, ip, port) ;
  if (s == -1) strerr_diefu1sys(111, "create socket") ;
  if (socket_bind6_reuse(s, ip, port, 0) == -1) strerr_diefu2sys(111, "bind to ", name) ;
  set_options(s) ;
  if (fastopen && socket_fastopen(s) == -1) strerr_warnwu1sys("enable fast open") ;
  if (socket_listen(s, SOMAXCONN) == -1) strerr_diefu2sys(111, "listen on ", name) ;
  if (socket_local6(s, local, &port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  name_fmt(name, local, port) ;
  if (buffer_puts(buffer_1, name) < 0 || buffer_putflush(buffer_1, "\n", 1) < 0) strerr_diefu1sys(111, "write to stdout") ;
  return s ;
}

static unsigned int limit_scan (char const *s)
{
  unsigned int x ;
  if (!uint0_scan(s, &x) || !x) strerr_dief2x(100, "not a limit: ", s) ;
  return x < CLIENTS ? x : CLIENTS ;
}

static int prepare (void)
{
  int sigfd ;
  if (!fd_sanitize()) strerr_diefu1sys(111, "open standard descriptors") ;
  logline_init() ;
  sigfd = selfpipe_init() ;
  if (sigfd == -1) strerr_diefu1sys(111, "create selfpipe") ;
  if (!sig_ignore(SIGPIPE) || !selfpipe_trap(SIGTERM) || !selfpipe_trap(SIGINT) || !selfpipe_trap(SIGALRM))
    strerr_diefu1sys(111, "trap signals") ;
  ep = epoll_create1(EPOLL_CLOEXEC) ;
  if (ep == -1) strerr_diefu1sys(111, "create epoll instance") ;
  return sigfd ;
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  char ip[16] ;
  uint16_t port ;
  int sigfd, fastopen = 0 ;
  PROG = "echod" ;

  for (int opt ; (opt = subgetopt_r(argc, argv, "hvfc:C:", &l)) != -1 ;) switch (opt)
  {
    case 'h' :
      if (buffer_putsflush(buffer_1, "usage: " USAGE "\n") < 0) strerr_diefu1sys(111, "write to stdout") ;
      return 0 ;
    case 'v' : verbose = 1 ; break ;
    case 'f' : fastopen = 1 ; break ;
    case 'c' : limit = limit_scan(l.arg) ; break ;
    case 'C' : perclient = limit_scan(l.arg) ; break ;
    default : strerr_dieusage(100, USAGE) ;
  }
  argc -= l.ind ; argv += l.ind ;
  if (argc != 2) strerr_dieusage(100, USAGE) ;
  if (!ip_scan(argv[0], ip)) strerr_dief2x(100, "not an IP address: ", argv[0]) ;
  if (!uint160_scan(argv[1], &port)) strerr_dief2x(100, "not a port: ", argv[1]) ;

  sigfd = prepare() ;
  listener = listen_on(ip, port, fastopen) ;
  if (watch(EPOLL_CTL_ADD, sigfd, EPOLLIN) == -1
   || watch(EPOLL_CTL_ADD, listener, EPOLLIN) == -1) strerr_diefu1sys(111, "watch the listener") ;
  serve(sigfd) ;
  return 0 ;
}
