/* ISC license. */

/*
   Races across test/wan, each row of connector_network.tsv four times, all at the same time: as it is and with the families
   exchanged, by one call that waits for it all and by steps over poll.
   A race cannot be faster than the ideal; how much slower it may be is generous, and more where the wire was late.

   usage: connector_network      the tests
          connector_network -t   a table of times, medians of five
*/

#include "test.h"

#include <sys/wait.h>
#include <dirent.h>

#include "tun.h"
#include "socket_connector.h"

#define PORT 80
#define ECHO 7               /* well at each address of wan */
#define ROWS 80
#define MAX 8                /* addresses in a row */
#define KINDS 4              /* races of a row: families exchanged, steps */
#define RUNS 5
#define MS 1000000LL
#define SLACK (100 * MS)
#define TOOLATE (75 * MS)    /* a wire as late as that shows nothing */

static struct row
{
  char *name, *how, *list, *result, *wire, *ms, *answer ;
} row[ROWS] ;

struct place
{
  char name[INET6_ADDRSTRLEN] ;
  char behaviour[64] ;       /* null: listed before */
  char ip[16] ;
  int six ;
} ;

/* what a race has come to */

struct outcome
{
  int winner, error ;
  long long ms, answer ;     /* ns */
  int unread ;               /* errno of reading the answer */
} ;

static int rows ;
static struct outcome outcome[ROWS * KINDS] ;
static char wire[ROWS * KINDS][MAX][16] ;
static double median, latest, napped ;  /* how late the wire was, and the client; ms */
static char folder[] = "/tmp/network.XXXXXX", table[64], journal[64], reason[256] ;

static void die (char const *what, char const *why)
{
  fprintf(stderr, "connector_network: %s: %s\n", what, why) ;
  exit(111) ;
}

static void read_rows (void)
{
  char s[1024] ;
  FILE *f = fopen("test/connector_network.tsv", "r") ;
  while (f && rows < ROWS && fgets(s, sizeof s, f))
  {
    char **field = &row[rows].name, *p = s ;
    s[strcspn(s, "\n")] = 0 ;
    if (!*s || *s == '#') continue ;
    p = strdup(s) ;
    for (int i = 0 ; i < 7 ; i++) field[i] = strsep(&p, "\t") ;
    if (!row[rows].answer || p) die("connector_network.tsv", s) ;
#ifdef LIBSOCKET_PORTABLE
    if (strstr(row[rows].how, "data") || strstr(row[rows].how, "ask")) continue ;
#endif
#ifndef TEST_METRICS
    if (strstr(row[rows].how, "history")) continue ;
#endif
    rows++ ;
  }
  if (f) fclose(f) ;
}

static unsigned int has (char const *s, char const *word)
{
  return !!strstr(s, word) ;
}

static int value (char const *s, char const *word, int otherwise)
{
  char const *p = strstr(s, word) ;
  return p ? atoi(p + strlen(word)) : otherwise ;
}

/* The addresses of a race, which no other has. */

static unsigned int places (struct place *x, int race)
{
  char s[256], *p = s, *word ;
  unsigned int n = 0 ;
  snprintf(s, sizeof s, "%s", row[race / KINDS].list) ;
  while ((word = strsep(&p, " ")) && n < MAX)
  {
    if (*word == '=') x[n] = x[atoi(word + 1)], x[n].behaviour[0] = 0 ;
    else
    {
      x[n].six = (*word == '6') ^ (race & 1) ;
      if (x[n].six) snprintf(x[n].name, sizeof x[n].name, "2001:db8:1:1:1:1:%x:%x", race, n + 1) ;
      else snprintf(x[n].name, sizeof x[n].name, "198.%d.%d.%d", 18 + race / 256, race % 256, n + 1) ;
      inet_pton(x[n].six ? AF_INET6 : AF_INET, x[n].name, x[n].ip) ;
      snprintf(x[n].behaviour, sizeof x[n].behaviour, "%s", word + 2) ;
      for (char *c = x[n].behaviour ; *c ; c++) if (*c == ':') *c = ' ' ;
    }
    n++ ;
  }
  return n ;
}

static int needs_ip6 (int race)
{
  struct place x[MAX] ;
  unsigned int n = places(x, race) ;
  while (n--) if (x[n].six) return 1 ;
  return 0 ;
}


 /* The client's side: a process for each race */

