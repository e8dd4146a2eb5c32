/* ISC license. */

/* socket_connectany socket_connector_init socket_connector_prepare socket_connector_nextdeadline socket_connector_step
   socket_connector_stop socket_connector_wait: on the real kernel */

#include "test.h"
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <skalibs/tai.h>
#include "socket_connector.h"


 /* The system calls below the library: written down, counted, and failing where a case says so */

static char trace[512] ;
static int tracing ;
static unsigned int sockets, polls ;
static struct
{
  int socket4, socket6 ;        /* errno of each socket() */
  int connect, so_error ;       /* errno for this port, from the call and from later on */
  uint16_t port ;
  int poll ;                    /* errno of each poll() */
  int close ;                   /* errno of each close(), which closes all the same */
  int synchronous ;             /* connect() comes back connected */
  int patient ;                 /* no wait is too short */
} fault ;

static void called (char const *name)
{
  if (tracing && strlen(trace) + strlen(name) + 2 < sizeof trace) strcat(strcat(trace, " "), name) ;
}

static void tracing_on (void)
{
  trace[0] = 0 ;
  tracing = 1 ;
}

static int traced (char const *calls)
{
  tracing = 0 ;
  if (!strcmp(trace, calls)) return 1 ;
  printf("# called:%s\n", trace) ;
  return 0 ;
}

static int port_is (void const *sa, socklen_t len)
{
  struct sockaddr_in6 a = { .sin6_port = 0 } ;  /* the port is at one place in both families */
  memcpy(&a, sa, len < sizeof a ? len : sizeof a) ;
  return ntohs(a.sin6_port) == fault.port ;
}

#define REPLACES(type, f, name, args) type f args __asm__(name) ; type f args

REPLACES(int, my_socket, "socket", (int domain, int type, int protocol))
{
  int e = domain == AF_INET6 ? fault.socket6 : domain == AF_INET ? fault.socket4 : 0 ;
  called("socket") ;
  sockets++ ;
  return e ? (errno = e, -1) : (int)syscall(SYS_socket, domain, type, protocol) ;
}

REPLACES(int, my_connect, "connect", (int s, struct sockaddr const *sa, socklen_t len))
{
  called("connect") ;
  if (fault.connect && port_is(sa, len)) return (errno = fault.connect, -1) ;
  if (fault.synchronous)
  {
    int e = errno, r = (int)syscall(SYS_connect, s, sa, len) ;
    struct pollfd x = { .fd = s, .events = POLLOUT } ;
    struct timespec ts = { .tv_sec = 30 } ;
    if (r == -1 && errno == EINPROGRESS && syscall(SYS_ppoll, &x, 1, &ts, 0, (size_t)8) == 1) r = 0, errno = e ;
    return r ;
  }
  return (int)syscall(SYS_connect, s, sa, len) ;
}

REPLACES(ssize_t, my_sendto, "sendto", (int s, void const *buf, size_t n, int flags, struct sockaddr const *sa, socklen_t len))
{
  called("sendto") ;
  return syscall(SYS_sendto, s, buf, n, flags, sa, len) ;
}

REPLACES(ssize_t, my_recvmsg, "recvmsg", (int s, struct msghdr *m, int flags))
{
  called("recvmsg") ;
  return syscall(SYS_recvmsg, s, m, flags) ;
}

REPLACES(int, my_getpeername, "getpeername", (int s, struct sockaddr *sa, socklen_t *len))
{
  called("getpeername") ;
  return (int)syscall(SYS_getpeername, s, sa, len) ;
}

REPLACES(int, my_setsockopt, "setsockopt", (int s, int level, int option, void const *value, socklen_t len))
{
  called("setsockopt") ;
  return (int)syscall(SYS_setsockopt, s, level, option, value, len) ;
}

REPLACES(int, my_getsockopt, "getsockopt", (int s, int level, int option, void *value, socklen_t *len))
{
  int r = (int)syscall(SYS_getsockopt, s, level, option, value, len) ;
  called("getsockopt") ;
  if (!r && fault.so_error && level == SOL_SOCKET && option == SO_ERROR && *(int *)value) *(int *)value = fault.so_error ;
  return r ;
}

REPLACES(int, my_fcntl, "fcntl", (int fd, int command, ...))
{
  va_list a ;
  long arg ;
  va_start(a, command) ;
  arg = va_arg(a, long) ;
  va_end(a) ;
  called("fcntl") ;
  return (int)syscall(SYS_fcntl, fd, command, arg) ;
}

REPLACES(int, my_close, "close", (int fd))
{
  int r ;
  called("close") ;
  r = (int)syscall(SYS_close, fd) ;
  return fault.close ? (errno = fault.close, -1) : r ;
}

REPLACES(int, my_ppoll, "ppoll", (struct pollfd *x, nfds_t n, struct timespec const *ts, sigset_t const *mask))
{
  struct timespec left = { .tv_sec = 30 } ;
  called("poll") ;
  polls++ ;
  if (fault.poll) return (errno = fault.poll, -1) ;
  if (ts && !fault.patient) left = *ts ;
  return (int)syscall(SYS_ppoll, x, n, ts ? &left : 0, mask, (size_t)8) ;
}

REPLACES(int, my_poll, "poll", (struct pollfd *x, nfds_t n, int ms))
{
  struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } ;
  return my_ppoll(x, n, ms < 0 ? 0 : &ts, 0) ;
}


 /* Targets on loopback */

typedef struct target_s target ;
struct target_s
{
  int fd, filler, is6 ;
  uint16_t port ;
} ;

#define REFUSED (-1)
#define DOC6 "\40\1\r\270\0\0\0\0\0\0\0\0\0\0\0\1"

/* what the library forgets to set is not 0 by luck */

static void dirty (void)
{
  char volatile stack[16384] ;
  for (unsigned int i = 0 ; i < sizeof stack ; i++) stack[i] = (char)0xaa ;
}

static int have6 (void)
{
  struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT } ;
  int s = socket(AF_INET6, SOCK_STREAM, 0) ;
  int r = s >= 0 && !bind(s, (struct sockaddr *)&a, sizeof a) ;
  if (s >= 0) close(s) ;
  return r ;
}

static target target_open (int is6, int backlog)
{
  target t = { .fd = is6 ? socket_tcp6() : socket_tcp4(), .filler = -1, .is6 = is6 } ;
  int r = is6 ? socket_bind6(t.fd, LOOPBACK6, 0, 0) : socket_bind4(t.fd, ANY4, 0) ;
  check(!r) ;
  check(!(is6 ? socket_local6(t.fd, 0, &t.port, 0) : socket_local4(t.fd, 0, &t.port))) ;
  if (backlog != REFUSED) check(!listen(t.fd, backlog)) ;
  return t ;
}

static target ok (void) { return target_open(0, 128) ; }
static target refused (void) { return target_open(0, REFUSED) ; }

/* its queue is full: what else comes is dropped */

