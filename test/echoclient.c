/* ISC license. */

/* echoclient path few: the cases of the echo daemon at path, for test/example_echod.sh; the one at few has descriptors below 32 only */

#include "test.h"

#include <netinet/tcp.h>
#include <linux/sockios.h>

#include "socket.h"

#define MEGABYTE 1048576

static char const *echod ;
static char const *few ;
static struct rlimit descriptors ;
static int log_to = -1 ;  /* standard error of the next daemon, if it is not to be a file */


 /* The daemon: its standard output is read as far as the line, its standard error goes to a file */

typedef struct served_s served ;
struct served_s
{
  pid_t pid ;
  FILE *out ;
  FILE *err ;
  char ip[64] ;
  uint16_t port ;
} ;

static int spawn (served *d, char const *options, char const *ip, uint16_t port, rlim_t files)
{
  int p[2] ;
  char decimal[16] ;
  unsigned int got = 0 ;
  snprintf(decimal, sizeof decimal, "%u", port) ;
  d->err = tmpfile() ;
  if (!d->err || fcntl(fileno(d->err), F_SETFL, O_APPEND) == -1 || pipe2(p, O_CLOEXEC) == -1) exit(111) ;
  d->pid = fork() ;
  if (d->pid == -1) exit(111) ;
  if (d->pid == 0)
  {
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    dup2(p[1], 1) ;
    dup2(log_to < 0 ? fileno(d->err) : log_to, 2) ;
    for (int fd = 3 ; fd < 1024 ; fd++) close(fd) ;
    descriptors.rlim_cur = files ? files : descriptors.rlim_cur ;
    setrlimit(RLIMIT_NOFILE, &descriptors) ;
    if (options) execl(echod, "echod", options, ip, decimal, (char *)0) ;
    else execl(echod, "echod", ip, decimal, (char *)0) ;
    _exit(127) ;
  }
  close(p[1]) ;
  d->out = fdopen(p[0], "r") ;
  d->ip[0] = 0 ;
  if (fscanf(d->out, "%63s %u", d->ip, &got) != 2) got = 0 ;
  d->port = (uint16_t)got ;
  return got ? 0 : -1 ;
}

/* options are one word */

static int start (served *d, char const *options, char const *ip)
{
  return spawn(d, options, ip, 0, 0) ;
}

/* Its wait status; -1 if it had anything else to say on standard output. */

static int wait_for (served *d, struct rusage *usage)
{
  int status = -1 ;
  int rest = 0 ;
  while (wait4(d->pid, &status, 0, usage) == -1 && errno == EINTR) ;
  for (int c = getc(d->out) ; c != EOF ; c = getc(d->out)) rest += c != '\n' ;
  fclose(d->out) ;
  return rest ? -1 : status ;
}

/* Ends it: 0 if it went with exit 0. What it said on standard error can be read until said_all. */

static int stop_by (served *d, int sig, struct rusage *usage)
{
  kill(d->pid, sig) ;
  return wait_for(d, usage) ;
}

static int stop (served *d)
{
  struct rusage usage ;
  int status = stop_by(d, SIGTERM, &usage) ;
  fclose(d->err) ;
  return status ;
}

/* The microseconds of processor time that it took. */

static long took (struct rusage const *usage)
{
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec + usage->ru_stime.tv_usec ;
}

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 ;
}

/* How many lines of standard error have this text in them. */

static unsigned int said (served *d, char const *text)
{
  char line[256] ;
  unsigned int lines = 0 ;
  int fd = dup(fileno(d->err)) ;
  FILE *f = fdopen(fd, "r") ;
  rewind(f) ;
  while (fgets(line, sizeof line, f)) lines += strstr(line, text) != 0 ;
  fclose(f) ;
  return lines ;
}


 /* Clients */

static int has_ip6 (void)
{
  struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT } ;
  int s = socket(AF_INET6, SOCK_STREAM, 0) ;
  int r = s >= 0 && bind(s, (struct sockaddr *)&sa, sizeof sa) == 0 ;
  if (s >= 0) close(s) ;
  return r ;
}

static int dial4 (served const *d)
{
  int s = socket_tcp4b() ;
  if (socket_connect4(s, LOOPBACK4, d->port) == 0) return s ;
  close(s) ;
  return -1 ;
}

static int dial6 (served const *d, char const *ip)
{
  int s = socket_tcp6b() ;
  if (socket_connect6(s, ip, d->port, 0) == 0) return s ;
  close(s) ;
  return -1 ;
}

/* Non-blocking, its buffers small, and its segments smaller: loopback's 64 kB ones would have to wait for timers */

static int dial_small (served const *d)
{
  int s = socket_tcp4b() ;
  int size = 16384 ;
  int segment = 1400 ;
  setsockopt(s, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment) ;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) ;
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) ;
  if (socket_connect4(s, LOOPBACK4, d->port) == 0 && fcntl(s, F_SETFL, O_NONBLOCK) == 0) return s ;
  close(s) ;
  return -1 ;
}

static int tell (int s, char const *text)
{
  return send(s, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) ;
}

static int hears (int s, char const *text)
{
  char got[256] ;
  size_t len = 0 ;
  while (len < strlen(text))
  {
    ssize_t r = test_ready(s, POLLIN) ? read(s, got + len, strlen(text) - len) : -1 ;
    if (r <= 0) return 0 ;
    len += (size_t)r ;
  }
  return !memcmp(got, text, len) ;
}

static int echoes (int s, char const *text)
{
  return tell(s, text) && hears(s, text) ;
}

static int ends (int s)
{
  char c ;
  return test_ready(s, POLLIN) && read(s, &c, 1) == 0 ;
}

/* A stream without a period that a buffer could hide: its byte at a place. */

static char byte_at (size_t place)
{
  uint32_t x = (uint32_t)place * 2654435761u ;
  return (char)(x >> 24 ^ x >> 11) ;
}

