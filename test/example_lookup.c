/* ISC license. */

/*
   examples/lookup.c with a getaddrinfo made here: when it answers, what, and what becomes of its process. Real races on loopback.
   test/example_lookup.sh has a name server.
*/

#include "loopback.h"

#include <netdb.h>

static int made_getaddrinfo (char const *, char const *, struct addrinfo const *, struct addrinfo **) ;
static void made_freeaddrinfo (struct addrinfo *) ;
static pid_t made_fork (void) ;
static int made_kill (pid_t, int) ;
#define getaddrinfo made_getaddrinfo
#define freeaddrinfo made_freeaddrinfo
#define fork made_fork
#define kill made_kill
#include "../examples/lookup.c"
#undef kill
#undef fork
#undef freeaddrinfo
#undef getaddrinfo

#define MAX 128
#define NEVER -1

enum what { ANSWERS, ENDS, IS_KILLED, WRITES_A_LITTLE, WRITES_RUBBISH, RAISES } ;

 /* IPv4, IPv6: what the child does after so many ms */
static struct made
{
  int ms ;
  enum what what ;
  int error ;
  unsigned int n ;  /* ::1, or 127.0.0.1 and so on */
} made[2] ;
static int forks_left ;
static int learn = 1 ;
static int *asked ;  /* shared: how often, by family */

static lookup l ;
static socket_connector c ;
static socket_candidate a[MAX] ;
static uint16_t port ;

/* the pipe's end, which is the last descriptor that the child has */

static void to_pipe (size_t len)
{
  static char rubbish[8192] ;
  int fd = 1023 ;
  while (fcntl(fd, F_GETFD) == -1) fd-- ;
  memset(rubbish, 'x', len) ;
  if (write(fd, rubbish, len) == -1) _exit(1) ;
}

static struct addrinfo ai[40] ;

static int made_getaddrinfo (char const *host, char const *service, struct addrinfo const *hints, struct addrinfo **list)
{
  static struct sockaddr_in in4[40] ;
  static struct sockaddr_in6 in6[40] ;
  int is6 = hints->ai_family == AF_INET6 ;
  struct made const *m = made + is6 ;
  if (hints->ai_flags & AI_NUMERICHOST) return getaddrinfo(host, service, hints, list) ;
  asked[is6]++ ;
  if (m->ms == NEVER) for (;;) pause() ;
  poll(0, 0, m->ms) ;
  if (m->what == ENDS) _exit(0) ;
  if (m->what == IS_KILLED) kill(getpid(), SIGKILL) ;
  if (m->what == WRITES_A_LITTLE) { to_pipe(7) ; _exit(0) ; }
  if (m->what == WRITES_RUBBISH) { to_pipe(sizeof (lookup_answer)) ; _exit(0) ; }
  if (m->what == RAISES) raise(SIGUSR1) ;
  if (m->error) return m->error ;
  for (unsigned int i = 0 ; i < m->n ; i++)
  {
    char const ip4[4] = { 127, 0, 0, (char)(i + 1) } ;
    in4[i].sin_family = AF_INET ;
    in6[i].sin6_family = AF_INET6 ;
    memcpy(&in4[i].sin_addr, ip4, 4) ;
    memcpy(&in6[i].sin6_addr, LOOPBACK6, 16) ;
    in6[i].sin6_scope_id = i ;  /* another address, to what keeps them apart */
    ai[i] = (struct addrinfo){ .ai_family = hints->ai_family, .ai_socktype = SOCK_STREAM,
      .ai_addr = is6 ? (struct sockaddr *)(in6 + i) : (struct sockaddr *)(in4 + i), .ai_next = i + 1 < m->n ? ai + i + 1 : 0 } ;
  }
  *list = m->n ? ai : 0 ;
  return 0 ;
}

static void made_freeaddrinfo (struct addrinfo *list)
{
  if (list && list != ai) freeaddrinfo(list) ;
}

static pid_t made_fork (void)
{
  if (!forks_left) return (errno = EAGAIN, -1) ;
  forks_left-- ;
  return fork() ;
}

static unsigned int strangers ;  /* that it would have killed */

static int made_kill (pid_t pid, int sig)
{
  if (kill(pid, 0) == -1) strangers++ ;
  return kill(pid, sig) ;
}