static target silent (void)
{
  target t = target_open(0, 0) ;
  t.filler = socket_tcp4b() ;
  check(!socket_connect4(t.filler, LOOPBACK4, t.port)) ;
  return t ;
}

static void target_close (target *t)
{
  close(t->fd) ;
  if (t->filler >= 0) close(t->filler) ;
}

static void to (socket_candidate *x, target const *t)
{
  if (t->is6) socket_candidate_ip6(x, LOOPBACK6, t->port, 0) ;
  else socket_candidate_ip4(x, LOOPBACK4, t->port) ;
}

/* an address that a namespace has no route to */

static void unroutable (socket_candidate *x)
{
  socket_candidate_ip4(x, "\300\0\2\1", 9) ;
}


 /* Time */

static tain const long_ago = TAIN_ZERO ;

static void later (tain *t, tain const *from, int ms)
{
  tain d ;
  tain_from_millisecs(&d, ms) ;
  tain_add(t, from, &d) ;
}

static void in (tain *deadline, tain *stamp, int ms)
{
  tain_now(stamp) ;
  later(deadline, stamp, ms) ;
}

static int ms (tain const *from, tain const *t)
{
  tain d ;
  tain_sub(&d, t, from) ;
  return tain_to_millisecs(&d) ;
}

#define same_time(a, b) (!tain_less((a), (b)) && !tain_less((b), (a)))

/* what a won race must look like */

static int is_up (int fd)
{
  return fd >= 0 && fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC && socket_connected(fd) ;
}

/* waits until an attempt in flight has something to tell */

static void await_one (socket_connector const *c)
{
  iopause_fd x[16] ;
  unsigned int n = socket_connector_prepare(c, x) ;
  int r ;
  check(n && n <= 16) ;
  do r = poll(x, n, 30000) ; while (r == -1 && errno == EINTR) ;
  check(r > 0) ;
}

/* runs f in a namespace of its own, in a child */

static void elsewhere (void (*f) (void))
{
  int wstat = -1 ;
  pid_t pid ;
  fflush(stdout) ;
  pid = fork() ;
  if (!pid)
  {
    int before ;
    alarm(120) ;
    test_failures = 0 ;
    if (test_namespace() == -1) _exit(77) ;
    before = test_descriptors() ;
    (*f)() ;
    check(test_descriptors() == before) ;
    fflush(stdout) ;
    _exit(test_failures ? 1 : test_skipped ? 78 : 0) ;
  }
  check(pid > 0 && waitpid(pid, &wstat, 0) == pid && WIFEXITED(wstat)) ;
  if (WEXITSTATUS(wstat) == 77) SKIP("no network namespaces") ;
  if (WEXITSTATUS(wstat) == 78) SKIP("this namespace cannot be set up") ;
  check(!WEXITSTATUS(wstat)) ;
}


 /* Races */

static void at_once_to (int is6)
{
  target t = target_open(is6, 128) ;
  socket_candidate x ;
  tain deadline, stamp ;
  uint16_t port = 0, mine = 0 ;
  char buf[8] ;
  int s, peer = -1 ;
  to(&x, &t) ;
  in(&deadline, &stamp, 30000) ;
  check(keeps((s = socket_connectany(&x, 1, &deadline, &stamp)) >= 0)) ;
  check(is_up(s)) ;
  check(x.fd == -1 && !x.error && !x.sent && !tain_less(&x.end, &x.start) && !tain_less(&stamp, &x.end)) ;
  check(test_ready(t.fd, POLLIN)) ;
  peer = is6 ? socket_accept6(t.fd, 0, &port, 0) : socket_accept4(t.fd, 0, &port) ;
  check(!(is6 ? socket_local6(s, 0, &mine, 0) : socket_local4(s, 0, &mine)) && port == mine) ;
  check(write(s, "abc", 3) == 3 && test_ready(peer, POLLIN) && read(peer, buf, sizeof buf) == 3) ;
  close(peer) ;
  close(s) ;
  target_close(&t) ;
}

static void at_once4 (void) { at_once_to(0) ; }
static void at_once6 (void) { if (!have6()) SKIP("no IPv6") ; at_once_to(1) ; }

/* The system calls of a race that wins at once, and no other. */

static void calls_of (int is6, char const *calls)
{
  target t = target_open(is6, 128) ;
  socket_candidate x ;
  tain deadline, stamp ;
  int s ;
  to(&x, &t) ;
  in(&deadline, &stamp, 30000) ;
  tracing_on() ;
  s = socket_connectany(&x, 1, &deadline, &stamp) ;
  check(traced(calls)) ;
  check(is_up(s)) ;
  close(s) ;
  target_close(&t) ;
}

#ifdef LIBSOCKET_PORTABLE
#define CREATES " socket fcntl fcntl"
#else
#define CREATES " socket"
#endif

static void calls4 (void) { calls_of(0, CREATES " connect poll getpeername") ; }
static void calls6 (void) { if (!have6()) SKIP("no IPv6") ; calls_of(1, CREATES " setsockopt connect poll getpeername") ; }

/* some kernels connect to themselves inside the call */

static void calls_synchronous (void)
{
  fault.synchronous = 1 ;
  calls_of(0, CREATES " connect") ;
  fault.synchronous = 0 ;
}

/* past a refusal and a silence */

static void past (void)
{
  target t[3] = { silent(), refused(), ok() } ;
  socket_candidate x[3] ;
  socket_connector c ;
  tain deadline, stamp ;
  int s ;
  for (int i = 0 ; i < 3 ; i++) to(x + i, t + i) ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(&c, x, 3, &deadline) ;
  c.delay = 50 ;
  dirty() ;
  check(keeps((s = socket_connector_wait(&c, &stamp)) >= 0)) ;
  check(s == c.fd && is_up(s) && c.winner == 2 && !c.sent) ;
  check(x[0].error == ECANCELED && x[1].error == ECONNREFUSED && !x[2].error) ;
  for (int i = 0 ; i < 3 ; i++) check(x[i].fd == -1 && !tain_less(&x[i].end, &x[i].start)) ;
  check(ms(&x[0].start, &x[1].start) >= 50 && ms(&x[0].start, &x[1].start) < 5000) ;
  check(ms(&x[1].start, &x[2].start) >= 10 && ms(&x[1].start, &x[2].start) < 5000) ;
  check(same_time(&x[0].end, &x[2].end)) ;
  close(s) ;
  for (int i = 0 ; i < 3 ; i++) target_close(t + i) ;
}

static void all_refused (void)
{
  target t = refused() ;
  socket_candidate x[3] ;
  tain deadline, stamp ;
  for (int i = 0 ; i < 3 ; i++) to(x + i, &t) ;
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(x, 3, &deadline, &stamp), ECONNREFUSED)) ;
  for (int i = 0 ; i < 3 ; i++) check(x[i].error == ECONNREFUSED && x[i].fd == -1) ;
  target_close(&t) ;
}