static int steps (socket_connector *c)
{
  for (int n = 0 ;; n++)
  {
    iopause_fd x[MAX] ;
    tain t ;
    int r = socket_connector_step_g(c) ;
    nfds_t inflight = socket_connector_prepare(c, x) ;
    if (r) return r == 1 ? c->fd : -1 ;
    if (n == 100) _exit(1) ;  /* it spins */
    socket_connector_nextdeadline(c, &t) ;
    tain_sub(&t, &t, &STAMP) ;
    poll(x, inflight, tain_to_millisecs(&t) + 1) ;
    tain_now_g() ;
  }
}

/* A connection that ends in order: the kernel keeps the round-trip time, and the cookie. */

static void contact (struct place const *x, int fast)
{
  int s = x->six ? socket_tcp6b() : socket_tcp4b() ;
  char buf[64] ;
  ssize_t r ;
  if (fast) r = x->six ? socket_fastopen_connect6(s, x->ip, PORT, 0, 0, 0) : socket_fastopen_connect4(s, x->ip, PORT, 0, 0) ;
  else r = x->six ? socket_connect6(s, x->ip, ECHO, 0) : socket_connect4(s, x->ip, ECHO) ;
  if (r == -1) _exit(1) ;
  shutdown(s, SHUT_WR) ;
  while (read(s, buf, sizeof buf) > 0) ;
  close(s) ;
}

/* Sends what is not sent yet; the answer is the same, or a greeting, once. */

static int answer (int fd, size_t sent, int greeted, long long *t)
{
  char const *expected = greeted ? "welcome\n" : "hello\n" ;
  char buf[64] ;
  size_t n = 0 ;
  ssize_t r ;
  if (!greeted && write(fd, &"hello\n"[sent], 6 - sent) != (ssize_t)(6 - sent)) return errno ;
  for (;;)
  {
    if (!test_ready(fd, POLLIN)) return ETIMEDOUT ;
    r = read(fd, buf + n, sizeof buf - n) ;
    if (r == -1) return errno ;
    if (!n) *t = tun_now() ;
    if (!r) return n == strlen(expected) && !memcmp(buf, expected, n) ? 0 : EBADMSG ;
    n += (size_t)r ;
    if (n >= strlen(expected)) shutdown(fd, SHUT_WR) ;
  }
}

static int reached (int fd, struct place const *x)
{
  char ip[16] ;
  return !(x->six ? socket_remote6(fd, ip, 0, 0) : socket_remote4(fd, ip, 0)) && !memcmp(ip, x->ip, x->six ? 16 : 4) ;
}

/* ready: the server has spoken */

static int peek (socket_candidate *x, void *data)
{
  char c ;
  ssize_t r = recv(x->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) ;
  (void)data ;
  if (r > 0) return 1 ;
  errno = !r ? EPIPE : errno == EAGAIN ? EINPROGRESS : errno ;
  return 0 ;
}

