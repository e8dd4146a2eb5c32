/* ISC license. */

/*
   Linked with an example: its system calls and skalibs' are those of this file. FAIL="call nth name errno" in the environment
   makes one of them fail, FAILLOG=file has them written down. What goes to standard error is left alone.
   Link with -Wl,--wrap=getaddrinfo: it fails with EAI_SYSTEM.
*/

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int fault (char const *call)
{
  static int nth = 0 ;
  char const *fail = getenv("FAIL"), *log = getenv("FAILLOG") ;
  size_t len = strlen(call) ;
  int n, e ;
  if (log)
  {
    long fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0666) ;
    syscall(SYS_write, fd, call, len) ;
    syscall(SYS_write, fd, "\n", 1) ;
    syscall(SYS_close, fd) ;
  }
  if (!fail || strncmp(fail, call, len) || fail[len] != ' ' || sscanf(fail + len, " %d %*s %d", &n, &e) != 2 || ++nth != n) return 0 ;
  errno = e ;
  return 1 ;
}

/* The address arguments are unions in some headers and pointers in others. */

#ifndef __GLIBC__
#define __CONST_SOCKADDR_ARG struct sockaddr const *
#define __SOCKADDR_ARG struct sockaddr *
#endif

#define POINTER(p, arg) void *p ; memcpy(&p, &arg, sizeof p)
#define FAILS(call) if (fault(call)) return -1

/* name, type and parameters, the arguments of the system call of that name */

#define CALL(type, name, parameters, ...) \
type name parameters \
{ \
  FAILS(#name) ; \
  return (type)syscall(SYS_##name, __VA_ARGS__) ; \
}

CALL(int, socket, (int domain, int type, int protocol), domain, type, protocol)
CALL(int, setsockopt, (int s, int level, int name, void const *value, socklen_t len), s, level, name, value, len)
CALL(int, getsockopt, (int s, int level, int name, void *value, socklen_t *len), s, level, name, value, len)
CALL(int, listen, (int s, int backlog), s, backlog)
CALL(int, shutdown, (int s, int how), s, how)
CALL(ssize_t, recvmsg, (int s, struct msghdr *m, int flags), s, m, flags)
CALL(ssize_t, read, (int fd, void *s, size_t len), fd, s, len)
CALL(int, epoll_create1, (int flags), flags)
CALL(int, epoll_ctl, (int ep, int op, int fd, struct epoll_event *x), ep, op, fd, x)
CALL(int, execve, (char const *file, char *const *argv, char *const *envp), file, argv, envp)

/* the same, with the address in a union or a pointer */

#define CALLSA(type, name, parameters, ...) \
type name parameters \
{ \
  POINTER(p, sa) ; \
  FAILS(#name) ; \
  return (type)syscall(SYS_##name, __VA_ARGS__) ; \
}

CALLSA(int, bind, (int s, __CONST_SOCKADDR_ARG sa, socklen_t len), s, p, len)
CALLSA(int, connect, (int s, __CONST_SOCKADDR_ARG sa, socklen_t len), s, p, len)
CALLSA(int, accept4, (int s, __SOCKADDR_ARG sa, socklen_t *len, int flags), s, p, len, flags)
CALLSA(int, getsockname, (int s, __SOCKADDR_ARG sa, socklen_t *len), s, p, len)
CALLSA(int, getpeername, (int s, __SOCKADDR_ARG sa, socklen_t *len), s, p, len)
CALLSA(ssize_t, sendto, (int s, void const *buf, size_t n, int flags, __CONST_SOCKADDR_ARG sa, socklen_t len), s, buf, n, flags, p, len)

ssize_t send (int s, void const *buf, size_t len, int flags)
{
  FAILS("send") ;
  return syscall(SYS_sendto, s, buf, len, flags, (void *)0, 0) ;
}

ssize_t recv (int s, void *buf, size_t len, int flags)
{
  FAILS("recv") ;
  return syscall(SYS_recvfrom, s, buf, len, flags, (void *)0, (void *)0) ;
}

ssize_t write (int fd, void const *s, size_t len)
{
  if (fd != 2) FAILS("write") ;
  return syscall(SYS_write, fd, s, len) ;
}

ssize_t writev (int fd, struct iovec const *v, int n)
{
  if (fd != 2) FAILS("write") ;
  return syscall(SYS_writev, fd, v, n) ;
}

/* It closes, and says that it did not. */

int close (int fd)
{
  long r = syscall(SYS_close, fd) ;
  FAILS("close") ;
  return (int)r ;
}

int open (char const *file, int flags, ...)
{
  FAILS("open") ;
  return (int)syscall(SYS_openat, AT_FDCWD, file, flags, 0) ;
}

int fcntl (int fd, int command, ...)
{
  va_list args ;
  long arg ;
  va_start(args, command) ;
  arg = va_arg(args, long) ;
  va_end(args) ;
  if (fd > 2) FAILS("fcntl") ;  /* the question whether a standard descriptor is open has no other answer */
  return (int)syscall(SYS_fcntl, fd, command, arg) ;
}

int dup2 (int from, int to)
{
  FAILS("dup2") ;
  return (int)syscall(SYS_dup3, from, to, 0) ;
}

int ppoll (struct pollfd *x, nfds_t n, struct timespec const *ts, sigset_t const *set)
{
  FAILS("poll") ;
  return (int)syscall(SYS_ppoll, x, n, ts, set, _NSIG / 8) ;
}

int poll (struct pollfd *x, nfds_t n, int timeout)
{
  struct timespec const ts = { .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000 } ;
  return ppoll(x, n, timeout < 0 ? 0 : &ts, 0) ;
}

int signalfd (int fd, sigset_t const *set, int flags)
{
  FAILS("signalfd") ;
  return (int)syscall(SYS_signalfd4, fd, set, _NSIG / 8, flags) ;
}

int sigprocmask (int how, sigset_t const *set, sigset_t *old)
{
  FAILS("sigprocmask") ;
  return (int)syscall(SYS_rt_sigprocmask, how, set, old, _NSIG / 8) ;
}

int epoll_wait (int ep, struct epoll_event *x, int max, int timeout)
{
  FAILS("epoll_wait") ;
  return (int)syscall(SYS_epoll_pwait, ep, x, max, timeout, (void *)0, _NSIG / 8) ;
}

extern int __real_getaddrinfo (char const *, char const *, struct addrinfo const *, struct addrinfo **) ;
extern int __wrap_getaddrinfo (char const *, char const *, struct addrinfo const *, struct addrinfo **) ;
int __wrap_getaddrinfo (char const *host, char const *port, struct addrinfo const *hints, struct addrinfo **list)
{
  if (fault("getaddrinfo")) return EAI_SYSTEM ;
  return __real_getaddrinfo(host, port, hints, list) ;
}