static void families (void)
{
  target t[2] = { refused(), target_open(1, REFUSED) } ;
  socket_candidate x[4] ;
  tain deadline, stamp ;
  for (int i = 0 ; i < 4 ; i++) to(x + i, t + (i > 1)) ;
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(x, 4, &deadline, &stamp), ECONNREFUSED)) ;
  check(tain_less(&x[0].start, &x[2].start) && tain_less(&x[2].start, &x[1].start) && tain_less(&x[1].start, &x[3].start)) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}

static void families_alternate (void) { if (!have6()) SKIP("no IPv6") ; families() ; }

static void no_candidates (void)
{
  socket_connector c ;
  tain deadline, stamp ;
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(0, 0, &deadline, &stamp), EDESTADDRREQ)) ;
  check(fails(socket_connectany(0, 0, &tain_infinite, &stamp), EDESTADDRREQ)) ;
  socket_connector_init(&c, 0, 0, &deadline) ;
  check(fails(socket_connector_step(&c, &stamp), EDESTADDRREQ) && c.fd == -1) ;
  check(fails(socket_connector_step(&c, &stamp), EDESTADDRREQ)) ;
}

static void unroutable_elsewhere (void)
{
  target t[2] = { refused(), ok() } ;
  socket_candidate *x = calloc(1001, sizeof *x) ;
  tain deadline, stamp ;
  int s ;

  for (int i = 0 ; i < 1000 ; i++) unroutable(x + i) ;
  to(x + 1000, t + 1) ;
  in(&deadline, &stamp, 30000) ;
  check(keeps((s = socket_connectany(x, 1001, &deadline, &stamp)) >= 0)) ;
  check(is_up(s)) ;
  for (int i = 0 ; i < 1000 ; i++) check(x[i].error == ENETUNREACH && same_time(&x[i].start, &x[1000].start)) ;
  for (int i = 0 ; i < 1000 ; i++) check(x[i].fd == -1 && same_time(&x[i].start, &x[i].end)) ;
  close(s) ;

  check(fails(socket_connectany(x, 3, &deadline, &stamp), ENETUNREACH)) ;
  to(x + 2, t) ;
  check(fails(socket_connectany(x, 4, &deadline, &stamp), ECONNREFUSED)) ;
  check(x[0].error == ENETUNREACH && x[2].error == ECONNREFUSED && x[3].error == ENETUNREACH) ;
  check(same_time(&x[0].start, &x[2].start)) ;

  /* before a passed deadline too, the first that leaves the host is the one that counts */
  to(x + 3, t + 1) ;
  fault.patient = 1 ;
  check((s = socket_connectany(x, 2, &long_ago, &stamp)) == -1 && errno == ENETUNREACH) ;
  unroutable(x + 2) ;
  check((s = socket_connectany(x, 4, &long_ago, &stamp)) >= 0) ;
  fault.patient = 0 ;
  if (s >= 0) close(s) ;
  free(x) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}

static void no_route (void) { elsewhere(&unroutable_elsewhere) ; }

/* An address of a family that the host does not have costs no time. */

static void no_ipv6 (void)
{
  target t = ok() ;
  socket_candidate x[3] ;
  tain deadline, stamp ;
  int s ;
  socket_candidate_ip6(x, DOC6, t.port, 0) ;
  socket_candidate_ip6(x + 1, DOC6, t.port, 0) ;
  to(x + 2, &t) ;
  in(&deadline, &stamp, 30000) ;
  fault.socket6 = EAFNOSUPPORT ;
  check(fails(socket_connectany(x, 2, &deadline, &stamp), EAFNOSUPPORT)) ;
  check(keeps((s = socket_connectany(x, 3, &deadline, &stamp)) >= 0)) ;
  check(is_up(s)) ;
  check(x[0].error == EAFNOSUPPORT && same_time(&x[0].start, &x[2].start)) ;
  close(s) ;
  socket_candidate_ip6(x, LOOPBACK6, t.port, 0) ;
  check(keeps((s = socket_connectany(x, 1, &deadline, &stamp)) >= 0)) ;
  check(is_up(s)) ;
  close(s) ;
  fault.socket6 = 0 ;
  target_close(&t) ;
}


 /* The errnos */

static void faults_of (int *which, int error, int from_call)
{
  target t[2] = { refused(), ok() } ;
  socket_candidate x[2] ;
  tain deadline, stamp ;
  int s ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  fault.port = x->port ;
  *which = error ;
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(x, 1, &deadline, &stamp), error)) ;
  check(x[0].error == error && x[0].fd == -1) ;
  errno = 4242 ;
  s = socket_connectany(x, 2, &deadline, &stamp) ;
  if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)
  {
    if (from_call) check(s == -1 && errno == error && !x[1].error && x[1].fd == -1) ;
    else check(is_up(s)) ;
  }
  else
  {
    check(s >= 0 && errno == 4242) ;
    check(is_up(s) && x[0].error == error) ;
    check(same_time(&x[0].start, &x[1].start) == from_call) ;
  }
  *which = 0 ;
  if (s >= 0) close(s) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}

static void errnos (void)
{
  static int const errors[] =
  {
    ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EINVAL, ETIMEDOUT, EACCES, EPERM, EADDRNOTAVAIL,
    EMFILE, ENFILE, ENOMEM, ENOBUFS
  } ;
  for (unsigned int i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    faults_of(&fault.connect, errors[i], 1) ;
    if (i < 8) faults_of(&fault.so_error, errors[i], 0) ;
  }
}

static void errnos_of_socket (void)
{
  static int const errors[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES } ;
  target t = ok() ;
  socket_candidate x[2] ;
  tain deadline, stamp ;
  for (unsigned int i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    to(x, &t) ;
    to(x + 1, &t) ;
    in(&deadline, &stamp, 30000) ;
    fault.socket4 = errors[i] ;
    check(fails(socket_connectany(x, 2, &deadline, &stamp), errors[i])) ;
    fault.socket4 = 0 ;
    check(x[0].error == errors[i] && x[0].fd == -1) ;
    check(x[1].error == (errors[i] == EACCES ? EACCES : 0)) ;
  }
  target_close(&t) ;
}

/* a link-local address says nothing without its link */

static void einval (void)
{
  socket_candidate x ;
  tain deadline, stamp ;
  if (!have6()) SKIP("no IPv6") ;
  socket_candidate_ip6(&x, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 9, 0) ;
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(&x, 1, &deadline, &stamp), EINVAL)) ;
  check(x.error == EINVAL) ;
}

static void poll_fails (void)
{
  target t[2] = { silent(), ok() } ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, stamp ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(&c, x, 2, &deadline) ;
  fault.poll = ENOMEM ;
  check(fails(socket_connector_wait(&c, &stamp), ENOMEM)) ;
  fault.poll = 0 ;
  check(c.fd == -1 && x[0].fd == -1 && x[0].error == ECANCELED && !x[1].error) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}


 /* Descriptors */

/* leaves the process n more descriptors */

static void spare (rlim_t n, struct rlimit const *old)
{
  struct rlimit r = *old ;
  int fd = dup(1) ;
  check(fd >= 0) ;
  close(fd) ;
  r.rlim_cur = (rlim_t)fd + n ;
  check(!setrlimit(RLIMIT_NOFILE, &r)) ;
}

