/* ISC license. */

/*
   hostile attempts command...: what clients may do to a daemon that echoes, for test/example_echod.sh and test/example_tcpserve.sh.
   The command listens on 127.0.0.1, and the last word of the first line that it writes is its port. It is to serve 20
   clients of one address at least. Each attack comes from 127.0.0.3, while another client, 127.0.0.2, asks to be served again and
   again; after it the daemon has the memory, the descriptors and the children that it had before.
*/

#include "test.h"

#include <time.h>
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <netinet/tcp.h>

#include "socket.h"

#define ATTACKER "\177\0\0\3"
#define OTHER "\177\0\0\2"
#define MINUTE 60.0   /* in which it has to serve all attempts of one kind */
#define BACKLOG 4096  /* that of the daemons, unless somaxconn is less */

static char **command ;
static unsigned int attempts ;
static pid_t server ;
static uint16_t port ;
static unsigned int idle ;  /* its descriptors when it has no client */
static double soon ;  /* a second, in which a client whose SYN was dropped is not served; more on a machine that is slow or busy */
static double queue ;  /* in which it serves a backlog of clients, one after the other */

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 ;
}

static int stop (void)
{
  int status = -1 ;
  kill(server, SIGTERM) ;
  waitpid(server, &status, 0) ;
  return status ;
}


 /* What the daemon has */

/* All of them, or those that are sockets. */

static unsigned int descriptors (int sockets)
{
  char path[64], to[512] ;
  unsigned int n = 0 ;
  struct dirent *x ;
  DIR *d ;
  snprintf(path, sizeof path, "/proc/%d/fd", (int)server) ;
  d = opendir(path) ;
  while (d && (x = readdir(d)))
  {
    ssize_t r = readlinkat(dirfd(d), x->d_name, to, sizeof to) ;
    n += !sockets || (r > 7 && !memcmp(to, "socket:", 7)) ;
  }
  if (d) closedir(d) ;
  return n ;
}

static unsigned int children (void)
{
  char path[64], line[4096] = "" ;
  unsigned int n = 0 ;
  FILE *f ;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server, (int)server) ;
  f = fopen(path, "r") ;
  if (f && !fgets(line, sizeof line, f)) line[0] = 0 ;
  if (f) fclose(f) ;
  for (char *s = line ; (s = strchr(s, ' ')) ; s++) n++ ;
  return n ;
}

static unsigned long memory (void)
{
  char path[64] ;
  unsigned long all = 0, kb = 0 ;
  FILE *f ;
  snprintf(path, sizeof path, "/proc/%d/statm", (int)server) ;
  f = fopen(path, "r") ;
  if (!f || fscanf(f, "%lu %lu", &all, &kb) != 2) kb = 0 ;
  if (f) fclose(f) ;
  return kb * (unsigned long)sysconf(_SC_PAGESIZE) / 1024 ;
}

static int asleep (void)
{
  char path[64], line[512] = "" ;
  char const *name ;
  FILE *f ;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)server) ;
  f = fopen(path, "r") ;
  if (f && !fgets(line, sizeof line, f)) line[0] = 0 ;
  if (f) fclose(f) ;
  name = strrchr(line, ')') ;
  return name && name[2] == 'S' ;
}


static void start (void)
{
  char line[64] = "" ;
  FILE *f ;
  int p[2] ;
  if (pipe2(p, O_CLOEXEC) == -1) exit(111) ;
  server = fork() ;
  if (server == 0)
  {
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    dup2(p[1], 1) ;
    dup2(open("/dev/null", O_WRONLY), 2) ;
    execv(command[0], command) ;
    _exit(127) ;
  }
  close(p[1]) ;
  f = fdopen(p[0], "r") ;
  if (!fgets(line, sizeof line, f)) exit(111) ;
  fclose(f) ;
  port = (uint16_t)strtoul(strrchr(line, ' ') ? strrchr(line, ' ') : line, 0, 10) ;
}


 /* Clients */

static int dial_from (char const *ip)
{
  int s = socket_tcp4b() ;
  int one = 1 ;
  setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) ;
  if (socket_bind4(s, ip, 0) == 0 && socket_connect4(s, LOOPBACK4, port) == 0) return s ;
  close(s) ;
  return -1 ;
}

static int attacker (void)
{
  return dial_from(ATTACKER) ;
}

static void reset (int s)
{
  struct linger l = { .l_onoff = 1, .l_linger = 0 } ;
  setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l) ;
  close(s) ;
}

/* Is served: how long that took, -1 if it was not. It leaves by a reset, so that its ports do not run out. */

static double other (void)
{
  char got[5] ;
  size_t len = 0 ;
  double begin = now() ;
  int s = dial_from(OTHER) ;
  if (s == -1) return -1 ;
  if (send(s, "hello", 5, MSG_NOSIGNAL) != 5) { close(s) ; return -1 ; }
  while (len < 5)
  {
    ssize_t r = test_ready(s, POLLIN) ? read(s, got + len, 5 - len) : -1 ;
    if (r <= 0) { close(s) ; return -1 ; }
    len += (size_t)r ;
  }
  reset(s) ;
  return memcmp(got, "hello", 5) ? -1 : now() - begin ;
}

