/* ISC license. */

/*
   A wire between two namespaces, A (where the program is from slow_start on) and B (slow_in(1)): a TUN device in each,
   and a process that carries packets from one to the other, late, not at all, or when it is told to.
   A is 10.0.0.1, fd00::1 and fe80::1, B is fe80::2 and every address of 10.1.0.0/16 and fd01::/64:
   an address that was never used before has no cookie yet.
*/

#ifndef SLOW_H
#define SLOW_H

#include "test.h"

#include <time.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* linux/if_tun.h's, which not every libc can reach */
#ifndef TUNSETIFF
#define TUNSETIFF _IOW('T', 202, int)
#define IFF_TUN 1
#define IFF_NO_PI 0x1000
#endif

#define SLOW_DEVICE "slow"  /* its name, in slow_try too */
#define SLOW_QUEUE 1024

struct slow_packet
{
  long long due ;
  size_t len ;
  unsigned char data[2048] ;
} ;

static struct slow_wire
{
  int delay ;        /* ms each way */
  int hold[2] ;      /* packets wait while it is set: [0] to B, [1] to A */
  int drop[2] ;      /* packets are lost while it is set */
  int dropdata ;     /* SYNs with data are lost while it is set */
  int packets[2] ;   /* TCP, delivered */
  int lost ;         /* the other end did not take them */
  int syn ;          /* SYNs to B */
  int syndata ;      /* of these: with data */
  int asked ;        /* of these: asking for a cookie */
  int cookies ;      /* of these: with a cookie */
} volatile *slow ;

static char const *slow_why = "no wire" ;  /* null once there is one */
static int slow_ns[2] = { -1, -1 }, slow_kick = -1 ;
static pid_t slow_pid = -1 ;

static inline long long slow_now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return ts.tv_sec * 1000000000LL + ts.tv_nsec ;
}

/* Counts a packet to B that is a SYN; 0 if it is to be lost. */

static inline int slow_look (unsigned char const *p, size_t len)
{
  size_t ip = p[0] >> 4 == 4 ? (size_t)(p[0] & 15) * 4 : 40, tcp, i ;
  if (len < ip + 20 || p[p[0] >> 4 == 4 ? 9 : 6] != 6 || (p[ip + 13] & 0x12) != 2) return 1 ;
  tcp = (size_t)(p[ip + 12] >> 4) * 4 ;
  slow->syn++ ;
  for (i = ip + 20 ; i + 1 < ip + tcp && p[i] ; i += p[i] == 1 ? 1 : p[i + 1] ? p[i + 1] : 60)
    if (p[i] == 34)
    {
      if (p[i + 1] == 2) slow->asked++ ;
      else slow->cookies++ ;
    }
  if (len == ip + tcp) return 1 ;
  slow->syndata++ ;
  return !slow->dropdata ;
}

static inline void slow_run (int const *tun)
{
  static struct slow_packet queue[2][SLOW_QUEUE] ;
  unsigned int head[2] = { 0, 0 }, n[2] = { 0, 0 } ;
  for (;;)
  {
    struct pollfd x[3] = { { .fd = tun[0], .events = POLLIN }, { .fd = tun[1], .events = POLLIN }, { .fd = slow_kick, .events = POLLIN } } ;
    long long now = slow_now(), wait = 999999999LL ;
    struct timespec ts = { .tv_sec = 0 } ;
    uint64_t kicks ;
    for (unsigned int i = 0 ; i < 2 ; i++)
    {
      while (n[i] && !slow->hold[i] && queue[i][head[i]].due <= now)
      {
        struct slow_packet *p = queue[i] + head[i] ;
        if (p->data[p->data[0] >> 4 == 4 ? 9 : 6] == 6) slow->packets[i]++ ;
        if (write(tun[!i], p->data, p->len) == -1) slow->lost++ ;
        head[i] = (head[i] + 1) % SLOW_QUEUE ;
        n[i]-- ;
      }
      if (n[i] && !slow->hold[i] && queue[i][head[i]].due - now < wait) wait = queue[i][head[i]].due - now ;
      if (n[i] == SLOW_QUEUE) x[i].events = 0 ;
    }
    ts.tv_nsec = (long)wait ;
    if (ppoll(x, 3, &ts, 0) <= 0) continue ;
    if (x[2].revents && read(slow_kick, &kicks, sizeof kicks) == -1) _exit(1) ;
    for (unsigned int i = 0 ; i < 2 ; i++) if (x[i].revents)
    {
      struct slow_packet *p = queue[i] + (head[i] + n[i]) % SLOW_QUEUE ;
      ssize_t r = read(tun[i], p->data, sizeof p->data) ;
      if (r <= 0) continue ;
      p->len = (size_t)r ;
      p->due = slow_now() + slow->delay * 1000000LL ;
      if ((i || slow_look(p->data, p->len)) && !slow->drop[i]) n[i]++ ;
    }
  }
}