static void emfile (void)
{
  target t[3] = { silent(), ok(), ok() } ;
  socket_candidate x[3] ;
  socket_connector c ;
  struct rlimit old ;
  tain deadline, start, stamp, next ;
  for (int i = 0 ; i < 3 ; i++) to(x + i, t + i) ;
  check(!getrlimit(RLIMIT_NOFILE, &old)) ;

  /* none in flight */
  in(&deadline, &stamp, 30000) ;
  spare(0, &old) ;
  check(fails(socket_connectany(x, 3, &deadline, &stamp), EMFILE)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  check(x[0].error == EMFILE && !x[1].error && !x[2].error) ;

  /* one in flight: put off, and tried again when its delay is over */
  start = stamp ;
  socket_connector_init(&c, x, 3, &deadline) ;
  c.delay = 100 ;
  spare(1, &old) ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[0].fd >= 0) ;
  for (int i = 1 ; i <= 3 ; i++)
  {
    later(&stamp, &start, 100 * i) ;
    check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
    check(x[0].fd >= 0 && x[1].fd == -1 && !x[1].error && x[2].fd == -1 && !x[2].error) ;
    socket_connector_nextdeadline(&c, &next) ;
    check(ms(&start, &next) == 100 * (i + 1)) ;
  }
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  later(&stamp, &start, 399) ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[1].fd == -1) ;
  later(&stamp, &start, 400) ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[1].fd >= 0 && x[2].fd == -1 && same_time(&x[1].start, &stamp)) ;
  await_one(&c) ;
  check(keeps(socket_connector_step(&c, &stamp) == 1)) ;
  check(c.winner == 1 && is_up(c.fd)) ;
  close(c.fd) ;

  /* and it does not spin in between */
  in(&deadline, &stamp, 200) ;
  socket_connector_init(&c, x, 3, &deadline) ;
  c.delay = 50 ;
  spare(1, &old) ;
  sockets = 0 ;
  check(fails(socket_connector_wait(&c, &stamp), ETIMEDOUT)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  check(sockets >= 2 && sockets <= 5) ;
  check(x[0].error == ETIMEDOUT && !x[1].error && x[1].fd == -1 && !x[2].error) ;
  for (int i = 0 ; i < 3 ; i++) target_close(t + i) ;
}

static void descriptor0 (void)
{
  target t[3] = { silent(), refused(), ok() } ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, stamp ;
  int p[2], saved = dup(0), s ;
  check(saved >= 0) ;
  close(0) ;
  in(&deadline, &stamp, 30000) ;

  to(x, t + 2) ;
  check(keeps((s = socket_connectany(x, 1, &deadline, &stamp)) == 0)) ;
  check(is_up(s)) ;
  close(0) ;

  to(x, t + 1) ;
  to(x + 1, t + 2) ;
  check(keeps((s = socket_connectany(x, 2, &deadline, &stamp)) == 0)) ;
  check(is_up(s) && x[0].error == ECONNREFUSED) ;
  close(0) ;

  to(x, t) ;
  socket_connector_init(&c, x, 2, &deadline) ;
  c.delay = 10 ;
  check(keeps((s = socket_connector_wait(&c, &stamp)) > 0)) ;
  check(is_up(s) && x[0].error == ECANCELED && x[0].fd == -1) ;
  check(fcntl(0, F_GETFD) == -1) ;
  close(s) ;

  socket_connector_init(&c, x, 1, &deadline) ;
  check(!socket_connector_step(&c, &stamp) && x[0].fd == 0) ;
  socket_connector_stop(&c) ;
  check(fcntl(0, F_GETFD) == -1) ;

  check(!pipe(p) && p[0] == 0) ;
  check(write(p[1], "", 1) == 1) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  c.cancelfd = 0 ;
  check(fails(socket_connector_wait(&c, &stamp), ECANCELED)) ;
  close(p[0]) ;
  close(p[1]) ;

  check(dup2(saved, 0) == 0) ;
  close(saved) ;
  for (int i = 0 ; i < 3 ; i++) target_close(t + i) ;
}


 /* Signals */

static volatile sig_atomic_t signalled ;

static void count (int sig) { (void)sig ; signalled++ ; }

/* a child that sends SIGUSR1 every few ms */

static pid_t signaller (void)
{
  pid_t parent = getpid(), pid ;
  fflush(stdout) ;
  pid = fork() ;
  if (!pid)
  {
    while (!kill(parent, SIGUSR1)) poll(0, 0, 5) ;
    _exit(0) ;
  }
  return pid ;
}

static void signals_with (int flags)
{
  target t = silent() ;
  socket_candidate x[4] ;
  socket_connector c ;
  struct sigaction sa = { .sa_handler = &count, .sa_flags = flags } ;
  tain deadline, start, stamp ;
  pid_t pid ;

  for (int i = 0 ; i < 4 ; i++) to(x + i, &t) ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  pid = signaller() ;
  check(pid > 0) ;
  signalled = 0 ;
  in(&deadline, &stamp, 300) ;
  start = stamp ;
  socket_connector_init(&c, x, 4, &deadline) ;
  c.delay = 60 ;
  check(fails(socket_connector_wait(&c, &stamp), ETIMEDOUT)) ;
  check(signalled > 10) ;
  check(pid > 0 && !kill(pid, SIGKILL) && waitpid(pid, 0, 0) == pid) ;

  check(same_time(&x[0].start, &start)) ;
  for (int i = 1 ; i < 4 ; i++)
  {
    check(ms(&x[i - 1].start, &x[i].start) >= 59) ;
    check(ms(&start, &x[i].start) < 60 * i + 100) ;
  }
  for (int i = 0 ; i < 4 ; i++) check(x[i].error == ETIMEDOUT) ;
  check(ms(&start, &stamp) >= 299 && ms(&start, &stamp) < 3000) ;
  target_close(&t) ;
}

static void signals (void) { signals_with(0) ; }
static void signals_restart (void) { signals_with(SA_RESTART) ; }


 /* Many candidates: the kernel is real, the clock is ours */

static void thousand_of (int is6)
{
  target t[4] = { refused(), ok(), target_open(is6, REFUSED), target_open(is6, 128) } ;
  socket_candidate *x = malloc(1000 * sizeof *x) ;
  socket_connector c ;
  tain start, deadline, stamp ;
  int r ;
  /* first all of one family, then all of the other */
  for (int i = 0 ; i < 1000 ; i++) to(x + i, t + (i < 500 ? 0 : i < 999 ? 2 : 3)) ;
  in(&deadline, &stamp, 30000) ;
  start = stamp ;
  socket_connector_init(&c, x, 1000, &deadline) ;
  while (!(r = socket_connector_step(&c, &stamp)))
  {
    check(c.inflight <= 1) ;
    if (c.inflight) await_one(&c) ;
    later(&stamp, &stamp, 10) ;
  }
  check(r == 1 && c.winner == 999 && is_up(c.fd)) ;
  for (int i = 0 ; i < 999 ; i++) check(x[i].error == ECONNREFUSED && x[i].fd == -1) ;
  for (int i = 0 ; i < 1000 ; i++)
  {
    int place = !is6 ? i : i < 500 ? 2 * i : 2 * (i - 500) + 1 ;
    check(ms(&start, &x[i].start) == 10 * place) ;
  }
  close(c.fd) ;
  free(x) ;
  for (int i = 0 ; i < 4 ; i++) target_close(t + i) ;
}