/* Once it has served, it has all that it is going to have. */

static void settle (void)
{
  double begin = now(), slowest = 0, mean ;
  for (unsigned int i = 0 ; i < 20 ; i++)
  {
    double took = other() ;
    check(took >= 0) ;
    if (took > slowest) slowest = took ;
  }
  soon = 1 + 50 * slowest ;
  mean = (now() - begin) / 20 ;
  queue = BACKLOG * mean ;
  if (attempts > MINUTE / mean) attempts = (unsigned int)(MINUTE / mean) ;
  while ((descriptors(1) > 1 || children()) && now() - begin < 30) poll(0, 0, 1) ;
  idle = descriptors(0) ;
}

/* With a silent client: asleep at 20 looks in a row. One that spins would be so at none. */

static void idle_it_sleeps (void)
{
  int s = attacker() ;
  unsigned int n = 0 ;
  double begin = now() ;
  check(other() >= 0) ;
  for (; n < 20 && now() - begin < 10 ; n = asleep() ? n + 1 : 0) poll(0, 0, 10) ;
  check(n == 20) ;
  close(s) ;
}

/* A process asks to be served until told to stop, and says how long it waited at most. */

static int watching[2] ;
static pid_t watcher ;

static void watch (void)
{
  int to[2], from[2] ;
  if (pipe2(to, O_CLOEXEC) == -1 || pipe2(from, O_CLOEXEC) == -1) exit(111) ;
  watcher = fork() ;
  if (watcher == 0)
  {
    struct pollfd x = { .fd = to[0], .events = POLLIN } ;
    double longest = 0 ;
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    close(to[1]) ;
    while (longest >= 0 && poll(&x, 1, 1) == 0)
    {
      double took = other() ;
      if (took < 0 || took > longest) longest = took ;
    }
    if (write(from[1], &longest, sizeof longest) != sizeof longest) _exit(1) ;
    _exit(0) ;
  }
  close(to[0]) ;
  close(from[1]) ;
  watching[0] = from[0] ;
  watching[1] = to[1] ;
}

static double watched (void)
{
  double longest = -1 ;
  close(watching[1]) ;
  if (read(watching[0], &longest, sizeof longest) != sizeof longest) longest = -1 ;
  close(watching[0]) ;
  waitpid(watcher, 0, 0) ;
  return longest ;
}

/* The attack, what another client waits at most, and what holds afterwards. */

static void under (unsigned int (*attack) (void), char const *name, double most)
{
  unsigned int n ;
  unsigned long kb = memory() ;
  double during, after, begin ;
  watch() ;
  n = (*attack)() ;
  during = watched() ;
  after = other() ;
  printf("# %s: %u clients; another one waited %.0f ms at most, %.0f ms afterwards, of %.0f ms\n", name, n, 1e3 * during, 1e3 * after, 1e3 * most) ;
  check(n > 0) ;
  check(during >= 0 && during < most) ;
  check(after >= 0 && after < most) ;
  begin = now() ;
  while ((descriptors(1) > 1 || children()) && now() - begin < 30) poll(0, 0, 10) ;
  check(descriptors(1) == 1 && descriptors(0) == idle && children() == 0) ;
  check(memory() <= kb + 512) ;
}


 /* Attacks: how many clients they had */

/* Whoever connects and goes. */

static unsigned int come_and_go (void)
{
  unsigned int n = 0 ;
  for (; n < attempts ; n++)
  {
    int s = attacker() ;
    if (s == -1) break ;
    if (n % 2) reset(s) ; else close(s) ;
  }
  return n ;
}

/* All the places that one address can get, and more. */

static unsigned int stay (void)
{
  static int s[1000] ;
  unsigned int n = 0 ;
  for (; n < 1000 ; n++)
  {
    s[n] = attacker() ;
    if (s[n] == -1) break ;
  }
  for (unsigned int i = 0 ; i < 20 ; i++) if (other() < 0) return 0 ;
  for (unsigned int i = 0 ; i < n ; i++) close(s[i]) ;
  return n ;
}

static unsigned int resets (void)
{
  static char const much[65536] ;
  unsigned int n = 0 ;
  for (; n < attempts / 5 ; n++)
  {
    int s = attacker() ;
    if (s == -1) break ;
    send(s, much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT) ;
    reset(s) ;
  }
  return n ;
}

/* Each closes its half and reads nothing; the last 15 stay for a while. */

static unsigned int half_closes (void)
{
  static char const much[300000] ;
  static int s[10000] ;
  unsigned int n = 0 ;
  for (; n < attempts / 20 ; n++)
  {
    s[n] = attacker() ;
    if (s[n] == -1) break ;
    send(s[n], much, n % 2 ? sizeof much : 1, MSG_NOSIGNAL | MSG_DONTWAIT) ;
    shutdown(s[n], SHUT_WR) ;
    if (n >= 15) close(s[n - 15]) ;
  }
  for (unsigned int i = n < 15 ? 0 : n - 15 ; i < n ; i++) close(s[i]) ;
  return n ;
}