/* From here on the program's new sockets are A's (0) or B's (1). */

static inline void slow_in (int i)
{
  if (setns(slow_ns[i], CLONE_NEWNET) == -1) abort() ;
}

/* Packets to B (0) or to A (1) wait, or go again. */

static inline void slow_hold (int i, int on)
{
  uint64_t one = 1 ;
  slow->hold[i] = on ;
  if (write(slow_kick, &one, sizeof one) == -1) abort() ;
}

static inline void slow_clear (void)
{
  slow->packets[0] = slow->packets[1] = slow->syn = slow->syndata = slow->asked = slow->cookies = 0 ;
}

#define slow_sysctl(value) test_write("/proc/sys/net/ipv4/tcp_fastopen", value)

/* A child that ends with its parent; its checks are counted from 0, and slow_exit tells the parent. */

static inline pid_t slow_fork (void)
{
  pid_t pid ;
  fflush(stdout) ;
  pid = fork() ;
  if (pid) return pid ;
  prctl(PR_SET_PDEATHSIG, SIGKILL) ;
  test_failures = 0 ;
  return 0 ;
}

static inline void slow_exit (void)
{
  fflush(stdout) ;
  _exit(!!test_failures) ;
}

static inline int slow_fine (pid_t pid)
{
  int status ;
  pid_t r ;
  do r = waitpid(pid, &status, 0) ; while (r == -1 && errno == EINTR) ;
  return r == pid && !status ;
}

/* Makes all of it: null, or why not. */

static inline char const *slow_try (void)
{
  static char const *const routes[2] =
  {
    "ip route add 10.1.0.0/16 dev slow && ip route add fd01::/64 dev slow",
    "ip link set lo up && ip route add 10.0.0.1 dev slow && ip route add fd00::1 dev slow && "
    "ip route add local 10.1.0.0/16 dev lo && ip route add local fd01::/64 dev lo"
  } ;
  char cmd[1024] ;
  struct ifreq ifr = { .ifr_name = SLOW_DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI } ;
  int tun[2] ;
  if (test_namespace() == -1) return "no namespaces here" ;
  for (int i = 0 ; i < 2 ; i++)
  {
    if (i && unshare(CLONE_NEWNET) == -1) return "no second namespace here" ;
    slow_ns[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) ;
    if (slow_ns[i] == -1) return "no /proc/self/ns here" ;
    tun[i] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC) ;
    if (tun[i] == -1 && errno == EACCES) return "no right to open /dev/net/tun" ;
    if (tun[i] == -1 || ioctl(tun[i], TUNSETIFF, &ifr) == -1) return "no TUN device here" ;
    snprintf(cmd, sizeof cmd, "PATH=$PATH:/usr/sbin:/sbin ; { ip link set slow addrgenmode none && ip addr add 10.0.0.%d/32 dev slow && "
      "ip addr add fd00::%d/128 dev slow nodad && ip addr add fe80::%d/64 dev slow nodad && ip link set slow up && %s ; } >/dev/null",
      i + 1, i + 1, i + 1, routes[i]) ;
    if (system(cmd)) return "ip cannot set up the devices" ;
    if (slow_sysctl("3") == -1) return "no fast open here" ;
  }
  slow_in(0) ;
  slow = mmap(0, sizeof *slow, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ;
  slow_kick = eventfd(0, EFD_CLOEXEC) ;
  if (slow == MAP_FAILED || slow_kick == -1) return "no memory" ;
  slow_pid = slow_fork() ;
  if (slow_pid == -1) return "no process" ;
  if (!slow_pid) slow_run(tun) ;
  close(tun[0]) ;
  close(tun[1]) ;
  return 0 ;
}

#define slow_start() (slow_why = slow_try())

static inline void slow_end (void)
{
  if (slow_why) return ;
  kill(slow_pid, SIGKILL) ;
  waitpid(slow_pid, 0, 0) ;
  close(slow_ns[0]) ;
  close(slow_ns[1]) ;
  close(slow_kick) ;
}

#endif
