/* ISC license. */

/*
   System calls replaced at link time. The program defines hook and names the calls that are its own, as in REPLACE(connect).
   Each of these, the library's and the program's, then is hook(CALL_connect, a): a has the arguments, and what hook returns
   is returned. kernel(CALL_connect, a) is the system call itself.
   There is one way to wait: poll and ppoll are CALL_poll with ppoll's arguments.
*/

#ifndef SYSCALLS_H
#define SYSCALLS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* name, the number that stands for it */

#define SYSCALLS(X) \
  X(accept, SYS_accept4) X(accept4, SYS_accept4) X(bind, SYS_bind) X(clock_gettime, SYS_clock_gettime) X(close, SYS_close) \
  X(connect, SYS_connect) X(dup2, SYS_dup3) X(epoll_create1, SYS_epoll_create1) X(epoll_ctl, SYS_epoll_ctl) \
  X(epoll_wait, SYS_epoll_pwait) X(execve, SYS_execve) X(fcntl, SYS_fcntl) X(getpeername, SYS_getpeername) \
  X(getsockname, SYS_getsockname) X(getsockopt, SYS_getsockopt) X(ioctl, SYS_ioctl) X(listen, SYS_listen) X(open, SYS_openat) \
  X(poll, SYS_ppoll) X(read, SYS_read) X(recv, SYS_recvfrom) X(recvfrom, SYS_recvfrom) X(recvmsg, SYS_recvmsg) \
  X(send, SYS_sendto) X(sendmsg, SYS_sendmsg) X(sendto, SYS_sendto) X(setsockopt, SYS_setsockopt) X(shutdown, SYS_shutdown) \
  X(signalfd, SYS_signalfd4) X(sigprocmask, SYS_rt_sigprocmask) X(socket, SYS_socket) X(write, SYS_write) X(writev, SYS_writev)

#define X(name, number) CALL_##name,
enum { SYSCALLS(X) CALLS } ;
#undef X

static long hook (int, long *) ;

static inline char const *call_name (int call)
{
#define X(name, number) #name,
  static char const *const names[CALLS] = { SYSCALLS(X) } ;
#undef X
  return names[call] ;
}

static inline long kernel (int call, long const *a)
{
#define X(name, number) number,
  static long const numbers[CALLS] = { SYSCALLS(X) } ;
#undef X
  return syscall(numbers[call], a[0], a[1], a[2], a[3], a[4], a[5]) ;
}

/* The definitions have names of their own: the parameters of libc's are not the same everywhere. */

#define REPLACE(name) REPLACE_##name
#define L(x) (long)(x)

#define DEFINE(type, name, parameters, ...) \
type call_##name parameters __asm__ (#name) ; \
type call_##name parameters { return (type)hook(CALL_##name, (long [6]){ __VA_ARGS__ }) ; }

