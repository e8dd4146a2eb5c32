/* ISC license. */

/*
   For programs that inject faults: the system calls are the program's own, so that each call that the library makes
   fails once with each errno it may have.
   A case names a function and a situation: it is run once to see its calls, and then once for every call and errno.
*/

#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "test.h"

#include <sys/syscall.h>

#include "socket.h"

enum { SOCKET, SETSOCKOPT, FCNTL, ACCEPT4, ACCEPT, BIND, LISTEN, GETSOCKNAME, GETPEERNAME, CONNECT, POLL, GETSOCKOPT, RECVMSG,
  RECVFROM, SENDTO, SEND, IOCTL, IF_NAMETOINDEX, IF_INDEXTONAME, CLOSE, CALLS } ;

static char const *const names[CALLS] =
{
  "socket", "setsockopt", "fcntl", "accept4", "accept", "bind", "listen", "getsockname", "getpeername", "connect", "poll", "getsockopt", "recvmsg",
  "recvfrom", "sendto", "send", "ioctl", "if_nametoindex", "if_indextoname", "close"
} ;

static struct
{
  int on ;                /* the library is at work: count and fail */
  unsigned int n ;        /* calls so far */
  int calls[32] ;         /* which */
  unsigned int at[2] ;    /* these fail ... */
  int error[2] ;          /* ... with these, unless 0 */
  int opened ;            /* descriptors opened less descriptors closed */
  unsigned int closed ;   /* descriptors closed */
  int all ;               /* descriptors opened less descriptors closed, whether on or not */
  int backlog ;           /* of the last listen */
  int protocol ;          /* of the last socket */
  nfds_t polled ;         /* descriptors of the last poll */
  int waiting ;           /* since an interrupted connect there was no poll */
} k ;

/* Hosts */

static int no6 ;          /* no IPv6 */
static int no4 ;          /* no IPv4 */
static int noflags ;      /* no SOCK_NONBLOCK, SOCK_CLOEXEC, accept4 */
static int noaccept ;     /* neither accept4 nor accept */
static int nosctp ;       /* no SCTP */
static int noroom ;       /* any buffer is too much */
static int nopeer ;       /* accept does not tell the peer's address */
static int soerror ;      /* what SO_ERROR says */
static short seen ;       /* all that poll sees, if not 0: POLLERR is an unread ICMP error */
static int lost ;         /* an interrupted connect has done nothing */

static void (*faulting) (int, int) ;  /* is told of a fault, and of the descriptor or -1 */

static int fault (int call, int fd)
{
  unsigned int i = k.n ;
  if (!k.on) return 0 ;
  if (i < sizeof k.calls / sizeof *k.calls) k.calls[i] = call ;
  k.n++ ;
  for (int j = 0 ; j < 2 ; j++) if (k.error[j] && k.at[j] == i)
  {
    if (faulting) (*faulting)(call, fd) ;
    return (errno = k.error[j], 1) ;
  }
  return 0 ;
}

static int opened (int fd)
{
  if (k.on && fd >= 0) k.opened++ ;
  if (fd >= 0) k.all++ ;
  return fd ;
}

/* Prototypes are not the same everywhere: glibc has unions for addresses in C. */

#ifdef __GLIBC__
typedef unsigned long ioctl_request ;
typedef char interface_name[IF_NAMESIZE] ;
#else
#define __CONST_SOCKADDR_ARG struct sockaddr const *
#define __SOCKADDR_ARG struct sockaddr *
typedef int ioctl_request ;
typedef char *interface_name ;
#endif

#define POINTER(p, arg) void *p ; memcpy(&p, &arg, sizeof p)

int socket (int domain, int type, int protocol)
{
  if (fault(SOCKET, -1)) return -1 ;
  if (noflags && type & (SOCK_NONBLOCK | SOCK_CLOEXEC)) return (errno = EINVAL, -1) ;
  if (noflags > 1) return (errno = EINVAL, -1) ;
  if ((no6 && domain == AF_INET6) || (no4 && domain == AF_INET)) return (errno = EAFNOSUPPORT, -1) ;
  if (nosctp && protocol == IPPROTO_SCTP) return (errno = EPROTONOSUPPORT, -1) ;
  k.protocol = protocol ;
  return opened((int)syscall(SYS_socket, domain, type, 0)) ;  /* TCP stands in for SCTP, which few kernels have */
}