static void race (int number)
{
  struct place x[MAX] ;
  socket_candidate candidate[MAX] ;
  socket_connector c ;
  struct outcome o = { .winner = -1 } ;
  char const *how = row[number / KINDS].how ;
  unsigned int n = places(x, number) ;
  tain deadline ;
  long long start, end, first = 0 ;
  int fd ;
  for (unsigned int i = 0 ; i < n ; i++)
    if (x[i].six) socket_candidate_ip6(candidate + i, x[i].ip, PORT, 0) ;
    else socket_candidate_ip4(candidate + i, x[i].ip, PORT) ;
  alarm(30) ;
  if (test_give_up_rights() == -1) _exit(1) ;  /* the connector asks for none */
  if (has(how, "cookie")) contact(x, 1) ;
  if (has(how, "history")) for (unsigned int i = 0 ; i < n ; i++) contact(x + i, 0) ;

  start = tun_now() ;
  if (has(how, "history") && socket_candidate_metrics(candidate, n) != (int)n) _exit(1) ;
  if (has(how, "metrics") && socket_candidate_metrics(candidate, n) > 0) _exit(1) ;
  if (has(how, "hedge"))
  {
    unsigned int m = socket_candidate_hedge(candidate, n, MAX) ;
    for (unsigned int i = n ; i < m ; i++) x[i] = x[i - n] ;
    n = m ;
  }
  tain_now_set_stopwatch_g() ;
  tain_from_millisecs(&deadline, value(how, "deadline=", 20000)) ;
  tain_add_g(&deadline, &deadline) ;
  c.sent = 0 ;
  c.fd = -1 ;
  if (!(number & 2) && *how == '-') fd = socket_connectany_g(candidate, n, &deadline) ;
  else
  {
    socket_connector_init(&c, candidate, n, &deadline) ;
    c.delay = (unsigned int)value(how, "delay=", (int)c.delay) ;
    c.backoff = value(how, "backoff=", c.backoff) ;
    c.inorder = has(how, "inorder") & 1 ;
    c.everywhere = has(how, "everywhere") & 1 ;
    if (has(how, "peek")) c.ready = &peek ;
    if (has(how, "data") || has(how, "ask")) c.data = "hello\n" ;
    if (has(how, "data")) c.len = 6 ;
    fd = number & 2 ? steps(&c) : socket_connector_wait_g(&c) ;
  }
  if (fd == -1) o.error = errno ;
  end = tun_now() ;
  o.ms = end - start ;
  if (fd >= 0)
  {
    for (unsigned int i = 0 ; i < n ; i++) if (!candidate[i].error && candidate[i].start.sec.x) o.winner = (int)i ;
    if (o.winner == -1 || !reached(fd, x + o.winner) || (c.fd >= 0 && (c.fd != fd || c.winner != (unsigned int)o.winner))) _exit(1) ;
    o.unread = answer(fd, c.sent, (int)has(row[number / KINDS].list, "greet"), &first) ;
    o.answer = first - end ;
  }
  printf("%d %d %d %lld %lld %d\n", number, o.winner, o.error, o.ms, o.answer, o.unread) ;
  fflush(stdout) ;
  _exit(0) ;
}

/* 10 ms: so many at once would be late all together. How late it was. */

static long long nap (void)
{
  long long start = tun_now() ;
  poll(0, 0, 10) ;
  return tun_now() - start - 10 * MS ;
}

static int races (void)
{
  long long most = 0 ;
  signal(SIGCHLD, SIG_IGN) ;
  test_write("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", "0") ;  /* lost SYNs after 1 and 3 s, on all kernels */
  for (int i = 0 ; i < rows * KINDS || !waitpid(-1, 0, WNOHANG) ; i++)
  {
    long long t ;
    if (i < rows * KINDS && (test_ip6() || !needs_ip6(i)) && !tun_fork()) race(i) ;
    t = nap() ;
    if (t > most) most = t ;
  }
  printf("late %.3f\n", (double)most / 1e6) ;
  return 0 ;
}


 /* A run of all of them */

static void write_table (void)
{
  FILE *f = fopen(table, "w") ;
  struct place x[MAX] ;
  for (int race = 0 ; f && race < rows * KINDS ; race++)
    for (unsigned int i = 0, n = places(x, race) ; i < n ; i++) if (*x[i].behaviour) fprintf(f, "%s %s\n", x[i].name, x[i].behaviour) ;
  if (!f || fclose(f)) die(table, strerror(errno)) ;
}

static void read_journal (void)
{
  char s[256], event[16], name[64], cookie[16] ;
  double ms ;
  size_t bytes ;
  FILE *f = fopen(journal, "r") ;
  memset(wire, 0, sizeof wire) ;
  latest = 1e9 ;
  while (f && fgets(s, sizeof s, f))
  {
    unsigned int race, low, i ;
    char *w, c = 0 ;
    if (sscanf(s, "%lf late %lf %lf", &ms, &median, &latest) == 3) continue ;
    if (sscanf(s, "%lf %15s %63s 80 %zu %15s", &ms, event, name, &bytes, cookie) != 5) die(journal, s) ;
    if (sscanf(name, "198.%u.%u.%u", &race, &low, &i) == 3) race = (race - 18) * 256 + low ;
    else if (sscanf(name, "2001:db8:1:1:1:1:%x:%x", &race, &i) != 2) die(journal, s) ;
    w = wire[race][i - 1] ;
    if (!strcmp(event, "syn")) c = *cookie == 'n' ? 's' : *cookie == 'a' ? 'a' : bytes ? 'd' : 'c' ;
    if (!strcmp(event, "accept")) c = '+' ;
    if (!strcmp(event, "rst") && *w && w[strlen(w) - 1] != '+') c = 'r' ;
    if (c && strlen(w) < 15) w[strlen(w)] = c ;
  }
  if (f) fclose(f) ;
}

