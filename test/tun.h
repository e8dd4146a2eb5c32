/* ISC license. */

/*
   Two network namespaces, A and B, with a TUN device in each: what one sends, a process of the test's carries to the other.
   A is 10.0.0.1, fd00::1 and fe80::1, B is 10.0.0.2, fd00::2 and fe80::2, those of IPv6 where the kernel has it; other addresses are the caller's.
*/

#ifndef TUN_H
#define TUN_H

#include "test.h"

#include <time.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* linux/if_tun.h's, which not every libc can reach */
#ifndef TUNSETIFF
#define TUNSETIFF _IOW('T', 202, int)
#define IFF_TUN 1
#define IFF_NO_PI 0x1000
#endif

#define TUN_DEVICE "tun"
#define TUN_MTU 1500

static int tun_ns[2] = { -1, -1 }, tun_fd[2] = { -1, -1 } ;

static inline long long tun_now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return ts.tv_sec * 1000000000LL + ts.tv_nsec ;
}

/* From here on the program's new sockets are A's (0) or B's (1). */

static inline void tun_in (int i)
{
  if (setns(tun_ns[i], CLONE_NEWNET) == -1) abort() ;
}

#define tun_fastopen(value) test_write("/proc/sys/net/ipv4/tcp_fastopen", value)

/* A child that ends with its parent, even if that is gone before the child can ask for it: then nobody reads what it writes. */

static inline pid_t tun_fork (void)
{
  int fd[2] ;
  char x ;
  pid_t pid ;
  fflush(stdout) ;
  if (pipe(fd) == -1) return -1 ;
  pid = fork() ;
  if (!pid)
  {
    close(fd[0]) ;
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    if (write(fd[1], "", 1) != 1) _exit(111) ;
  }
  close(fd[1]) ;
  if (pid)
  {
    while (read(fd[0], &x, 1) == -1 && errno == EINTR) ;
    close(fd[0]) ;
  }
  return pid ;
}

/* Makes both, and goes to A: null, or why not. more writes to ip, for A (0) and for B (1). */

static inline char const *tun_start (void (*more) (FILE *, int))
{
  struct ifreq ifr = { .ifr_name = TUN_DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI } ;
  if (test_namespace() == -1) return NO_NAMESPACES ;
  for (int i = 0 ; i < 2 ; i++)
  {
    FILE *ip ;
    if (i && unshare(CLONE_NEWNET) == -1) return "no second namespace here" ;
    tun_ns[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) ;
    if (tun_ns[i] == -1) return "no /proc/self/ns here" ;
    tun_fd[i] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC) ;
    if (tun_fd[i] == -1 && errno == EACCES) return "no right to open /dev/net/tun" ;
    if (tun_fd[i] == -1 || ioctl(tun_fd[i], TUNSETIFF, &ifr) == -1) return NO_TUN ;
    ip = popen("PATH=$PATH:/usr/sbin:/sbin ; { ip -batch - ; r=$? ; cat ; exit $r ; } >/dev/null", "w") ;
    if (!ip) return "no process" ;
    if (test_ip6()) fprintf(ip, "link set " TUN_DEVICE " addrgenmode none\naddr add fd00::%d/128 dev " TUN_DEVICE " nodad\n"
      "addr add fe80::%d/64 dev " TUN_DEVICE " nodad\n", i + 1, i + 1) ;
    fprintf(ip, "link set lo up\naddr add 10.0.0.%d/32 dev " TUN_DEVICE "\nlink set " TUN_DEVICE " up\n"
      "route add 10.0.0.%d dev " TUN_DEVICE "\n", i + 1, 2 - i) ;
    if (test_ip6()) fprintf(ip, "route add fd00::%d dev " TUN_DEVICE "\n", 2 - i) ;
    (*more)(ip, i) ;
    if (pclose(ip) || (test_ip6() && system("test/settle.sh"))) return "ip cannot set up the devices" ;
    if (tun_fastopen("3") == -1) return NO_FASTOPEN ;
  }
  tun_in(0) ;
  return 0 ;
}

/* Why test/wan cannot run here, or null. */

static inline char const *tun_wan (void)
{
  static char said[128] ;
  FILE *f = popen("test/wan /dev/null true 2>&1", "r") ;
  if (!f) return "no process" ;
  while (fgets(said, sizeof said, f)) said[strcspn(said, "\n")] = 0 ;
  return pclose(f) ? !strncmp(said, "wan: ", 5) ? said + 5 : said : 0 ;
}


 /* A packet */

struct tun_tcp
{
  size_t head ;      /* bytes of IP header, then */
  size_t tcp ;       /* bytes of TCP header, then */
  size_t data ;      /* bytes of data */
  int flags ;        /* of TCP: */
  size_t option ;    /* where the fast open option is, 0 nowhere, */
  int cookie ;       /* and if there is a cookie in it */
} ;

#define TUN_SYN 2
#define TUN_RST 4
#define TUN_ACK 16

static inline int tun_six (unsigned char const *p)
{
  return p[0] >> 4 == 6 ;
}

/* 0 if it is no TCP */

static inline int tun_tcp (struct tun_tcp *t, unsigned char const *p, size_t len)
{
  struct tun_tcp zero = { .head = tun_six(p) ? 40 : (size_t)(p[0] & 15) * 4 } ;
  *t = zero ;
  if (len < t->head + 20 || p[tun_six(p) ? 6 : 9] != IPPROTO_TCP) return 0 ;
  p += t->head ;
  t->tcp = (size_t)(p[12] >> 4) * 4 ;
  if (len < t->head + t->tcp) return 0 ;
  t->data = len - t->head - t->tcp ;
  t->flags = p[13] ;
  for (size_t i = 20, n ; i + 1 < t->tcp && p[i] ; i += n)
  {
    int early = p[i] == 254 && p[i + 2] == 0xf9 && p[i + 3] == 0x89 ;  /* before it had a number of its own */
    n = p[i] == 1 ? 1 : p[i + 1] ? p[i + 1] : 60 ;
    if (p[i] != 34 && !early) continue ;
    t->option = t->head + i ;
    t->cookie = n > (early ? 4 : 2) ;
  }
  return 1 ;
}

#endif
