/* ISC license. */

/*
   For programs that inject faults: each system call that the library makes fails once with each errno it may have.
   A case names a function and a situation: it is run once to see its calls, and then once for every call and errno.
*/

#ifndef FAULTS_H
#define FAULTS_H

#include "address.h"

#include "socket.h"
#include "syscalls.h"

/* libc's, which make system calls that no one can replace; and system calls whose failure has a meaning of its own: one for an
   IPv6 socket, IPV6_V6ONLY, a look at the error queue, and at the type of the socket that has one */

enum { CALL_if_nametoindex = CALLS, CALL_if_indextoname, CALL_socket6, CALL_v6only, CALL_look, CALL_type, ALL_CALLS } ;

static char const *name_of (int call)
{
  static char const *const names[] = { "if_nametoindex", "if_indextoname", "socket", "setsockopt", "poll", "getsockopt" } ;
  return call < CALLS ? call_name(call) : names[call - CALLS] ;
}

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
  unsigned int emptied ;  /* reads of the error queue */
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
static int cookie ;       /* sendto connects, and takes all */
static int queued ;       /* that is there for all who look at the error queue */
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

/* An attempt is under way. */

static void begin (int s, long sa, long len)
{
  long flags = syscall(SYS_fcntl, s, F_GETFL) ;
  syscall(SYS_fcntl, s, F_SETFL, flags | O_NONBLOCK) ;
  syscall(SYS_connect, s, sa, len) ;
  syscall(SYS_fcntl, s, F_SETFL, flags) ;
}

/* A signal interrupts the wait: the attempt itself goes on, unless it is lost. POSIX: a second connect does not wait. */

static void failed (int call, long const *a)
{
  int e = errno ;
  if (call == CALL_sendto && e == EINPROGRESS && a[3] & MSG_FASTOPEN) begin((int)a[0], a[4], a[5]) ;
  if (call == CALL_connect)
  {
    if (e == EINPROGRESS || e == EALREADY) begin((int)a[0], a[1], a[2]) ;
    if (e == EINTR && !lost) kernel(call, a) ;
    k.waiting = e == EINTR ;
  }
  errno = e ;
}

static long created (long const *a)
{
  if (noflags && a[1] & (SOCK_NONBLOCK | SOCK_CLOEXEC)) return (errno = EINVAL, -1) ;
  if (noflags > 1) return (errno = EINVAL, -1) ;
  if ((no6 && a[0] == AF_INET6) || (no4 && a[0] == AF_INET)) return (errno = EAFNOSUPPORT, -1) ;
  if (nosctp && a[2] == IPPROTO_SCTP) return (errno = EPROTONOSUPPORT, -1) ;
  k.protocol = (int)a[2] ;
  return opened((int)syscall(SYS_socket, a[0], a[1], a[2] == IPPROTO_SCTP ? 0 : a[2])) ;  /* TCP stands in for SCTP, which few kernels have */
}

static long taken (int call, long *a)
{
  if (noaccept || (noflags && call == CALL_accept4)) return (errno = ENOSYS, -1) ;
  if (nopeer && a[2]) *(socklen_t *)a[2] = 0 ;
  if (nopeer) a[1] = a[2] = 0 ;
  return opened((int)kernel(call, a)) ;
}

/* It closes, but says that it did not: no one may believe its errno. */

static long closed (long const *a)
{
  long r = kernel(CALL_close, a) ;
  if (r != -1) k.all-- ;
  if (!k.on || r == -1) return r ;
  k.opened-- ;
  k.closed++ ;
  return (errno = EINTR, -1) ;
}

/* Not every host has a route for groups: the loopback address stands in for one. */