static ssize_t put (int s, size_t place, size_t max)
{
  char buf[16384] ;
  size_t len = max < sizeof buf ? max : sizeof buf ;
  for (size_t i = 0 ; i < len ; i++) buf[i] = byte_at(place + i) ;
  return send(s, buf, len, MSG_NOSIGNAL) ;
}

/* The bytes that came, 0 at the end; -1 if they are not the stream's. */

static ssize_t get (int s, size_t place)
{
  char buf[16384] ;
  ssize_t r = read(s, buf, sizeof buf) ;
  for (ssize_t i = 0 ; i < r ; i++) if (buf[i] != byte_at(place + (size_t)i)) return -1 ;
  return r ;
}

/* Writes without reading until nothing moves any more: how much it was. Waiting too briefly here only makes the case easier. */

static size_t stall (int s)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  size_t sent = 0 ;
  while (poll(&x, 1, 200) == 1)
  {
    ssize_t r = put(s, sent, MEGABYTE) ;
    if (r == -1) break ;
    sent += (size_t)r ;
  }
  return sent ;
}

/* Brings the stream to total bytes, half-closes, reads to the end: true if every byte is back and then the end comes. */

static int stream (int s, size_t sent, size_t total)
{
  size_t received = 0 ;
  for (;;)
  {
    struct pollfd x = { .fd = s, .events = POLLIN } ;
    ssize_t r ;
    if (sent < total) x.events |= POLLOUT ;
    if (poll(&x, 1, 30000) != 1) return 0 ;
    if (x.revents & POLLOUT)
    {
      r = put(s, sent, total - sent) ;
      if (r == -1 && errno != EAGAIN) return 0 ;
      if (r > 0) sent += (size_t)r ;
      if (sent == total && shutdown(s, SHUT_WR) == -1) return 0 ;
    }
    if (x.revents & ~POLLOUT)
    {
      r = get(s, received) ;
      if (r == 0) return received == total ;
      if (r == -1) return 0 ;
      received += (size_t)r ;
    }
  }
}


/* Reads the stream from a place on, up to another place or to its end: where it came to; 0 if it broke. */

static size_t drain (int s, size_t from, size_t to)
{
  while (from < to)
  {
    ssize_t r = test_ready(s, POLLIN) ? get(s, from) : -1 ;
    if (r == -1) return 0 ;
    if (r == 0) break ;
    from += (size_t)r ;
  }
  return from ;
}


static void a_client_is_echoed_over_ip4 (void)
{
  served d ;
  int s ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  check(!strcmp(d.ip, "127.0.0.1")) ;
  s = dial4(&d) ;
  check(echoes(s, "hello")) ;
  check(echoes(s, "again\n")) ;
  check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  check(said(&d, "") == 0) ;
  check(stop(&d) == 0) ;
}

static void a_client_is_echoed_over_ip6 (void)
{
  served d ;
  int s ;
  if (!has_ip6()) SKIP(NO_IP6) ;
  check(start(&d, 0, "::1") == 0) ;
  check(!strcmp(d.ip, "::1")) ;
  s = dial6(&d, LOOPBACK6) ;
  check(echoes(s, "hello")) ;
  check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  check(said(&d, "") == 0) ;
  check(stop(&d) == 0) ;
}

static void one_socket_serves_both_families (void)
{
  served d ;
  int s, t ;
  if (!has_ip6()) SKIP(NO_IP6) ;
  check(start(&d, 0, "::") == 0) ;
  check(!strcmp(d.ip, "::")) ;
  s = dial6(&d, LOOPBACK6) ;
  t = dial4(&d) ;
  check(tell(s, "six") && tell(t, "four")) ;
  check(hears(s, "six") && hears(t, "four")) ;
  close(s) ;
  check(echoes(t, "still there")) ;
  close(t) ;
  check(stop(&d) == 0) ;
}

/* With its interface: in the line it says, and in the log. */