static long ms_between (tain const *from, tain const *to)
{
  tain t ;
  tain_sub(&t, to, from) ;
  return (long)tain_to_millisecs(&t) ;
}

/* Looks up host and races, in so many ms and with room for so many candidates. What it needed is no longer there. */

static int race_to (char const *host, int family, unsigned int ms, unsigned int max)
{
  tain const limit = { .sec = { .x = ms / 1000 }, .nano = ms % 1000 * 1000000 } ;
  tain deadline ;
  int r, e ;
  asked[0] = asked[1] = 0 ;
  tain_now_set_stopwatch_g() ;
  tain_add_g(&deadline, &limit) ;
  socket_connector_init(&c, a, 0, &deadline) ;
  lookup_start(&l, host, port, family, &STAMP) ;
  r = lookup_race(&l, 1, &c, max, learn, &STAMP) ;
  e = errno ;
  if (c.fd >= 0) close(c.fd) ;
  check(fails(waitpid(-1, 0, 0), ECHILD)) ;
  errno = e ;
  return r ;
}

static int race (unsigned int ms)
{
  return race_to("name", AF_UNSPEC, ms, MAX) ;
}

static void make (struct made ip4, struct made ip6)
{
  made[0] = ip4 ;
  made[1] = ip6 ;
  forks_left = 100 ;
}

static void both_listen (int *s)
{
  for (;;)
  {
    s[0] = -1 ;
    s[1] = listener(1, &port) ;
    if (!test_ip6()) return ;  /* it is on 127.0.0.1, as what connects to ::1 */
    s[0] = tcp(0, 1) ;
    if (!socket_bind4_reuse(s[0], LOOPBACK4, port)) break ;
    close(s[0]) ;  /* another program has the port */
    close(s[1]) ;
  }
  check(!socket_listen(s[0], 16)) ;
}

static void both_close (int const *s)
{
  if (s[0] >= 0) close(s[0]) ;
  close(s[1]) ;
}

static void IPv6_wins_when_both_answer_at_once (void)
{
  int s[2] ;
  both_listen(s) ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  check(race(60000) == 1) ;
  check(a[c.winner].is6 && c.n >= 2) ;
  both_close(s) ;
}

static void IPv6_wins_when_it_answers_a_little_later (void)
{
  int s[2] ;
  both_listen(s) ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1, .ms = 20 }) ;
  check(race(60000) == 1) ;
  if (ms_between(&l.family[0].end, &l.family[1].end) < LOOKUP_PATIENCE) check(a[c.winner].is6) ;  /* else this machine was busy */
  both_close(s) ;
}

static void IPv4_waits_50_ms_and_no_more (void)
{
  int s[2] ;
  both_listen(s) ;
  make((struct made){ .n = 1, .ms = 5 }, (struct made){ .n = 1, .ms = NEVER }) ;
  check(race(60000) == 1) ;
  check(!a[c.winner].is6) ;
  check(ms_between(&l.family[0].end, &a[0].start) >= 50 && ms_between(&l.family[0].end, &a[0].start) < 10000) ;
  check(l.family[1].state == LOOKUP_STOPPED) ;
  both_close(s) ;
}

static void IPv4_does_not_wait_when_IPv6_has_failed (void)
{
  static int const errors[] = { EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_NODATA } ;
  tain last ;
  int s[2] ;
  both_listen(s) ;
  for (unsigned int i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    make((struct made){ .n = 1 }, (struct made){ .error = errors[i] }) ;
    check(race(60000) == 1 && !a[c.winner].is6) ;
    last = l.family[tain_less(&l.family[0].end, &l.family[1].end)].end ;
    check(a[0].start.sec.x == last.sec.x && a[0].start.nano == last.nano) ;
  }
  both_close(s) ;
}

static void an_IPv6_address_that_comes_late_is_tried (void)
{
  int s ;
  NEED_IP6 ;
  s = listener(1, &port) ;  /* and 127.0.0.1 refuses */
  make((struct made){ .n = 1 }, (struct made){ .n = 1, .ms = 200 }) ;
  check(race(60000) == 1) ;
  check(a[c.winner].is6 && a[0].error == ECONNREFUSED && !a[0].is6) ;
  close(s) ;
}

