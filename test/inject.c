/* ISC license. */

/*
   Linked with an example: its system calls and skalibs' are those of this file. FAIL="call nth name errno" in the environment
   makes one of them fail, FAILLOG=file has them written down. What goes to standard error is left alone.
   Link with -Wl,--wrap=getaddrinfo,--wrap=fork,--wrap=execvp: the first fails with EAI_SYSTEM.
*/

#include "syscalls.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static long hook (int call, long *a)
{
  long r ;
  if (a[0] == 2 && (call == CALL_write || call == CALL_writev)) return kernel(call, a) ;
  if (a[0] <= 2 && call == CALL_fcntl) return kernel(call, a) ;  /* the question whether a standard descriptor is open has no other answer */
  if (call != CALL_close) return fault(call == CALL_writev ? "write" : call_name(call)) ? -1 : kernel(call, a) ;
  r = kernel(call, a) ;
  return fault("close") ? -1 : r ;  /* it closes, and says that it did not */
}

REPLACE(accept4) REPLACE(bind) REPLACE(close) REPLACE(connect) REPLACE(dup2) REPLACE(epoll_create1)
REPLACE(epoll_ctl) REPLACE(epoll_wait) REPLACE(execve) REPLACE(fcntl) REPLACE(getpeername)
REPLACE(getsockname) REPLACE(getsockopt) REPLACE(listen) REPLACE(open) REPLACE(poll) REPLACE(read)
REPLACE(recv) REPLACE(recvmsg) REPLACE(send) REPLACE(sendto) REPLACE(setsockopt) REPLACE(shutdown)
REPLACE(signalfd) REPLACE(sigprocmask) REPLACE(socket) REPLACE(write) REPLACE(writev)

extern int __real_getaddrinfo (char const *, char const *, struct addrinfo const *, struct addrinfo **) ;
extern int __wrap_getaddrinfo (char const *, char const *, struct addrinfo const *, struct addrinfo **) ;
int __wrap_getaddrinfo (char const *host, char const *port, struct addrinfo const *hints, struct addrinfo **list)
{
  if (fault("getaddrinfo")) return EAI_SYSTEM ;
  return __real_getaddrinfo(host, port, hints, list) ;
}

extern pid_t __real_fork (void) ;
extern pid_t __wrap_fork (void) ;
pid_t __wrap_fork (void)
{
  return fault("fork") ? -1 : __real_fork() ;
}

extern int __real_execvp (char const *, char *const *) ;
extern int __wrap_execvp (char const *, char *const *) ;
int __wrap_execvp (char const *file, char *const *argv)
{
  return fault("execvp") ? -1 : __real_execvp(file, argv) ;
}