static void a_link_local_address_has_its_interface (void)
{
  static char const ip[16] = { '\376', '\200', [15] = 1 } ;
  served d ;
  char text[64] ;
  uint16_t port = 0 ;
  int s ;
  if (system("PATH=$PATH:/usr/sbin:/sbin ip addr add fe80::1/64 dev lo nodad && test/settle.sh")) SKIP(NO_IP6) ;
  check(!start(&d, "-v", "fe80::1%lo") && !strcmp(d.ip, "fe80::1%lo")) ;
  s = socket_tcp6b() ;
  check(!socket_connect6(s, ip, d.port, if_nametoindex("lo")) && echoes(s, "hello") && !socket_local6(s, 0, &port, 0)) ;
  snprintf(text, sizeof text, "echod: info: fe80::1%%lo %u connected\n", port) ;
  check(said(&d, text) == 1) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

/* The port is held by a socket that does not listen, so that nobody takes it before echod does. */

static void a_given_port_is_taken (void)
{
  served d ;
  uint16_t port = 0 ;
  int s ;
  int holder = socket_tcp4b() ;
  check(socket_bind4_reuse(holder, LOOPBACK4, 0) == 0) ;
  check(socket_local4(holder, 0, &port) == 0) ;
  check(spawn(&d, 0, "127.0.0.1", port, 0) == 0) ;
  check(d.port == port) ;
  s = dial4(&d) ;
  check(echoes(s, "hello")) ;
  close(s) ;
  check(stop(&d) == 0) ;
  close(holder) ;
}

/* Reads nothing before echod cannot write any more: all is there nevertheless. */

static void a_partial_write_loses_nothing (void)
{
  served d ;
  int s ;
  size_t sent ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial_small(&d) ;
  sent = stall(s) ;
  check(sent > 0) ;
  check(stream(s, sent, sent + 4 * MEGABYTE)) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

#define MANY 200

static void two_hundred_clients_are_echoed_at_once (void)
{
  served d ;
  int s[MANY] ;
  char text[MANY][32] ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  for (unsigned int i = 0 ; i < MANY ; i++)
  {
    s[i] = socket_tcp4() ;
    check(socket_connect4(s[i], LOOPBACK4, d.port) == 0 || errno == EINPROGRESS) ;
    snprintf(text[i], sizeof text[i], "I am number %u\n", i) ;
  }
  for (unsigned int i = 0 ; i < MANY ; i++) check(test_ready(s[i], POLLOUT) && tell(s[i], text[i])) ;
  for (unsigned int i = MANY ; i-- ;) check(hears(s[i], text[i])) ;
  check(said(&d, " connected") == MANY && said(&d, " left ") == 0) ;
  for (unsigned int i = 0 ; i < MANY ; i += 2) check(shutdown(s[i], SHUT_WR) == 0 && ends(s[i])) ;
  for (unsigned int i = 1 ; i < MANY ; i += 2) check(echoes(s[i], text[i])) ;
  for (unsigned int i = 0 ; i < MANY ; i++) close(s[i]) ;
  check(stop(&d) == 0) ;
}

/* The daemon is about to say this. */

static int comes (served *d, char const *text)
{
  double begin = now() ;
  while (now() - begin < 30)
  {
    if (said(d, text)) return 1 ;
    poll(0, 0, 20) ;
  }
  return 0 ;
}

/* As many as there may be descriptors, each with 32 KiB under way before any is read: nothing is lost, and echod stays small. */

static void thousands_of_clients_cost_little_memory (void)
{
  served d ;
  struct rusage usage ;
  struct rlimit files = descriptors ;
  unsigned int n = 2000 ;
  static int s[2000] ;
  if (files.rlim_max < n + 100) n = (unsigned int)files.rlim_max - 100 ;
  printf("# %u connections\n", n) ;
  files.rlim_cur = files.rlim_max ;
  check(setrlimit(RLIMIT_NOFILE, &files) == 0) ;
  check(spawn(&d, 0, "127.0.0.1", 0, n + 10) == 0) ;
  for (unsigned int i = 0 ; i < n ; i++) s[i] = dial4(&d) ;
  for (unsigned int i = 0 ; i < n ; i++) check(put(s[i], i, MEGABYTE / 64) == MEGABYTE / 64) ;
  for (unsigned int i = 0 ; i < n ; i++) check(put(s[i], i + MEGABYTE / 64, MEGABYTE / 64) == MEGABYTE / 64) ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    check(shutdown(s[i], SHUT_WR) == 0) ;
    check(drain(s[i], i, i + MEGABYTE / 32) == i + MEGABYTE / 32 && ends(s[i])) ;
    close(s[i]) ;
  }
  check(setrlimit(RLIMIT_NOFILE, &descriptors) == 0) ;
  check(stop_by(&d, SIGTERM, &usage) == 0) ;
  check(usage.ru_maxrss < 8192) ;
  check(said(&d, "") == 0) ;
  fclose(d.err) ;
}

/* The echod of few descriptors uses no higher ones, though it may have more. */

static void without_a_place_in_its_table_newcomers_wait (void)
{
  served d ;
  char const *path = echod ;
  int s[50] ;
  unsigned int welcome = 0 ;
  echod = few ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  echod = path ;
  for (unsigned int i = 0 ; i < 50 ; i++) check(tell(s[i] = dial4(&d), "hello")) ;
  check(comes(&d, strerror(EMFILE))) ;
  while (welcome < 50)
  {
    struct pollfd x = { .fd = s[welcome], .events = POLLIN } ;
    if (poll(&x, 1, 300) != 1) break ;
    check(hears(s[welcome++], "hello")) ;
  }
  check(welcome >= 20 && welcome < 30) ;
  for (unsigned int i = 0 ; i < welcome ; i++) check(echoes(s[i], "still here")) ;
  for (unsigned int i = 0 ; i < 50 ; i++)
  {
    check(shutdown(s[i], SHUT_WR) == 0 && ends(s[i])) ;
    close(s[i]) ;
    if (welcome < 50) check(hears(s[welcome++], "hello")) ;
  }
  check(stop(&d) == 0) ;
}

static void the_end_comes_after_the_last_echo (void)
{
  served d ;
  int s ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  s = dial4(&d) ;
  check(tell(s, "last words") && shutdown(s, SHUT_WR) == 0) ;
  check(hears(s, "last words") && ends(s)) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

/* The FIN comes while echod is still holding what it could not write. */

static void a_half_closed_client_that_stalls_loses_nothing (void)
{
  served d ;
  int s ;
  size_t sent ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial_small(&d) ;
  sent = stall(s) ;
  check(shutdown(s, SHUT_WR) == 0) ;
  check(sent > 0 && stream(s, sent, sent)) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

static void resets_disturb_no_one (void)
{
  served d ;
  int s, t ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(echoes(s, "before")) ;
  for (unsigned int i = 0 ; i < 100 ; i++)
  {
    t = dial4(&d) ;
    check(tell(t, "I do not wait for the answer")) ;
    test_reset(t) ;
  }
  t = dial_small(&d) ;
  check(stall(t) > 0) ;
  test_reset(t) ;
  for (unsigned int i = 0 ; i < 1000 && said(&d, " broke off ") < 101 ; i++) check(echoes(s, "after")) ;
  check(said(&d, " broke off ") == 101) ;
  t = dial4(&d) ;
  check(echoes(t, "new")) ;
  close(t) ;
  check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

/* A write after a FIN and a reset would be a SIGPIPE: echod is stopped while both arrive. */

static void a_reset_after_the_end_is_no_SIGPIPE (void)
{
  served d ;
  int s, t, status ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  t = dial4(&d) ;
  check(echoes(s, "before") && echoes(t, "before")) ;
  check(kill(d.pid, SIGSTOP) == 0 && waitpid(d.pid, &status, WUNTRACED) == d.pid && WIFSTOPPED(status)) ;
  check(tell(t, "and") && shutdown(t, SHUT_WR) == 0) ;
  test_reset(t) ;
  check(kill(d.pid, SIGCONT) == 0) ;
  check(echoes(s, "after")) ;
  close(s) ;
  s = dial4(&d) ;
  check(echoes(s, "new")) ;
  check(said(&d, " broke off ") == 1) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

static void a_stalled_client_disturbs_no_one (void)
{
  served d ;
  int s, t ;
  size_t sent ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  t = dial_small(&d) ;
  sent = stall(t) ;
  check(sent > 0) ;
  for (unsigned int i = 0 ; i < 50 ; i++)
  {
    s = dial4(&d) ;
    check(echoes(s, "he does not disturb me")) ;
    close(s) ;
  }
  s = dial_small(&d) ;
  check(stream(s, 0, MEGABYTE)) ;
  close(s) ;
  check(shutdown(t, SHUT_WR) == 0 && stream(t, sent, sent)) ;
  close(t) ;
  check(stop(&d) == 0) ;
}

/*
   Silent clients, stalled ones, half-closed ones and those that were stalled once cost no time. They never leave:
   after SIGTERM echod waits for them 5 seconds.
*/

static void idle_clients_cost_no_time (void)
{
  served d ;
  struct rusage usage ;
  int silent, stalled, halfclosed, recovered ;
  struct pollfd x = { .events = POLLIN } ;
  size_t sent ;
  double begin ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  silent = dial4(&d) ;
  stalled = dial_small(&d) ;
  halfclosed = dial_small(&d) ;
  check(stall(stalled) > 0 && stall(halfclosed) > 0) ;
  check(shutdown(halfclosed, SHUT_WR) == 0) ;
  recovered = dial_small(&d) ;
  sent = stall(recovered) ;
  check(drain(recovered, 0, sent) == sent) ;
  x.fd = silent ;
  check(poll(&x, 1, 700) == 0) ;
  begin = now() ;
  check(stop_by(&d, SIGTERM, &usage) == 0) ;
  check(now() - begin > 4 && now() - begin < 15) ;
  check(took(&usage) < 300000) ;
  fclose(d.err) ;
  close(silent) ;
  close(stalled) ;
  close(halfclosed) ;
  close(recovered) ;
}

/* 20 descriptors are 14 or so clients: the others wait, without echod spinning, until somebody leaves, and no longer. */

#define CROWD 30

static void without_descriptors_newcomers_wait_and_it_does_not_spin (void)
{
  served d ;
  struct rusage usage ;
  int s[CROWD] ;
  unsigned int served_now = 0 ;
  time_t begin ;
  struct pollfd x = { .events = POLLIN } ;
  check(spawn(&d, 0, "127.0.0.1", 0, 20) == 0) ;
  for (unsigned int i = 0 ; i < CROWD ; i++)
  {
    s[i] = dial4(&d) ;
    check(tell(s[i], "me")) ;
  }
  x.fd = s[CROWD - 1] ;
  check(poll(&x, 1, 1200) == 0) ;
  for (unsigned int i = 0 ; i < CROWD ; i++)
  {
    x.fd = s[i] ;
    served_now += poll(&x, 1, 0) == 1 ;
  }
  check(served_now >= 10 && served_now < 20) ;
  for (unsigned int i = 0 ; i < served_now ; i++) check(hears(s[i], "me") && echoes(s[i], "I am served")) ;
  begin = time(0) ;
  for (unsigned int i = 0 ; i < CROWD ; i++)
  {
    check(shutdown(s[i], SHUT_WR) == 0 && ends(s[i])) ;
    close(s[i]) ;
    if (served_now < CROWD) check(hears(s[served_now++], "me")) ;
  }
  check(time(0) - begin < 7) ;
  check(comes(&d, "echod: info: newcomers wait no longer\n")) ;
  check(stop_by(&d, SIGTERM, &usage) == 0) ;
  check(said(&d, "echod: warning: newcomers wait, unable to accept: ") == 1 && said(&d, strerror(EMFILE)) == 1 && said(&d, "") == 2) ;
  check(took(&usage) < 300000) ;
  fclose(d.err) ;
}

/* The last place goes from hand to hand all the time, and there is always somebody waiting: two lines in two seconds at most. */

static void newcomers_that_always_wait_are_told_of_once_a_second (void)
{
  served d ;
  int s[CROWD] ;
  unsigned int places = 0 ;
  struct pollfd x = { .events = POLLIN } ;
  double begin = now() ;
  check(spawn(&d, 0, "127.0.0.1", 0, 20) == 0) ;
  for (; places < CROWD ; places++)
  {
    s[places] = dial4(&d) ;
    x.fd = s[places] ;
    check(tell(s[places], "me")) ;
    if (poll(&x, 1, 300) != 1) break ;
    check(hears(s[places], "me")) ;
  }
  check(places > 10 && places < 20) ;
  for (unsigned int i = 0 ; i < 2000 ; i++)
  {
    test_reset(s[places - 1]) ;
    s[places - 1] = s[places] ;
    check(hears(s[places - 1], "me")) ;
    s[places] = dial4(&d) ;
    check(tell(s[places], "me")) ;
  }
  check(echoes(s[0], "I am served")) ;
  check(said(&d, "") >= 1 && said(&d, "") < 2 + now() - begin) ;
  for (unsigned int i = 0 ; i <= places ; i++) close(s[i]) ;
  check(stop(&d) == 0) ;
}

/* Descriptors that others gave back are used though nobody leaves. */

static void descriptors_that_return_are_used (void)
{
  served d ;
  struct rlimit none = { .rlim_cur = 4, .rlim_max = descriptors.rlim_max } ;
  struct pollfd x = { .events = POLLIN } ;
  int s ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(echoes(s, "hello")) ;
  check(prlimit(d.pid, RLIMIT_NOFILE, &none, 0) == 0) ;
  x.fd = dial4(&d) ;
  check(tell(x.fd, "hello")) ;
  check(poll(&x, 1, 300) == 0) ;
  check(said(&d, "echod: warning: newcomers wait, unable to accept: ") == 1) ;
  check(prlimit(d.pid, RLIMIT_NOFILE, &descriptors, 0) == 0) ;
  check(hears(x.fd, "hello")) ;
  check(echoes(s, "bye")) ;
  close(x.fd) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

static void SIGTERM_and_SIGINT_end_it_cleanly (void)
{
  static int const sigs[2] = { SIGTERM, SIGINT } ;
  for (unsigned int i = 0 ; i < 2 ; i++)
  {
    served d ;
    struct rusage usage ;
    int s, t ;
    double begin ;
    check(start(&d, "-v", "127.0.0.1") == 0) ;
    s = dial4(&d) ;
    t = dial4(&d) ;
    check(echoes(s, "hello") && echoes(t, "I leave first")) ;
    check(shutdown(t, SHUT_WR) == 0 && ends(t)) ;
    close(t) ;
    begin = now() ;
    check(kill(d.pid, sigs[i]) == 0 && ends(s)) ;
    check(fails(dial4(&d), ECONNREFUSED)) ;
    close(s) ;
    check(wait_for(&d, &usage) == 0) ;
    check(now() - begin < 4) ;
    check(said(&d, " left after 5 bytes\n") == 1 && said(&d, " broke off ") == 0) ;
    fclose(d.err) ;
  }
}

/* Who does not read keeps it for a while, and a second signal ends that. */

static void a_second_signal_ends_it_at_once (void)
{
  served d ;
  int s, t ;
  double begin ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  t = dial_small(&d) ;
  check(stall(t) > 0) ;
  begin = now() ;
  check(kill(d.pid, SIGTERM) == 0 && ends(s)) ;
  check(waitpid(d.pid, 0, WNOHANG) == 0) ;
  check(stop(&d) == 0) ;
  check(now() - begin < 4) ;
  close(s) ;
  close(t) ;
}

/*
   What echod's end of the connection has when the signal comes is echoed, and then the stream ends without a reset:
   from a little that echod has written already to so much that the queues are full, and all between.
*/

static void what_has_arrived_is_echoed_after_SIGTERM (void)
{
  for (size_t total = 20000 ; total <= 500000 ; total += 20000)
  {
    served d ;
    struct rusage usage ;
    int s, other, unsent = 0 ;
    size_t sent = 0 ;
    check(start(&d, 0, "127.0.0.1") == 0) ;
    s = dial_small(&d) ;
    other = dial4(&d) ;
    if (total == 500000) sent = stall(s) ;  /* in a hurry: then the queues grow */
    else for (ssize_t r = 1 ; r > 0 && sent < total ; sent += r > 0 ? (size_t)r : 0)
    {
      r = put(s, sent, 4000) ;
      check(echoes(other, "next")) ;
    }
    check(ioctl(s, SIOCOUTQ, &unsent) == 0 && sent > (size_t)unsent) ;
    check(kill(d.pid, SIGTERM) == 0) ;
    check(drain(s, 0, sent + 1) >= sent - (size_t)unsent) ;
    close(s) ;
    close(other) ;
    check(wait_for(&d, &usage) == 0) ;
    fclose(d.err) ;
  }
}

/*
   A client that goes on writing is not reset: that would throw away what is on its way to it.
   The other one has the higher descriptor, so that its end comes last. Waiting too briefly only makes the case easier.
*/

static void a_client_that_goes_on_writing_is_not_reset (void)
{
  served d ;
  struct rusage usage ;
  int other, unsent = 1 ;
  struct pollfd x = { .events = 0 } ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  x.fd = dial_small(&d) ;
  other = dial4(&d) ;
  check(put(x.fd, 0, 15000) == 15000 && put(x.fd, 15000, 15000) == 15000) ;
  for (unsigned int i = 0 ; i < 1000 && unsent ; i++) check(echoes(other, "wait") && ioctl(x.fd, SIOCOUTQ, &unsent) == 0) ;
  check(unsent == 0) ;
  check(kill(d.pid, SIGTERM) == 0 && ends(other)) ;
  close(other) ;
  for (size_t i = 0 ; i < 2 ; i++) check(put(x.fd, 30000 + i, 1) == 1 && poll(&x, 1, 200) == 0) ;
  check(drain(x.fd, 0, 30003) >= 30000) ;
  close(x.fd) ;
  check(wait_for(&d, &usage) == 0) ;
  fclose(d.err) ;
}

/* The queue holds as much as echod reads at once, and no more comes: the end is there at once all the same. */

static void SIGTERM_ends_what_is_whole_at_once (void)
{
  for (size_t total = 65536 ; total <= 262144 ; total += 65536)
  {
    served d ;
    struct rusage usage ;
    int s, status, unsent = 0 ;
    size_t sent = 0, end ;
    double begin ;
    check(start(&d, 0, "127.0.0.1") == 0) ;
    s = dial4(&d) ;
    while (sent < 64 * MEGABYTE)  /* echod's window grows */
    {
      size_t from = sent ;
      for (; sent < from + 262144 ; sent += 16384) check(put(s, sent, 16384) == 16384) ;
      check(drain(s, from, sent) == sent) ;
    }
    end = sent + total ;
    check(kill(d.pid, SIGSTOP) == 0 && waitpid(d.pid, &status, WUNTRACED) == d.pid && WIFSTOPPED(status)) ;
    check(kill(d.pid, SIGTERM) == 0) ;
    for (; sent < end ; sent += 16384) check(put(s, sent, 16384) == 16384) ;
    begin = now() ;
    do check(ioctl(s, SIOCOUTQ, &unsent) == 0) ; while (unsent && now() - begin < 10) ;
    check(unsent == 0) ;
    begin = now() ;
    check(kill(d.pid, SIGCONT) == 0) ;
    check(drain(s, end - total, end + 1) == end) ;
    check(now() - begin < 3) ;
    close(s) ;
    check(wait_for(&d, &usage) == 0) ;
    fclose(d.err) ;
  }
}

/* A client that writes without end, and reads: what has arrived is all that it gets. */

static void SIGTERM_ends_a_client_that_writes_without_end (void)
{
  served d ;
  struct rusage usage ;
  struct pollfd x = { .events = POLLIN | POLLOUT } ;
  size_t sent = 0, received = 0 ;
  ssize_t r = 1 ;
  double begin = 0 ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  x.fd = dial4(&d) ;
  check(fcntl(x.fd, F_SETFL, O_NONBLOCK) == 0) ;
  while (r && (begin < 1 || now() - begin < 30))
  {
    check(poll(&x, 1, 30000) == 1) ;
    if (x.revents & POLLOUT) r = put(x.fd, sent, 16384) ;
    if (x.revents & POLLOUT && r > 0) sent += (size_t)r ;
    if (received > 4 * MEGABYTE && begin < 1)
    {
      begin = now() ;
      check(kill(d.pid, SIGTERM) == 0) ;
    }
    if (!(x.revents & ~POLLOUT)) continue ;
    r = get(x.fd, received) ;
    if (r == -1) break ;
    received += (size_t)r ;
  }
  check(r == 0 && now() - begin < 3) ;
  check(received > 4 * MEGABYTE && received <= sent) ;
  close(x.fd) ;
  check(wait_for(&d, &usage) == 0) ;
  fclose(d.err) ;
}

/* Turned away: the end, or a reset, and nothing else. */

static int turned_away (int s)
{
  char c ;
  return test_ready(s, POLLIN) && read(s, &c, 1) <= 0 ;
}

static void no_more_clients_than_the_limit_are_served (void)
{
  served d ;
  int s[4] ;
  struct pollfd x = { .events = POLLIN } ;
  check(start(&d, "-c3", "127.0.0.1") == 0) ;
  for (unsigned int i = 0 ; i < 3 ; i++) check(echoes(s[i] = dial4(&d), "hello")) ;
  check(said(&d, "") == 0) ;
  x.fd = s[3] = dial4(&d) ;
  check(tell(s[3], "hello")) ;
  check(poll(&x, 1, 1300) == 0) ;
  check(said(&d, "echod: warning: newcomers wait, unable to accept: no place is left\n") == 1 && said(&d, "") == 1) ;
  test_reset(s[1]) ;
  check(hears(s[3], "hello") && echoes(s[0], "and") && echoes(s[2], "we?")) ;
  check(comes(&d, "echod: info: newcomers wait no longer\n")) ;
  close(s[0]) ;
  close(s[2]) ;
  close(s[3]) ;
  check(stop(&d) == 0) ;
}

static int dial_from (served const *d, char const *from, char const *to)
{
  char local[16], remote[16] ;
  int s = socket_tcp6b() ;
  if (inet_pton(AF_INET6, from, local) == 1 && inet_pton(AF_INET6, to, remote) == 1
   && socket_bind6(s, local, 0, 0) == 0 && socket_connect6(s, remote, d->port, 0) == 0) return s ;
  close(s) ;
  return -1 ;
}

static void one_address_has_no_more_places_than_its_limit (void)
{
  served d ;
  int s[2], t ;
  if (!has_ip6()) SKIP(NO_IP6) ;
  check(start(&d, "-vC2", "::") == 0) ;
  for (unsigned int i = 0 ; i < 2 ; i++) check(echoes(s[i] = dial4(&d), "hello")) ;
  for (unsigned int i = 0 ; i < 3 ; i++)
  {
    t = dial4(&d) ;
    check(turned_away(t)) ;
    close(t) ;
  }
  check(said(&d, " turned away: too many from there\n") == 3) ;
  t = dial_from(&d, "::ffff:127.0.0.2", "::ffff:127.0.0.1") ;
  check(echoes(t, "another address")) ;
  close(t) ;
  check(shutdown(s[1], SHUT_WR) == 0 && ends(s[1])) ;
  close(s[1]) ;
  s[1] = dial4(&d) ;
  check(echoes(s[1], "a place again") && echoes(s[0], "still here")) ;
  close(s[0]) ;
  close(s[1]) ;
  check(stop(&d) == 0) ;
}

/* Of IPv6 addresses 64 bits count, and ::1 is none that a free place could be taken for. */

static void one_ip6_network_has_no_more_places_than_its_limit (void)
{
  static char const *from[5] = { "fd00::1", "fd00::1:0:0:1", "fd00:0:0:1::1", "::1", "::1" } ;
  served d ;
  int s[5], t ;
  if (system("for a in fd00::1 fd00::1:0:0:1 fd00:0:0:1::1 ; do ip addr add $a/128 dev lo nodad || exit ; done && test/settle.sh")) SKIP(NO_IP6) ;
  check(start(&d, "-C2", "::") == 0) ;
  for (unsigned int i = 0 ; i < 5 ; i++)
  {
    s[i] = dial_from(&d, from[i], from[i]) ;
    check(echoes(s[i], "hello")) ;
  }
  for (unsigned int i = 0 ; i < 2 ; i++)
  {
    t = dial_from(&d, from[i ? 4 : 0], from[i ? 4 : 0]) ;
    check(t >= 0 && turned_away(t)) ;
    close(t) ;
  }
  for (unsigned int i = 0 ; i < 5 ; i++) close(s[i]) ;
  check(stop(&d) == 0) ;
}

/* Urgent bytes, the last one too, are in their places, also for a client that reads only when all is sent. */

static void urgent_data_is_data (void)
{
  served d ;
  size_t total = 200001 ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  for (unsigned int slow = 0 ; slow < 2 ; slow++)
  {
    int s = slow ? dial_small(&d) : dial4(&d) ;
    size_t sent = 0, received = 0, next = 0 ;
    ssize_t r = 1 ;
    struct pollfd x = { .fd = s } ;
    check(fcntl(s, F_SETFL, O_NONBLOCK) == 0) ;
    while (r && test_ready(s, sent < total ? POLLIN | POLLOUT : POLLIN))
    {
      size_t max = next > sent ? next - sent : 1 ;
      char c = byte_at(sent) ;
      x.events = POLLOUT ;
      if (sent < total && poll(&x, 1, slow ? 100 : 0) == 1)
      {
        r = sent == next ? send(s, &c, 1, MSG_OOB | MSG_NOSIGNAL) : put(s, sent, max) ;
        if (r > 0 && sent == next) next = next == total - 1 ? total : next + 50000 ;
        if (r > 0) sent += (size_t)r ;
        if (sent == total) check(shutdown(s, SHUT_WR) == 0) ;
        r = 1 ;
        continue ;
      }
      r = get(s, received) ;
      if (r == -1 && errno != EAGAIN) break ;
      if (r > 0) received += (size_t)r ;
    }
    check(r == 0 && sent == total && received == total) ;
    close(s) ;
  }
  check(said(&d, " left after 200001 bytes\n") == 2) ;
  check(stop(&d) == 0) ;
}

/*
   An answer does not wait until the one before is acknowledged: that takes 40 ms.
   The two are not one, for echod reads what is before an urgent byte, and then the rest.
*/

static void small_answers_do_not_wait (void)
{
  served d ;
  int s, status, on = 1 ;
  double begin ;
  check(start(&d, 0, "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) ;
  for (unsigned int i = 0 ; i < 50 ; i++) check(echoes(s, "a line that switches off quick acknowledgments")) ;
  begin = now() ;
  for (unsigned int i = 0 ; i < 50 ; i++)
  {
    check(kill(d.pid, SIGSTOP) == 0 && waitpid(d.pid, &status, WUNTRACED) == d.pid && WIFSTOPPED(status)) ;
    check(tell(s, "a") && send(s, "b", 1, MSG_OOB) == 1 && tell(s, "c")) ;
    check(kill(d.pid, SIGCONT) == 0 && hears(s, "abc")) ;
  }
  printf("# three bytes: %.3f ms\n", (now() - begin) * 20) ;
  check(now() - begin < 50 * .02) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

/* The client's host forgets the connection, and says nothing. */

static void a_client_that_vanishes_is_noticed (void)
{
  served d ;
  int s, on = 1, forgets ;
  if (test_write("/proc/sys/net/ipv4/tcp_keepalive_time", "1") == -1) SKIP("no sysctl net.ipv4.tcp_keepalive_time") ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(echoes(s, "hello")) ;
  forgets = setsockopt(s, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != -1 ;
  close(s) ;
  if (forgets) check(comes(&d, " broke off after 5 bytes: ")) ;
  check(stop(&d) == 0) ;
  if (!forgets) SKIP("no TCP_REPAIR here") ;
}

static void the_log_tells_of_each_client (void)
{
  served d ;
  struct rusage usage ;
  int s ;
  uint16_t port = 0 ;
  char text[64] ;
  check(start(&d, "-v", "::") == 0) ;
  s = dial4(&d) ;
  check(socket_local4(s, 0, &port) == 0) ;
  check(echoes(s, "hello")) ;
  snprintf(text, sizeof text, "echod: info: 127.0.0.1 %u connected\n", port) ;
  check(said(&d, text) == 1) ;
  check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  if (has_ip6())
  {
    s = dial6(&d, LOOPBACK6) ;
    check(socket_local6(s, 0, &port, 0) == 0) ;
    check(echoes(s, "hello!")) ;
    snprintf(text, sizeof text, "echod: info: ::1 %u connected\n", port) ;
    check(said(&d, text) == 1) ;
    check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
    close(s) ;
  }
  check(stop_by(&d, SIGTERM, &usage) == 0) ;
  check(said(&d, " left after 5 bytes\n") == 1) ;
  check(said(&d, " left after 6 bytes\n") == (unsigned int)has_ip6()) ;
  fclose(d.err) ;
}

/* Reads what is there: how many lines about clients, and adds to *lost what the others count. */

static unsigned int lines (int fd, unsigned int *lost)
{
  static char const counted[] = "echod: warning: lines lost: " ;
  char buf[65536] ;
  unsigned int n = 0 ;
  for (;;)
  {
    struct pollfd x = { .fd = fd, .events = POLLIN } ;
    ssize_t r = poll(&x, 1, 0) == 1 ? read(fd, buf, sizeof buf - 1) : 0 ;
    if (r <= 0) return n ;
    buf[r] = 0 ;
    for (char *s = buf ; (s = strchr(s, '\n')) ; s++) n++ ;
    for (char *s = buf ; (s = strstr(s, counted)) ; n--) *lost += (unsigned int)strtoul(s += strlen(counted), 0, 10) ;
  }
}

/* No one reads the log: the clients do not notice, and no line is lost without being counted. A terminal may find room
   again while no one reads, and so count some of them early. */

static void log_stopped (int reader, int writer)
{
  served d ;
  unsigned int n, lost = 0 ;
  int s, blocks = fcntl(writer, F_GETFL) ;
  char const *line = "echod: info: 127.0.0.1 " ;
  log_to = writer ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  log_to = -1 ;
  for (unsigned int i = 0 ; i < 1000 ; i++)
  {
    s = dial4(&d) ;
    check(echoes(s, line) && shutdown(s, SHUT_WR) == 0 && ends(s)) ;
    close(s) ;
  }
  check(fcntl(writer, F_GETFL) == blocks) ;
  n = lines(reader, &lost) ;
  check(n > 20 && n + lost < 1990) ;
  s = dial4(&d) ;
  check(echoes(s, line) && shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  check(stop(&d) == 0) ;
  check(lines(reader, &lost) == 2) ;
  check(n + lost == 2000) ;
  close(reader) ;
  close(writer) ;
}

static void a_full_pipe_loses_counted_lines (void)
{
  int p[2] ;
  check(pipe2(p, O_CLOEXEC) == 0) ;
  log_stopped(p[0], p[1]) ;
}

/* A socket cannot be opened a second time. */

static void a_full_socket_loses_counted_lines (void)
{
  int p[2] ;
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) == 0) ;
  log_stopped(p[0], p[1]) ;
}

/* It has room for some bytes when it has none for a line. */

static void a_stopped_terminal_loses_counted_lines (void)
{
  int terminal, p = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) ;
  if (p == -1 || grantpt(p) == -1 || unlockpt(p) == -1) SKIP("no terminals") ;
  terminal = open(ptsname(p), O_RDWR | O_NOCTTY | O_CLOEXEC) ;
  check(terminal >= 0) ;
  log_stopped(p, terminal) ;
}

static void a_closed_log_disturbs_no_one (void)
{
  served d ;
  int s, p[2] ;
  check(pipe2(p, O_CLOEXEC) == 0) ;
  log_to = p[1] ;
  check(start(&d, "-v", "127.0.0.1") == 0) ;
  log_to = -1 ;
  close(p[0]) ;
  close(p[1]) ;
  s = dial4(&d) ;
  check(echoes(s, "hello") && shutdown(s, SHUT_WR) == 0 && ends(s)) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

static void fast_open_is_enabled_or_complained_of (void)
{
  served d ;
  int s ;
  check(start(&d, "-f", "127.0.0.1") == 0) ;
  s = dial4(&d) ;
  check(echoes(s, "hello")) ;
  check(said(&d, "") == said(&d, "echod: warning: unable to enable fast open: ")) ;
  close(s) ;
  check(stop(&d) == 0) ;
}

/* The second connection has a cookie: its data rides in the SYN. In a namespace, where servers may do that. */

static void data_in_the_SYN_is_served_early (void)
{
  served d ;
  int s, knows ;
  if (test_write("/proc/sys/net/ipv4/tcp_fastopen", "3") == -1) SKIP(NO_FASTOPEN) ;
  check(start(&d, "-vf", "127.0.0.1") == 0) ;
  knows = !said(&d, strerror(ENOSYS)) ;
  for (int i = 0 ; knows && i < 2 ; i++)
  {
    s = socket_tcp4b() ;
    check(socket_fastopen_connect4(s, LOOPBACK4, d.port, "hello", 5) == 5 && hears(s, "hello")) ;
    check(socket_fastopen_used(s) == i) ;
    check(said(&d, " connected") == (unsigned int)i + 1 && said(&d, " connected, its first bytes in the SYN\n") == (unsigned int)i) ;
    check(shutdown(s, SHUT_WR) == 0 && ends(s)) ;
    close(s) ;
  }
  check(stop(&d) == 0) ;
  if (!knows) SKIP("no fast open in this build") ;
}

static int dies (served *d, int code, char const *why)
{
  struct rusage usage ;
  int status = wait_for(d, &usage) ;
  int r = WIFEXITED(status) && WEXITSTATUS(status) == code && said(d, "") == 1 && said(d, why) == 1 ;
  fclose(d->err) ;
  return r ;
}

static void a_port_in_use_is_complained_of (void)
{
  served d ;
  uint16_t port = 0 ;
  int s = socket_tcp4b() ;
  check(socket_bind4(s, LOOPBACK4, 0) == 0 && socket_listen(s, 1) == 0) ;
  check(socket_local4(s, 0, &port) == 0) ;
  check(spawn(&d, 0, "127.0.0.1", port, 0) == -1) ;
  check(dies(&d, 111, strerror(EADDRINUSE))) ;
  close(s) ;
}

static void an_address_of_no_one_is_complained_of (void)
{
  served d ;
  check(start(&d, 0, "203.0.113.1") == -1) ;
  check(dies(&d, 111, strerror(EADDRNOTAVAIL))) ;
}

/* 4 descriptors suffice for a dynamic loader, not for a daemon. */

static void no_socket_is_complained_of (void)
{
  served d ;
  check(spawn(&d, 0, "127.0.0.1", 0, 4) == -1) ;
  check(dies(&d, 111, strerror(EMFILE))) ;
}

int main (int argc, char **argv)
{
  if (argc != 3) return 100 ;
  echod = argv[1] ;
  few = argv[2] ;
  getrlimit(RLIMIT_NOFILE, &descriptors) ;
  RUN(a_client_is_echoed_over_ip4) ;
  RUN(a_client_is_echoed_over_ip6) ;
  RUN(one_socket_serves_both_families) ;
  RUN_APART(a_link_local_address_has_its_interface) ;
  RUN(a_given_port_is_taken) ;
  RUN(a_partial_write_loses_nothing) ;
  RUN(two_hundred_clients_are_echoed_at_once) ;
  RUN(thousands_of_clients_cost_little_memory) ;
  RUN(without_a_place_in_its_table_newcomers_wait) ;
  RUN(the_end_comes_after_the_last_echo) ;
  RUN(a_half_closed_client_that_stalls_loses_nothing) ;
  RUN(resets_disturb_no_one) ;
  RUN(a_reset_after_the_end_is_no_SIGPIPE) ;
  RUN(a_stalled_client_disturbs_no_one) ;
  RUN(idle_clients_cost_no_time) ;
  RUN(without_descriptors_newcomers_wait_and_it_does_not_spin) ;
  RUN(newcomers_that_always_wait_are_told_of_once_a_second) ;
  RUN(descriptors_that_return_are_used) ;
  RUN(SIGTERM_and_SIGINT_end_it_cleanly) ;
  RUN(a_second_signal_ends_it_at_once) ;
  RUN(what_has_arrived_is_echoed_after_SIGTERM) ;
  RUN(a_client_that_goes_on_writing_is_not_reset) ;
  RUN(SIGTERM_ends_what_is_whole_at_once) ;
  RUN(SIGTERM_ends_a_client_that_writes_without_end) ;
  RUN(no_more_clients_than_the_limit_are_served) ;
  RUN(one_address_has_no_more_places_than_its_limit) ;
  RUN_APART(one_ip6_network_has_no_more_places_than_its_limit) ;
  RUN(urgent_data_is_data) ;
  RUN(small_answers_do_not_wait) ;
  RUN_APART(a_client_that_vanishes_is_noticed) ;
  RUN(the_log_tells_of_each_client) ;
  RUN(a_full_pipe_loses_counted_lines) ;
  RUN(a_full_socket_loses_counted_lines) ;
  RUN(a_stopped_terminal_loses_counted_lines) ;
  RUN(a_closed_log_disturbs_no_one) ;
  RUN(fast_open_is_enabled_or_complained_of) ;
  RUN_APART(data_in_the_SYN_is_served_early) ;
  RUN(a_port_in_use_is_complained_of) ;
  RUN(an_address_of_no_one_is_complained_of) ;
  RUN(no_socket_is_complained_of) ;
  return test_end() ;
}