static void the_deadline_ends_the_lookup (void)
{
  make((struct made){ .ms = NEVER }, (struct made){ .ms = NEVER }) ;
  tain_now_set_stopwatch_g() ;
  check(fails(race(200), ETIMEDOUT)) ;
  check(!c.n && ms_between(&l.family[0].start, &STAMP) >= 200 && !strcmp(lookup_error(&l), "no answer")) ;
}

static void the_error_is_the_one_that_helps (void)
{
  static struct { struct made ip4, ip6 ; int helps ; } const rows[] =
  {
    { { .error = EAI_NONAME }, { .error = EAI_NONAME }, 0 },
    { { .error = EAI_NONAME }, { .error = EAI_AGAIN }, 0 },
    { { .error = EAI_AGAIN }, { .error = EAI_NONAME }, 1 },
    { { .error = EAI_NODATA }, { .error = EAI_AGAIN }, 1 },
    { { .error = EAI_AGAIN }, { .error = EAI_NODATA }, 0 },
    { { .error = EAI_NODATA }, { .ms = NEVER }, 1 },
    { { .ms = NEVER }, { .error = EAI_NODATA }, 0 },
    { { .error = EAI_NONAME }, { .ms = NEVER }, 0 },
    { { .n = 0 }, { .error = EAI_FAIL }, 1 },
    { { .error = EAI_ADDRFAMILY }, { .error = EAI_NONAME }, 1 },
    { { .error = EAI_ADDRFAMILY }, { .error = EAI_AGAIN }, 1 }
  } ;
  for (unsigned int i = 0 ; i < sizeof rows / sizeof *rows ; i++)
  {
    int never = rows[i].ip4.ms == NEVER || rows[i].ip6.ms == NEVER ;
    char const *wanted = rows[i].helps ? rows[i].ip6.ms == NEVER ? "no answer" : gai_strerror(rows[i].ip6.error) :
      rows[i].ip4.ms == NEVER ? "no answer" : gai_strerror(rows[i].ip4.error) ;
    make(rows[i].ip4, rows[i].ip6) ;
    check(fails(race(never ? 300 : 60000), never ? ETIMEDOUT : EDESTADDRREQ)) ;
    check(!strcmp(lookup_error(&l), wanted)) ;
  }
  make((struct made){ .n = 0 }, (struct made){ .n = 0 }) ;
  check(fails(race(60000), EDESTADDRREQ)) ;
  check(!strcmp(lookup_error(&l), "no address")) ;
}

/* a child that gives no answer is its family's failure, and no one's else */

static void a_child_that_dies_or_writes_rubbish_has_failed (void)
{
  static enum what const kinds[] = { ENDS, IS_KILLED, WRITES_A_LITTLE, WRITES_RUBBISH } ;
  int s[2] ;
  both_listen(s) ;
  for (unsigned int i = 0 ; i < sizeof kinds / sizeof *kinds ; i++)
  {
    make((struct made){ .n = 1 }, (struct made){ .what = kinds[i] }) ;
    check(race(60000) == 1 && !a[c.winner].is6) ;
    check(!strcmp(lookup_family_error(l.family + 1), gai_strerror(EAI_FAIL))) ;
    make((struct made){ .what = kinds[i] }, (struct made){ .n = 1 }) ;
    check(race(60000) == 1 && a[c.winner].is6) ;
    make((struct made){ .what = kinds[i] }, (struct made){ .what = kinds[i] }) ;
    check(fails(race(60000), EDESTADDRREQ)) ;
    check(!strcmp(lookup_error(&l), gai_strerror(EAI_FAIL))) ;
  }
  both_close(s) ;
}

static void a_fork_that_fails_is_a_failure_of_its_family (void)
{
  int s[2] ;
  both_listen(s) ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  forks_left = 1 ;  /* for IPv6, which is asked first */
  check(race(60000) == 1 && a[c.winner].is6 && !asked[0]) ;
  forks_left = 0 ;
  check(fails(race(60000), EDESTADDRREQ)) ;
  check(!strcmp(lookup_error(&l), strerror(EAGAIN))) ;
  both_close(s) ;
}