/* test/wan, or a process whose child it is, and what it says */

static pid_t begin (FILE **f, int child, char const *const *argv)
{
  int p[2] ;
  pid_t pid = -1 ;
  if (pipe(p) == 0) pid = tun_fork() ;
  if (pid == -1) die("begin", strerror(errno)) ;
  if (!pid)
  {
    dup2(p[1], 1) ;
    dup2(p[1], 2) ;
    close(p[0]) ;
    close(p[1]) ;
    if (child && tun_fork()) pause() ;
    else execv("test/wan", (char **)argv) ;
    _exit(111) ;
  }
  close(p[1]) ;
  *f = fdopen(p[0], "r") ;
  return pid ;
}

static int ends (pid_t pid)
{
  int status ;
  if (waitpid(pid, &status, 0) != pid) return -1 ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status) ;
}

/* 0, or what wan exits with, and why */

static int run (void)
{
  char const *const argv[] = { "wan", "-l", journal, table, "test/connector_network", "race", 0 } ;
  char s[256] ;
  FILE *f ;
  pid_t pid = begin(&f, 0, argv) ;
  for (int i = 0 ; i < rows * KINDS ; i++) outcome[i].winner = -2 ;
  while (fgets(s, sizeof s, f))
  {
    struct outcome o ;
    int i ;
    if (sscanf(s, "%d %d %d %lld %lld %d", &i, &o.winner, &o.error, &o.ms, &o.answer, &o.unread) == 6) outcome[i] = o ;
    else if (sscanf(s, "late %lf", &napped) != 1) snprintf(reason, sizeof reason, "%.*s", (int)strcspn(s, "\n"), s) ;
  }
  fclose(f) ;
  read_journal() ;
  return ends(pid) ;
}

static long long late (void)
{
  return (long long)((latest > napped ? latest : napped) * 1e6) ;
}

static struct { char const *name ; int error ; } const names[] =
{
  { "EACCES", EACCES }, { "ECONNREFUSED", ECONNREFUSED }, { "ECONNRESET", ECONNRESET }, { "EHOSTUNREACH", EHOSTUNREACH },
  { "ENETUNREACH", ENETUNREACH }, { "EPIPE", EPIPE }, { "ETIMEDOUT", ETIMEDOUT }
} ;

static int errno_of (char const *s)
{
  for (size_t i = 0 ; i < sizeof names / sizeof *names ; i++)
    if (!strncmp(s, names[i].name, strlen(names[i].name))) return names[i].error ;
  return -1 ;
}

/* Adds a field of the table to t: how many events it tells of. */

static int add (long long *t, char const *field)
{
  int events = 0 ;
  do
  {
    *t += atoi(field) * MS ;
    field = strchr(field, '+') ;
    events++ ;
  } while (field && field++) ;
  return events ;
}

static int wire_is (int race, char const *expected)
{
  struct place x[MAX] ;
  char s[256] = "" ;
  for (unsigned int i = 0, n = places(x, race) ; i < n ; i++) if (*x[i].behaviour)
  {
    if (*s) strcat(s, " ") ;
    strcat(s, *wire[race][i] ? wire[race][i] : "-") ;
  }
  if (!expected) return printf("%s\n", s) ;
  if (strcmp(s, expected)) printf("# wire: %s, not %s\n", s, expected) ;
  return !strcmp(s, expected) ;
}

/* Not before its time, and not much later. */

static int in_time (char const *what, long long t, long long ideal, int events)
{
  int ok = t >= ideal && t <= ideal + SLACK + ideal / 16 + 2 * events * late() ;  /* the longer a timer of TCP's, the coarser */
  if (!ok) printf("# %s: %.3f ms, ideal %.0f\n", what, (double)t / 1e6, (double)ideal / 1e6) ;
  return ok ;
}