static long sent (long const *a)
{
  struct sockaddr_in6 sa ;
  struct msghdr m ;
  memcpy(&m, (void *)a[1], sizeof m) ;
  memcpy(&sa, m.msg_name, sizeof sa) ;
  memcpy(&sa.sin6_addr, LOOPBACK6, 16) ;
  m.msg_name = &sa ;
  m.msg_control = 0 ;
  m.msg_controllen = 0 ;
  return kernel(CALL_sendmsg, (long [6]){ a[0], (long)&m, a[2] }) ;
}

static int kind_of (int call, long const *a)
{
  if (call == CALL_socket && a[0] == AF_INET6) return CALL_socket6 ;
  if (call == CALL_setsockopt && a[1] == IPPROTO_IPV6 && a[2] == IPV6_V6ONLY) return CALL_v6only ;
  if (call == CALL_poll && !((struct pollfd *)a[0])->events) return CALL_look ;
  if (call == CALL_getsockopt && k.n && k.n <= sizeof k.calls / sizeof *k.calls && k.calls[k.n - 1] == CALL_look) return CALL_type ;
  return call ;
}

static long hook (int call, long *a)
{
  int fd = call == CALL_socket ? -1 : call == CALL_poll ? ((struct pollfd *)a[0])->fd : (int)a[0] ;
  if (call == CALL_close) return closed(a) ;
  if (call == CALL_fcntl && (a[1] == F_GETFD || a[1] == F_GETFL)) return kernel(call, a) ;
  if (fault(kind_of(call, a), fd)) return (failed(call, a), -1) ;
  switch (call)
  {
    case CALL_socket : return created(a) ;
    case CALL_accept :
    case CALL_accept4 : return taken(call, a) ;
    case CALL_listen : k.backlog = (int)a[1] ; break ;
    case CALL_setsockopt :
      if (!k.on || !noroom || a[2] != SO_RCVBUF) break ;
      if (k.n > 1000) abort() ;
      return (errno = ENOBUFS, -1) ;
    case CALL_getsockopt :
      if (!k.on || !soerror || a[1] != SOL_SOCKET || a[2] != SO_ERROR) break ;
      memcpy((void *)a[3], &soerror, sizeof soerror) ;
      return 0 ;
    case CALL_sendto :
      if (!k.on || !cookie || !(a[3] & MSG_FASTOPEN)) break ;
      return syscall(SYS_connect, a[0], a[4], a[5]) ? -1 : a[2] ;
    case CALL_connect :
      if (k.on && k.waiting) return (errno = EALREADY, -1) ;
      break ;
    case CALL_poll :
      if (k.on && queued && !((struct pollfd *)a[0])->events) return (((struct pollfd *)a[0])->revents = POLLERR, 1) ;
      k.polled = (nfds_t)a[1] ;
      k.waiting = 0 ;
      if (k.on && seen) return (((struct pollfd *)a[0])->revents = seen, 1) ;
      break ;
    case CALL_sendmsg : return sent(a) ;
    case CALL_recvmsg :
      if (k.on && !(a[2] & MSG_ERRQUEUE)) abort() ;  /* all that the library may read */
      if (k.on) k.emptied++ ;
  }
  return kernel(call, a) ;
}

REPLACE(accept) REPLACE(accept4) REPLACE(bind) REPLACE(close) REPLACE(connect) REPLACE(fcntl) REPLACE(getpeername)
REPLACE(getsockname) REPLACE(getsockopt) REPLACE(ioctl) REPLACE(listen) REPLACE(poll) REPLACE(recvfrom) REPLACE(recvmsg)
REPLACE(send) REPLACE(sendmsg) REPLACE(sendto) REPLACE(setsockopt) REPLACE(socket)

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
  if (fault(CALL_if_nametoindex, -1)) return 0 ;
  snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name) ;
  return interface(SIOCGIFINDEX, &ifr) == -1 ? 0 : (unsigned int)ifr.ifr_ifindex ;
}

char *indextoname (unsigned int, char *) __asm__ ("if_indextoname") ;