static void thousand (void) { thousand_of(0) ; }
static void thousand_interleaved (void) { if (!have6()) SKIP("no IPv6") ; thousand_of(1) ; }


 /* The end that the caller sets */

static void deadline_past (void)
{
  target t[3] = { ok(), silent(), refused() } ;
  socket_candidate x[2] ;
  tain past[3] = { TAIN_ZERO }, stamp ;
  int s ;
  tain_now(past + 1) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    fault.patient = 1 ;
    to(x, t) ;
    to(x + 1, t) ;
    tain_now(&stamp) ;
    if (i == 2) past[i] = stamp ;
    check(keeps((s = socket_connectany(x, 2, past + i, &stamp)) >= 0)) ;
    check(is_up(s) && x[1].fd == -1 && !x[1].error) ;
    close(s) ;
    to(x, t + 2) ;
    check(fails(socket_connectany(x, 1, past + i, &stamp), ECONNREFUSED)) ;
    fault.patient = 0 ;
    to(x, t + 1) ;
    check(fails(socket_connectany(x, 2, past + i, &stamp), ETIMEDOUT)) ;
    check(x[0].error == ETIMEDOUT && x[0].fd == -1 && !x[1].error && x[1].fd == -1) ;
  }
  for (int i = 0 ; i < 3 ; i++) target_close(t + i) ;
}

static void deadline_later (void)
{
  target t = silent() ;
  socket_candidate x[2] ;
  tain deadline, start, stamp ;
  to(x, &t) ;
  to(x + 1, &t) ;
  in(&deadline, &stamp, 60) ;
  start = stamp ;
  check(fails(socket_connectany(x, 2, &deadline, &stamp), ETIMEDOUT)) ;
  check(!tain_less(&stamp, &deadline) && ms(&start, &stamp) < 3000) ;
  check(x[0].error == ETIMEDOUT && same_time(&x[0].end, &stamp) && !x[1].error) ;
  target_close(&t) ;
}

static void deadline_never (void)
{
  target t[2] = { silent(), ok() } ;
  socket_candidate x[2] ;
  tain stamp, next ;
  socket_connector c ;
  int s ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  tain_now(&stamp) ;
  check(keeps((s = socket_connectany(x, 2, &tain_infinite, &stamp)) >= 0)) ;
  check(is_up(s) && ms(&x[0].start, &x[1].start) >= 250) ;
  close(s) ;

  /* a late winner is a winner: nothing ends the wait but the attempt itself */
  socket_connector_init(&c, x, 1, &tain_infinite) ;
  check(!socket_connector_step(&c, &stamp)) ;
  socket_connector_nextdeadline(&c, &next) ;
  check(same_time(&next, &tain_infinite)) ;
  s = socket_accept4(t[0].fd, 0, 0) ;
  check(s >= 0) ;
  close(s) ;
  check(keeps((s = socket_connector_wait(&c, &stamp)) >= 0)) ;
  check(is_up(s) && c.winner == 0) ;
  close(s) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}

static void stop (void)
{
  target t[4] = { silent(), silent(), refused(), ok() } ;
  socket_candidate x[3] ;
  socket_connector c ;
  tain deadline, next, stamp ;
  iopause_fd f[3] ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  to(x + 2, t + 3) ;
  in(&deadline, &stamp, 30000) ;

  /* before the first step, once and twice, then after one, two and three attempts */
  for (int attempts = 0 ; attempts < 3 ; attempts++)
  {
    int before = test_descriptors() ;
    socket_connector_init(&c, x, 3, &deadline) ;
    for (int i = 0 ; i < attempts ; i++)
    {
      check(!socket_connector_step(&c, &stamp)) ;
      later(&stamp, &stamp, 250) ;
    }
    check(socket_connector_prepare(&c, f) == (unsigned int)attempts && test_descriptors() == before + attempts) ;
    fault.close = EIO ;
    errno = 4242 ;
    socket_connector_stop(&c) ;
    socket_connector_stop(&c) ;
    check(errno == 4242) ;
    fault.close = 0 ;
    check(test_descriptors() == before && !socket_connector_prepare(&c, f) && c.fd == -1) ;
    for (int i = 0 ; i < 3 ; i++) check(x[i].fd == -1 && x[i].error == (i < attempts ? ECANCELED : 0)) ;
    check(fails(socket_connector_step(&c, &stamp), ECANCELED)) ;
    check(fails(socket_connector_wait(&c, &stamp), ECANCELED)) ;
    socket_connector_nextdeadline(&c, &next) ;
    check(same_time(&next, &deadline)) ;
  }

  /* with one put off */
  socket_connector_init(&c, x, 3, &deadline) ;
  check(!socket_connector_step(&c, &stamp)) ;
  later(&stamp, &stamp, 250) ;
  fault.socket4 = EMFILE ;
  check(!socket_connector_step(&c, &stamp)) ;
  fault.socket4 = 0 ;
  socket_connector_stop(&c) ;
  check(x[0].error == ECANCELED && !x[1].error && x[0].fd == -1) ;

  /* after a win its descriptor is the caller's */
  socket_connector_init(&c, x + 2, 1, &deadline) ;
  check(socket_connector_wait(&c, &stamp) >= 0) ;
  socket_connector_stop(&c) ;
  check(is_up(c.fd) && socket_connector_step(&c, &stamp) == 1 && !x[2].error) ;
  check(socket_connector_wait(&c, &stamp) == c.fd) ;
  close(c.fd) ;

  /* after a loss */
  to(x, t + 2) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  tain_now(&stamp) ;
  check(fails(socket_connector_wait(&c, &stamp), ECONNREFUSED)) ;
  socket_connector_stop(&c) ;
  check(x[0].error == ECONNREFUSED && fails(socket_connector_step(&c, &stamp), ECONNREFUSED)) ;
  for (int i = 0 ; i < 4 ; i++) target_close(t + i) ;
}

static int tell (int fd, socket_candidate const *x, void *to_child)
{
  (void)fd ;
  (void)x ;
  return write(*(int *)to_child, "", 1) == 1 ? 0 : -1 ;
}

/* A child writes to the pipe, or closes it, when the race has begun. */