int setsockopt (int s, int level, int option, void const *value, socklen_t len)
{
  if (fault(SETSOCKOPT, s)) return -1 ;
  if (k.on && noroom && option == SO_RCVBUF)
  {
    if (k.n > 1000) abort() ;
    return (errno = ENOBUFS, -1) ;
  }
  return (int)syscall(SYS_setsockopt, s, level, option, value, len) ;
}

int getsockopt (int s, int level, int option, void *value, socklen_t *len)
{
  if (fault(GETSOCKOPT, s)) return -1 ;
  if (k.on && soerror && level == SOL_SOCKET && option == SO_ERROR)
  {
    memcpy(value, &soerror, sizeof soerror) ;
    return 0 ;
  }
  return (int)syscall(SYS_getsockopt, s, level, option, value, len) ;
}

int fcntl (int fd, int command, ...)
{
  va_list args ;
  int arg ;
  if (command == F_GETFD || command == F_GETFL) return (int)syscall(SYS_fcntl, fd, command, 0) ;
  if (fault(FCNTL, fd)) return -1 ;
  va_start(args, command) ;
  arg = va_arg(args, int) ;
  va_end(args) ;
  return (int)syscall(SYS_fcntl, fd, command, arg) ;
}

static int taken (int s, void *sa, socklen_t *len, int flags)
{
  if (nopeer) sa = 0 ;
  if (nopeer && len) *len = 0 ;
  return opened((int)syscall(SYS_accept4, s, sa, nopeer ? 0 : len, flags)) ;
}

int accept4 (int s, __SOCKADDR_ARG sa, socklen_t *len, int flags)
{
  POINTER(p, sa) ;
  if (fault(ACCEPT4, s)) return -1 ;
  if (noflags || noaccept) return (errno = ENOSYS, -1) ;
  return taken(s, p, len, flags) ;
}

int accept (int s, __SOCKADDR_ARG sa, socklen_t *len)
{
  POINTER(p, sa) ;
  if (fault(ACCEPT, s)) return -1 ;
  if (noaccept) return (errno = ENOSYS, -1) ;
  return taken(s, p, len, 0) ;
}

int bind (int s, __CONST_SOCKADDR_ARG sa, socklen_t len)
{
  POINTER(p, sa) ;
  if (fault(BIND, s)) return -1 ;
  return (int)syscall(SYS_bind, s, p, len) ;
}

int listen (int s, int backlog)
{
  if (fault(LISTEN, s)) return -1 ;
  k.backlog = backlog ;
  return (int)syscall(SYS_listen, s, backlog) ;
}

int getsockname (int s, __SOCKADDR_ARG sa, socklen_t *len)
{
  POINTER(p, sa) ;
  if (fault(GETSOCKNAME, s)) return -1 ;
  return (int)syscall(SYS_getsockname, s, p, len) ;
}

int getpeername (int s, __SOCKADDR_ARG sa, socklen_t *len)
{
  POINTER(p, sa) ;
  if (fault(GETPEERNAME, s)) return -1 ;
  return (int)syscall(SYS_getpeername, s, p, len) ;
}

/* An attempt is under way. */

static void begin (int s, void const *sa, socklen_t len)
{
  long flags = syscall(SYS_fcntl, s, F_GETFL) ;
  syscall(SYS_fcntl, s, F_SETFL, flags | O_NONBLOCK) ;
  syscall(SYS_connect, s, sa, len) ;
  syscall(SYS_fcntl, s, F_SETFL, flags) ;
}

/* A signal interrupts the wait: the attempt itself goes on, unless it is lost. POSIX: who calls again then does not wait. */

int connect (int s, __CONST_SOCKADDR_ARG sa, socklen_t len)
{
  POINTER(p, sa) ;
  if (fault(CONNECT, s))
  {
    int e = errno ;
    if (e == EINPROGRESS || e == EALREADY) begin(s, p, len) ;
    if (e == EINTR && !lost) syscall(SYS_connect, s, p, len) ;
    k.waiting = e == EINTR ;
    return (errno = e, -1) ;
  }
  if (k.on && k.waiting) return (errno = EALREADY, -1) ;
  return (int)syscall(SYS_connect, s, p, len) ;
}

/* iopause calls one or the other. */

/* not inline: glibc says that polling only writes, and gcc believes it */

__attribute__((noinline)) static int wait_for (struct pollfd *x, nfds_t n, struct timespec const *ts)
{
  if (fault(POLL, x->fd)) return -1 ;
  k.polled = n ;
  k.waiting = 0 ;
  if (k.on && seen) return (x->revents = seen, 1) ;
  return (int)syscall(SYS_ppoll, x, n, ts, 0, 0) ;
}

