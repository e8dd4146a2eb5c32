/* ISC license. */

/*
   shortlived name=command...: 20,000 short connections to each server, for test/dev/interop.sh. The command says its port on a line,
   and answers "hello\n" to every connection; the servers take turns. Exit 0: every connection was answered, and no process is left.
*/

#include "test.h"

#include "socket.h"

#define ROUNDS 20
#define CONNECTIONS 1000  /* a round */
#define CLIENTS 8         /* at a time */
#define SERVERS 4

typedef struct
{
  char const *name ;
  pid_t pid ;
  uint16_t port ;
  unsigned int answered, left ;
  double rate[ROUNDS] ;
} server ;

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 ;
}

static void start (server *x, char *arg)
{
  char line[16] = "" ;
  char *command = strchr(arg, '=') ;
  int p[2] ;
  if (!command || pipe(p) == -1) exit(100) ;
  *command++ = 0 ;
  x->name = arg ;
  x->pid = fork() ;
  if (x->pid == 0)
  {
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    dup2(p[1], 1) ;
    close(p[0]) ;
    close(p[1]) ;
    execl("/bin/sh", "sh", "-c", command, (char *)0) ;
    _exit(127) ;
  }
  close(p[1]) ;
  if (read(p[0], line, sizeof line - 1) <= 0) exit(111) ;
  close(p[0]) ;
  x->port = (uint16_t)strtoul(line, 0, 10) ;
}

static int answered (uint16_t port)
{
  char got[16] ;
  size_t len = 0 ;
  ssize_t r = 1 ;
  int s = socket_tcp4b() ;
  if (socket_connect4(s, LOOPBACK4, port) == -1) r = -1 ;
  while (r > 0 && len < sizeof got)
  {
    r = read(s, got + len, sizeof got - len) ;
    if (r > 0) len += (size_t)r ;
  }
  close(s) ;
  return r == 0 && len == 6 && !memcmp(got, "hello\n", 6) ;
}

static unsigned int children (server const *x)
{
  char path[64], line[4096] ;
  unsigned int n = 0 ;
  FILE *f ;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)x->pid, (int)x->pid) ;
  f = fopen(path, "r") ;
  if (!f) return 1 ;
  if (fgets(line, sizeof line, f)) for (char *s = line ; (s = strchr(s, ' ')) ; s++) n++ ;
  fclose(f) ;
  return n ;
}

static void play (server *x, unsigned int nth)
{
  unsigned int k ;
  int p[2] ;
  double begin = now() ;
  if (pipe(p) == -1) exit(111) ;
  for (unsigned int i = 0 ; i < CLIENTS ; i++) if (fork() == 0)
  {
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    k = 0 ;
    for (unsigned int j = 0 ; j < CONNECTIONS / CLIENTS ; j++) k += (unsigned int)answered(x->port) ;
    _exit(write(p[1], &k, sizeof k) != sizeof k) ;
  }
  close(p[1]) ;
  while (read(p[0], &k, sizeof k) == sizeof k) x->answered += k ;
  close(p[0]) ;
  x->rate[nth] = CONNECTIONS / (now() - begin) ;
  for (unsigned int i = 0 ; i < CLIENTS ; i++) wait(0) ;
  begin = now() ;
  while (children(x) && now() - begin < 10) poll(0, 0, 1) ;
  x->left += children(x) ;
}

/* Of the server and its children, since it was started */

static double processor_time (server const *x)
{
  char path[64], line[1024] = "" ;
  long t[4] = { 0, 0, 0, 0 } ;
  FILE *f ;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)x->pid) ;
  f = fopen(path, "r") ;
  if (f && fgets(line, sizeof line, f) && strrchr(line, ')'))
    sscanf(strrchr(line, ')') + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld %ld %ld", t, t + 1, t + 2, t + 3) ;
  if (f) fclose(f) ;
  return (double)(t[0] + t[1] + t[2] + t[3]) / (double)sysconf(_SC_CLK_TCK) ;
}

static int ascending (void const *a, void const *b)
{
  double const *x = a, *y = b ;
  return (*x > *y) - (*x < *y) ;
}

int main (int argc, char **argv)
{
  static server x[SERVERS] ;
  unsigned int n = (unsigned int)argc - 1, bad = 0 ;
  if (!n || n > SERVERS) return 100 ;
  for (unsigned int i = 0 ; i < n ; i++) start(x + i, argv[i + 1]) ;
  for (unsigned int nth = 0 ; nth < ROUNDS ; nth++) for (unsigned int i = 0 ; i < n ; i++) play(x + i, nth) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    double us = 1e6 * processor_time(x + i) / (ROUNDS * CONNECTIONS) ;
    qsort(x[i].rate, ROUNDS, sizeof x[i].rate[0], &ascending) ;
    printf("%s: %u of %u, %u processes left, %.0f a second (%.0f to %.0f), %.0f us of processor time each\n", x[i].name, x[i].answered,
      ROUNDS * CONNECTIONS, x[i].left, x[i].rate[ROUNDS / 2], x[i].rate[0], x[i].rate[ROUNDS - 1], us) ;
    bad |= x[i].answered != ROUNDS * CONNECTIONS || x[i].left ;
    kill(x[i].pid, SIGTERM) ;
    waitpid(x[i].pid, 0, 0) ;
  }
  return bad ? 1 : 0 ;
}