static void cancel_by_child (int writes)
{
  target t = silent() ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain start, stamp ;
  int begun[2], cancel[2] ;
  pid_t pid ;
  to(x, &t) ;
  to(x + 1, &t) ;
  check(!pipe(begun) && !pipe(cancel)) ;
  fflush(stdout) ;
  pid = fork() ;
  if (!pid)
  {
    char b ;
    ssize_t r ;
    close(begun[1]) ;
    r = read(begun[0], &b, 1) ;
    if (writes && r == 1) r = write(cancel[1], "", 1) ;
    if (writes) r = read(begun[0], &b, 1) ;  /* until the parent closes it: no hangup helps */
    _exit(r == -1) ;
  }
  check(pid > 0) ;
  close(begun[0]) ;
  close(cancel[1]) ;
  tain_now(&stamp) ;
  start = stamp ;
  socket_connector_init(&c, x, 2, &tain_infinite) ;
  c.setup = &tell ;
  c.setupdata = begun + 1 ;
  c.delay = 20000 ;
  c.cancelfd = cancel[0] ;
  check(fails(socket_connector_wait(&c, &stamp), ECANCELED)) ;
  check(ms(&start, &stamp) < 10000) ;
  check(c.fd == -1 && x[0].fd == -1 && x[0].error == ECANCELED && !x[1].error) ;
  check(fails(socket_connector_step(&c, &stamp), ECANCELED)) ;
  close(begun[1]) ;
  close(cancel[0]) ;
  check(waitpid(pid, 0, 0) == pid) ;
  target_close(&t) ;
}

static void cancel_written (void) { cancel_by_child(1) ; }
static void cancel_closed (void) { cancel_by_child(0) ; }

static void cancel_before (void)
{
  target t[2] = { silent(), ok() } ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, stamp ;
  int p[2] ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  in(&deadline, &stamp, 30000) ;
  for (int writes = 0 ; writes < 2 ; writes++)
  {
    check(!pipe(p)) ;
    if (writes) check(write(p[1], "", 1) == 1) ;
    else close(p[1]) ;
    socket_connector_init(&c, x, 2, &deadline) ;
    c.cancelfd = p[0] ;
    check(fails(socket_connector_wait(&c, &stamp), ECANCELED)) ;
    check(x[0].error == ECANCELED && x[0].fd == -1 && !x[1].error) ;
    close(p[0]) ;
    if (writes) close(p[1]) ;
  }

  /* one that stays quiet changes nothing */
  check(!pipe(p)) ;
  socket_connector_init(&c, x, 2, &deadline) ;
  c.delay = 10 ;
  c.cancelfd = p[0] ;
  tain_now(&stamp) ;
  polls = 0 ;
  check(keeps(socket_connector_wait(&c, &stamp) >= 0)) ;
  check(c.winner == 1 && is_up(c.fd) && polls < 20) ;
  close(c.fd) ;
  close(p[0]) ;
  close(p[1]) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}


 /* setup */

typedef struct seen_s seen ;
struct seen_s
{
  int calls, refuse, error, fd ;
  socket_candidate const *x ;
} ;

static int look_at (int fd, socket_candidate const *x, void *p)
{
  seen *d = p ;
  check(!socket_connected(fd) && errno == ENOTCONN) ;
  check(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC) ;
  d->x = x ;
  d->fd = fd ;
  if (d->calls++ < d->refuse) return (errno = d->error, -1) ;
  return socket_bind4(fd, "\177\0\0\2", 0) ;
}

static void setup (void)
{
  target t = ok() ;
  socket_candidate x[3] ;
  socket_connector c ;
  tain deadline, stamp ;
  seen d = { .refuse = 2, .error = EPERM } ;
  char ip[4] = "" ;
  int s = -1 ;
  for (int i = 0 ; i < 3 ; i++) to(x + i, &t) ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(&c, x, 3, &deadline) ;
  c.setup = &look_at ;
  c.setupdata = &d ;
  check(keeps(socket_connector_wait(&c, &stamp) >= 0)) ;
  check(is_up(c.fd) && c.winner == 2 && d.calls == 3 && d.x == x + 2 && d.fd == c.fd) ;
  for (int i = 0 ; i < 2 ; i++) check(x[i].error == EPERM && x[i].fd == -1 && same_time(&x[i].start, &x[2].start)) ;
  check(test_ready(t.fd, POLLIN) && (s = socket_accept4(t.fd, ip, 0)) >= 0) ;
  check(!memcmp(ip, "\177\0\0\2", 4)) ;
  close(s) ;
  close(c.fd) ;

  d.calls = 0 ;
  d.refuse = 4 ;
  d.error = EADDRINUSE ;
  socket_connector_init(&c, x, 3, &deadline) ;
  c.setup = &look_at ;
  c.setupdata = &d ;
  sockets = 0 ;
  check(fails(socket_connector_wait(&c, &stamp), EADDRINUSE)) ;
  check(sockets == 3 && d.calls == 3 && c.fd == -1) ;
  for (int i = 0 ; i < 3 ; i++) check(x[i].error == EADDRINUSE && x[i].fd == -1) ;
  target_close(&t) ;
}


 /* Loops of one's own */

/* what is left until the next step, in ms, rounded up */

static int timeout (socket_connector const *c, tain const *stamp)
{
  tain next ;
  int left ;
  socket_connector_nextdeadline(c, &next) ;
  if (!tain_less(stamp, &next)) return 0 ;
  left = ms(stamp, &next) ;
  return left < 30000 ? left + 1 : 30000 ;
}

static int by_poll (socket_connector *c)
{
  for (;;)
  {
    tain stamp ;
    struct pollfd p[8] ;
    unsigned int n ;
    int r ;
    tain_now(&stamp) ;
    r = socket_connector_step(c, &stamp) ;
    if (r) return r ;
    memset(p, 0xaa, sizeof p) ;
    n = socket_connector_prepare(c, p) ;
    check(n <= 4 && p[n].fd == (int)0xaaaaaaaa) ;
    for (unsigned int i = 0 ; i < n ; i++) check(p[i].fd >= 0 && p[i].events == POLLOUT && !p[i].revents) ;
    check(poll(p, n, timeout(c, &stamp)) >= 0) ;
  }
}

static int by_epoll (socket_connector *c)
{
  int ep = epoll_create1(EPOLL_CLOEXEC), r ;
  for (;;)
  {
    tain stamp ;
    iopause_fd x[8] ;
    struct epoll_event e ;
    unsigned int n ;
    tain_now(&stamp) ;
    r = socket_connector_step(c, &stamp) ;
    if (r) break ;
    n = socket_connector_prepare(c, x) ;
    for (unsigned int i = 0 ; i < n ; i++)
    {
      e.events = EPOLLOUT ;
      e.data.fd = x[i].fd ;
      check(!epoll_ctl(ep, EPOLL_CTL_ADD, x[i].fd, &e) || errno == EEXIST) ;
    }
    check(epoll_wait(ep, &e, 1, timeout(c, &stamp)) >= 0) ;
  }
  close(ep) ;
  return r ;
}