char *indextoname (unsigned int i, char *name)
{
  struct ifreq ifr = { .ifr_ifindex = (int)i } ;
  if (fault(CALL_if_indextoname, -1)) return 0 ;
  return interface(SIOCGIFNAME, &ifr) == -1 ? 0 : strcpy(name, ifr.ifr_name) ;
}

/* What each call may say. EINVAL of socket, ENOSYS of accept and EAFNOSUPPORT have cases of their own; close always fails. */

static int const errors[ALL_CALLS][28] =
{
  [CALL_socket] = { EACCES, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTONOSUPPORT },
  [CALL_socket6] = { EACCES, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTONOSUPPORT, EPFNOSUPPORT },
  [CALL_v6only] = { EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK, ENOMEM, ENOBUFS, EPERM },
  [CALL_look] = { EINTR, EINVAL, ENOMEM, EAGAIN },
  [CALL_type] = { EBADF, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTSOCK },
  [CALL_setsockopt] = { EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK, ENOMEM, ENOBUFS, EPERM, EADDRINUSE, EADDRNOTAVAIL, ENODEV, EPROTO, EOPNOTSUPP,
    ENOSYS },
  [CALL_fcntl] = { EBADF, EINVAL, EPERM, EAGAIN, ENOSYS },
  [CALL_accept4] = { EAGAIN, EINTR, EBADF, ECONNABORTED, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO,
    ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET, ENONET },
  [CALL_accept] = { EAGAIN, EINTR, EBADF, ECONNABORTED, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTO,
    ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET, ENONET, ENOSYS },
  [CALL_bind] = { EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENOTSOCK, ENOMEM, ENOBUFS, EPERM, ENODEV, EAGAIN },
  [CALL_listen] = { EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP, EINVAL, EACCES, EPERM, ENOMEM, ENOBUFS },
  [CALL_getsockname] = { EBADF, EINVAL, ENOBUFS, ENOTSOCK, ENOMEM },
  [CALL_getpeername] = { EBADF, EINVAL, ENOBUFS, ENOTSOCK, ENOMEM, ENOTCONN },
  [CALL_connect] = { EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EALREADY, EBADF, ECONNREFUSED, ECONNRESET, EHOSTUNREACH,
    EINPROGRESS, EINTR, EINVAL, EISCONN, ENETUNREACH, ENETDOWN, ENOBUFS, ENOMEM, ENOTSOCK, EPROTOTYPE, ETIMEDOUT },
  [CALL_poll] = { EINTR, EINVAL, ENOMEM, EAGAIN },
  [CALL_getsockopt] = { EBADF, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTSOCK, EOPNOTSUPP, EPERM },
  [CALL_recvmsg] = { EAGAIN, EBADF, EINTR, EINVAL, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP, ECONNREFUSED, EHOSTUNREACH },
  [CALL_recvfrom] = { EAGAIN, EINTR, EBADF, ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT,
    ENOTCONN, ENOTSOCK, ETIMEDOUT },
  [CALL_sendto] = { EAGAIN, EINTR, EACCES, EPERM, EBADF, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EHOSTDOWN, EHOSTUNREACH, EINPROGRESS,
    EINVAL, EISCONN, EMSGSIZE, ENETDOWN, ENETUNREACH, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE, ETIMEDOUT },
  [CALL_sendmsg] = { EAGAIN, EINTR, EACCES, EPERM, EBADF, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EINVAL, EMSGSIZE, ENETDOWN, ENETUNREACH,
    ENOBUFS, ENODEV, ENOMEM, ENOPROTOOPT, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EISCONN, EPIPE },
  [CALL_send] = { EAGAIN, EINTR, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENOBUFS, ENOMEM, EPIPE, ETIMEDOUT },
  [CALL_ioctl] = { EBADF, EINVAL, ENOTTY, ENOMEM },
  [CALL_if_nametoindex] = { ENODEV, ENXIO, EMFILE, ENFILE, ENOBUFS, ENOMEM },
  [CALL_if_indextoname] = { ENXIO, EMFILE, ENFILE, ENOBUFS, ENOMEM }
} ;

