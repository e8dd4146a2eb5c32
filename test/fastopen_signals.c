/* ISC license. */

/*
   Fast open's connects while signals come: the server reads every byte once.
   The kernel's own wait, a blocking sendto(MSG_FASTOPEN), is put through the same to see that it means something.
*/

#include "fastopen.h"

#define BIG 200000
#define MS 3                   /* between signals */

enum how { RESTART, BREAK, STOP } ;

struct result
{
  ssize_t r ;
  int error ;
  int signals ;                /* that came during the call */
} ;

static char big[BIG] ;
static int volatile signals ;

static void onsignal (int sig)
{
  (void)sig ;
  signals++ ;
}

static char const *address (unsigned int n)
{
  static char ip[16] ;
  memcpy(ip, six ? "\375\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0" : "\12\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) ;
  ip[six ? 15 : 3] = (char)n ;
  return ip ;
}

static ssize_t kernels (int s, char const *ip, char const *buf, size_t len, int flags)
{
  struct sockaddr_in sa4 = { .sin_family = AF_INET, .sin_port = htons(port) } ;
  struct sockaddr_in6 sa6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } ;
  memcpy(&sa4.sin_addr, ip, 4) ;
  memcpy(&sa6.sin6_addr, ip, 16) ;
  return sendto(s, buf, len, MSG_FASTOPEN | flags, six ? (void *)&sa6 : (void *)&sa4, six ? sizeof sa6 : sizeof sa4) ;
}

static ssize_t ours (int s, char const *ip, char const *buf, size_t len, int flags)
{
  (void)flags ;
  return six ? socket_fastopen_connect6(s, ip, port, 0, buf, len) : socket_fastopen_connect4(s, ip, port, buf, len) ;
}

typedef ssize_t call (int, char const *, char const *, size_t, int) ;

static struct row { call *f ; char const *holds ; size_t len ; enum how how ; int known ; } const *row ;

static void victim (call *f, char const *ip, size_t len, enum how how, int fd)
{
  struct sigaction sa = { .sa_handler = &onsignal, .sa_flags = how == RESTART ? SA_RESTART : 0 } ;
  struct result result ;
  int s = six ? socket_tcp6b() : socket_tcp4b(), size = 4096 ;
  sigemptyset(&sa.sa_mask) ;
  sigaction(SIGUSR1, &sa, 0) ;
  if (len == BIG) setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) ;
  errno = 0 ;
  if (write(fd, "", 1) != 1) _exit(1) ;
  result.r = (*f)(s, ip, big, len, 0) ;
  result.error = errno ;
  result.signals = signals ;
  if (write(fd, &result, sizeof result) != sizeof result) _exit(1) ;
  if (result.error == EINTR) test_ready(s, POLLOUT) ;  /* the kernel's: it goes on */
  _exit(0) ;
}

/*
   A server, and a client that gets a signal every 3 ms while it is in f.
   Returns how many bytes the server has read, and checks them as long as there are less than len.
*/

