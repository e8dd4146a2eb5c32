/* ISC license. */

/*
   tcpserve [options] host port prog...: runs prog for each connection, with the network on its descriptors 0 and 1.
   A UCSPI server like tcpserver and s6-tcpserver, for both families. See man/tcpserve.1.
*/

#include <skalibs/nonposix.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/iopause.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "daemon.h"
#include "logline.h"
#include "socket.h"

#define USAGE "tcpserve [-v] [-f] [-1] [-4] [-6] [-c limit] [-C perclient] [-b backlog] [-B banner] [-u uid] [-g gid] [-U] [-l localname] host port prog..."
#define NEWCOMERS 16  /* accepted at a time, so that children are reaped even in a flood */

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

typedef struct { pid_t pid ; uint64_t home ; } child ;

static child *children ;  /* n of them */
static unsigned int n = 0, limit = 40, perclient = -1u ;
static char const *banner = 0, *localname = 0 ;
static char *const *prog ;
static sigset_t mask ;  /* that we were called with, and prog is */

static int listener, verbose = 0 ;
static int held = -1 ;  /* the connection that is about to be served, and where it is from */
static uint64_t home ;
static int waiting = 0 ;  /* newcomers wait: 2; did within the last second: 1 */
static tain retry ;

/* The environment has these strings themselves: each connection writes its values there, and its child inherits them. */

static char vars[6][16 + SOCKET_FMT6] = { "PROTO=TCP", "TCPREMOTEIP=", "TCPREMOTEPORT=", "TCPLOCALIP=", "TCPLOCALPORT=", "TCPCONNNUM=" } ;
static char *const remoteip = vars[1] + sizeof "TCPREMOTEIP", *const remoteport = vars[2] + sizeof "TCPREMOTEPORT" ;
static char *const localip = vars[3] + sizeof "TCPLOCALIP", *const localport = vars[4] + sizeof "TCPLOCALPORT" ;
static char *const number = vars[5] + sizeof "TCPCONNNUM" ;


 /* Children */

static void say_status (void)
{
  char a[UINT_FMT], b[UINT_FMT] ;
  a[uint_fmt(a, n)] = 0 ;
  b[uint_fmt(b, limit)] = 0 ;
  if (verbose) logline("status: ", a, "/", b) ;
}

static void say_child (pid_t pid)
{
  char fmt[UINT64_FMT] ;
  say_status() ;
  if (!verbose) return ;
  fmt[uint64_fmt(fmt, (uint64_t)pid)] = 0 ;
  logline("pid ", fmt, " from ", remoteip) ;
  logline("ok ", fmt, " ", localname ? localname : "", ":", localip, ":", localport, " :", remoteip, "::", remoteport) ;
}

static void reap (void)
{
  char fmt[UINT64_FMT], code[UINT_FMT] ;
  int status ;
  pid_t pid ;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
  {
    unsigned int i = 0 ;
    while (i < n && children[i].pid != pid) i++ ;
    if (i == n) continue ;  /* a child from before the exec of tcpserve */
    children[i] = children[--n] ;
    fmt[uint64_fmt(fmt, (uint64_t)pid)] = 0 ;
    code[uint_fmt(code, (unsigned int)status)] = 0 ;
    if (verbose) logline("end ", fmt, " status ", code) ;
    say_status() ;
  }
}

/* In the child: few calls, and few pages that are copied. While memory is short, it tries again every second. */

static void run (void)
{
  int e, said = 0 ;
  int ready = dup2(held, 0) != -1 && dup2(held, 1) != -1 && sigprocmask(SIG_SETMASK, &mask, 0) != -1 ;
  close(held) ;
  if (ready && banner) send(0, banner, strlen(banner), MSG_NOSIGNAL) ;
  do
  {
    if (ready) execvp(prog[0], prog) ;
    e = errno ;
    if (!said++) logline("warning: unable to run ", prog[0], ": ", strerror(e)) ;
  }
  while (ready && daemon_shortage(e) && !sleep(1)) ;
  _exit(111) ;
}


 /* Connections */