static void loop_of (int (*loop) (socket_connector *))
{
  target t[4] = { refused(), silent(), refused(), ok() } ;
  socket_candidate x[4] ;
  socket_connector c ;
  tain deadline, stamp ;
  for (int i = 0 ; i < 4 ; i++) to(x + i, t + i) ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(&c, x, 4, &deadline) ;
  c.delay = 50 ;
  polls = 0 ;
  check((*loop)(&c) == 1) ;
  check(c.winner == 3 && is_up(c.fd) && x[1].error == ECANCELED && x[2].error == ECONNREFUSED) ;
  check(ms(&x[0].start, &x[1].start) >= 10 && ms(&x[1].start, &x[2].start) >= 50 && ms(&x[2].start, &x[3].start) >= 10) ;
  check(polls < 100) ;
  close(c.fd) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  check((*loop)(&c) == -1 && errno == ECONNREFUSED) ;
  in(&deadline, &stamp, 50) ;
  socket_connector_init(&c, x + 1, 1, &deadline) ;
  check((*loop)(&c) == -1 && errno == ETIMEDOUT) ;
  for (int i = 0 ; i < 4 ; i++) target_close(t + i) ;
}

static void loop_poll (void) { loop_of(&by_poll) ; }
static void loop_epoll (void) { loop_of(&by_epoll) ; }

static void expecting (void)
{
  target t[2] = { refused(), ok() } ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, next, stamp ;
  iopause_fd f[1] ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(&c, x, 0, &deadline) ;
  c.expecting = 1 ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  socket_connector_nextdeadline(&c, &next) ;
  check(same_time(&next, &deadline)) ;

  to(x, t) ;
  c.n = 1 ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[0].fd >= 0) ;
  await_one(&c) ;
  later(&stamp, &stamp, 5) ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[0].error == ECONNREFUSED && x[0].fd == -1 && !socket_connector_prepare(&c, f)) ;
  socket_connector_nextdeadline(&c, &next) ;
  check(same_time(&next, &deadline)) ;

  later(&stamp, &stamp, 5) ;
  to(x + 1, t + 1) ;
  c.n = 2 ;
  check(keeps(socket_connector_step(&c, &stamp) == 0)) ;
  check(x[1].fd >= 0 && same_time(&x[1].start, &stamp)) ;
  await_one(&c) ;
  check(keeps(socket_connector_step(&c, &stamp) == 1)) ;
  check(is_up(c.fd) && c.winner == 1) ;
  close(c.fd) ;

  /* no more comes */
  socket_connector_init(&c, x, 1, &deadline) ;
  c.expecting = 1 ;
  check(!socket_connector_step(&c, &stamp)) ;
  await_one(&c) ;
  check(!socket_connector_step(&c, &stamp)) ;
  c.expecting = 0 ;
  check(fails(socket_connector_step(&c, &stamp), ECONNREFUSED)) ;

  /* none came in time */
  in(&deadline, &stamp, 30) ;
  socket_connector_init(&c, x, 1, &deadline) ;
  c.expecting = 1 ;
  check(fails(socket_connector_wait(&c, &stamp), ETIMEDOUT)) ;
  check(x[0].error == ECONNREFUSED) ;
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}

/* an array can be used again */

static void again (void)
{
  target t[2] = { silent(), ok() } ;
  socket_candidate x[2] ;
  socket_connector c ;
  tain deadline, stamp ;
  to(x, t) ;
  to(x + 1, t + 1) ;
  in(&deadline, &stamp, 30000) ;
  for (int i = 0 ; i < 3 ; i++)
  {
    memset(&c, 0xaa, sizeof c) ;
    x[0].sent = x[1].sent = 7 ;
    socket_connector_init(&c, x, 2, &deadline) ;
    check(x[0].fd == -1 && !x[0].error && !x[0].sent && x[1].fd == -1 && !x[1].error && !x[1].sent) ;
    check(c.fd == -1 && c.cancelfd == -1 && c.delay == 250 && !c.backoff && !c.data && !c.len && !c.setup) ;
    check(!c.inorder && !c.everywhere && !c.expecting && c.n == 2 && c.candidate == x && !c.sent) ;
    c.delay = 10 ;
    check(socket_connector_wait(&c, &stamp) == c.fd && is_up(c.fd) && x[0].error == ECANCELED) ;
    close(c.fd) ;
  }
  for (int i = 0 ; i < 2 ; i++) target_close(t + i) ;
}


 /* Fast open */

static int race_with (socket_candidate *x, unsigned int n, char const *data, size_t len, int everywhere, socket_connector *c)
{
  tain deadline, stamp ;
  in(&deadline, &stamp, 30000) ;
  socket_connector_init(c, x, n, &deadline) ;
  c->delay = 50 ;
  c->data = data ;
  c->len = len ;
  c->everywhere = !!everywhere ;
  return socket_connector_wait(c, &stamp) ;
}

/* the server's next connection: what it reads until the end */

static int reads (int listener, char const *want, int fast)
{
  char buf[64] ;
  size_t n = 0 ;
  ssize_t r ;
  int s ;
  check(test_ready(listener, POLLIN)) ;
  s = socket_accept6(listener, 0, 0, 0) ;
  if (s == -1) return 0 ;
  if (fast >= 0) check(socket_fastopen_used(s) == fast) ;
  while (test_ready(s, POLLIN) && (r = read(s, buf + n, sizeof buf - n)) > 0) n += (size_t)r ;
  close(s) ;
  return n == strlen(want) && !memcmp(buf, want, n) ;
}

#ifndef LIBSOCKET_PORTABLE

