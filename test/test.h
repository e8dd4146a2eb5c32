/* ISC license. */

/*
   A test program is a list of cases: main calls RUN(what_holds) for each and ends with return test_end().
   A case is named after what it shows: "what holds", the function's name in words.
   A case calls check(what must hold); it fails too if it leaves a descriptor open.
   SKIP(why) ends a case that this machine cannot run: run.sh counts the reasons, and knows how to help with those below.
*/

#ifndef TEST_H
#define TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#define ANY4 "\0\0\0\0"
#define LOOPBACK4 "\177\0\0\1"
#define ANY6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LOOPBACK6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define MAPPED6 "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1"

/* where socket_candidate_metrics knows anything */
#if defined(__has_include) && !defined(LIBSOCKET_PORTABLE)
#if __has_include(<linux/genetlink.h>) && __has_include(<linux/tcp_metrics.h>)
#define TEST_METRICS
#endif
#endif

#define NO_NAMESPACES "no network namespaces"
#define NO_IP6 "no IPv6"
#define NO_VETH "no veth devices"
#define NO_TUN "no TUN device"
#define NO_FASTOPEN "no fast open"

static int test_failures, test_status ;
static char const *test_skipped, *test_cannot ;  /* each case is skipped while the latter is set: it says why */

#define check(e) test_check(!!(e), __FILE__, __LINE__, #e)
#define SKIP(why) do { test_skipped = (why) ; return ; } while (0)
#define RUN(f) test_run(&f, test_words(#f, ""))
#define RUN46(f) test_run2(&test_family, &f, #f, ", IPv4", ", IPv6")  /* f(0) and f(1), the latter where there is IPv6 */
#define NEED_IP6 do { if (test_lacks(AF_INET6)) return ; } while (0)    /* what follows is not for a host without */

static inline void test_check (int ok, char const *file, int line, char const *what)
{
  int e = errno ;
  if (!ok)
  {
    printf("# %s:%d: %s (errno %d, %s)\n", file, line, what, e, strerror(e)) ;
    test_failures++ ;
  }
  errno = e ;
}

static inline int test_descriptors (void)
{
  int n = 0 ;
  for (int i = 0 ; i < 1024 ; i++) if (fcntl(i, F_GETFD) >= 0) n++ ;
  return n ;
}

static inline char const *test_words (char const *identifier, char const *more)
{
  static char s[128] ;
  snprintf(s, sizeof s, "%s%s", identifier, more) ;
  for (char *p = s ; *p ; p++) if (*p == '_' && !(isupper(p[-1]) && isupper(p[1]))) *p = ' ' ;  /* not in INT_MAX */
  return s ;
}

/* Whether the kernel has IPv6: it has not with ipv6.disable=1. */

static inline int test_ip6 (void)
{
  static int known, has ;
  if (!known)
  {
    int e = errno, s = (int)syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0) ;
    has = s >= 0 || errno != EAFNOSUPPORT ;
    if (s >= 0) close(s) ;
    known = 1 ;
    errno = e ;
  }
  return has ;
}

/* True where there is no IPv6 and domain is that: the case is a skipped one, whatever else it checks. */

static inline int test_lacks (int domain)
{
  if (domain != AF_INET6 || test_ip6()) return 0 ;
  test_skipped = NO_IP6 ;
  return 1 ;
}

static inline void test_run (void (*f) (void), char const *name)
{
  int before = test_descriptors() ;
  test_failures = 0 ;
  test_skipped = test_cannot ;
  alarm(120) ;  /* a hang is a failure */
  if (!test_cannot) (*f)() ;
  alarm(0) ;
  check(test_descriptors() == before) ;
  if (test_failures) { printf("fail %s\n", name) ; test_status = 1 ; }
  else if (test_skipped) printf("skip %s: %s\n", name, test_skipped) ;
  else printf("pass %s\n", name) ;
  fflush(stdout) ;
}

static void (*test_either) (int) ;
static int test_which ;

static inline void test_one (void)
{
  (*test_either)(test_which) ;
}

static inline void test_family (void)
{
  if (test_which) NEED_IP6 ;
  (*test_either)(test_which) ;
}

static inline void test_run2 (void (*one) (void), void (*f) (int), char const *identifier, char const *first, char const *second)
{
  test_either = f ;
  for (test_which = 0 ; test_which < 2 ; test_which++) test_run(one, test_words(identifier, test_which ? second : first)) ;
}

static inline int test_end (void)
{
  printf("end\n") ;
  return test_status ;
}

/* True if e, a call that is to fail, returned -1 with errno. */

#define fails(e, error) (errno = 0, (e) == -1 && errno == (error))

/* True if the call e succeeded and left errno alone. */

#define keeps(e) (errno = 4242, (e) && errno == 4242)

static inline int test_ready (int fd, short events)
{
  struct pollfd x = { .fd = fd, .events = events } ;
  int r ;
  do r = poll(&x, 1, 30000) ; while (r == -1 && errno == EINTR) ;
  return r == 1 ;
}

static inline int test_write (char const *file, char const *s)
{
  int fd = open(file, O_WRONLY) ;
  ssize_t n = fd >= 0 ? write(fd, s, strlen(s)) : -1 ;
  if (fd >= 0) close(fd) ;
  return n == (ssize_t)strlen(s) ? 0 : -1 ;
}

