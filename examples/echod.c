/* ISC license. */

/* echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port: echoes what it receives, for thousands of clients at once. See man/echod.1. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/error.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "daemon.h"
#include "logline.h"
#include "socket.h"

#define USAGE "echod [-h] [-v] [-f] [-c limit] [-C perclient] ip port"
#define CLIENTS 65536  /* descriptors are below this */
#define BUFLEN 65536
#define EVENTS 64
#define NEWCOMERS 16  /* accepted at a time, so that a flood does not starve the others */
#define NAMELEN (SOCKET_FMT6 + 1 + UINT16_FMT)
#define GRACE 5  /* seconds that clients have after SIGTERM */

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

typedef struct
{
  char ip[16] ;
  uint32_t scope_id ;
  uint16_t port ;
  char full ;         /* it has to read before it may send more */
  char bye ;          /* our FIN is sent */
  unsigned int left ; /* after SIGTERM: bytes that had arrived, not yet echoed */
  uint64_t echoed ;
} client ;

static client clients[CLIENTS] ;   /* by descriptor */
static uint64_t homes[CLIENTS] ;   /* of each client; 0: none */
static unsigned int n = 0, top = 0 ;  /* number of clients; their descriptors are below top */
static unsigned int limit = CLIENTS, perclient = CLIENTS ;
static int ep, listener, verbose = 0, ending = 0 ;
static int waiting = 0 ;  /* newcomers wait: 2; did within the last second: 1 */

static void name_fmt (char *s, char const *ip, uint16_t port, uint32_t scope_id)
{
  s += socket_fmt6(s, ip, scope_id) ;
  *s++ = ' ' ;
  s += uint16_fmt(s, port) ;
  *s = 0 ;
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
   No descriptor for a newcomer: try again when a client leaves, or after a second (other processes may use them up, too).
   It is over after a second without: whatever the clients do, that is two log lines in two seconds.
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
  name_fmt(s, c->ip, c->port, c->scope_id) ;
  return s ;
}

/* -1 if it is refused */

static int take_in (int fd, client const *c)
{
  char name[NAMELEN] ;
  uint64_t home = daemon_home(c->ip) ;
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
    if (n >= limit)
    {
      if (!i) newcomers_wait("no place is left") ;  /* else epoll reports whether more have come */
      return ;
    }
    fd = socket_accept6_nbcoe(listener, c.ip, &c.port, &c.scope_id) ;
    if (fd == -1)
    {
      if (daemon_shortage(errno)) newcomers_wait(strerror(errno)) ;
      return ;
    }
    if (take_in(fd, &c) == -1) fd_close(fd) ;
  }
}

/* After SIGTERM, once all that had arrived is echoed. Closing now would cause a reset if the client keeps writing. */

static void client_bye (client *c, int fd)
{
  if (!ending || c->left || c->bye) return ;
  shutdown(fd, SHUT_WR) ;
  c->bye = 1 ;
}

/* At an urgent byte the kernel returns EAGAIN while a signal is pending, though the bytes are there. */

static int discard (int fd, size_t len)
{
  while (len)
  {
    ssize_t r = recv(fd, 0, len, MSG_TRUNC) ;
    if (r > 0) len -= (size_t)r ;
    else if (r == 0 || !error_isagain(errno)) return -1 ;
  }
  return 0 ;
}

/*
   Peeks, writes, and discards from the kernel what was written. What the client does not read yet stays there:
   we need no buffer, and TCP stops the client.
   1: continue. 0: it has sent its FIN, and everything is echoed. -1: broken.
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
  if (w > 0 && discard(fd, (size_t)w) == -1) return -1 ;
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
  while (selfpipe_read() > 0) ;  /* an earlier alarm */
  for (unsigned int fd = 0 ; fd < top ; fd++)
  {
    int arrived ;
    if (!homes[fd]) continue ;
    clients[fd].left = ioctl((int)fd, FIONREAD, &arrived) == 0 ? (unsigned int)arrived : 0 ;
    client_bye(clients + fd, (int)fd) ;
  }
}

/* The alarm: time to accept again or, after SIGTERM, the time is up. 1: exit at once. */

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

static void say_listening (void)
{
  char name[NAMELEN], ip[16] ;
  uint16_t port ;
  uint32_t scope_id ;
  if (socket_local6(listener, ip, &port, &scope_id) == -1) strerr_diefu1sys(111, "get local address") ;
  name_fmt(name, ip, port, scope_id) ;
  if (buffer_puts(buffer_1, name) < 0 || buffer_putflush(buffer_1, "\n", 1) < 0) strerr_diefu1sys(111, "write to stdout") ;
}

static unsigned int limit_scan (char const *s)
{
  unsigned int x ;
  if (!uint0_scan(s, &x) || !x) strerr_dief2x(100, "not a limit: ", s) ;
  return x < CLIENTS ? x : CLIENTS ;
}

/* Others must find no descriptor, and wait. */

static void limit_descriptors (void)
{
  struct rlimit r ;
  if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur <= CLIENTS) return ;
  r.rlim_cur = CLIENTS ;
  if (setrlimit(RLIMIT_NOFILE, &r) == -1) strerr_diefu1sys(111, "limit descriptors") ;
}

static int prepare (void)
{
  int sigfd ;
  limit_descriptors() ;
  daemon_begin() ;
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
  uint32_t scope_id ;
  unsigned int flags = 0 ;
  size_t len ;
  int sigfd ;
  PROG = "echod" ;

  for (int opt ; (opt = subgetopt_r(argc, argv, "hvfc:C:", &l)) != -1 ;) switch (opt)
  {
    case 'h' :
      if (buffer_putsflush(buffer_1, "usage: " USAGE "\n") < 0) strerr_diefu1sys(111, "write to stdout") ;
      return 0 ;
    case 'v' : verbose = 1 ; break ;
    case 'f' : flags = DAEMON_FASTOPEN ; break ;
    case 'c' : limit = limit_scan(l.arg) ; break ;
    case 'C' : perclient = limit_scan(l.arg) ; break ;
    default : strerr_dieusage(100, USAGE) ;
  }
  argc -= l.ind ; argv += l.ind ;
  if (argc != 2) strerr_dieusage(100, USAGE) ;
  len = socket_scan6(argv[0], ip, &scope_id) ;
  if (!len || argv[0][len]) strerr_dief2x(100, "not an IP address: ", argv[0]) ;
  if (!uint160_scan(argv[1], &port)) strerr_dief2x(100, "not a port: ", argv[1]) ;

  sigfd = prepare() ;
  listener = daemon_listen(ip, port, scope_id, DAEMON_BACKLOG, flags) ;
  if (watch(EPOLL_CTL_ADD, sigfd, EPOLLIN) == -1
   || watch(EPOLL_CTL_ADD, listener, EPOLLIN) == -1) strerr_diefu1sys(111, "watch the listener") ;
  say_listening() ;
  serve(sigfd) ;
  return 0 ;
}