static void judge (int race)
{
  struct row const *r = row + race / KINDS ;
  char const *kind[] = { "", ", families exchanged", ", steps", ", families exchanged, steps" } ;
  struct outcome const *o = outcome + race ;
  int won = *r->result >= '0' && *r->result <= '9' ;
  char const *comma = strchr(r->result, ',') ;
  long long ideal = 0 ;
  int events = add(&ideal, r->ms) ;
  if (!test_ip6() && needs_ip6(race)) { printf("skip %s%s: " NO_IP6 "\n", r->name, kind[race & 3]) ; return ; }
  test_failures = 0 ;
  errno = o->error ;
  check(o->winner == (won ? atoi(r->result) : -1)) ;
  check(o->error == (won ? 0 : errno_of(comma && race & 1 ? comma + 1 : r->result))) ;
  check(wire_is(race, r->wire)) ;
  check(in_time("connected or not", o->ms, ideal, events)) ;
  errno = o->unread ;
  if (*r->answer == 'E') check(o->unread == errno_of(r->answer)) ;
  else if (won)
  {
    check(!o->unread) ;
    events += add(&ideal, r->answer) ;
    check(in_time("answered", o->ms + o->answer, ideal, events)) ;
  }
  if (test_failures) test_status = 1 ;
  printf("%s %s%s\n", test_failures ? "fail" : "pass", r->name, kind[race & 3]) ;
}

/* What the rows show is that of a wire that was in time. */

static void tests (void)
{
  int e, runs = 0 ;
  do e = run() ; while (!e && late() > TOOLATE && ++runs < RUNS) ;
  if (e)
  {
    printf("# %s\nfail races\n", reason) ;
    test_status = 1 ;
    return ;
  }
  if (runs == RUNS)
  {
    printf("skip races: the machine is too slow for a test of time\n") ;
    return ;
  }
  printf("# the wire was late by %.2f ms in the median, %.2f at most, the client by %.2f\n", median, latest, napped) ;
  for (int i = 0 ; i < rows * KINDS ; i++) judge(i) ;
}

static int compare (void const *a, void const *b)
{
  long long x = *(long long const *)a, y = *(long long const *)b ;
  return (x > y) - (x < y) ;
}

static int print (void)
{
  static long long ms[ROWS][RUNS], answered[ROWS][RUNS] ;
  for (int k = 0 ; k < RUNS ; k++)
  {
    int e = run() ;
    if (e) { fprintf(stderr, "connector_network: %s\n", reason) ; return e ; }
    for (int i = 0 ; i < rows ; i++)
    {
      ms[i][k] = outcome[i * KINDS].ms ;
      answered[i][k] = outcome[i * KINDS].ms + outcome[i * KINDS].answer ;
    }
    printf("%s %.2f (%.2f)", k ? "," : "Lateness of the wire in ms, median (maximum):", median, latest) ;
  }
  printf("\n\nms until connected or failed, until the first byte of the answer; medians of %d\n"
    "s SYN, a asks for a cookie, c with a cookie, d with data; + accepted, r refused\n\n%-52s%8s%10s%8s%10s  %s\n",
    RUNS, "", "ideal", "measured", "ideal", "measured", "each address") ;
  for (int i = 0 ; i < rows ; i++)
  {
    long long ideal = 0 ;
    qsort(ms[i], RUNS, sizeof **ms, &compare) ;
    qsort(answered[i], RUNS, sizeof **ms, &compare) ;
    add(&ideal, row[i].ms) ;
    printf("%-52s%8.0f%10.1f", row[i].name, (double)ideal / 1e6, (double)ms[i][RUNS / 2] / 1e6) ;
    add(&ideal, row[i].answer) ;
    if (outcome[i * KINDS].winner < 0 || outcome[i * KINDS].unread) printf("%8s%10s  ", "-", "-") ;
    else printf("%8.0f%10.1f  ", (double)ideal / 1e6, (double)answered[i][RUNS / 2] / 1e6) ;
    wire_is(i * KINDS, 0) ;
  }
  return 0 ;
}


 /* wan itself */

/* All that ran in wan has its output open: its end is theirs. */

static int all_gone (FILE *f)
{
  int r = test_ready(fileno(f), POLLIN) && fgetc(f) == EOF ;
  fclose(f) ;
  return r ;
}

static int somebody_in (char const *namespace)
{
  char link[300], s[64] ;
  struct dirent *e ;
  DIR *d = opendir("/proc") ;
  int found = 0 ;
  while (d && (e = readdir(d)))
  {
    ssize_t n ;
    snprintf(link, sizeof link, "/proc/%s/ns/net", e->d_name) ;
    n = readlink(link, s, sizeof s - 1) ;
    if (n > 0 && (s[n] = 0, !strcmp(s, namespace))) found = 1 ;
  }
  if (d) closedir(d) ;
  return found ;
}