static inline long test_ms (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 ;
}

/* SIGUSR1 every 3 ms, not from setitimer, which is the test's own alarm; until it is calm again. */

static inline timer_t test_storm (void (*f) (int), int flags)
{
  timer_t t ;
  struct sigaction sa = { .sa_handler = f, .sa_flags = flags } ;
  struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 } ;
  struct itimerspec its = { .it_interval = { .tv_nsec = 3000000 }, .it_value = { .tv_nsec = 3000000 } } ;
  check(!sigaction(SIGUSR1, &sa, 0)) ;
  check(!timer_create(CLOCK_MONOTONIC, &ev, &t)) ;
  check(!timer_settime(t, 0, &its, 0)) ;
  return t ;
}

static inline void test_calm (timer_t t)
{
  timer_delete(t) ;
  signal(SIGUSR1, SIG_IGN) ;
}

/* Root, who needs no namespace of users, or a user in one. */

static inline int test_unshare (void)
{
  char map[64] ;
  unsigned long uid = getuid(), gid = getgid() ;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1) return unshare(CLONE_NEWNET) ;
  if (test_write("/proc/self/setgroups", "deny") == -1) return -1 ;
  snprintf(map, sizeof map, "0 %lu 1", uid) ;
  if (test_write("/proc/self/uid_map", map) == -1) return -1 ;
  snprintf(map, sizeof map, "0 %lu 1", gid) ;
  return test_write("/proc/self/gid_map", map) ;
}

/* Moves the process to a network namespace of its own, loopback up: 0, or -1 if the kernel forbids it. */

static inline int test_namespace (void)
{
  struct ifreq ifr = { .ifr_name = "lo" } ;
  int s, r ;
  if (test_unshare() == -1) return -1 ;
  /* kernels of before mid-2021: a few timeouts would switch fast open off for an hour */
  if (test_write("/proc/sys/net/ipv4/tcp_fastopen_blackhole_timeout_sec", "0") == -1) errno = 0 ;
  s = socket(AF_INET, SOCK_DGRAM, 0) ;
  if (s == -1) return -1 ;
  ifr.ifr_flags = IFF_UP ;
  r = ioctl(s, SIOCSIFFLAGS, &ifr) ;
  close(s) ;
  return r ;
}

/* A child whose checks are its own: test_exit tells the parent of them, test_fine waits for that. */

static inline pid_t test_fork (void)
{
  pid_t pid ;
  fflush(stdout) ;
  pid = fork() ;
  if (pid) return pid ;
  prctl(PR_SET_PDEATHSIG, SIGKILL) ;
  test_failures = 0 ;
  alarm(120) ;
  return 0 ;
}

static inline void test_exit (void)
{
  fflush(stdout) ;
  _exit(!!test_failures) ;
}

static inline int test_fine (pid_t pid)
{
  int status ;
  pid_t r ;
  do r = waitpid(pid, &status, 0) ; while (r == -1 && errno == EINTR) ;
  return pid > 0 && r == pid && !status ;
}

/* f in a child, in a namespace of its own: RUN_APART(what_holds) */

static void (*test_apart) (void) ;

static inline void test_child (void)
{
  static char why[128] ;
  int status = -1 ;
  char *said = mmap(0, sizeof why, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ;
  pid_t pid = test_fork() ;
  if (said == MAP_FAILED) abort() ;
  if (!pid)
  {
    int before ;
    if (test_namespace() == -1) test_skipped = NO_NAMESPACES ;
    else
    {
      before = test_descriptors() ;
      (*test_apart)() ;
      check(test_descriptors() == before) ;
    }
    if (test_skipped) snprintf(said, sizeof why, "%s", test_skipped) ;
    test_exit() ;
  }
  check(pid > 0 && waitpid(pid, &status, 0) == pid && !status) ;
  memcpy(why, said, sizeof why) ;
  munmap(said, sizeof why) ;
  if (*why) SKIP(why) ;
}

#define RUN_APART(f) (test_apart = &f, test_run(&test_child, test_words(#f, "")))

/* Closes a connection so that its peer is reset. */

static inline void test_reset (int fd)
{
  struct linger const now = { .l_onoff = 1, .l_linger = 0 } ;
  check(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now)) ;
  close(fd) ;
}

/* Leaves the process n more descriptors than it has. */

static inline void test_spare (rlim_t n, struct rlimit *old)
{
  struct rlimit r ;
  int fd = dup(1) ;
  check(fd >= 0 && !close(fd) && !getrlimit(RLIMIT_NOFILE, old)) ;
  r = *old ;
  r.rlim_cur = (rlim_t)fd + n ;
  check(!setrlimit(RLIMIT_NOFILE, &r)) ;
}

/* A copy of x, behind which nothing can be read. */

static inline char const *test_edge (char const *x, size_t n)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE) ;
  char *p = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ;
  if (p == MAP_FAILED || mprotect(p + page, page, PROT_NONE) == -1) abort() ;
  return memcpy(p + page - n, x, n) ;
}

/* From here on the process has no capabilities, as root in a namespace has all: 0, or -1. */

static inline int test_give_up_rights (void)
{
  struct { uint32_t version ; int pid ; } head = { .version = 0x20080522 } ;
  uint32_t none[6] = { 0 } ;
  return (int)syscall(SYS_capset, &head, none) ;
}

#endif