static size_t harass (call *f, size_t len, enum how how, int known, struct result *result)
{
  static unsigned int n ;
  char const *ip = address(++n) ;
  char buf[8192], x ;
  int queue = 16, size = 4096, s, c = -1, fd[2], ticks = 0, more = 1, done = 0 ;
  int l ;
  size_t w = 0 ;
  pid_t pid ;

  tun_in(1) ;
  l = six ? socket_tcp6() : socket_tcp4() ;
  tun_in(0) ;
  check(!(six ? socket_bind6(l, 0, 0, 0) || socket_local6(l, 0, &port, 0) : socket_bind4(l, 0, 0) || socket_local4(l, 0, &port))) ;
  check(!setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue)) ;
  if (len == BIG) check(!setsockopt(l, SOL_SOCKET, SO_RCVBUF, &size, sizeof size)) ;
  check(!socket_listen(l, 16)) ;

  if (known)
  {
    slow->delay = 0 ;
    s = six ? socket_tcp6() : socket_tcp4() ;
    check(fails(kernels(s, ip, 0, 0, MSG_DONTWAIT), EINPROGRESS)) ;
    check(test_ready(s, POLLOUT) && test_ready(l, POLLIN)) ;
    c = socket_accept4_nbcoe(l, 0, 0) ;
    if (c == -1) c = socket_accept6_nbcoe(l, 0, 0, 0) ;
    close(s) ;
    close(c) ;
    c = -1 ;
  }
  slow->delay = len == BIG ? 1 : 60 ;

  check(!pipe(fd)) ;
  pid = test_fork() ;
  if (!pid) victim(f, ip, len, how, fd[1]) ;
  close(fd[1]) ;
  check(read(fd[0], &x, 1) == 1) ;
  result->r = -2 ;
  while (more || !done)
  {
    struct pollfd p = { .fd = fd[0], .events = POLLIN } ;
    ssize_t r ;
    if (!done)
    {
      kill(pid, how != STOP ? SIGUSR1 : ++ticks & 1 ? SIGSTOP : SIGCONT) ;
      if (poll(&p, 1, MS) > 0)
      {
        kill(pid, SIGCONT) ;
        check(read(fd[0], result, sizeof *result) == sizeof *result) ;
        if (how == STOP) result->signals = ticks ;
        check(test_fine(pid)) ;
        done = 1 ;
      }
    }
    else
    {
      p.fd = c == -1 ? l : c ;
      if (poll(&p, 1, 5000) != 1) break ;
    }
    if (c == -1)
    {
      c = six ? socket_accept6_nbcoe(l, 0, 0, 0) : socket_accept4_nbcoe(l, 0, 0) ;
      if (c == -1) continue ;
    }
    r = more ? read(c, buf, sizeof buf) : -1 ;
    if (r > 0)
    {
      if (w + (size_t)r <= len) check(!memcmp(buf, big + w, (size_t)r)) ;
      w += (size_t)r ;
    }
    else if (!r) more = 0 ;
    else if (errno != EAGAIN) break ;
  }
  check(!more) ;
  close(c) ;
  close(l) ;
  close(fd[0]) ;
  return w ;
}

static void a_call_under_signals (void)
{
  struct result result ;
  size_t w ;
  slow_clear() ;
  w = harass(row->f, row->len, row->how, row->known, &result) ;
  if (row->f == &ours)
  {
    check(w == row->len) ;
    errno = result.error ;
    check(result.r == (ssize_t)row->len) ;
    check(!result.error) ;
    check(result.signals >= 5) ;
    if (FAST && row->known) check(slow->syndata == 1) ;
    return ;
  }
  check(result.signals >= 1) ;
  if (result.r == 10 && w == 10)
    printf("# a blocking sendto(MSG_FASTOPEN) keeps count here when signals come\n") ;
  else if (row->how == BREAK) check(result.r == -1 && result.error == EINTR && w == 10) ;
  else check(result.r == 10 && w == 20) ;
}

static struct row const rows[] =
{
  { .f = &ours, .holds = "data with the SYN goes once under a handler that restarts", .len = 10, .how = RESTART, .known = 1 },
  { .f = &ours, .holds = "data after the handshake goes once under a handler that restarts", .len = 10, .how = RESTART },
  { .f = &ours, .holds = "data with the SYN goes once under a handler that interrupts", .len = 10, .how = BREAK, .known = 1 },
  { .f = &ours, .holds = "data after the handshake goes once under a handler that interrupts", .len = 10, .how = BREAK },
  { .f = &ours, .holds = "data with the SYN goes once under stops", .len = 10, .how = STOP, .known = 1 },
  { .f = &ours, .holds = "data after the handshake goes once under stops", .len = 10, .how = STOP },
  { .f = &ours, .holds = "large data goes once under a handler that restarts", .len = BIG, .how = RESTART, .known = 1 },
  { .f = &ours, .holds = "large data goes once under a handler that interrupts", .len = BIG, .how = BREAK, .known = 1 },
  { .f = &ours, .holds = "large data goes once under stops", .len = BIG, .how = STOP, .known = 1 },
  { .f = &kernels, .holds = "the kernel's own call is put through it too, under a handler that restarts", .len = 10, .how = RESTART, .known = 1 },
  { .f = &kernels, .holds = "the kernel's own call is put through it too, under a handler that interrupts", .len = 10, .how = BREAK, .known = 1 },
  { .f = &kernels, .holds = "the kernel's own call is put through it too, under stops", .len = 10, .how = STOP, .known = 1 }
} ;

int main (void)
{
  for (size_t i = 0 ; i < BIG ; i++) big[i] = (char)(i * 7 ^ i >> 8) ;
  slow_start() ;
  for (row = rows ; row < rows + sizeof rows / sizeof *rows ; row++) run_on(BLOCKING, &a_call_under_signals, row->holds) ;
  slow_end() ;
  return test_end() ;
}