/* Until a child ends, or for a second. It is over after a second without: whatever clients do, two log lines in two seconds. */

static void newcomers_wait (char const *what, int e)
{
  if (!waiting) logline("warning: newcomers wait, unable to ", what, ": ", strerror(e)) ;
  waiting = 2 ;
  tain_addsec_g(&retry, 1) ;
}

/* 1: held is a connection for prog to serve. 0: one was refused. -1: none. */

static int admit (void)
{
  char ip[16], local[16] ;
  uint32_t scope_id, localscope ;
  uint16_t port, myport ;
  unsigned int k = 1 ;  /* from the same home, this one included */
  int fd = socket_accept6(listener, ip, &port, &scope_id) ;
  if (fd == -1)
  {
    if (daemon_shortage(errno)) newcomers_wait("accept", errno) ;
    return -1 ;
  }
  home = daemon_home(ip) ;
  for (unsigned int i = 0 ; i < n ; i++) k += children[i].home == home ;
  remoteip[socket_fmt6(remoteip, ip, scope_id)] = 0 ;
  if (k > perclient || !socket_connected(fd)  /* reset: not worth a process */
   || socket_local6(fd, local, &myport, &localscope) == -1)
  {
    if (verbose) logline("deny ", remoteip) ;
    fd_close(fd) ;
    return 0 ;
  }
  held = fd ;
  remoteport[uint16_fmt(remoteport, port)] = 0 ;
  localip[socket_fmt6(localip, local, localscope)] = 0 ;
  localport[uint16_fmt(localport, myport)] = 0 ;
  number[uint_fmt(number, k)] = 0 ;
  return 1 ;
}

/* -1 if there is no process for it: it stays held */

static int serve_held (void)
{
  pid_t pid = fork() ;
  if (pid == -1) { newcomers_wait("fork", errno) ; return -1 ; }
  if (!pid) run() ;
  fd_close(held) ;
  held = -1 ;
  children[n++] = (child){ .pid = pid, .home = home } ;
  say_child(pid) ;
  return 0 ;
}

static void accept_connections (void)
{
  for (unsigned int i = 0 ; i < NEWCOMERS && n < limit ; i++)
  {
    int r = held >= 0 ? 1 : admit() ;
    if (r == -1 || (r && serve_held() == -1)) return ;
  }
}

static void second_passed (void)
{
  tain_addsec_g(&retry, 1) ;
  if (--waiting) accept_connections() ;
  else logline("info: newcomers wait no longer") ;
}

static void serve (int sigfd)
{
  iopause_fd x[2] = { { .fd = sigfd, .events = IOPAUSE_READ }, { .fd = listener, .events = IOPAUSE_READ } } ;
  for (;;)
  {
    unsigned int all = n < limit && waiting < 2 ;
    if (iopause_g(x, 1 + all, waiting ? &retry : 0) == -1) strerr_diefu1sys(111, "iopause") ;
    if (x[0].revents)
    {
      if (selfpipe_read() == SIGTERM) return ;
      reap() ;
      if (waiting == 2) accept_connections() ;
    }
    if (waiting && !tain_future(&retry)) second_passed() ;
    if (all && x[1].revents) accept_connections() ;
  }
}


 /* Startup */

static unsigned int number_scan (char const *s)
{
  unsigned int x ;
  if (!s) strerr_dief1x(100, "-U without $UID or $GID") ;
  if (!uint0_scan(s, &x)) strerr_dief2x(100, "not a number: ", s) ;
  return x ;
}

static void make_environment (void)
{
  static char const *const names[9] = { "PROTO", "TCPREMOTEIP", "TCPREMOTEPORT", "TCPREMOTEHOST", "TCPREMOTEINFO", "TCPLOCALIP", "TCPLOCALPORT", "TCPLOCALHOST", "TCPCONNNUM" } ;
  int e = 0 ;
  for (unsigned int i = 0 ; i < 9 ; i++) e |= unsetenv(names[i]) ;
  for (unsigned int i = 0 ; i < 6 ; i++) e |= putenv(vars[i]) ;
  if (e || (localname && setenv("TCPLOCALHOST", localname, 1) == -1)) strerr_diefu1sys(111, "make the environment") ;
}

