/* ISC license. */

/*
   echod [-v] [-f] ip port: sends back what it receives, to many clients at once, in one process.
   ip is an IPv4 or IPv6 address; :: serves both. With port 0 the kernel chooses one.
   Standard output gets one line, "ip port": where echod listens. -v logs the clients, -f is TCP Fast Open.
   SIGTERM or SIGINT ends it.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/error.h>
#include <skalibs/fmtscan.h>
#include <skalibs/iopause.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket.h"

#define USAGE "echod [-v] [-f] ip port"
#define CLIENTS 1000
#define BUFLEN 16384
#define NAMELEN (IP6_FMT + 1 + UINT16_FMT)

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

typedef struct client_s client ;
struct client_s
{
  int fd ;
  int eof ;                 /* it has said all it had to say */
  size_t start, end ;       /* buf[start..end) is to be sent back */
  uint64_t echoed ;
  char name[NAMELEN] ;
  char buf[BUFLEN] ;
} ;

static client clients[CLIENTS] ;
static unsigned int n = 0 ;
static int verbose = 0 ;


 /* Addresses are 16 bytes everywhere: IPv4 ones are mapped to ::ffff:0.0.0.0/96. */

static char const mapped[12] = "\0\0\0\0\0\0\0\0\0\0\377\377" ;

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


 /* Clients */

static int client_new (int s)
{
  client *c = clients + n ;
  char ip[16] ;
  uint16_t port ;
  c->fd = socket_accept6_nbcoe(s, ip, &port, 0) ;
  if (c->fd == -1) return -1 ;
  c->eof = 0 ;
  c->start = c->end = 0 ;
  c->echoed = 0 ;
  name_fmt(c->name, ip, port) ;
  n++ ;
  if (verbose) strerr_warni2x(c->name, " connected") ;
  return 0 ;
}

static void client_free (client *c, int r)
{
  char fmt[UINT64_FMT] ;
  fmt[uint64_fmt(fmt, c->echoed)] = 0 ;
  if (verbose && r == -1) strerr_warni4sys(c->name, " broke off after ", fmt, " bytes") ;
  else if (verbose) strerr_warni4x(c->name, " left after ", fmt, " bytes") ;
  fd_close(c->fd) ;
  *c = clients[--n] ;
}

/* A client whose buffer is full has to read before it may write more. */

static int client_reads (client const *c)
{
  return !c->eof && c->end < BUFLEN ;
}

static int client_writes (client const *c)
{
  return c->start < c->end ;
}

/* 1: goes on. 0: it has sent its FIN, and everything is back. -1: broken. */

static int client_echo (client *c)
{
  if (client_reads(c))
  {
    ssize_t r = fd_read(c->fd, c->buf + c->end, BUFLEN - c->end) ;
    if (r > 0) c->end += (size_t)r ;
    else if (r == 0) c->eof = 1 ;
    else if (!error_isagain(errno)) return -1 ;
  }
  if (client_writes(c))
  {
    ssize_t w = fd_write(c->fd, c->buf + c->start, c->end - c->start) ;
    if (w == -1 && !error_isagain(errno)) return -1 ;
    if (w > 0)
    {
      c->start += (size_t)w ;
      c->echoed += (uint64_t)w ;
    }
    if (c->start == c->end) c->start = c->end = 0 ;
  }
  return client_reads(c) || client_writes(c) ;
}


static int listen_on (char const *ip, uint16_t port, int fastopen)
{
  char name[NAMELEN] ;
  char local[16] ;
  int s ;
  name_fmt(name, ip, port) ;
  s = socket_tcp6_nbcoe() ;
  if (s == -1) strerr_diefu1sys(111, "create socket") ;
  if (socket_bind6_reuse(s, ip, port, 0) == -1) strerr_diefu2sys(111, "bind to ", name) ;
  if (fastopen && socket_fastopen(s) == -1) strerr_warnwu1sys("enable fast open") ;
  if (socket_listen(s, CLIENTS) == -1) strerr_diefu2sys(111, "listen on ", name) ;
  if (socket_local6(s, local, &port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  name_fmt(name, local, port) ;
  if (buffer_puts(buffer_1, name) < 0 || buffer_putflush(buffer_1, "\n", 1) < 0) strerr_diefu1sys(111, "write to stdout") ;
  return s ;
}

static void serve (int s, int sigfd)
{
  tain retry = STAMP ;  /* no descriptor for a newcomer: not before somebody leaves, or a second later (others may use them up, too) */
  for (;;)
  {
    iopause_fd x[2 + CLIENTS] ;
    int crowded = tain_future(&retry) ;
    int accepting = !crowded && n < CLIENTS ;
    x[0].fd = sigfd ;
    x[0].events = IOPAUSE_READ ;
    x[1].fd = s ;
    x[1].events = accepting ? IOPAUSE_READ : 0 ;
    for (unsigned int i = 0 ; i < n ; i++)
    {
      x[2 + i].fd = clients[i].fd ;
      x[2 + i].events = 0 ;
      if (client_reads(clients + i)) x[2 + i].events |= IOPAUSE_READ ;
      if (client_writes(clients + i)) x[2 + i].events |= IOPAUSE_WRITE ;
    }
    if (iopause_g(x, 2 + n, crowded ? &retry : &tain_infinite) == -1) strerr_diefu1sys(111, "iopause") ;
    if (x[0].revents) return ;

    for (unsigned int i = n ; i-- ;) if (x[2 + i].revents)  /* backwards: client_free fills the gap with the last one */
    {
      int r = client_echo(clients + i) ;
      if (r == 1) continue ;
      client_free(clients + i, r) ;
      retry = STAMP ;
    }

    if (!accepting || !x[1].revents || client_new(s) == 0) continue ;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
    {
      strerr_warnwu1sys("accept") ;
      tain_addsec_g(&retry, 1) ;
    }
  }
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  char ip[16] ;
  uint16_t port ;
  int fastopen = 0 ;
  int sigfd ;
  PROG = "echod" ;

  for (int opt = 0 ; opt != -1 ;)
  {
    opt = subgetopt_r(argc, argv, "vf", &l) ;
    if (opt == 'v') verbose = 1 ;
    else if (opt == 'f') fastopen = 1 ;
    else if (opt != -1) strerr_dieusage(100, USAGE) ;
  }
  argc -= l.ind ; argv += l.ind ;
  if (argc != 2) strerr_dieusage(100, USAGE) ;
  if (!ip_scan(argv[0], ip)) strerr_dief2x(100, "not an IP address: ", argv[0]) ;
  if (!uint160_scan(argv[1], &port)) strerr_dief2x(100, "not a port: ", argv[1]) ;

  if (!fd_sanitize()) strerr_diefu1sys(111, "open standard descriptors") ;
  sigfd = selfpipe_init() ;
  if (sigfd == -1) strerr_diefu1sys(111, "create selfpipe") ;
  if (sig_ignore(SIGPIPE) == -1 || selfpipe_trap(SIGTERM) == -1 || selfpipe_trap(SIGINT) == -1) strerr_diefu1sys(111, "trap signals") ;
  tain_now_set_stopwatch_g() ;
  serve(listen_on(ip, port, fastopen), sigfd) ;
  return 0 ;
}