#define STRAYS "setsid sleep 100 & setsid sh -c 'sleep 100 & sleep 100' & readlink /proc/self/ns/net ; "

static void leaves (char const *script, int child, int sig, int expected)
{
  char const *const argv[] = { "wan", "/dev/null", "sh", "-c", script, 0 } ;
  static char line[256] ;
  FILE *f ;
  pid_t pid = begin(&f, child, argv) ;
  int e ;
  check(fgets(line, sizeof line, f)) ;
  line[strcspn(line, "\n")] = 0 ;
  if (sig) check(somebody_in(line) && !kill(pid, sig)) ;
  e = ends(pid) ;
  check(e == expected) ;
  check(all_gone(f)) ;
  check(!somebody_in(line)) ;
}

static void wan_ends_with_its_command_and_leaves_no_process (void) { leaves(STRAYS "exit 7", 0, 0, 7) ; }
static void wan_ends_with_the_signal_of_its_command (void) { leaves(STRAYS "kill -9 $$", 0, 0, 128 + SIGKILL) ; }
static void wan_terminated_leaves_no_process (void) { leaves(STRAYS "wait", 0, SIGTERM, 1000 + SIGTERM) ; }
static void wan_killed_leaves_no_process (void) { leaves(STRAYS "wait", 0, SIGKILL, 1000 + SIGKILL) ; }
static void wan_whose_parent_is_killed_leaves_no_process (void) { leaves(STRAYS "wait", 1, SIGKILL, 1000 + SIGKILL) ; }

static int says (char const *arg1, char const *arg2, char const *arg3)
{
  char const *const argv[] = { "wan", arg1, arg2, arg3, 0 } ;
  FILE *f ;
  pid_t pid = begin(&f, 0, argv) ;
  int e ;
  if (fgets(reason, sizeof reason, f)) reason[strcspn(reason, "\n")] = 0 ;
  e = ends(pid) ;
  fclose(f) ;
  return e ;
}

static void wan_complains_of_wrong_tables_and_arguments (void)
{
  static char const *const lines[] =
    { "10.1.0.1", "10.1.0.1 x", "10.1.0.1 5 late=", "10.1.0.1 5 duplicate=x", "10.1.0.1 -1", "10.1 5", "fd01: 5", "10.1.0.1 5 late", "10.1.0.1 5 lose=", "10.1.0.1 5 lose=1x", "10.1.0.1 5\n10.1.0.1 5" } ;
  check(!says("/dev/null", "true", 0)) ;
  check(says("/dev/null", "false", 0) == 1) ;
  check(says("/dev/null", "/dev/null", 0) == 111) ;
  check(says("/dev/null", 0, 0) == 100) ;
  check(says("-x", "/dev/null", "true") == 100) ;
  check(says("/dev/null/none", "true", 0) == 111) ;
  for (size_t i = 0 ; i < sizeof lines / sizeof *lines ; i++)
  {
    FILE *f = fopen(journal, "w") ;
    check(f && fputs(lines[i], f) >= 0 && !fclose(f)) ;
    check(says(journal, "true", 0) == 111) ;
  }
}

int main (int argc, char **argv)
{
  read_rows() ;
  if (argc == 2 && !strcmp(argv[1], "race")) return races() ;
  if (!mkdtemp(folder)) return 111 ;
  snprintf(table, sizeof table, "%s/table", folder) ;
  snprintf(journal, sizeof journal, "%s/log", folder) ;
  write_table() ;
  if (argc == 2 && !strcmp(argv[1], "-t")) test_status = print() ;
  else
  {
    if (rows < 15) { printf("fail table\n") ; test_status = 1 ; }
    test_cannot = tun_wan() ;
    RUN(wan_complains_of_wrong_tables_and_arguments) ;
    RUN(wan_ends_with_its_command_and_leaves_no_process) ;
    RUN(wan_ends_with_the_signal_of_its_command) ;
    RUN(wan_terminated_leaves_no_process) ;
    RUN(wan_killed_leaves_no_process) ;
    RUN(wan_whose_parent_is_killed_leaves_no_process) ;
    alarm(120) ;
    if (test_cannot) printf("skip races: %s\n", test_cannot) ;
    else tests() ;
    test_end() ;
  }
  unlink(table) ;
  unlink(journal) ;
  rmdir(folder) ;
  return test_status ;
}