int ppoll (struct pollfd *x, nfds_t n, struct timespec const *ts, sigset_t const *set)
{
  (void)set ;
  return wait_for(x, n, ts) ;
}

int poll (struct pollfd *x, nfds_t n, int timeout)
{
  struct timespec const ts = { .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000 } ;
  return wait_for(x, n, timeout < 0 ? 0 : &ts) ;
}

/* The error queue is all that the library may read. */

ssize_t recvmsg (int s, struct msghdr *m, int flags)
{
  if (fault(RECVMSG, s)) return -1 ;
  if (k.on && !(flags & MSG_ERRQUEUE)) abort() ;
  return syscall(SYS_recvmsg, s, m, flags) ;
}

ssize_t recvfrom (int s, void *buf, size_t len, int flags, __SOCKADDR_ARG sa, socklen_t *salen)
{
  POINTER(p, sa) ;
  if (fault(RECVFROM, s)) return -1 ;
  return syscall(SYS_recvfrom, s, buf, len, flags, p, salen) ;
}

ssize_t sendto (int s, void const *buf, size_t len, int flags, __CONST_SOCKADDR_ARG sa, socklen_t salen)
{
  POINTER(p, sa) ;
  if (fault(SENDTO, s))
  {
    int e = errno ;
    if (e == EINPROGRESS && flags & MSG_FASTOPEN) begin(s, p, salen) ;
    return (errno = e, -1) ;
  }
  return syscall(SYS_sendto, s, buf, len, flags, p, salen) ;
}

ssize_t send (int s, void const *buf, size_t len, int flags)
{
  if (fault(SEND, s)) return -1 ;
  return syscall(SYS_sendto, s, buf, len, flags, (void *)0, 0) ;
}

int ioctl (int fd, ioctl_request request, ...)
{
  va_list args ;
  void *arg ;
  if (fault(IOCTL, fd)) return -1 ;
  va_start(args, request) ;
  arg = va_arg(args, void *) ;
  va_end(args) ;
  return (int)syscall(SYS_ioctl, fd, request, arg) ;
}

/* libc's, which make system calls that nobody can replace */

static int interface (unsigned long request, struct ifreq *ifr)
{
  int s = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0) ;
  int r = (int)syscall(SYS_ioctl, s, request, ifr) ;
  syscall(SYS_close, s) ;
  return r ;
}

unsigned int if_nametoindex (char const *name)
{
  struct ifreq ifr = { .ifr_ifindex = 0 } ;
  if (fault(IF_NAMETOINDEX, -1)) return 0 ;
  snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name) ;
  return interface(SIOCGIFINDEX, &ifr) == -1 ? 0 : (unsigned int)ifr.ifr_ifindex ;
}

char *if_indextoname (unsigned int i, interface_name name)
{
  struct ifreq ifr = { .ifr_ifindex = (int)i } ;
  if (fault(IF_INDEXTONAME, -1)) return 0 ;
  return interface(SIOCGIFNAME, &ifr) == -1 ? 0 : strcpy(name, ifr.ifr_name) ;
}

/* It closes, but says that it did not: nobody may believe its errno. */

int close (int fd)
{
  int r = (int)syscall(SYS_close, fd) ;
  if (r != -1) k.all-- ;
  if (!k.on || r == -1) return r ;
  k.opened-- ;
  k.closed++ ;
  return (errno = EINTR, -1) ;
}

/* What each call may say. EINVAL of socket, ENOSYS of accept and EAFNOSUPPORT have cases of their own; close always fails. */