/* SIGPIPE is blocked, not ignored: so a child has to restore nothing but the mask. */

static int trap_signals (void)
{
  int fd = -1 ;
  if (sigprocmask(SIG_SETMASK, 0, &mask) == -1 || (fd = selfpipe_init()) == -1 || !sig_restore(SIGPIPE) || !sig_restore(SIGCHLD)
   || !selfpipe_trap(SIGCHLD) || !selfpipe_trap(SIGTERM)) strerr_diefu1sys(111, "trap signals") ;
  sig_block(SIGPIPE) ;
  return fd ;
}

/* The reader of the port gets an end of file. */

static void start (int sayport)
{
  char fmt[UINT16_FMT] ;
  uint16_t port ;
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC) ;
  if (socket_local6(listener, 0, &port, 0) == -1) strerr_diefu1sys(111, "get local address") ;
  fmt[uint16_fmt(fmt, port)] = 0 ;
  if (sayport && (buffer_puts(buffer_1, fmt) < 0 || buffer_putflush(buffer_1, "\n", 1) < 0)) strerr_diefu1sys(111, "write to stdout") ;
  if (fd == -1 || fd_copy(0, fd) == -1 || fd_copy(1, fd) == -1) strerr_diefu1sys(111, "open /dev/null") ;
  fd_close(fd) ;
  say_status() ;
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO ;
  int64_t uid = -1, gid = -1 ;
  int sayport = 0, ip4 = 0, ip6 = 0, sigfd ;
  unsigned int flags = 0, backlog = DAEMON_BACKLOG ;
  uint32_t scope_id ;
  char ip[16] ;
  PROG = "tcpserve" ;
  for (int opt ; (opt = subgetopt_r(argc, argv, "vf146Uc:C:b:B:u:g:l:x:XqQdDoOpPhHrRt:", &l)) != -1 ;) switch (opt)
  {
    case 'v' : verbose = 1 ; break ;
    case 'f' : flags = DAEMON_FASTOPEN ; break ;
    case '1' : sayport = 1 ; break ;
    case '4' : ip4 = 1 ; break ;
    case '6' : ip6 = 1 ; break ;
    case 'c' : limit = number_scan(l.arg) ; break ;
    case 'C' : perclient = number_scan(l.arg) ; break ;
    case 'b' : backlog = number_scan(l.arg) ; break ;
    case 'B' : banner = l.arg ; break ;
    case 'u' : uid = number_scan(l.arg) ; break ;
    case 'g' : gid = number_scan(l.arg) ; break ;
    case 'U' : uid = number_scan(getenv("UID")) ; gid = number_scan(getenv("GID")) ; break ;
    case 'l' : localname = l.arg ; break ;
    case 'x' : strerr_dief1x(100, "-x is not supported: let prog decide by TCPREMOTEIP") ;
    case '?' : strerr_dieusage(100, USAGE) ;  /* others are tcpserver's, ignored here */
  }
  argc -= l.ind ; argv += l.ind ;
  if (argc < 3 || !limit) strerr_dieusage(100, USAGE) ;
  prog = (char *const *)(argv + 2) ;
  if (ip6 && !ip4) flags |= DAEMON_ONLY6 ;
  make_environment() ;
  daemon_begin() ;
  sigfd = trap_signals() ;
  children = calloc(limit, sizeof(child)) ;
  if (!children) strerr_diefu1sys(111, "make a table of children") ;
  daemon_address(argv[0], ip4 == ip6 ? AF_UNSPEC : ip4 ? AF_INET : AF_INET6, ip, &scope_id) ;
  listener = daemon_listen(ip, daemon_port(argv[1]), scope_id, backlog, flags) ;
  daemon_become(uid, gid) ;
  start(sayport) ;
  tain_now_set_stopwatch_g() ;
  serve(sigfd) ;
  return 0 ;
}