/* The sockets of a case */

static int s = -1, l = -1, c = -1 ;
static uint16_t lport ;

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
  int native ;            /* not for a host without IPv6, where it would be about an IPv4 socket */
  int first ;             /* the first call, or fast open's connect, fails with this in any case: the interest is in what follows */
} ;

/* Fast open: the errnos of its sendto after which an ordinary connect does it. */

static int goeson (situation const *f, int call, int error)
{
  static int const e[] = { EINPROGRESS, EINVAL, ENOSYS, ENOTCONN, EOPNOTSUPP, EPERM, EPIPE } ;
  if (call != CALL_sendto || !strstr(f->name, "fast")) return 0 ;
  for (size_t i = 0 ; i < sizeof e / sizeof *e ; i++) if (e[i] == error) return 1 ;
  return 0 ;
}

/* A call that does not wait is not interrupted. */

static int patient (situation const *f, int call)
{
  return !f->error && (call != CALL_sendto || !strstr(f->name, "fast")) ;
}

static unsigned int first_at (situation const *f)
{
#ifdef LIBSOCKET_PORTABLE
  return strstr(f->name, "fast") ? 1 : 0 ;
#else
  return strstr(f->name, "fast") ? 3 : 0 ;
#endif
}

/* The errno that is due when call number i fails, or SAME: then all is well all the same. */

static int due (situation const *f, int call, unsigned int i, int error)
{
  if (call == CALL_v6only || call == CALL_look || call == CALL_type || call == CALL_recvmsg) return SAME ;
  if (call == CALL_socket6 && (error == EPROTONOSUPPORT || error == EPFNOSUPPORT)) return SAME ;  /* a host without IPv6 */
  if (call == CALL_poll && error == EINTR) return f->yes == 1 ? EINPROGRESS : SAME ;
  if ((call == CALL_connect || call == CALL_send) && error == EINTR) return SAME ;
  if (call == CALL_send && error == EAGAIN) return SAME ;  /* no byte went: that is said by 0 */
  if (goeson(f, call, error)) return SAME ;
  if (call == CALL_connect && error == EALREADY) return EINPROGRESS ;
  if (call == CALL_connect && error == EISCONN && f->first) return SAME ;
  if (call == CALL_setsockopt && (strstr(f->name, "noport") || strstr(f->name, "fastopen_connect"))) return SAME ;
  if (call == CALL_if_indextoname && strstr(f->name, "fmt6")) return SAME ;
  if (call == CALL_getpeername && error == ENOTCONN && f->yes == 1 && !i) return SAME ;
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
  if (listing) printf("# socket_%.*s %s %d %d\n", (int)strcspn(name, " "), name, e ? name_of(call) : "-", e, error == SAME ? 0 : error) ;
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
  k.emptied = 0 ;
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
    f->name, i, e ? name_of(k.calls[i]) : "none", e, r, error, k.opened, k.n) ;
}

static void attempt (situation const *f, unsigned int i, int e, int expected)
{
  int error, r, ok ;
  if (f->native && test_lacks(AF_INET6)) return ;
  r = run(f, i, e, &error) ;
  ok = as_due(f, r, error, expected) && (expected == SAME || !e || k.n == i + 1) ;
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
  if (f->native && test_lacks(AF_INET6)) return ;
  attempt(f, 0, 0, SAME) ;
#ifndef LIBSOCKET_PORTABLE
  if (queued && !f->error) check(k.emptied) ;  /* it hands over a connection without an ICMP error */
#endif
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
  no6 = without6 || !test_ip6() ;
  no4 = without4 ;
  noflags = withoutflags ;
}

static int all_told (void)
{
  printf("# %u faults injected\n", faults) ;
  return test_end() ;
}

#endif