static void fastopen_elsewhere (void)
{
  target t = ok(), mute = silent() ;
  socket_candidate x[2] ;
  socket_connector c ;
  int s, peer = -1 ;

  if (test_write("/proc/sys/net/ipv4/tcp_fastopen", "3") == -1 || socket_fastopen(t.fd) == -1)
  {
    target_close(&t) ;
    target_close(&mute) ;
    SKIP("no fast open") ;
  }
  to(x, &t) ;
  to(x + 1, &t) ;

  /* no cookie yet: nothing is sent early */
  check(keeps((s = race_with(x, 2, "hello", 5, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 0 && !c.sent && !x[0].sent && !x[1].sent) ;
  check(write(s, "late", 4) == 4) ;
  close(s) ;
  check(reads(t.fd, "late", 0)) ;

  /* with the cookie: all of it is, once */
  check(keeps((s = race_with(x, 2, "hello", 5, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 0 && c.sent == 5 && x[0].sent == 5 && !x[1].sent) ;
  check(write(s, " world", 6) == 6) ;
  close(s) ;
  check(reads(t.fd, "hello world", 1)) ;

  /* no data: fast open all the same, for a server that speaks first */
  tracing_on() ;
  s = race_with(x, 1, "", 0, 0, &c) ;
  tracing = 0 ;
  check(strstr(trace, "sendto") && !strstr(trace, "connect")) ;
  check(s >= 0 && !c.sent) ;
  check(test_ready(t.fd, POLLIN) && (peer = socket_accept4(t.fd, 0, 0)) >= 0) ;
  check(write(peer, "220", 3) == 3) ;
  close(peer) ;
  check(test_ready(s, POLLIN)) ;
  close(s) ;

  /* the second attempt is a plain one */
  to(x, &mute) ;
  check(keeps((s = race_with(x, 2, "hello", 5, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 1 && !c.sent && x[0].sent == 5 && !x[1].sent && x[0].error == ECANCELED) ;
  close(s) ;
  check(reads(t.fd, "", 0)) ;

  /* unless the data may ride everywhere */
  check(keeps((s = race_with(x, 2, "hello", 5, 1, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 1 && c.sent == 5 && x[0].sent == 5 && x[1].sent == 5) ;
  close(s) ;
  check(reads(t.fd, "hello", 1)) ;

  /* no data to a silent one: under way is not connected */
  check(keeps((s = race_with(x, 2, "", 0, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 1 && x[0].error == ECANCELED) ;
  close(s) ;
  check(reads(t.fd, "", 0)) ;

  /* one without a route does not use it up */
  unroutable(x) ;
  check(keeps((s = race_with(x, 2, "hello", 5, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 1 && c.sent == 5 && x[0].error == ENETUNREACH) ;
  close(s) ;
  check(reads(t.fd, "hello", 1)) ;

  /* no data: off */
  to(x, &t) ;
  tracing_on() ;
  s = race_with(x, 1, 0, 0, 1, &c) ;
  check(traced(" socket connect poll getpeername")) ;
  check(is_up(s) && !c.sent) ;
  close(s) ;

  target_close(&t) ;
  target_close(&mute) ;

  if (!have6()) return ;
  t = target_open(1, 128) ;
  check(!socket_fastopen(t.fd)) ;
  to(x, &t) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    check(keeps((s = race_with(x, 1, "hello", 5, 0, &c)) >= 0)) ;
    check(is_up(s) && c.sent == (i ? 5 : 0)) ;
    close(s) ;
    check(reads(t.fd, i ? "hello" : "", i)) ;
  }
  target_close(&t) ;
}

static void fast_open (void) { elsewhere(&fastopen_elsewhere) ; }

#endif

/* With or without a cookie, whatever the kernel says: sent says what is left to write. */

static void data_anyway (void)
{
  target t = ok() ;
  socket_candidate x[2] ;
  socket_connector c ;
  int s ;
  to(x, &t) ;
  to(x + 1, &t) ;
  check(keeps((s = race_with(x, 2, "hello", 5, 0, &c)) >= 0)) ;
  check(is_up(s) && c.winner == 0 && c.sent == x[0].sent && c.sent <= 5) ;
  check(write(s, &"hello"[c.sent], 5 - c.sent) == (ssize_t)(5 - c.sent)) ;
  close(s) ;
  check(reads(t.fd, "hello", -1)) ;
  target_close(&t) ;
}


 /* Two namespaces: the answer to the SYN is an ICMP error that arrives while connect() is at work */

#ifndef LIBSOCKET_PORTABLE

static int shell (char const *format, ...)
{
  char s[512] ;
  va_list a ;
  va_start(a, format) ;
  vsnprintf(s, sizeof s, format, a) ;
  va_end(a) ;
  return system(s) ;
}

static void icmp_elsewhere (void)
{
  int up[2], go[2], wstat = -1 ;
  char b ;
  pid_t pid ;
  socket_candidate x ;
  tain deadline, start, stamp ;
  struct rusage before, after ;

  check(!pipe(up) && !pipe(go)) ;
  pid = fork() ;
  if (!pid)
  {
    int r = unshare(CLONE_NEWNET) ;
    close(go[1]) ;
    if (write(up[1], "", 1) != 1 || read(go[0], &b, 1) != 1 || r == -1) _exit(1) ;
    r = shell("ip link set dev vb up && ip addr add 192.0.2.2/30 dev vb && "
      "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev vb nud permanent && "
      "ip route add unreachable 198.51.100.0/24 && echo 1 > /proc/sys/net/ipv4/ip_forward") ;
    if (r || write(up[1], "", 1) != 1) _exit(1) ;
    while (read(go[0], &b, 1) == 1) ;
    _exit(0) ;
  }
  close(go[0]) ;
  check(pid > 0 && read(up[0], &b, 1) == 1) ;
  close(up[1]) ;
  if (shell("ip link add name va address 02:00:00:00:00:01 type veth peer name vb address 02:00:00:00:00:02 netns %d && "
      "ip link set dev va up && ip addr add 192.0.2.1/30 dev va && "
      "ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev va nud permanent && "
      "ip route add 198.51.100.0/24 via 192.0.2.2", (int)pid)
    || write(go[1], "", 1) != 1 || read(up[0], &b, 1) != 1)
  {
    check(0) ;
    goto end ;
  }

  socket_candidate_ip4(&x, "\306\63\144\1", 9) ;
  in(&deadline, &stamp, 700) ;
  start = stamp ;
  polls = 0 ;
  check(!getrusage(RUSAGE_SELF, &before)) ;
  tracing_on() ;
  check(fails(socket_connectany(&x, 1, &deadline, &stamp), ETIMEDOUT)) ;
  tracing = 0 ;
  check(!getrusage(RUSAGE_SELF, &after)) ;
  check(ms(&start, &stamp) >= 699) ;
  check(strstr(trace, "recvmsg")) ;  /* the error did arrive */
  check(polls < 10) ;
  check((after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000
    + after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec < 350000) ;

  /* the answer to the next SYN, a second later, ends it */
  in(&deadline, &stamp, 30000) ;
  check(fails(socket_connectany(&x, 1, &deadline, &stamp), EHOSTUNREACH)) ;
  check(x.error == EHOSTUNREACH && ms(&x.start, &x.end) < 10000) ;

 end:
  close(up[0]) ;
  close(go[1]) ;
  check(waitpid(pid, &wstat, 0) == pid) ;
}

static void icmp (void) { elsewhere(&icmp_elsewhere) ; }

#endif

int main (void)
{
  RUN(at_once4) ;
  RUN(at_once6) ;
  RUN(calls4) ;
  RUN(calls6) ;
  RUN(calls_synchronous) ;
  RUN(past) ;
  RUN(all_refused) ;
  RUN(families_alternate) ;
  RUN(no_candidates) ;
  RUN(no_route) ;
  RUN(no_ipv6) ;
  RUN(errnos) ;
  RUN(errnos_of_socket) ;
  RUN(einval) ;
  RUN(poll_fails) ;
  RUN(emfile) ;
  RUN(descriptor0) ;
  RUN(signals) ;
  RUN(signals_restart) ;
  RUN(thousand) ;
  RUN(thousand_interleaved) ;
  RUN(deadline_past) ;
  RUN(deadline_later) ;
  RUN(deadline_never) ;
  RUN(stop) ;
  RUN(cancel_written) ;
  RUN(cancel_closed) ;
  RUN(cancel_before) ;
  RUN(setup) ;
  RUN(loop_poll) ;
  RUN(loop_epoll) ;
  RUN(expecting) ;
  RUN(again) ;
  RUN(data_anyway) ;
#ifndef LIBSOCKET_PORTABLE
  RUN(fast_open) ;
  RUN(icmp) ;
#endif
  return test_end() ;
}