static int const errors[CALLS][28] =
{
  [SOCKET] = { EACCES, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTONOSUPPORT },
  [SETSOCKOPT] = { EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK, ENOMEM, ENOBUFS, EPERM, EADDRINUSE, EADDRNOTAVAIL, ENODEV, EPROTO, EOPNOTSUPP,
    ENOSYS },
  [FCNTL] = { EBADF, EINVAL, EPERM, EAGAIN, ENOSYS },
  [ACCEPT4] = { EAGAIN, EINTR, EBADF, ECONNABORTED, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO,
    ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET, ENONET },
  [ACCEPT] = { EAGAIN, EINTR, EBADF, ECONNABORTED, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO,
    ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET, ENONET, ENOSYS },
  [BIND] = { EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENOTSOCK, ENOMEM, ENOBUFS, EPERM, ENODEV, EAGAIN },
  [LISTEN] = { EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP, EINVAL, EACCES, EPERM, ENOMEM, ENOBUFS },
  [GETSOCKNAME] = { EBADF, EINVAL, ENOBUFS, ENOTSOCK, ENOMEM },
  [GETPEERNAME] = { EBADF, EINVAL, ENOBUFS, ENOTSOCK, ENOMEM, ENOTCONN },
  [CONNECT] = { EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EALREADY, EBADF, ECONNREFUSED, ECONNRESET, EHOSTUNREACH,
    EINPROGRESS, EINTR, EINVAL, EISCONN, ENETUNREACH, ENETDOWN, ENOBUFS, ENOMEM, ENOTSOCK, EPROTOTYPE, ETIMEDOUT },
  [POLL] = { EINTR, EINVAL, ENOMEM, EAGAIN },
  [GETSOCKOPT] = { EBADF, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTSOCK, EOPNOTSUPP, EPERM },
  [RECVMSG] = { EAGAIN, EBADF, EINTR, EINVAL, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, ECONNREFUSED, EHOSTUNREACH },
  [RECVFROM] = { EAGAIN, EINTR, EBADF, ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT,
    ENOTCONN, ENOTSOCK, ETIMEDOUT },
  [SENDTO] = { EAGAIN, EINTR, EACCES, EPERM, EBADF, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EHOSTDOWN, EHOSTUNREACH, EINPROGRESS,
    EINVAL, EISCONN, EMSGSIZE, ENETDOWN, ENETUNREACH, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE, ETIMEDOUT },
  [SEND] = { EAGAIN, EINTR, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENOBUFS, ENOMEM, EPIPE, ETIMEDOUT },
  [IOCTL] = { EBADF, EINVAL, ENOTTY, ENOMEM },
  [IF_NAMETOINDEX] = { ENODEV, ENXIO, EMFILE, ENFILE, ENOBUFS, ENOMEM },
  [IF_INDEXTONAME] = { ENXIO, EMFILE, ENFILE, ENOBUFS, ENOMEM }
} ;

/* The sockets of a case, and the caller's variables */

static int s = -1, l = -1, c = -1 ;
static uint16_t lport ;
static char ip[16] ;
static uint16_t port ;
static uint32_t scope ;

static void preset (void)
{
  memset(ip, 'x', sizeof ip) ;
  port = 54321 ;
  scope = 7777 ;
}

static int untouched (void)
{
  for (size_t i = 0 ; i < sizeof ip ; i++) if (ip[i] != 'x') return 0 ;
  return port == 54321 && scope == 7777 ;
}

static void shut (void)
{
  if (s >= 0) close(s) ;
  if (l >= 0) close(l) ;
  if (c >= 0) close(c) ;
  s = l = c = -1 ;
}

#define NEWFD 99
#define SAME 4242

typedef struct situation situation ;
struct situation
{
  char const *name ;
  void (*open) (void) ;   /* makes the sockets */
  int (*call) (void) ;    /* the function */
  int yes ;               /* what it answers when all is well: 0, 1, or NEWFD for a descriptor */
  int error ;             /* or -1 and this errno */
  int first ;             /* the first call, or fast open's connect, fails with this in any case: the interest is in what follows */
} ;

/* Fast open: the errnos of its sendto after which an ordinary connect does it. */

static int goeson (situation const *f, int call, int error)
{
  static int const e[] = { EINPROGRESS, EINVAL, ENOSYS, ENOTCONN, EOPNOTSUPP, EPERM, EPIPE } ;
  if (call != SENDTO || !strstr(f->name, "fast")) return 0 ;
  for (size_t i = 0 ; i < sizeof e / sizeof *e ; i++) if (e[i] == error) return 1 ;
  return 0 ;
}

/* A call that does not wait is not interrupted. */

static int patient (situation const *f, int call)
{
  return !f->error && (call != SENDTO || !strstr(f->name, "fast")) ;
}

static unsigned int first_at (situation const *f)
{
#ifdef LIBSOCKET_PORTABLE
  return strstr(f->name, "fast") ? 1 : 0 ;
#else
  return strstr(f->name, "fast") ? 2 : 0 ;
#endif
}

/* The errno that is due when call number i fails, or SAME: then all is well all the same. */

static int due (situation const *f, int call, unsigned int i, int error)
{
  if (call == POLL && error == EINTR) return f->yes == 1 ? EINPROGRESS : SAME ;
  if ((call == CONNECT || call == SEND) && error == EINTR) return SAME ;
  if (call == SEND && error == EAGAIN) return SAME ;  /* no byte went: that is said by 0 */
  if (goeson(f, call, error)) return SAME ;
  if (call == CONNECT && error == EALREADY) return EINPROGRESS ;
  if (call == CONNECT && error == EISCONN && f->first) return SAME ;
  if (call == GETPEERNAME && error == ENOTCONN && f->yes == 1 && !i) return SAME ;
  return error ;
}