static void a_pipe_that_fails_is_a_failure_of_its_family (void)
{
  struct rlimit old ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  test_spare(1, &old) ;
  check(fails(race(60000), EDESTADDRREQ)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
  check(!strcmp(lookup_error(&l), strerror(EMFILE))) ;
}

static void reap_all (int sig)
{
  int e = errno ;
  (void)sig ;
  while (waitpid(-1, 0, WNOHANG) > 0) ;
  errno = e ;
}

static void SIGCHLD_does_not_matter (void)
{
  void (*const kinds[]) (int) = { SIG_IGN, &reap_all } ;
  int s[2] ;
  both_listen(s) ;
  for (int i = 0 ; i < 2 ; i++)
  {
    signal(SIGCHLD, kinds[i]) ;
    make((struct made){ .n = 1 }, (struct made){ .ms = NEVER }) ;
    check(race(60000) == 1 && !a[c.winner].is6) ;
    make((struct made){ .what = IS_KILLED }, (struct made){ .n = 1 }) ;
    check(race(60000) == 1 && a[c.winner].is6) ;
  }
  signal(SIGCHLD, SIG_DFL) ;
  both_close(s) ;
}


static void note (int sig)
{
  (void)sig ;

  asked[1] = -1000 ;
}

static void handlers_do_not_run_in_the_child (void)
{
  int s[2] ;
  sigset_t old, after ;
  both_listen(s) ;
  signal(SIGUSR1, &note) ;
  sigprocmask(SIG_SETMASK, 0, &old) ;
  make((struct made){ .error = EAI_NONAME }, (struct made){ .what = RAISES, .n = 1 }) ;
  check(race(60000) == 1 && a[c.winner].is6 && asked[1] == 1) ;
  sigprocmask(SIG_SETMASK, 0, &after) ;
  check(!sigismember(&after, SIGUSR1)) ;
  for (int sig = 1 ; sig < 32 ; sig++) check(sigismember(&old, sig) == sigismember(&after, sig)) ;
  signal(SIGUSR1, SIG_DFL) ;
  both_close(s) ;
}

static void ignore (int sig)
{
  (void)sig ;
}

static void signals_do_not_matter (void)
{
  int s[2] ;
  timer_t t = test_storm(&ignore, 0) ;
  both_listen(s) ;
  make((struct made){ .n = 1, .ms = 30 }, (struct made){ .ms = NEVER }) ;
  check(race(60000) == 1 && !a[c.winner].is6) ;
  test_calm(t) ;
  both_close(s) ;
}

/* The children hold a pipe that tells when the last of them has gone. */

static void a_program_that_is_killed_leaves_no_child (void)
{
  int p[2] ;
  char b ;
  pid_t pid ;
#ifndef PR_SET_PDEATHSIG
  SKIP("no PR_SET_PDEATHSIG") ;
#endif
  check(!pipe(p)) ;
  make((struct made){ .ms = NEVER }, (struct made){ .ms = NEVER }) ;
  asked[0] = asked[1] = 0 ;
  pid = test_fork() ;
  if (!pid)
  {
    close(p[0]) ;
    tain_now_set_stopwatch_g() ;
    lookup_start(&l, "name", 1, AF_UNSPEC, &STAMP) ;
    while (*(int volatile *)asked != 1 || ((int volatile *)asked)[1] != 1) poll(0, 0, 1) ;
    if (write(p[1], "", 1) != 1) _exit(1) ;
    for (;;) pause() ;
  }
  close(p[1]) ;
  check(read(p[0], &b, 1) == 1) ;
  check(!kill(pid, SIGKILL) && waitpid(pid, 0, 0) == pid) ;
  check(test_ready(p[0], POLLIN) && read(p[0], &b, 1) == 0) ;
  close(p[0]) ;
}

static void closed_descriptors_do_not_matter (void)
{
  int s[2] ;
  pid_t pid ;
  both_listen(s) ;
  make((struct made){ .ms = 10, .n = 1 }, (struct made){ .ms = NEVER }) ;
  pid = test_fork() ;
  if (!pid)
  {
    for (int fd = 0 ; fd < 8 ; fd++) if (fd != s[0] && fd != s[1]) close(fd) ;
    test_failures = race(60000) != 1 || a[c.winner].is6 ;
    _exit(!!test_failures) ;
  }
  check(test_fine(pid)) ;
  both_close(s) ;
}

static void each_family_has_32_addresses_and_their_hedges (void)
{
  unsigned int n[2][2] = { { 0, 0 }, { 0, 0 } } ;
  make((struct made){ .n = 40 }, (struct made){ .n = 40 }) ;
  close(listener(0, &port)) ;
  check(race(60000) == -1) ;
  for (unsigned int i = 0 ; i < c.n ; i++) n[a[i].is6][a[i].hedge]++ ;
  check(n[0][0] == 32 && n[0][1] == 32 && n[1][0] == 32 && n[1][1] == 32) ;
}

static void there_is_no_more_than_the_room_there_is (void)
{
  make((struct made){ .n = 40 }, (struct made){ .n = 40 }) ;
  memset(a + 50, 'x', sizeof *a) ;
  check(race_to("name", AF_UNSPEC, 60000, 50) == -1) ;
  check(c.n == 50 && a[50].port == 0x7878) ;
}

static void a_hedge_follows_a_silent_address (void)
{
  struct silence x = silence(0) ;
  port = x.port ;
  make((struct made){ .n = 1 }, (struct made){ .error = EAI_NONAME }) ;
  check(fails(race(1000), ETIMEDOUT)) ;
  check(c.n == 2 && a[1].hedge && a[1].error == ETIMEDOUT && ms_between(&a[0].start, &a[1].start) >= 100) ;
  silence_ends(&x) ;
}

static void one_family_alone_is_asked (void)
{
  int s[2] ;
  both_listen(s) ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  check(race_to("name", AF_INET, 60000, MAX) == 1 && !a[c.winner].is6 && asked[0] == 1 && !asked[1]) ;
  check(race_to("name", AF_INET6, 60000, MAX) == 1 && a[c.winner].is6 && !asked[0] && asked[1] == 1) ;
  both_close(s) ;
}

static void literals_are_not_asked (void)
{
  static struct { char const *host ; int family, n, is6 ; char const *ip ; uint32_t scope ; } const rows[] =
  {
    { "127.0.0.1", AF_UNSPEC, 1, 0, LOOPBACK4, 0 },
    { "::ffff:127.0.0.1", AF_UNSPEC, 1, 0, LOOPBACK4, 0 },
    { "::1", AF_UNSPEC, 1, 1, LOOPBACK6, 0 },
    { "fe80::1%lo", AF_UNSPEC, 1, 1, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 1 },
    { "fe80::1%1", AF_UNSPEC, 1, 1, "\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 1 },
    { 0, AF_INET, 1, 0, LOOPBACK4, 0 },
    { 0, AF_INET6, 1, 1, LOOPBACK6, 0 },
    { 0, AF_UNSPEC, 2, 1, LOOPBACK6, 0 },
    { "::1", AF_INET, 0, 0, 0, 0 },
    { "fe80::1%nothing", AF_UNSPEC, 0, 0, 0, 0 },
    { "a:b", AF_UNSPEC, 0, 0, 0, 0 }
  } ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  for (unsigned int i = 0 ; i < sizeof rows / sizeof *rows ; i++)
  {
    int last = rows[i].n - 1 ;
    memset(a, 0, sizeof a) ;
    check(race_to(rows[i].host, rows[i].family, 0, (unsigned int)rows[i].n) != 0) ;  /* no room for hedges */
    check((int)c.n == rows[i].n && !asked[0] && !asked[1]) ;
    if (!c.n) { check(*lookup_error(&l)) ; continue ; }
    check(a[0].is6 == (unsigned int)rows[i].is6 && !memcmp(a[0].ip, rows[i].ip, a[0].is6 ? 16 : 4)) ;
    check(a[0].scope_id == rows[i].scope && a[0].port == port && a[last].port == port) ;
  }
}

/* The kernel has reaped them. */

static void children_that_have_gone_are_not_killed (void)
{
  signal(SIGCHLD, SIG_IGN) ;
  make((struct made){ .n = 1 }, (struct made){ .n = 1 }) ;
  asked[0] = asked[1] = 0 ;
  strangers = 0 ;
  tain_now_set_stopwatch_g() ;
  lookup_start(&l, "name", 1, AF_UNSPEC, &STAMP) ;
  for (int is6 = 0 ; is6 < 2 ; is6++) while (!kill(l.family[is6].pid, 0)) poll(0, 0, 1) ;
  lookup_stop(&l) ;
  check(asked[0] == 1 && asked[1] == 1 && !strangers) ;
  signal(SIGCHLD, SIG_DFL) ;
}

/* A connection that is closed leaves its round-trip time. */

static void delays_are_learnt_only_if_wanted (void)
{
  socket_candidate x ;
  int l4 = listener(0, &port), s = tcp(0, 1), peer ;
  check(!conn(s, 0, port)) ;
  check((peer = socket_accept4(l4, 0, 0)) >= 0 && write(s, "x", 1) == 1) ;
  close(s) ;
  close(peer) ;
  socket_candidate_ip4(&x, LOOPBACK4, port) ;
  for (learn = 0 ; learn < 2 ; learn++)
  {
    check(race_to("127.0.0.1", AF_UNSPEC, 60000, MAX) == 1) ;
    check(a[0].delay == (learn && socket_candidate_metrics(&x, 1) == 1 ? 100U : 0U)) ;
  }
  learn = 1 ;
  close(l4) ;
}

static void two_hosts_are_one_race (void)
{
  lookup two[2] ;
  struct silence x = silence(0) ;
  int s = listener(1, &port) ;
  tain deadline ;
  make((struct made){ .n = 1 }, (struct made){ .error = EAI_NODATA }) ;
  tain_now_set_stopwatch_g() ;
  tain_add_g(&deadline, &(tain){ .sec = { .x = 60 } }) ;
  socket_connector_init(&c, a, 0, &deadline) ;
  lookup_start(two, "name", x.port, AF_UNSPEC, &STAMP) ;
  lookup_start(two + 1, "::1", port, AF_UNSPEC, &STAMP) ;
  check(lookup_race(two, 2, &c, MAX, 1, &STAMP) == 1 && a[c.winner].is6 && a[c.winner].port == port) ;
  close(c.fd) ;
  check(fails(waitpid(-1, 0, 0), ECHILD)) ;
  close(s) ;
  silence_ends(&x) ;
}

static void ports_are_numbers_or_services (void)
{
  uint16_t p ;
  check(lookup_port("0", &p) && p == 0) ;
  check(lookup_port("65535", &p) && p == 65535) ;
  check(!lookup_port("65536", &p) && !lookup_port("", &p) && !lookup_port("+1", &p) && !lookup_port("nosuch", &p) && !lookup_port("0x50", &p)) ;
  if (getservbyname("http", "tcp")) check(lookup_port("http", &p) && p == 80) ;
}

int main (void)
{
  asked = mmap(0, 2 * sizeof *asked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ;
  if (asked == MAP_FAILED) return 1 ;
  RUN(IPv6_wins_when_both_answer_at_once) ;
  RUN(IPv6_wins_when_it_answers_a_little_later) ;
  RUN(IPv4_waits_50_ms_and_no_more) ;
  RUN(IPv4_does_not_wait_when_IPv6_has_failed) ;
  RUN(an_IPv6_address_that_comes_late_is_tried) ;
  RUN(the_deadline_ends_the_lookup) ;
  RUN(the_error_is_the_one_that_helps) ;
  RUN(a_child_that_dies_or_writes_rubbish_has_failed) ;
  RUN(a_fork_that_fails_is_a_failure_of_its_family) ;
  RUN(a_pipe_that_fails_is_a_failure_of_its_family) ;
  RUN(SIGCHLD_does_not_matter) ;
  RUN(handlers_do_not_run_in_the_child) ;
  RUN(signals_do_not_matter) ;
  RUN(a_program_that_is_killed_leaves_no_child) ;
  RUN(closed_descriptors_do_not_matter) ;
  RUN(each_family_has_32_addresses_and_their_hedges) ;
  RUN(there_is_no_more_than_the_room_there_is) ;
  RUN(a_hedge_follows_a_silent_address) ;
  RUN(one_family_alone_is_asked) ;
  RUN(literals_are_not_asked) ;
  RUN(children_that_have_gone_are_not_killed) ;
  RUN(delays_are_learnt_only_if_wanted) ;
  RUN(two_hosts_are_one_race) ;
  RUN(ports_are_numbers_or_services) ;
  return test_end() ;
}
