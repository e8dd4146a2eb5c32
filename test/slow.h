/* ISC license. */

/*
   A wire between two namespaces, A (where the program is from slow_start on) and B (tun_in(1)):
   a process that carries packets from one to the other, late, not at all, or when it is told to.
   B is every address of 10.1.0.0/16 and fd01::/64, too: an address that was never used before has no cookie yet.
*/

#ifndef SLOW_H
#define SLOW_H

#include <sys/eventfd.h>
#include <sys/mman.h>

#include "tun.h"

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

static int slow_kick = -1 ;
static pid_t slow_pid = -1 ;

/* Counts a packet to B that is a SYN; 0 if it is to be lost. */

static inline int slow_look (unsigned char const *p, size_t len)
{
  struct tun_tcp t ;
  if (!tun_tcp(&t, p, len) || (t.flags & (TUN_SYN | TUN_ACK)) != TUN_SYN) return 1 ;
  slow->syn++ ;
  if (t.option && !t.cookie) slow->asked++ ;
  if (t.cookie) slow->cookies++ ;
  if (!t.data) return 1 ;
  slow->syndata++ ;
  return !slow->dropdata ;
}

static inline void slow_run (void)
{
  static struct slow_packet queue[2][SLOW_QUEUE] ;
  unsigned int head[2] = { 0, 0 }, n[2] = { 0, 0 } ;
  for (;;)
  {
    struct pollfd x[3] = { { .fd = tun_fd[0], .events = POLLIN }, { .fd = tun_fd[1], .events = POLLIN }, { .fd = slow_kick, .events = POLLIN } } ;
    long long now = tun_now(), wait = 999999999LL ;
    struct timespec ts = { .tv_sec = 0 } ;
    struct tun_tcp t ;
    uint64_t kicks ;
    for (unsigned int i = 0 ; i < 2 ; i++)
    {
      while (n[i] && !slow->hold[i] && queue[i][head[i]].due <= now)
      {
        struct slow_packet *p = queue[i] + head[i] ;
        if (tun_tcp(&t, p->data, p->len)) slow->packets[i]++ ;
        if (write(tun_fd[!i], p->data, p->len) == -1) slow->lost++ ;
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
      ssize_t r = read(tun_fd[i], p->data, sizeof p->data) ;
      if (r <= 0) continue ;
      p->len = (size_t)r ;
      p->due = tun_now() + slow->delay * 1000000LL ;
      if ((i || slow_look(p->data, p->len)) && !slow->drop[i]) n[i]++ ;
    }
  }
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

static inline void slow_routes (FILE *ip, int i)
{
  fprintf(ip, "route add %s\n", i ? "local 10.1.0.0/16 dev lo" : "10.1.0.0/16 dev " TUN_DEVICE) ;
  if (test_ip6()) fprintf(ip, "route add %s\n", i ? "local fd01::/64 dev lo" : "fd01::/64 dev " TUN_DEVICE) ;
}

/* Makes all of it: null, or why not. */

static inline char const *slow_try (void)
{
  char const *why = tun_start(&slow_routes) ;
  if (why) return why ;
  slow = mmap(0, sizeof *slow, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ;
  slow_kick = eventfd(0, EFD_CLOEXEC) ;
  if (slow == MAP_FAILED || slow_kick == -1) return "no memory" ;
  slow_pid = test_fork() ;
  if (slow_pid == -1) return "no process" ;
  if (!slow_pid) alarm(0), slow_run() ;
  close(tun_fd[0]) ;
  close(tun_fd[1]) ;
  return 0 ;
}

#define slow_start() (test_cannot = slow_try())

static inline void slow_end (void)
{
  if (test_cannot) return ;
  kill(slow_pid, SIGKILL) ;
  waitpid(slow_pid, 0, 0) ;
  close(tun_ns[0]) ;
  close(tun_ns[1]) ;
  close(slow_kick) ;
}

#endif