/* A failure is the last thing that happens: its errno, nothing open, nothing stored, nothing called after it. */

static int as_due (situation const *f, int r, int error, int expected)
{
  if (expected != SAME) return r == (f->yes == 1 ? 0 : -1) && error == expected && !k.opened && untouched() ;
  if (f->error) return r == -1 && error == f->error && !k.opened && untouched() ;
  if (f->yes == NEWFD) return r >= 0 && error == SAME && k.opened == 1 ;
  return r == f->yes && error == SAME && !k.opened ;
}

/* For test/faulted.sh, the whole list: which function, which call failed with what, what the function said. */

static int listing ;
static unsigned int faults ;

static void tell (char const *name, int call, int e, int error)
{
  if (e) faults++ ;
  if (listing) printf("# socket_%.*s %s %d %d\n", (int)strcspn(name, " "), name, e ? names[call] : "-", e, error == SAME ? 0 : error) ;
  if (listing && k.closed) printf("# socket_%.*s close %d 0\n", (int)strcspn(name, " "), name, EINTR) ;
}

/* The caller's sockets, as they were: open, their flags the same. */

static void flags (int *x)
{
  int const fd[] = { s, l, c } ;
  for (int i = 0 ; i < 3 ; i++)
  {
    x[2 * i] = fd[i] < 0 ? -1 : fcntl(fd[i], F_GETFL) ;
    x[2 * i + 1] = fd[i] < 0 ? -1 : fcntl(fd[i], F_GETFD) ;
  }
}

/* One call of the function, in which call number i fails with e. */

static int run (situation const *f, unsigned int i, int e, int *error)
{
  int before[6], after[6], r ;
  if (f->open) (*f->open)() ;
  flags(before) ;
  k.at[0] = first_at(f) ;
  k.error[0] = f->first ;
  k.at[1] = i ;
  k.error[1] = e ;
  k.n = 0 ;
  k.opened = 0 ;
  k.closed = 0 ;
  k.waiting = 0 ;
  preset() ;
  errno = SAME ;
  k.on = 1 ;
  r = (*f->call)() ;
  k.on = 0 ;
  *error = errno ;
  k.error[0] = k.error[1] = 0 ;
  flags(after) ;
  check(!memcmp(before, after, sizeof before)) ;
  return r ;
}

static void complain (situation const *f, unsigned int i, int e, int r, int error)
{
  printf("# %s: call %u, %s, errno %d: answer %d, errno %d, %d descriptors, %u calls\n",
    f->name, i, e ? names[k.calls[i]] : "none", e, r, error, k.opened, k.n) ;
}

static void attempt (situation const *f, unsigned int i, int e, int expected)
{
  int error ;
  int r = run(f, i, e, &error) ;
  int ok = as_due(f, r, error, expected) && (expected == SAME || !e || k.n == i + 1) ;
  if (!ok) complain(f, i, e, r, error) ;
  check(ok) ;
  tell(f->name, k.calls[i], e, error) ;
  if (f->yes == NEWFD && r >= 0) close(r) ;
  shut() ;
}

static inline void each (situation const *f)
{
  int calls[32] ;
  unsigned int n ;
  attempt(f, 0, 0, SAME) ;
  n = k.n ;
  memcpy(calls, k.calls, sizeof calls) ;
  check(n > 0 && n <= 32) ;
  if (n > 32) return ;
  for (unsigned int i = f->first ? first_at(f) + 1 : 0 ; i < n ; i++) for (unsigned int j = 0 ; errors[calls[i]][j] ; j++)
  {
    int e = errors[calls[i]][j] ;
    if (e == EINTR && !patient(f, calls[i])) continue ;
    attempt(f, i, e, due(f, calls[i], i, e)) ;
    attempt(f, 0, 0, SAME) ;  /* a fresh socket works */
  }
}

#define EACH(list) for (size_t i = 0 ; i < sizeof list / sizeof *list ; i++) each(list + i)

/* Fails only the last call. */

static inline void last (situation const *f, int e)
{
  attempt(f, 0, 0, SAME) ;
  attempt(f, k.n - 1, e, e) ;
}

static void host (int without6, int without4, int withoutflags)
{
  no6 = without6 ;
  no4 = without4 ;
  noflags = withoutflags ;
}

static int all_told (void)
{
  printf("# %u faults injected\n", faults) ;
  return test_end() ;
}

#endif