static unsigned int urgent (void)
{
  unsigned int n = 0 ;
  for (; n < attempts / 20 ; n++)
  {
    int s = attacker() ;
    if (s == -1) break ;
    for (unsigned int i = 0 ; i < 20 ; i++) send(s, "urgent", 6, MSG_NOSIGNAL | MSG_DONTWAIT | (i % 3 ? MSG_OOB : 0)) ;
    close(s) ;
  }
  return n ;
}

/* They write until nothing moves any more, and read nothing. */

static unsigned int zero_windows (void)
{
  static char const much[65536] ;
  struct pollfd x[15] ;
  unsigned int n = 0 ;
  for (; n < 15 ; n++)
  {
    x[n].fd = attacker() ;
    x[n].events = POLLOUT ;
    if (x[n].fd == -1) break ;
  }
  while (poll(x, n, 200) > 0)
    for (unsigned int i = 0 ; i < n ; i++)
      if (x[i].revents && send(x[i].fd, much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno != EAGAIN) x[i].events = 0 ;
  for (unsigned int i = 0 ; i < n ; i++) close(x[i].fd) ;
  return n ;
}

/* Their host forgets them, and says nothing; the daemon's keepalive asks after a second. */

static unsigned int vanish (void)
{
  unsigned int n = 0 ;
  for (; n < 15 ; n++)
  {
    int on = 1, s = attacker() ;
    if (s == -1 || setsockopt(s, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == -1) return 0 ;
    close(s) ;
  }
  return n ;
}

static void attack_come_and_go (void) { under(&come_and_go, "come_and_go", soon + queue) ; }  /* the others may be behind all of them */
#define ATTACK(f) static void attack_##f (void) { under(&f, #f, soon) ; }
ATTACK(stay)
ATTACK(resets)
ATTACK(half_closes)
ATTACK(urgent)
ATTACK(zero_windows)
ATTACK(vanish)

/* Many short connections: each is served, and no process is left. */

static void short_ones (void)
{
  unsigned int total = attempts / 10, served = 0 ;
  double begin = now() ;
  for (unsigned int i = 0 ; i < total ; i++) served += other() >= 0 ;
  printf("# %.0f short connections a second, one after the other\n", total / (now() - begin)) ;
  check(served == total) ;
  begin = now() ;
  while (children() && now() - begin < 30) poll(0, 0, 1) ;
  check(children() == 0) ;
}

#define ENDS 20

/* SIGTERM, while clients come, write and go: it ends with 0, and in time. */

static void ends (void)
{
  double longest = 0 ;
  check(stop() == 0) ;
  for (unsigned int i = 0 ; i < ENDS ; i++)
  {
    double begin ;
    pid_t pid ;
    start() ;
    pid = fork() ;
    if (pid == 0)
    {
      prctl(PR_SET_PDEATHSIG, SIGKILL) ;
      for (unsigned int j = 0 ; ; j++)
      {
        int s = attacker() ;
        if (s == -1) _exit(0) ;
        send(s, "hello", 5, MSG_NOSIGNAL) ;
        if (j % 4 == 1) shutdown(s, SHUT_WR) ;
        if (j % 4 == 2) reset(s) ; else close(s) ;
      }
    }
    begin = now() ;
    while (now() < begin + .02 * i / ENDS) ;
    begin = now() ;
    check(stop() == 0) ;
    if (now() - begin > longest) longest = now() - begin ;
    kill(pid, SIGKILL) ;
    waitpid(pid, 0, 0) ;
  }
  printf("# the end after SIGTERM: %.0f ms at most\n", 1e3 * longest) ;
  check(longest < 5 + soon) ;
  start() ;
}

int main (int argc, char **argv)
{
  struct rlimit files ;
  if (argc < 3) return 100 ;
  attempts = (unsigned int)strtoul(argv[1], 0, 10) ;
  if (attempts < 1000 || attempts > 100000) return 100 ;
  command = argv + 2 ;
  if (test_namespace() == -1)
  {
    printf("skip hostile clients: " NO_NAMESPACES "\n") ;
    return test_end() ;
  }
  getrlimit(RLIMIT_NOFILE, &files) ;
  files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096 ;
  setrlimit(RLIMIT_NOFILE, &files) ;
  if (test_write("/proc/sys/net/ipv4/tcp_keepalive_time", "1") == -1) return 111 ;
  start() ;
  RUN(settle) ;
  RUN(idle_it_sleeps) ;
  RUN(attack_come_and_go) ;
  RUN(attack_stay) ;
  RUN(attack_resets) ;
  RUN(attack_half_closes) ;
  RUN(attack_urgent) ;
  RUN(attack_zero_windows) ;
  RUN(attack_vanish) ;
  RUN(short_ones) ;
  RUN(ends) ;
  stop() ;
  return test_end() ;
}