#define DEFINE_VARIADIC(type, name, parameters, last, ...) \
type call_##name parameters __asm__ (#name) ; \
type call_##name parameters \
{ \
  va_list args ; \
  long arg ; \
  va_start(args, last) ; \
  arg = va_arg(args, long) ; \
  va_end(args) ; \
  return (type)hook(CALL_##name, (long [6]){ __VA_ARGS__ }) ; \
}

#define SA struct sockaddr const *sa

#define REPLACE_accept DEFINE(int, accept, (int s, struct sockaddr *sa, socklen_t *n), s, L(sa), L(n))
#define REPLACE_accept4 DEFINE(int, accept4, (int s, struct sockaddr *sa, socklen_t *n, int flags), s, L(sa), L(n), flags)
#define REPLACE_bind DEFINE(int, bind, (int s, SA, socklen_t n), s, L(sa), L(n))
#define REPLACE_clock_gettime DEFINE(int, clock_gettime, (clockid_t clock, struct timespec *ts), clock, L(ts))
#define REPLACE_close DEFINE(int, close, (int fd), fd)
#define REPLACE_connect DEFINE(int, connect, (int s, SA, socklen_t n), s, L(sa), L(n))
#define REPLACE_dup2 DEFINE(int, dup2, (int from, int to), from, to)
#define REPLACE_epoll_create1 DEFINE(int, epoll_create1, (int flags), flags)
#define REPLACE_epoll_ctl DEFINE(int, epoll_ctl, (int ep, int op, int fd, struct epoll_event *x), ep, op, fd, L(x))
#define REPLACE_epoll_wait DEFINE(int, epoll_wait, (int ep, struct epoll_event *x, int max, int ms), ep, L(x), max, ms, 0, 8)
#define REPLACE_execve DEFINE(int, execve, (char const *file, char *const *argv, char *const *envp), L(file), L(argv), L(envp))
#define REPLACE_fcntl DEFINE_VARIADIC(int, fcntl, (int fd, int command, ...), command, fd, command, arg)
#define REPLACE_getpeername DEFINE(int, getpeername, (int s, struct sockaddr *sa, socklen_t *n), s, L(sa), L(n))
#define REPLACE_getsockname DEFINE(int, getsockname, (int s, struct sockaddr *sa, socklen_t *n), s, L(sa), L(n))
#define REPLACE_getsockopt DEFINE(int, getsockopt, (int s, int level, int name, void *p, socklen_t *n), s, level, name, L(p), L(n))
#define REPLACE_ioctl DEFINE_VARIADIC(int, ioctl, (int fd, unsigned long request, ...), request, fd, L(request), arg)
#define REPLACE_listen DEFINE(int, listen, (int s, int backlog), s, backlog)
#define REPLACE_open DEFINE_VARIADIC(int, open, (char const *file, int flags, ...), flags, AT_FDCWD, L(file), flags, arg)
#define REPLACE_poll \
int call_poll (struct pollfd *x, nfds_t n, int ms) __asm__ ("poll") ; \
int call_poll (struct pollfd *x, nfds_t n, int ms) \
{ \
  struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L } ; \
  return (int)hook(CALL_poll, (long [6]){ L(x), L(n), L(ms < 0 ? 0 : &ts), 0, 8 }) ; \
} \
int call_ppoll (struct pollfd *x, nfds_t n, struct timespec const *ts, sigset_t const *set) __asm__ ("ppoll") ; \
int call_ppoll (struct pollfd *x, nfds_t n, struct timespec const *ts, sigset_t const *set) \
{ \
  struct timespec copy = { .tv_sec = 0 } ; \
  if (ts) copy = *ts ;  /* the kernel writes to it */ \
  return (int)hook(CALL_poll, (long [6]){ L(x), L(n), L(ts ? &copy : 0), L(set), 8 }) ; \
}
#define REPLACE_read DEFINE(ssize_t, read, (int fd, void *p, size_t n), fd, L(p), L(n))
#define REPLACE_recv DEFINE(ssize_t, recv, (int s, void *p, size_t n, int flags), s, L(p), L(n), flags)
#define REPLACE_recvfrom DEFINE(ssize_t, recvfrom, (int s, void *p, size_t n, int flags, struct sockaddr *sa, socklen_t *len), s, L(p), L(n), flags, L(sa), L(len))
#define REPLACE_recvmsg DEFINE(ssize_t, recvmsg, (int s, struct msghdr *m, int flags), s, L(m), flags)
#define REPLACE_send DEFINE(ssize_t, send, (int s, void const *p, size_t n, int flags), s, L(p), L(n), flags)
#define REPLACE_sendmsg DEFINE(ssize_t, sendmsg, (int s, struct msghdr const *m, int flags), s, L(m), flags)
#define REPLACE_sendto DEFINE(ssize_t, sendto, (int s, void const *p, size_t n, int flags, SA, socklen_t len), s, L(p), L(n), flags, L(sa), L(len))
#define REPLACE_setsockopt DEFINE(int, setsockopt, (int s, int level, int name, void const *p, socklen_t n), s, level, name, L(p), L(n))
#define REPLACE_shutdown DEFINE(int, shutdown, (int s, int how), s, how)
#define REPLACE_signalfd DEFINE(int, signalfd, (int fd, sigset_t const *set, int flags), fd, L(set), 8, flags)
#define REPLACE_sigprocmask DEFINE(int, sigprocmask, (int how, sigset_t const *set, sigset_t *old), how, L(set), L(old), 8)
#define REPLACE_socket DEFINE(int, socket, (int domain, int type, int protocol), domain, type, protocol)
#define REPLACE_write DEFINE(ssize_t, write, (int fd, void const *p, size_t n), fd, L(p), L(n))
#define REPLACE_writev DEFINE(ssize_t, writev, (int fd, struct iovec const *v, int n), fd, L(v), n)

#endif
